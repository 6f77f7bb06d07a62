"""The equipment at customers' that HubSoft manages (`rede/cpe/todos`), and how well it hears the network.

Of its free parameters, which hold Wi-Fi passwords too, the optical signal alone is read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from . import answers, scalars, verdicts
from .models import Device, DeviceReading
from .operation import ROOT, Operation, given
from .rows import Row

ROWS: Final = 20
"""The fewest rows that HubSoft takes a page of."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def service_devices(service_id: int, address: str | None = None) -> Operation[tuple[Device, ...]]:
    """Find the equipment of a service: by its `phy_addr` where that is known, else by the service's id.

    Nothing found is an empty value. A row that says whose it is counts only as that.
    """
    by, term = ("phy_addr", given(address)) if address else ("id_cliente_servico", str(service_id))
    query = {
        "pagina": "0",
        "itens_por_pagina": str(ROWS),
        "busca": by,
        "termo_busca": term,
    }
    return Operation(
        name="rede.cpe.todos",
        method="GET",
        path=f"{ROOT}rede/cpe/todos",
        decode=lambda payload: answers.found(
            payload,
            "cpes",
            device,
            limit=ROWS,
            keep=lambda each: _belongs(each, service_id, address),
            things=verdicts.DEVICES,
        ),
        query=query,
        newer=True,
    )


def device(row: Row) -> Device:
    """Decode one piece of equipment. Raises BadRowError when it has no id."""
    readings = (
        DeviceReading(
            at=each.instant("created_at", "data_cadastro"),
            rx=values.real("rx_signal") if (values := each.child("parametros")) else None,
            tx=values.real("tx_signal") if values else None,
        )
        for each in row.children("historico_parametros")
    )
    told = [each for each in readings if each.rx is not None or each.tx is not None]
    services = (each.reference("id_cliente_servico") for each in row.children("servicos"))
    return Device(
        id=row.id("id_cpe"),
        address=row.text("phy_addr"),
        updated_at=row.instant("data_ultima_atualizacao"),
        readings=tuple(sorted(told, key=lambda each: each.at or _NEVER, reverse=True)),
        service_ids=tuple(each for each in services if each is not None),
    )


def _belongs(found: Device, service_id: int, address: str | None) -> bool | None:
    """Tell whether equipment is the service's; None where neither its row nor the address says so."""
    if found.service_ids:
        return service_id in found.service_ids
    if address and found.address:
        return same_address(found.address, address)
    return None


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are the same but for case and separators."""
    return scalars.document(one) == scalars.document(other)

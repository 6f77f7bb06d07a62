"""A service's connection: its RADIUS sessions, the equipment at the customer's, and what can be done to either.

Of equipment's free parameters, which hold Wi-Fi passwords too, the optical signal alone is read. What is done is a
write without a key, so never repeated. Disconnecting is a GET that acts: nothing may cache, repeat or prefetch it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final, Literal
from urllib.parse import quote

from ..texts import _
from . import answers, scalars, verdicts
from .answers import Decoded, receipt
from .models import Device, DeviceReading, Receipt, Session
from .operation import ROOT, Operation, given, within
from .rows import BadRowError, Row
from .scalars import MAX_INTEGER
from .search import MAX_LIST, SessionKey

MAX_DAYS: Final = 365
"""The panel sets a provider's own maximum, which is far below; more is a slip of the hand."""
_LAST_DAY: Final = re.compile(r"\b(\d{2})/(\d{2})/(\d{4})\b")
ROWS: Final = 20
"""The fewest rows that HubSoft takes a page of."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def connection_sessions(busca: SessionKey | str, term: str) -> Operation[tuple[Session, ...]]:
    """List RADIUS sessions (`cliente/extrato_conexao`), which have no id, by login, address or MAC.

    HubSoft takes the last 30 days. Nothing found is an empty value.
    """
    key = SessionKey(busca)
    wire = given(term)
    if key is SessionKey.MAC:
        wire = given((scalars.document(wire) or "").lower())
    return Operation(
        name="cliente.extrato_conexao",
        method="GET",
        path=f"{ROOT}cliente/extrato_conexao",
        decode=lambda payload: answers.found(
            payload, "registros", session, limit=MAX_LIST, things=verdicts.SESSIONS
        ),
        query={"busca": key.value, "termo_busca": wire, "limit": str(MAX_LIST)},
    )


def session(row: Row) -> Session:
    """Decode one session. Raises BadRowError when it has neither a login nor a beginning."""
    found = Session(
        login=row.text("username"),
        started_at=row.instant("acctstarttime", "acctstarttimebr"),
        ended_at=row.instant("acctstoptime", "acctstoptimebr"),
        ipv4=row.text("framedipaddress"),
        nas_ip=row.text("nasipaddress"),
        nas_port=row.text("nasportid"),
        mac=row.text("callingstationid"),
        download_mb=row.real("download_megabytes"),
        upload_mb=row.real("upload_megabytes"),
    )
    if found.login is None and found.started_at is None:
        raise BadRowError(row.path, _("a session without login and beginning"))
    return found


def service_devices(service_id: int, address: str | None = None) -> Operation[tuple[Device, ...]]:
    """Find the equipment of a service (`rede/cpe/todos`): by its `phy_addr` where known, else by the service's id.

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


class Suspension(StrEnum):
    """The ways a service can be suspended."""

    DEBT = "suspenso_debito"
    ASKED = "suspenso_pedido_cliente"


def trust_unlock(service_id: int, days: int) -> Operation[Receipt]:
    """Unlock a suspended service on trust for `days`; the receipt says until when, where HubSoft does."""
    body = {"id_cliente_servico": _id(service_id), "dias_desbloqueio": int(within(days, 1, MAX_DAYS, "days"))}
    return _action("cliente.desbloqueio_confianca", "cliente/desbloqueio_confianca", body, decode=_unlocked)


def disconnect(service_id: int) -> Operation[Receipt]:
    """End the session of a service's login. HubSoft's sentence names the login and is left out."""
    path = f"cliente/solicitar_desconexao/{_id(service_id)}"
    return _action("cliente.solicitar_desconexao", path, method="GET", decode=_disconnected)


def clear_mac(service_id: int) -> Operation[Receipt]:
    """Forget the MAC address that a service's login is bound to."""
    return _action(
        "cliente.reset_mac_addr", "cliente/reset_mac_addr", {"id_cliente_servico": _id(service_id)}
    )


def clear_physical_address(service_id: int) -> Operation[Receipt]:
    """Forget the equipment that a service's login is bound to; newer servers only."""
    body = {"id_cliente_servico": _id(service_id)}
    return _action("cliente.reset_phy_addr", "cliente/reset_phy_addr", body)


def suspend(service_id: int, why: Suspension | str) -> Operation[Receipt]:
    """Suspend a service; newer servers only, where the API's user may."""
    path = f"cliente/cliente_servico/suspender/{_id(service_id)}"
    return _action("cliente_servico.suspender", path, {"tipo_suspensao": Suspension(why).value})


def enable(service_id: int, reason: str) -> Operation[Receipt]:
    """Enable a suspended service for good; newer servers only, where the API's user may."""
    path = f"cliente/cliente_servico/habilitar/{_id(service_id)}"
    return _action("cliente_servico.habilitar", path, {"motivo_habilitacao": given(reason, "reason")})


def activate(service_id: int) -> Operation[Receipt]:
    """Activate a service that was never enabled; newer servers only, where the API's user may."""
    return _action("cliente_servico.ativar", f"cliente/cliente_servico/ativar/{_id(service_id)}")


def restart_device(address: str) -> Operation[Receipt]:
    """Restart the equipment with this `phy_addr`."""
    return _device("rede.reiniciar_cpe", "rede/reiniciar_cpe/", address)


def restore_device(address: str) -> Operation[Receipt]:
    """Bring the equipment with this `phy_addr` back to its factory settings."""
    return _device("rede.restaurar_cpe", "rede/restaurar_cpe/", address)


def _device(name: str, path: str, address: str) -> Operation[Receipt]:
    written = quote(given(address, "address"), safe="")
    return _action(name, f"{path}{written}", shown=f"{path}***")


def _action(
    name: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    method: Literal["GET", "POST"] = "POST",
    decode: Callable[[object], Decoded[Receipt]] = receipt,
    shown: str = "",
) -> Operation[Receipt]:
    return Operation(
        name=name,
        method=method,
        path=f"{ROOT}{path}",
        decode=decode,
        body=body,
        repeatable=False,
        shown=f"{ROOT}{shown}" if shown else "",
    )


def _unlocked(payload: object) -> Decoded[Receipt]:
    done = receipt(payload).value
    said = _LAST_DAY.findall(done.said)
    try:
        until = date(*(int(part) for part in reversed(said[-1]))) if said else None
    except ValueError:
        until = None
    return Decoded(Receipt(said=done.said, until=until))


def _disconnected(payload: object) -> Decoded[Receipt]:
    receipt(payload)
    return Decoded(Receipt())


def _id(value: int) -> int:
    return int(within(value, 1, MAX_INTEGER, "an id"))

"""What can be done to one service, and to the equipment at a customer's: writes without a key, so never repeated.

Disconnecting is a GET that acts. It is no read: nothing may cache, repeat or prefetch it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final, Literal
from urllib.parse import quote

from .answers import Decoded, receipt
from .models import Receipt
from .operation import ROOT, Operation, given, within
from .scalars import MAX_INTEGER

MAX_DAYS: Final = 365
"""The panel sets a provider's own maximum, which is far below; more is a slip of the hand."""
_LAST_DAY: Final = re.compile(r"\b(\d{2})/(\d{2})/(\d{4})\b")


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

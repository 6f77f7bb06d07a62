"""How a customer's contract stands, in one word a person can say on the phone: from the statuses HubSoft names."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from ...texts import N_, _

if TYPE_CHECKING:
    from ...api.models import Customer, Service

_DEBT: Final = N_("SUSPENDED (debt)")
_ASKED: Final = N_("SUSPENDED (on request)")
_SUSPENDED: Final = N_("SUSPENDED")
_BLOCKED: Final = N_("BLOCKED")
_INSTALLATION: Final = N_("AWAITING INSTALLATION")
_SIGNATURE: Final = N_("AWAITING SIGNATURE")
_AWAITING: Final = N_("AWAITING")
_INACTIVE: Final = N_("INACTIVE")
_CANCELLED: Final = N_("CANCELLED")

# The first whose every word is in a service's status counts for the service, and the first any service has for the
# customer: what can be mended on the phone stands before what is over.
_KINDS: Final = (
    (("suspens", "debito"), _DEBT),
    (("suspens", "financeir"), _DEBT),
    (("suspens", "inadimpl"), _DEBT),
    (("suspens", "pedido"), _ASKED),
    (("suspens",), _SUSPENDED),
    (("bloque",), _BLOCKED),
    (("bloqui",), _BLOCKED),
    (("aguardando", "instala"), _INSTALLATION),
    (("agendad", "instala"), _INSTALLATION),
    (("aguardando", "assinatura"), _SIGNATURE),
    (("aguardando",), _AWAITING),
)
_LAST: Final = ((("inativ",), _INACTIVE), (("cancel",), _CANCELLED))
MOST_CELLS: Final = 26
"""A status of the provider's own making is cut there."""


def standing(customer: Customer, *, active: bool) -> str:
    """Return how `customer` stands, translated; a status that is the provider's own is named as HubSoft names it."""
    if active:
        return _("ACTIVE")
    statuses = [_plain(f"{each.status_prefix} {each.status}") for each in customer.services]
    if (kind := _first(_KINDS, statuses)) is not None:
        return _(kind)
    own = [
        each
        for each, status in zip(customer.services, statuses, strict=True)
        if status and _first(_LAST, [status]) is None
    ]
    if own:
        return _named(own[0])
    return _(_first(_LAST, statuses) or _INACTIVE)


def _first(kinds: tuple[tuple[tuple[str, ...], str], ...], statuses: list[str]) -> str | None:
    for words, kind in kinds:
        if any(all(word in status for word in words) for status in statuses):
            return kind
    return None


def _named(service: Service) -> str:
    name = " ".join((service.status or service.status_prefix.replace("_", " ")).split()).upper()
    return name if len(name) <= MOST_CELLS else name[: MOST_CELLS - 1] + "…"


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).strip()

"""The answer of `lookup`: as a document for programs, and as lines for people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ..core.types import Source
from ..errors import InvalidInput
from ..formats import NOTHING, age, day, money
from ..privacy import clean, mask_document, mask_phone
from ..texts import _, ngettext
from .output import styled, table

if TYPE_CHECKING:
    from ..api.models import Customer, Service
    from ..services.customers.service import Lookup

_TERM_SHOWN: Final = 100
"""How much of a wrong search a document repeats: a whole file may have been pasted."""
_ID, _PRICE = 0, 3
"""The columns of a service's line that hold numbers."""


def lookup_document(lookup: Lookup) -> dict[str, Any]:
    """Return the document of `lookup --json`."""
    return {
        "term": lookup.term.value,
        "kind": lookup.term.kind.value,
        "found": lookup.found,
        "active": lookup.active,
        "source": lookup.source.value,
        "age_seconds": round(lookup.age, 1),
        "requests": lookup.requests,
        "customers": [{**_plain(match.customer), "active": match.active} for match in lookup.matches],
    }


def no_lookup_document(term: str, error: dict[str, str]) -> dict[str, Any]:
    """Return the document of a `lookup --json` that failed: the same shape, null for what is not known."""
    return {
        "term": clean(term)[:_TERM_SHOWN],
        "kind": _kind(term),
        "found": None,
        "active": None,
        "source": None,
        "age_seconds": None,
        "requests": None,
        "customers": [],
        "error": error,
    }


def _kind(term: str) -> str | None:
    from ..services.customers.terms import recognise

    try:
        return recognise(term).kind.value
    except InvalidInput:
        return None


def lookup_lines(lookup: Lookup, *, status_only: bool) -> list[str]:
    """Return the answer for people: whether the contract is active first, then who it is."""
    if not lookup.found:
        from ..services.customers.terms import describe, missing_digit

        shown, kind = lookup.term.shown, describe(lookup.term.kind)
        told = _("Nobody found: {kind} {term}.").format(kind=kind, term=shown) + "  " + origin(lookup)
        return [told, *filter(None, [missing_digit(lookup.term)])]
    if len(lookup.matches) > 1:
        found = ngettext("{n} customer", "{n} customers", len(lookup.matches)).format(n=len(lookup.matches))
        lines = [f"{styled(found, 'strong')}  {origin(lookup)}"]
        if lookup.truncated:
            lines.append(_("There may be more: HubSoft stops here. Search for something more precise."))
        for match in lookup.matches:
            customer = match.customer
            details = _details(customer, status_only=status_only)
            lines += ["", f"{_contract(match.active)}  {customer.name}", *details]
        return lines
    match = lookup.matches[0]
    customer = match.customer
    head = f"{_contract(match.active)}  {styled(customer.name, 'strong')}  {origin(lookup)}"
    return [head, *_details(customer, status_only=status_only)]


def origin(lookup: Lookup) -> str:
    """Return where the answer came from, how old it is and what it cost, in brackets."""
    cost = ngettext("{n} request", "{n} requests", lookup.requests).format(n=lookup.requests)
    if lookup.source is Source.API:
        return styled(_("(asked now, {cost})").format(cost=cost), "quiet")
    if lookup.source is Source.CACHE:
        return styled(_("(from cache, {age} old)").format(age=age(lookup.age)), "quiet")
    stale = _("(HubSoft does not answer; this is {age} old)").format(age=age(lookup.age))
    return styled(stale, "warning")


def _contract(active: bool) -> str:
    return styled(_("ACTIVE"), "good") if active else styled(_("NOT ACTIVE"), "bad")


def _details(customer: Customer, *, status_only: bool) -> list[str]:
    document = mask_document(customer.document) if customer.document else NOTHING
    code = str(customer.code) if customer.code is not None else NOTHING
    rows = [[_("document"), document], [_("code"), code]]
    if not status_only:
        rows.append([_("phones"), "  ".join(map(mask_phone, customer.phones)) or NOTHING])
        if customer.registered_at:
            rows.append([_("since"), day(customer.registered_at)])
        rows += [[_("alert"), alert] for alert in customer.alerts]
    lines = table(rows)
    if customer.services:
        services = [_service(service, status_only=status_only) for service in customer.services]
        lines += ["", *table(services, right=(_ID, _PRICE))]
    return lines


def _service(service: Service, *, status_only: bool) -> list[str]:
    row = [str(service.id), service.name or NOTHING, service.status or service.status_prefix or NOTHING]
    if status_only:
        return row
    online = service.connection.online if service.connection else None
    line = NOTHING if online is None else _("online") if online else _("offline")
    return [*row, NOTHING if service.price is None else money(service.price), line]


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return a record as JSON has it, with every key: amounts as text, instants in ISO 8601."""
    if hasattr(value, "__struct_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value

"""`lookup` and `invoice list`: what HubSoft knows of a customer and what is to pay, as documents and as lines."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import click

from ..core.types import Category, Source
from ..errors import InvalidInput, NotFound
from ..formats import NOTHING, age, day, day_of, money
from ..privacy import clean, mask_document, mask_phone
from ..texts import N_, _, ngettext, say
from .output import styled, table, write_json, write_lines
from .session import CommandSession, json_option, open_home, open_hub
from .translation import Command, Group, Option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..api.models import Customer, Invoice, Service
    from ..core.types import Answer
    from ..services.container import Services
    from ..services.customers.service import Lookup

_TERM_SHOWN: Final = 100
"""How much of a wrong search a document repeats: a whole file may have been pasted."""
_ID, _PRICE = 0, 3
"""The columns of a service's line that hold numbers."""


@click.command(cls=Command)
@click.argument("term")
@click.option(
    "--status-only",
    cls=Option,
    is_flag=True,
    help=N_("Only whether the contract is active: an older answer will do."),
)
@click.option("--refresh", cls=Option, is_flag=True, help=N_("Ask HubSoft whatever is remembered."))
@json_option
@click.pass_obj
def lookup(session: CommandSession, term: str, *, status_only: bool, refresh: bool, as_json: bool) -> int:
    """Answer `lookup`: 0 found, 3 no customer found."""
    session.term = term
    from ..services.customers.terms import zeros_restored  # noqa: PLC0415 - heavy: help loads no service

    category = Category.CONTRACT_STATUS if status_only else Category.CLIENT_DATA

    found = None if refresh or session.demo else _remembered(session, term, category)
    if found is None:
        with open_hub(session) as hub:
            found = hub.call(
                lambda services: services.customers.lookup(term, category=category, refresh=refresh)
            )
    if found.term.restored:
        click.echo(str(zeros_restored(found.term)), err=True)
    if as_json:
        write_json(lookup_document(found))
    else:
        write_lines(lookup_lines(found, status_only=status_only))
    return 0 if found.found else NotFound.exit_code


def _remembered(session: CommandSession, term: str, category: Category) -> Lookup | None:
    """Return what needs no engine, no secret and no network: an answer that is remembered and young enough."""
    from ..core.clock import SystemClock  # noqa: PLC0415 - heavy: help loads no service
    from ..services.customers.memory import remembered_lookup  # noqa: PLC0415 - heavy: help loads no service

    with open_home(session) as home:
        return remembered_lookup(home.settings, home.places, SystemClock(), term, category=category)


def lookup_document(answer: Lookup) -> dict[str, Any]:
    """Return the document of `lookup --json`."""
    return {
        "term": answer.term.value,
        "kind": answer.term.kind.value,
        "found": answer.found,
        "active": answer.active,
        "source": answer.source.value,
        "age_seconds": round(answer.age, 1),
        "requests": answer.requests,
        "customers": [{**_plain(match.customer), "active": match.active} for match in answer.matches],
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
    from ..services.customers.terms import recognise  # noqa: PLC0415 - heavy: help loads no service

    try:
        return recognise(term).kind.value
    except InvalidInput:
        return None


def lookup_lines(answer: Lookup, *, status_only: bool) -> list[str]:
    """Return the answer for people: whether the contract is active first, then who it is."""
    if not answer.found:
        from ..services.customers.terms import describe, missing_digit  # noqa: PLC0415 - heavy: help loads no service

        shown, kind = answer.term.shown, describe(answer.term.kind)
        told = _("Nobody found: {kind} {term}.").format(kind=kind, term=shown) + "  " + origin(answer)
        return [told, *filter(None, [missing_digit(answer.term)])]
    if len(answer.matches) > 1:
        found = ngettext("{n} customer", "{n} customers", len(answer.matches)).format(n=len(answer.matches))
        lines = [f"{styled(found, 'strong')}  {origin(answer)}"]
        if answer.truncated:
            lines.append(_("There may be more: HubSoft stops here. Search for something more precise."))
        for match in answer.matches:
            customer = match.customer
            details = _details(customer, status_only=status_only)
            lines += ["", f"{_contract(match.active)}  {customer.name}", *details]
        return lines
    match = answer.matches[0]
    customer = match.customer
    head = f"{_contract(match.active)}  {styled(customer.name, 'strong')}  {origin(answer)}"
    return [head, *_details(customer, status_only=status_only)]


def origin(answer: Lookup) -> str:
    """Return where the answer came from, how old it is and what it cost, in brackets."""
    cost = ngettext("{n} request", "{n} requests", answer.requests).format(n=answer.requests)
    if answer.source is Source.API:
        return styled(_("(asked now, {cost})").format(cost=cost), "quiet")
    if answer.source is Source.CACHE:
        return styled(_("(from cache, {age} old)").format(age=age(answer.age)), "quiet")
    stale = _("(HubSoft does not answer; this is {age} old)").format(age=age(answer.age))
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


@click.group(cls=Group)
def invoice() -> None:
    """Hold the commands on invoices."""


@invoice.command(
    "list",
    cls=Command,
    help=N_(
        "List a customer's invoices, each with its PIX code, typeable line and link, whole.\n\n"
        "TERM is a CPF, CNPJ, phone, HubSoft code, login or ticket protocol."
    ),
)
@click.argument("term")
@click.option("--all", "with_paid", cls=Option, is_flag=True, help=N_("Paid invoices too."))
@click.option("--refresh", cls=Option, is_flag=True, help=N_("Ask HubSoft whatever is remembered."))
@json_option
@click.pass_obj
def invoice_list(
    session: CommandSession, term: str, *, with_paid: bool, refresh: bool, as_json: bool
) -> None:
    """Answer `invoice list`: 3 when there is no such customer; no invoice is an answer."""

    async def ask(services: Services) -> tuple[int, Answer[tuple[Invoice, ...]]]:
        found = await services.customers.lookup(term)
        if not found.customers:
            raise NotFound(say("No customer was found."))
        if len(found.customers) > 1:
            raise InvalidInput(say("Several customers were found: name one by document or code."))
        answer = await services.customers.invoices(found.customers[0], with_paid=with_paid, refresh=refresh)
        return found.requests, answer

    with open_hub(session) as hub:
        spent, answer = hub.call(ask)
    today = day_of(time.time())
    if as_json:
        write_json(
            {
                "source": answer.source.value,
                "age_seconds": round(answer.age),
                "requests": spent + answer.requests,
                "invoices": [_document(each, today) for each in answer.value],
            }
        )
    else:
        write_lines(_lines(answer.value, today))


def _document(each: Invoice, today: date) -> dict[str, Any]:
    return {
        "id": each.id,
        "number": each.number,
        "state": each.status,
        "paid": each.paid,
        "amount": None if each.amount is None else str(each.amount),
        "due_on": None if each.due_on is None else each.due_on.isoformat(),
        "paid_on": None if each.paid_on is None else each.paid_on.isoformat(),
        "days_late": each.days_late(today),
        "pix": each.pix and each.pix.whole,
        "typeable_line": each.typeable_line and each.typeable_line.whole,
        "link": each.link and each.link.whole,
    }


def _lines(invoices: Iterable[Invoice], today: date) -> list[str]:
    lines: list[str] = []
    for each in sorted(invoices, key=lambda each: (not each.open, each.due_on or date.max)):
        late = each.days_late(today)
        state = styled(ngettext("{n} day late", "{n} days late", late).format(n=late), "bad") if late else ""
        head = [
            day(each.due_on) if each.due_on else NOTHING,
            NOTHING if each.amount is None else money(each.amount),
            clean(each.status or ""),
            state,
        ]
        codes = ((_("PIX"), each.pix), (_("Line"), each.typeable_line), (_("Link"), each.link))
        lines += table([head], indent=0)
        lines += table([[styled(label, "quiet"), clean(code.whole)] for label, code in codes if code])
    return lines or [_("There is no invoice to pay.")]

"""`invoice list`: what a customer is to pay, and everything that pays it."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from ..errors import InvalidInput, NotFound
from ..formats import NOTHING, day, day_of, money
from ..privacy import clean
from ..texts import N_, _, ngettext, say
from .output import styled, table, write_json, write_lines
from .session import CommandSession, json_option, open_hub
from .translation import Command, Group, Option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..api.models import Invoice
    from ..core.types import Answer
    from ..services.container import Services


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

"""Writing to HubSoft without a screen: open a ticket, see what is not sent yet, and send it."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from ..errors import HubSoftError, InvalidInput, NotFound
from ..formats import age, clock, iso
from ..privacy import clean
from ..texts import N_, Text, _, ngettext, say
from .output import styled, table, write_json, write_lines
from .session import CommandSession, json_option, loss_lines, losses_of, open_hub, open_to_write
from .translation import Command, Option

if TYPE_CHECKING:
    from ..api.models import Service
    from ..services.container import Services
    from ..services.customers.service import Match
    from ..services.outbox.types import Entry, NewTicket, SendReport
    from ..store.losses import Loss

PATIENCE_SECONDS: Final = 90.0
"""How long `ticket open` waits for HubSoft's answer: the queue's longest wait, and an answer's."""
SILENT_SECONDS: Final = 2.0
"""After this the local protocol is said on stderr, while HubSoft's answer is waited for."""
REFUSED: Final = "refused"


@click.command("open", cls=Command)
@click.option("--service", type=click.IntRange(min=1), cls=Option, metavar="ID", help=N_("The service's id."))
@click.option(
    "--document",
    cls=Option,
    metavar="DOC",
    help=N_("The customer's CPF or CNPJ, where there is one service it can be."),
)
@click.option(
    "--description",
    cls=Option,
    required=True,
    metavar="TEXT",
    help=N_("What it is about; - reads it from standard input."),
)
@click.option("--name", cls=Option, required=True, metavar="NAME", help=N_("Whom to ask for."))
@click.option("--phone", cls=Option, required=True, metavar="PHONE", help=N_("Their phone, with area code."))
@click.option(
    "--type",
    "type_id",
    type=click.IntRange(min=1),
    cls=Option,
    metavar="ID",
    help=N_("The ticket type's id."),
)
@click.option("--work-order", cls=Option, is_flag=True, help=N_("Open a work order too."))
@click.option(
    "--yes", cls=Option, is_flag=True, help=N_("Open it although the same was written a few minutes ago.")
)
@json_option
@click.pass_obj
def open_ticket(
    session: CommandSession,
    *,
    service: int | None,
    document: str | None,
    description: str,
    name: str,
    phone: str,
    type_id: int | None,
    work_order: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Answer `ticket open`: 0 sent or kept to be sent, 1 refused."""
    if (service is None) == (document is None):
        raise click.UsageError(_("Give either --service or --document."))
    text = _stdin() if description == "-" else description

    async def put(services: Services) -> Entry:
        from ..services.outbox.types import NewTicket  # noqa: PLC0415 - heavy: help loads no service

        draft = NewTicket(
            service_id=service or 0,
            description=text,
            contact_name=name,
            contact_phone=phone,
            type_id=type_id,
            open_work_order=work_order,
        )
        if document is not None:
            draft = await _for_customer(services, draft, document)
        checked = await services.outbox.check(draft)
        if not yes and (same := await services.outbox.similar(checked)):
            raise InvalidInput(_written_already(same[0]))
        entry = await services.outbox.put(checked)
        return await services.outbox.settled(entry.local_protocol, SILENT_SECONDS)

    async def settled(services: Services) -> Entry:
        return await services.outbox.settled(entry.local_protocol, PATIENCE_SECONDS)

    with open_to_write(session) as hub:
        entry = hub.call(put)
        if _simple(entry) == "queued":
            # A caller who leaves here knows that it is kept, and by which name.
            waiting = _("{local} is kept on this machine and on its way to HubSoft.")
            click.echo(waiting.format(local=entry.local_protocol), err=True)
            entry = hub.call(settled)
    if as_json:
        write_json(opened_document(entry))
    else:
        write_lines(opened_lines(entry))
    return HubSoftError.exit_code if entry.state.value == REFUSED else 0


@click.command(cls=Command)
@click.option("--send", cls=Option, is_flag=True, help=N_("Send what is due first."))
@json_option
@click.pass_obj
def outbox(session: CommandSession, *, send: bool, as_json: bool) -> None:
    """Answer `outbox`: without --send no request."""

    async def ask(services: Services) -> tuple[SendReport | None, tuple[Entry, ...]]:
        report = await services.outbox.send_due() if send else None
        return report, await services.outbox.entries()

    with open_hub(session, with_secrets=send) as hub:
        report, entries = hub.call(ask)
        losses = hub.call(losses_of)
    if as_json:
        write_json(outbox_document(entries, report, losses))
    else:
        write_lines(outbox_lines(entries, report, losses))


def opened_document(entry: Entry) -> dict[str, Any]:
    """Return the document of `ticket open --json`; a refusal carries HubSoft's words."""
    document: dict[str, Any] = {
        "local_protocol": entry.local_protocol,
        "protocol": entry.protocol,
        "ticket_id": entry.ticket_id,
        "state": _simple(entry),
    }
    if entry.state.value == REFUSED:
        document["error"] = {"kind": REFUSED, "message": entry.said}
    return document


def _simple(entry: Entry) -> str:
    """Return one of sent, queued, unknown and refused: what is on its way is queued."""
    state = entry.state.value
    return {"sending": "queued", "exists": "queued", "held": "queued", "discarded": REFUSED}.get(state, state)


def opened_lines(entry: Entry) -> list[str]:
    """Return the answer of `ticket open` for people."""
    state = _simple(entry)
    if state == "sent":
        head = _("Ticket opened: protocol {protocol} ({local}).")
        return [styled(head.format(protocol=entry.protocol or "–", local=entry.local_protocol), "good")]
    if state == REFUSED:
        head = _("{local} was refused and is kept: correct it in the console, or discard it there.")
        return [styled(head.format(local=entry.local_protocol), "bad"), entry.said]
    if state == "unknown":
        head = _(
            "{local} was sent, but HubSoft's answer did not come. We look for it before sending it again."
        )
    else:
        head = _("{local} is kept, but not with HubSoft yet.")
    how = _("An open console sends it by itself; without one: hubsoft-tui outbox --send")
    return [styled(head.format(local=entry.local_protocol), "warning"), *filter(None, [entry.said]), how]


def outbox_document(
    entries: tuple[Entry, ...], report: SendReport | None, losses: tuple[Loss, ...] = ()
) -> dict[str, Any]:
    """Return the document of `outbox --json`, drafts in full."""
    document: dict[str, Any] = {
        "open": sum(not entry.over for entry in entries),
        "asks": sum(entry.asks for entry in entries),
        "entries": [_plain(entry) for entry in entries],
        "losses": [{**asdict(loss), "at": _iso(loss.at)} for loss in losses],
    }
    return document if report is None else {"sent_now": asdict(report), **document}


def _plain(entry: Entry) -> dict[str, Any]:
    instants = ("created_at", "updated_at", "next_at")
    written = {name: _iso(getattr(entry, name)) for name in instants}
    named = {"kind": entry.kind.value, "state": entry.state.value, "asks": entry.asks}
    document = {**asdict(entry), **written, **named}
    if "kind" in document["draft"]:
        document["draft"]["kind"] = entry.kind.value
    return document


def _iso(instant: float | None) -> str | None:
    return None if instant is None else iso(instant)


def outbox_lines(
    entries: tuple[Entry, ...], report: SendReport | None, losses: tuple[Loss, ...] = ()
) -> list[str]:
    """Return the outbox for people: no phone, no document, no text of a ticket."""
    lines = loss_lines(losses)
    if report is not None:
        sent = ngettext("{n} entry sent.", "{n} entries sent.", report.sent).format(n=report.sent)
        lines += [styled(sent, "good" if report.sent else "quiet"), ""]
    if not entries:
        return [*lines, _("The outbox is empty.")]
    left = sum(not entry.over for entry in entries)
    count = ngettext("{n} entry is not settled.", "{n} entries are not settled.", left).format(n=left)
    rows = [_row(entry) for entry in entries]
    notes = [f"{entry.local_protocol}: {note}" for entry in entries if (note := _note(entry))]
    return [*lines, count, *table(rows), *([""] if notes else []), *map(clean, notes)]


def _row(entry: Entry) -> list[str]:
    from ..services.outbox.types import action_name  # noqa: PLC0415 - heavy: help loads no service

    kinds = {"open": _("new ticket"), "message": _("message"), "close": _("closing")}
    what = kinds.get(entry.kind.value) or action_name(entry.kind)
    states = {
        "queued": (_("waits"), "warning"),
        "sending": (_("is being sent"), "warning"),
        "unknown": (_("not known"), "warning"),
        "sent": (_("sent"), "good"),
        REFUSED: (_("refused"), "bad"),
        "exists": (_("exists already?"), "bad"),
        "held": (_("held"), "bad"),
        "discarded": (_("discarded"), "quiet"),
    }
    word, style = states[entry.state.value]
    past = age(datetime.now().astimezone().timestamp() - entry.created_at)
    protocol = entry.protocol or getattr(entry.draft, "protocol", None) or "–"
    return [
        entry.local_protocol,
        styled(word, style),
        what,
        protocol,
        clean(entry.draft.customer_name or "–"),
        past,
    ]


def _note(entry: Entry) -> str:
    if entry.doubles:
        return _("doubled as {protocols}. {said}").format(protocols=", ".join(entry.doubles), said=entry.said)
    if entry.similar:
        return f"{entry.said} {', '.join(entry.similar)}"
    if entry.state.value == "unknown" and entry.next_at is not None:
        then = clock(entry.next_at, seconds=True)
        return " ".join([entry.said, _("Looked for from {time} on.").format(time=then)])
    return entry.said


async def _for_customer(services: Services, draft: NewTicket, document: str) -> NewTicket:
    """Say which customer and service the ticket is for. Raises NotFound, or InvalidInput naming the choice."""
    from ..services.customers.terms import Kind, recognise  # noqa: PLC0415 - heavy: help loads no service

    term = recognise(document)
    if term.kind not in {Kind.CPF, Kind.CNPJ}:
        raise InvalidInput(say("That is not a CPF or CNPJ."))
    found = await services.customers.lookup(term)
    if not found.matches:
        raise NotFound(say("There is no customer with this document."))
    customer = found.matches[0].customer
    return replace(
        draft,
        service_id=_only_service(found.matches[0]).id,
        customer_code=customer.code,
        customer_document=customer.document or None,
        customer_name=customer.name or None,
    )


def _only_service(match: Match) -> Service:
    usable = [one for one in match.customer.services if not one.cancelled]
    active = [one for one in usable if one.id in match.active_services]
    candidates = active or usable
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise InvalidInput(say("The customer has no service that is not cancelled: HubSoft takes no ticket."))
    listed = "\n".join(f"  {one.id}  {clean(one.name)}  {clean(one.status)}" for one in candidates)
    raise InvalidInput(
        say("The customer has several services. Say which with --service ID:\n{services}", services=listed)
    )


def _written_already(entry: Entry) -> Text:
    return say(
        "The same was written a few minutes ago: {local}, protocol {protocol}. Add --yes to write it again.",
        local=entry.local_protocol,
        protocol=entry.protocol or "–",
    )


def _stdin() -> str:
    return sys.stdin.buffer.read().decode("utf-8", "replace")

"""`service` and `visit`: actions through the outbox, each shown as it will be sent and confirmed first."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from ..errors import HubSoftError, InvalidInput, Unreachable
from ..formats import BRASILIA, NOTHING, moment
from ..privacy import clean
from ..texts import N_, _, ngettext, number, say
from .output import styled, table, write_json, write_lines
from .session import CommandSession, json_option, open_hub, open_to_write
from .translation import Command, Group, Option

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..api.models import Device, DeviceReading
    from ..core.types import Answer
    from ..services.container import Services
    from ..services.desk import Aftermath
    from ..services.outbox.types import DeskAction, Entry, Review

PATIENCE_SECONDS: Final = 90.0
"""How long HubSoft's answer is waited for."""
SENT, UNKNOWN = "sent", "unknown"


@click.group(cls=Group)
def service() -> None:
    """Hold the actions on a service."""


@click.group(cls=Group)
def visit() -> None:
    """Hold the actions on a visit."""


_SERVICE = click.option(
    "--service",
    "service_id",
    type=click.IntRange(min=1),
    cls=Option,
    metavar="ID",
    help=N_("The service's id."),
)
_DOCUMENT = click.option(
    "--document",
    cls=Option,
    metavar="DOC",
    help=N_("The customer's CPF or CNPJ, where there is one service it can be."),
)
_YES = click.option("--yes", cls=Option, is_flag=True, help=N_("Do it without asking."))


def _add(name: str, kind: str, does: str, *options: Callable[..., Any]) -> None:
    """Add the command of one action on a service."""

    def answer(
        session: CommandSession,
        *,
        service_id: int | None,
        document: str | None,
        yes: bool,
        as_json: bool,
        **more: Any,  # noqa: ANN401 - what the action's own options say
    ) -> int:
        if (service_id is None) == (document is None):
            raise click.UsageError(_("Give either --service or --document."))

        async def draft(services: Services) -> DeskAction:
            from ..services.outbox.types import EntryKind  # noqa: PLC0415 - heavy: help loads no service

            what = EntryKind(kind)
            found = service_id or await services.desk.find(what, document or "")
            return await services.desk.draft(what, found, **more)

        return _act(session, draft, yes=yes, as_json=as_json)

    command = click.command(name, cls=Command, help=does)(click.pass_obj(answer))
    for option in (json_option, _YES, *reversed(options), _DOCUMENT, _SERVICE):
        command = option(command)
    service.add_command(command)


_add(
    "unlock",
    "trust_unlock",
    N_("Unlock a suspended service on trust for some days."),
    click.option(
        "--days",
        type=click.IntRange(min=1),
        cls=Option,
        metavar="N",
        help=N_("For so many days; without it as the settings say."),
    ),
)
_add("disconnect", "disconnect", N_("End the session of a service; its equipment connects again."))
_add("restart", "restart_device", N_("Restart the equipment at the customer's."))
_add("restore", "restore_device", N_("Bring the equipment at the customer's back to its factory settings."))
_add("clear-mac", "clear_mac", N_("Clear the MAC address that a service is bound to."))
_add("clear-address", "clear_physical_address", N_("Clear the equipment that a service is bound to."))
_add(
    "suspend",
    "suspend",
    N_("Suspend a service."),
    click.option(
        "--because",
        "suspension",
        type=click.Choice(("suspenso_debito", "suspenso_pedido_cliente")),
        required=True,
        cls=Option,
        help=N_("For debt, or at the customer's wish."),
    ),
)
_add(
    "enable",
    "enable",
    N_("Enable a suspended service for good."),
    click.option("--reason", required=True, cls=Option, metavar="TEXT", help=N_("Why: HubSoft keeps it.")),
)
_add("activate", "activate", N_("Activate a service that was never enabled."))


@service.command(
    cls=Command, help=N_("Show how the customer's equipment hears the network, and its recent course.")
)
@_SERVICE
@click.option("--refresh", cls=Option, is_flag=True, help=N_("Ask HubSoft whatever is remembered."))
@json_option
@click.pass_obj
def signal(session: CommandSession, *, service_id: int | None, refresh: bool, as_json: bool) -> None:
    """Answer `service signal`: nothing HubSoft manages is an answer; 4 where the server does not offer it."""
    if service_id is None:
        raise click.UsageError(_("Give --service."))

    async def ask(services: Services) -> Answer[tuple[Device, ...]] | None:
        _customer, found = await services.desk.service(service_id)
        return await services.desk.signal(found, refresh=refresh)

    with open_hub(session) as hub:
        answer = hub.call(ask)
    devices = () if answer is None else answer.value
    if as_json:
        write_json({"devices": [_device(each) for each in devices]})
    else:
        rows = [_reading(each) for device in devices for each in device.readings]
        write_lines(
            table(rows, indent=0, right=(1, 2)) if rows else [_("HubSoft knows no signal of this service.")]
        )


def _device(device: Device) -> dict[str, Any]:
    return {"address": device.address, "readings": [_measured(each) for each in device.readings]}


def _measured(reading: DeviceReading) -> dict[str, Any]:
    at = None if reading.at is None else reading.at.isoformat()
    return {"at": at, "rx": reading.rx, "tx": reading.tx}


def _reading(reading: DeviceReading) -> list[str]:
    """Return a reading as (when, received, sent); HubSoft gives no unit, so none is said."""
    at = NOTHING if reading.at is None else moment(reading.at.timestamp(), time.time())
    shown = (NOTHING if value is None else number(value, 2) for value in (reading.rx, reading.tx))
    return [at, *(f"{name} {value}" for name, value in zip(("rx", "tx"), shown, strict=True))]


@visit.command("open", cls=Command, help=N_("Open a work order for the ticket with this protocol."))
@click.argument("protocol")
@_YES
@json_option
@click.pass_obj
def open_order(session: CommandSession, protocol: str, *, yes: bool, as_json: bool) -> int:
    """Answer `visit open`."""

    async def draft(services: Services) -> DeskAction:
        from ..services.outbox.actions import opening_of_order  # noqa: PLC0415 - heavy: help loads no service

        return opening_of_order(None, await services.desk.ticket(protocol))

    return _act(session, draft, yes=yes, as_json=as_json)


@visit.command(cls=Command, help=N_("Confirm the visit of a work order for the time that is planned."))
@click.argument("number")
@_YES
@json_option
@click.pass_obj
def confirm(session: CommandSession, number: str, *, yes: bool, as_json: bool) -> int:
    """Answer `visit confirm`."""
    return _act(session, _visit("confirm_visit", number), yes=yes, as_json=as_json)


@visit.command(
    cls=Command, help=N_("Plan the visit of a work order for another time, as clocks at HubSoft show it.")
)
@click.argument("number")
@click.option("--start", required=True, cls=Option, metavar="TIME", help=N_("For example: 2026-12-01 14:00"))
@click.option("--end", required=True, cls=Option, metavar="TIME", help=N_("For example: 2026-12-01 16:00"))
@_YES
@json_option
@click.pass_obj
def reschedule(
    session: CommandSession, number: str, *, start: str, end: str, yes: bool, as_json: bool
) -> int:
    """Answer `visit reschedule`."""
    window = {"start": _time(start), "end": _time(end)}
    return _act(session, _visit("reschedule_visit", number, **window), yes=yes, as_json=as_json)


def _visit(kind: str, number: str, **window: datetime) -> Callable[[Services], Awaitable[DeskAction]]:
    async def draft(services: Services) -> DeskAction:
        from ..services.outbox.actions import visit_action  # noqa: PLC0415 - heavy: help loads no service
        from ..services.outbox.types import EntryKind  # noqa: PLC0415 - heavy: help loads no service

        return visit_action(EntryKind(kind), None, await services.desk.order(number), **window)

    return draft


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d %H:%M").replace(tzinfo=BRASILIA)
    except ValueError:
        raise InvalidInput(say("Write a time as 2026-12-01 14:00, not {text}.", text=clean(text))) from None


def _act(
    session: CommandSession, draft: Callable[[Services], Awaitable[DeskAction]], *, yes: bool, as_json: bool
) -> int:
    """Show an action as it will be sent, ask, send it, and say what became of it: 0 only when it was done."""

    async def review(services: Services) -> Review:
        return await services.outbox.review(await draft(services))

    async def put(services: Services) -> tuple[Entry, Aftermath | None]:
        entry = await services.outbox.put(found.checked)
        entry = await services.outbox.settled(entry.local_protocol, PATIENCE_SECONDS)
        if entry.state.value != SENT:
            return entry, None
        try:
            return entry, await services.desk.after(entry.draft)  # type: ignore[arg-type] # it is an action
        except HubSoftError:  # what was done is done, whether it can be shown or not
            return entry, None

    with open_to_write(session) as hub:
        found = hub.call(review)
        if not yes:
            _ask(found)
        entry, after = hub.call(put)
    if as_json:
        write_json(_document(entry, after))
    else:
        write_lines(_lines(entry, after))
    return _code(entry)


def _ask(review: Review) -> None:
    """Show what will be sent on stderr and wait for a yes. Raises click.Abort without one."""
    lines = table([[styled(label, "quiet"), clean(value)] for label, value in review.lines])
    if review.similar:
        lines.append(
            styled(
                _("The same was done a few minutes ago: {local}.").format(
                    local=review.similar[0].local_protocol
                ),
                "warning",
            )
        )
    for line in lines:
        click.echo(line, err=True)
    if not sys.stdin.isatty():
        raise click.UsageError(_("Add --yes to do it: there is no terminal to ask."))
    click.confirm(_("Do it?"), abort=True, err=True)


def _code(entry: Entry) -> int:
    state = entry.state.value
    if state == SENT:
        return 0
    return Unreachable.exit_code if state in {"queued", "sending", "held"} else HubSoftError.exit_code


def _document(entry: Entry, after: Aftermath | None) -> dict[str, Any]:
    state = {"sending": "queued"}.get(entry.state.value, entry.state.value)
    draft: Any = entry.draft
    document: dict[str, Any] = {
        "local_protocol": entry.local_protocol,
        "action": entry.kind.value,
        "state": state,
        "said": entry.said,
        "service_id": draft.service_id,
    }
    if after is not None:
        status = None if after.service is None else after.service.status_prefix
        document["after"] = {"requests": after.requests, "service_status": status}
        if after.devices:
            document["after"]["signal"] = [_measured(each) for each in after.devices[0].readings[:1]]
    if state == "refused":
        document["error"] = {"kind": "refused", "message": entry.said}
    return document


def _lines(entry: Entry, after: Aftermath | None) -> list[str]:
    from ..services.outbox.types import action_name  # noqa: PLC0415 - heavy: help loads no service

    about = {"what": action_name(entry.kind), "local": entry.local_protocol}
    state = entry.state.value
    if state == SENT:
        lines = [styled(_("Done: {what} ({local}).").format(**about), "good")]
        if after is not None and after.service is not None:
            cost = ngettext("{n} request", "{n} requests", after.requests).format(n=after.requests)
            lines.append(f"{clean(after.service.status)}  {styled(f'({cost})', 'quiet')}")
            lines += ["  ".join(_reading(each.readings[0])) for each in after.devices or () if each.readings]
    elif state == "refused":
        lines = [styled(_("HubSoft refused: {what} ({local}). Nothing was done.").format(**about), "bad")]
    elif state == UNKNOWN:
        lines = [
            styled(_("It is not known whether HubSoft did it: {what} ({local}).").format(**about), "warning"),
            _("An open console looks for it; without one, look at HubSoft before doing it again."),
        ]
    else:
        lines = [
            styled(
                _("Not done yet: {what} ({local}). It is sent if HubSoft can be reached soon.").format(
                    **about
                ),
                "warning",
            )
        ]
    return [*lines, *filter(None, [clean(entry.said)])]

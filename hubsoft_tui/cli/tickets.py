"""`sync`, once or repeatedly, and `ticket list`: what the mirror holds, without a request."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from ..errors import (
    HubSoftError,
    InvalidInput,
    NotFound,
    QueueFull,
    RateLimited,
    Refused,
    StoreError,
    Unreachable,
)
from ..formats import NOTHING, age, iso
from ..privacy import clean
from ..texts import N_, _, ngettext, say
from .output import error_kind, shortened, styled, table, write_json, write_line, write_lines
from .session import CommandSession, json_option, open_home, open_hub, until_signal
from .translation import Command, Number, Option

if TYPE_CHECKING:
    from ..services.container import Services
    from ..services.hub import Hub
    from ..services.tickets.types import PassReport, Plan, TicketRow

_WIDEST: Final = 32
"""Cells of a column for people: one endless name must not push every line off the screen."""
_PASSING: Final = (Unreachable, Refused, NotFound, RateLimited, QueueFull, StoreError)
"""Errors that the next pass may not meet: all of HubSoft's but a refused login. Any other ends `sync --every`."""


@click.command(cls=Command)
@click.option("--once", cls=Option, is_flag=True, help=N_("Make one pass and end; this is the default."))
@click.option(
    "--every",
    cls=Option,
    type=Number(1, 86_400),
    metavar="SECONDS",
    help=N_("Make a pass so often, until interrupted or told to end."),
)
@click.option(
    "--plan-only", cls=Option, is_flag=True, help=N_("Show what a pass would ask and cost, and ask nothing.")
)
@json_option
@click.pass_obj
def sync(session: CommandSession, *, once: bool, every: float | None, plan_only: bool, as_json: bool) -> None:
    """Answer `sync`."""
    if every is not None and (once or plan_only):
        raise click.UsageError(_("--every cannot be combined with --once or --plan-only."))
    if every is not None:
        _repeatedly(session, every, as_json=as_json)
        return
    with open_hub(session, with_secrets=not plan_only) as hub:
        if plan_only:
            _show_plan(hub.call(lambda services: services.tickets.plan()), as_json=as_json)
        else:
            _show(_pass(hub), as_json=as_json)


@click.command("list", cls=Command)
@click.option("--open", "open_only", cls=Option, is_flag=True, help=N_("Only those that are open."))
@click.option(
    "--filter",
    "text",
    cls=Option,
    metavar="FILTER",
    default="",
    help=N_('Only what the filter of the tickets screen would show: "late unassigned", "resp:sara sla<1h".'),
)
@json_option
@click.pass_obj
def ticket_list(session: CommandSession, text: str, *, open_only: bool, as_json: bool) -> None:
    """Answer `ticket list`."""
    from ..services.tickets.filters import FilterError, parse  # noqa: PLC0415 - heavy: help loads no service
    from ..services.tickets.queries import kept_rows  # noqa: PLC0415 - heavy: help loads no service

    try:
        wanted = parse(text)
    except FilterError as error:
        place = error.position + 1
        raise InvalidInput(say("--filter, column {n}: {reason}.", n=place, reason=str(error))) from None
    rows: tuple[TicketRow, ...] = ()  # a demo's home is new: it follows nothing yet
    if not session.demo:
        with open_home(session) as home:
            rows = kept_rows(home.settings, home.places, open_only=open_only, wanted=wanted)
    if as_json:
        write_json({"tickets": [_document(row) for row in rows]})
    else:
        write_lines(_lines(rows, filtered=bool(wanted)))


def report_document(report: PassReport) -> dict[str, Any]:
    """Return the document of `sync --once --json`."""
    return {
        "tracked": report.tracked,
        "new": report.new,
        "changed": report.changed,
        "closed": report.closed,
        "missing": report.missing,
        "requests": report.requests,
        "naive_requests": report.naive_requests,
        "seconds": report.seconds,
        "unconfirmed": report.unconfirmed,
        "at": _instant(report.at),
        "shared": report.shared,
    }


# -- passes


def _pass(hub: Hub) -> PassReport:
    async def ask(services: Services) -> PassReport:
        return await services.tickets.sync()

    return hub.call(ask)


def _repeatedly(session: CommandSession, seconds: float, *, as_json: bool) -> None:
    """Make passes until SIGTERM or ctrl+c; a pass that is going on is left, and nothing of it is written."""
    with until_signal(interrupts=True) as ended, open_hub(session) as hub:
        while not ended.is_set():
            try:
                report = _pass(hub)
            except _PASSING as error:
                _show_trouble(error, as_json=as_json)
            else:
                _show(report, as_json=as_json, line=True)
            ended.wait(seconds)


# -- what is printed


def _show(report: PassReport, *, as_json: bool, line: bool = False) -> None:
    if as_json:
        (write_line if line else write_json)(report_document(report))
        return
    found = [
        ngettext("{n} open ticket followed", "{n} open tickets followed", report.tracked).format(
            n=report.tracked
        ),
        ngettext("{n} new", "{n} new", report.new).format(n=report.new),
        ngettext("{n} changed", "{n} changed", report.changed).format(n=report.changed),
        ngettext("{n} closed", "{n} closed", report.closed).format(n=report.closed),
    ]
    if report.missing:
        found.append(
            styled(ngettext("{n} missing", "{n} missing", report.missing).format(n=report.missing), "warning")
        )
    if report.unconfirmed:
        unconfirmed = ngettext("{n} ticket not confirmed", "{n} tickets not confirmed", report.unconfirmed)
        found.append(styled(unconfirmed.format(n=report.unconfirmed), "warning"))
    cost = ngettext("{n} request", "{n} requests", report.requests).format(n=report.requests)
    spared = _("{cost}; one per ticket would be {naive}").format(cost=cost, naive=report.naive_requests)
    write_lines([f"{', '.join(found)}.  {styled(f'({spared})', 'quiet')}"])


def _show_trouble(error: HubSoftError, *, as_json: bool) -> None:
    message = clean(str(error), multiline=True)
    click.echo(message, err=True)
    if as_json:
        write_line({"error": {"kind": error_kind(error), "message": message}})


def _show_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        write_json(
            {
                "plan": list(plan.lines),
                "requests": plan.requests,
                "naive_requests": plan.naive_requests,
            }
        )
        return
    total = ngettext("{n} request in all", "{n} requests in all", plan.requests).format(n=plan.requests)
    spared = _("{cost}; one per ticket would be {naive}").format(cost=total, naive=plan.naive_requests)
    write_lines([*plan.lines, f"{spared}."])


def _document(row: TicketRow) -> dict[str, Any]:
    document = asdict(row)
    for name in ("opened_at", "closed_at", "due_at", "first_seen", "confirmed_at"):
        document[name] = _instant(document[name])
    document["state"] = row.state.value
    if row.change is not None:
        change = {name: document["change"][name] for name in ("number", "kind", "before", "after", "by")}
        change |= {"at": _instant(row.change.at), "seen_at": _instant(row.change.seen_at)}
        document["change"] = change | {"kind": row.change.kind.value}
    return document


def _lines(rows: tuple[TicketRow, ...], *, filtered: bool) -> list[str]:
    if not rows and filtered:
        return [_("No followed ticket is so.")]
    if not rows:
        return [_("No ticket is followed yet. Run hubsoft-tui sync first.")]
    count = ngettext("{n} ticket", "{n} tickets", len(rows)).format(n=len(rows))
    return [*table([_cells(row) for row in rows], indent=0), "", count]


def _cells(row: TicketRow) -> list[str]:
    opened = row.opened_at
    old = NOTHING if opened is None else age(time.time() - opened)
    return [
        row.protocol or str(row.id),
        shortened(row.customer or NOTHING, _WIDEST),
        shortened(row.type or NOTHING, _WIDEST),
        _state(row),
        shortened(", ".join(row.responsible) or NOTHING, _WIDEST),
        old,
    ]


def _state(row: TicketRow) -> str:
    status = shortened(row.status or NOTHING, _WIDEST)
    if row.state.value == "missing":
        return styled(_("{status} (missing)").format(status=status), "warning")
    if row.state.value == "closed":
        return _("{status} (closed)").format(status=status)
    return _("{status} (draft)").format(status=status) if row.draft else status


def _instant(at: float | None) -> str | None:
    return None if at is None else iso(at)

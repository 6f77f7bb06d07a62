"""The `report` command: what a day cost and saved, for people, programs, spreadsheets and the mail."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..errors import InvalidInput
from ..formats import NOTHING, ONE_DAY
from ..formats import day as written
from ..texts import N_, _, number, say
from .output import styled, table, write_json, write_lines
from .session import CommandSession, json_option, open_hub
from .translation import Command, Option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..services.container import Services
    from ..services.reports.types import DayReport
    from ..texts import Text

_BAR: Final = 40


@click.command(cls=Command)
@click.option("--day", cls=Option, metavar="YYYY-MM-DD", help=N_("Report this day."))
@json_option
@click.option("--csv", "as_csv", cls=Option, is_flag=True, help=N_("Print one table for spreadsheets."))
@click.option(
    "--html",
    "page",
    cls=Option,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write a page that one can mail."),
)
@click.pass_obj
def report(
    session: CommandSession, day: str | None, *, as_json: bool, as_csv: bool, page: Path | None
) -> None:
    """Answer `report`."""
    if as_json + as_csv + (page is not None) > 1:
        raise click.UsageError(_("Choose one of --json, --csv and --html."))
    wanted = None if day is None else _day(day)

    async def ask(services: Services) -> tuple[DayReport, Text | str | None]:
        reports = services.reports
        return await reports.day(wanted or reports.today()), reports.trouble

    with open_hub(session, with_secrets=False) as hub:
        made, trouble = hub.call(ask)
        profile = hub.settings.profile
    if trouble is not None:
        click.echo(_("Nothing is added to the reports: {reason}").format(reason=trouble), err=True)
    if page is not None:
        from ..services.reports.export import as_page, write  # noqa: PLC0415 - heavy: help loads no service

        write(as_page(made, profile=profile.name, host=profile.url.partition("://")[2]), page)
        write_lines([_("The report of {day} is in {path}.").format(day=written(made.day), path=page)])
    elif as_json:
        from ..services.reports.export import as_document  # noqa: PLC0415 - heavy: help loads no service

        write_json(as_document(made))
    elif as_csv:
        from ..services.reports.export import as_table  # noqa: PLC0415 - heavy: help loads no service

        sys.stdout.write(as_table(made))
    else:
        write_lines([*report_lines(made), *action_lines(made)])


def report_lines(made: DayReport) -> Iterator[str]:
    """Yield the report as people read it in a terminal."""
    from ..services.reports import export, figures  # noqa: PLC0415 - heavy: help loads no service
    from ..services.reports.types import caller_name, priority_name  # noqa: PLC0415 - heavy: help loads no service

    total = made.total
    yield styled(_("Report of {day}").format(day=written(made.day)), "strong")
    if not made.whole:
        yield styled(export.incomplete(), "warning")
    if not made.rows:
        yield _("Nothing was asked on this day.")
        return
    pairs = zip(figures.DAY[::2], figures.DAY[1::2], strict=True)
    yield from table(
        [[cell for each in pair for cell in (each.title(total), each.text(total))] for pair in pairs],
        gap=3,
        right=(1, 3),
    )
    yield ""
    yield from _hours(made)
    for title, rows, name, shown in (
        (_("endpoint"), made.endpoints, str, figures.COMMAND_SENT),
        (_("class"), made.priorities, priority_name, figures.COMMAND_BOTH),
        (_("operator"), made.operators, str, figures.COMMAND_BOTH),
        (_("asked by"), made.callers, caller_name, figures.COMMAND_BOTH),
    ):
        yield ""
        head = [title, *(_(each.head) for each in shown)]
        lines = [
            [name(key), *(each.text(sums, zero=NOTHING) for each in shown)] for key, sums in rows.items()
        ]
        yield from table([head, *lines], right=range(1, len(head)))


def action_lines(made: DayReport) -> Iterator[str]:
    """Yield what operators did to services and visits; nothing when nothing was done."""
    from ..services.outbox.types import action_name  # noqa: PLC0415 - heavy: help loads no service
    from ..services.reports.types import ACTION_HEADS  # noqa: PLC0415 - heavy: help loads no service

    if not made.actions:
        return
    yield ""
    head = [_("operator"), _("action"), *map(_, ACTION_HEADS)]
    lines = [
        [
            each.operator,
            action_name(each.kind),
            *(number(count) if count else NOTHING for count in each.counts),
        ]
        for each in made.actions
    ]
    yield from table([head, *lines], right=range(2, len(head)))


def _hours(made: DayReport) -> Iterator[str]:
    most = max(max(hour.sums.questions, hour.sums.requests) for hour in made.hours)
    rows = []
    for hour in made.hours:
        sums = hour.sums
        if sums.questions or sums.requests:
            sent = _length(sums.requests, most)
            # What was asked and cost no request is the paler part of the bar.
            bar = "█" * sent + "░" * max(0, _length(sums.questions, most) - sent)
            rows.append([f"{hour.clock:02} h", number(sums.questions), number(sums.requests), bar])
    yield from table([[_("hour"), _("questions"), _("requests"), ""], *rows], right=(1, 2))


def _length(count: int, most: int) -> int:
    return max(1, round(_BAR * count / most)) if count else 0


def _day(text: str) -> date:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        return (day + ONE_DAY) - ONE_DAY  # a day ends where the next begins
    except (ValueError, OverflowError):
        raise InvalidInput(
            say("{text} is no day. Write it as year-month-day, such as 2026-11-23.", text=repr(text))
        ) from None

"""The check-up on the command line: who of a list still has a contract. Made for cron as much as for people."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..errors import InvalidInput, Unreachable
from ..formats import about
from ..privacy import as_typed, clean, mask_document
from ..texts import N_, _, ngettext, number, say
from .output import styled, table, write_json, write_lines, write_text
from .session import CommandSession, json_option, open_hub
from .translation import Command, Number, Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..services.checkup.types import CheckupPlan, Imported, ListRow, MemberRow, Progress
    from ..services.hub import Hub

LOOK_SECONDS: Final = 0.2
UNKNOWN_CODE: Final = 1
FAILED_CODE: Final = 1
BAR: Final = 30
PRINTED: Final = "-"
SHOWN: Final = 50
"""Changed members printed for people; files and JSON hold all of them."""


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--plan-only",
    cls=Option,
    is_flag=True,
    help=N_("Say what would be asked and how long it takes, and stop there."),
)
@click.option(
    "--out",
    cls=Option,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write the results to a .csv or .json file; - prints the CSV."),
)
@click.option(
    "--max-age",
    cls=Option,
    type=Number(min=0),
    metavar="SECONDS",
    help=N_("How old a remembered answer may be; by default as the settings say."),
)
@click.option(
    "--only-changes", cls=Option, is_flag=True, help=N_("List only members whose result has changed.")
)
@click.option(
    "--release-held",
    cls=Option,
    is_flag=True,
    help=N_("Check nobody; run the commands that are held since unusually many members lost the contract."),
)
@click.option(
    "--drop-held",
    cls=Option,
    is_flag=True,
    help=N_("Check nobody; never run the commands that are held."),
)
@json_option
@click.pass_obj
def checkup(
    session: CommandSession,
    file: Path,
    *,
    plan_only: bool,
    out: Path | None,
    max_age: float | None,
    only_changes: bool,
    release_held: bool,
    drop_held: bool,
    as_json: bool,
) -> int:
    """Answer `checkup`: 0 every member decided, 1 some unknown or commands held."""
    from ..services.checkup import export  # noqa: PLC0415 - heavy: help loads no service
    from ..services.checkup.members import is_standard_input, read_members  # noqa: PLC0415 - heavy: help loads no service

    if release_held or drop_held:
        if release_held and drop_held:
            raise InvalidInput(say("Either release what is held, or drop it."))
        return _settle_held(session, file, release=release_held, as_json=as_json)
    printed = out is not None and str(out) == PRINTED
    if printed and as_json:
        raise click.UsageError(_("--out - and --json both print to standard output. Choose one of them."))
    if out is not None and not printed:
        out = export.target(out, file)
    if is_standard_input(file) and sys.stdin is not None and sys.stdin.isatty():
        click.echo(_("Reading the list from the keyboard; Ctrl+D ends it."), err=True)
    source, imported = read_members(file)
    with open_hub(session) as hub:
        row = hub.call(lambda services: services.checkup.keep(source, imported))
        _tell_import(imported)
        plan = hub.call(lambda services: services.checkup.plan(row.id, max_age=max_age))
        if plan_only:
            _answer_plan(plan, imported, as_json=as_json)
            return 0
        if not as_json:
            _say_plan(plan)
        ended = _run(hub, row, max_age)
        rows = hub.call(lambda services: services.checkup.changes(row.id)).rows
        people = hub.settings.ui.csv_for_people
    shown = [each for each in rows if each.changed] if only_changes else list(rows)
    document = {**export.document_of(ended, ended.plan or plan, shown), "columns": list(imported.columns)}
    if out is not None and not printed:
        export.write(out, shown, document, people=people)
    if as_json:
        write_json(document)
    elif printed:
        write_text(export.csv_text(shown, people=people))
        for line in _summary(ended, rows, None):
            click.echo(line, err=True)
    else:
        write_lines(_summary(ended, rows, out))
    return _code(ended, rows)


def _settle_held(session: CommandSession, file: Path, *, release: bool, as_json: bool) -> int:
    """Release or drop what is held of a list: 0 when it is done, 1 when a command failed."""
    from ..services.checkup.members import place_of  # noqa: PLC0415 - heavy: help loads no service

    path = as_typed(str(place_of(file)))
    with open_hub(session) as hub:
        lists = hub.call(lambda services: services.checkup.lists())
        row = next((each.list for each in lists if each.list.path == path), None)
        if row is None:
            raise InvalidInput(say("{file} was never checked here.", file=path))
        list_id, failed = row.id, 0
        count = hub.call(lambda services: services.checkup.progress(list_id)).held
        if release:
            _done, failed = hub.call(lambda services: services.checkup.release(list_id))
        else:
            hub.call(lambda services: services.checkup.drop_held(list_id))
    if as_json:
        write_json({"released" if release else "dropped": count, "failed": failed})
        return FAILED_CODE if failed else 0
    if release:
        text = ngettext("{n} command was released.", "{n} commands were released.", count)
    else:
        text = ngettext("{n} command was dropped.", "{n} commands were dropped.", count)
    lines = [text.format(n=count)]
    if failed:
        lines.append(_failures(failed))
    write_lines(lines)
    return FAILED_CODE if failed else 0


def _failures(count: int) -> str:
    failed = ngettext(
        "{n} command has not succeeded yet; it is tried again.",
        "{n} commands have not succeeded yet; they are tried again.",
        count,
    )
    return styled(failed.format(n=number(count)), "warning")


def _answer_plan(plan: CheckupPlan, imported: Imported, *, as_json: bool) -> None:
    if not as_json:
        write_lines(_plan_lines(plan))
        return
    from ..services.checkup.export import plan_document_of  # noqa: PLC0415 - heavy: help loads no service

    write_json({**plan_document_of(plan), "columns": list(imported.columns)})


def _plan_lines(plan: CheckupPlan) -> list[str]:
    from ..services.checkup.types import plan_lines  # noqa: PLC0415 - heavy: help loads no service

    lines = plan_lines(plan)
    if plan.asked:
        lines.append(
            ngettext(
                "{n} request was spent to learn the roster's size.",
                "{n} requests were spent to learn the roster's size.",
                plan.asked,
            ).format(n=plan.asked)
        )
    return lines


def _say_plan(plan: CheckupPlan) -> None:
    for line in _plan_lines(plan):
        click.echo(line, err=True)


def _tell_import(imported: Imported) -> None:
    from ..services.checkup.members import bad_lines, columns_read, zeros_restored  # noqa: PLC0415 - heavy: help loads no service

    for line in bad_lines(imported):
        click.echo(str(line), err=True)
    if imported.restored:
        click.echo(zeros_restored(imported), err=True)
    if imported.headerless:
        click.echo(_("The file has no header; its column of documents was found by its form."), err=True)
    else:
        click.echo(str(columns_read(imported)), err=True)


def _run(hub: Hub, row: ListRow, max_age: float | None) -> Progress:
    """Run the list to its end; on a terminal with a bar, elsewhere silently. Raises what stopped it."""
    hub.call(lambda services: services.checkup.start(row.id, max_age=max_age))
    bar = _Bar()
    try:
        while (progress := hub.call(lambda services: services.checkup.progress(row.id))).running_here:
            bar.show(progress)
            time.sleep(LOOK_SECONDS)
    finally:
        bar.clear()
    return hub.call(lambda services: services.checkup.wait(row.id))


class _Bar:
    """One line on stderr that is drawn over itself; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()
        self._drawn = 0

    def show(self, progress: Progress) -> None:
        """Draw how far it is."""
        if not self._on:
            return
        share = progress.decided / max(1, progress.total)
        done = round(share * BAR)
        eta = "" if not progress.eta else "  " + _("about {time} left").format(time=about(progress.eta))
        text = _("{done} of {total}").format(done=number(progress.decided), total=number(progress.total))
        line = f"{'█' * done}{'░' * (BAR - done)}  {text}{eta}"
        if progress.trouble:
            line = f"{line}  {clean(progress.trouble)}"
        line = line[:120]
        click.echo("\r" + line.ljust(self._drawn), nl=False, err=True)
        self._drawn = len(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            click.echo("\r" + " " * self._drawn + "\r", nl=False, err=True)
            self._drawn = 0


def _summary(progress: Progress, rows: Sequence[MemberRow], out: Path | None) -> list[str]:
    from ..services.checkup.types import Result, result_word  # noqa: PLC0415 - heavy: help loads no service

    counts = [f"{result_word(result)} {number(progress.counts.get(result, 0))}" for result in Result]
    requests = ngettext("{n} request", "{n} requests", progress.received).format(n=number(progress.received))
    spent = _("{requests} instead of {naive}, {time}").format(
        requests=requests, naive=number(progress.total), time=about(progress.seconds)
    )
    lines = ["   ".join(counts), styled(spent, "quiet")]
    changed = [row for row in rows if row.changed]
    if changed:
        lines += ["", *table([_changed(row) for row in changed[:SHOWN]])]
        if len(changed) > SHOWN:
            lines.append("  " + _("… and {n} more").format(n=number(len(changed) - SHOWN)))
    elif progress.compared_at is not None:
        lines.append(_("Nothing has changed since the last check-up."))
    reasons = sorted(
        {row.decision.why for row in rows if row.decision and row.decision.result is Result.UNKNOWN}
    )
    lines += [styled(f"{result_word(Result.UNKNOWN)}: {why}", "warning") for why in reasons[:5] if why]
    if out is not None:
        lines.append(_("Results written to {file}.").format(file=out))
    if progress.notices:
        lines.append(_failures(progress.notices))
    return lines


def _changed(row: MemberRow) -> list[str]:
    from ..services.checkup.types import result_word  # noqa: PLC0415 - heavy: help loads no service

    decision = row.decision
    if decision is None or decision.was is None:
        return []
    turned = f"{result_word(decision.was)} → {result_word(decision.result)}"
    return [mask_document(row.member.document), row.member.name, turned, decision.status]


def _code(progress: Progress, rows: Sequence[MemberRow]) -> int:
    from ..services.checkup.types import Result  # noqa: PLC0415 - heavy: help loads no service

    unknown = progress.counts.get(Result.UNKNOWN, 0)
    if unknown and unknown == progress.total:
        # No member could be decided: that is an outage, not a result.
        reasons = {row.decision.why for row in rows if row.decision}
        click.echo(_("Nobody could be checked: {reason}").format(reason=min(reasons, default="")), err=True)
        return Unreachable.exit_code
    if progress.held:
        from ..services.checkup.types import held_line  # noqa: PLC0415 - heavy: help loads no service

        click.echo(held_line(progress.held), err=True)
        click.echo(_("Look at them, then use --release-held or --drop-held."), err=True)
    return UNKNOWN_CODE if unknown or progress.held else 0

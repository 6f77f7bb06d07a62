"""What the check-up screen says: where nothing is yet, what to do next, how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.content import Content

from hubsoft_tui.formats import about
from hubsoft_tui.services.checkup.members import bad_lines, columns_read, zeros_restored
from hubsoft_tui.services.checkup.types import Progress, Result, RunState, Way, held_line
from hubsoft_tui.texts import _, ngettext, number
from widgets.line_widget import data

if TYPE_CHECKING:
    from hubsoft_tui.services.checkup.types import Imported, ListRow

Severity = Literal["information", "warning", "error"]
BAD_SHOWN = 3


def welcome(sample: str) -> Content:
    """Say what a check-up is, and how to begin; `sample` is a list to try, or empty."""
    lines = [
        Content.styled(_("Who on your list still has a contract?"), "bold $title"),
        Content.styled(
            _(
                "Import a CSV with a column named cpf, cnpj, documento or document; names and ids may stand beside it."
            ),
            "$quiet",
        ),
        Content.styled(_("You see the plan and its cost before anything is sent."), "$quiet"),
        Content(""),
        Content.assemble(("i ", "$account bold"), (_("imports a list"), "$foreground")),
    ]
    if sample:
        lines += [
            Content(""),
            Content.assemble((_("An invented list to try:") + " ", "$quiet"), data(sample, "$account")),
        ]
    return Content("\n").join(lines)


def troubled(sentence: str) -> Content:
    """Say why nothing can be checked."""
    return Content.assemble(("! ", "bold $warn"), data(sentence, "$warn"))


def hint(progress: Progress, *, planned: bool) -> str:
    """Say what enter does now; nothing while it runs."""
    if progress.state is RunState.RUNNING:
        return ""
    if progress.state in {RunState.PAUSED, RunState.INTERRUPTED}:
        return _("enter goes on")
    if not planned:
        return _("enter plans the next one") if progress.state is not None else ""
    if progress.plan is not None and progress.plan.way is Way.NOTHING:
        return _("enter checks again: 0 requests")
    return _("enter starts it")


def ended(progress: Progress) -> str:
    """Say how a check-up ended."""
    if progress.state is RunState.PAUSED:
        return _("Paused. Everything decided is kept; enter goes on.")
    if progress.state is RunState.CANCELLED:
        return _("Cancelled. What was decided stays to be seen.")
    if progress.state is not RunState.DONE:
        return progress.trouble or _("The check-up was interrupted; enter goes on.")
    spent = ngettext("{n} request", "{n} requests", progress.received).format(n=number(progress.received))
    text = _("Checked in {time} with {requests} instead of {naive}.").format(
        time=about(progress.seconds), requests=spent, naive=number(progress.total)
    )
    if unknown := progress.counts.get(Result.UNKNOWN, 0):
        text += " " + ngettext("{n} member is unknown.", "{n} members are unknown.", unknown).format(
            n=number(unknown)
        )
    return f"{text}\n{held_line(progress.held)}" if progress.held else text


def release_again(count: int) -> str:
    """Say what pressing again runs."""
    return ngettext(
        "Press again to run {n} held command.", "Press again to run {n} held commands.", count
    ).format(n=number(count))


def drop_again(count: int) -> str:
    """Say what pressing again drops."""
    return ngettext(
        "Press again to drop {n} held command for good.",
        "Press again to drop {n} held commands for good.",
        count,
    ).format(n=number(count))


def severity(progress: Progress) -> Severity:
    """How loud the end is told."""
    fine = progress.state is not RunState.INTERRUPTED and not (
        progress.counts.get(Result.UNKNOWN, 0) or progress.held
    )
    return "information" if fine else "warning"


def imported(row: ListRow, found: Imported) -> str:
    """Say what a file held, the first bad lines with it."""
    people = ngettext("{n} member", "{n} members", row.members).format(n=number(row.members))
    lines = [_("{list}: {people}.").format(list=row.name, people=people)]
    if len(found.columns) > 1:
        lines.append(str(columns_read(found)))
    if found.restored:
        lines.append(zeros_restored(found))
    told = [str(line) for line in bad_lines(found)]
    lines += told[:BAD_SHOWN]
    if len(told) > BAD_SHOWN:
        lines.append(_("… and {n} more").format(n=number(len(told) - BAD_SHOWN)))
    return "\n".join(lines)


def import_severity(found: Imported) -> Severity:
    """How loud it is told."""
    return "warning" if found.bad else "information"

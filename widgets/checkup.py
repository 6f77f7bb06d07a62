"""A check-up: its head with plan, cost and counts, members and lists as rows, documents masked, and its sentences."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

from textual.content import Content

from hubsoft_tui.formats import NOTHING, about, day, day_of, moment, percent
from hubsoft_tui.privacy import clean, mask_document
from hubsoft_tui.services.checkup.members import bad_lines, columns_read, zeros_restored
from hubsoft_tui.services.checkup.types import (
    Decision,
    ListOverview,
    MemberRow,
    Progress,
    Result,
    RunState,
    Way,
    held_line,
    result_word,
)
from hubsoft_tui.texts import _, ngettext, number
from widgets.line_widget import data

from .line_widget import Drawn, Part, line
from .table.table import Column, VirtualTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubsoft_tui.services.checkup.types import Imported, ListRow

SIGNS: Final = {
    Result.ACTIVE: ("●", "$ok"),
    Result.INACTIVE: ("○", "$bad"),
    Result.NOT_FOUND: ("∅", "$warn"),
    Result.UNKNOWN: ("?", "$stale"),
}
LOST, GAINED, OTHER_CHANGE, UNKNOWN, MISSING, INACTIVE, ACTIVE = range(7)


class MemberTable(VirtualTable[MemberRow]):
    """The members of one list; those whose result changed stand first, the undecided last."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(
            _columns(), identify=lambda row: row.member.document, describe=described, empty="", id=id
        )
        self.sort_by("result")

    def put(self, rows: tuple[MemberRow, ...], *, whole: bool) -> None:
        """Show rows; a cursor that was not moved stays on the first."""
        first = not len(self.rows) or self.selected == self.rows.id_at(0)
        if whole:
            self.set_rows(rows)
        else:
            self.upsert(*rows)
        if first:
            self.action_edge(0)


class ListTable(VirtualTable[ListOverview]):
    """The lists there are."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(
            _list_columns(),
            identify=lambda each: str(each.list.id),
            empty=_("No list yet. Press i to import one: a CSV with a column of documents."),
            id=id,
        )


def rank(row: MemberRow) -> int | None:
    """Return where a row stands: what needs a person first, what is not decided nowhere."""
    decision = row.decision
    if decision is None:
        return None
    if decision.changed:
        if decision.was is Result.ACTIVE:
            return LOST
        return GAINED if decision.result is Result.ACTIVE else OTHER_CHANGE
    return {
        Result.UNKNOWN: UNKNOWN,
        Result.NOT_FOUND: MISSING,
        Result.INACTIVE: INACTIVE,
        Result.ACTIVE: ACTIVE,
    }[decision.result]


def described(row: MemberRow) -> str:
    """Return what a filter searches: never the document, which a filter would let a reader guess digit by digit."""
    decision = row.decision
    words = [row.member.name, row.member.external_id]
    if decision is not None:
        words += [result_word(decision.result), decision.status, decision.plan, decision.why]
        if decision.changed:
            words.append(_("changed"))
    return clean(" ".join(words))


def member_text(row: MemberRow) -> str:
    """Return a member as one line, the document masked."""
    decision = row.decision
    words = [mask_document(row.member.document), row.member.name]
    if decision is not None:
        words += [result_word(decision.result), decision.status, decision.why]
    return clean("  ".join(word for word in words if word))


def _columns() -> list[Column[MemberRow]]:
    return [
        Column("result", _("Result"), _result, width=16, sort=rank),
        Column(
            "name", _("Name"), lambda row: row.member.name, minimum=19, weight=3, sort=lambda r: r.member.name
        ),
        Column("document", _("Document"), lambda row: mask_document(row.member.document), width=18),
        Column("was", _("Before"), _was, width=14, priority=4, style="$quiet"),
        Column("status", _("Service status"), _status, minimum=18, weight=2, priority=1),
        Column("since", _("Since"), _since, width=10, priority=3, sort=_since_key, style="$quiet"),
        Column(
            "plan", _("Service"), lambda row: _of(row).plan, minimum=22, weight=2, priority=5, style="$quiet"
        ),
        Column("external", _("Id"), lambda row: row.member.external_id, width=10, priority=6, style="$quiet"),
        Column("source", _("Known from"), _source, width=10, priority=7, style="$quiet"),
    ]


def _list_columns() -> list[Column[ListOverview]]:
    def counted(result: Result) -> Column[ListOverview]:
        return Column(
            result.value,
            result_word(result),
            lambda each: number(each.counts[result]) if result in each.counts else NOTHING,
            width=10,
            align="right",
            priority={Result.ACTIVE: 2, Result.INACTIVE: 1, Result.NOT_FOUND: 3, Result.UNKNOWN: 4}[result],
        )

    return [
        Column("name", _("List"), lambda each: each.list.name, minimum=20),
        Column("members", _("Members"), lambda each: number(each.list.members), width=8, align="right"),
        Column("state", _("Last check-up"), _state, width=24),
        *(counted(result) for result in Result),
    ]


def _of(row: MemberRow) -> Decision:
    return row.decision or Decision(row.member.document, Result.UNKNOWN)


def _result(row: MemberRow) -> Content:
    decision = row.decision
    if decision is None:
        return Content.styled(NOTHING, "$faint")
    sign, style = SIGNS[decision.result]
    if decision.changed:
        sign = "▲" if decision.result is Result.ACTIVE else "▼"
        style = f"{style} bold"
    return Content.styled(f"{sign} {result_word(decision.result)}", style)


def _was(row: MemberRow) -> str:
    decision = row.decision
    return (
        "" if decision is None or decision.was is None or not decision.changed else result_word(decision.was)
    )


def _status(row: MemberRow) -> str:
    decision = row.decision
    if decision is None:
        return ""
    if decision.result is Result.INACTIVE and not decision.status:
        return _("no service")
    return decision.status or decision.why


def _since(row: MemberRow) -> str:

    decision = row.decision
    if decision is None or decision.since is None:
        return ""
    return day(day_of(decision.since))


def _since_key(row: MemberRow) -> float | None:
    return None if row.decision is None else row.decision.since


def _source(row: MemberRow) -> str:
    words = {"cache": _("memory"), "roster": _("roster"), "api": _("asked")}
    return "" if row.decision is None else words.get(row.decision.source, "")


def _state(each: ListOverview) -> str:
    run = each.run
    if run is None:
        return _("never")
    if run.state is RunState.RUNNING:
        return _("running")
    when = moment(run.ended_at or run.started_at, time.time())
    return {
        RunState.PAUSED: _("paused {time}"),
        RunState.INTERRUPTED: _("interrupted {time}"),
        RunState.DONE: "{time}",
        RunState.CANCELLED: _("cancelled {time}"),
    }[run.state].format(time=when)


LABEL: Final = 7
GAP: Final = "   "
ROOMY: Final = 100
"""Columns from which everything has its words."""
_QUIET: Final = "$quiet"


class CheckupHead(Drawn):
    """Five lines about one list. Silent while none of them changes."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._progress = Progress()
        self._plan: tuple[str, ...] = ()
        self._hint = ""
        self._ahead = False
        self._now = 0.0

    def show(self, progress: Progress, plan: Sequence[str], hint: str, now: float, *, ahead: bool) -> None:
        """Draw a list; `plan` are its lines, `hint` what to do next, `now` UTC epoch seconds.

        With `ahead` the plan is for a check-up to come, else for the last one.
        """
        self._progress, self._plan, self._hint, self._now = progress, tuple(plan), hint, now
        self._ahead = ahead
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        plan = [*self._plan, "", ""][:2]
        lines = [
            self._list(),
            line((_label(_("Plan")), _QUIET), (plan[0], "$foreground")),
            self._second(plan[1], roomy=width >= ROOMY),
            self._bar(width),
            self._counts(roomy=width >= ROOMY),
        ]
        return [each.truncate(width, ellipsis=True) for each in lines]

    def _list(self) -> Content:
        progress = self._progress
        if progress.list is None:
            return Content("")
        people = ngettext("{n} member", "{n} members", progress.total).format(n=number(progress.total))
        parts: list[Part] = [
            (_label(_("List")), _QUIET),
            (clean(progress.list.name), "$title bold"),
            GAP,
            people,
        ]
        return line(*parts, GAP, *self._state())

    def _state(self) -> list[Part]:
        progress = self._progress
        when = moment(progress.ended_at, self._now)
        if progress.running_here:
            doing = {
                "remembered": _("looking at what is remembered"),
                "roster": _("reading the roster"),
                "singles": _("asking one by one"),
            }.get(progress.doing, _("running"))
            return [(f"● {doing}", "$ok")]
        if progress.state is RunState.RUNNING:
            return [(_("● running in process {process}").format(process=progress.who), "$warn")]
        if progress.state is RunState.PAUSED:
            return [(_("‖ paused"), "$warn"), " ", (when, _QUIET)]
        if progress.state is RunState.INTERRUPTED:
            return [(_("‖ interrupted"), "$warn"), " ", (when, _QUIET)]
        if progress.state is RunState.CANCELLED:
            return [(_("cancelled {time}").format(time=when), _QUIET)]
        if progress.state is RunState.DONE:
            took = about(progress.seconds)
            return [(_("checked {time}, in {duration}").format(time=when, duration=took), _QUIET)]
        return [(_("never checked"), _QUIET)]

    def _second(self, plan: str, *, roomy: bool) -> Content:
        trouble = clean(self._progress.trouble)
        if trouble and not (self._progress.state and self._progress.state.over):
            return line(" " * LABEL, ("! ", "bold $warn"), (trouble, "$warn"))
        if self._progress.held and not self._progress.running_here:
            return line(" " * LABEL, ("! ", "bold $warn"), (held_line(self._progress.held), "$warn"))
        parts: list[Part] = [" " * LABEL, (plan, _QUIET)]
        if plan and roomy and (self._ahead or self._progress.running_here):
            parts += ["  ", (_("People go first: it may take longer."), _QUIET)]
        return line(*parts)

    def _bar(self, width: int) -> Content:
        progress = self._progress
        if progress.state is None or not progress.total:
            return line(" " * LABEL, (self._hint, "$account"))
        share = progress.decided / progress.total
        cells = max(10, min(60, width - 80))
        done = round(share * cells)
        of = _("{done} of {total}").format(done=number(progress.decided), total=number(progress.total))
        parts: list[Part] = [
            ("█" * done, "$account"),
            ("░" * (cells - done), "$faint"),
            (f" {percent(share)}", "$title bold"),
            GAP,
            of,
        ]
        if progress.running_here and progress.eta:
            parts += [GAP, (_("about {time} left").format(time=about(progress.eta)), "$title")]
        requests = ngettext("{n} request", "{n} requests", progress.received)
        parts += [GAP, requests.format(n=number(progress.received))]
        if width >= ROOMY:
            parts += [
                GAP,
                (_("saved {n}").format(n=number(progress.saved)), "$ok" if progress.saved else _QUIET),
            ]
        if not progress.running_here and self._hint:
            parts += [GAP, (self._hint, "$account")]
        return line(*parts)

    def _counts(self, *, roomy: bool) -> Content:
        progress = self._progress
        if progress.state is None:
            return Content("")
        parts: list[Part] = [] if roomy or progress.compared_at is None else [*self._changes(), GAP]
        for result in Result:
            count = progress.counts.get(result, 0)
            sign, style = SIGNS[result]
            parts += [(f"{sign} ", style if count else "$faint"), (f"{result_word(result)} ", _QUIET)]
            parts.append((number(count), "$title" if count else _QUIET))
            if result is Result.INACTIVE and progress.pending:
                parts.append((f" (+{number(progress.pending)})", _QUIET))
            parts.append(GAP)
        if roomy and progress.compared_at is not None:
            since = moment(progress.compared_at, self._now)
            parts += [(_("since {time}:").format(time=since) + " ", _QUIET), *self._changes(), GAP]
        if progress.notices:
            waiting = ngettext("{n} command waits", "{n} commands wait", progress.notices)
            parts.append((waiting.format(n=number(progress.notices)), "$warn"))
        return line(*parts)

    def _changes(self) -> list[Part]:
        lost, gained = self._progress.lost, self._progress.gained
        return [
            (f"▼ {number(lost)}", "$bad bold" if lost else _QUIET),
            " ",
            (f"▲ {number(gained)}", "$ok bold" if gained else _QUIET),
        ]


def _label(text: str) -> str:
    return f"{text:<{LABEL}}"


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

"""How members and lists of a check-up read, as rows of tables: what changed first, documents masked."""

from __future__ import annotations

import time
from typing import Final

from textual.content import Content

from hubsoft_tui.formats import NOTHING, day, day_of, moment
from hubsoft_tui.privacy import clean, mask_document
from hubsoft_tui.services.checkup.plan_text import result_word
from hubsoft_tui.services.checkup.types import Decision, ListOverview, MemberRow, Result, RunState
from hubsoft_tui.texts import _, number

from ..table.columns import Column
from ..table.table import VirtualTable

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
            "name", _("Name"), lambda row: row.member.name, minimum=20, weight=3, sort=lambda r: r.member.name
        ),
        Column("document", _("Document"), lambda row: mask_document(row.member.document), width=18),
        Column("was", _("Before"), _was, width=14, priority=4, style="$quiet"),
        Column("status", _("Service status"), _status, minimum=14, weight=2, priority=1),
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

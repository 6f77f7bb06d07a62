"""The head of a check-up: the list, the plan and its cost, how far it is, and what has come out so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.formats import about, moment, percent
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.checkup.plan_text import held_line, result_word
from hubsoft_tui.services.checkup.types import Progress, Result, RunState
from hubsoft_tui.texts import _, ngettext, number

from ..line_widget import Drawn, Part, line
from .member_rows import SIGNS

if TYPE_CHECKING:
    from collections.abc import Sequence

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

"""The 60-second tape: every request start as a mark in its priority's lane, against the limit."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.core.types import BudgetState, Priority, RequestMark
from hubsoft_tui.formats import age
from hubsoft_tui.texts import N_, _, number

from ..line_widget import Drawn, Part, cut, fit, line
from ..status_bar import budget_style, gauge, shared_trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.timer import Timer

MINE: Final = "●"
OTHERS: Final = "○"

_LABEL: Final = 10
_CAP: Final = 10
_MANY: Final = "+"


_CLASSES: Final = {
    Priority.CRITICAL: N_("CRITICAL"),
    Priority.HIGH: N_("HIGH"),
    Priority.NORMAL: N_("NORMAL"),
    Priority.LOW: N_("LOW"),
}


def priority_word(priority: Priority) -> str:
    """Return the name of a class in the person's language, as it is written everywhere."""
    return _(_CLASSES[priority])


def priority_style(priority: Priority) -> str:
    """Return the colour of a class: `$critical`, `$high`, `$normal`, `$low`."""
    return f"${priority.name.lower()}"


class BudgetTape(Drawn):
    """Four lanes over the last window. Moves once a second while marks are on it, and not at all when empty.

    A cell holds one mark (● ours, ○ another process on this home) or, when several requests started within
    it, how many.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._budget = BudgetState(limit=0, configured=0, window=60.0, used=0)
        self._at = 0.0
        self._taken = 0.0
        self._timer: Timer | None = None
        self._held = False
        self._held_at = 0.0
        self._users = ""

    def on_mount(self) -> None:
        """Keep a timer ready; it runs only while there is something to move."""
        self._timer = self.set_interval(1.0, self.advance, pause=True)

    def show(self, budget: BudgetState, at: float) -> None:
        """Draw `budget` as it was at `at` seconds on the engine's clock."""
        self._budget, self._at, self._taken = budget, at, self._clock()
        self.redraw()
        self._run()

    def name_users(self, users: str) -> None:
        """Say on top who used the budget in the window, where no panel has room for it."""
        self._users = users
        self.redraw()

    @property
    def held(self) -> bool:
        """The view is frozen: the tape stands still."""
        return self._held

    @held.setter
    def held(self, held: bool) -> None:
        self._held_at = self._now()
        self._held = held
        self._run()

    @property
    def moving(self) -> bool:
        """A mark is on the tape, and it is not held."""
        return not self._held and any(self._age(mark) < self._budget.window for mark in self._budget.marks)

    def advance(self) -> None:
        """Move the tape to now; stops the timer when the last mark has left."""
        if not self._held:
            self.redraw()
        self._run()

    def draw(self, width: int) -> list[Content]:
        """Return the title, four lanes and the time axis."""
        track = max(10, width - _LABEL - _CAP)
        lines = [self._title(width)]
        roomy = self.content_size.height >= 2 * len(Priority) + 1
        for priority in Priority:
            if roomy and priority:
                lines.append(Content(""))
            cap = self._budget.lanes[priority].cap
            lane = self._lane(priority, track)
            full = 0 < cap <= self._budget.used
            right = _("full {n}").format(n=number(cap)) if full else _("cap {n}").format(n=number(cap))
            # Background work held back is the budget doing its job; a person held back is not.
            style = "$quiet" if not full else "$warn" if priority <= Priority.HIGH else "$title"
            lines.append(
                line(
                    (fit(priority_word(priority), _LABEL), priority_style(priority)),
                    *lane,
                    (fit(right if cap else "", _CAP, right=True), style),
                )
            )
        lines.append(Content.styled(" " * _LABEL + _axis(track, self._budget.window), "$quiet"))
        return lines

    def _title(self, width: int) -> Content:
        budget = self._budget
        title = _("Budget, last {n} s").format(n=number(budget.window))
        count = _("{used} of {limit}").format(used=number(budget.used), limit=number(budget.limit))
        notes: list[Part] = []
        if words := shared_trouble(budget.shared)[0]:
            notes.append((words, "$warn"))
        elif self._users:  # on a narrow screen, where the verdict above tells of pauses
            notes.append((cut(self._users, max(0, width - len(title) - len(count) - 6)), ""))
        elif budget.lost:
            lost = _("the budget's file was lost: waiting one window, {age} left")
            notes.append((lost.format(age=age(budget.paused_for)), "$warn"))
        elif budget.paused_for > 0:
            notes.append((_("paused by HubSoft, {age} left").format(age=age(budget.paused_for)), "$warn"))
        elif budget.limit < budget.configured:
            lowered = _("lowered from {n} by HubSoft").format(n=number(budget.configured))
            notes.append((lowered, "$warn"))
        taken = line(title, "  ", *notes).cell_length
        cells = max(0, min(30, budget.limit, width - taken - len(count) - 6))
        full, empty = gauge(budget.used, budget.limit, cells) if cells >= 4 else ("", "")
        pieces: list[Part] = [(title, "$title bold"), "  ", *notes]
        end: list[Part] = [
            (full, budget_style(budget.used, budget.limit)),
            (empty, "$faint"),
            "  ",
            (count, "$title bold"),
        ]
        space = width - line(*pieces).cell_length - line(*end).cell_length
        return line(*pieces, " " * max(1, space), *end)

    def _lane(self, priority: Priority, track: int) -> list[Part]:
        window = self._budget.window
        cells: dict[int, list[bool]] = {}
        for mark in self._budget.marks:
            old = self._age(mark)
            if mark.priority is priority and old < window:
                # Whole seconds: between two ticks nothing on the tape may shift.
                cell = track - 1 - min(track - 1, int(math.floor(old) * track / window))
                cells.setdefault(cell, []).append(mark.mine)
        return list(_runs(cells, track, priority_style(priority)))

    def _age(self, mark: RequestMark) -> float:
        return max(0.0, math.floor(self._now()) - math.floor(mark.at))

    def _now(self) -> float:
        return self._held_at if self._held else self._at + self._clock() - self._taken

    def _run(self) -> None:
        if self._timer is not None:
            (self._timer.resume if self.moving else self._timer.pause)()


def _runs(cells: dict[int, list[bool]], track: int, style: str) -> Iterable[Part]:
    text = [" "] * track
    for cell, mine in cells.items():
        one = MINE if any(mine) else OTHERS
        text[cell] = one if len(mine) == 1 else _MANY if len(mine) > 9 else str(len(mine))
    yield ("".join(text), style)


def _axis(track: int, window: float) -> str:
    """Return the labels under the lanes, each standing at its second; the outer ones always fit."""
    axis = [" "] * track
    first, last = _("-{n} s").format(n=number(window)), _("now")
    labels = [(0, first), (track - len(last), last)]
    if track >= 40:
        for quarter in (1, 2, 3):
            text = f"-{number(window * (4 - quarter) / 4)}"
            labels.append((round(track * quarter / 4) - len(text) // 2, text))
    for start, text in labels:
        axis[start : start + len(text)] = text
    return "".join(axis)[:track]

"""The machines that share the budget: who spends it, who is silent and what is kept free for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui._version import __version__
from hubsoft_tui.formats import countdown, latency
from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import _, ngettext, number

from ..line_widget import Drawn, Part, fit, line
from ..status_bar import gauge, shared_trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubsoft_tui.core.types import BudgetState, SharedState
    from hubsoft_tui.shared.machines import MachineSeen

SILENT: Final = 8.0
"""Seconds without a call after which the others keep a machine's promise free."""
MOST_ROWS: Final = 20
_NAME: Final = 18
_GAUGE: Final = 8
_QUIET: Final = "$quiet"


class MachinesPanel(Drawn):
    """A title and a line for each machine; it takes no room where this machine has the budget for itself.

    How long a machine has been silent counts in tens of seconds: a count of seconds would send bytes all day.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._budget: BudgetState | None = None
        self._machines: Sequence[MachineSeen] = ()
        self.display = False

    def show(self, budget: BudgetState) -> None:
        """Draw the shared budget as it is now."""
        self._budget = budget
        self.display = budget.shared is not None
        self.redraw()

    def show_machines(self, machines: Sequence[MachineSeen]) -> None:
        """Draw who is there."""
        taller = len(machines) != len(self._machines)
        self._machines = machines
        if taller:
            self.refresh(layout=True)
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the title and the machines, those that spend most first, this one before all."""
        budget = self._budget
        if budget is None or budget.shared is None:
            return [Content("")]
        ordered = sorted(self._machines, key=lambda each: (not each.mine, -each.spent, each.name))
        return [
            self._title(budget.shared, width),
            *(self._row(each, budget, width) for each in ordered[:MOST_ROWS]),
        ]

    def _title(self, shared: SharedState, width: int) -> Content:
        notes: list[Part] = []
        words, _short = shared_trouble(shared)
        if words:
            notes.append((words, "$bad"))
        elif shared.round_trip is not None:
            notes.append((_("round trip {time}").format(time=latency(shared.round_trip)), _QUIET))
        if shared.unknown > 0:
            kept = _("two thirds kept free for {time}").format(time=countdown(60 * (shared.unknown // 60)))
            notes.append((kept, "$warn"))
        elif shared.set_aside:
            aside = ngettext("{n} kept free for the silent", "{n} kept free for the silent", shared.set_aside)
            notes.append((aside.format(n=number(shared.set_aside)), "$warn"))
        parts: list[Part] = [(fit(_("Machines"), _NAME + 2), "$title bold")]
        for note in notes:
            parts += [note, "  "]
        return line(*parts).truncate(width, ellipsis=True)

    def _row(self, machine: MachineSeen, budget: BudgetState, width: int) -> Content:
        name = clean(machine.name) or machine.id
        shown = _("{name} (this one)").format(name=name) if machine.mine else name
        full, empty = gauge(machine.spent, budget.limit, _GAUGE)
        waits = (
            ngettext("{n} waits", "{n} wait", machine.waiting).format(n=number(machine.waiting))
            if machine.waiting
            else ""
        )
        silent = machine.silent >= SILENT and not machine.mine
        state = _("silent {time}").format(time=countdown(10 * (machine.silent // 10))) if silent else ""
        older = machine.version not in {"", __version__}
        return line(
            (fit(shown, _NAME + 2), "bold" if machine.mine else ""),
            (full, "$ok"),
            (empty, "$faint"),
            (fit(number(machine.spent), 4, right=True), ""),
            "  ",
            (fit(waits, 10), _QUIET),
            (fit(state, 14), "$warn"),
            (fit(_("{n} if alone").format(n=number(machine.promise)), 12), _QUIET),
            (machine.version, "$warn" if older else _QUIET),
        ).truncate(width, ellipsis=True)

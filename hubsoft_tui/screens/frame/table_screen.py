"""A screen that is about one table: the same keys filter and sort it everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import on

from hubsoft_tui.texts import N_
from widgets.fields import FilterLine

from .actions import action
from .base import ConsoleScreen

if TYPE_CHECKING:
    from widgets.table.table import VirtualTable


FIND: Final = N_("Filter and sort")


class TableScreen(ConsoleScreen):
    """Its body has a `FilterLine` above the `table`."""

    @property
    def table(self) -> VirtualTable[Any]:
        """The table that is filtered and sorted."""
        raise NotImplementedError

    @property
    def filtering(self) -> bool:
        """Whether the filter's line is in sight."""
        return self._composed and bool(self._line.display)

    @property
    def _line(self) -> FilterLine:
        return self.query_one(FilterLine)

    @property
    def typing(self) -> bool:
        """Whether the filter is typed into: a slash belongs to it, as in a date."""
        return self.composed and self._line.field.has_focus

    @action(
        "slash",
        N_("filter"),
        N_("Show only the lines that hold every word typed."),
        first=True,
        when=lambda screen: not screen.typing,
        job=FIND,
    )
    def action_filter(self) -> None:
        """Type into the filter."""
        self._line.begin()

    @action("o", N_("sort"), N_("Sort by the next column, then as at first again."), job=FIND)
    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.cycle_sort()

    @action("O", N_("turn round"), N_("Turn the order round."), line=False, job=FIND)
    def action_turn(self) -> None:
        """Turn the order round."""
        self.table.reverse_sort()

    def leave_filter(self) -> bool:
        """Clear the filter and go back to the table; False when there was none."""
        if not self.filtering:
            return False
        self._line.clear()
        self.table.focus()
        return True

    def narrowed(self) -> None:
        """Take note that the table shows other lines."""

    @on(FilterLine.Typed)
    def _narrow_table(self, event: FilterLine.Typed) -> None:
        event.stop()
        self.table.filter(event.text)
        self.narrowed()

    @on(FilterLine.Done)
    def _go_to_table(self, event: FilterLine.Done) -> None:
        event.stop()
        self.table.focus()

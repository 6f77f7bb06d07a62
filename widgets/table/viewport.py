"""Where a table stands: which row the cursor is on and which is the first in sight, through every change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rows import Rows


class Viewport:
    """A cursor and a first line over `Rows`. The cursor belongs to a row's id, never to a place.

    With `follow` the cursor starts on the last arrival and goes with it until it is moved off.
    """

    def __init__(self, rows: Rows[Any], *, follow: bool = False) -> None:
        self._rows = rows
        self._follow = follow
        self._anchor: str | None = None
        self._cursor_id: str | None = None
        self.following = follow
        """The cursor is on the last arrival and goes with it."""
        self.arrivals_last = True
        """The order shown is the order of arrival: only then is there an end to follow."""
        self.cursor = 0
        self.top = 0
        self.height = 1
        """Lines that show rows."""

    @property
    def selected(self) -> str | None:
        """The id under the cursor, or None when no row is in sight."""
        return self._cursor_id if self._rows.index_of(self._cursor_id) is not None else None

    def go(self, index: int) -> None:
        """Put the cursor on the row at `index`, or the nearest there is, and bring it into sight."""
        if not len(self._rows):
            return
        self._put(min(max(0, index), len(self._rows) - 1))
        self.following = self._at_end()
        self.reveal()

    def page(self, by: int) -> None:
        """Move cursor and view by `by` screenfuls."""
        step = max(1, self.height - 1) * by
        self.look_at(self.top + step)
        self.go(self.cursor + step)

    def look_at(self, top: int) -> None:
        """Show the rows from `top` on, as far as there are rows to show."""
        spare = self._spare if self._follow else 0
        self.top = min(max(0, top), max(0, len(self._rows) - self.height + spare))
        self._anchor = self._rows.id_at(self.top) if len(self._rows) else None

    def reveal(self) -> None:
        """Bring the cursor into sight, moving the view as little as that takes.

        While following, the page turns by a third of the screen instead: moving by a line for every arrival
        would send the whole screen again each time.
        """
        if self.cursor < self.top:
            self.look_at(self.cursor)
        elif self.cursor >= self.top + self.height:
            spare = self._spare if self.following else 0
            self.look_at(self.cursor - self.height + 1 + spare)

    def settle(self) -> None:
        """Find cursor and view again after rows came, went or changed: what is in sight stays where it is.

        A cursor whose row left takes the row that came in its place.
        """
        count = len(self._rows)
        if not count:
            self.top = 0
            return
        offset = self.cursor - self.top
        in_sight = 0 <= offset < self.height
        if self.following:
            self._put(count - 1)
        else:
            found = self._rows.index_of(self._cursor_id)
            self._put(min(self.cursor, count - 1) if found is None else found)
        if in_sight and not self.following:
            self.look_at(self.cursor - offset)
            return
        anchor = self._rows.index_of(self._anchor)
        self.look_at(self.top if anchor is None else anchor)
        if self.following:
            self.reveal()

    def turned(self, *, arrivals_last: bool) -> None:
        """Go where the cursor's row is after the order was turned or changed."""
        self.arrivals_last = arrivals_last
        found = self._rows.index_of(self._cursor_id)
        if found is not None:
            self._put(found)
        self.following = self._at_end()
        self.look_at(self.top)
        self.reveal()

    def _put(self, index: int) -> None:
        self.cursor = index
        self._cursor_id = self._rows.id_at(index)

    def _at_end(self) -> bool:
        return self._follow and self.arrivals_last and self.cursor == len(self._rows) - 1

    @property
    def _spare(self) -> int:
        return self.height // 3

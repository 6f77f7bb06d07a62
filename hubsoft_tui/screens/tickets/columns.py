"""A small page: which columns the board shows, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import VerticalScroll
from textual.widgets import Static

from hubsoft_tui.texts import N_, _
from widgets.line_widget import Drawn, line
from widgets.safety import data

from ..frame.actions import action
from ..frame.confirm import STYLE
from ..frame.modal import ConsoleModal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.content import Content

CHOOSE: Final = N_("Choose columns")
END: Final = N_("Leave the page")


class ColumnLines(Drawn):
    """The columns, those shown first, and a cursor."""

    def __init__(self, titles: dict[str, str], shown: Sequence[str]) -> None:
        super().__init__(id="column-lines")
        self._titles = titles
        self.order = [*shown, *(key for key in titles if key not in shown)]
        self.shown = set(shown)
        self.cursor = 0

    def draw(self, width: int) -> list[Content]:
        """Return one line for each."""
        del width
        return [
            line(
                ("▸ " if index == self.cursor else "  ", "$account bold"),
                ("✓ " if key in self.shown else "  ", "$ok"),
                (
                    self._titles[key],
                    "bold" if index == self.cursor else "" if key in self.shown else "$quiet",
                ),
            )
            for index, key in enumerate(self.order)
        ]

    def move(self, by: int) -> None:
        """Move the cursor."""
        self.cursor = (self.cursor + by) % len(self.order)
        self.redraw()

    def carry(self, by: int) -> None:
        """Move the column under the cursor, and the cursor with it."""
        place = self.cursor + by
        if 0 <= place < len(self.order):
            self.order[self.cursor], self.order[place] = self.order[place], self.order[self.cursor]
            self.move(by)

    def turn(self) -> None:
        """Show the column under the cursor, or hide it; one stays."""
        key = self.order[self.cursor]
        if self.shown != {key}:
            self.shown ^= {key}
        self.redraw()


class ColumnsScreen(ConsoleModal[tuple[str, ...]]):
    """Closes with the keys of the columns to show, in their order; with None when nothing changes."""

    AREA = "columns"
    CSS_PATH = STYLE

    def __init__(self, titles: dict[str, str], shown: Sequence[str], usual: Sequence[str]) -> None:
        """`titles` are of every column, by key."""
        super().__init__()
        self._lines = ColumnLines(titles, shown)
        self._usual = tuple(usual)

    def body(self) -> ComposeResult:
        """Compose the list."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Static(data(_("Columns"), "bold $title"), classes="heading")
            yield Static(data(_("Where there is little room some are left out."), "$quiet"), classes="line")
            yield self._lines

    @action("enter", N_("take"), N_("Show the table so."), job=END)
    def action_take(self) -> None:
        """Close with the chosen columns."""
        self.dismiss(tuple(key for key in self._lines.order if key in self._lines.shown))

    @action("escape", N_("back"), N_("Go back; nothing changes."), job=END)
    def action_back(self) -> None:
        """Close without a change."""
        self.dismiss(None)

    @action("t", N_("show, hide"), N_("Show or hide the column under the cursor."), job=CHOOSE)
    def action_turn(self) -> None:
        """Show or hide it."""
        self._lines.turn()

    @action("up,k", N_("up"), N_("Go to the column above."), id="up", args=(-1,), line=False, job=CHOOSE)
    @action("down,j", N_("down"), N_("Go to the column below."), id="down", args=(1,), line=False, job=CHOOSE)
    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._lines.move(by)

    @action(
        "K,shift+up,left",
        N_("further left"),
        N_("Move the column to the left."),
        id="left",
        args=(-1,),
        job=CHOOSE,
    )
    @action(
        "J,shift+down,right",
        N_("further right"),
        N_("Move the column to the right."),
        id="right",
        args=(1,),
        job=CHOOSE,
    )
    def action_carry(self, by: int) -> None:
        """Move the column."""
        self._lines.carry(by)

    @action("u", N_("as usual"), N_("Show the usual columns in their usual order."), job=CHOOSE)
    def action_usual(self) -> None:
        """Close with the usual columns."""
        self.dismiss(self._usual)

"""What the board shows: which columns, in which order, and the views a person saved under a name and a digit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from textual.containers import VerticalScroll
from textual.widgets import Static

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import N_, _, say
from widgets.line_widget import Drawn, data, line
from widgets.tickets.columns import USUAL
from widgets.tickets.counts import quick_word
from widgets.tickets.texts import Quick

from ..frame.actions import action
from ..frame.confirm import PromptScreen
from ..frame.modal import STYLE, ConsoleModal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.content import Content

    from hubsoft_tui.services.tickets.types import BoardView

    from .board import TicketBoard

ARRANGE: Final = N_("Choose columns")
CHOOSE: Final = N_("Show or change a view")
END: Final = N_("Leave the page")

F = TypeVar("F", bound="Callable[..., Any]")

VIEW_KEYS: Final = "12345"
MOST_VIEWS: Final = 30


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

    @action("enter", N_("show so"), N_("Show the table so."), job=END)
    def action_take(self) -> None:
        self.dismiss(tuple(key for key in self._lines.order if key in self._lines.shown))

    @action("escape", N_("back"), N_("Go back; nothing changes."), job=END)
    def action_back(self) -> None:
        self.dismiss(None)

    @action("t", N_("show, hide"), N_("Show or hide the column under the cursor."), job=ARRANGE)
    def action_turn(self) -> None:
        self._lines.turn()

    @action("up,k", N_("up"), N_("Go to the column above."), id="up", args=(-1,), line=False, job=ARRANGE)
    @action(
        "down,j", N_("down"), N_("Go to the column below."), id="down", args=(1,), line=False, job=ARRANGE
    )
    def action_move(self, by: int) -> None:
        self._lines.move(by)

    @action(
        "K,shift+up,left",
        N_("further left"),
        N_("Move the column to the left."),
        id="left",
        args=(-1,),
        job=ARRANGE,
    )
    @action(
        "J,shift+down,right",
        N_("further right"),
        N_("Move the column to the right."),
        id="right",
        args=(1,),
        job=ARRANGE,
    )
    def action_carry(self, by: int) -> None:
        self._lines.carry(by)

    @action("u", N_("as usual"), N_("Show the usual columns in their usual order."), job=ARRANGE)
    def action_usual(self) -> None:
        self.dismiss(self._usual)


def view_keys(
    label: str,
    help: str,  # noqa: A002 - an action's own word
    *,
    job: str,
    when: Callable[[Any, str], bool] | None = None,
) -> Callable[[F], F]:
    """Declare the method below as an action for each digit that a view may have; it is called with the digit."""

    def declare(method: F) -> F:
        for key in reversed(VIEW_KEYS):
            usable = None if when is None else partial(_with_key, when, key)
            declared = action(
                key, label, help, id=f"view{key}", args=(key,), line=False, when=usable, job=job
            )
            method = declared(method)
        return method

    return declare


def _with_key(when: Callable[[Any, str], bool], key: str, screen: object) -> bool:
    return when(screen, key)


def name_page(title: str, hint: str) -> PromptScreen[str]:
    """Return a page that asks for a name."""

    async def taken(name: str) -> str:
        if not clean(name).strip():
            raise InvalidInput(say("Type a name."))
        return clean(name).strip()

    return PromptScreen(title, hint, lambda text: lambda _services: taken(text))


def saved(views: Sequence[BoardView], view: BoardView) -> tuple[BoardView, ...]:
    """Return `views` with `view`: in the place of the one with its name, or with the next free key."""
    same = next((each for each in views if each.name == view.name), None)
    if same is not None:
        return tuple(replace(view, key=same.key) if each is same else each for each in views)
    taken = {each.key for each in views}
    key = next((key for key in VIEW_KEYS if key not in taken), "")
    return (*views, replace(view, key=key))


def keyed(views: Sequence[BoardView], place: int, key: str) -> tuple[BoardView, ...]:
    """Return `views` with `key` leading to the one at `place`, and to no other."""
    return tuple(
        replace(each, key=key) if index == place else replace(each, key="") if each.key == key else each
        for index, each in enumerate(views)
    )


class ViewLines(Drawn):
    """The views, one a line, and a cursor."""

    def __init__(self, views: Sequence[BoardView]) -> None:
        super().__init__(id="view-lines")
        self.views = tuple(views)
        self.cursor = 0

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        quicks = {quick.value: quick for quick in Quick}
        lines = []
        for index, view in enumerate(self.views):
            quick = quick_word(quicks[view.quick]) if view.quick in quicks else ""
            what = "  ".join(part for part in (quick, clean(view.filter)) if part)
            drawn = line(
                ("▸ " if index == self.cursor else "  ", "$account bold"),
                (f"{view.key or ' '}  ", "$account"),
                (clean(view.name), "bold" if index == self.cursor else ""),
                "   ",
                (what, "$quiet"),
            )
            lines.append(drawn.truncate(width, ellipsis=True))
        return lines or [line((_("No view is saved yet."), "$quiet"))]

    def show(self, views: Sequence[BoardView], cursor: int) -> None:
        """Show others."""
        self.views = tuple(views)
        self.cursor = max(0, min(cursor, len(self.views) - 1))
        self.repaint()


class ViewsScreen(ConsoleModal[tuple[tuple["BoardView", ...], "BoardView | None", bool]]):
    """Closes with the views, the one to show, and whether to save the present one."""

    AREA = "views"
    CSS_PATH = STYLE

    def __init__(self, views: Sequence[BoardView]) -> None:
        super().__init__()
        self._lines = ViewLines(views)

    @property
    def any_views(self) -> bool:
        """Whether one is there."""
        return bool(self._lines.views)

    def body(self) -> ComposeResult:
        """Compose the list."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Static(data(_("Saved views"), "bold $title"), classes="heading")
            yield self._lines

    @action("enter", N_("show"), N_("Show the board so."), when=lambda page: page.any_views, job=CHOOSE)
    def action_show(self) -> None:
        self.dismiss((self._lines.views, self._lines.views[self._lines.cursor], False))

    @action(
        "s", N_("save this one"), N_("Save the filter, order and columns of the board as a view."), job=CHOOSE
    )
    def action_save(self) -> None:
        self.dismiss((self._lines.views, None, True))

    @action(
        "d",
        N_("remove"),
        N_("Remove the view under the cursor."),
        when=lambda page: page.any_views,
        job=CHOOSE,
    )
    def action_remove(self) -> None:
        place = self._lines.cursor
        self._lines.show([each for index, each in enumerate(self._lines.views) if index != place], place)
        self.redraw_keys()

    @view_keys(N_("its key"), N_("Let this digit lead to the view under the cursor."), job=CHOOSE)
    def action_key(self, key: str) -> None:
        """Give the view under the cursor a key."""
        place = self._lines.cursor
        self._lines.show(keyed(self._lines.views, place, key), place)

    @action("up,k", N_("up"), N_("Go to the view above."), id="up", args=(-1,), line=False, job=CHOOSE)
    @action("down,j", N_("down"), N_("Go to the view below."), id="down", args=(1,), line=False, job=CHOOSE)
    def action_move(self, by: int) -> None:
        if self._lines.views:
            self._lines.show(self._lines.views, (self._lines.cursor + by) % len(self._lines.views))

    @action("escape", N_("back"), N_("Go back to the board."), job=END)
    def action_back(self) -> None:
        self.dismiss((self._lines.views, None, False))


# -- what the pages do to the board; each is awaited in a worker of its screen


async def choose_columns(board: TicketBoard) -> None:
    """Have columns chosen, and show the table so."""
    table = board.table
    titles = {column.key: column.title.strip() for column in table.columns}
    chosen = await board.screen.app.push_screen_wait(ColumnsScreen(titles, table.shown_columns, USUAL))
    if chosen is not None:
        table.show_columns(chosen)
        board.note()


async def ask_name(board: TicketBoard) -> None:
    """Ask who the person is, keep it with the board, and show what is theirs."""
    page = name_page(
        _("Who are you?"),
        _("Your name, as HubSoft writes it among those responsible. It is kept for you on this machine."),
    )
    name: str | None = await board.screen.app.push_screen_wait(page)
    if name is not None:
        board.state = replace(board.state, my_name=name)
        board.followed.count(board.screen.console.wall(), board.me)
        board.table.know(board.me)
        board.narrow(Quick.MINE)
        board.note()
        board.keep()


async def choose_view(board: TicketBoard) -> None:
    """List the saved views; show the chosen one, or save how the board stands."""
    views, chosen, saves = await board.screen.app.push_screen_wait(ViewsScreen(board.state.views))
    board.state = replace(board.state, views=views)
    if chosen is not None:
        board.stand_as(chosen)
    elif saves:
        await _save(board)
    board.keep()
    board.screen.redraw_frame()


async def _save(board: TicketBoard) -> None:
    console = board.screen.console
    if len(board.state.views) >= MOST_VIEWS:
        said = _("There are {n} views already: remove one first.").format(n=MOST_VIEWS)
        console.tell(said, severity="warning")
        return
    page = name_page(_("Save this view"), _("Its name. A view of the same name is replaced."))
    name: str | None = await console.push_screen_wait(page)
    if name is None:
        return
    board.state = replace(board.state, views=saved(board.state.views, board.as_view(name)))
    key = next(each.key for each in board.state.views if each.name == name)
    said = _("Saved: {name}, with the key {key}.") if key else _("Saved: {name}. V shows it.")
    console.tell(said.format(name=name, key=key))

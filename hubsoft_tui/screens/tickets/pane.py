"""One ticket beside the table, or in its place: what is known at once, its texts when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from hubsoft_tui.texts import _
from widgets.tickets.detail import TicketDetailView

from ..frame.actions import registry, shown_key
from ..frame.console import ConsolePart
from ..lookup.texts import place_in_line

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.tickets.types import TicketDetail, TicketRow


class TicketPane(ConsolePart, VerticalScroll, inherit_bindings=False):
    """Shows one ticket. Moving on costs nothing: only `ask` may cost a request."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", show=False),
        Binding("down,j", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home,g", "scroll_home", show=False),
        Binding("end,G", "scroll_end", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="ticket-pane")
        self._row: TicketRow | None = None
        self._detail: TicketDetail | None = None
        self._waiting = ""
        self._label = ""
        self._number = 0

    def compose(self) -> ComposeResult:
        """Compose the text."""
        yield TicketDetailView()

    @property
    def row(self) -> TicketRow | None:
        """The ticket in sight."""
        return self._row

    @property
    def detail(self) -> TicketDetail | None:
        """The answer about its texts."""
        return self._detail

    def show(self, row: TicketRow | None) -> None:
        """Show `row`; what was asked about another ticket goes."""
        if row is None or self._row is None or row.id != self._row.id:
            self.workers.cancel_group(self, "detail")
            self._detail, self._waiting, self._label = None, "", ""
            self.scroll_home(animate=False)
        self._row = row
        self.draw()

    def ask(self, *, refresh: bool = False, quiet: bool = False) -> None:
        """Ask for the texts of the ticket in sight; with `refresh` HubSoft itself. `quiet` shows no waiting."""
        if self._row is None:
            return
        self._number += 1
        self._label = f"ticket-{self._number}"
        self._waiting = "" if quiet else _("Asking…")
        self.draw()
        self._ask(self._row.id, self._label, refresh)

    def tick(self, snapshot: Snapshot) -> None:
        """Follow the question's place in line."""
        if self._waiting and (waiting := snapshot.waiting.get(self._label)) is not None:
            self._waiting = place_in_line(waiting)
            self.draw()

    def draw(self) -> None:
        """Draw what is known; paint nothing when it is on the screen already."""
        action = registry.find("tickets.refresh" if self._detail is not None else "tickets.details")
        keys = self.console.keys_of(action) if action is not None and self.console.allowed(action) else ()
        hint = _("{key} asks HubSoft for the texts of this ticket: 1 request.")
        self.query_one(TicketDetailView).show(
            self._row,
            self._detail,
            self.console.wall(),
            waiting=self._waiting,
            hint=hint.format(key=shown_key(keys[0])) if keys else "",
        )

    @work(group="detail", exclusive=True, exit_on_error=False)
    async def _ask(self, ticket_id: int, label: str, refresh: bool) -> None:
        detail = await self.asked(
            lambda services: services.tickets.detail(ticket_id, refresh=refresh, label=label)
        )
        if label == self._label:
            self._detail = self._detail if detail is None else detail
            self._waiting = ""
            self.draw()

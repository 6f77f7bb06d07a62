"""What the tickets screen shows: the mirror, asked for only when there is news, and the clock."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Final

from textual import work
from textual.widgets import Input

from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.texts import _
from widgets.table.rows import fold
from widgets.tickets.counts import SyncLine, Tally, TicketCounts
from widgets.tickets.feed import TicketFeed
from widgets.tickets.table import TicketTable, View
from widgets.tickets.texts import Quick

from ..frame.actions import registry, shown_key
from . import questions
from .commands import TicketDeeds
from .pane import TicketPane
from .state import Followed

if TYPE_CHECKING:
    from hubsoft_tui.services.tickets.types import TicketRow

    from .questions import News

SECOND: Final = 1.0


class TicketBoard(TicketDeeds):
    """The showing part of the tickets screen. Its state outlives its widgets: another language makes new ones."""

    def __init__(self) -> None:
        super().__init__()
        self._followed = Followed()
        self._view = View()
        self._quick = Quick.OPEN
        self._words = ""
        self._tally = Tally((), time.time(), "")
        self._minute = 0
        self._asking = False
        self._asked_for = -1
        """The badge's version at the last look: each is looked at once."""
        self._status_at = 0.0

    # -- what is in sight

    @property
    def me(self) -> str:
        """The person's name as it is looked for among those responsible; empty when it is not set."""
        return fold(self.console.settings.ui.my_name).strip()

    @property
    def table(self) -> TicketTable:
        """The table."""
        return self.query_one(TicketTable)

    @property
    def pane(self) -> TicketPane:
        """The details."""
        return self.query_one(TicketPane)

    @property
    def _field(self) -> Input:
        return self.query_one("#tickets-filter", Input)

    @property
    def chosen_row(self) -> TicketRow | None:
        """The ticket in the details, or under the cursor while they are closed."""
        return self.pane.row if self.has_class("-details") else self.table.item

    def hold(self) -> None:
        """Keep the cursor where it is from now on."""
        self.table.hold()

    def reveal(self, ticket_id: int) -> bool:
        """Bring a ticket under the cursor, whatever narrows the table; return False when it is not followed."""
        if ticket_id not in self._followed.rows:
            return False
        if not self.table.select(str(ticket_id)):
            self._words = self._field.value = ""
            self.table.filter("")
            self._narrow(Quick.ALL)
            self.table.select(str(ticket_id))
        return True

    @work(group="follow", exclusive=True, exit_on_error=False)
    async def show_ticket(self, ticket_id: int, protocol: str) -> None:
        """Bring a ticket under the cursor; one that is not followed is followed first: 1 request."""
        if self.reveal(ticket_id):
            return
        row = await self.asked(questions.follow(protocol, "ticket-follow"))
        if row is not None:
            self.came(row)

    def came(self, row: TicketRow) -> None:
        """Show a ticket that is followed from now on; the mirror tells of it a moment later too."""
        self._tally.change(self._followed.rows.get(row.id), row)
        self._followed.rows[row.id] = row
        self.table.put((row,))
        self.reveal(row.id)
        self._draw()

    def _narrow(self, quick: Quick) -> None:
        self._quick = quick
        self.table.narrow(quick)
        self._draw()
        self.redraw_frame()

    # -- what is new

    def _look(self, version: int | None = None) -> None:
        if self._asking or self.console.hub is None:
            return
        if version is None and self._followed.loaded:
            return
        self._asking = True
        self._asked_for = self._asked_for if version is None else version
        self._load()

    @work(group="news", exit_on_error=False)
    async def _load(self) -> None:
        try:
            door = await self.console.door()
            news = await door.run(questions.news(self._followed.version))
        except HubSoftError as error:
            self._asked_for = -1
            self.console.tell(error, severity="warning")
        except Exception as error:  # noqa: BLE001 - the screen stays open all day whatever happens
            self.console.tell(self.console.unexpected(error), severity="error")
        else:
            self._take(news)
        finally:
            self._asking = False

    def _take(self, news: News) -> None:
        if self.frozen:
            self._asked_for = -1
            return
        delta = news.delta
        if delta.whole:
            self._followed.take(delta)
            self._count(time.time())
            _spare_the_collector()
        else:
            known = self._followed.rows
            for row in delta.rows:
                self._tally.change(known.get(row.id), row)
            for ticket_id in delta.removed:
                self._tally.change(known.get(ticket_id), None)
            self._followed.take(delta)
        self._followed.status, self._status_at = news.status, time.time()
        with self.console.batch_update():
            self.table.say_when_empty(self._empty())
            self.table.put(delta.rows, whole=delta.whole, removed=delta.removed)
            self._draw()
            shown = self.pane.row
            if shown is not None and (fresh := self._followed.rows.get(shown.id)) is not shown:
                self.pane.put(fresh)
                if fresh is not None and self.pane.detail is not None:
                    self.pane.ask(quiet=True)
        self.redraw_frame()

    def _pass_time(self) -> None:
        if self.frozen or not self.is_current or not self.table.is_attached:
            return
        now = time.time()
        self.table.pass_time(now)
        minute = int(now // 60)
        if minute != self._minute:
            self._minute = minute
            self._count(now)
            self._draw_counts()
            self.pane.draw()
        self.query_one(TicketFeed).show(self._followed.changes, now)
        self.told()
        status = self._followed.status
        due = status is not None and status.next_at is not None and status.next_at <= now
        if due and now - self._status_at > 2 * SECOND:
            self._status_at = now
            self._ask_status()

    @work(group="status", exclusive=True, exit_on_error=False)
    async def _ask_status(self) -> None:
        try:
            door = await self.console.door()
            self._followed.status = await door.run(questions.status())
        except HubSoftError:
            return  # the next look says what is wrong
        self.told()

    # -- how it is drawn

    def _draw(self) -> None:
        self.query_one(TicketFeed).show(self._followed.changes, time.time())
        self._draw_counts()
        self.told()

    def _count(self, now: float) -> None:
        """Judge every ticket anew: late and today are other tickets than before."""
        self._tally = Tally(self._followed.rows.values(), now, self.me)

    def _draw_counts(self) -> None:
        keys = {quick: self._key(f"tickets.{quick.value}") for quick in Quick}
        counts = self._tally.counts if self._followed.loaded else None
        self.query_one(TicketCounts).show(counts, keys, self._quick)

    def told(self) -> None:
        """Draw the line that says what is shown and how syncing goes."""
        table = self.table
        self.query_one(SyncLine).show(
            self._tally.counts,
            self._followed.status,
            time.time(),
            busy=self._busy,
            filter_text=self._words,
            matches=len(table.rows),
            above=table.above,
        )

    def _key(self, action_id: str) -> str:
        action = registry.find(action_id)
        keys = self.console.keys_of(action) if action is not None else ()
        return shown_key(keys[0]) if keys else ""

    def _empty(self) -> str:
        if self.console.trouble:
            return self.console.trouble
        if not self._followed.loaded:
            return _("Reading the tickets kept here…")
        return _(
            "No ticket is followed yet. {sync} asks HubSoft for the open ones, {follow} follows one."
        ).format(sync=self._key("tickets.sync"), follow=self._key("tickets.follow"))


def _spare_the_collector() -> None:
    """Keep Python's garbage collector from walking every ticket again and again.

    Rows hold no cycles, and 20,000 of them would keep a key waiting for a tenth of a second each time.
    """
    gc.unfreeze()
    gc.freeze()

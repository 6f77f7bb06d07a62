"""A table of followed tickets while passes are merged into their mirror: `python -m benchmarks.watched WHICH ROWS`.

`ours` is the console's tickets screen, `datatable` the same columns on Textual's DataTable. Both look at the mirror
twice a second and take over only what changed; what differs is the table.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any, ClassVar, Final, TypeVar

from msgspec.structs import replace as changed
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Label

from app import HubSoftConsole
from hubsoft_tui.api.models import Ticket
from hubsoft_tui.core.types import Badges, Snapshot
from hubsoft_tui.formats import BRASILIA
from hubsoft_tui.services.tickets import pass_store, queries
from hubsoft_tui.services.tickets.merge import Manner, Sighting
from hubsoft_tui.services.tickets.types import BoardState, Delta, SyncStatus, TicketRow
from hubsoft_tui.settings.tree import Settings, UiSettings
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.mirror import MIGRATIONS, Mirror
from widgets.tickets.columns import USUAL, TicketCells, ticket_id
from widgets.tickets.table import TicketTable

T = TypeVar("T")

NOW: Final = datetime.now(BRASILIA).timestamp()
FILTER: Final = 'open age>1min -"no such text"'
"""Nearly every row passes, and each is judged three times."""
COLUMNS: Final = ("protocol", "customer", "status", "responsible", "messages", "left", "changed")
SEEN: Final = 5_000
"""Tickets that one pass brings, one in fifty of them changed."""


class Feed:
    """A mirror into which passes are merged one after the other, in a thread, and what a screen asks of it."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._path = folder / "tickets.db"
        self._tickets = [_ticket(number) for number in range(1, rows + 1)]
        self._over = threading.Event()
        self.passes = 0
        mirror = self.open()
        pass_store.take(mirror, [Sighting(each, NOW) for each in self._tickets], Manner(news=False), NOW)
        mirror.close()
        self._thread = threading.Thread(target=self._merge, daemon=True)

    def open(self) -> Mirror:
        """Open the mirror once more."""
        return Mirror(open_database(self._path, MIGRATIONS), "bench")

    def start(self) -> None:
        """Begin to merge."""
        self._thread.start()

    def stop(self) -> None:
        """Merge no more."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _merge(self) -> None:
        mirror = self.open()
        while not self._over.is_set():
            self.passes += 1
            brought = [
                changed(each, status=f"STATUS {self.passes}") if place % 50 == 25 else each
                for place, each in enumerate(self._tickets[-SEEN:])
            ]
            now = NOW + self.passes
            pass_store.take(mirror, [Sighting(each, now) for each in brought], Manner(), now)
        mirror.close()


class Door:
    """The feed as the console's engine."""

    set_aside: tuple[Path, ...] = ()

    def __init__(self, settings: Settings, feed: Feed) -> None:
        self.settings = settings
        self._feed = feed
        self._reader = ThreadPoolExecutor(1)
        self._mirror: Mirror | None = None

    def start(self) -> None:
        """Nothing is to be started."""

    def close(self, timeout: float = 5.0) -> None:
        """Stop merging."""
        del timeout
        self._feed.stop()
        self._reader.shutdown()

    async def run(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """Answer in the reader's thread."""

        async def answer() -> T:
            desk = {"customers": SimpleNamespace(recent=_nothing), "drafts": SimpleNamespace(all=_nothing)}
            return await ask(SimpleNamespace(tickets=self, **desk))

        return await asyncio.get_running_loop().run_in_executor(self._reader, lambda: asyncio.run(answer()))

    def call(self, ask: Callable[[Any], Awaitable[T]], timeout: float | None = None) -> T:
        """Answer in the thread that asks."""
        del timeout
        return asyncio.run(self.run(ask))

    async def board(self) -> BoardState:
        """Return a board that was left with a filter that combines and columns that were chosen."""
        return BoardState(filter=FILTER, columns=COLUMNS, read_to=0)

    async def keep_board(self, board: BoardState) -> None:
        """Keep nothing of how the board is left."""

    async def keep_area(self, area: str) -> None:
        """Keep nothing of where the console is left."""

    async def changed_after(self, number: int) -> int:
        """Return that all was read."""
        del number
        return 0

    async def delta(self, since: int) -> Delta:
        """Return what differs, in the reader's thread."""
        self._mirror = self._mirror or self._feed.open()
        return queries.delta(self._mirror, since)

    async def status(self) -> SyncStatus:
        """Return a pass under way."""
        return SyncStatus(running=True)

    def snapshot(self) -> Snapshot:
        """Return that there is news whenever a pass was merged."""
        passes = self._feed.passes
        return Snapshot(serial=passes + 1, badges=Badges(versions={"tickets": passes + 1}))

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Nothing is to be kept fresh."""
        yield


async def _nothing() -> tuple[Any, ...]:
    return ()


class Ours(HubSoftConsole):
    """The console, on its tickets screen; merging begins once the rows are there."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [f"../styles/{name}.tcss" for name in ("frame", "app")]

    def __init__(self, feed: Feed) -> None:
        super().__init__(
            replace(Settings(), ui=UiSettings(language="en")), engine=lambda settings: Door(settings, feed)
        )
        self._feed = feed

    def on_load(self) -> None:
        """Go to the tickets once the first screen stands."""
        self.set_timer(0.3, self._go)

    async def _go(self) -> None:
        await self.action_area("tickets")
        self.set_interval(0.2, self._begin)

    def _begin(self) -> None:
        if not self._feed.passes and self.query(TicketTable) and len(self.query_one(TicketTable).rows):
            self._feed.start()


class Peer(App[None]):
    """The same columns on a DataTable. The line below says where the cursor is, in words."""

    CSS = "DataTable { height: 1fr; } Label { height: 1; }"

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self._door = Door(Settings(), feed)
        self._columns = [each for each in TicketCells(NOW).columns() if each.key in USUAL]
        self._version = 0

    def compose(self) -> ComposeResult:
        yield DataTable[str](cursor_type="row", id="peer")
        yield Label("")

    async def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for column in self._columns:
            table.add_column(column.title, key=column.key, width=column.width or 14)
        await self._look()
        self.query_one(Label).update("▸ first")
        self.set_interval(0.5, self._look)
        self._feed.start()

    async def _look(self) -> None:
        delta = await self._door.delta(self._version)
        table = self.query_one(DataTable)
        self._version = delta.version
        rows = sorted(delta.rows, key=lambda row: -(row.opened_at or 0))
        for row in rows:
            if delta.whole:
                table.add_row(*self._cells(row), key=ticket_id(row))
                continue
            for column, cell in zip(self._columns, self._cells(row), strict=True):
                table.update_cell(ticket_id(row), column.key, cell)

    def _cells(self, row: TicketRow) -> list[str]:
        return [
            row.protocol,
            row.customer or "",
            row.type or "",
            row.status or "",
            ", ".join(row.responsible),
            "1 h",
            "8 h",
            row.change.after or "" if row.change else "",
        ]

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self.query_one(Label).update(f"▸ {event.row_key.value}")


def _ticket(number: int) -> Ticket:
    opened = datetime.fromtimestamp(NOW, BRASILIA) - timedelta(seconds=20 * (100_000 - number))
    return Ticket(
        id=number,
        protocol=f"{opened:%Y%m%d%H%M%S}{number:06d}",
        type="SAC",
        type_id=33,
        status="Pendente",
        status_id=22,
        status_prefix="pendente",
        opened_at=opened,
        responsible=("Bianca Couto",),
        responsible_known=True,
        remaining="12h 5min",
        service_id=number,
        customer_id=number,
        customer_code=number,
        customer_name=f"CLIENTE NÚMERO {number}",
    )


def main(which: str, rows: int) -> None:
    """Run one of the two until it is told to quit."""
    with tempfile.TemporaryDirectory(prefix="hubsoft-tui-bench-") as folder:
        feed = Feed(Path(folder), rows)
        app: App[Any] = Ours(feed) if which == "ours" else Peer(feed)
        app.run()
        feed.stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

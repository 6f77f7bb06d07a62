"""The state on disk of one credential: opened once, shared with every other process on the same home."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import places
from ..core.clock import Clock
from ..core.engine import Ports
from ..settings import Profile, Settings
from ..store import budget, desk, mirror, mirror_tables, outbox, records, tokens
from ..store.database import Database, open_database
from ..store.presence import Presence


@dataclass(frozen=True, slots=True)
class State:
    """What is open. `set_aside` are damaged files that were moved, never deleted, and begun anew."""

    ports: Ports
    desk: desk.Desk
    mirror: Callable[[], mirror.Mirror]
    """Opens the tickets' mirror once more, for one thread; whoever opens it closes it. Raises StoreError."""
    outbox: outbox.SqliteOutbox
    presence: Presence
    set_aside: tuple[Path, ...]


@contextmanager
def open_state(settings: Settings, clock: Clock) -> Iterator[State]:
    """Open the databases of `settings.profile`, until the end of the block. Raises StoreError."""
    folders = places.find(home=settings.home or None)
    account = account_of(settings.profile)
    with ExitStack() as stack:
        presence = Presence(folders.state / "alive")
        stack.callback(presence.close)

        def opened(path: Path, *migrations: str, durable: bool = False) -> Database:
            database = open_database(path, migrations, durable=durable)
            stack.callback(database.close)
            return database

        spent = opened(folders.state / "budget.db", *budget.MIGRATIONS)
        kept = opened(folders.state / "state.db", tokens.MIGRATION, desk.MIGRATION)
        unsent = opened(folders.state / "outbox.db", *outbox.MIGRATIONS, durable=True)
        learnt = opened(folders.cache / "records.db", *records.MIGRATIONS)
        yield State(
            Ports(
                permits=budget.SqliteBudget(spent, account, presence, clock),
                tokens=tokens.SqliteTokens(kept, account, presence, clock),
                records=records.SqliteRecords(learnt, account, presence, clock),
            ),
            desk.Desk(kept, account),
            # When it is needed: a mirror that cannot be used must not keep a lookup from being answered.
            lambda: mirror.Mirror(
                open_database(folders.state / "tickets.db", mirror_tables.MIGRATIONS), account
            ),
            outbox.SqliteOutbox(unsent, account, presence, clock),
            presence,
            tuple(each.set_aside for each in (spent, kept, unsent, learnt) if each.set_aside is not None),
        )


def account_of(profile: Profile) -> str:
    """Name a credential without showing it: what processes with the same one share is kept under this name."""
    parts = "\n".join((profile.url.lower().rstrip("/"), profile.client_id, profile.username.lower()))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]

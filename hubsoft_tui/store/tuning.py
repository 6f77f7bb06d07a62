"""What was tuned on this home, its author and why; and what renewing ahead spent and saved, day by day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from ..values import dataclass
from .database import AccountStore
from .rescue import decoded

MIGRATIONS: Final = (
    """
CREATE TABLE move (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL,
    account TEXT NOT NULL,
    at REAL NOT NULL,
    key TEXT NOT NULL,
    before TEXT,
    after TEXT,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE renewed (
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    spent INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    PRIMARY KEY (account, day)
) WITHOUT ROWID;
CREATE TABLE turn (account TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE stopped (account TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
""",
)
SENSES: Final = {"move": "(before IS NULL OR json_valid(before)) AND (after IS NULL OR json_valid(after))"}
KEPT: Final = 500
"""Moves that are remembered."""


@dataclass(frozen=True, slots=True)
class Move:
    """One setting's change in tuned.toml. `before` and `after` are None where the key was, or is, not there."""

    at: float
    """UTC epoch seconds."""
    key: str
    before: object
    after: object
    author: str
    """A person's account name, or `SELF`."""
    reason: str = ""
    undone: bool = False
    batch: int = 0
    """Moves that were made together, and are undone together."""


SELF: Final = "self-tuning"
_MOVES: Final = "SELECT at, key, before, after, author, reason, undone, batch FROM move"


class TuningLog(AccountStore):
    """One connection's view, for one thread. Raises StoreError; with StoreBusy nothing was changed."""

    def add(self, moves: Sequence[Move]) -> None:
        """Keep moves that were made together; the oldest beyond `KEPT` go."""
        with self._database.write() as connection:
            batch = connection.execute("SELECT coalesce(max(batch), 0) + 1 FROM move").fetchone()[0]
            connection.executemany(
                "INSERT INTO move (batch, account, at, key, before, after, author, reason)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (batch, self._account, m.at, m.key, _text(m.before), _text(m.after), m.author, m.reason)
                    for m in moves
                ],
            )
            connection.execute(
                "DELETE FROM move WHERE id <= (SELECT id FROM move ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (KEPT,),
            )

    def moves(self) -> list[Move]:
        """Return the newest fifty moves, newest first, those that were undone too."""
        rows = self._read(f"{_MOVES} WHERE account = ? ORDER BY id DESC LIMIT 50")
        return [_move(row) for row in rows]

    def last(self) -> list[Move]:
        """Return the newest moves that were made together and are not undone; none when there are none."""
        rows = self._read(
            f"{_MOVES} WHERE account = ?1 AND batch ="  # noqa: S608 - a constant
            " (SELECT max(batch) FROM move WHERE account = ?1 AND NOT undone) ORDER BY id"
        )
        return [_move(row) for row in rows]

    def undo(self, batch: int) -> None:
        """Note that the moves of `batch` were taken back."""
        self._write("UPDATE move SET undone = 1 WHERE account = ? AND batch = ?", (batch,))

    def take_turn(self, now: float, between: float) -> bool:
        """Take the right to move lifetimes unasked; False while `between` seconds have not passed since the last."""
        with self._database.write() as connection:
            row = connection.execute("SELECT at FROM turn WHERE account = ?", (self._account,)).fetchone()
            if row is not None and 0 <= now - row[0] < between:
                return False
            connection.execute("INSERT OR REPLACE INTO turn VALUES (?, ?)", (self._account, now))
        return True

    def count_renewed(self, day: str, *, spent: int, saved: int) -> None:
        """Add to what renewing ahead spent (requests) and saved (waits) on `day`."""
        self._write(
            "INSERT INTO renewed VALUES (?, ?, ?, ?) ON CONFLICT (account, day)"
            " DO UPDATE SET spent = spent + excluded.spent, saved = saved + excluded.saved",
            (day, spent, saved),
        )

    def renewed(self, day: str) -> tuple[int, int]:
        """Return what renewing ahead spent and saved on `day`, all processes together."""
        rows = self._read("SELECT spent, saved FROM renewed WHERE account = ? AND day = ?", (day,))
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def stop(self, until: float) -> None:
        """Note that renewing ahead does not pay, until an instant (UTC epoch seconds)."""
        self._write("INSERT OR REPLACE INTO stopped VALUES (?, ?)", (until,))

    def stopped_until(self) -> float:
        """Return until when renewing ahead stands still because it did not pay; 0 when it never did."""
        rows = self._read("SELECT until FROM stopped WHERE account = ?")
        return float(rows[0][0]) if rows else 0.0


def _text(value: object) -> str | None:
    return None if value is None else json.dumps(value)


def _move(row: tuple[Any, ...]) -> Move:
    at, key, before, after, author, reason, undone, batch = row
    return Move(at, key, _value(before), _value(after), author, reason, bool(undone), batch)


def _value(text: str | None) -> object:
    return None if text is None else decoded(text, object)

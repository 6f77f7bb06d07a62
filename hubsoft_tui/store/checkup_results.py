"""What runs have decided of their members, written as it is decided.

For one thread at a time, in the file of the check-ups. Decisions are written in small transactions together with
the page that brought them: what a killed run has decided is never asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from .checkup_rows import Decision, Result, RunRow
from .database import Database

MIGRATIONS: Final = (
    """
CREATE TABLE decision (
    account TEXT NOT NULL,
    run INTEGER NOT NULL,
    document TEXT NOT NULL,
    result TEXT NOT NULL,
    status TEXT NOT NULL,
    plan TEXT NOT NULL,
    since REAL,
    source TEXT NOT NULL,
    fetched_at REAL NOT NULL,
    why TEXT NOT NULL,
    gone INTEGER NOT NULL,
    was TEXT,
    settled INTEGER NOT NULL,
    PRIMARY KEY (account, run, document)
) WITHOUT ROWID;
""",
)
_DECISION: Final = "document, result, status, plan, since, source, fetched_at, why, gone, was"


class CheckupResults:
    """The decisions of one credential's runs. Raises StoreError."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def forget_older(self, run_id: int, before: float) -> None:
        """Drop decisions of a run that is gone on with when HubSoft was asked for them before `before`."""
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM decision WHERE account = ? AND run = ? AND (fetched_at < ? OR result = ?)",
                (self._account, run_id, before, Result.UNKNOWN.value),
            )

    def decide(
        self,
        run_id: int,
        decisions: Iterable[Decision],
        *,
        provisional: Iterable[Decision] = (),
        spent: tuple[float, int] | None = None,
        also: Sequence[tuple[str, list[tuple[object, ...]]]] = (),
    ) -> None:
        """Write decisions, those that wait for the end of a reading, and `also` (SQL, rows), all or nothing.

        `spent` are the seconds and requests of the run so far.
        """
        marked = [(each, 1) for each in decisions] + [(each, 0) for each in provisional]
        with self._database.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        self._account, run_id, d.document, d.result.value, d.status, d.plan, d.since, d.source,
                        d.fetched_at, d.why, d.gone, None if d.was is None else d.was.value, settled,
                    )
                    for d, settled in marked
                ],
            )  # fmt: skip
            for statement, rows in also:
                connection.executemany(statement, rows)
            if spent is not None:
                connection.execute("UPDATE run SET seconds = ?, requests = ? WHERE id = ?", (*spent, run_id))

    def settle(self, run_id: int, *, sure: bool) -> list[Decision]:
        """Make what waited for the end of the reading count, and return it.

        Unless the reading is `sure`, those who would lose the contract by it are left out: they are asked for.
        """
        waiting = "account = ? AND run = ? AND NOT settled"
        with self._database.write() as connection:
            connection.execute(
                f"DELETE FROM decision WHERE {waiting} AND (result = ? OR was = ?)",  # noqa: S608 - a constant
                (self._account, run_id, Result.UNKNOWN.value, None if sure else Result.ACTIVE.value),
            )
            rows = connection.execute(
                f"UPDATE decision SET settled = 1 WHERE {waiting} RETURNING {_DECISION}, settled",  # noqa: S608
                (self._account, run_id),
            ).fetchall()
        return [_decision(row)[0] for row in rows]

    def doubt(self, run_id: int) -> None:
        """Drop what waited for the end of a reading that cannot be believed."""
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM decision WHERE account = ? AND run = ? AND NOT settled", (self._account, run_id)
            )

    def decisions(self, run_id: int) -> Iterator[tuple[Decision, bool]]:
        """Return every decision of a run, and whether it counts already."""
        rows = self._database.read(
            f"SELECT {_DECISION}, settled FROM decision WHERE account = ? AND run = ?",  # noqa: S608
            (self._account, run_id),
        )
        return (_decision(row) for row in rows)

    def counts(self, run_id: int) -> dict[Result, int]:
        """Return how many members a run has decided as what."""
        rows = self._database.read(
            "SELECT result, count(*) FROM decision WHERE account = ? AND run = ? AND settled GROUP BY result",
            (self._account, run_id),
        )
        return {Result(name): count for name, count in cast("list[tuple[str, int]]", rows)}

    def decided_before(self, row: RunRow) -> list[Decision]:
        """Return what the run before this one decided, if the same statuses counted as active."""
        rows = self._database.read(
            f"SELECT {_DECISION}, settled FROM decision WHERE account = ?1 AND settled AND run ="  # noqa: S608
            " (SELECT max(id) FROM run WHERE account = ?1 AND list = ?2 AND id < ?3 AND rules = ?4)",
            (self._account, row.list_id, row.id, row.rules),
        )
        return [_decision(found)[0] for found in rows]


def _decision(row: tuple[object, ...]) -> tuple[Decision, bool]:
    document, result, status, plan, since, source, fetched_at, why, gone, was, settled = cast(
        "tuple[str, str, str, str, float | None, str, float, str, int, str | None, int]", row
    )
    before = None if was is None else Result(was)
    made = Decision(
        document, Result(result), status, plan, since, source, fetched_at, why, bool(gone), before
    )
    return made, bool(settled)

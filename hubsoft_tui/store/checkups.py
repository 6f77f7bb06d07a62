"""Check-ups on disk: lists with their members, their runs, what these decided, and the command about lost contracts.

For one thread at a time. Decisions are written in small transactions together with the page that brought them:
what a killed run has decided is never asked for again. What readings of the roster left is in `rosters`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from ..values import dataclass
from .checkup_rows import Decision, KnownMember, ListRow, Member, Notice, Reading, Result, RunRow, RunState
from .database import AccountStore, Database
from .process_liveness import ProcessLiveness
from .rescue import decoded

RUNS_KEPT: Final = 3
"""Runs of a list whose decisions are kept."""

_RUN: Final = (
    "id, list, state, owner, who, rules, max_age, started_at, ended_at, seconds, requests, trouble, reading"
)


class Checkups(AccountStore):
    """The lists and runs of one credential. Raises StoreError."""

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness) -> None:
        super().__init__(database, account)
        self._liveness = liveness

    @property
    def owner(self) -> str:
        """Name this engine among all that may run a list."""
        return self._liveness.owner

    # -- lists

    def lists(self) -> tuple[ListRow, ...]:
        """Return every list, the newest import first."""
        rows = self._read(
            "SELECT id, name, path, (SELECT count(*) FROM member m WHERE m.account = l.account AND m.list = l.id),"
            " imported_at FROM list l WHERE account = ? ORDER BY imported_at DESC, id DESC"
        )
        return tuple(ListRow(*row) for row in rows)

    def put_list(self, path: str, name: str, members: Sequence[Member], at: float) -> int:
        """Keep a list under its path and return its id; what was known of those who stay on it is kept."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO list (account, path, name, imported_at) VALUES (?1, ?2, ?3, ?4)"
                " ON CONFLICT (account, path) DO UPDATE SET name = ?3, imported_at = ?4",
                (self._account, path, name, at),
            )
            (list_id,) = connection.execute(
                "SELECT id FROM list WHERE account = ? AND path = ?", (self._account, path)
            ).fetchone()
            connection.execute(
                "UPDATE member SET place = -1 WHERE account = ? AND list = ?", (self._account, list_id)
            )
            connection.executemany(
                "INSERT INTO member (account, list, document, place, name, external_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                " ON CONFLICT (account, list, document) DO UPDATE SET place = ?4, name = ?5, external_id = ?6",
                [
                    (self._account, list_id, each.document, place, each.name, each.external_id)
                    for place, each in enumerate(members)
                ],
            )
            connection.execute(
                "DELETE FROM member WHERE account = ? AND list = ? AND place < 0", (self._account, list_id)
            )
        return int(list_id)

    def drop_list(self, list_id: int) -> None:
        """Forget a list, its members and its runs."""
        with self._database.write() as connection:
            for table, column in (("list", "id"), ("member", "list")):
                connection.execute(
                    f"DELETE FROM {table} WHERE account = ? AND {column} = ?",  # noqa: S608 - names from above
                    (self._account, list_id),
                )
            self._prune(connection, list_id, kept=0)

    def members(self, list_id: int) -> list[tuple[Member, KnownMember | None]]:
        """Return the members of a list in its order, each with what was known of them."""
        rows = self._read(
            "SELECT document, name, external_id, known, gone FROM member WHERE account = ? AND list = ?"
            " ORDER BY place",
            (list_id,),
        )
        return [
            (
                Member(document, name, external),
                None if known is None else KnownMember(Result(known), bool(gone)),
            )
            for document, name, external, known, gone in rows
        ]

    # -- runs

    def last_run(self, list_id: int) -> RunRow | None:
        """Return the newest run of a list; one whose process is gone is `INTERRUPTED`."""
        rows = self._read(
            f"SELECT {_RUN} FROM run WHERE account = ? AND list = ? ORDER BY id DESC LIMIT 1",  # noqa: S608
            (list_id,),
        )
        return self._run(rows[0]) if rows else None

    def begin(self, list_id: int, *, who: str, rules: str, max_age: float | None, at: float) -> RunRow:
        """Take the list: go on with the run that was left, or begin one.

        The run of another living owner is returned as it is: by `owner` one sees that the list is taken.
        """
        with self._database.write() as connection:
            row = connection.execute(
                f"SELECT {_RUN} FROM run WHERE account = ? AND list = ? ORDER BY id DESC LIMIT 1",  # noqa: S608
                (self._account, list_id),
            ).fetchone()
            last = None if row is None else self._run(row)
            if last is not None and last.state is RunState.RUNNING and last.owner != self.owner:
                return last
            if last is not None and not last.state.over and last.rules == rules:
                self._doubt_reading(connection, last)
                connection.execute(
                    "UPDATE run SET state = ?, owner = ?, who = ?, max_age = ?, ended_at = NULL, trouble = ''"
                    " WHERE id = ?",
                    (RunState.RUNNING.value, self.owner, who, max_age, last.id),
                )
                run_id = last.id
            else:
                cursor = connection.execute(
                    "INSERT INTO run (account, list, state, owner, who, rules, max_age, started_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (self._account, list_id, RunState.RUNNING.value, self.owner, who, rules, max_age, at),
                )
                run_id = cursor.lastrowid or 0
            row = connection.execute(f"SELECT {_RUN} FROM run WHERE id = ?", (run_id,)).fetchone()  # noqa: S608
        return self._run(row)

    def end(
        self,
        run_id: int,
        state: RunState,
        *,
        at: float,
        seconds: float,
        requests: int,
        trouble: str = "",
        also: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        """Note how a run ended or was left; it has no owner any more. `also` is done with it, or neither is."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE run SET state = ?, owner = '', ended_at = ?, seconds = ?, requests = ?, trouble = ?"
                " WHERE id = ?",
                (state.value, at, seconds, requests, trouble, run_id),
            )
            if also is not None:
                also(connection)
            if state is RunState.DONE:
                # From here on the next run compares. What is unknown leaves what was known before.
                connection.execute(
                    "UPDATE member SET known = d.result, gone = d.gone FROM decision d, run r"
                    " WHERE r.id = ?1 AND d.account = ?2 AND d.run = r.id AND d.settled AND d.result != ?3"
                    " AND member.account = ?2 AND member.list = r.list AND member.document = d.document",
                    (run_id, self._account, Result.UNKNOWN.value),
                )
            if state.over:
                (list_id,) = connection.execute("SELECT list FROM run WHERE id = ?", (run_id,)).fetchone()
                self._prune(connection, list_id, kept=RUNS_KEPT)

    def done_before(self, list_id: int, run_id: int | None) -> float | None:
        """Return when the last finished run of a list ended, before `run_id` if that is given."""
        rows = self._read(
            "SELECT max(ended_at) FROM run WHERE account = ? AND list = ? AND state = ? AND id < ?",
            (list_id, RunState.DONE.value, 2**62 if run_id is None else run_id),
        )
        return None if rows[0][0] is None else float(rows[0][0])

    def _prune(self, connection: sqlite3.Connection, list_id: int, *, kept: int) -> None:
        old = "SELECT id FROM run WHERE account = ? AND list = ? ORDER BY id DESC LIMIT -1 OFFSET ?"
        for table, column in (("decision", "run"), ("seen", "run"), ("run", "id")):
            connection.execute(
                f"DELETE FROM {table} WHERE account = ? AND {column} IN ({old})",  # noqa: S608 - names from above
                (self._account, self._account, list_id, kept),
            )

    def _doubt_reading(self, connection: sqlite3.Connection, run: RunRow) -> None:
        """Have a reading begin anew of which rows were lost: who is missing there might pass for a lost contract."""
        if run.reading is None:
            return
        (seen,) = connection.execute(
            "SELECT count(*) FROM seen WHERE account = ? AND run = ?", (self._account, run.id)
        ).fetchone()
        if seen != run.reading.rows:
            connection.execute("DELETE FROM seen WHERE account = ? AND run = ?", (self._account, run.id))
            connection.execute("UPDATE run SET reading = NULL WHERE id = ?", (run.id,))

    def _run(self, row: Sequence[Any]) -> RunRow:
        run_id, list_id, name, owner, *told, reading = row
        state = RunState(name)
        if state is RunState.RUNNING and self._liveness.dead([owner]):
            state = RunState.INTERRUPTED
        # One that cannot be read begins anew.
        parsed = None if reading is None else decoded(reading, Reading)
        values: list[Any] = [run_id, list_id, state, owner, *told, parsed]
        return RunRow(*values)


_DECISION: Final = "document, result, status, plan, since, source, fetched_at, why, gone, was"


class CheckupResults(AccountStore):
    """The decisions of one credential's runs. Raises StoreError."""

    def forget_older(self, run_id: int, before: float) -> None:
        """Drop decisions of a run that is gone on with when HubSoft was asked for them before `before`."""
        self._write(
            "DELETE FROM decision WHERE account = ? AND run = ? AND (fetched_at < ? OR result = ?)",
            (run_id, before, Result.UNKNOWN.value),
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
        self._write("DELETE FROM decision WHERE account = ? AND run = ? AND NOT settled", (run_id,))

    def decisions(self, run_id: int) -> Iterator[tuple[Decision, bool]]:
        """Return every decision of a run, and whether it counts already."""
        rows = self._read(
            f"SELECT {_DECISION}, settled FROM decision WHERE account = ? AND run = ?",  # noqa: S608
            (run_id,),
        )
        return (_decision(row) for row in rows)

    def counts(self, run_id: int) -> dict[Result, int]:
        """Return how many members a run has decided as what."""
        rows = self._read(
            "SELECT result, count(*) FROM decision WHERE account = ? AND run = ? AND settled GROUP BY result",
            (run_id,),
        )
        return {Result(name): count for name, count in rows}

    def decided_before(self, row: RunRow) -> list[Decision]:
        """Return what the run before this one decided, if the same statuses counted as active."""
        rows = self._read(
            f"SELECT {_DECISION}, settled FROM decision WHERE account = ?1 AND settled AND run ="  # noqa: S608
            " (SELECT max(id) FROM run WHERE account = ?1 AND list = ?2 AND id < ?3 AND rules = ?4)",
            (row.list_id, row.id, row.rules),
        )
        return [_decision(found)[0] for found in rows]


def _decision(row: tuple[Any, ...]) -> tuple[Decision, bool]:
    document, result, *told, gone, was, settled = row
    before = None if was is None else Result(was)
    values: list[Any] = [document, Result(result), *told, bool(gone), before]
    return Decision(*values), bool(settled)


_COLUMNS: Final = (
    "id, list, list_name, document, name, external_id, result, status, attempts, next_at, said, held"
)


@dataclass(frozen=True, slots=True)
class Tripwire:
    """When so many lose the contract in one run that a person looks first: more than both."""

    share: float
    """Of those who were known to be active, 0-1."""
    members: int

    def trips(self, lost: int, active: int) -> bool:
        """Tell whether losing `lost` of `active` members in one run is unusual."""
        return lost > self.members and lost > self.share * active


class CommandQueue(AccountStore):
    """The queue of one credential. A notice stays until its command has succeeded. Raises StoreError."""

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness) -> None:
        super().__init__(database, account)
        self._liveness = liveness

    def add(
        self, connection: sqlite3.Connection, run_id: int, at: float, tripwire: Tripwire | None = None
    ) -> None:
        """Queue, as the run ends, every member it found without a contract who was known to have one.

        Those who have one again are taken out. When the tripwire trips, those of this run are held for a person.
        """
        connection.execute(
            "DELETE FROM notice WHERE account = ?1 AND list = (SELECT list FROM run WHERE id = ?2) AND document IN"
            " (SELECT document FROM decision WHERE account = ?1 AND run = ?2 AND settled AND result = ?3)",
            (self._account, run_id, Result.ACTIVE.value),
        )
        (active, lost) = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE settled AND result IN (?4, ?5)) FROM decision"
            " WHERE account = ?1 AND run = ?2 AND was = ?3",
            (
                self._account, run_id,
                Result.ACTIVE.value, Result.INACTIVE.value, Result.NOT_FOUND.value,
            ),
        ).fetchone()  # fmt: skip
        held = tripwire is not None and tripwire.trips(lost, active)
        connection.execute(
            "INSERT OR REPLACE INTO notice"
            " (account, list, list_name, document, name, external_id, result, status, next_at, held)"
            " SELECT ?1, m.list, l.name, m.document, m.name, m.external_id, d.result, d.status, ?3, ?7"
            " FROM decision d JOIN run r ON r.id = d.run"
            " JOIN member m ON m.account = ?1 AND m.list = r.list AND m.document = d.document"
            " JOIN list l ON l.id = r.list"
            " WHERE d.account = ?1 AND d.run = ?2 AND d.settled AND d.was = ?4 AND d.result IN (?5, ?6)",
            (
                self._account, run_id, at,
                Result.ACTIVE.value, Result.INACTIVE.value, Result.NOT_FOUND.value, held,
            ),
        )  # fmt: skip

    def release(self, list_id: int, at: float) -> int:
        """Let the held notices of a list be due at `at`; return how many."""
        with self._database.write() as connection:
            return connection.execute(
                "UPDATE notice SET held = 0, next_at = ? WHERE account = ? AND list = ? AND held",
                (at, self._account, list_id),
            ).rowcount

    def drop(self, list_id: int) -> int:
        """Forget the held notices of a list: their command is never run; return how many."""
        return self._write("DELETE FROM notice WHERE account = ? AND list = ? AND held", (list_id,))

    def take(self, at: float) -> Notice | None:
        """Take the next one that is due, so that no other process runs it too; None when there is none.

        One that this owner took and never settled is taken again: whatever ran its command is over.
        """
        with self._database.write() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS}, owner FROM notice WHERE account = ? AND next_at <= ? AND NOT held"  # noqa: S608
                " ORDER BY next_at, id",
                (self._account, at),
            ).fetchall()
            free = next((row for row in rows if not self._liveness.elsewhere(row[-1])), None)
            if free is None:
                return None
            connection.execute("UPDATE notice SET owner = ? WHERE id = ?", (self._liveness.owner, free[0]))
        return _notice(free[:-1])

    def done(self, notice: Notice) -> None:
        """The command succeeded."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM notice WHERE id = ?", (notice.id,))

    def failed(self, notice: Notice, said: str, next_at: float) -> None:
        """The command failed, as `said`; it is tried again at `next_at`."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE notice SET attempts = attempts + 1, said = ?, next_at = ?, owner = '' WHERE id = ?",
                (said, next_at, notice.id),
            )

    def pending(self) -> tuple[Notice, ...]:
        """Return every notice that has not succeeded, the oldest first."""
        rows = self._read(
            f"SELECT {_COLUMNS} FROM notice WHERE account = ? ORDER BY id",  # noqa: S608
        )
        return tuple(map(_notice, rows))


def _notice(row: tuple[Any, ...]) -> Notice:
    id_, list_id, list_name, document, name, external, result, *told, held = row
    member = Member(document, name, external)
    values: list[Any] = [id_, list_id, list_name, member, Result(result), *told, bool(held)]
    return Notice(*values)

"""Check-ups on disk: lists with their members, and who runs them.

For one thread at a time. What runs decided is in `checkup_results`, what readings of the roster left in `rosters`, and
who is to be told of a lost contract in `command_queue`: rooms of one file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final, cast

import msgspec

from .checkup_rows import KnownMember, ListRow, Member, Reading, Result, RunRow, RunState
from .database import Database
from .process_liveness import ProcessLiveness

MIGRATIONS: Final = (
    """
CREATE TABLE list (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    imported_at REAL NOT NULL,
    UNIQUE (account, path)
);
CREATE TABLE member (
    account TEXT NOT NULL,
    list INTEGER NOT NULL,
    document TEXT NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    external_id TEXT NOT NULL,
    known TEXT,
    gone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, list, document)
) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    list INTEGER NOT NULL,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    who TEXT NOT NULL,
    rules TEXT NOT NULL,
    max_age REAL,
    started_at REAL NOT NULL,
    ended_at REAL,
    seconds REAL NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0,
    trouble TEXT NOT NULL DEFAULT '',
    reading TEXT
);
CREATE INDEX run_list ON run (account, list, id);
""",
)
RUNS_KEPT: Final = 3
"""Runs of a list whose decisions are kept."""

_RUN: Final = (
    "id, list, state, owner, who, rules, max_age, started_at, ended_at, seconds, requests, trouble, reading"
)


class Checkups:
    """The lists and runs of one credential. Raises StoreError."""

    def __init__(self, database: Database, account: str, liveness: ProcessLiveness) -> None:
        self._database = database
        self._account = account
        self._liveness = liveness

    @property
    def owner(self) -> str:
        """Name this engine among all that may run a list."""
        return self._liveness.owner

    # -- lists

    def lists(self) -> tuple[ListRow, ...]:
        """Return every list, the newest import first."""
        rows = self._database.read(
            "SELECT id, name, path, (SELECT count(*) FROM member m WHERE m.account = l.account AND m.list = l.id),"
            " imported_at FROM list l WHERE account = ? ORDER BY imported_at DESC, id DESC",
            (self._account,),
        )
        return tuple(ListRow(*cast("tuple[int, str, str, int, float]", row)) for row in rows)

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
        rows = self._database.read(
            "SELECT document, name, external_id, known, gone FROM member WHERE account = ? AND list = ?"
            " ORDER BY place",
            (self._account, list_id),
        )
        typed = cast("list[tuple[str, str, str, str | None, int]]", rows)
        return [
            (
                Member(document, name, external),
                None if known is None else KnownMember(Result(known), bool(gone)),
            )
            for document, name, external, known, gone in typed
        ]

    # -- runs

    def last_run(self, list_id: int) -> RunRow | None:
        """Return the newest run of a list; one whose process is gone is `INTERRUPTED`."""
        rows = self._database.read(
            f"SELECT {_RUN} FROM run WHERE account = ? AND list = ? ORDER BY id DESC LIMIT 1",  # noqa: S608
            (self._account, list_id),
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
                connection.execute(
                    "UPDATE run SET state = ?, owner = ?, who = ?, max_age = ?, ended_at = NULL, trouble = ''"
                    " WHERE id = ?",
                    (RunState.RUNNING.value, self.owner, who, max_age, last.id),
                )
                run_id = last.id
            else:
                run_id = cast(
                    "int",
                    connection.execute(
                        "INSERT INTO run (account, list, state, owner, who, rules, max_age, started_at)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        (self._account, list_id, RunState.RUNNING.value, self.owner, who, rules, max_age, at),
                    ).lastrowid,
                )
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
        rows = self._database.read(
            "SELECT max(ended_at) FROM run WHERE account = ? AND list = ? AND state = ? AND id < ?",
            (self._account, list_id, RunState.DONE.value, 2**62 if run_id is None else run_id),
        )
        return cast("float | None", rows[0][0])

    def _prune(self, connection: sqlite3.Connection, list_id: int, *, kept: int) -> None:
        old = "SELECT id FROM run WHERE account = ? AND list = ? ORDER BY id DESC LIMIT -1 OFFSET ?"
        for table, column in (("decision", "run"), ("seen", "run"), ("run", "id")):
            connection.execute(
                f"DELETE FROM {table} WHERE account = ? AND {column} IN ({old})",  # noqa: S608 - names from above
                (self._account, self._account, list_id, kept),
            )

    def _run(self, row: Sequence[object]) -> RunRow:
        (
            run_id,
            list_id,
            state,
            owner,
            who,
            rules,
            max_age,
            started,
            ended,
            seconds,
            requests,
            trouble,
            reading,
        ) = cast(
            "tuple[int, int, str, str, str, str, float | None, float, float | None, float, int, str, str | None]",
            tuple(row),
        )
        found = RunState(state)
        if found is RunState.RUNNING and self._liveness.dead([owner]):
            found = RunState.INTERRUPTED
        parsed = None if reading is None else msgspec.json.decode(reading, type=Reading)
        return RunRow(
            run_id,
            list_id,
            found,
            owner,
            who,
            rules,
            max_age,
            started,
            ended,
            seconds,
            requests,
            trouble,
            parsed,
        )

"""Rows on their way to the trace's file: collected on the hot path, written in batches by a thread of their own.

The trace never costs a person anything: what cannot be written is said once and dropped, and a crash loses what
came in the last seconds.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar, cast

from ..core.telemetry.trace import CATEGORIES, NaiveRow, QuestionRow, SentRow
from ..errors import StoreBusy, StoreError
from ..settings.places import read_ordinary
from ..texts import Text
from .database import Database, open_database
from .disk import make_private_folder, store_errors
from .trace_reader import MICRO, MIGRATIONS, MILLI, OUTCOMES, TABLES, TRIMMED, TraceReader

T = TypeVar("T")
logger = logging.getLogger(__name__)

TRACE: Final = "trace.db"
TRACE_KEY: Final = "trace.key"
FLUSH_SECONDS: Final = 10.0
"""How often rows are written: what a crash may lose."""
WAITING: Final = 50_000
"""Rows kept in memory while the file cannot be written; beyond it the oldest are lost."""
AGAIN_SECONDS: Final = 60.0
"""How often a file that cannot be used is tried again."""
HOUSE_SECONDS: Final = 3600.0
CLOSE_SECONDS: Final = 4.0


_AT_ONCE: Final = 10_000
"""Rows deleted in one transaction: another process that writes waits no longer than that takes."""


class TraceStore(TraceReader):
    """A reader that also writes. Raises StoreError; with StoreBusy nothing was changed."""

    def __init__(self, database: Database, account: str) -> None:
        super().__init__(database, account)
        self._words: dict[str, int] = {}

    def write(
        self,
        questions: Sequence[QuestionRow],
        sent: Sequence[SentRow],
        naive: Sequence[NaiveRow] = (),
        *,
        person: str,
        program: str = "",
    ) -> None:
        """Keep rows, all or none. `person` is who uses this machine's account, `program` what sends (see `Sent`)."""
        with self._forgetting_words_that_were_not_kept(), self._database.write():
            self._learn(
                [person, program, *(word for rows in (questions, sent, naive) for word in _words(rows))]
            )
            head = self._enter(), self._words[person]
            self._insert("question", [self._question(row, *head) for row in questions])
            self._insert("sent", [[*self._sent(row, *head), self._words[program]] for row in sent])
            self._insert("naive", [self._naive(row, *head) for row in naive])

    def trim(self, *, before: float, max_rows: int) -> int:
        """Drop rows older than `before` (epoch s), then the oldest beyond `max_rows`; return how many went.

        Of every account: the file is bounded as a whole.
        """
        bound = round(before * MICRO)
        rows = self._database.read("SELECT at FROM question ORDER BY at DESC LIMIT 1 OFFSET ?", (max_rows,))
        if rows:
            bound = max(bound, int(rows[0][0]) + 1)
        dropped = 0
        for table in TABLES:
            while went := self._drop(table, bound):
                dropped += went
        if dropped:
            self.set_mark(TRIMMED, bound / MICRO)
        return dropped

    def set_mark(self, name: str, value: float) -> None:
        """Keep a number under `name`."""
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (name, value))

    def _enter(self) -> int:
        self._database.connection.execute("INSERT OR IGNORE INTO account (name) VALUES (?)", (self._account,))
        return self._number()

    def _drop(self, table: str, bound: int) -> int:
        with self._database.write() as connection:
            return connection.execute(
                f"DELETE FROM {table} WHERE at < ? AND at <= (SELECT max(at) FROM"  # noqa: S608 - ours
                f" (SELECT at FROM {table} ORDER BY at LIMIT ?))",
                (bound, _AT_ONCE),
            ).rowcount

    @contextlib.contextmanager
    def _forgetting_words_that_were_not_kept(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            self._words.clear()
            raise

    def _learn(self, words: Iterable[str]) -> None:
        connection = self._database.connection
        for word in dict.fromkeys(words):
            if word not in self._words:
                connection.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (word,))
                row = connection.execute("SELECT id FROM word WHERE text = ?", (word,)).fetchone()
                self._words[word] = row[0]

    def _insert(self, table: str, rows: list[list[int | None]]) -> None:
        if not rows:
            return
        marks = ", ".join("?" * len(rows[0]))
        insert = f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608 - ours
        execute, last = self._database.connection.execute, 0
        for row in sorted(rows, key=lambda row: cast("int", row[0])):
            row[0] = last = max(last + 1, cast("int", row[0]))
            while not execute(insert, row).rowcount:
                row[0] = last = last + 1

    def _question(self, row: QuestionRow, account: int, person: int) -> list[int | None]:
        return [
            round(row.at * MICRO), account, CATEGORIES.index(row.category), row.subject, int(row.priority),
            OUTCOMES.index(row.outcome), round(row.age * MILLI), self._words[row.caller], person, row.changed,
            row.status_changed, round(row.since * MILLI), row.suspended, row.forced, row.failed, row.negative,
            row.was_negative, row.was_suspended,
        ]  # fmt: skip

    def _sent(self, row: SentRow, account: int, person: int) -> list[int | None]:
        return [
            round(row.at * MICRO), account, self._words[row.operation], int(row.priority), self._words[row.caller],
            person, row.attempt, round(row.wait * MICRO), round(row.latency * MICRO), row.status, row.size,
            self._words[row.outcome], row.sent, row.asked,
        ]  # fmt: skip

    def _naive(self, row: NaiveRow, account: int, person: int) -> list[int | None]:
        return [round(row.at * MICRO), account, self._words[row.caller], person, row.naive, row.requests]


def _words(rows: Sequence[QuestionRow | SentRow | NaiveRow]) -> Iterator[str]:
    for row in rows:
        yield row.caller
        if isinstance(row, SentRow):
            yield row.operation
            yield row.outcome


class TraceWriter:
    """A TraceSink. `start` it, `close` it: what was handed in before that is written then.

    `keep_house` is called in the writer's thread at the start and once an hour: it adds up what is complete and
    drops what is too old. `trouble` says, in a sentence for people, why nothing is written; None while all is well.
    """

    def __init__(
        self,
        path: Path,
        account: str,
        person: str,
        *,
        program: str = "",
        keep_house: Callable[[TraceStore], None] | None = None,
    ) -> None:
        self.trouble: Text | str | None = None
        self._path = path
        self._account = account
        self._person = person
        self._program = program
        self._keep_house = keep_house
        self._questions: deque[QuestionRow] = deque(maxlen=WAITING)
        self._requests: deque[SentRow] = deque(maxlen=WAITING)
        self._passes: deque[NaiveRow] = deque(maxlen=WAITING)
        self._store: TraceStore | None = None
        self._close_store: Callable[[], None] = lambda: None
        self._wanted = threading.Event()
        self._written = threading.Condition()
        self._rounds = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="hubsoft-trace", daemon=True)

    def question(self, row: QuestionRow) -> None:
        """Take one question. Any thread."""
        self._questions.append(row)

    def sent(self, row: SentRow) -> None:
        """Take one request. Any thread."""
        self._requests.append(row)

    def noted(self, row: NaiveRow) -> None:
        """Take what a pass saved. Any thread."""
        self._passes.append(row)

    def start(self) -> None:
        """Begin to write; opening the file is left to the thread."""
        self._thread.start()

    def flush(self, timeout: float = CLOSE_SECONDS) -> None:
        """Wait until what was handed in is written, or could not be, at most `timeout` seconds. Not in the loop."""
        until = time.monotonic() + timeout
        with self._written:
            wanted = self._rounds + 2  # the round that is going on may have begun before the last row came
            while self._rounds < wanted and self._thread.is_alive() and time.monotonic() < until:
                self._wanted.set()
                self._written.wait(until - time.monotonic())

    def close(self) -> None:
        """Write what is left and end the thread, within about `CLOSE_SECONDS`."""
        self._closed = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        # At once, so that opening a large file is over before a short command ends.
        pause = house_in = 0.0
        closing = False
        while not closing:
            self._wanted.wait(pause)
            self._wanted.clear()
            closing = self._closed
            pause = FLUSH_SECONDS if self._attempt(self._write) else AGAIN_SECONDS
            with self._written:
                self._rounds += 1
                self._written.notify_all()
            house_in -= pause
            if house_in <= 0 and self.trouble is None:
                house_in = HOUSE_SECONDS
                self._attempt(self._house)
        self._close_store()

    def _attempt(self, work: Callable[[], None]) -> bool:
        """Do `work`; a file that cannot be used is said once, until it can be again."""
        try:
            work()
        except StoreBusy:
            return True  # the rows wait for the next round
        except StoreError as error:
            if self.trouble is None:
                logger.warning("the trace is not written: %s", error)
            self.trouble = error.text
            return False
        except Exception:
            # A defect: these rows are lost, and the thread goes on, or the next rows would be lost too.
            logger.exception("the trace lost rows")
            return True
        self.trouble = None
        return True

    def _write(self) -> None:
        questions, sent, passes = _taken(self._questions), _taken(self._requests), _taken(self._passes)
        if not (questions or sent or passes) and self._store is not None:
            return
        try:
            self._opened().write(questions, sent, passes, person=self._person, program=self._program)
        except StoreError:
            _put_back(questions, self._questions)
            _put_back(sent, self._requests)
            _put_back(passes, self._passes)
            raise

    def _house(self) -> None:
        if self._keep_house is not None:
            self._keep_house(self._opened())

    def _opened(self) -> TraceStore:
        if self._store is None:
            # Rows are not looked at: that takes long, and is for its readers.
            database = open_database(self._path, MIGRATIONS, senses=None)
            self._close_store = database.close
            self._store = TraceStore(database, self._account)
        return self._store


def _taken(rows: deque[T]) -> list[T]:
    return [rows.popleft() for _row in range(len(rows))]


def _put_back(taken: list[T], rows: deque[T]) -> None:
    """Put rows in front of those that came in between; where there is no room for all, the newest have it."""
    room = max(0, WAITING - len(rows))
    rows.extendleft(reversed(taken[len(taken) - min(room, len(taken)) :]))


class OneRow:
    """A TraceSink that keeps its rows, for one that is written at once."""

    def __init__(self) -> None:
        self.rows: list[QuestionRow] = []

    def question(self, row: QuestionRow) -> None:
        """Keep one question."""
        self.rows.append(row)

    def sent(self, row: SentRow) -> None:
        """Keep nothing: no request was sent."""


KEY_BYTES: Final = 32
"""The key makes a trace's hashes worthless anywhere else: random, one for each home, readable by its owner."""


def home_key(path: Path) -> bytes:
    """Return the key kept in `path`, making one (0600) where there is none. Raises StoreError.

    Of several processes that begin at once all get the same one. A file that is no key is replaced: the
    subjects of older rows are then strangers to those of newer ones, which costs a few days of tuning.
    """
    with store_errors(path):
        with contextlib.suppress(OSError):
            if len(key := read_ordinary(path, KEY_BYTES)) == KEY_BYTES:
                return key
        path.unlink(missing_ok=True)
        make_private_folder(path.parent)
        # Linked into place whole: another process must never read half a key.
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
        return read_ordinary(path, KEY_BYTES)

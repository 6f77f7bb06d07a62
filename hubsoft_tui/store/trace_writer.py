"""Rows on their way to the trace's file: collected on the hot path, written in batches by a thread of their own.

The trace never costs a person anything: what cannot be written is said once and dropped, and a crash loses what
came in the last seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from ..core.telemetry.trace import NaiveRow, QuestionRow, SentRow
from ..errors import StoreBusy, StoreError
from ..texts import Text
from .database import open_database
from .trace import TraceStore
from .trace_reading import MIGRATIONS

T = TypeVar("T")
logger = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 2.0
"""How often rows are written: what a crash may lose."""
WAITING: Final = 50_000
"""Rows kept in memory while the file cannot be written; beyond it the oldest are lost."""
AGAIN_SECONDS: Final = 60.0
"""How often a file that cannot be used is tried again."""
HOUSE_SECONDS: Final = 3600.0
CLOSE_SECONDS: Final = 4.0


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
        keep_house: Callable[[TraceStore], None] | None = None,
    ) -> None:
        self.trouble: Text | str | None = None
        self._path = path
        self._account = account
        self._person = person
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
            # A fault of ours: these rows are lost, and the thread goes on, or nobody would write the next ones.
            logger.exception("the trace lost rows")
            return True
        self.trouble = None
        return True

    def _write(self) -> None:
        questions, sent, passes = _taken(self._questions), _taken(self._requests), _taken(self._passes)
        if not (questions or sent or passes) and self._store is not None:
            return
        try:
            self._opened().write(questions, sent, passes, person=self._person)
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
            database = open_database(self._path, MIGRATIONS)
            self._close_store = database.close
            self._store = TraceStore(database, self._account)
        return self._store


def _taken(rows: deque[T]) -> list[T]:
    return [rows.popleft() for _row in range(len(rows))]


def _put_back(taken: list[T], rows: deque[T]) -> None:
    """Put rows in front of those that came meanwhile; where there is no room for all, the newest have it."""
    room = max(0, WAITING - len(rows))
    rows.extendleft(reversed(taken[len(taken) - min(room, len(taken)) :]))

"""What the engine knows of one question, made into a row of the trace in a few microseconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from ..types import Category, Outcome, Priority
from .trace import QuestionRow, TraceSink

KNOWN_SUBJECTS: Final = 8192
"""Hashes remembered in memory: the same few customers are asked for again and again."""


@dataclass(frozen=True, slots=True)
class RecordTraits:
    """What the services know of records and the engine does not."""

    suspended: Callable[[object], bool] = lambda _record: False
    """The record is a customer without an active contract."""
    shown: Callable[[Category, object], object] = lambda _category, record: record
    """What of the record an answer of this category shows, without what time alone changes, such as a duration."""
    status: Callable[[object], object | None] = lambda _record: None
    """The contract's status alone; None for what is no customer."""


@dataclass(slots=True, repr=False)
class AskedQuestion:
    """One question as it came: `at` in UTC epoch seconds, `key` as the cache knows it."""

    # Not frozen, which would cost every answer from memory half a microsecond.

    at: float
    key: str
    category: Category
    priority: Priority
    caller: str
    forced: bool


class Tracer:
    """Hands rows to `sink`. `key` makes the hashes of subjects useless on any other home."""

    def __init__(self, sink: TraceSink, key: bytes, meaning: RecordTraits) -> None:
        self.sink = sink
        self._key = key
        self._meaning = meaning
        self._subjects: dict[str, int] = {}

    def shown(
        self,
        asked: AskedQuestion,
        outcome: Outcome,
        ids: tuple[str, ...],
        values: tuple[Any, ...],
        age: float,
    ) -> None:
        """Note a question that was answered with `values`, which are `age` seconds old."""
        self.sink.question(
            QuestionRow(
                at=asked.at,
                category=asked.category,
                subject=self._subject(asked.key, ids),
                priority=asked.priority,
                outcome=outcome,
                age=age,
                caller=asked.caller,
                suspended=self._suspended(values),
                forced=asked.forced,
                negative=not values,
            )
        )

    def renewed(
        self,
        asked: AskedQuestion,
        ids: tuple[str, ...],
        before: tuple[Any, ...],
        after: tuple[Any, ...],
        *,
        age: float,
        since: float,
    ) -> None:
        """Note a miss whose request brought `after` in place of `before`, fetched `since` seconds earlier."""
        meaning, category = self._meaning, asked.category
        was, is_ = ([meaning.status(record) for record in values] for values in (before, after))
        told = None not in was and None not in is_ and bool(was or is_)
        self.sink.question(
            QuestionRow(
                at=asked.at,
                category=category,
                subject=self._subject(asked.key, ids),
                priority=asked.priority,
                outcome=Outcome.MISS,
                age=age,
                caller=asked.caller,
                changed=[meaning.shown(category, record) for record in before]
                != [meaning.shown(category, record) for record in after],
                since=since,
                suspended=self._suspended(after),
                status_changed=was != is_ if told else None,
                forced=asked.forced,
                negative=not after,
                was_negative=not before,
                was_suspended=self._suspended(before),
            )
        )

    def failed(self, asked: AskedQuestion, ids: tuple[str, ...]) -> None:
        """Note a question that nothing could answer."""
        self.sink.question(
            QuestionRow(
                at=asked.at,
                category=asked.category,
                subject=self._subject(asked.key, ids),
                priority=asked.priority,
                outcome=Outcome.MISS,
                age=0.0,
                caller=asked.caller,
                forced=asked.forced,
                failed=True,
            )
        )

    def subject_of(self, name: str) -> int:
        """Return the hash that the record called `name` has in the trace."""
        return self._subject("", (name,))

    def _suspended(self, values: tuple[Any, ...]) -> bool:
        return len(values) == 1 and self._meaning.suspended(values[0])

    def _subject(self, key: str, ids: tuple[str, ...]) -> int:
        name = ids[0] if len(ids) == 1 else key
        subject = self._subjects.get(name)
        if subject is None:
            if len(self._subjects) >= KNOWN_SUBJECTS:
                self._subjects.clear()
            digest = blake2b(name.encode(), digest_size=8, key=self._key).digest()
            subject = self._subjects[name] = int.from_bytes(digest) >> 1
        return subject

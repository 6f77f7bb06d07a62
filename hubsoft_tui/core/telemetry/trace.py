"""The trace: one compact row for every question and every request, without personal data.

The engine makes rows with a `Tracer`, in a few microseconds each, and hands them to a `TraceSink`; what keeps them
(`store`) and what is learnt from them (`services`: reports, what-if, self-tuning) know nothing of the engine.
Instants are UTC epoch seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, Protocol

import msgspec

from ...values import dataclass
from ..types import Category, Outcome, Priority

REFRESH: Final = "refresh"
"""The caller of background renewals: questions that keep the cache fresh."""

CATEGORIES: Final = tuple(Category)
CATEGORY: Final = 0b0000_0011
"""The bits of a question's mark: the category, a place in `CATEGORIES`;"""
FORCED: Final = 0b0000_0100
"""`QuestionRow.forced`;"""
NEGATIVE: Final = 0b0000_1000
"""what was shown is "there is no such thing";"""
SUSPENDED: Final = 0b0001_0000
"""what was shown is a customer without an active contract;"""
PERSON: Final = 0b0010_0000
"""a person waited for the answer."""
KNOWN_SUBJECTS: Final = 8192
"""Hashes remembered in memory: the same few customers are asked for again and again."""


class QuestionRow(msgspec.Struct, frozen=True):
    """One question as it was answered."""

    # This, `AskedQuestion` and `CachedAnswer` are made for each answer from memory: structs, at a fifth of the cost.

    at: float
    category: Category
    subject: int
    """A keyed hash (63 bits) of the record that was asked about: the same on this home for every question that one
    record answers (a customer's document, code and login), and useless elsewhere. Never a document. Where no
    record is known, or several, it is the question's own."""
    priority: Priority
    outcome: Outcome
    age: float
    """Seconds since what was shown was fetched."""
    caller: str = ""
    changed: bool | None = None
    """For a miss that found an older record of the same subject: whether the new one differs in what this category
    shows (for CONTRACT_STATUS the services' statuses, for the others everything that is not a clock). Else None."""
    since: float = 0.0
    """For such a miss: seconds between the two fetches."""
    suspended: bool = False
    """The record concerns a customer without an active contract, which a payment may activate at any moment."""
    status_changed: bool | None = None
    """For such a miss about a customer, of any category: whether the services' statuses differ. Else None."""
    forced: bool = False
    """The asker wanted HubSoft asked whatever was remembered, so no lifetime would have made it a hit."""
    failed: bool = False
    """Nothing was shown: neither HubSoft nor what is remembered could answer, or the asker left."""
    negative: bool = False
    """What was shown is that there is no such thing, remembered or just asked."""
    was_negative: bool = False
    """For a miss that found an older record: that one said that there is no such thing."""
    was_suspended: bool = False
    """For such a miss: the older record was of a customer without an active contract."""


class SentRow(msgspec.Struct, frozen=True):
    """One request as it ended. `wait` and `latency` in seconds, `size` in bytes; see `RequestRow` for the rest."""

    at: float
    operation: str
    priority: Priority
    caller: str
    attempt: int
    wait: float
    latency: float
    status: int | None
    size: int
    outcome: str
    sent: bool = True
    """False when not a byte left (no connection): HubSoft counted nothing."""
    asked: bool = False
    """It was sent to answer a question; else it is a login, a probe, a page of a pass or a write."""


@dataclass(frozen=True, slots=True)
class NaiveRow:
    """What a pass over many (a sync, a check-up) spent, and what asking for each one apart would have."""

    at: float
    caller: str
    naive: int
    requests: int


class TraceSink(Protocol):
    """Where rows go. Called in the engine's loop, on the hot path: it only collects."""

    def question(self, row: QuestionRow) -> None:
        """Take one question."""
        ...

    def sent(self, row: SentRow) -> None:
        """Take one request."""
        ...


def mark_of(row: QuestionRow) -> int:
    """Return a question's flags, which passes over millions of questions read beside its instant and subject."""
    return (
        CATEGORIES.index(row.category)
        | row.forced * FORCED
        | (row.negative or row.outcome is Outcome.NEGATIVE) * NEGATIVE
        | row.suspended * SUSPENDED
        | (row.priority <= Priority.HIGH) * PERSON
    )


@dataclass(frozen=True, slots=True)
class RecordTraits:
    """What the services know of records and the engine does not."""

    suspended: Callable[[object], bool] = lambda _record: False
    """The record is a customer without an active contract."""
    shown: Callable[[Category, object], object] = lambda _category, record: record
    """What of the record an answer of this category shows, without what time alone changes, such as a duration."""
    status: Callable[[object], object | None] = lambda _record: None
    """The contract's status alone; None for what is no customer."""


class AskedQuestion(msgspec.Struct, frozen=True):
    """One question as it came: `at` in UTC epoch seconds, `key` as the cache knows it. Its text form shows neither."""

    at: float
    key: str
    category: Category
    priority: Priority
    caller: str
    forced: bool

    __repr__ = object.__repr__


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

"""The trace: one compact row for every question and every request, without personal data.

The engine hands rows to a `TraceSink`; what keeps them (`store`) and what is learnt from them (`services`:
reports, what-if, self-tuning) know nothing of the engine. Instants are UTC epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

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


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question as it was answered."""

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


@dataclass(frozen=True, slots=True)
class SentRow:
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

"""Questions and truth played through the cache's rules: the rows a trace would hold, and what was really shown.

Without engine and HubSoft, for examples and proofs: the demo's trace, the benchmarks, the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ...core.telemetry.trace import CATEGORIES, REFRESH, QuestionRow
from ...core.types import Category, Outcome, Priority
from .lifetimes import Kind, Rule, fixed


class Question(Protocol):
    """One question: when (seconds), about whom, what."""

    @property
    def at(self) -> float:
        """When it is asked."""
        ...

    @property
    def subject(self) -> int:
        """About whom."""
        ...

    @property
    def category(self) -> str:
        """A category's value."""
        ...

    @property
    def person(self) -> bool:
        """Whether somebody waits."""
        ...

    @property
    def forced(self) -> bool:
        """Whether HubSoft must be asked."""
        ...


class Truth(Protocol):
    """What HubSoft would answer at an instant."""

    def version(self, subject: int, category: str, at: float) -> int:
        """Name what `category` shows of `subject`: two instants with one name show the same."""
        ...

    def suspended(self, subject: int, at: float) -> bool:
        """Whether the subject is a customer without an active contract."""
        ...

    def exists(self, subject: int) -> bool:
        """Whether there is such a thing."""
        ...


@dataclass(slots=True)
class Shown:
    """What one category's questions saw."""

    asked: int = 0
    hits: int = 0
    outdated: int = 0
    """Answers from memory that had changed at HubSoft by then."""
    waited: int = 0
    """Questions of people that HubSoft was asked for."""
    people: int = 0


@dataclass(slots=True)
class Rehearsal:
    """A memory without limits over `truth`; `start` (UTC epoch seconds) is added to the rows' instants."""

    truth: Truth
    lifetimes: Mapping[str, float]
    start: float = 0.0
    requests: int = 0
    renewed: int = 0
    shown: dict[Category, Shown] = field(default_factory=lambda: {each: Shown() for each in Category})
    _kept: dict[int, float] = field(default_factory=dict)

    def ask(self, question: Question) -> QuestionRow:
        """Answer one question, not earlier than the one before, and return its row."""
        at, subject, category = question.at, question.subject, Category(question.category)
        fetched = self._kept.get(subject)
        shown = self.shown[category]
        shown.asked += 1
        shown.people += question.person
        fresh = fetched is not None and not question.forced and at <= self.expires(subject, category)
        if fetched is not None and fresh:
            shown.hits += 1
            shown.outdated += self._differs(subject, question.category, fetched, at)
        else:
            shown.waited += question.person
        return self._row(question, category, fetched, fresh=fresh)

    def renew(self, subject: int, category: Category, at: float) -> QuestionRow:
        """Ask HubSoft for what is remembered, unasked."""
        self.renewed += 1
        fetched = self._kept.get(subject)
        return self._row(_Renewal(at, subject, category.value), category, fetched, fresh=False)

    def expires(self, subject: int, category: Category) -> float:
        """Return until when what is remembered answers `category`."""
        fetched = self._kept[subject]
        return fetched + self._rule(subject, fetched).caps[CATEGORIES.index(category)]

    def _row(
        self, question: Question, category: Category, fetched: float | None, *, fresh: bool
    ) -> QuestionRow:
        at, subject, truth = question.at, question.subject, self.truth
        compared = fetched is not None and not fresh
        if not fresh:
            self.requests += 1
            self._kept[subject] = at
        looked = self._kept[subject]
        return QuestionRow(
            at=self.start + at,
            category=category,
            subject=subject,
            priority=Priority.HIGH if question.person else Priority.LOW,
            outcome=Outcome.MISS if not fresh else Outcome.HIT if truth.exists(subject) else Outcome.NEGATIVE,
            age=at - looked,
            caller=REFRESH if isinstance(question, _Renewal) else "lookup",
            changed=self._differs(subject, question.category, fetched, at)
            if compared and fetched is not None
            else None,
            since=at - fetched if compared and fetched is not None else 0.0,
            suspended=truth.suspended(subject, looked),
            forced=question.forced,
            negative=not truth.exists(subject),
            was_negative=compared and not truth.exists(subject),
            was_suspended=compared and fetched is not None and truth.suspended(subject, fetched),
        )

    def _rule(self, subject: int, fetched: float) -> Rule:
        kind = Kind.PLAIN
        if not self.truth.exists(subject):
            kind = Kind.NEGATIVE
        elif self.truth.suspended(subject, fetched):
            kind = Kind.SUSPENDED
        return fixed(self.lifetimes)[kind]

    def _differs(self, subject: int, category: str, fetched: float, at: float) -> bool:
        return self.truth.version(subject, category, fetched) != self.truth.version(subject, category, at)


@dataclass(frozen=True, slots=True)
class _Renewal:
    at: float
    subject: int
    category: str
    person: bool = False
    forced: bool = True


def rehearse(
    questions: Iterable[Question], truth: Truth, lifetimes: Mapping[str, float], *, start: float = 0.0
) -> tuple[Rehearsal, list[QuestionRow]]:
    """Answer `questions` in turn; return what came of it and the rows."""
    rehearsal = Rehearsal(truth, lifetimes, start)
    return rehearsal, [rehearsal.ask(question) for question in questions]

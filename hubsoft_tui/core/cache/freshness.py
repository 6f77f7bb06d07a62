"""Questions, and what is known without asking them: the cache as they see it, with the age limits in force.

A question is answered by its own record, or by a roster's row where that says enough. How old an answer may be is
a matter of the question's category and of the customer it is about.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Generic, TypeVar

import msgspec

from ...api.operation import Operation
from ...settings.tree import CacheSettings
from ...values import dataclass
from ..clock import Clock
from ..types import Answer, Category, Source
from .cache import Cache, CachedAnswer, CacheReader, Part

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sweep:
    """One request that brings at once what answers many questions, asked for in place of what answers one."""

    key: str
    """Who asks for the same sweep at the same time shares it."""
    operation: Operation[Any]
    take: Callable[[Any], Awaitable[Mapping[str, tuple[Any, ...]]]]
    """Says which rows of what was received answer what, by `Question.brief`; none where it does not tell enough."""
    failed: Callable[[], object]
    """Told that HubSoft would not or could not answer it: each question is asked alone then."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked, how old its answer may be, and how the answer is taken apart to be remembered."""

    key: str = field(repr=False)
    """What it is remembered by; holds a document, so its text form does not show it."""
    category: Category
    operation: Operation[T]
    parts: Callable[[T], tuple[Part, ...]]
    join: Callable[[tuple[Any, ...]], T]
    alone: bool = False
    """The question names one subject (a document, a code), so any newer record of that subject answers it."""
    lasting: bool = False
    """Its answer is shown while HubSoft is away however old it is: names and numbers that hardly ever change."""
    brief: str = field(default="", repr=False)
    """A key under which a roster's rows may answer too; empty: none may."""
    rows_tell: Callable[[tuple[Any, ...]], bool] | None = None
    """Whether these rows of a roster tell enough for CLIENT_DATA; None: none does. They do for the other categories."""
    sweep: Callable[[], Awaitable[Sweep | None]] | None = None
    """Looks for a sweep that costs no more than this question alone, once nothing remembered answers it."""


class Fetched(msgspec.Struct, Generic[T], frozen=True):
    """What a question brought from HubSoft; `requests` is 0 when another process brought it."""

    value: T
    age: float
    fetched_at: float
    truncated: bool
    problems: int
    requests: int
    ids: tuple[str, ...] = ()
    """The names of the records it consists of, in the order of `values`."""
    values: tuple[Any, ...] = ()


class FreshReader:
    """What is known without asking, for one thread at a time. `settings` may be replaced at any time."""

    def __init__(
        self, cache: CacheReader, settings: CacheSettings, suspended: Callable[[object], bool]
    ) -> None:
        """`suspended` tells a customer without an active contract, who is remembered for `suspended_ttl` at most."""
        self._reader = cache
        self.settings = settings
        self._suspended = suspended

    def find(self, question: Question[Any]) -> CachedAnswer | None:
        """Return the youngest that is known, however old.

        A roster's rows stand in for a customer's data only where the question says that they tell enough, and no
        record that tells more is young enough.
        """
        found = self._reader.find(question.key)
        data = question.category is Category.CLIENT_DATA
        if not question.brief or (data and question.rows_tell is None):
            return found
        if data and found is not None and self.fresh(question, found):
            return found
        rows = self._reader.find_brief(question.brief)
        if (
            rows is not None
            and data
            and question.rows_tell is not None
            and not question.rows_tell(rows.values)
        ):
            return found
        return _younger(found, rows)

    def fresh(self, question: Question[Any], found: CachedAnswer) -> bool:
        """Whether what was found is young enough for the question."""
        return found.age <= self.limit(question.category, found)

    def useful(self, found: CachedAnswer | None) -> bool:
        """Whether it may be shown, marked stale, while HubSoft cannot be asked."""
        return found is not None and not found.negative and found.age <= self.settings.stale_ttl

    def limit(self, category: Category, found: CachedAnswer) -> float:
        """Return for how many seconds what was found answers questions of `category`."""
        if found.negative:
            return self.settings.not_found_ttl
        return self.lifetime_of(found.values[0] if len(found.values) == 1 else None, category)

    def lifetime_of(self, record: object | None, category: Category) -> float:
        """Return for how many seconds a record, or several (None), answers questions of `category`."""
        lifetime = _lifetime(self.settings, category)
        shorter = self.settings.suspended_ttl < lifetime and category is not Category.SERVICE_DATA
        if shorter and record is not None and self._suspended(record):
            return self.settings.suspended_ttl
        return lifetime

    def answer(
        self, question: Question[T], found: CachedAnswer, source: Source = Source.CACHE, *, reason: str = ""
    ) -> Answer[T]:
        """Return what was found as an answer; `reason` says why a stale one is shown."""
        return Answer(
            value=question.join(found.values),
            source=source,
            age=found.age,
            fetched_at=found.fetched_at,
            truncated=found.truncated,
            reason=reason,
        )


class Freshness(FreshReader):
    """The same with what is learnt. Lives in the engine's loop; other settings hold for what is known already."""

    def __init__(
        self, cache: Cache, clock: Clock, settings: CacheSettings, suspended: Callable[[object], bool]
    ) -> None:
        super().__init__(cache, settings, suspended)
        self.cache = cache
        self._clock = clock

    def reconfigure(self, settings: CacheSettings) -> None:
        """Use other limits and sizes from now on."""
        self.settings = settings
        self.cache.resize(settings.max_entries)
        self.cache.max_briefs = settings.roster_entries

    # -- what is asked of it alone: nothing is sent, and nothing counts as a question

    def remembered(self, question: Question[T]) -> Answer[T] | None:
        """Return what is remembered, however old, or None."""
        found = self.cache.find(question.key)
        return None if found is None else self.answer(question, found)

    def recall(
        self, asked: Sequence[Question[T]], *, category: Category, max_age: float | None = None
    ) -> list[Answer[T] | None]:
        """Return for each question what is remembered and young enough, else None.

        `max_age` (seconds) stands in for the category's own limit. A few hundred questions take milliseconds.
        """
        keys = [question.key for question in asked]
        known = self.cache.find_many(keys, [question.brief for question in asked if question.brief])
        answers: list[Answer[T] | None] = []
        for question in asked:
            found = _younger(known.get(question.key), known.get(question.brief))
            fresh = found is not None and found.age <= self._allowed(found, category, max_age)
            answers.append(self.answer(question, found) if found is not None and fresh else None)
        return answers

    def learn(self, briefs: Mapping[str, tuple[Any, ...]], *, sent_at: float, sent_now: float) -> None:
        """Remember rows of a roster by the `Question.brief` they answer, as sent for at these two instants."""
        self.cache.learn(briefs, sent_at=sent_at, sent_now=sent_now)

    def customers(self, limit: int) -> list[tuple[str, float]]:
        """Return (record's name, age in seconds) of remembered customers, the last used first. Raises StoreError."""
        return self.cache.customers(limit)

    def record(self, name: str) -> object | None:
        """Return a remembered record by its name, however old; None when there is none."""
        return self.cache.record(name)

    def outdate(self, names: Sequence[str] | None, before: float | None = None) -> None:
        """Let these records (None: all) answer nothing any more but what is asked while HubSoft is away.

        Those are spared that were asked for after `before` (Clock.now).
        """
        limits = self.settings
        longest = max(limits.client_data_ttl, limits.contract_status_ttl, limits.service_data_ttl)
        self.cache.outdate(names, longest + 1.0, before)

    # -- keeping house

    def count(self, used_within: float | None = None) -> int:
        """How many customers are remembered; with `used_within` those used in the last so many seconds."""
        return self.cache.count(0.0 if used_within is None else self._clock.wall() - used_within)

    def clear(self, before: float | None = None) -> int:
        """Forget every answer, or those asked for before `before` (Clock.now); return how many records went."""
        return self.cache.clear(before)

    def clean(self) -> int:
        """Drop what has expired beyond use and what is over the limit; return how many expired."""
        return self.cache.clean(keep_seconds=self.settings.stale_ttl)

    def _allowed(self, found: CachedAnswer, category: Category, max_age: float | None) -> float:
        limit = self.limit(category, found)
        if max_age is None:
            return limit
        return min(max_age, limit) if found.negative else max_age


def _younger(one: CachedAnswer | None, other: CachedAnswer | None) -> CachedAnswer | None:
    if one is None or other is None:
        return other if one is None else one
    return other if other.age < one.age else one


def _lifetime(settings: CacheSettings, category: Category) -> float:
    if category is Category.CLIENT_DATA:
        return settings.client_data_ttl
    if category is Category.CONTRACT_STATUS:
        return settings.contract_status_ttl
    return settings.service_data_ttl

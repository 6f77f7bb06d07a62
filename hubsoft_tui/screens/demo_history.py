"""The demo's history: weeks of questions and changes at a provider, answered by the rules of the cache into trace rows.

Customers call when something happened: after a suspension, after a payment, when the line is down and again an hour
later. So questions and changes depend on each other, and one seed gives the same weeks. The benchmarks and the tests
replay them too, without engine and HubSoft. Instants of weeks are seconds from a Monday's midnight, local time.
"""

from __future__ import annotations

import itertools
import random
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final

from hubsoft_tui.core.telemetry.trace import CATEGORIES, REFRESH, QuestionRow, SentRow
from hubsoft_tui.core.types import Category, Outcome, Priority
from hubsoft_tui.formats import DAY, HOUR, day_of, start_of
from hubsoft_tui.services.tuning.curve import RecordKind, Rule, ages, fixed
from hubsoft_tui.settings.tree import CacheSettings
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS
from hubsoft_tui.store.trace_writer import TraceStore
from hubsoft_tui.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hubsoft_tui.settings.tree import Profile

DAYS: Final = 14
AT_ONCE: Final = 500
"""Rows written in one transaction: the engine's own are not kept waiting."""

DATA: Final = "client_data"
STATUS: Final = "contract_status"
SERVICE: Final = "service_data"

TICKETS: Final = 1_000_000
"""A customer's tickets are a subject of their own: the customer's number and this."""
STRANGERS: Final = 2_000_000
"""From here on: documents of no customer."""

CALLS: Final = (130, 120, 115, 120, 130, 60, 25)
"""Calls a day, Monday first, first calls only."""
PORTAL: Final = 150
"""Logins a day at the customers' portal, a program."""
CHECKUP: Final = 100
"""Customers whose contract is looked at every morning at six, by a program."""


@dataclass(frozen=True, slots=True)
class WeekQuestion:
    """One question. `category` is a `core.types.Category`'s value."""

    at: float
    subject: int
    category: str
    person: bool
    """A person waits for the answer; else a program does."""
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Weeks:
    """Questions in order of time, and the truth: what of which customer changed, and when."""

    questions: tuple[WeekQuestion, ...]
    changes: dict[tuple[int, str], tuple[float, ...]]
    """(subject, category) -> the instants at which what that category shows changed, in order."""
    spells: dict[int, tuple[float, ...]]
    """Customer -> instants at which the contract was suspended or unlocked, in turn, suspended first."""

    def version(self, subject: int, category: str, at: float) -> int:
        """Return a number that grows whenever what `category` shows of `subject` changes."""
        return bisect_right(self.changes.get((subject, category), ()), at)

    def suspended(self, subject: int, at: float) -> bool:
        """Tell whether a customer's contract is suspended."""
        return bisect_right(self.spells.get(subject, ()), at) % 2 == 1

    def exists(self, subject: int) -> bool:
        """Tell whether HubSoft knows this subject."""
        return subject < STRANGERS


def weeks(seed: int = 1, *, days: int = 7, customers: int = 800) -> Weeks:
    """Return `days` days of a provider, with questions about `customers` of its customers."""
    return _Provider(seed, days, customers).weeks()


class _Provider:
    def __init__(self, seed: int, days: int, customers: int) -> None:
        self._chance = random.Random(f"weeks:{seed}")  # noqa: S311 - reproducible days, not secrets
        self._days = days
        self._customers = customers
        names = list(range(customers))
        self._chance.shuffle(names)
        self._names = names
        self._reach = list(itertools.accumulate(1 / (rank + 8) for rank in range(customers)))
        self._asked: list[WeekQuestion] = []
        self._changes: dict[tuple[int, str], list[float]] = defaultdict(list)
        self._spells: dict[int, list[float]] = {}

    def weeks(self) -> Weeks:
        for customer in range(self._customers):
            self._live(customer)
        for day in range(self._days):
            self._work(day)
        end = self._days * DAY
        return Weeks(
            tuple(sorted((one for one in self._asked if one.at < end), key=lambda one: one.at)),
            {key: tuple(sorted(instants)) for key, instants in self._changes.items()},
            {customer: tuple(spells) for customer, spells in self._spells.items()},
        )

    # What happens to customers.

    def _live(self, customer: int) -> None:
        """Suspend a customer now and then, at night; unlock by day, when the payment came; change the data."""
        chance, spells = self._chance, list[float]()
        pays_badly = chance.random() < 0.15
        at = 0.0
        if pays_badly and chance.random() < 0.4:
            spells.append(-chance.uniform(0, 3) * DAY)
            at = self._unlocked(customer, spells, 0.0)
        while pays_badly:
            at += chance.expovariate(1 / 12) * DAY
            if at >= self._days * DAY:
                break
            at = at // DAY * DAY + HOUR
            spells.append(at)
            if chance.random() < 0.6:
                self._call(customer, at // DAY * DAY + self._business())
            at = self._unlocked(customer, spells, at)
        self._spells[customer] = spells
        data = [each for each in spells if each >= 0]
        every = 60 if chance.random() < 0.5 else 365
        moved = chance.expovariate(1 / every)
        while moved < self._days:
            data.append(moved // 1 * DAY + self._business())
            moved += chance.expovariate(1 / every)
        self._changes[customer, STATUS] = [each for each in spells if each >= 0]
        self._changes[customer, DATA] = data

    def _unlocked(self, customer: int, spells: list[float], at: float) -> float:
        """Let the customer pay, on some later day by day; mostly they call, to hear that it worked."""
        paid = (at // DAY + int(self._chance.expovariate(1 / 1.5))) * DAY + self._business()
        paid = max(paid, at + HOUR)
        spells.append(paid)
        if self._chance.random() < 0.6:
            self._call(customer, paid + self._chance.uniform(-1, 2) * HOUR)
        return paid

    # Who asks.

    def _work(self, day: int) -> None:
        start, chance = day * DAY, self._chance
        for _ in range(CALLS[day % 7]):
            self._call(self._someone(), start + self._business())
        for _ in range(PORTAL):
            at, customer = start + self._waking(), self._someone()
            self._asked.append(WeekQuestion(at, customer, STATUS, person=False))
            if chance.random() < 0.35:
                self._asked.append(WeekQuestion(at + chance.uniform(2, 20), customer, DATA, person=False))
        for member in range(min(CHECKUP, self._customers)):
            self._asked.append(WeekQuestion(start + 6 * HOUR + member * 2.5, member, STATUS, person=False))
        for _ in range(4):
            stranger, at = STRANGERS + chance.randrange(10**6), start + self._business()
            self._asked.append(WeekQuestion(at, stranger, DATA, person=True))
            if chance.random() < 0.5:  # the same number is tried again
                self._asked.append(WeekQuestion(at + chance.uniform(20, 600), stranger, DATA, person=True))

    def _call(self, customer: int, at: float) -> None:
        """A customer calls: an operator looks the customer and the tickets up, perhaps opens one; and again later."""
        chance = self._chance
        again = True
        while again and at < self._days * DAY:
            if at >= 0:
                forced = chance.random() < 0.04
                self._asked.append(WeekQuestion(at, customer, DATA, person=True, forced=forced))
                self._asked.append(
                    WeekQuestion(at + 1, customer + TICKETS, SERVICE, person=True, forced=forced)
                )
            if chance.random() < 0.12:
                self._ticket(customer, at + chance.uniform(2, 12) * 60)
            again = chance.random() < 0.35
            at += chance.lognormvariate(8.2, 1.2)  # mostly within hours: the median is an hour

    def _ticket(self, customer: int, at: float) -> None:
        """Open a ticket and let it change a few times until it is closed, by day."""
        changes = self._changes[customer + TICKETS, SERVICE]
        changes.append(at)
        for _ in range(self._chance.randrange(1, 4)):
            at += self._chance.expovariate(1 / (20 * HOUR))
            if at % DAY < 8 * HOUR or at % DAY > 19 * HOUR:
                at = (at // DAY + (at % DAY > 19 * HOUR)) * DAY + self._business()
            changes.append(at)

    def _someone(self) -> int:
        """Name a customer: a few are asked about much, most seldom."""
        rank = bisect_right(self._reach, self._chance.random() * self._reach[-1])
        return self._names[min(rank, self._customers - 1)]

    def _business(self) -> float:
        """Return a moment between 8 and 19 h: around half past ten, and around half past three."""
        while True:
            hour = self._chance.gauss(*self._chance.choice(((10.5, 1.5), (15.5, 1.7))))
            if 8 <= hour <= 19:
                return hour * HOUR

    def _waking(self) -> float:
        return min(max(self._chance.gauss(15, 4.5), 0.1), 23.9) * HOUR


@dataclass(slots=True)
class CategoryReplay:
    """What one category's questions saw."""

    asked: int = 0
    hits: int = 0
    outdated: int = 0
    """Answers from the cache that had changed at HubSoft by then."""
    waited: int = 0
    """Questions of people that HubSoft had to answer."""
    people: int = 0


@dataclass(slots=True)
class CacheReplay:
    """A cache without limits over `truth`; `start` (UTC epoch seconds) is added to the rows' instants."""

    truth: Weeks
    lifetimes: Mapping[str, float]
    start: float = 0.0
    requests: int = 0
    renewed: int = 0
    shown: dict[Category, CategoryReplay] = field(
        default_factory=lambda: {each: CategoryReplay() for each in Category}
    )
    _kept: dict[int, float] = field(default_factory=dict)

    def ask(self, question: WeekQuestion) -> QuestionRow:
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
        """Renew a cached record ahead of a question."""
        self.renewed += 1
        fetched = self._kept.get(subject)
        question = WeekQuestion(at, subject, category.value, person=False, forced=True)
        return self._row(question, category, fetched, fresh=False, caller=REFRESH)

    def expires(self, subject: int, category: Category) -> float:
        """Return until when what is remembered answers `category`."""
        fetched = self._kept[subject]
        return fetched + self._rule(subject, fetched).caps[CATEGORIES.index(category)]

    def _row(
        self,
        question: WeekQuestion,
        category: Category,
        fetched: float | None,
        *,
        fresh: bool,
        caller: str = "lookup",
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
            caller=caller,
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
        kind = RecordKind.PLAIN
        if not self.truth.exists(subject):
            kind = RecordKind.NEGATIVE
        elif self.truth.suspended(subject, fetched):
            kind = RecordKind.SUSPENDED
        return fixed(self.lifetimes)[kind]

    def _differs(self, subject: int, category: str, fetched: float, at: float) -> bool:
        return self.truth.version(subject, category, fetched) != self.truth.version(subject, category, at)


def replay(
    questions: Iterable[WeekQuestion], truth: Weeks, lifetimes: Mapping[str, float], *, start: float = 0.0
) -> tuple[CacheReplay, list[QuestionRow]]:
    """Answer `questions` in turn; return the replay and its rows."""
    replayed = CacheReplay(truth, lifetimes, start)
    return replayed, [replayed.ask(question) for question in questions]


def record(path: Path, profile: Profile, stopped: Callable[[], bool]) -> None:
    """Write the two weeks before today to the trace at `path`. Raises StoreError."""
    start = start_of(day_of(time.time())) - DAYS * DAY
    # The weeks begin on a Monday; those before today may not. The days of the week then lie a little off.
    played = weeks(days=DAYS)
    replayed = CacheReplay(played, ages(CacheSettings()), start)
    database = open_database(path, MIGRATIONS)
    try:
        store = TraceStore(database, profile.account)
        for first in range(0, len(played.questions), AT_ONCE):
            if stopped():
                return
            some = [replayed.ask(question) for question in played.questions[first : first + AT_ONCE]]
            store.write(some, list(_sent(some)), person="demo", program="console")
            time.sleep(0.01)  # other writers have the file in between
    finally:
        database.close()


def _sent(rows: list[QuestionRow]) -> Iterator[SentRow]:
    chance = random.Random(rows[0].at)  # noqa: S311 - made-up latencies, not secrets
    for row in rows:
        if row.outcome is Outcome.MISS:
            yield SentRow(
                at=row.at,
                operation="cliente" if row.subject < 1_000_000 else "cliente.atendimento",
                priority=row.priority if row.priority <= Priority.HIGH else Priority.LOW,
                caller=row.caller,
                attempt=1,
                wait=0.0,
                latency=chance.lognormvariate(-1.6, 0.5),
                status=200,
                size=9000,
                outcome="ok",
                asked=True,
            )

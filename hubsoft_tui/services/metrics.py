"""The figures of a home as other systems take them: named, explained, without anything personal.

They are read from what the programs of a home share on disk, so a console elsewhere on this machine is measured
without being asked. Totals count from local midnight and begin again there, as a counter does at a restart.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Literal, Self

from .._version import __version__
from ..core.clock import Clock
from ..core.limiter.schedule import FROZEN
from ..core.limiter.throttle import limits_from
from ..core.limiter.view import budget_state
from ..core.types import Priority
from ..errors import SharedServerLost, StoreError
from ..settings.tree import Settings
from .identity import account_of
from .reports.archive import ReportReader
from .reports.figures import Sums
from .reports.types import DayReport
from .storage import State, open_reports, open_state

EMPTY: Final[tuple[tuple[()], ...]] = ((), (), (), ())


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric. `samples` are values by the values of `labels`; a counter's name does not end in `_total` yet."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()


class HomeMetrics:
    """The figures of one profile's home, for any thread. Use it in a `with` block; opening raises StoreError."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._state: State = self._stack.enter_context(open_state(self._settings, self._clock))
        self._reports: ReportReader = open_reports(self._settings, self._clock)
        self._stack.callback(self._reports.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def figures(self) -> list[Figure]:
        """Return every figure as it is now. What cannot be read is left out, and `hubsoft_readable` says so."""
        found: list[Figure] = []
        readable: dict[tuple[str, ...], float] = {}
        parts = {
            "budget": self._budget,
            "cache": self._cache,
            "token": self._token,
            "trace": self._today,
            "shared": self._shared,
        }
        with self._lock:
            for name, read in parts.items():
                try:
                    found += read()
                except StoreError:
                    readable[name,] = 0.0
                else:
                    readable[name,] = 1.0
        profile = self._settings.profile.name
        return [
            Figure(
                "hubsoft_info",
                "gauge",
                "The version of hubsoft-tui and the profile measured.",
                {(__version__, profile): 1.0},
                ("version", "profile"),
            ),
            Figure(
                "hubsoft_readable",
                "gauge",
                "Whether a part of the state on disk could be read (1) or not (0).",
                readable,
                ("part",),
            ),
            *found,
        ]

    def _budget(self) -> list[Figure]:
        ledger, now = self._state.ports.permits.read(), self._clock.now()
        limits = limits_from(self._settings.limiter)
        state = budget_state(ledger, "", limits, now, arrivals=EMPTY, waits=EMPTY)
        waiting: dict[tuple[str, ...], float] = {(priority.name.lower(),): 0.0 for priority in Priority}
        for head in ledger.queue.values():
            if now - head.seen < FROZEN:
                waiting[head.priority.name.lower(),] += head.waiting
        return [
            _gauge("hubsoft_budget_limit", "Requests allowed in 60 seconds now, after any 429.", state.limit),
            _gauge(
                "hubsoft_budget_configured",
                "Requests allowed in 60 seconds by the settings.",
                state.configured,
            ),
            _gauge(
                "hubsoft_budget_used",
                "Requests of the last 60 seconds, those on their way included.",
                state.used,
            ),
            _gauge("hubsoft_paused_seconds", "Seconds until the pause after a 429 ends.", state.paused_for),
            Figure(
                "hubsoft_queue_waiting",
                "gauge",
                "Requests that wait for their turn, by class.",
                waiting,
                ("class",),
            ),
        ]

    def _shared(self) -> list[Figure]:
        if self._state.shared is None:
            return []
        from .shared_ports import figures_at  # noqa: PLC0415 - heavy library: redis and cryptography

        up = "Whether the server that machines share answers (1) or not (0)."
        try:
            seen = asyncio.run(figures_at(self._settings, account_of(self._settings.profile)))
        except SharedServerLost:
            return [_gauge("hubsoft_shared_up", up, 0)]
        ledger = seen.ledger
        told = {
            "hubsoft_shared_up": (up, 1),
            "hubsoft_shared_machines": (
                "Machines that share the budget, silent ones included.",
                len(seen.machines),
            ),
            "hubsoft_shared_turn_seconds": (
                "Seconds of one round trip to the shared server.",
                seen.round_trip,
            ),
            "hubsoft_shared_set_aside": (
                "Requests in 60 seconds kept free for machines that are silent.",
                seen.set_aside,
            ),
            "hubsoft_shared_quarantine_seconds": (
                "Seconds until the shared budget grants again after it was lost.",
                ledger.quarantine,
            ),
            "hubsoft_shared_unknown_seconds": (
                "Seconds for which two thirds are kept free for machines that are not known.",
                ledger.unknown,
            ),
        }
        jumped = (
            "Seconds that the shared server's clock jumped ahead and was not believed, in the budget's life."
        )
        return [
            *(_gauge(name, text, value) for name, (text, value) in told.items()),
            Figure("hubsoft_shared_clock_held_back_seconds", "counter", jumped, {(): ledger.held_back}),
        ]

    def _cache(self) -> list[Figure]:
        return [
            _gauge("hubsoft_cache_records", "Customers remembered.", self._state.ports.records.count()),
            _gauge(
                "hubsoft_cache_records_max",
                "Customers remembered at most.",
                self._settings.cache.max_entries,
            ),
        ]

    def _token(self) -> list[Figure]:
        token = self._state.ports.tokens.load()
        left = 0.0 if token is None else max(0.0, token.expires_wall - self._clock.wall())
        return [_gauge("hubsoft_token_seconds", "Seconds the login is still good for; 0 without one.", left)]

    def _today(self) -> list[Figure]:
        report = self._reports.day(self._reports.today())
        figures = [*_totals(report), *_parts(report)]
        last = self._reports.last_answer()
        if last is not None:
            figures.append(
                _gauge(
                    "hubsoft_last_answer_timestamp_seconds",
                    "When the last request that HubSoft answered was sent, in seconds since 1970.",
                    last,
                )
            )
        return figures


def _totals(report: DayReport) -> Iterator[Figure]:
    total = report.total
    counted = {
        "hubsoft_errors": ("Requests that HubSoft or the way to it failed, today.", total.errors),
        "hubsoft_rate_limited": ("Requests that HubSoft refused with 429, today.", total.rate_limited),
        "hubsoft_repeats": ("Requests that repeated a failed one, today.", total.repeats),
        "hubsoft_unsent": ("Tries that never reached HubSoft, today.", total.unsent),
        "hubsoft_answer_bytes": ("Bytes of HubSoft's answers, today.", total.size),
        "hubsoft_wait_seconds": (
            "Seconds that requests waited for their turn, together, today.",
            total.waited,
        ),
    }
    for name, (told, value) in counted.items():
        yield Figure(name, "counter", told, {(): float(value)})
    yield _gauge(
        "hubsoft_saved_requests",
        "Requests that one for each question, ticket or member would have cost in addition, today.",
        total.saved,
    )
    quantiles = {("0.5",): total.p50, ("0.95",): total.p95}
    yield Figure(
        "hubsoft_answer_seconds",
        "gauge",
        "How long HubSoft's answers took, today: the time within which this share of them came.",
        {labels: value for labels, value in quantiles.items() if value is not None},
        ("quantile",),
    )


def _parts(report: DayReport) -> Iterator[Figure]:
    yield Figure(
        "hubsoft_questions",
        "counter",
        "Questions asked, today, by what they were about and how they were answered.",
        {
            (category, outcome): float(count)
            for category, sums in report.categories.items()
            for outcome, count in _outcomes(sums).items()
        },
        ("category", "outcome"),
    )
    yield _requests(
        "hubsoft_requests", "Requests HubSoft received, today, by endpoint.", "endpoint", report.endpoints
    )
    yield _requests(
        "hubsoft_class_requests", "Requests HubSoft received, today, by class.", "class", report.priorities
    )
    yield Figure(
        "hubsoft_answers",
        "counter",
        "Requests HubSoft received, today, by HTTP status, or by what happened in place of an answer.",
        {(status,): float(count) for status, count in report.statuses.items()},
        ("status",),
    )


def _outcomes(sums: Sums) -> dict[str, int]:
    shown = {
        "hit": sums.hits,
        "coalesced": sums.coalesced,
        "negative": sums.negative,
        "stale": sums.stale,
        "failed": sums.failed,
    }
    return {**shown, "miss": sums.questions - sum(shown.values())}


def _requests(name: str, told: str, label: str, groups: Mapping[str, Sums]) -> Figure:
    return Figure(
        name, "counter", told, {(key,): float(sums.requests) for key, sums in groups.items()}, (label,)
    )


def _gauge(name: str, told: str, value: float) -> Figure:
    return Figure(name, "gauge", told, {(): float(value)})

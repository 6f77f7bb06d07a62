"""What happens, as events for every subscription; the last requests, for the Requests screen and the log."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from ...values import dataclass
from ..clock import Clock, today
from ..types import Health, Priority, RequestRow
from .trace import SentRow, TraceSink

KEPT: Final = 500
MOST_WAITING: Final = 1000
"""Events that one subscription holds."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """HubSoft's health became `now`; `at` is UTC epoch seconds."""

    before: Health
    now: Health
    at: float


Event = RequestRow | HealthChanged


class Subscription:
    """One watcher's events, oldest first; the oldest are lost when more than `MOST_WAITING` wait. Any thread."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=MOST_WAITING)
        self._arrived = threading.Event()

    def push(self, event: Event) -> None:
        """Add one event; never blocks."""
        self._events.append(event)
        self._arrived.set()

    def take(self, timeout: float = 0.0) -> list[Event]:
        """Return what came since the last call, waiting up to `timeout` seconds for something to come."""
        if timeout > 0:
            self._arrived.wait(timeout)
        self._arrived.clear()
        taken = []
        while self._events:
            taken.append(self._events.popleft())
        return taken


class Events:
    """Publishes to every subscription. Without one an event costs one comparison."""

    def __init__(self) -> None:
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()

    def publish(self, event: Event) -> None:
        """Hand `event` to every subscription."""
        for subscription in self._subscriptions:
            subscription.push(event)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Watch until the end of the `with` block. Any thread."""
        subscription = Subscription()
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        try:
            yield subscription
        finally:
            with self._lock:
                self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)


class Journal:
    """A ring of rows; each is replaced as its request goes on. No documents, no secrets."""

    def __init__(self, clock: Clock, events: Events, trace: TraceSink | None = None) -> None:
        self._clock = clock
        self._events = events
        self._trace = trace
        self._rows: OrderedDict[int, RequestRow] = OrderedDict()
        self._ids = itertools.count(1)
        self._day = today(clock)
        self._sent = 0

    def begin(
        self,
        *,
        operation: str,
        path: str,
        priority: Priority,
        attempt: int,
        wait: float,
        caller: str,
        asked: bool = False,
    ) -> RequestRow:
        """Note a request that is being sent."""
        row = RequestRow(
            next(self._ids),
            self._clock.wall(),
            operation,
            path,
            priority,
            attempt,
            wait,
            caller=caller,
            asked=asked,
        )
        self._rows[row.id] = row
        if len(self._rows) > KEPT:
            self._rows.popitem(last=False)
        self._turn_day()
        self._sent += 1
        return row

    def end(
        self,
        row: RequestRow,
        *,
        latency: float,
        outcome: str,
        status: int | None = None,
        size: int = 0,
        error: str = "",
        sent: bool = True,
    ) -> None:
        """Note how it ended; `latency` in seconds, `size` in bytes. Not `sent`: not a byte of it left."""
        ended = replace(row, latency=latency, outcome=outcome, status=status, size=size, error=error)
        if row.id in self._rows:
            self._rows[row.id] = ended
        _log(ended)
        self._events.publish(ended)
        if self._trace is not None:
            self._trace.sent(
                SentRow(
                    at=ended.at,
                    operation=ended.operation,
                    priority=ended.priority,
                    caller=ended.caller,
                    attempt=ended.attempt,
                    wait=ended.wait,
                    latency=latency,
                    status=status,
                    size=size,
                    outcome=outcome,
                    sent=sent,
                    asked=ended.asked,
                )
            )

    def rows(self) -> tuple[RequestRow, ...]:
        """The last requests, oldest first."""
        return tuple(self._rows.values())

    def sent_today(self) -> int:
        """Requests sent since local midnight, or the start if that was later."""
        self._turn_day()
        return self._sent

    def _turn_day(self) -> None:
        if (day := today(self._clock)) != self._day:
            self._day, self._sent = day, 0


def _log(row: RequestRow) -> None:
    figures = {
        "operation": row.operation,
        "priority": row.priority.name,
        "attempt": row.attempt,
        "status": row.status,
        "outcome": row.outcome,
        "wait": round(row.wait, 3),
        "latency": round(row.latency or 0.0, 3),
        "bytes": row.size,
        "caller": row.caller,
    }
    logger.info(
        "%(operation)s %(priority)s attempt=%(attempt)d status=%(status)s outcome=%(outcome)s wait=%(wait).3f"
        " latency=%(latency).3f bytes=%(bytes)d caller=%(caller)s",
        figures,
        extra={"fields": figures},
    )

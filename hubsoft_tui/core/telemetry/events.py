"""Events as they happen, for every subscription. Without one an event costs one comparison."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ..types import Health, RequestRow

KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class HealthChanged:
    """HubSoft's health became `now`; `at` is UTC epoch seconds."""

    before: Health
    now: Health
    at: float


Event = RequestRow | HealthChanged


class Subscription:
    """One watcher's events, oldest first; the oldest are lost when more than `KEPT` wait. Any thread."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT)
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
    """Publishes to every subscription."""

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

"""Everything that can be wrong with an answer, and the orders to make it so."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from .request_log import API

MANGLING: Final = frozenset({"truncated", "latin1", "json_string", "content_type"})
"""Kinds that spoil the real answer, so what was asked is always executed."""
STRANGERS: Final = frozenset({"html", "gateway", "blank", "says"})
"""Kinds in which another server answers, or HubSoft does with other words than its own."""
KINDS: Final = MANGLING | STRANGERS | {"reset", "close", "status", "empty", "delay", "late"}
_NEEDS_VALUE: Final = frozenset({"status", "delay", "late", "gateway", "blank", "says"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing gone wrong. `value` is the status, or the seconds of a delay.

    `late` is a proxy that gave up: it answers 504 at once, and what was asked is done so many seconds later.
    """

    kind: str
    value: float = 0.0
    after_executing: bool = False
    body: bytes = b""
    """What `says` answers, as `content_type`."""
    content_type: str = "application/json"

    @property
    def executes(self) -> bool:
        """Whether what was asked is done in spite of the fault."""
        return self.after_executing or self.kind in MANGLING or self.kind == "delay"

    @property
    def label(self) -> str:
        """The fault as the ledger names it."""
        return f"{self.kind}:{self.value:g}" if self.value else self.kind


def parse(text: str, *, after_executing: bool = False) -> Fault:
    """Read `reset`, `status:500`, `html:502`, `delay:2.5` and so on; raises ValueError for anything else."""
    kind, _, value = text.partition(":")
    needs_value, may_have_value = kind in _NEEDS_VALUE, kind in _NEEDS_VALUE | {"html"}
    if kind not in KINDS or (needs_value and not value) or (value and not may_have_value):
        raise ValueError(f"unknown kind of fault: {text!r}")
    return Fault(kind, float(value or 0), after_executing)


@dataclass(slots=True)
class _Order:
    left: int
    fault: Fault
    path: str | None
    method: str | None

    def fits(self, method: str, path: str) -> bool:
        if self.method is not None and method != self.method:
            return False
        return self.path is None or any(fnmatchcase(path, wanted) for wanted in (self.path, API + self.path))


class FaultPlan:
    """The faults ordered by a test, taken first; then those a scenario throws its dice for."""

    def __init__(self, seed: int) -> None:
        self._orders: list[_Order] = []
        self._rng = random.Random(f"faults:{seed}")  # noqa: S311 - mishaps, not secrets
        self._lock = threading.Lock()

    def order(self, count: int, fault: Fault, *, path: str | None = None, method: str | None = None) -> None:
        """Spoil the next `count` requests that fit; `path` may hold `*`."""
        with self._lock:
            self._orders.append(_Order(count, fault, path, method))

    def clear(self) -> None:
        """Take back every order that is left."""
        with self._lock:
            self._orders.clear()

    def take(self, method: str, path: str, mix: tuple[tuple[float, str], ...]) -> Fault | None:
        """Return what befalls this request: an ordered fault, or one of `mix` (probability, kind)."""
        with self._lock:
            for order in self._orders:
                if order.fits(method, path):
                    order.left -= 1
                    self._orders = [o for o in self._orders if o.left > 0]
                    return order.fault
            if not mix:
                return None
            dice, executed = self._rng.random(), self._rng.random() < 0.5
        for probability, kind in mix:
            if dice < probability:
                return parse(kind, after_executing=executed)
            dice -= probability
        return None

    def between(self, low: float, high: float) -> float:
        """Throw a latency."""
        with self._lock:
            return self._rng.uniform(low, high)

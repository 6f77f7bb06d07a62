"""What goes wrong with requests: scenarios, the faults a test orders, and the rate limit."""

from __future__ import annotations

import math
import random
import threading
import time
from fnmatch import fnmatchcase
from typing import Final

from hubsoft_tui.texts import N_
from hubsoft_tui.values import dataclass

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
        """The fault as the request log names it."""
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


class RequestThrottle:
    """A rate limit as Laravel keeps it: at most `limit` requests in a window that begins with its first request.

    Without a limit nothing is refused and no header is sent.
    """

    def __init__(self, limit: int | None = None, window: float = 60.0) -> None:
        self.limit = limit
        self.window = window
        self._begun: float | None = None
        self._hits = 0
        self._lock = threading.Lock()

    def restart(self) -> None:
        """Begin a new window with the next request."""
        with self._lock:
            self._begun = None

    def hit(self) -> tuple[bool, dict[str, str]]:
        """Count a request: may it pass, and the headers of its answer."""
        limit = self.limit
        if limit is None:
            return True, {}
        with self._lock:
            now = time.monotonic()
            if self._begun is None or now - self._begun >= self.window:
                self._begun, self._hits = now, 0
            left = math.ceil(self._begun + self.window - now)
            passes = self._hits < limit
            # Laravel counts what it lets in only: knocking on a shut door does not lengthen the wait.
            self._hits += passes
            headers = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(limit - self._hits)}
        if not passes:
            headers |= {"Retry-After": str(left), "X-RateLimit-Reset": str(int(time.time()) + left)}
        return passes, headers


@dataclass(frozen=True, slots=True)
class Scenario:
    """One weather. `title` and `help` are marked texts: translate them when they are shown.

    `latency` is in seconds; `seconds_per_row` is added for every row a page was asked to hold;
    `changes` is how many tickets change in a minute; `rate_limit` is requests per window, or None;
    `mix` is a list of (probability, kind of fault); an `outage` answers no request.
    """

    name: str
    title: str
    help: str
    latency: tuple[float, float] = (0.02, 0.08)
    seconds_per_row: float = 0.0
    changes: float = 6.0
    rate_limit: int | None = None
    mix: tuple[tuple[float, str], ...] = ()
    outage: bool = False
    revokes: bool = False


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario("calm", N_("Calm"), N_("Everything answers quickly; a few tickets change every minute.")),
        Scenario(
            "busy",
            N_("Busy"),
            N_("Tickets change all the time and answers take up to 300 ms."),
            latency=(0.08, 0.3),
            changes=60.0,
        ),
        Scenario(
            "rate-limited",
            N_("Rate limited"),
            N_("More than 10 requests in a minute are refused with HTTP 429."),
            rate_limit=10,
        ),
        Scenario(
            "slow",
            N_("Slow"),
            N_("Answers take 3 to 8 seconds, and big pages longer than anybody waits."),
            latency=(3.0, 8.0),
            seconds_per_row=0.08,
        ),
        Scenario(
            "flaky",
            N_("Flaky"),
            N_("About one answer in three fails: errors, resets, cut or empty bodies, HTML pages."),
            mix=(
                (0.08, "status:500"),
                (0.06, "html:502"),
                (0.06, "reset"),
                (0.04, "truncated"),
                (0.03, "empty"),
                (0.03, "html"),
                (0.03, "content_type"),
            ),
        ),
        Scenario(
            "outage",
            N_("Outage"),
            N_("HubSoft is down: connections are closed or answered with HTTP 503."),
            outage=True,
        ),
        Scenario(
            "token-revoked",
            N_("Token revoked"),
            N_("Every token is revoked at once, as after an update; then all is calm."),
            revokes=True,
        ),
    )
}

"""What the tuning service hands out: immutable, light to import, instants in UTC epoch seconds."""

from __future__ import annotations

from enum import Enum

from ...settings.rules import SettingRule
from ...texts import Text
from ...values import dataclass

Value = bool | int | float


class Shape(Enum):
    """What can be foretold about a setting."""

    LIFETIME = "lifetime"  # requests and ages, from the trace of questions
    SIZE = "size"  # the same, by how many customers are remembered
    LIMITER = "limiter"  # waits, from the trace of requests
    OTHER = "other"  # nothing


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that self-tuning made. None: the key was, or is, not in tuned.toml."""

    at: float
    before: Value | None
    after: Value | None
    reason: str


@dataclass(frozen=True, slots=True)
class Tunable:
    """One setting as it stands. `saved` is what a console started now would use."""

    key: str
    rule: SettingRule
    shape: Shape
    default: Value
    saved: Value
    tried: Value | None = None
    """What holds instead of `saved` until it is reverted, or the console closes; None when nothing is tried."""
    ladder: tuple[Value, ...] = ()
    """What arrows step through, smallest first."""
    tuned: bool = False
    """`saved` is in tuned.toml."""
    live: bool = True
    """A change takes effect at once; else at the next start."""
    moved: Moved | None = None
    """What self-tuning did to it last, unless a person tuned it since or took that back."""
    pinned: str = ""
    """What outside sets this and wins over anything saved, in words; empty when nothing does."""

    @property
    def value(self) -> Value:
        """What holds now."""
        return self.saved if self.tried is None else self.tried


@dataclass(frozen=True, slots=True)
class Foretold:
    """One value of a lifetime or size, over the trace: what it would have cost and shown."""

    value: float
    requests: float
    """A day, of every category."""
    ratio: float | None
    """Share (0-1) of the questions it is about that memory would have answered."""
    mean_age: float
    """Seconds, of what memory would have shown."""
    max_age: float
    changed: float | None
    """Share (0-1) of those answers that had changed by then, at most; None where too little is known."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A setting's curve. `now` and `saved` are among its points; so is what is recommended."""

    key: str
    points: tuple[Foretold, ...]
    now: float
    saved: float
    questions: int
    """Of the trace that was read, answered and asked by people and programs: renewals ahead are not among them."""
    days: float
    recommended: float | None = None
    reason: Text | None = None
    """Why that, or why nothing, is recommended."""
    as_good: bool = False
    """What holds now is as good as anything within the target."""
    target: float = 0.01
    """Share (0-1) of the answers from memory that may have changed."""

    def at(self, value: float) -> Foretold | None:
        """Return the point of `value`."""
        return next((point for point in self.points if point.value == value), None)


@dataclass(frozen=True, slots=True)
class Waited:
    """How requests of the trace would have waited under one value; seconds, by priority, urgent first."""

    value: float
    median: tuple[float, float, float, float]
    p95: tuple[float, float, float, float]
    longest: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class WaitForecast:
    """A limiter setting's table. `now` is among its points."""

    key: str
    points: tuple[Waited, ...]
    now: float
    requests: tuple[int, int, int, int]
    """How many were asked again, by priority."""
    hours: float
    """How long the stretch of the trace is that they are from: the busiest."""

    def at(self, value: float) -> Waited | None:
        """Return the point of `value`."""
        return next((point for point in self.points if point.value == value), None)


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of what saving would change in tuned.toml. None: the key is, or will be, not there."""

    key: str
    before: Value | None
    after: Value | None

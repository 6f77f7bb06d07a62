"""A job: one question's way through queue, retries and token, whose urgency can rise while it waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from .types import Priority

if TYPE_CHECKING:
    from .gate import Gate, Place


class Job:
    """Who asks, how urgently, until when (on the engine's clock), and what it has cost so far."""

    __slots__ = ("caller", "deadline", "gate", "label", "place", "priority", "ready", "requests", "retries")

    def __init__(
        self,
        gate: Gate,
        priority: Priority,
        *,
        deadline: float | None = None,
        caller: str = "",
        label: str = "",
        retries: int | None = None,
        ready: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.gate = gate
        self.priority = priority
        self.deadline = deadline
        self.caller = caller
        self.label = label
        self.retries = retries
        """How often a failure may be repeated at most; None leaves it to the settings."""
        self.ready = ready
        """Awaited before each attempt's first byte, once its turn has come; what it raises takes the attempt back."""
        self.place: Place | None = None
        self.requests = 0
        """Requests HubSoft received for this job, retries included."""

    def joined_by(self, other: Job) -> None:
        """Take over the urgency, the later deadline and the label of a job that asks the same."""
        if other.priority < self.priority:
            self.priority = other.priority
            if self.place is not None:
                self.gate.promote(self.place, other.priority)
        if self.deadline is not None:
            self.deadline = None if other.deadline is None else max(self.deadline, other.deadline)
            if self.place is not None:
                self.place.deadline = self.deadline
        if other.label:
            self.label = other.label
            if self.place is not None:
                self.place.label = other.label

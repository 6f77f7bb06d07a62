"""A job: one question's way through queue, retries and token, whose urgency can rise while it waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..types import RequestContext

if TYPE_CHECKING:
    from ..limiter.gate import Gate, QueuePlace


class Job:
    """The caller, its urgency, its deadline (on the engine's clock), and the cost so far."""

    __slots__ = (
        "asked",
        "caller",
        "deadline",
        "gate",
        "label",
        "lifted",
        "place",
        "priority",
        "probed",
        "ready",
        "requests",
        "retries",
        "through_outages",
    )

    def __init__(
        self,
        gate: Gate,
        context: RequestContext,
        *,
        deadline: float | None = None,
        asked: bool = False,
    ) -> None:
        self.gate = gate
        self.priority = context.priority
        self.deadline = deadline
        self.caller = context.caller
        self.label = context.label
        self.asked = asked
        """It answers a question."""
        self.retries: int | None = None
        """How often a failure may be repeated at most; None leaves it to the settings."""
        self.ready: Callable[[], Awaitable[float | None]] | None = None
        """Awaited before each attempt's first byte, once its turn has come; what it raises takes the attempt back.

        It returns the instant (Clock.now) from which nothing of the attempt may leave any more, or None."""
        self.through_outages = True
        """Whether background work waits until HubSoft is back; else it gets the error at once, as a person does."""
        self.lifted: Callable[[], None] | None = None
        """Called when a more urgent caller joins while it waits for HubSoft to come back."""
        self.probed = False
        """It was the breaker's probe once, which is enough."""
        self.place: QueuePlace | None = None
        self.requests = 0
        """Requests HubSoft received for this job, retries included."""

    def joined_by(self, other: Job) -> None:
        """Take over the urgency, the later deadline and the label of a job that asks the same."""
        if other.priority < self.priority:
            self.priority = other.priority
            if self.place is not None:
                self.gate.promote(self.place, other.priority)
            if self.lifted is not None:
                self.lifted()
        if self.deadline is not None:
            self.deadline = None if other.deadline is None else max(self.deadline, other.deadline)
            if self.place is not None:
                self.place.deadline = self.deadline
        if other.label:
            self.label = other.label
            if self.place is not None:
                self.place.label = other.label

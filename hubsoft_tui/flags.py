"""What the command line asked the console for."""

from __future__ import annotations

from .values import dataclass


@dataclass(frozen=True, slots=True)
class Flags:
    """What the console was asked for on the command line."""

    demo: bool = False
    profile: str | None = None
    read_only: bool = False
    record: str | None = None
    """The file to record to."""
    replay: str | None = None
    """The recording to play, in place of an engine."""

"""A form that was begun, as it is kept: declarations alone, so that the first screen can have them at no cost."""

from __future__ import annotations

from dataclasses import dataclass, field

Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """One form's values. What is personal stands in no text form of it."""

    about: str
    """What the form is found by again."""
    kind: str
    """What it writes: `open`, `message` or `close`."""
    subject: str = field(repr=False)
    """The customer's name, as far as it is known."""
    term: str = field(repr=False)
    """What leads back: what to look the customer up with, or the ticket's protocol."""
    values: dict[str, Value] = field(repr=False)
    at: float
    """When it was last typed into: UTC epoch seconds."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A draft that was sent or given up: what was typed until `at`, and nothing newer, is forgotten."""

    about: str
    at: float

"""A question: what is asked, by which operation, and how its answer is remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ...api.operation import Operation
from ..types import Category
from .cache import Part

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked, how old its answer may be, and how the answer is taken apart to be remembered."""

    key: str = field(repr=False)
    """What it is remembered by; holds a document, so its text form does not show it."""
    category: Category
    operation: Operation[T]
    parts: Callable[[T], tuple[Part, ...]]
    join: Callable[[tuple[Any, ...]], T]
    alone: bool = False
    """The question names one subject (a document, a code), so any newer record of that subject answers it."""
    lasting: bool = False
    """Its answer is shown while HubSoft is away however old it is: names and numbers that hardly ever change."""
    brief: str = field(default="", repr=False)
    """A key under which a roster's row may answer too, for any category but CLIENT_DATA; empty: none may."""


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """What a question brought from HubSoft; `requests` is 0 when another process brought it."""

    value: T
    age: float
    fetched_at: float
    truncated: bool
    problems: int
    requests: int
    ids: tuple[str, ...] = ()
    """The names of the records it consists of, in the order of `values`."""
    values: tuple[Any, ...] = ()

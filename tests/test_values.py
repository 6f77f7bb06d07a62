"""`dataclass` of the project does what Python's does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any

import pytest

from hubsoft_tui.values import dataclass

Decorator = Callable[..., Any]


def make(decorator: Decorator, **how: bool) -> tuple[Any, list[str]]:
    seen: list[str] = []

    @decorator(**how)
    class Parcel:
        self: int
        label: str = field(repr=False)
        touched: int = field(default=0, compare=False)
        notes: list[str] = field(default_factory=list)
        weight: float = field(init=False, default=2.5)

        def __post_init__(self) -> None:
            seen.append(self.label)

    Parcel.__qualname__ = "Parcel"
    return Parcel, seen


WAYS: tuple[dict[str, bool], ...] = (
    {"frozen": True, "slots": True},
    {"slots": True},
    {"slots": True, "eq": False},
    {"frozen": True},
    {},
)


@pytest.mark.parametrize("how", WAYS)
def test_it_does_what_python_s_does(how: dict[str, bool]) -> None:
    told: list[tuple[object, ...]] = []
    for decorator in (dataclass, dataclasses.dataclass):
        parcel, seen = make(decorator, **how)
        one, same, other = parcel(1, "a"), parcel(1, "a", 5), parcel(1, label="b", notes=["x"])
        frozen = False
        try:
            one.label = "c"
        except FrozenInstanceError:
            frozen = True
        told.append(
            (
                one == same, one == other, one == 3, repr(one), repr(other), asdict(other), seen, frozen,
                replace(other, label="c", touched=7) == parcel(1, "c", notes=["x"]),
                parcel(1, "a").notes is parcel(1, "a").notes, [each.name for each in fields(parcel)],
                parcel.__hash__ is None, hasattr(one, "__dict__"), parcel.__match_args__,
            )
        )  # fmt: skip
    assert told[0] == told[1]


def test_frozen_ones_are_hashed_by_what_is_compared_and_cannot_be_changed() -> None:
    @dataclass(frozen=True, slots=True)
    class Place:
        street: str
        seen: int = field(default=0, compare=False)

    @dataclass(frozen=True, slots=True)
    class House(Place):
        number: int = 1

    assert len({House("A", 1), House("A", 2), House("A", 1, 2)}) == 2
    assert Place("A") != House("A")
    place = Place("A")
    with pytest.raises(FrozenInstanceError):
        place.street = "B"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del place.street
    assert place.street == "A"


@dataclass(frozen=True, slots=True)
class Kept:
    words: tuple[str, ...]
    more: dict[str, int] = field(default_factory=dict)


def test_it_is_copied_and_pickled() -> None:
    kept = Kept(("a",), {"b": 1})
    assert copy.deepcopy(kept) == kept == pickle.loads(pickle.dumps(kept)) == copy.copy(kept)
    assert copy.deepcopy(kept).more is not kept.more


def test_a_method_of_the_class_stays() -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        value: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Odd) and self.value % 2 == other.value % 2

        def __hash__(self) -> int:
            return self.value % 2

        def __repr__(self) -> str:
            return "odd"

    assert len({Odd(1), Odd(3), Odd(2)}) == 2
    assert repr(Odd(1)) == "odd"


def test_a_field_without_default_after_one_with_is_refused() -> None:
    class Wrong:
        first: int = 1
        second: int

    with pytest.raises(TypeError):
        dataclass(Wrong)
    with pytest.raises(TypeError):
        Kept()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Kept((), {}, 3)  # type: ignore[call-arg]

"""How old an answer may be, as the cache decides it, and what of that one setting decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ...core.telemetry.trace import CATEGORIES
from ...core.types import Category
from ...settings.tree import CacheSettings

DATA: Final = "cache.client_data_ttl"
STATUS: Final = "cache.contract_status_ttl"
SERVICE: Final = "cache.service_data_ttl"
NOT_FOUND: Final = "cache.not_found_ttl"
SUSPENDED: Final = "cache.suspended_ttl"

KEYS: Final = {
    DATA: Category.CLIENT_DATA,
    STATUS: Category.CONTRACT_STATUS,
    SERVICE: Category.SERVICE_DATA,
}
"""The settings that are a category's lifetime."""
ALL: Final = (*KEYS, SUSPENDED, NOT_FOUND)
"""Every setting that is a lifetime."""

_SUSPENDABLE: Final = (0, 1)
"""The categories, by place, that end earlier for a customer without an active contract."""


class RecordKind(IntEnum):
    """What was fetched; it decides how long it answers."""

    PLAIN = 0
    SUSPENDED = 1
    NEGATIVE = 2


Ages = tuple[float, float, float]
"""Seconds, by category's place."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long what was fetched answers each category. `varies`: the setting in question decides too.

    Where it does, an answer ends when either is over: the candidate's lifetime, for the setting's categories,
    or the cap.
    """

    caps: Ages
    varies: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """One setting's part: the categories (by place) it is about, and a rule for each kind of record."""

    about: frozenset[int]
    plain: Rule
    suspended: Rule
    negative: Rule

    def of(self, kind: RecordKind) -> Rule:
        """Return the rule for what was fetched."""
        return (self.plain, self.suspended, self.negative)[kind]


def ages(settings: CacheSettings) -> Mapping[str, float]:
    """Return every lifetime in seconds, by key."""
    return {key: float(getattr(settings, key.partition(".")[2])) for key in ALL}


def rules(lifetimes: Mapping[str, float], key: str) -> Rules:
    """Return what `key` decides while every other lifetime is as in `lifetimes`."""
    own = tuple(lifetimes[each] for each in KEYS)
    brief = _shorter(own, lifetimes[SUSPENDED])
    never = (lifetimes[NOT_FOUND],) * 3
    free = (math.inf,) * 3
    if key == NOT_FOUND:
        return Rules(frozenset(range(3)), Rule(_three(own)), Rule(brief), Rule(_three(free), varies=True))
    if key == SUSPENDED:
        return Rules(
            frozenset(_SUSPENDABLE), Rule(_three(own)), Rule(_three(own), varies=True), Rule(_three(never))
        )
    place = CATEGORIES.index(KEYS[key])
    without = tuple(math.inf if each == place else age for each, age in enumerate(own))
    return Rules(
        frozenset({place}),
        Rule(_three(without), varies=True),
        Rule(_shorter(without, lifetimes[SUSPENDED]), varies=True),
        Rule(_three(never)),
    )


def fixed(lifetimes: Mapping[str, float]) -> tuple[Rule, Rule, Rule]:
    """Return the rules, by kind, when no setting is in question."""
    own = tuple(lifetimes[each] for each in KEYS)
    return Rule(_three(own)), Rule(_shorter(own, lifetimes[SUSPENDED])), Rule((lifetimes[NOT_FOUND],) * 3)


def _shorter(own: tuple[float, ...], suspended: float) -> Ages:
    return _three(
        tuple(min(age, suspended) if place in _SUSPENDABLE else age for place, age in enumerate(own))
    )


def _three(own: tuple[float, ...]) -> Ages:
    data, status, service = own
    return data, status, service

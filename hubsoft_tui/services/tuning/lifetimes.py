"""How old an answer may be, as the cache decides it, and what of that one setting decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
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


Ages = tuple[float, ...]
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
    by_kind: tuple[Rule, Rule, Rule]


def ages(settings: CacheSettings) -> Mapping[str, float]:
    """Return every lifetime in seconds, by key."""
    return {key: float(getattr(settings, key.partition(".")[2])) for key in ALL}


def rules(lifetimes: Mapping[str, float], key: str) -> Rules:
    """Return what `key` decides while every other lifetime is as in `lifetimes`."""
    plain, suspended, negative = fixed(lifetimes)
    if key == NOT_FOUND:
        free = Rule((math.inf,) * 3, varies=True)
        return Rules(frozenset(range(3)), (plain, suspended, free))
    if key == SUSPENDED:
        return Rules(frozenset(_SUSPENDABLE), (plain, replace(plain, varies=True), negative))
    place = CATEGORIES.index(KEYS[key])
    without = tuple(math.inf if each == place else age for each, age in enumerate(plain.caps))
    brief = _shorter(without, lifetimes[SUSPENDED])
    return Rules(frozenset({place}), (Rule(without, varies=True), Rule(brief, varies=True), negative))


def fixed(lifetimes: Mapping[str, float]) -> tuple[Rule, Rule, Rule]:
    """Return the rules, by kind, when no setting is in question."""
    own = tuple(lifetimes[each] for each in KEYS)
    return Rule(own), Rule(_shorter(own, lifetimes[SUSPENDED])), Rule((lifetimes[NOT_FOUND],) * 3)


def _shorter(own: Ages, suspended: float) -> Ages:
    return tuple(min(age, suspended) if place in _SUSPENDABLE else age for place, age in enumerate(own))

"""Which settings can be tuned, what each may be, and what tuned.toml says of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Any, Final, cast

from ...errors import InvalidInput
from ...formats import DAY, HOUR, MINUTE, Late, lifetime
from ...settings.files import Tuned, read_tuned, save_tuned
from ...settings.layers import SHARES, Origin, SettingEntry, known_settings, resolve, sections
from ...settings.places import Places
from ...settings.rules import SECONDS, SettingRule, WrongValue, allowed, check
from ...settings.tree import Settings
from ...texts import Text, say
from ...values import dataclass
from .curve import CANDIDATES, LIFETIMES, SIZES
from .types import Difference, Shape, Value

_SECONDS: Final = {
    **dict.fromkeys(("", "s", "sec"), 1.0),
    **dict.fromkeys(("m", "min"), MINUTE),
    "h": HOUR,
    "d": DAY,
    **dict.fromkeys(("w", "sem"), 7 * DAY),
}
_DURATION: Final = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*([a-z]*)")
logger = logging.getLogger(__name__)


def read_duration(text: str) -> float:
    """Return the seconds that `text` says: `90`, `30 min`, `8h`, `1,5 d`, `2 h 30 min`. Raises InvalidInput."""
    rest, total, found = text.strip().lower(), 0.0, False
    while rest:
        part = _DURATION.match(rest)
        if part is None or part[2] not in _SECONDS:
            raise InvalidInput(
                say(
                    '"{text}" is not a length of time. Write it as 90 s, 30 min, 8 h or 2 d.',
                    text=text.strip()[:40],
                )
            )
        total += float(part[1].replace(",", ".")) * _SECONDS[part[2]]
        rest, found = rest[part.end() :].lstrip(), True
    if not found:
        raise InvalidInput(say("Nothing was typed. Write a length of time, as 90 s, 30 min, 8 h or 2 d."))
    return total


SIZE: Final = "cache.max_entries"
RATE: Final = "limiter.max_requests_per_minute"
SHARE: Final = "limiter.share."

_FIRST: Final = (*LIFETIMES, SIZE, RATE, *(f"{SHARE}{name}" for name in SHARES))
_LENGTHS: Final = (
    *(0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0),
    *CANDIDATES,
    *(14 * DAY, 30 * DAY),
)
_COUNTS: Final = tuple(
    base * 10**power for power in range(1, 9) for base in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
)
_WORDS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on", "sim", "s", "ligado"), True),
    **dict.fromkeys(("0", "false", "no", "off", "não", "nao", "n", "desligado"), False),
}


def tunable_keys() -> tuple[str, ...]:
    """Return the keys that can be tuned: first what can be foretold, last what waits for the next start."""
    known = [key for key, each in known_settings().items() if each.rule.name]
    rest = [key for key in known if key not in _FIRST]
    return (*(key for key in _FIRST if key in known), *sorted(rest, key=lambda key: not is_live(key)))


def shape_of(key: str) -> Shape:
    """Tell what can be foretold about `key`."""
    if key in LIFETIMES:
        return Shape.LIFETIME
    if key == SIZE:
        return Shape.SIZE
    return Shape.LIMITER if key == RATE or key.startswith(SHARE) else Shape.OTHER


def is_live(key: str) -> bool:
    """Tell whether a change of `key` takes effect at once."""
    return bool(getattr(sections()[key.partition(".")[0]], "LIVE", False))


def rule_of(key: str) -> tuple[Value, SettingRule]:
    """Return the default and the rule of `key`. Raises InvalidInput when it cannot be tuned."""
    known = known_settings().get(key)
    if known is None or key not in tunable_keys():
        raise InvalidInput(say("There is no setting {key} that can be tuned.", key=key))
    return cast("Value", known.default), known.rule


def read_value(key: str, given: str | Value) -> Value:
    """Return what a person typed for `key`, or a program gave, as the setting takes it.

    Lengths of time may have units (8 h, 30 min), shares a % sign. Raises InvalidInput with what is allowed.
    """
    default, rule = rule_of(key)
    value = _parsed(given, default, rule) if isinstance(given, str) else given
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    try:
        return cast("Value", check(value, default, rule))
    except WrongValue:
        found = (
            Late(lifetime, float(value))
            if rule.unit == SECONDS and isinstance(value, float) and value > 0
            else given
        )
        raise InvalidInput(
            say(
                "{key} cannot be {found}: it must be {allowed}.",
                key=key,
                found=found,
                allowed=_bounds(default, rule),
            )
        ) from None


def ladder(key: str) -> tuple[Value, ...]:
    """Return the values that arrows step through, smallest first; all are allowed."""
    default, rule = rule_of(key)
    if isinstance(default, bool):
        return (False, True)
    if rule.unit == SECONDS:
        steps: Iterable[float] = CANDIDATES if key in LIFETIMES else _LENGTHS
    elif key == SIZE:
        steps = SIZES
    elif rule.high is not None and rule.high <= 1:
        steps = (0.001, 0.002, 0.005, 0.01, 0.02, *(each / 20 for each in range(1, 21)))
    else:
        steps = (*range(11), *_COUNTS)
    made = (int(each) if isinstance(default, int) else float(each) for each in steps)
    return tuple(sorted({each for each in made if rule.holds(each)} | {default}))


def value_of(settings: Settings, key: str) -> Value:
    """Return the value of a dotted key."""
    found: Any = settings
    for name in key.split("."):
        found = found[name] if isinstance(found, dict) else getattr(found, name)
    return cast("Value", found)


def with_values(settings: Settings, values: Mapping[str, Value]) -> Settings:
    """Return `settings` with other values by dotted key. Raises InvalidInput when they do not go together."""
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        if name.startswith("share."):
            shares = sections.setdefault(section, {}).setdefault("share", dict(settings.limiter.share))
            shares[name.removeprefix("share.")] = value
        else:
            sections.setdefault(section, {})[name] = value
    changed = {name: replace(getattr(settings, name), **fields) for name, fields in sections.items()}
    made = replace(settings, **changed)
    here = Origin("flags", say("Not possible"))
    entries = [SettingEntry(f"{SHARE}{name}", share, here) for name, share in made.limiter.share.items()]
    if problems := resolve(entries).problems:
        raise InvalidInput(problems[0].text)
    return made


def _parsed(text: str, default: Value, rule: SettingRule) -> object:
    text = text.strip()
    if isinstance(default, bool):
        return _WORDS.get(text.lower(), text)
    if rule.unit == SECONDS:
        return read_duration(text)
    number = text.removesuffix("%").strip().replace(",", ".")
    try:
        if text.endswith("%") and isinstance(default, float):
            return float(number) / 100
        return int(number) if isinstance(default, int) else float(number)
    except ValueError:
        return text


def _bounds(default: Value, rule: SettingRule) -> Text:
    if rule.unit != SECONDS or rule.high is None:
        return allowed(default, rule)
    if rule.above is not None:
        return say(
            "longer than {low} and at most {high}",
            low=Late(lifetime, rule.above),
            high=Late(lifetime, rule.high),
        )
    return say("from {low} to {high}", low=Late(lifetime, rule.low or 0.0), high=Late(lifetime, rule.high))


@dataclass(frozen=True, slots=True)
class Saved:
    """What the files and the environment say, at one moment. `given` is what the settings were built with."""

    tuned: Tuned
    given: Mapping[str, Value] = field(default_factory=dict)

    def value(self, key: str) -> Value:
        """Return what holds while nothing is tried: the environment, else what was saved, else the rest."""
        if key in self.tuned.pinned:
            return cast("Value", self.tuned.untuned[key])
        return cast("Value", self.tuned.saved.get(key, self.without(key)))

    def without(self, key: str) -> Value:
        """Return what would hold if nothing were saved."""
        return self.given[key] if key in self.given else cast("Value", self.tuned.untuned[key])

    def stored(self, key: str) -> Value | None:
        """Return what tuned.toml says of `key`; None when it says nothing."""
        return cast("Value | None", self.tuned.saved.get(key))

    def pinned(self, key: str) -> str:
        """Name what outside sets `key`; empty when nothing does."""
        origin = self.tuned.pinned.get(key)
        return str(origin.place) if origin else ""

    def differences(self, tried: Mapping[str, Value]) -> tuple[Difference, ...]:
        """Return what saving `tried` would change. Raises InvalidInput when the environment would win."""
        for key in tried:
            if place := self.pinned(key):
                raise InvalidInput(
                    say(
                        "{key} cannot be saved: {place} sets it and would win. Take that away first.",
                        place=place,
                        key=key,
                    )
                )
        return tuple(
            Difference(key, self.stored(key), None if value == self.without(key) else value)
            for key, value in tried.items()
        )


class TunedFile:
    """The file, read again only when it changed. `settings` are what the engine was started with."""

    def __init__(self, places: Places, settings: Settings) -> None:
        self._places = places
        self._settings = settings
        self._saved: Saved | None = None
        self._stamp: tuple[int, int] | None = None

    async def read(self) -> Saved:
        """Return what is saved. A file that cannot be used is set aside, and the log says so. Raises SettingsError."""
        if self._saved is None or await self.changed():
            # Before it is read: what is written in between makes the file another one once more.
            stamp = await asyncio.to_thread(self._stamped)
            tuned = await asyncio.to_thread(read_tuned, self._places)
            for warning in tuned.warnings:
                logger.warning("%s", warning)
            given = _given(self._settings, tuned) if self._saved is None else self._saved.given
            self._saved, self._stamp = Saved(tuned, given), stamp
        return self._saved

    async def changed(self) -> bool:
        """Tell whether the file is another one than was read."""
        return await asyncio.to_thread(self._stamped) != self._stamp

    async def write(self, values: Mapping[str, object]) -> None:
        """Save values by key, None to take one out. Raises SettingsError, StoreError."""
        await asyncio.to_thread(save_tuned, self._places, values)

    def _stamped(self) -> tuple[int, int] | None:
        with contextlib.suppress(FileNotFoundError):
            found = self._places.tuned_file.stat()
            return found.st_mtime_ns, found.st_ino
        return None


def _given(settings: Settings, tuned: Tuned) -> dict[str, Value]:
    """Return the values that come from no file: the program that built the settings chose them."""
    held = {key: value_of(settings, key) for key in tunable_keys()}
    return {
        key: value for key, value in held.items() if value not in (tuned.saved.get(key), tuned.untuned[key])
    }

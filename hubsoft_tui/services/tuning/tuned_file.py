"""tuned.toml as tuning sees it: what is saved there, and what would hold without it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from ...errors import InvalidInput
from ...settings.files import Tuned, read_tuned, save_tuned
from ...settings.places import Places
from ...settings.tree import Settings
from ...texts import say
from .tunables import tunable_keys, value_of
from .types import Difference, Value

logger = logging.getLogger(__name__)


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

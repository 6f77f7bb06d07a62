"""What was typed into a form that was left: kept until it is sent, so that nothing typed is lost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | int | bool | None


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """One form's values. `at` is UTC epoch seconds. Its text form shows nothing: the values are personal."""

    values: dict[str, Value]
    at: float


class Drafts:
    """Forms that were left, by what they are about. They live as long as the console."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def keep(self, about: str, values: Mapping[str, Value]) -> None:
        """Keep `values` for the next time the same form is opened."""
        self._kept[about] = Kept(dict(values), time.time())

    def get(self, about: str) -> Kept | None:
        """Return what was kept for `about`."""
        return self._kept.get(about)

    def drop(self, about: str) -> None:
        """Forget what was kept for `about`: it was sent, or is not wanted any more."""
        self._kept.pop(about, None)

    def __len__(self) -> int:
        """Count the forms that were left."""
        return len(self._kept)

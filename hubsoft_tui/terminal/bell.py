"""How a terminal is rung: its bell, or a notification it understands; each cause once in a while at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..privacy import clean

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_CHARACTERS: Final = 120


class Ringer:
    """Holds back what rings too often: how many were held back is told with the next."""

    def __init__(self) -> None:
        self._rung: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def due(self, cause: str, count: int, now: float, every: float) -> int:
        """Return how many of `cause` are told now, those held back included; 0 not to ring. `now` is any clock."""
        self._held[cause] = self._held.get(cause, 0) + count
        if self._held[cause] <= 0 or now - self._rung.get(cause, float("-inf")) < every:
            return 0
        self._rung[cause] = now
        return self._held.pop(cause)


def ring_sequence(title: str, text: str, ways: Collection[str]) -> str:
    """Return what to write to the terminal. Nothing in the texts can end the sequence or begin another."""
    title, text = _safe(title), _safe(text)
    written = ""
    if "osc9" in ways:
        # "9;4" and its like are orders of other terminals: a text never begins with a digit.
        written += f"\x1b]9;{title}: {text}\x1b\\"
    if "osc777" in ways:
        written += f"\x1b]777;notify;{title};{text}\x1b\\"
    return written + ("\a" if "bell" in ways else "")


def _safe(text: str) -> str:
    plain = " ".join(clean(text).replace(";", ",").split())
    return plain if len(plain) <= MOST_CHARACTERS else f"{plain[: MOST_CHARACTERS - 1]}…"

"""Lifetimes as people say them: "8 h", "30 min", "1.5 d"; and read from what they type."""

from __future__ import annotations

import re
from typing import Final

from ...errors import InvalidInput
from ...texts import Text, number, say

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0

_SECONDS: Final = {
    "": 1.0,
    "s": 1.0,
    "sec": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
    "sem": 604_800.0,
}
_DURATION: Final = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*([a-z]*)")


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


class Number:
    """A number in a sentence, with this language's marks at the time it is shown; a tenth where one is needed."""

    def __init__(self, value: float, decimals: int = 1) -> None:
        self.value = value
        self.decimals = decimals

    def __str__(self) -> str:
        tenths = round(self.value, self.decimals)
        return number(tenths, 0 if tenths == int(tenths) else self.decimals)


def span(seconds: float) -> Text:
    """Return a length of time in its largest unit, for a sentence or alone: 30 min, 1.5 h, 2 d."""
    if seconds < MINUTE:
        return say("{n} s", n=Number(seconds))
    if seconds < HOUR:
        return say("{n} min", n=Number(seconds / MINUTE))
    if seconds < DAY:
        return say("{n} h", n=Number(seconds / HOUR))
    return say("{n} d", n=Number(seconds / DAY))


def percent(share: float) -> Text:
    """Return a share (0-1) as a percentage with a tenth where one is needed."""
    return say("{n} %", n=Number(share * 100))

"""Lifetimes as people type them: "8 h", "30 min", "1,5 d"."""

from __future__ import annotations

import re
from typing import Final

from ...errors import InvalidInput
from ...texts import say

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

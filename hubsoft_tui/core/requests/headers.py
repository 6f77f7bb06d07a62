"""Rate-limit headers, in every form a Laravel or a proxy may send; all of them optional evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

_RESET: Final = re.compile(r"\b(reset|t)\s*=\s*(\d+)", re.ASCII)
_INSTANTS_FROM: Final = 1e8
"""A reset beyond this is an instant (epoch seconds), below it a number of seconds to go."""
_MILLISECONDS_FROM: Final = 1e11
_LONGEST: Final = 1e9
_PARAMETER: Final = re.compile(r"\b(limit|q|remaining|r)\s*=\s*(\d+)", re.ASCII)


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Return the seconds that `Retry-After` asks us to stay away, written as seconds or as a date, or None.

    A date counts from the server's own `Date` where it sends one: its clock need not be ours, which is `wall` (UTC
    epoch seconds). Nonsense is as good as nothing.
    """
    written = headers.get("retry-after", "")
    seconds = _number(written.partition(",")[0].strip())
    if seconds is None and (date := _date(written)) is not None:
        seconds = max(0.0, date - _here(headers, wall))
    return seconds


def reset_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Return the seconds until the limit that was reached begins anew, or None.

    `X-RateLimit-Reset` is an instant or seconds to go; the draft's `RateLimit` has `t` or `reset`, seconds to go.
    """
    for name in ("x-ratelimit-reset", "ratelimit-reset"):
        try:
            value = float(headers.get(name, ""))
        except ValueError:
            continue
        if value > _MILLISECONDS_FROM:
            value /= 1000
        seconds = value - _here(headers, wall) if value > _INSTANTS_FROM else value
        if 0 < seconds < _LONGEST:
            return seconds
    found: dict[str, str] = dict(_RESET.findall(headers.get("ratelimit", "")))
    return _number(found.get("reset", found.get("t", "")))


def pause_in_body(body: bytes) -> float | None:
    """Return the seconds that the JSON of a 429 asks us to stay away, or None."""
    try:
        value = json.loads(body).get("retry_after")
    except (ValueError, AttributeError, RecursionError, MemoryError):
        return None
    return _number(str(value)) if isinstance(value, int | float | str) else None


def read_limits(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return (limit, remaining) from `X-RateLimit-*` or the draft's `RateLimit`, each None when absent."""
    limit = _number(headers.get("x-ratelimit-limit", ""))
    remaining = _number(headers.get("x-ratelimit-remaining", ""))
    if limit is None and remaining is None and (draft := headers.get("ratelimit")):
        found = {name: float(value) for name, value in _PARAMETER.findall(draft)}
        limit = found.get("limit", found.get("q"))
        remaining = found.get("remaining", found.get("r"))
    return _whole(limit), _whole(remaining)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < _LONGEST else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _here(headers: Mapping[str, str], wall: float) -> float:
    server = _date(headers.get("date", ""))
    return wall if server is None else server


def _date(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text.strip())
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

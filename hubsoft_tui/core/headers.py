"""Rate-limit headers, in every form a Laravel or a proxy may send; all of them optional evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_PARAMETER: Final = re.compile(r"\b(limit|q|remaining|r)\s*=\s*(\d+)", re.ASCII)


def retry_after(headers: Mapping[str, str], body: bytes, wall: float) -> float | None:
    """Return the seconds a 429 asks us to wait, from its header (seconds or a date) or its JSON body, or None.

    `wall` is UTC epoch seconds. Nonsense is as good as nothing.
    """
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is None and text:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - wall
        except (ValueError, TypeError, OverflowError):
            seconds = None
    if seconds is None:
        seconds = _in_body(body)
    return max(0.0, seconds) if seconds is not None else None


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
    return value if 0 <= value < 1e9 else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _in_body(body: bytes) -> float | None:
    try:
        value = json.loads(body).get("retry_after")
    except (ValueError, AttributeError):
        return None
    return _number(str(value))

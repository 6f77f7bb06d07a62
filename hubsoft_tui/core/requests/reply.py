"""What a reply says: its value, where a wrong answer is told as one, and the limits its headers name.

Rate-limit headers come in every form that Laravel or a proxy may send; all of them are optional evidence.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from ...api.answers import Decoded
from ...api.operation import Operation
from ...errors import BadAnswer, HubSoftError
from ...texts import say
from .transport import Reply

logger = logging.getLogger(__name__)

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
        found = {name: _number(value) for name, value in _PARAMETER.findall(draft)}
        limit = found.get("limit", found.get("q"))
        remaining = found.get("remaining", found.get("r"))
    return _whole(limit), _whole(remaining)


def _number(text: str) -> float | None:
    if not text.isascii() or "_" in text:  # what Python alone reads as a number
        return None
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
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - heavy: only a refusal has a date to read

    try:
        date = parsedate_to_datetime(text.strip())
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


T = TypeVar("T")

HEAVY_BYTES: Final = 128 * 1024
"""A larger answer is decoded in a thread: a page of hundreds takes longer than people may be kept waiting."""
LONGEST_HOST: Final = 260


async def decoded_answer(operation: Operation[T], reply: Reply) -> Decoded[T]:
    """Decode an answer, a heavy one in a thread. Raises what `Operation.read` raises and nothing else."""
    read = partial(
        operation.read,
        reply.body,
        status=reply.status,
        content_type=reply.headers.get("content-type", ""),
    )
    try:
        return read() if len(reply.body) < HEAVY_BYTES else await asyncio.to_thread(read)
    except HubSoftError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a decoder stumbles over arrived in the answer
        # Its text may hold what came, so only its kind and its place are told.
        kind, place = type(error).__name__, traceback.extract_tb(error.__traceback__)[-1]
        logger.error(  # noqa: TRY400
            "%s: %s at %s:%s", operation.name, kind, Path(place.filename).name, place.lineno
        )
        raise BadAnswer(say("HubSoft's answer cannot be read ({kind}).", kind=kind)) from None


def redirected(reply: Reply) -> BadAnswer:
    """Tell where an answer leads to: its scheme and host, for the rest may hold what is private."""
    scheme = host = ""
    with contextlib.suppress(ValueError):
        parts = urlsplit(reply.headers.get("location", ""))
        scheme, host = parts.scheme, parts.netloc.rpartition("@")[2]
    if not (host and host.isascii() and host.isprintable() and len(host) <= LONGEST_HOST):
        return BadAnswer(
            say(
                "The address in the profile answers with a redirect (HTTP {status}), which is not followed: "
                "check it.",
                status=reply.status,
            )
        )
    origin = f"{scheme}://{host}" if scheme in {"http", "https"} else host
    return BadAnswer(
        say(
            "The address in the profile sends us to {origin} (HTTP {status}), which is not followed: check it.",
            origin=origin,
            status=reply.status,
        )
    )

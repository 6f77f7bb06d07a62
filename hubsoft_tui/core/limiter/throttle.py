"""The numbers in force: shares of the window for each class, lower after a 429 or on a header's word."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..types import Priority
from .ledger import Limits, Throttle

if TYPE_CHECKING:
    from ...settings.tree import LimiterSettings

CUT: Final = 0.8
FLOOR: Final = 5
SMALLEST_SHARED: Final = 4
"""Below this many requests per window there is nothing to keep for LOW."""
AMPLE: Final = 4
"""A limit beyond so many times ours need not count our window: what it counts besides is told once it is in our way."""
OTHERS_SHOWN: Final = 600.0
"""So long after the last sign of other programs' spending people are told of it."""


def limits_from(settings: LimiterSettings) -> Limits:
    """Turn shares (0-1) into counts: each at least 1, none above a more urgent class's."""
    per_window = settings.max_requests_per_minute
    caps: list[int] = []
    for priority in Priority:
        share = settings.share.get(priority.name.lower(), 1.0)
        caps.append(min(caps[-1] if caps else per_window, max(1, round(per_window * share))))
    critical, high, normal, low = caps
    return Limits(
        per_window=per_window,
        window=settings.window_seconds,
        caps=(critical, high, normal, low),
        low_minimum=max(1, round(per_window / 15)) if per_window >= SMALLEST_SHARED else 0,
        max_queue=settings.max_queue_size,
        longest_pause=settings.longest_pause,
    )


@lru_cache(maxsize=64)
def scaled(limits: Limits, per_window: int) -> Limits:
    """Return `limits` for a lower rate, every class's share kept."""
    critical, high, normal, low = (
        max(1, int(cap * per_window / limits.per_window + 0.5)) for cap in limits.caps
    )
    return replace(
        limits,
        per_window=per_window,
        caps=(critical, high, normal, low),
        low_minimum=min(limits.low_minimum, low) if per_window >= SMALLEST_SHARED else 0,
    )


def in_force(limits: Limits, throttle: Throttle, now: float) -> Limits:
    """Return the limits that hold at `now`: never above `limits`, never below one request per window."""
    allowed = _recovered(limits, throttle, now)
    if throttle.header_limit is not None:
        others = throttle.others if now < throttle.others_until else 0
        allowed = min(allowed, throttle.header_limit - others)
    return limits if allowed >= limits.per_window else scaled(limits, max(1, allowed))


def slowed(throttle: Throttle, limits: Limits, now: float, retry_after: float | None) -> Throttle:
    """Return the throttle after a 429: paused, and cut by a fifth unless that was done within a window.

    Any more of them while paused are the same event: they can only lengthen the pause.
    """
    until = max(throttle.paused_until, now + limits.pause(retry_after))
    if now < throttle.paused_until:
        return replace(throttle, paused_until=until, clean_from=until)
    rate, cut_at = _recovered(limits, throttle, now), throttle.cut_at
    if throttle.rate is None or now - cut_at >= limits.window:
        rate, cut_at = max(min(FLOOR, limits.per_window), int(rate * CUT)), now
    return replace(throttle, paused_until=until, rate=rate, clean_from=until, cut_at=cut_at)


def observed(
    throttle: Throttle, limits: Limits, now: float, *, limit: int, remaining: int | None, used: int
) -> Throttle:
    """Return the throttle after X-RateLimit headers; `used` is what we know we spent in this window.

    What the server counted beyond `used` was spent by another program with the same login: it is missing from
    our window, for this window.
    """
    others = 0 if remaining is None else max(0, limit - remaining - used)
    throttle = sighted(throttle, limits, now, limit=limit, others=others)
    if limit - others >= limits.per_window and throttle.header_limit is None:
        return throttle
    until = now + limits.window if others else 0.0
    return replace(throttle, header_limit=limit, others=others, others_until=until)


def sighted(throttle: Throttle, limits: Limits, now: float, *, limit: int, others: int) -> Throttle:
    """Return the throttle with the spending of other programs noted, so that people can be told of it.

    What was spent before a loss is not known, and then nothing is proven.
    """
    near = limit <= AMPLE * limits.per_window or limit - others < limits.per_window
    if others <= 0 or not near or throttle.lost_until(limits.window) > now:
        return throttle
    return replace(throttle, others_seen=others, others_at=now)


def others_of_late(throttle: Throttle, now: float, within: float = OTHERS_SHOWN) -> int:
    """Return how many requests of a window other programs spent, as seen in the last `within` seconds."""
    seen = throttle.others_at is not None and now - throttle.others_at < within
    return max(throttle.others_seen if seen else 0, throttle.others if now < throttle.others_until else 0)


def _recovered(limits: Limits, throttle: Throttle, now: float) -> int:
    """Count one request more for every clean window since the last 429."""
    if throttle.rate is None:
        return limits.per_window
    clean = max(0, int((now - throttle.clean_from) // limits.window))
    return min(limits.per_window, throttle.rate + clean)

"""A rate limit as Laravel keeps it: a fixed window that begins with its first request."""

from __future__ import annotations

import math
import threading
import time


class RequestThrottle:
    """At most `limit` requests in a window of `window` seconds; the next window begins with the next request.

    Without a limit nothing is refused and no header is sent.
    """

    def __init__(self, limit: int | None = None, window: float = 60.0) -> None:
        self.limit = limit
        self.window = window
        self._begun: float | None = None
        self._hits = 0
        self._lock = threading.Lock()

    def restart(self) -> None:
        """Begin a new window with the next request."""
        with self._lock:
            self._begun = None

    def hit(self) -> tuple[bool, dict[str, str]]:
        """Count a request: may it pass, and the headers of its answer."""
        limit = self.limit
        if limit is None:
            return True, {}
        with self._lock:
            now = time.monotonic()
            if self._begun is None or now - self._begun >= self.window:
                self._begun, self._hits = now, 0
            left = math.ceil(self._begun + self.window - now)
            passes = self._hits < limit
            # Laravel counts what it lets in only: knocking on a shut door does not lengthen the wait.
            self._hits += passes
            headers = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(limit - self._hits)}
        if not passes:
            headers |= {"Retry-After": str(left), "X-RateLimit-Reset": str(int(time.time()) + left)}
        return passes, headers

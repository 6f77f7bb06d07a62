"""The requests that the simulator received, counted on arrival: the proof of what was really sent."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final, TextIO

from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

API: Final = "/api/v1/integracao/"
KEPT: Final = 25_000
"""So many requests are kept at least, twice as many at most, unless its owner wants fewer."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as it arrived, completed when it was answered.

    `status` is None while it is being answered and 0 when the connection was dropped instead. `token` is a
    short name (`T1` for the first token given out), never the token. `executed` says whether what was asked
    was really done, whatever the client saw of it.
    """

    number: int
    monotonic: float
    boottime: float
    method: str
    path: str
    query: str
    user_agent: str
    token: str | None = None
    status: int | None = None
    fault: str | None = None
    executed: bool = False
    size: int = 0
    seconds: float = 0.0


class RequestLog:
    """The requests received, in order of arrival, the oldest of very many forgotten. Safe to read from any thread.

    A path may be given whole or from behind `/api/v1/integracao/`. With a `file`, each entry is also written
    there as JSON lines, once when it arrives and once when it is answered, for other processes to `read_request_log`.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.kept = KEPT
        self._entries: list[LoggedRequest] = []
        self._lock = threading.Lock()
        self._forgotten = 0
        self._stream: TextIO | None = None
        if file is not None:
            self._stream = file.open("a", encoding="utf-8")

    def arrive(
        self, *, method: str, path: str, query: str, user_agent: str, monotonic: float | None = None
    ) -> LoggedRequest:
        """Count a request now, or as of `monotonic`."""
        now = time.monotonic()
        at = now if monotonic is None else monotonic
        boot = _boottime() - (now - at)
        with self._lock:
            number = self._forgotten + len(self._entries)
            entry = LoggedRequest(number, at, boot, method, path, query, user_agent)
            self._entries.append(entry)
            self._write(entry)
            if len(self._entries) >= 2 * self.kept:
                self._forgotten += self.kept
                del self._entries[: self.kept]
        return entry

    def complete(self, number: int, **known: object) -> None:
        """Add what became of request `number`; one that was cleared away in the meantime is ignored."""
        with self._lock:
            position = number - self._forgotten
            if position >= 0:
                entry = replace(self._entries[position], **known)  # type: ignore[arg-type]
                self._entries[position] = entry
                self._write(entry)

    def entries(self, path: str | None = None) -> list[LoggedRequest]:
        """Return the requests so far, or those for exactly `path`."""
        with self._lock:
            found = list(self._entries)
        return found if path is None else [e for e in found if e.path in {path, API + path}]

    def count(self, prefix: str = "", *, path: str | None = None) -> int:
        """Count the requests whose path begins with `prefix`, or is exactly `path`."""
        if path is not None:
            return len(self.entries(path))
        return sum(1 for e in self.entries() if e.path.startswith((prefix, API + prefix)))

    def worst_window(self, seconds: float = 60.0) -> int:
        """Return the most requests that arrived in any `[t, t + seconds)`, exactly."""
        return worst_window((e.monotonic for e in self.entries()), seconds)

    def clear(self) -> None:
        """Forget what arrived so far; numbers go on."""
        with self._lock:
            self._forgotten += len(self._entries)
            self._entries.clear()

    def close(self) -> None:
        """Close the file, if there is one; counting goes on."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None

    def __len__(self) -> int:
        return len(self._entries)

    def _write(self, entry: LoggedRequest) -> None:
        if self._stream is not None:
            self._stream.write(json.dumps(asdict(entry)) + "\n")
            self._stream.flush()


def read_request_log(file: Path) -> list[LoggedRequest]:
    """Return the requests in the file of a request log, in order of arrival; a line cut short is left out."""
    latest: dict[int, LoggedRequest] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            entry = LoggedRequest(**json.loads(line))
        except ValueError:
            continue
        latest[entry.number] = entry
    return [latest[number] for number in sorted(latest)]


def worst_window(moments: Iterable[float], seconds: float = 60.0) -> int:
    """Return the most moments in any half-open window of `seconds`: two pointers over the sorted moments."""
    ordered = sorted(moments)
    worst = first = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= seconds:
            first += 1
        worst = max(worst, last - first + 1)
    return worst


def _boottime() -> float:
    identifier = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if identifier is None else time.clock_gettime(identifier)

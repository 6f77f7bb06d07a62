"""The last requests, for the Requests screen and the log; and how many there were today."""

from __future__ import annotations

import itertools
import logging
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from ..clock import Clock, today
from ..types import Priority, RequestRow
from .events import Events
from .trace import SentRow, TraceSink

KEPT: Final = 500
logger = logging.getLogger(__name__)


class Journal:
    """A ring of rows; each is replaced as its request goes on. No documents, no secrets."""

    def __init__(self, clock: Clock, events: Events, trace: TraceSink | None = None) -> None:
        self._clock = clock
        self._events = events
        self._trace = trace
        self._rows: OrderedDict[int, RequestRow] = OrderedDict()
        self._ids = itertools.count(1)
        self._day = today(clock)
        self._sent = 0

    def begin(
        self,
        *,
        operation: str,
        path: str,
        priority: Priority,
        attempt: int,
        wait: float,
        caller: str,
        asked: bool = False,
    ) -> RequestRow:
        """Note a request that is being sent."""
        row = RequestRow(
            next(self._ids),
            self._clock.wall(),
            operation,
            path,
            priority,
            attempt,
            wait,
            caller=caller,
            asked=asked,
        )
        self._rows[row.id] = row
        if len(self._rows) > KEPT:
            self._rows.popitem(last=False)
        self._turn_day()
        self._sent += 1
        return row

    def end(
        self,
        row: RequestRow,
        *,
        latency: float,
        outcome: str,
        status: int | None = None,
        size: int = 0,
        error: str = "",
        sent: bool = True,
    ) -> None:
        """Note how it ended; `latency` in seconds, `size` in bytes. Not `sent`: not a byte of it left."""
        ended = replace(row, latency=latency, outcome=outcome, status=status, size=size, error=error)
        if row.id in self._rows:
            self._rows[row.id] = ended
        _log(ended)
        self._events.publish(ended)
        if self._trace is not None:
            self._trace.sent(
                SentRow(
                    at=ended.at,
                    operation=ended.operation,
                    priority=ended.priority,
                    caller=ended.caller,
                    attempt=ended.attempt,
                    wait=ended.wait,
                    latency=latency,
                    status=status,
                    size=size,
                    outcome=outcome,
                    sent=sent,
                    asked=ended.asked,
                )
            )

    def rows(self) -> tuple[RequestRow, ...]:
        """The last requests, oldest first."""
        return tuple(self._rows.values())

    def sent_today(self) -> int:
        """Requests sent since local midnight, or the start if that was later."""
        self._turn_day()
        return self._sent

    def _turn_day(self) -> None:
        if (day := today(self._clock)) != self._day:
            self._day, self._sent = day, 0


def _log(row: RequestRow) -> None:
    figures = {
        "operation": row.operation,
        "priority": row.priority.name,
        "attempt": row.attempt,
        "status": row.status,
        "outcome": row.outcome,
        "wait": round(row.wait, 3),
        "latency": round(row.latency or 0.0, 3),
        "bytes": row.size,
        "caller": row.caller,
    }
    logger.info(
        "%(operation)s %(priority)s attempt=%(attempt)d status=%(status)s outcome=%(outcome)s wait=%(wait).3f"
        " latency=%(latency).3f bytes=%(bytes)d caller=%(caller)s",
        figures,
        extra={"fields": figures},
    )

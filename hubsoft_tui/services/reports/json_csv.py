"""A report for programs: the document of `report --json`, and one table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from ...hubsoft_time import iso
from ..spreadsheets import inert
from .types import DayReport, Sums

COLUMNS: Final = (
    "questions",
    "hits",
    "coalesced",
    "negative",
    "stale",
    "failed",
    "requests",
    "repeats",
    "errors",
    "rate_limited",
    "unsent",
    "saved",
    "bytes",
)


def as_document(report: DayReport) -> dict[str, Any]:
    """Return the report as `report --json` prints it: the agreed keys first, then what explains them."""
    total = report.total
    return {
        "day": report.day.isoformat(),
        "requests": total.requests,
        "requests_by_priority": {name: sums.requests for name, sums in report.priorities.items()},
        "requests_by_endpoint": {name: sums.requests for name, sums in report.endpoints.items()},
        "questions": total.questions,
        "hit_ratio": _share(total.ratio),
        "saved": total.saved,
        "errors": total.errors,
        "rate_limited": total.rate_limited,
        "latency_ms": {"p50": _milliseconds(total.p50), "p95": _milliseconds(total.p95)},
        "naive_requests": total.naive,
        "repeats": total.repeats,
        "unsent": total.unsent,
        "stale": total.stale,
        "failed": total.failed,
        "bytes": total.size,
        "wait_ms": {"mean": _mean_wait(total), "p95": _milliseconds(total.wait_p95)},
        "requests_by_status": report.statuses,
        "hours": [{"since": _local(hour.since), **_figures(hour.sums)} for hour in report.hours],
        "priorities": {name: _figures(sums) for name, sums in report.priorities.items()},
        "endpoints": {name: _figures(sums) for name, sums in report.endpoints.items()},
        "categories": {name: _figures(sums) for name, sums in report.categories.items()},
        "operators": {name: _figures(sums) for name, sums in report.operators.items()},
        "callers": {name: _figures(sums) for name, sums in report.callers.items()},
        "whole": report.whole,
    }


def as_table(report: DayReport) -> str:
    """Return the report as CSV: one line for the day, each hour, endpoint, priority, category, operator, caller."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    head = ("day", "group", "name", *COLUMNS, "hit_ratio", "wait_p95_ms", "latency_p50_ms", "latency_p95_ms")
    writer.writerow(head)
    for group, name, sums in _lines(report):
        figures = _figures(sums)
        writer.writerow(
            (
                report.day.isoformat(),
                group,
                inert(name),
                *(figures[column] for column in COLUMNS),
                figures["hit_ratio"],
                figures["wait_ms"]["p95"],
                figures["latency_ms"]["p50"],
                figures["latency_ms"]["p95"],
            )
        )
    return written.getvalue()


def _lines(report: DayReport) -> Iterator[tuple[str, str, Sums]]:
    yield "day", report.day.isoformat(), report.total
    for hour in report.hours:
        yield "hour", _local(hour.since), hour.sums
    groups = {
        "endpoint": report.endpoints,
        "priority": report.priorities,
        "category": report.categories,
        "operator": report.operators,
        "caller": report.callers,
    }
    for group, found in groups.items():
        for name, sums in found.items():
            yield group, name, sums


def _figures(sums: Sums) -> dict[str, Any]:
    return {
        **{column: getattr(sums, "size" if column == "bytes" else column) for column in COLUMNS},
        "hit_ratio": _share(sums.ratio),
        "wait_ms": {"mean": _mean_wait(sums), "p95": _milliseconds(sums.wait_p95)},
        "latency_ms": {"p50": _milliseconds(sums.p50), "p95": _milliseconds(sums.p95)},
    }


def _local(instant: float) -> str:
    return iso(instant, "minutes")


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _mean_wait(sums: Sums) -> float | None:
    return round(sums.waited / sums.requests * 1000, 1) if sums.requests else None

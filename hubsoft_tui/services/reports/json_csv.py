"""A report for programs: the document of `report --json`, and one table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from ...formats import iso
from ..spreadsheets import inert
from .figures import FIGURES, Sums
from .types import DayReport

COLUMNS: Final = {figure.column: figure for figure in FIGURES.values() if figure.column}
"""The figures of the table, by what its head calls them."""
_AGREED: Final = ("questions", "hit_ratio", "saved", "errors", "rate_limited", "latency_ms")
"""The figures that stand first in the document, in this order."""


def as_document(report: DayReport) -> dict[str, Any]:
    """Return the report as `report --json` prints it: the agreed keys first, then what explains them."""
    total = _figures(report.total)
    return {
        "day": report.day.isoformat(),
        "requests": total["requests"],
        "requests_by_priority": {name: sums.requests for name, sums in report.priorities.items()},
        "requests_by_endpoint": {name: sums.requests for name, sums in report.endpoints.items()},
        **{key: total[key] for key in _AGREED},
        **{key: value for key, value in total.items() if key not in {"requests", *_AGREED}},
        "requests_by_status": report.statuses,
        "hours": [{"since": iso(hour.since, "minutes"), **_figures(hour.sums)} for hour in report.hours],
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
    writer.writerow(("day", "group", "name", *COLUMNS))
    for group, name, sums in _lines(report):
        figures = (figure.plain(sums) for figure in COLUMNS.values())
        writer.writerow((report.day.isoformat(), group, inert(name), *figures))
    return written.getvalue()


def _lines(report: DayReport) -> Iterator[tuple[str, str, Sums]]:
    yield "day", report.day.isoformat(), report.total
    for hour in report.hours:
        yield "hour", iso(hour.since, "minutes"), hour.sums
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
    """Return every figure by its key; those of `a.b` stand within `a`."""
    found: dict[str, Any] = {}
    for key, figure in FIGURES.items():
        outer, _, inner = key.rpartition(".")
        (found.setdefault(outer, {}) if outer else found)[inner] = figure.plain(sums)
    return found

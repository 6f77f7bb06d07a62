"""A report for programs and files: the document of `report --json`, a table for spreadsheets, or a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ...errors import HubSoftError, InvalidInput, StoreError
from ...formats import inert_cell, iso
from ...settings import places
from ...texts import Text, say
from .figures import FIGURES, Sums
from .html import as_page
from .types import DayReport


def export(report: DayReport, path: Path, *, profile: str = "", host: str = "") -> None:
    """Write the report to `path`, readable by its owner alone, whole or not at all.

    Raises InvalidInput for another ending, and HubSoftError when the place cannot be written.
    """
    make = _MAKERS.get(path.suffix.lower())
    if make is None:
        raise InvalidInput(
            say("A report is written as .html, .csv or .json. End the file's name with one of them.")
        )
    write(make(report, profile, host), path)


def write(text: str, path: Path) -> None:
    """Write `text` to `path`, readable by its owner alone. Raises HubSoftError when the place cannot be written."""
    path = places.expanded(path)
    if path.is_dir() or not path.parent.is_dir():
        what = say("that is a folder") if path.is_dir() else say("there is no such folder")
        raise HubSoftError(_cannot(path, what))
    try:
        places.write_private(path, text.encode())
    except StoreError as error:
        cause = error.__cause__
        reason = (cause.strerror if isinstance(cause, OSError) else None) or str(error)
        raise HubSoftError(_cannot(path, reason)) from error


def _cannot(path: Path, reason: object) -> Text:
    return say(
        "The report cannot be written to {path}: {reason}. Choose another place.", path=path, reason=reason
    )


_MAKERS: Final[dict[str, Callable[[DayReport, str, str], str]]] = {
    ".csv": lambda report, _profile, _host: as_table(report),
    ".html": lambda report, profile, host: as_page(report, profile=profile, host=host),
    ".json": lambda report, _profile, _host: (
        json.dumps(as_document(report), ensure_ascii=False, indent=2) + "\n"
    ),
}


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
        "actions": [{**asdict(each), "kind": each.kind.value} for each in report.actions],
    }


def as_table(report: DayReport) -> str:
    """Return the report as CSV: one line for the day, each hour, endpoint, priority, category, operator, caller."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(("day", "group", "name", *COLUMNS))
    for group, name, sums in _lines(report):
        figures = (figure.plain(sums) for figure in COLUMNS.values())
        writer.writerow((report.day.isoformat(), group, inert_cell(name), *figures))
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

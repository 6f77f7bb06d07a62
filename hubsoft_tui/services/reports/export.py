"""A report for programs and files: the document of `report --json`, a table for spreadsheets, or a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any, Final

from ...errors import HubSoftError, InvalidInput, StoreError
from ...formats import NOTHING, day, inert_cell, iso
from ...settings import places
from ...texts import Text, _, language, number, say
from ..outbox.types import action_name
from . import figures
from .figures import FIGURES, ReportFigure, Sums
from .types import ACTION_HEADS, ActionCount, DayReport, Hour, caller_name, category_name, priority_name

_STYLE: Final = """
:root { --ink: #1b2430; --quiet: #66707d; --paper: #ffffff; --line: #e3e7ec; --asked: #b9cfe6; --sent: #1f5f99;
  --bad: #b3261e; --good: #1e7a46; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf0; --quiet: #98a3b0; --paper: #12171d; --line: #2a323c;
  --asked: #35506b; --sent: #6fb1ea; --bad: #ff8a80; --good: #7bd3a0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 3rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2.2rem 0 .6rem; }
p { margin: .2rem 0; } .quiet { color: var(--quiet); } .bad { color: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 1.6rem 0 0;
  background: var(--line); border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; }
.figures div { background: var(--paper); padding: .8rem 1rem; }
.figures b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; line-height: 1.3; }
.good { color: var(--good); }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--quiet); font-size: 11px; }
.asked { fill: var(--asked); } .sent { fill: var(--sent); } .rule { stroke: var(--line); }
.key::before { content: ""; display: inline-block; width: .7em; height: .7em; margin: 0 .4em 0 0; border-radius: 2px; }
.key.a::before { background: var(--asked); } .key.s::before { background: var(--sent); } .key { margin-right: 1.2em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { color: var(--quiet); font-weight: 500; text-align: right; white-space: nowrap; }
td { text-align: right; white-space: nowrap; } th:first-child, td:first-child { text-align: left; white-space: normal; }
th, td { padding: .3rem 0 .3rem 1.2rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; }
footer { margin-top: 2.5rem; font-size: .85rem; }
@media (max-width: 40rem) { .figures { grid-template-columns: repeat(2, 1fr); } }
@media print { body { max-width: none; padding: 0; } h2, .figures, svg { break-inside: avoid; } }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_CHART: Final = (960, 180)
_FLOOR: Final = 18


def as_page(report: DayReport, *, profile: str = "", host: str = "") -> str:
    """Return the page, in the language of now. `profile` and `host` say whose requests these are."""
    total = report.total
    title = _("HubSoft requests on {day}").format(day=day(report.day))
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="{escape(language().replace("_", "-"))}">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<header><h1>{escape(title)}</h1>",
        f'<p class="quiet">{escape(" · ".join(filter(None, (profile, host))))}</p>',
        f'<p class="bad">{escape(incomplete())}</p>' if not report.whole else "",
        "</header>",
        _figure_cards(total),
        _section(_("By hour"), _chart(report.hours)),
        _section(_("Endpoints"), _table(_("endpoint"), report.endpoints, str, figures.PAGE_SENT)),
        _section(_("Urgency"), _table(_("class"), report.priorities, priority_name, figures.PAGE_CLASSES)),
        _section(_("What was asked"), _table(_("category"), report.categories, category_name, figures.ASKED)),
        _section(_("Operators"), _table(_("operator"), report.operators, str, figures.PAGE_BOTH)),
        _section(_("Who asked"), _table(_("asked by"), report.callers, caller_name, figures.PAGE_BOTH)),
        _section(_("Actions"), _actions(report.actions)) if report.actions else "",
        _footer(),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def incomplete() -> str:
    """Say that a report is not of the whole day."""
    return _("Rows of this day are gone already: it was more than this. trace.max_rows keeps more.")


def _figure_cards(total: Sums) -> str:
    cells = (
        f'<div><b class="{_tone(figure, total)}">{escape(figure.text(total))}</b>'
        f'<span class="quiet">{escape(figure.title(total))}</span></div>'
        for figure in figures.DAY
    )
    return f'<section class="figures">{"".join(cells)}</section>'


def _tone(figure: ReportFigure, total: Sums) -> str:
    if (figure.value(total) or 0) <= 0:
        return ""
    return "good" if figure.tone == "good" else "bad" if figure.tone else ""


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _chart(hours: Iterable[Hour]) -> str:
    """Draw each hour's questions as a pale bar, and in front of it the requests they cost."""
    shown = list(hours)
    most = max((max(hour.sums.questions, hour.sums.requests) for hour in shown), default=0)
    if not most:
        return _quiet(_("Nothing was asked on this day."))
    width, height = _CHART
    step, room = width / len(shown), height - _FLOOR - 14
    bars = []
    for place, hour in enumerate(shown):
        left, sums = place * step, hour.sums
        told = _("{hour} h: {questions} questions, {requests} requests").format(
            hour=hour.clock, questions=number(sums.questions), requests=number(sums.requests)
        )
        bars.append(
            f"<g><title>{escape(told)}</title>"
            f"{_bar('asked', left + step * 0.12, step * 0.76, room * sums.questions / most)}"
            f"{_bar('sent', left + step * 0.3, step * 0.4, room * sums.requests / most)}"
            f'<text x="{left + step / 2:.1f}" y="{height - 4}" text-anchor="middle">{hour.clock}</text></g>'
        )
    floor = height - _FLOOR
    asked, sent, by_hour = (escape(text) for text in (_("questions"), _("requests"), _("By hour")))
    return (
        f'<p><span class="key a quiet">{asked}</span><span class="key s quiet">{sent}</span></p>'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{by_hour}">'
        f'<text x="0" y="10">{escape(number(most))}</text>'
        f'<line class="rule" x1="0" y1="{floor}" x2="{width}" y2="{floor}"/>{"".join(bars)}</svg>'
    )


def _quiet(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'


def _bar(kind: str, x: float, width: float, height: float) -> str:
    if height <= 0:
        return ""
    height = max(1.0, height)
    top = _CHART[1] - _FLOOR - height
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"/>'
    )


def _table(
    first: str, rows: Mapping[str, Sums], name: Callable[[str], str], shown: Sequence[ReportFigure]
) -> str:
    if not rows:
        return _quiet(_("none"))
    lines = [
        (name(key), *(figure.text(sums, zero=NOTHING) for figure in shown)) for key, sums in rows.items()
    ]
    return _grid((first, *(_(figure.head) for figure in shown)), lines)


def _actions(actions: Sequence[ActionCount]) -> str:
    """Return what each operator did to services and visits."""
    lines = [
        (
            f"{each.operator} · {action_name(each.kind)}",
            *(number(count) if count else NOTHING for count in each.counts),
        )
        for each in actions
    ]
    return _grid((_("operator"), *map(_, ACTION_HEADS)), lines)


def _grid(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def _footer() -> str:
    told = _(
        "Saved: requests that one for each question would have cost in addition; a sync or check-up counts one "
        "for each ticket or member. From midnight to midnight, local time. Made by hubsoft-tui."
    )
    return f'<footer class="quiet">{escape(told)}</footer>'


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

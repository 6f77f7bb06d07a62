"""A plan in words: what a pass will ask, and what it is thought to cost."""

from __future__ import annotations

from ...api.tickets import TicketDate
from ...formats import day as written
from ...texts import _, ngettext
from .planner import Read, Steps
from .types import Plan


def plan(steps: Steps) -> Plan:
    """Say it to a person, in the order it is asked."""
    lines = [_("The table of ticket statuses: 1 request.")] if steps.table else []
    lines += [_list(read, steps.size) for read in steps.reads]
    if steps.singles:
        count = len(steps.singles)
        lines.append(
            ngettext(
                "{n} ticket that no list shows: {n} request.",
                "{n} tickets that no list shows: {n} requests.",
                count,
            ).format(n=count)
        )
    return Plan(tuple(lines), steps.requests, steps.naive)


def _list(read: Read, size: int) -> str:
    what = _what(read).format(day=written(read.start), until=written(read.end))
    if read.rows is None:
        return _("{what}: pages of {size} rows, nobody knows how many yet.").format(what=what, size=size)
    requests = read.requests(size)
    pages = ngettext("{n} page", "{n} pages", requests).format(n=requests)
    rows = ngettext("about {n} row", "about {n} rows", read.rows).format(n=read.rows)
    return _("{what}: {rows}, {pages}.").format(what=what, rows=rows, pages=pages)


def _what(read: Read) -> str:
    if read.by is TicketDate.CLOSED:
        return _("Tickets closed since {day}")
    if read.status_ids:
        return _("Tickets opened {day} to {until} that may be open")
    return _("Every ticket opened since {day}")

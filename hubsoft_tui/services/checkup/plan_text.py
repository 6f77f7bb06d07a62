"""A plan and its cost in sentences, for the screen and the command line alike."""

from __future__ import annotations

from ...formats import about
from ...texts import _, ngettext, number
from .types import CheckupPlan, Result, Variant, Way


def plan_lines(plan: CheckupPlan) -> list[str]:
    """Say how the members will be decided, and what it costs; one or two lines."""
    if plan.way is Way.NOTHING:
        return [_("Everybody is remembered: nothing needs to be asked.")]
    return [_way(plan), _cost(plan)]


def result_word(result: Result) -> str:
    """Return a result for people."""
    return {
        Result.ACTIVE: _("active"),
        Result.INACTIVE: _("inactive"),
        Result.NOT_FOUND: _("not found"),
        Result.UNKNOWN: _("unknown"),
    }[result]


def held_line(count: int) -> str:
    """Say that commands are held, and why."""
    return ngettext(
        "Unusually many members lost the contract at once: {n} command is held until a person looks.",
        "Unusually many members lost the contract at once: {n} commands are held until a person looks.",
        count,
    ).format(n=number(count))


def source_word(source: str) -> str:
    """Return for people where a result is known from."""
    return {"cache": _("memory"), "roster": _("roster"), "api": _("asked")}.get(source, source)


def _way(plan: CheckupPlan) -> str:
    singles = ngettext("{n} single question", "{n} single questions", plan.singles).format(
        n=number(plan.singles)
    )
    if plan.way is Way.SINGLES:
        if plan.at_most:
            return _("{singles}, or fewer once the roster's size is known").format(singles=singles)
        return singles
    pages = ngettext("{n} page of {size}", "{n} pages of {size}", plan.pages).format(
        n=number(plan.pages), size=number(plan.page_size)
    )
    roster = {
        Variant.ENABLED: _("roster of enabled services: {pages}"),
        Variant.CURRENT: _("roster without cancelled services: {pages}"),
        Variant.ALL: _("whole roster: {pages}"),
    }[plan.variant or Variant.ALL].format(pages=pages)
    return (
        _("{roster}, and about {singles}").format(roster=roster, singles=singles) if plan.singles else roster
    )


def _cost(plan: CheckupPlan) -> str:
    requests = ngettext("{n} request", "{n} requests", plan.requests).format(n=number(plan.requests))
    cost = _("{requests} instead of {naive}, about {time}.").format(
        requests=requests, naive=number(plan.naive_requests), time=about(plan.seconds)
    )
    if plan.cached:
        cost += " " + ngettext(
            "{n} member is remembered.", "{n} members are remembered.", plan.cached
        ).format(n=number(plan.cached))
    return cost

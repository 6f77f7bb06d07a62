"""What the headings of a report are called, and its figures as a person reads them, in the person's language."""

from __future__ import annotations

from datetime import date
from typing import Final

from ...texts import N_, _
from ...texts import number as number  # noqa: PLC0414 - the commands find it here

NOTHING: Final = "–"
_CATEGORIES: Final = {
    "client_data": N_("customer data"),
    "contract_status": N_("contract status"),
    "service_data": N_("service data"),
}
_PRIORITIES: Final = {
    "critical": N_("critical: opening a ticket"),
    "high": N_("high: a person waits"),
    "normal": N_("normal: sync"),
    "low": N_("low: background"),
}
_CALLERS: Final = {
    "checkup": N_("check-up"),
    "lookup": N_("lookup"),
    "outbox": N_("outbox"),
    "probe": N_("is HubSoft back?"),
    "program": N_("another program"),
    "refresh": N_("refresh ahead"),
    "sync": N_("sync"),
    "test": N_("connection test"),
    "token": N_("login"),
}


def category_name(category: str) -> str:
    """Return what a category is called."""
    return _(_CATEGORIES.get(category, category))


def priority_name(priority: str) -> str:
    """Return what a class is called, and whom it serves."""
    return _(_PRIORITIES.get(priority, priority))


def caller_name(caller: str) -> str:
    """Return what asked, in words; as it is where there are none."""
    return _(_CALLERS[caller]) if caller in _CALLERS else caller or NOTHING


def share(ratio: float | None) -> str:
    """Return a share as `91.2 %`."""
    return NOTHING if ratio is None else f"{number(ratio * 100, 1)} %"


def seconds(value: float | None) -> str:
    """Return a time as `42 ms` or `1.2 s`."""
    if value is None:
        return NOTHING
    return f"{number(value * 1000)} ms" if value < 0.9995 else f"{number(value, 1)} s"


def day_name(day: date) -> str:
    """Return a date as day/month/year."""
    return f"{day.day:02}/{day.month:02}/{day.year:04}"

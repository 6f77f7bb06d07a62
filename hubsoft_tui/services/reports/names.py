"""What the headings of a report are called, in the person's language."""

from __future__ import annotations

from typing import Final

from ...formats import NOTHING
from ...texts import N_, _

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
    """Return what a class is called, and what it is for."""
    return _(_PRIORITIES.get(priority, priority))


def caller_name(caller: str) -> str:
    """Return what asked, in words; as it is where there are none."""
    return _(_CALLERS[caller]) if caller in _CALLERS else caller or NOTHING

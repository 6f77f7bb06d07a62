"""What records mean to the trace: who may be unlocked by a payment, and what of a record really changed."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from ...api.models import Customer, Ticket
from ...core.telemetry.tracer import RecordTraits
from ...core.types import Category


def meaning(active_statuses: Callable[[], Collection[str]]) -> RecordTraits:
    """Return the meaning; `active_statuses` are the status prefixes that count as an active contract now."""

    def suspended(record: object) -> bool:
        if not isinstance(record, Customer):
            return False
        active = active_statuses()
        return all(service.status_prefix not in active for service in record.services)

    return RecordTraits(suspended=suspended, shown=shown, status=status)


def shown(category: Category, record: object) -> object:
    """Return what an answer of `category` shows of `record`, without what a clock changes."""
    if category is Category.CONTRACT_STATUS and isinstance(record, Customer):
        return status(record)
    return _still(record)


def status(record: object) -> object | None:
    """Return each service's status, or None for what is no customer."""
    if not isinstance(record, Customer):
        return None
    return sorted((service.id, service.status_prefix) for service in record.services)


def _still(record: object) -> object:
    """Take out what differs with every look: how long a line is up, how long a ticket is open."""
    if isinstance(record, Customer):
        services = tuple(msgspec.structs.replace(service, connection=None) for service in record.services)
        return msgspec.structs.replace(record, services=services)
    if isinstance(record, Ticket):
        return msgspec.structs.replace(record, minutes_open=None, remaining=None, remaining_percent=None)
    if isinstance(record, tuple):
        return tuple(_still(each) for each in record)
    return record

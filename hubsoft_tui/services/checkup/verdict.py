"""From customers to a verdict on one member: the same, whether a roster or a single question brought them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from ...api.models import Customer, Service
from ...texts import say
from .types import Decision, Result


def judge(
    document: str, customers: Iterable[Customer], active: Collection[str], *, source: str, fetched_at: float
) -> Decision:
    """Say what the customers with a document mean for the member; no customer means `NOT_FOUND`.

    Inactive needs to be sure: a service that could not be read, or has no status, makes it `UNKNOWN`.
    """
    found = tuple(customers)
    services = [service for customer in found for service in customer.services]
    base = Decision(document, Result.NOT_FOUND, source=source, fetched_at=fetched_at)
    if not found:
        return _as(base, Result.NOT_FOUND, None, gone=True)
    enabled = [service for service in services if service.status_prefix in active]
    if enabled:
        return _as(base, Result.ACTIVE, max(enabled, key=_latest), gone=False)
    if any(customer.incomplete for customer in found) or any(not each.status_prefix for each in services):
        return unknown(
            document,
            str(say("HubSoft did not say the status of every service.")),
            source=source,
            fetched_at=fetched_at,
        )
    left = [service for service in services if service.cancelled_at is None]
    telling = max(left or services, key=_latest, default=None)
    return _as(base, Result.INACTIVE, telling, gone=bool(services) and not left)


def unknown(document: str, why: str, *, source: str = "", fetched_at: float = 0.0) -> Decision:
    """Say that a member could not be decided, and why."""
    return Decision(document, Result.UNKNOWN, why=why, source=source, fetched_at=fetched_at)


def is_enabled(customer: Customer, active: Collection[str]) -> bool:
    """Whether any service of the customer is in an active status."""
    return any(service.status_prefix in active for service in customer.services)


def is_current(customer: Customer) -> bool:
    """Whether the customer is listed where cancelled services are left out."""
    return not customer.services or any(each.cancelled_at is None for each in customer.services)


def _as(base: Decision, result: Result, service: Service | None, *, gone: bool) -> Decision:
    since = None if service is None else _since(service)
    return replace(
        base,
        result=result,
        status="" if service is None else service.status or service.status_prefix,
        plan="" if service is None else service.name,
        since=None if since is None else since.timestamp(),
        gone=gone,
    )


def _since(service: Service) -> datetime | None:
    """Return since when the service is as it is, where HubSoft says it."""
    return service.cancelled_at or service.suspended_at or service.enabled_at


def _latest(service: Service) -> float:
    since = _since(service)
    return since.timestamp() if since is not None else 0.0

"""What the screens ask about tickets, as functions that run in the engine's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubsoft_tui.core.types import Priority

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.tickets.types import (
        Delta,
        PassReport,
        Plan,
        SyncStatus,
        TicketDetail,
        TicketRow,
    )


@dataclass(frozen=True, slots=True)
class News:
    """What is new since a version, and how syncing goes."""

    delta: Delta
    status: SyncStatus


def news(since: int) -> Callable[[Services], Awaitable[News]]:
    """Ask for what changed since version `since`; 0 asks for everything."""

    async def ask(services: Services) -> News:
        return News(await services.tickets.delta(since), await services.tickets.status())

    return ask


def status() -> Callable[[Services], Awaitable[SyncStatus]]:
    """Ask how syncing goes."""

    async def ask(services: Services) -> SyncStatus:
        return await services.tickets.status()

    return ask


def sync() -> Callable[[Services], Awaitable[PassReport]]:
    """Make a pass now, for a person who waits."""

    async def ask(services: Services) -> PassReport:
        return await services.tickets.sync(priority=Priority.HIGH)

    return ask


def plan() -> Callable[[Services], Awaitable[Plan]]:
    """Ask what the next pass would send."""

    async def ask(services: Services) -> Plan:
        return await services.tickets.plan()

    return ask


def detail(ticket_id: int, *, refresh: bool, label: str) -> Callable[[Services], Awaitable[TicketDetail]]:
    """Ask for one ticket in full."""

    async def ask(services: Services) -> TicketDetail:
        return await services.tickets.detail(ticket_id, refresh=refresh, label=label)

    return ask


def follow(protocol: str, label: str) -> Callable[[Services], Awaitable[TicketRow]]:
    """Follow one more ticket. Raises NotFound and InvalidInput."""

    async def ask(services: Services) -> TicketRow:
        return await services.tickets.follow(protocol, label=label)

    return ask


def unfollow(ticket_id: int) -> Callable[[Services], Awaitable[None]]:
    """Follow a ticket no longer."""

    async def ask(services: Services) -> None:
        await services.tickets.unfollow(ticket_id)

    return ask

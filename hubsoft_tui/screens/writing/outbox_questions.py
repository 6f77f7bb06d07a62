"""What the screens ask the outbox, as functions that run in the engine's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hubsoft_tui.api.models import Choice, Customer
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import Draft, Entry


@dataclass(frozen=True, slots=True)
class Review:
    """A draft that may be sent: as it is checked, exactly what goes out, and what says the same already."""

    draft: Draft
    lines: tuple[tuple[str, str], ...]
    similar: tuple[Entry, ...] = ()
    """Entries of the last minutes that say the same."""


def review(draft: Draft) -> Callable[[Services], Awaitable[Review]]:
    """Check `draft` and say what would be sent. Raises InvalidInput."""

    async def ask(services: Services) -> Review:
        checked = await services.outbox.check(draft)
        lines = await services.outbox.preview(checked)
        return Review(checked, lines, await services.outbox.similar(checked))

    return ask


def put(draft: Draft, corrected: str = "") -> Callable[[Services], Awaitable[Entry]]:
    """Write `draft` to the outbox; with `corrected` in the place of that refused entry."""

    async def ask(services: Services) -> Entry:
        if corrected:
            return await services.outbox.correct(corrected, draft)
        return await services.outbox.put(draft)

    return ask


def settled(local_protocol: str, patience: float) -> Callable[[Services], Awaitable[Entry]]:
    """Wait at most `patience` seconds until an entry has been sent or needs somebody; return how it stands."""

    async def ask(services: Services) -> Entry:
        return await services.outbox.settled(local_protocol, patience)

    return ask


def entries(*, open_only: bool) -> Callable[[Services], Awaitable[tuple[Entry, ...]]]:
    """Return what is in the outbox."""

    async def ask(services: Services) -> tuple[Entry, ...]:
        return await services.outbox.entries(open_only=open_only)

    return ask


def contents(entry: Entry) -> Callable[[Services], Awaitable[tuple[tuple[str, str], ...]]]:
    """Say what an entry sends, or sent; document and phone masked."""

    async def ask(services: Services) -> tuple[tuple[str, str], ...]:
        return await services.outbox.contents(entry)

    return ask


def resend(local_protocol: str) -> Callable[[Services], Awaitable[Entry]]:
    """Send an entry again as it is."""

    async def ask(services: Services) -> Entry:
        return await services.outbox.resend(local_protocol)

    return ask


def adopt(local_protocol: str, protocol: str) -> Callable[[Services], Awaitable[Entry]]:
    """Take an open ticket for what an entry was to open."""

    async def ask(services: Services) -> Entry:
        return await services.outbox.adopt(local_protocol, protocol)

    return ask


def typed(text: str) -> Callable[[Services], Awaitable[str]]:
    """Return what was typed; asks nobody."""

    async def ask(services: Services) -> str:
        del services
        return text.strip()

    return ask


def discard(local_protocol: str) -> Callable[[Services], Awaitable[Entry]]:
    """Give an entry up."""

    async def ask(services: Services) -> Entry:
        return await services.outbox.discard(local_protocol)

    return ask


def customer(draft: Draft) -> Callable[[Services], Awaitable[Customer | None]]:
    """Return the customer a new ticket is for, as far as somebody is remembered."""

    async def ask(services: Services) -> Customer | None:
        return await services.outbox.customer(draft)

    return ask


def types() -> Callable[[Services], Awaitable[tuple[Choice, ...]]]:
    """Return the types a ticket can have."""

    async def ask(services: Services) -> tuple[Choice, ...]:
        return await services.outbox.types()

    return ask


def reasons() -> Callable[[Services], Awaitable[tuple[Choice, ...]]]:
    """Return the reasons a ticket can be closed for."""

    async def ask(services: Services) -> tuple[Choice, ...]:
        return await services.outbox.reasons()

    return ask

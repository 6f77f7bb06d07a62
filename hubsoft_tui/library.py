"""HubSoft for other programs: the same token, memory and budget as the console on this home.

`HubSoft` may be called from any thread, `AsyncHubSoft` from any event loop; each starts one engine in a background
thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from .api.models import Customer, Device, Invoice
from .core.types import Category, Priority, RequestContext, Snapshot
from .errors import InvalidInput, NotFound
from .services.customers.service import Lookup
from .services.customers.terms import Kind, Term, recognise
from .services.hub import Hub
from .services.outbox.types import SERVICE_KINDS, Entry, EntryKind
from .settings.files import load
from .settings.tree import Settings
from .texts import say

if TYPE_CHECKING:
    from .services.container import Services

CALLER = "program"
PATIENCE_SECONDS = 90.0
"""How long HubSoft's answer to an action is waited for."""


class _Client:
    """What both clients share."""

    def __init__(self, settings: Settings) -> None:
        self._hub = Hub(settings)

    @classmethod
    def open(cls, settings: Settings | None = None) -> Self:
        """Return a client that uses `settings`, or those the console would find. Raises SettingsError."""
        if settings is None:
            settings = load()
        return cls(settings)

    def snapshot(self) -> Snapshot:
        """Return the latest snapshot of the engine without waiting; it is renewed only while `hub.watch()` is open."""
        return self._hub.snapshot()

    def _remembered(self, term: str | Term, priority: Priority, *, full_data: bool = True) -> Lookup | None:
        """Return what can be answered from memory in this thread, else None."""
        memory = self._hub.remembered()
        if memory is None:
            return None
        return memory.lookup(term, RequestContext(CALLER, priority), category=_category(full_data=full_data))

    @property
    def hub(self) -> Hub:
        """Every service, for what has no method here: `hub.call(lambda services: ...)`, or `await hub.run(...)`."""
        return self._hub


class HubSoft(_Client):
    """The blocking client, for any thread. Use it in a `with` block, or `close` it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._hub.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the engine. Questions that still wait raise Closed."""
        self._hub.close()

    @overload
    def client_info(
        self,
        document: str,
        full_data: Literal[True] = True,
        *,
        priority: Priority = ...,
        timeout: float | None = ...,
    ) -> Customer | None: ...
    @overload
    def client_info(
        self,
        document: str,
        full_data: Literal[False],
        *,
        priority: Priority = ...,
        timeout: float | None = ...,
    ) -> bool: ...
    def client_info(
        self,
        document: str,
        full_data: bool = True,
        *,
        priority: Priority = Priority.HIGH,
        timeout: float | None = None,
    ) -> Customer | bool | None:
        """Return the customer with this CPF or CNPJ, or None; with `full_data=False`, whether a contract is active.

        A customer is at most `cache.client_data_ttl` seconds old and a status `cache.contract_status_ttl`, older only
        while HubSoft cannot be reached. `timeout` is in seconds. Raises InvalidInput before anything is sent, TimedOut
        after `timeout`, Unreachable when neither HubSoft nor the cache can answer, and other HubSoftErrors.
        """
        term = _document(document)
        found = self._remembered(term, priority, full_data=full_data)
        if found is None:
            found = self._hub.call(_asking(term, priority, full_data=full_data), timeout)
        return _result(found, full_data=full_data)

    def lookup(
        self,
        term: str,
        *,
        refresh: bool = False,
        priority: Priority = Priority.HIGH,
        timeout: float | None = None,
    ) -> Lookup:
        """Find customers by document, phone, name, code, login or protocol.

        `refresh` asks HubSoft whatever is cached; `timeout` is in seconds. No customer found is an answer, not an
        error. Raises as `client_info` does.
        """
        found = None if refresh else self._remembered(term, priority)
        if found is not None:
            return found
        return self._hub.call(
            lambda s: s.customers.lookup(term, RequestContext(CALLER, priority), refresh=refresh), timeout
        )

    def act(
        self,
        action: EntryKind | str,
        service_id: int,
        *,
        days: int | None = None,
        suspension: str | None = None,
        reason: str = "",
        timeout: float | None = None,
    ) -> Entry:
        """Do something to a service, through the outbox: on disk first, sent once, never again unasked.

        `action` is `trust_unlock` (with `days`), `disconnect`, `clear_mac`, `clear_physical_address`, `restart_device`,
        `restore_device`, `suspend` (with `suspension`), `enable` (with `reason`) or `activate`. The entry's `state`
        tells what became of it: `SENT` alone means that it was done, and `said` holds HubSoft's words. Raises
        InvalidInput and NotFound before anything is sent.
        """
        more = {"days": days, "suspension": suspension, "reason": reason}
        return self._hub.call(_acting(action, service_id, more), timeout)

    def invoices(
        self,
        document: str,
        *,
        with_paid: bool = False,
        refresh: bool = False,
        timeout: float | None = None,
    ) -> tuple[Invoice, ...]:
        """Return what the customer with this CPF or CNPJ is to pay, with PIX code, typeable line and link.

        Raises NotFound when there is no such customer, and as `client_info` does.
        """
        return self._hub.call(_invoicing(_document(document), with_paid=with_paid, refresh=refresh), timeout)

    def signal(
        self, service_id: int, *, refresh: bool = False, timeout: float | None = None
    ) -> tuple[Device, ...]:
        """Return the equipment of a service that HubSoft manages, with the course of its signal.

        Raises NotOffered where the provider's server does not have it, and NotFound.
        """
        return self._hub.call(_hearing(service_id, refresh=refresh), timeout)


class AsyncHubSoft(_Client):
    """The async client, for any event loop. Use it in an `async with` block, or call `aclose`."""

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._hub.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop the engine. Questions that still wait raise Closed."""
        await asyncio.to_thread(self._hub.close)

    @overload
    async def client_info(
        self, document: str, full_data: Literal[True] = True, *, priority: Priority = ...
    ) -> Customer | None: ...
    @overload
    async def client_info(
        self, document: str, full_data: Literal[False], *, priority: Priority = ...
    ) -> bool: ...
    async def client_info(
        self,
        document: str,
        full_data: bool = True,
        *,
        priority: Priority = Priority.HIGH,
    ) -> Customer | bool | None:
        """Return the customer with this CPF or CNPJ, or None; with `full_data=False`, whether a contract is active.

        As `HubSoft.client_info`, with `asyncio.timeout` in place of `timeout`: cancelling the caller takes the question
        out of the queue.
        """
        term = _document(document)
        found = self._remembered(term, priority, full_data=full_data)
        if found is None:
            found = await self._hub.run(_asking(term, priority, full_data=full_data))
        return _result(found, full_data=full_data)

    async def lookup(self, term: str, *, refresh: bool = False, priority: Priority = Priority.HIGH) -> Lookup:
        """Find customers by document, phone, name, code, login or protocol, as `HubSoft.lookup` does."""
        found = None if refresh else self._remembered(term, priority)
        if found is not None:
            return found
        return await self._hub.run(
            lambda s: s.customers.lookup(term, RequestContext(CALLER, priority), refresh=refresh)
        )

    async def act(
        self,
        action: EntryKind | str,
        service_id: int,
        *,
        days: int | None = None,
        suspension: str | None = None,
        reason: str = "",
    ) -> Entry:
        """Do something to a service, as `HubSoft.act` does. Cancelling the caller leaves what is on its way."""
        more = {"days": days, "suspension": suspension, "reason": reason}
        return await self._hub.run(_acting(action, service_id, more))

    async def invoices(
        self, document: str, *, with_paid: bool = False, refresh: bool = False
    ) -> tuple[Invoice, ...]:
        """Return what the customer with this CPF or CNPJ is to pay, as `HubSoft.invoices` does."""
        return await self._hub.run(_invoicing(_document(document), with_paid=with_paid, refresh=refresh))

    async def signal(self, service_id: int, *, refresh: bool = False) -> tuple[Device, ...]:
        """Return the equipment of a service, with the course of its signal, as `HubSoft.signal` does."""
        return await self._hub.run(_hearing(service_id, refresh=refresh))


def _document(text: str) -> Term:
    term = recognise(text)
    if term.kind not in {Kind.CPF, Kind.CNPJ}:
        raise InvalidInput(say("That is not a CPF or CNPJ."))
    return term


def _asking(term: Term, priority: Priority, *, full_data: bool) -> Callable[[Services], Awaitable[Lookup]]:
    category = _category(full_data=full_data)

    async def ask(services: Services) -> Lookup:
        return await services.customers.lookup(term, RequestContext(CALLER, priority), category=category)

    return ask


def _category(*, full_data: bool) -> Category:
    return Category.CLIENT_DATA if full_data else Category.CONTRACT_STATUS


def _result(lookup: Lookup, *, full_data: bool) -> Customer | bool | None:
    if not full_data:
        return bool(lookup.active)
    return lookup.customers[0] if lookup.customers else None


def _acting(
    action: EntryKind | str, service_id: int, more: dict[str, Any]
) -> Callable[[Services], Awaitable[Entry]]:
    try:
        kind = EntryKind(action)
    except ValueError:
        names = ", ".join(sorted(each.value for each in SERVICE_KINDS))
        raise InvalidInput(say("There is no such action. There are: {names}.", names=names)) from None

    async def act(services: Services) -> Entry:
        draft = await services.desk.draft(kind, service_id, **more)
        entry = await services.outbox.put(await services.outbox.check(draft))
        return await services.outbox.settled(entry.local_protocol, PATIENCE_SECONDS)

    return act


def _invoicing(
    term: Term, *, with_paid: bool, refresh: bool
) -> Callable[[Services], Awaitable[tuple[Invoice, ...]]]:
    async def ask(services: Services) -> tuple[Invoice, ...]:
        found = (await services.customers.lookup(term, RequestContext(CALLER))).customers
        if not found:
            raise NotFound(say("There is no customer with this document."))
        answer = await services.customers.invoices(found[0], with_paid=with_paid, refresh=refresh)
        return answer.value

    return ask


def _hearing(service_id: int, *, refresh: bool) -> Callable[[Services], Awaitable[tuple[Device, ...]]]:
    async def ask(services: Services) -> tuple[Device, ...]:
        _customer, service = await services.desk.service(service_id)
        answer = await services.desk.signal(service, refresh=refresh)
        return () if answer is None else answer.value

    return ask

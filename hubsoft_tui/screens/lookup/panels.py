"""A customer's services, and beside them what is asked only on demand: tickets, invoices, work orders, connection."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs
from textual import on
from textual.containers import Container
from textual.message import Message

from hubsoft_tui.core.types import Snapshot, Source
from hubsoft_tui.errors import NotFound, Unreachable
from hubsoft_tui.texts import N_, _, say
from widgets.customer.card import ServiceList
from widgets.customer.on_demand import (
    AskedPanel,
    AskedPanelState,
    RowDrawer,
    device_rows,
    invoice_rows,
    order_rows,
    ordered,
    session_rows,
    ticket_rows,
)

from ..frame.actions import registry, shown_key
from ..frame.console import ConsolePart
from .texts import brief_origin, place_in_line, recovered

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.worker import Worker

    from hubsoft_tui.api.models import Customer, Invoice, Service, Ticket
    from hubsoft_tui.core.types import Answer
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.customers.service import Match

PANELS: Final[dict[str, tuple[str, RowDrawer]]] = {
    "tickets": (N_("Open tickets"), ticket_rows),
    "invoices": (N_("Invoices"), invoice_rows),
    "connection": (N_("Connection"), session_rows),
    "orders": (N_("Work orders"), order_rows),
    "signal": (N_("Signal"), device_rows),
}
OF_SERVICE: Final = ("connection", "signal")
"""Panels of the marked service: another service has its own."""

ROOMY_LINES: Final = 30
"""Terminal lines from which addresses are shown."""


class CustomerPanels(ConsolePart, Container):
    """Draws the customer it was given; asks for a panel and remembers what came until another customer is given."""

    class Answered(Message):
        """A panel that was asked for came, or could not be had."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__(id="panels")
        self._match: Match | None = None
        self._marked = 0
        self._asked: dict[str, AskedPanelState] = {}
        self._labels: dict[str, str] = {}
        self._fetched: dict[str, tuple[Source, float]] = {}
        self._number = 0
        self._missed: tuple[str, float] | None = None
        self._invoice: int | None = None
        """The marked invoice, while keys act on invoices."""

    def compose(self) -> ComposeResult:
        """Compose services and panels."""
        yield ServiceList()
        for name, (_title, rows) in PANELS.items():
            yield AskedPanel(name, rows)

    # -- the customer

    @property
    def customer(self) -> Customer | None:
        """The customer that is drawn."""
        return self._match.customer if self._match is not None else None

    @property
    def service(self) -> Service | None:
        """The marked service."""
        services = self.customer.services if self.customer is not None else ()
        return services[self._marked] if self._marked < len(services) else None

    def put(self, match: Match | None) -> None:
        """Draw another customer, or the same one as it is now; what was asked about the same one stays."""
        before = self.customer
        if match is None or before is None or before.id != match.customer.id:
            self.forget()
        self._match = match
        if match is not None:
            self._marked = min(self._marked, max(0, len(match.customer.services) - 1))

    def forget(self) -> None:
        """Forget what was asked, and which service and invoice were marked."""
        self._missed = self._invoice = None
        self._marked = 0
        for name in PANELS:
            self._drop(name)

    def move(self, step: int) -> None:
        """Mark another invoice while keys act on them, else another service; its connection is another one."""
        if self._invoice is not None:
            rows = self.rows("invoices") or ()
            self._invoice = min(max(self._invoice + step, 0), max(0, len(rows) - 1))
            self._draw_panel("invoices")
            return
        if self.customer is None:
            return
        marked = min(max(self._marked + step, 0), max(0, len(self.customer.services) - 1))
        if marked != self._marked:
            self._marked = marked
            for name in OF_SERVICE:
                self._drop(name)
            self.draw()

    # -- invoices

    @property
    def in_invoices(self) -> bool:
        """Whether keys act on invoices: they were asked for, and nothing else was done since."""
        return self._invoice is not None

    @property
    def invoice(self) -> Invoice | None:
        """The marked invoice, while keys act on invoices and they are here."""
        rows = self.rows("invoices") or ()
        return rows[self._invoice] if self._invoice is not None and self._invoice < len(rows) else None

    def leave_invoices(self) -> None:
        """Have keys act on services again."""
        if self._invoice is not None:
            self._invoice = None
            self._draw_panel("invoices")

    # -- what is drawn

    def rows(self, name: str) -> tuple[Any, ...] | None:
        """Return what a panel shows; None while it was not asked for."""
        return self._asked.get(name, AskedPanelState()).rows

    @property
    def open_tickets(self) -> tuple[Ticket, ...] | None:
        """The customer's open tickets; None while they were not asked for."""
        return self.rows("tickets")

    def draw(self) -> None:
        """Draw everything from what is known; what did not change stays silent."""
        if self._match is None:
            return
        self.query_one(ServiceList).show(
            self._match.customer.services,
            self._match.active_services,
            selected=self._marked,
            now=time.time(),
            roomy=self.app.size.height >= ROOMY_LINES,
        )
        for name in PANELS:
            self._draw_panel(name)

    def _draw_panel(self, name: str) -> None:
        asked = self._asked.get(name, AskedPanelState())
        now = time.time()
        if asked.rows is not None and name in self._fetched:
            source, fetched_at = self._fetched[name]
            asked = replace(
                asked, origin=brief_origin(source, now - fetched_at), stale=source is Source.STALE
            )
        if name == "invoices" and self.invoice is not None:
            asked = replace(asked, marked=self._invoice, hint=self._invoice_hint())
        panel = self.query_one(f"#{name}", AskedPanel)
        panel.set_class(bool(asked.rows), "-loaded")
        if name == "signal":
            panel.display = bool(self.service and self.service.device)
        panel.show(_(PANELS[name][0]), self._key(f"lookup.{name}"), asked, now)

    def _key(self, action_id: str) -> str:
        action = registry.find(action_id)
        keys = self.console.keys_of(action) if action is not None else ()
        return shown_key(keys[0]) if keys else ""

    def _invoice_hint(self) -> str:
        invoice = self.invoice
        if invoice is None or not invoice.open:
            return ""
        offers = [
            (invoice.pix, "copy", _("{key} copies the PIX")),
            (invoice.typeable_line, "lookup.invoice_line", _("{key} the line")),
            (
                invoice.pix or invoice.typeable_line or invoice.link,
                "lookup.pay",
                _("{key} shows text and QR code"),
            ),
        ]
        return " · ".join(text.format(key=self._key(way)) for there, way, text in offers if there)

    # -- asking

    def tick(self, snapshot: Snapshot) -> None:
        """Follow questions in line."""
        for name, label in self._labels.items():
            text = place_in_line(snapshot.waiting.get(label))
            if self._asked[name].waiting and text != self._asked[name].waiting:
                self._asked[name] = replace(self._asked[name], waiting=text)
                self._draw_panel(name)

    def ask(self, name: str, *, follow: bool = True) -> Worker[None] | None:
        """Ask for one of the panels; what is shown already is asked again at HubSoft. Return what waits for it.

        With `follow` the panel is brought in sight: on a small screen its answer would stand below the fold. Keys
        act on the invoices after those were asked for so.
        """
        if self.customer is None or name not in PANELS:
            return None
        if follow:
            self._invoice = (self._invoice or 0) if name == "invoices" else None
        self._number += 1
        if self._missed is not None and self._missed[0] == name:
            self._missed = None
        label = f"{name}-{self._number}"
        before = self._asked.get(name, AskedPanelState())
        self._labels[name] = label
        self._asked[name] = AskedPanelState(waiting=_("Asking…"), rows=before.rows, origin=before.origin)
        self.draw()
        work = partial(self._ask, name, self.customer, label, refresh=before.rows is not None, follow=follow)
        return self.run_worker(work, group=f"asked-{name}", exclusive=True, exit_on_error=False)

    async def _ask(self, name: str, customer: Customer, label: str, *, refresh: bool, follow: bool) -> None:
        before = self._asked[name].rows

        def failed(sentence: str, error: Exception) -> None:
            if isinstance(error, Unreachable):
                self.missed(name)
            outcome.append(AskedPanelState(rows=before, error=sentence))

        outcome: list[AskedPanelState] = []
        service = self.service
        answer: Answer[tuple[object, ...]] | None = await self.asked(
            lambda services: panel_rows(services, name, customer, service, refresh=refresh, label=label),
            failed,
        )
        if answer is None:
            asked = outcome[0]
        else:
            asked = AskedPanelState(rows=answer.value, error=answer.reason)
            self._fetched[name] = (answer.source, answer.fetched_at)
            if answer.source is Source.STALE:
                self.missed(name)
        if self._labels.get(name) == label:
            self._labels.pop(name)
            self._asked[name] = asked
            self._draw_panel(name)
            if follow:
                panel = self.query_one(f"#{name}", AskedPanel)
                self.call_after_refresh(panel.scroll_visible, animate=False)
            self.post_message(self.Answered(name))

    def fill(self, name: str, rows: tuple[Any, ...]) -> None:
        """Show rows that the answer to another question brought."""
        self._asked[name] = AskedPanelState(rows=rows)
        self._fetched[name] = (Source.API, time.time())
        self._draw_panel(name)

    def waits(self, name: str) -> bool:
        """Whether a panel was asked for and has not come."""
        return name in self._labels

    def asked_before(self, name: str) -> bool:
        """Whether a panel was asked for since the customer came in sight."""
        return name in self._asked

    def missed(self, name: str) -> None:
        """Note that HubSoft did not answer for a panel, or for the customer (an empty name)."""
        self._missed = (name, time.time())

    def customer_came(self) -> None:
        """Note that the customer came after all."""
        if self._missed is not None and not self._missed[0]:
            self._missed = None

    def owed(self, snapshot: Snapshot) -> str | None:
        """Return what was missed last, once, as soon as HubSoft answers again; None while nothing is to be asked."""
        if self._missed is None or not recovered(snapshot, self._missed[1]):
            return None
        (name, _at), self._missed = self._missed, None
        return name

    @on(AskedPanel.Pressed)
    def press(self, event: AskedPanel.Pressed) -> None:
        """Ask for the panel that was clicked."""
        event.stop()
        self.ask(event.id)

    def on_click(self, event: events.Click) -> None:
        """Mark the service that was clicked."""
        services = self.query_one(ServiceList)
        if event.widget is services:
            row = services.row_of(event.get_content_offset_capture(services).y)
            if row is not None:
                self.leave_invoices()
                self.move(row - self._marked)

    def _drop(self, name: str) -> None:
        self.workers.cancel_group(self, f"asked-{name}")
        for each in (self._asked, self._labels, self._fetched):
            each.pop(name, None)


async def panel_rows(
    services: Services, name: str, customer: Customer, service: Service | None, *, refresh: bool, label: str
) -> Answer[tuple[Any, ...]]:
    """Ask for `tickets`, `invoices` or `orders` of `customer`, or `connection` and `signal` of its `service`.

    Raises NotFound when there is no such service, or it lacks what is asked about.
    """
    customers = services.customers
    if name == "tickets":
        return await customers.tickets(customer, refresh=refresh, label=label)
    if name == "invoices":
        answer = await customers.invoices(customer, refresh=refresh, label=label)
        return structs.replace(answer, value=ordered(answer.value))
    if name == "orders":
        return await customers.work_orders(customer, refresh=refresh, label=label)
    if name == "signal":
        heard = (
            await services.desk.signal(service, refresh=refresh, label=label)
            if service is not None and service.device
            else None
        )
        if heard is None:
            raise NotFound(say("HubSoft tells no signal for this service."))
        return heard
    if service is None or not service.login:
        raise NotFound(say("This service has no login to ask about."))
    return await customers.connection(service, refresh=refresh, label=label)

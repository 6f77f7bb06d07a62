"""One customer in sight: who it is, reveals, copies, and what is done about it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.containers import Vertical
from textual.message import Message
from textual.worker import WorkerError

from hubsoft_tui.core.types import Snapshot, Source
from hubsoft_tui.services.outbox.types import (
    ACTION_NAMES,
    EntryKind,
    EntryState,
    ServiceAction,
    VisitAction,
)
from hubsoft_tui.texts import N_, _
from widgets.customer.card import CustomerHead, CustomerNotices, Head

from ..frame.actions import Action, action, actions_of, registry
from ..frame.base import one_page
from ..frame.console import ConsolePart
from . import invoices, writes
from .panels import CustomerPanels
from .texts import WELL, origin, silence, summary
from .writes import MENU

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.timer import Timer

    from hubsoft_tui.api.models import Customer, Ticket
    from hubsoft_tui.services.customers.service import Lookup
    from hubsoft_tui.services.desk import Aftermath
    from hubsoft_tui.services.outbox.types import Entry

    from ..frame.console import Console
    from ..writing.ticket_flow import About


WRITE: Final = N_("Write a ticket")
DO: Final = N_("Do something about the service")
PAY: Final = N_("Send an invoice")
ASK: Final = N_("Know more about the customer")


class CustomerView(ConsolePart, Vertical):
    """Shows a found customer and carries out actions on it. The screen draws its head above it."""

    class Changed(Message):
        """An action brought a newer record of the customer in sight."""

        def __init__(self, found: Lookup) -> None:
            super().__init__()
            self.found = found

    def __init__(self) -> None:
        super().__init__(id="customer")
        self._found: Lookup | None = None
        self._index = 0
        self._waiting = ""
        self._snapshot = Snapshot()
        self._revealed = False
        self._hiding: Timer | None = None
        self._copy_when_here = False
        """The PIX was to be copied before the invoices came."""

    @property
    def customer(self) -> Customer | None:
        """The customer in sight."""
        return self._found.matches[self._index].customer if self._found is not None else None

    @property
    def panels(self) -> CustomerPanels:
        """Services and what is asked on demand."""
        return self.query_one(CustomerPanels)

    @property
    def revealed(self) -> bool:
        """Whether document and phones are shown whole."""
        return self._revealed

    def compose(self) -> ComposeResult:
        """Compose notices and panels."""
        yield CustomerNotices()
        yield CustomerPanels()

    # -- what is shown

    def put(self, found: Lookup, index: int) -> None:
        """Show customer `index` of `found`; what was asked about the same customer before stays."""
        customer = found.matches[index].customer
        if self.customer is None or self.customer.id != customer.id:
            self._forget()
        self._found, self._index, self._waiting = found, index, ""
        self.panels.put(found.matches[index])
        self.panels.customer_came()
        self.draw()

    def clear(self) -> None:
        """Show no customer: the next answer may be about another one."""
        self._found = None
        self._forget()
        self.panels.put(None)

    def wait(self, text: str) -> None:
        """Say that the customer is being asked for again; empty when no longer."""
        if text != self._waiting:
            self._waiting = text
            self.draw()

    def tick(self, snapshot: Snapshot) -> None:
        """Update the queue places of open questions, and whether HubSoft answers."""
        answers = snapshot.api.health in WELL
        if (self._snapshot.api.health in WELL) is not answers:
            self._snapshot = snapshot
            self.draw()
        self._snapshot = snapshot
        self.panels.tick(snapshot)

    def draw(self) -> None:
        """Draw what changed."""
        found, customer = self._found, self.customer
        if found is None or customer is None:
            return
        now = time.time()
        stale = found.source is Source.STALE
        since = silence(self._snapshot)
        said = [found.reason] if since in found.reason else [found.reason, since]
        reason = " ".join(part for part in said if part) if stale else ""
        self.screen.query_one(CustomerHead).show(
            Head(
                customer,
                active=found.matches[self._index].active,
                origin=self._waiting or origin(found.source, now - found.fetched_at),
                stale=stale,
                reason=reason,
                revealed=self._revealed,
                way_to_whole=writes.key_of(self.console, registry.find("lookup.refresh"))
                if customer.listed
                else "",
            )
        )
        self.query_one(CustomerNotices).show(
            writes.begun(self.console, customer, self.panels.open_tickets or (), now), customer.alerts
        )
        self.panels.draw()

    def on_resize(self) -> None:
        """Addresses come and go with the height."""
        self.draw()

    # -- what is written: the customer is taken when the key is pressed

    @action(
        "n",
        N_("new ticket"),
        N_("Open a ticket for this customer: 1 request, after a last look, through the outbox."),
        id="new",
        writes=True,
        job=WRITE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_open_ticket(self) -> None:
        from ..writing import ticket_flow  # noqa: PLC0415 - first frame

        if (customer := self.customer) is None:
            return
        service = self.panels.service
        entry = await ticket_flow.open_ticket(
            self.console,
            customer,
            service.id if service is not None else None,
            self.panels.open_tickets or (),
        )
        self._written(entry)

    @action(
        "a",
        N_("actions"),
        N_(
            "Choose what to do: unlock, restart, disconnect, suspend, visits. Nothing is sent without a review."
        ),
        writes=True,
        job=DO,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_act(self, kind: str = "") -> None:
        from . import desk  # noqa: PLC0415 - first frame

        if (customer := self.customer) is None:
            return
        subject = desk.Subject(customer, self.panels.service, self.panels.open_tickets)
        page = await desk.act(self.console, subject, EntryKind(kind) if kind else None)
        if page is not None and page.entry.state is EntryState.SENT:
            self.console.outbox_news.taken(page.entry)
            self._stands(page.after)

    @action(
        "m",
        N_("message"),
        N_("Write a message into an open ticket: 1 request, through the outbox."),
        writes=True,
        job=WRITE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_message(self) -> None:
        from ..writing import ticket_flow  # noqa: PLC0415 - first frame

        await self._into_ticket(ticket_flow.add_message)

    @action(
        "x",
        N_("close ticket"),
        N_("Close an open ticket with a reason, after a confirmation: 1 request, through the outbox."),
        writes=True,
        line=False,
        job=WRITE,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_close_ticket(self) -> None:
        from ..writing import ticket_flow  # noqa: PLC0415 - first frame

        await self._into_ticket(ticket_flow.close_ticket)

    def _stands(self, after: Aftermath | None) -> None:
        """Show the customer as HubSoft had it after an action, as far as it was asked."""
        found, customer = self._found, self.customer
        if after is None or found is None or customer is None:
            return
        if after.customer is not None and after.customer.id == customer.id:
            statuses = self.console.settings.customers.active_statuses
            active = frozenset(each.id for each in after.customer.services if each.status_prefix in statuses)
            matches = list(found.matches)
            matches[self._index] = replace(
                matches[self._index], customer=after.customer, active_services=active
            )
            now = replace(found, matches=tuple(matches), source=Source.API, fetched_at=time.time(), reason="")
            self.put(now, self._index)
            self.post_message(self.Changed(now))
        if after.devices is not None:
            self.panels.fill("signal", after.devices)
        if after.work_orders is not None:
            self.panels.fill("orders", after.work_orders)

    async def _into_ticket(self, write: Callable[[Console, About], Awaitable[Entry | None]]) -> None:
        customer = self.customer
        if customer is None or (tickets := await self._open_tickets()) is None:
            return
        if not tickets:
            self.console.tell(_("This customer has no open ticket. n opens one."), severity="warning")
            return
        ticket = tickets[0] if len(tickets) == 1 else await writes.chosen(self.console, tickets)
        if ticket is not None:
            self._written(await write(self.console, writes.about(ticket, customer)))

    async def _open_tickets(self) -> tuple[Ticket, ...] | None:
        """Return the open tickets, asked for first where they are not here; None where they could not be had."""
        customer = self.customer
        if (
            self.panels.open_tickets is None
            and (asked := self.panels.ask("tickets", follow=False)) is not None
        ):
            with contextlib.suppress(WorkerError):  # cancelled: another customer came in sight
                await asked.wait()
        return self.panels.open_tickets if customer is self.customer else None

    def written_later(self, entry: Entry) -> None:
        """Show the protocol that a write got after it waited, on the card of its customer."""
        customer, draft = self.customer, entry.draft
        if customer is None:
            return
        if isinstance(draft, ServiceAction | VisitAction):
            if draft.customer_id == customer.id:
                self._look_after(draft)
            return
        if writes.concerned(draft, customer, self.panels.open_tickets or ()):
            self.panels.ask("tickets", follow=False)

    @work(group="after", exclusive=True, exit_on_error=False)
    async def _look_after(self, draft: ServiceAction | VisitAction) -> None:
        self._stands(await self.asked(lambda services: services.desk.after(draft)))

    def _written(self, entry: Entry | None) -> None:
        """Say what is a draft; ask for the open tickets again once HubSoft has what was written."""
        self.draw()
        if entry is None or entry.state is not EntryState.SENT:
            return
        if self.console.outbox_news.taken(entry):
            self.panels.ask("tickets", follow=False)

    # -- what a person asks and copies

    def load_tickets(self) -> None:
        """Bring the open tickets along with the customer: the second thing asked on the phone.

        Not while HubSoft is silent, nor for a customer whose tickets are here already.
        """
        known = self._found is not None and self._found.source is not Source.STALE
        if known and self.console.settings.ui.open_tickets and not self.panels.asked_before("tickets"):
            self.panels.ask("tickets", follow=False)

    @action(
        "i",
        N_("invoices"),
        N_("Ask for the open invoices: 1 request. Then ↑ ↓ mark one, and copying takes its PIX code."),
        args=("invoices",),
        id="invoices",
        job=PAY,
    )
    @action(
        "t",
        N_("tickets"),
        N_("Ask for the open tickets: 1 request."),
        args=("tickets",),
        id="tickets",
        job=ASK,
    )
    @action(
        "c",
        N_("connection"),
        N_("Ask for the last sessions of the marked service: 1 request."),
        args=("connection",),
        id="connection",
        job=ASK,
    )
    @action(
        "o", N_("orders"), N_("Ask for the work orders: 1 request."), args=("orders",), id="orders", job=ASK
    )
    @action(
        "g",
        N_("signal"),
        N_("Ask for the signal of the marked service's equipment: 1 request."),
        args=("signal",),
        id="signal",
        line=False,
        when=lambda view: view.panels.service is not None and view.panels.service.device,
        job=ASK,
    )
    def action_ask(self, name: str) -> None:
        self._copy_when_here = False
        self.panels.ask(name)

    @on(CustomerPanels.Answered)
    def answered(self, event: CustomerPanels.Answered) -> None:
        """Copy what was to be copied as soon as it came."""
        if event.name == "tickets":
            self.draw()  # a draft may be about one of them
        if event.name == "invoices" and self._copy_when_here:
            self._copy_when_here = False
            if self.panels.in_invoices:
                self.action_take("pix")

    def copies_invoice(self) -> bool:
        """Copy the PIX of the marked invoice, at once or when it comes; False where keys do not act on invoices."""
        panels = self.panels
        if not panels.in_invoices:
            return False
        if panels.waits("invoices"):
            self._copy_when_here = True
        elif panels.invoice is None:
            return False
        else:
            self.action_take("pix")
        return True

    @action(
        "Y",
        N_("copy line"),
        N_("Copy the typeable line of the marked invoice."),
        args=("line",),
        id="invoice_line",
        line=False,
        when=lambda view: view.panels.invoice is not None,
        job=PAY,
    )
    @action(
        "",
        N_("copy the invoice's link"),
        N_("Copy the link to the marked invoice."),
        args=("link",),
        id="invoice_link",
        when=lambda view: view.panels.invoice is not None,
        job=PAY,
    )
    @action(
        "",
        N_("copy a sentence about the invoice"),
        N_("Copy a sentence for a chat: amount, due date, link and code of the marked invoice."),
        args=("sentence",),
        id="invoice_chat",
        when=lambda view: view.panels.invoice is not None,
        job=PAY,
    )
    def action_take(self, way: str) -> None:
        if (invoice := self.panels.invoice) is not None:
            invoices.copy_payment(self.console, invoice, way)

    @action(
        "p",
        N_("PIX and line"),
        N_("Show what the marked invoice is paid with, to be selected or scanned."),
        id="pay",
        when=lambda view: view.panels.invoice is not None,
        job=PAY,
    )
    @work(group="write", exit_on_error=False)
    @one_page
    async def action_pay(self) -> None:
        if (invoice := self.panels.invoice) is not None:
            await self.app.push_screen_wait(invoices.InvoicePage(invoice))

    @action(
        "v",
        N_("reveal"),
        N_("Show document and phones whole for 30 s; that is recorded. Again to hide them."),
        job=ASK,
    )
    async def action_reveal(self) -> None:
        customer = self.customer
        if customer is None or self._revealed:
            self.hide()
            return
        recorded = await self.asked(
            lambda services: services.customers.record_reveal(customer),
            failed=lambda sentence, _error: self.console.tell(sentence, severity="error"),
        )
        if recorded is not None and customer is self.customer:
            self._revealed = True
            self._hiding = self.set_timer(self.console.settings.ui.reveal_seconds, self.hide)
            self.draw()

    def hide(self) -> None:
        """Mask document and phones."""
        if self._hiding is not None:
            self._hiding.stop()
            self._hiding = None
        if self._revealed:
            self._revealed = False
            self.draw()

    def copied(self) -> tuple[str, str] | None:
        """Return the whole customer as text, masked unless revealed."""
        found, customer = self._found, self.customer
        if found is None or customer is None:
            return None
        text = summary(
            customer,
            active=found.matches[self._index].active,
            services=found.matches[self._index].active_services,
            revealed=self._revealed,
            known=origin(found.source, time.time() - found.fetched_at),
        )
        what = _("the customer, document whole") if self._revealed else _("the customer, document masked")
        return what, text

    def _forget(self) -> None:
        self.hide()
        self._copy_when_here = False


def customer_actions() -> tuple[Action, ...]:
    """Return the actions on the customer in sight, for the lookup; each `when` takes the view."""
    offers = tuple(
        Action(
            f"lookup.{name}",
            "",
            ACTION_NAMES[kind],
            explained,
            f"act('{kind.value}')",
            writes=True,
            line=False,
            when=partial(_offered, kind),
            job=DO,
            by=("lookup.act", f"desk.{name}"),
        )
        for kind, (name, _key, explained) in MENU.items()
    )
    return (*actions_of(CustomerView, "lookup"), *offers)


def _offered(kind: EntryKind, view: CustomerView) -> bool:
    from .desk import offered  # noqa: PLC0415 - first frame

    return kind in offered(view.panels.service, view.console.settings)

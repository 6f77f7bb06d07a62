"""One customer in sight: head, services and what is asked on demand; reveals, marks, ages."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.containers import Container, Vertical

from hubsoft_tui.core.types import Snapshot, Source
from hubsoft_tui.errors import NotFound, Unreachable
from hubsoft_tui.formats import moment
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import EntryState, NewTicket, ServiceAction, VisitAction
from hubsoft_tui.texts import N_, _, say
from widgets.customer.card import CustomerHead, Head, ServiceList
from widgets.customer.on_demand import (
    AskedPanel,
    AskedPanelState,
    RowDrawer,
    invoice_rows,
    order_rows,
    session_rows,
    ticket_rows,
)

from ..frame.actions import registry, shown_key
from ..frame.console import ConsolePart
from ..frame.drafts import draft_title
from .texts import WELL, brief_origin, origin, place_in_line, recovered, silence, summary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual import events
    from textual.app import ComposeResult
    from textual.timer import Timer
    from textual.worker import Worker

    from hubsoft_tui.api.models import Customer, Service, Ticket
    from hubsoft_tui.core.types import Answer
    from hubsoft_tui.services.customers.service import Customers, Lookup
    from hubsoft_tui.services.outbox.types import Entry

    from ..frame.console import Console
    from ..writing.ticket_flow import About

PANELS: Final[dict[str, tuple[str, RowDrawer]]] = {
    "tickets": (N_("Open tickets"), ticket_rows),
    "invoices": (N_("Open invoices"), invoice_rows),
    "orders": (N_("Work orders"), order_rows),
    "connection": (N_("Connection"), session_rows),
}

ROOMY_LINES: Final = 30
"""Terminal lines from which addresses are shown."""


class CustomerView(ConsolePart, Vertical):
    """Shows a found customer, asks what a person wants to know about it, and writes what concerns it."""

    def __init__(self) -> None:
        super().__init__(id="customer")
        self._found: Lookup | None = None
        self._index = 0
        self._service = 0
        self._asked: dict[str, AskedPanelState] = {}
        self._labels: dict[str, str] = {}
        self._fetched: dict[str, tuple[Source, float]] = {}
        self._number = 0
        self._waiting = ""
        self._snapshot = Snapshot()
        self._revealed = False
        self._hiding: Timer | None = None
        self._missed: tuple[str, float] | None = None

    @property
    def customer(self) -> Customer | None:
        """The customer in sight."""
        return self._found.matches[self._index].customer if self._found is not None else None

    @property
    def service_id(self) -> int | None:
        """The id of the marked service."""
        services = self.customer.services if self.customer is not None else ()
        return services[self._service].id if self._service < len(services) else None

    @property
    def open_tickets(self) -> tuple[Ticket, ...] | None:
        """The customer's open tickets; None while they were not asked for."""
        return self._asked.get("tickets", AskedPanelState()).rows

    @property
    def revealed(self) -> bool:
        """Whether document and phones are shown whole."""
        return self._revealed

    def compose(self) -> ComposeResult:
        """Compose head, services and panels."""
        yield CustomerHead()
        with Container(id="panels"):
            yield ServiceList()
            for name, (_title, rows) in PANELS.items():
                yield AskedPanel(name, rows)

    # -- what is shown

    def put(self, found: Lookup, index: int) -> None:
        """Show customer `index` of `found`; what was asked about the same customer before stays."""
        customer = found.matches[index].customer
        same = self.customer is not None and self.customer.id == customer.id
        self._found, self._index, self._waiting = found, index, ""
        if self._missed is not None and not self._missed[0]:
            self._missed = None
        if not same:
            self._forget()
        self._service = min(self._service, max(0, len(customer.services) - 1))
        self.draw()

    def clear(self) -> None:
        """Show no customer: the next answer may be about another one."""
        self._found = None
        self._forget()

    def wait(self, text: str) -> None:
        """Say that the customer is being asked for again; empty when no longer."""
        if text != self._waiting:
            self._waiting = text
            self.draw()

    def missed(self, name: str) -> None:
        """HubSoft was asked for a panel, or for the customer (an empty name), and did not answer."""
        self._missed = (name, time.time())

    def owed(self, snapshot: Snapshot) -> str | None:
        """Return what was missed last, once, as soon as HubSoft answers again; None while nothing is to be asked."""
        if self._missed is None or not recovered(snapshot, self._missed[1]):
            return None
        (name, _at), self._missed = self._missed, None
        return name

    def tick(self, snapshot: Snapshot) -> None:
        """Follow questions in line, and whether HubSoft answers."""
        answers = snapshot.api.health in WELL
        if (self._snapshot.api.health in WELL) is not answers:
            self._snapshot = snapshot
            self.draw()
        self._snapshot = snapshot
        for name, label in self._labels.items():
            text = place_in_line(snapshot.waiting.get(label))
            if self._asked[name].waiting and text != self._asked[name].waiting:
                self._asked[name] = _waiting(self._asked[name], text)
                self._draw_panel(name)

    def draw(self) -> None:
        """Draw everything from what is known; what did not change stays silent."""
        found, customer = self._found, self.customer
        if found is None or customer is None:
            return
        now = time.time()
        match = found.matches[self._index]
        stale = found.source is Source.STALE
        since = silence(self._snapshot)
        said = [found.reason] if since in found.reason else [found.reason, since]
        reason = " ".join(part for part in said if part) if stale else ""
        self.query_one(CustomerHead).show(
            Head(
                customer,
                active=match.active,
                origin=self._waiting or origin(found.source, now - found.fetched_at),
                stale=stale,
                reason=reason,
                revealed=self._revealed,
                drafts=self._drafts(customer, now),
            )
        )
        self.query_one(ServiceList).show(
            customer.services,
            match.active_services,
            selected=self._service,
            now=now,
            roomy=self.app.size.height >= ROOMY_LINES,
        )
        for name in PANELS:
            self._draw_panel(name)

    def _drafts(self, customer: Customer, now: float) -> tuple[tuple[str, str], ...]:
        """Return what was begun for this customer, and the key that goes on with it."""
        begun = [(f"open {customer.id}", "lookup.new")]
        for ticket in self.open_tickets or ():
            begun += [
                (f"message {ticket.id}", "lookup.message"),
                (f"close {ticket.id}", "lookup.close_ticket"),
            ]
        found = [(self.console.drafts.get(about), registry.find(way)) for about, way in begun]
        return tuple(
            (
                _("draft: {what} ({time})").format(what=draft_title(draft), time=moment(draft.at, now)),
                _("{key} continues").format(key=shown_key(next(iter(self.console.keys_of(way)), ""))),
            )
            for draft, way in found
            if draft is not None and way is not None and self.console.allowed(way)
        )

    def _draw_panel(self, name: str) -> None:
        action = registry.find(f"lookup.{name}")
        keys = self.console.keys_of(action) if action is not None else ()
        asked = self._asked.get(name, AskedPanelState())
        now = time.time()
        if asked.rows is not None and name in self._fetched:
            source, fetched_at = self._fetched[name]
            asked = AskedPanelState(
                waiting=asked.waiting,
                rows=asked.rows,
                origin=brief_origin(source, now - fetched_at),
                stale=source is Source.STALE,
                error=asked.error,
            )
        panel = self.query_one(f"#{name}", AskedPanel)
        panel.set_class(bool(asked.rows), "-loaded")
        panel.show(_(PANELS[name][0]), shown_key(keys[0]) if keys else "", asked, now)

    def on_resize(self) -> None:
        """Addresses come and go with the height."""
        self.draw()

    # -- what a person does

    def move(self, step: int) -> None:
        """Mark another service; the connection shown was another's, so it goes."""
        if self.customer is None:
            return
        marked = min(max(self._service + step, 0), max(0, len(self.customer.services) - 1))
        if marked != self._service:
            self._service = marked
            self._drop("connection")
            self.draw()

    def load_tickets(self) -> None:
        """Bring the open tickets along with the customer: the second thing asked on the phone.

        Not while HubSoft is silent, nor for a customer whose tickets are here already.
        """
        known = self._found is not None and self._found.source is not Source.STALE
        if known and self.console.settings.ui.open_tickets and "tickets" not in self._asked:
            self.ask("tickets", follow=False)

    def ask(self, name: str, *, follow: bool = True) -> None:
        """Ask for one of the panels; what is shown already is asked again at HubSoft.

        With `follow` the panel is brought in sight: on a small screen its answer would stand below the fold.
        """
        if self.customer is None or name not in PANELS:
            return
        self._number += 1
        if self._missed is not None and self._missed[0] == name:
            self._missed = None
        label = f"{name}-{self._number}"
        before = self._asked.get(name, AskedPanelState())
        self._labels[name] = label
        self._asked[name] = AskedPanelState(waiting=_("Asking…"), rows=before.rows, origin=before.origin)
        self._draw_panel(name)
        work = partial(self._ask, name, self.customer, label, refresh=before.rows is not None, follow=follow)
        _worker: Worker[None] = self.run_worker(
            work, group=f"asked-{name}", exclusive=True, exit_on_error=False
        )

    async def _ask(self, name: str, customer: Customer, label: str, *, refresh: bool, follow: bool) -> None:
        before = self._asked[name].rows

        def failed(sentence: str, error: Exception) -> None:
            if isinstance(error, Unreachable):
                self.missed(name)
            outcome.append(AskedPanelState(rows=before, error=sentence))

        outcome: list[AskedPanelState] = []
        service = customer.services[self._service] if self._service < len(customer.services) else None
        answer: Answer[tuple[object, ...]] | None = await self.asked(
            lambda services: panel_rows(
                services.customers, name, customer, service, refresh=refresh, label=label
            ),
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

    async def reveal(self) -> None:
        """Show document and phones whole for a while, once that is recorded; or hide them again."""
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
                self.move(row - self._service)

    # -- what is written: the customer is taken when the key is pressed

    async def open_ticket(self) -> None:
        """Open a ticket for the customer in sight."""
        from ..writing import ticket_flow  # noqa: PLC0415 - first frame

        if (customer := self.customer) is None:
            return
        tickets = self.open_tickets or ()
        entry = await ticket_flow.open_ticket(self.console, customer, self.service_id, tickets)
        self._written(entry)

    async def add_message(self) -> None:
        """Write a message into an open ticket of the customer in sight."""
        from ..writing import ticket_flow  # noqa: PLC0415 - first frame

        await self._into_ticket(ticket_flow.add_message)

    async def close_ticket(self) -> None:
        """Close an open ticket of the customer in sight."""
        from ..writing import ticket_flow  # noqa: PLC0415 - first frame

        await self._into_ticket(ticket_flow.close_ticket)

    async def _into_ticket(self, write: Callable[[Console, About], Awaitable[Entry | None]]) -> None:
        customer, tickets = self.customer, self.open_tickets
        if customer is None:
            return
        if not tickets:
            said = (
                _("The open tickets are not here yet: t asks for them.")
                if tickets is None
                else _("This customer has no open ticket. n opens one.")
            )
            self.console.tell(said, severity="warning")
            return
        ticket = tickets[0] if len(tickets) == 1 else await self._which(tickets)
        if ticket is not None:
            self._written(await write(self.console, about(ticket, customer.name)))

    async def _which(self, tickets: tuple[Ticket, ...]) -> Ticket | None:
        from widgets.choice_field import ChoiceOption  # noqa: PLC0415 - first frame

        from ..frame.confirm import PickScreen  # noqa: PLC0415 - first frame

        options = [ChoiceOption(each.id, each.protocol, _subject(each)) for each in tickets]
        chosen = await self.app.push_screen_wait(PickScreen(_("Which ticket?"), options))
        return next((each for each in tickets if each.id == chosen), None)

    def written_later(self, entry: Entry) -> None:
        """Show the protocol that a write got after it waited, on the card of its customer."""
        customer, draft = self.customer, entry.draft
        if customer is None:
            return
        if isinstance(draft, ServiceAction | VisitAction):
            return
        if isinstance(draft, NewTicket):
            concerned = draft.service_id in {service.id for service in customer.services}
        else:
            concerned = draft.ticket_id in {ticket.id for ticket in self.open_tickets or ()}
        if concerned:
            self.ask("tickets", follow=False)

    def _written(self, entry: Entry | None) -> None:
        """Say what is a draft; ask for the open tickets again once HubSoft has what was written."""
        self.draw()
        if entry is None or entry.state is not EntryState.SENT:
            return
        if self.console.outbox_news.taken(entry):
            self.ask("tickets", follow=False)

    def _forget(self) -> None:
        self.hide()
        self._missed = None
        self._service = 0
        for name in PANELS:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self.workers.cancel_group(self, f"asked-{name}")
        for each in (self._asked, self._labels, self._fetched):
            each.pop(name, None)


def _waiting(asked: AskedPanelState, text: str) -> AskedPanelState:
    return AskedPanelState(waiting=text, rows=asked.rows, origin=asked.origin, stale=asked.stale)


async def panel_rows(
    customers: Customers, name: str, customer: Customer, service: Service | None, *, refresh: bool, label: str
) -> Answer[tuple[Any, ...]]:
    """Ask for `tickets`, `invoices` or `orders` of `customer`, or the `connection` of its `service`.

    Raises NotFound when there is no such service, or it has no login.
    """
    if name == "tickets":
        return await customers.tickets(customer, refresh=refresh, label=label)
    if name == "invoices":
        return await customers.invoices(customer, refresh=refresh, label=label)
    if name == "orders":
        return await customers.work_orders(customer, refresh=refresh, label=label)
    if service is None or not service.login:
        raise NotFound(say("This service has no login to ask about."))
    return await customers.connection(service, refresh=refresh, label=label)


def about(ticket: Ticket, customer: str) -> About:
    """Return what a form says about the ticket it writes into."""
    from ..writing.ticket_flow import About  # noqa: PLC0415 - first frame

    return About(ticket.id, ticket.protocol, customer or None, _subject(ticket))


def _subject(ticket: Ticket) -> str:
    return " · ".join(clean(part) for part in (ticket.type, ticket.status) if part)

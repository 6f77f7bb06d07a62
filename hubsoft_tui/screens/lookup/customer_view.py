"""One customer in sight: head, services and what is asked on demand; reveals, marks, ages."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import on
from textual.containers import Container, Vertical

from hubsoft_tui.core.types import Snapshot, Source
from hubsoft_tui.errors import HubSoftError, Unreachable
from hubsoft_tui.formats import moment
from hubsoft_tui.texts import N_, _
from widgets.customer.card import CustomerHead, Head, ServiceList
from widgets.customer.on_demand import (
    Asked,
    AskedPanel,
    RowDrawer,
    invoice_rows,
    order_rows,
    session_rows,
    ticket_rows,
)

from ..frame.actions import registry, shown_key
from ..frame.console import Console
from ..frame.drafts import draft_title
from . import questions
from .texts import WELL, Found, brief_origin, origin, place_in_line, recovered, silence, summary

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.timer import Timer
    from textual.worker import Worker

    from hubsoft_tui.api.models import Customer, Ticket
    from hubsoft_tui.core.types import Answer

PANELS: Final[dict[str, tuple[str, RowDrawer]]] = {
    "tickets": (N_("Open tickets"), ticket_rows),
    "invoices": (N_("Open invoices"), invoice_rows),
    "orders": (N_("Work orders"), order_rows),
    "connection": (N_("Connection"), session_rows),
}

ROOMY_LINES: Final = 30
"""Terminal lines from which addresses are shown."""


class CustomerView(Vertical):
    """Shows a found customer and asks what a person wants to know about it."""

    def __init__(self) -> None:
        super().__init__(id="customer")
        self._found: Found | None = None
        self._index = 0
        self._service = 0
        self._asked: dict[str, Asked] = {}
        self._labels: dict[str, str] = {}
        self._fetched: dict[str, tuple[Source, float]] = {}
        self._number = 0
        self._waiting = ""
        self._snapshot = Snapshot()
        self._revealed = False
        self._hiding: Timer | None = None
        self._missed: tuple[str, float] | None = None

    @property
    def console(self) -> Console:
        """The application, as screens see it."""
        assert isinstance(self.app, Console)  # noqa: S101 - nothing else ever shows this widget
        return self.app

    @property
    def customer(self) -> Customer | None:
        """The customer in sight."""
        return self._found.lookup.customers[self._index] if self._found is not None else None

    @property
    def service_id(self) -> int | None:
        """The id of the marked service."""
        services = self.customer.services if self.customer is not None else ()
        return services[self._service].id if self._service < len(services) else None

    @property
    def open_tickets(self) -> tuple[Ticket, ...] | None:
        """The customer's open tickets; None while they were not asked for."""
        return self._asked.get("tickets", Asked()).rows

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

    def put(self, found: Found, index: int) -> None:
        """Show customer `index` of `found`; what was asked about the same customer before stays."""
        same = self.customer is not None and self.customer.id == found.lookup.customers[index].id
        self._found, self._index, self._waiting = found, index, ""
        if self._missed is not None and not self._missed[0]:
            self._missed = None
        if not same:
            self._forget()
        self._service = min(self._service, max(0, len(found.lookup.customers[index].services) - 1))
        self.draw()

    def clear(self) -> None:
        """Show nobody: the next answer may be somebody else's."""
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
        lookup = found.lookup
        stale = lookup.source is Source.STALE
        since = silence(self._snapshot)
        said = [lookup.reason] if since in lookup.reason else [lookup.reason, since]
        reason = " ".join(part for part in said if part) if stale else ""
        self.query_one(CustomerHead).show(
            Head(
                customer,
                active=found.active[self._index],
                origin=self._waiting or origin(lookup.source, now - lookup.fetched_at),
                stale=stale,
                reason=reason,
                revealed=self._revealed,
                drafts=self._drafts(customer, now),
            )
        )
        self.query_one(ServiceList).show(
            customer.services,
            found.services,
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
        asked = self._asked.get(name, Asked())
        now = time.time()
        if asked.rows is not None and name in self._fetched:
            source, fetched_at = self._fetched[name]
            asked = Asked(
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
        known = self._found is not None and self._found.lookup.source is not Source.STALE
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
        before = self._asked.get(name, Asked())
        self._labels[name] = label
        self._asked[name] = Asked(waiting=_("Asking…"), rows=before.rows, origin=before.origin)
        self._draw_panel(name)
        work = partial(self._ask, name, self.customer, label, refresh=before.rows is not None, follow=follow)
        _worker: Worker[None] = self.run_worker(
            work, group=f"asked-{name}", exclusive=True, exit_on_error=False
        )

    async def _ask(self, name: str, customer: Customer, label: str, *, refresh: bool, follow: bool) -> None:
        before = self._asked[name].rows
        try:
            door = await self.console.door()
            answer: Answer[tuple[object, ...]] = await door.run(
                questions.about(name, customer, self._service, refresh=refresh, label=label)
            )
        except HubSoftError as error:
            asked = Asked(rows=before, error=str(error))
            if isinstance(error, Unreachable):
                self.missed(name)
        except Exception as error:  # noqa: BLE001 - one panel's fault must not end a phone call
            asked = Asked(rows=before, error=self.console.unexpected(error))
        else:
            asked = Asked(rows=answer.value, error=answer.reason)
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
        try:
            door = await self.console.door()
            await door.run(questions.reveal(customer))
        except HubSoftError as error:
            self.console.tell(error, severity="error")
            return
        if customer is self.customer:
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
            active=found.active[self._index],
            services=found.services,
            revealed=self._revealed,
            known=origin(found.lookup.source, time.time() - found.lookup.fetched_at),
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


def _waiting(asked: Asked, text: str) -> Asked:
    return Asked(waiting=text, rows=asked.rows, origin=asked.origin, stale=asked.stale)

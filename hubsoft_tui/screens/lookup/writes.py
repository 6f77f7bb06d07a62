"""What is written from the lookup: a ticket for the customer in sight, a message into one, that one is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import _

from ..frame.base import ConsoleScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hubsoft_tui.api.models import Ticket
    from hubsoft_tui.services.outbox.types import Entry

    from ..frame.console import Console
    from ..writing.ticket_forms import About
    from .customer_view import CustomerView


class LookupWrites(ConsoleScreen):
    """The writing part of the lookup. The customer is taken when the key is pressed."""

    @property
    def view(self) -> CustomerView:
        """The customer in sight."""
        raise NotImplementedError

    async def open_ticket(self) -> None:
        """Open a ticket for the customer in sight."""
        from ..writing import ticket_flow

        if (customer := self.view.customer) is None:
            return
        tickets = self.view.open_tickets or ()
        entry = await ticket_flow.open_ticket(self.console, customer, self.view.service_id, tickets)
        self._written(entry)

    async def add_message(self) -> None:
        """Write a message into an open ticket of the customer in sight."""
        from ..writing import ticket_flow

        await self._into_ticket(ticket_flow.add_message)

    async def close_ticket(self) -> None:
        """Close an open ticket of the customer in sight."""
        from ..writing import ticket_flow

        await self._into_ticket(ticket_flow.close_ticket)

    async def _into_ticket(self, write: Callable[[Console, About], Awaitable[Entry | None]]) -> None:
        customer, tickets = self.view.customer, self.view.open_tickets
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
        from widgets.choice_field import Option

        from ..frame.pick import PickScreen

        options = [Option(each.id, each.protocol, _subject(each)) for each in tickets]
        chosen = await self.app.push_screen_wait(PickScreen(_("Which ticket?"), options))
        return next((each for each in tickets if each.id == chosen), None)

    def written_later(self, entry: Entry) -> None:
        """Show the protocol that a write got after it waited, on the card of its customer."""
        from hubsoft_tui.services.outbox.types import NewTicket

        customer, draft = self.view.customer, entry.draft
        if customer is None:
            return
        if isinstance(draft, NewTicket):
            concerned = draft.service_id in {service.id for service in customer.services}
        else:
            concerned = draft.ticket_id in {ticket.id for ticket in self.view.open_tickets or ()}
        if concerned:
            self.view.ask("tickets", follow=False)

    def _written(self, entry: Entry | None) -> None:
        """Say what is a draft; ask for the open tickets again once HubSoft has what was written."""
        self.view.draw()
        from hubsoft_tui.services.outbox.types import EntryState

        if entry is None or entry.state is not EntryState.SENT:
            return
        if self.console.outbox_news.taken(entry):
            self.view.ask("tickets", follow=False)


def about(ticket: Ticket, customer: str) -> About:
    """Return what a form says about the ticket it writes into."""
    from ..writing.ticket_forms import About

    return About(ticket.id, ticket.protocol, customer or None, _subject(ticket))


def _subject(ticket: Ticket) -> str:
    return " · ".join(clean(part) for part in (ticket.type, ticket.status) if part)

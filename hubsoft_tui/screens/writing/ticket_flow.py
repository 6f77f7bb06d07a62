"""From a wish to write something to what became of it: the form, the last look, the page that follows the entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubsoft_tui.services.outbox.types import Closing, NewMessage, NewTicket
from hubsoft_tui.texts import _
from widgets.choice_field import ChoiceOption

from .entry_page import SentScreen
from .opening_form import OpeningForm, offered, opening_again, opening_for
from .ticket_forms import About, ClosingForm, MessageForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubsoft_tui.api.models import Customer, Ticket
    from hubsoft_tui.services.outbox.types import Entry

    from ..frame.console import Console
    from .form import WriteForm


async def write(console: Console, form: WriteForm) -> Entry | None:
    """Show `form` and follow what was put; return the entry as it stood in the end, or None when it was left.

    Awaited in a worker of the screen that wants it.
    """
    await console.read_drafts()
    while True:
        entry: Entry | None = await console.push_screen_wait(form)
        if entry is None:
            return None
        console.outbox_news.expect(entry)
        page = SentScreen(entry)
        await console.push_screen_wait(page)
        if not page.wants_correction:
            return page.entry
        form = await correction(console, page.entry)


async def open_ticket(
    console: Console, customer: Customer, service_id: int | None, tickets: Sequence[Ticket]
) -> Entry | None:
    """Open a ticket for `customer`; `service_id` is the service that is marked, `tickets` are open already."""
    if not offered(customer):
        sentence = (
            _("Every service of this customer is cancelled: HubSoft opens no ticket for them.")
            if customer.services
            else _("This customer has no service: HubSoft opens a ticket for a service only.")
        )
        console.tell(sentence, severity="warning")
        return None
    return await write(console, OpeningForm(opening_for(customer, service_id, tickets)))


async def add_message(console: Console, about: About) -> Entry | None:
    """Write a message into a ticket."""
    return await write(console, MessageForm(about))


async def close_ticket(console: Console, about: About) -> Entry | None:
    """Close a ticket."""
    return await write(console, ClosingForm(about))


async def correction(console: Console, entry: Entry) -> WriteForm:
    """Return the form of a refused entry, filled with what was refused."""
    draft, local = entry.draft, entry.local_protocol
    if isinstance(draft, NewTicket):
        # The form does without the customer's record: what was refused can be corrected all the same.
        customer = await console.asked(
            lambda services: services.outbox.customer(draft), failed=lambda _sentence, _error: None
        )
        return OpeningForm(opening_again(draft, local, customer), corrects=local)
    about = About(draft.ticket_id, draft.protocol, draft.customer_name)
    if isinstance(draft, NewMessage):
        return MessageForm(about, text=draft.text, corrects=local)
    assert isinstance(draft, Closing)  # noqa: S101 - there are three kinds
    reason = ChoiceOption(draft.reason_id, draft.reason_label or "") if draft.reason_id is not None else None
    return ClosingForm(about, reason=reason, text=draft.description, corrects=local)

"""What is written about the customer in sight: the menu of actions, the open tickets and what was begun for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubsoft_tui.formats import moment
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import EntryKind, NewTicket
from hubsoft_tui.texts import N_, _

from ..frame.actions import registry, shown_key
from ..frame.drafts import draft_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubsoft_tui.api.models import Customer, Ticket
    from hubsoft_tui.services.outbox.types import TicketDraft

    from ..frame.actions import Action
    from ..frame.console import Console
    from ..writing.ticket_flow import About

MENU: Final = {
    EntryKind.TRUST_UNLOCK: (
        "unlock",
        "u",
        N_("Unlock the marked service on trust for some days: 1 request, after a review."),
    ),
    EntryKind.RESTART_DEVICE: (
        "restart",
        "r",
        N_("Restart the equipment of the marked service: 1 request, after a review that shows its signal."),
    ),
    EntryKind.DISCONNECT: (
        "disconnect",
        "d",
        N_("End the session of the marked service: 1 request, after a review."),
    ),
    EntryKind.CLEAR_MAC: (
        "clear_mac",
        "m",
        N_("Clear the MAC that the marked service is bound to: 1 request, after a review."),
    ),
    EntryKind.CLEAR_PHYSICAL_ADDRESS: (
        "clear_device",
        "p",
        N_("Clear the equipment that the marked service is bound to: 1 request, after a review."),
    ),
    EntryKind.RESTORE_DEVICE: (
        "restore",
        "f",
        N_("Bring the equipment back to its factory settings: 1 request, after a review."),
    ),
    EntryKind.SUSPEND: (
        "suspend",
        "s",
        N_("Suspend the marked service, for debt or on request: 1 request, after a review."),
    ),
    EntryKind.ENABLE: (
        "enable",
        "e",
        N_("Enable the marked service for good, with a reason: 1 request, after a review."),
    ),
    EntryKind.ACTIVATE: (
        "activate",
        "a",
        N_("Activate the marked service, which was never enabled: 1 request, after a review."),
    ),
    EntryKind.OPEN_WORK_ORDER: (
        "open_order",
        "o",
        N_("Open a work order for an open ticket: 1 request, after a review."),
    ),
    EntryKind.CONFIRM_VISIT: (
        "confirm_visit",
        "c",
        N_("Confirm the visit of a work order: 1 request, after a review."),
    ),
    EntryKind.RESCHEDULE_VISIT: (
        "reschedule",
        "t",
        N_("Plan the visit of a work order for another time: 1 request, after a review."),
    ),
}
"""What can be done, by its name among actions, its key on the menu, and its help."""


GOES_ON: Final = {"open": "lookup.new", "message": "lookup.message", "close": "lookup.close_ticket"}
"""The action that continues a draft, by the draft's kind; the correction of a refused entry begins in the outbox."""


def begun(
    console: Console, customer: Customer, tickets: Sequence[Ticket], now: float
) -> tuple[tuple[str, str], ...]:
    """Return the drafts about `customer` or one of `tickets`, each with the key that continues it."""
    abouts = {f"{what} {each.id}" for each in tickets for what in ("message", "close")}
    abouts.add(f"open {customer.id}")
    found = [
        (draft, registry.find(GOES_ON.get(draft.about.partition(" ")[0], "app.outbox")))
        for draft in console.drafts.all()
        if draft.about in abouts or (draft.customer_code is not None and draft.customer_code == customer.code)
    ]
    return tuple(
        (
            _("draft: {what} ({time})").format(what=draft_title(draft), time=moment(draft.at, now)),
            _("{key} continues").format(key=key_of(console, way)),
        )
        for draft, way in found
        if way is not None and console.allowed(way)
    )


def key_of(console: Console, way: Action | None) -> str:
    """Return the key of an action as it is written for people; nothing where it has none."""
    return "" if way is None else shown_key(next(iter(console.keys_of(way)), ""))


async def chosen(console: Console, tickets: Sequence[Ticket]) -> Ticket | None:
    """Have a person choose one of `tickets`. Awaited in a worker."""
    from widgets.fields import ChoiceOption  # noqa: PLC0415 - first frame

    from ..frame.confirm import PickScreen  # noqa: PLC0415 - first frame

    options = [ChoiceOption(each.id, each.protocol, _subject(each)) for each in tickets]
    wanted = await console.push_screen_wait(PickScreen(_("Which ticket?"), options))
    return next((each for each in tickets if each.id == wanted), None)


def about(ticket: Ticket, customer: Customer) -> About:
    """Return what a form shows of the ticket of `customer` that it writes into."""
    from ..writing.ticket_flow import About  # noqa: PLC0415 - first frame

    services = customer.services
    plan = next((each.name for each in services if each.id == ticket.service_id), "")
    if not plan and len(services) == 1:
        plan = services[0].name
    name, code = customer.name or None, customer.code
    return About(ticket.id, ticket.protocol, name, _subject(ticket), plan, customer, code)


def concerned(draft: TicketDraft, customer: Customer, tickets: Sequence[Ticket]) -> bool:
    """Whether a draft that was sent is about `customer`, as far as that can be seen."""
    if isinstance(draft, NewTicket):
        return draft.service_id in {service.id for service in customer.services}
    return draft.ticket_id in {ticket.id for ticket in tickets}


def _subject(ticket: Ticket) -> str:
    return " · ".join(clean(part) for part in (ticket.type, ticket.status) if part)

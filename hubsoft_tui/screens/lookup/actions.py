"""What can be done on the lookup screen."""

from __future__ import annotations

from typing import Final

from hubsoft_tui.texts import N_

from ..frame.actions import Action

LOOKUP_ACTIONS: Final = (
    Action(
        "lookup.choose",
        "enter",
        N_("look up"),
        N_("Look up what is typed, or open the marked customer."),
        "choose",
    ),
    Action(
        "lookup.new",
        "n",
        N_("new ticket"),
        N_("Open a ticket for this customer: 1 request, after a last look, through the outbox."),
        "new",
        writes=True,
    ),
    Action("lookup.search", "slash", N_("search"), N_("Type the next question."), "search", first=True),
    Action(
        "lookup.refresh",
        "r",
        N_("refresh"),
        N_("Ask HubSoft again, whatever is remembered: 1 request."),
        "refresh",
    ),
    Action(
        "lookup.tickets", "t", N_("tickets"), N_("Ask for the open tickets: 1 request."), "ask('tickets')"
    ),
    Action(
        "lookup.message",
        "m",
        N_("message"),
        N_("Write a message into an open ticket: 1 request, through the outbox."),
        "message",
        writes=True,
    ),
    Action(
        "lookup.close_ticket",
        "x",
        N_("close ticket"),
        N_("Close an open ticket with a reason, after a confirmation: 1 request, through the outbox."),
        "close_ticket",
        writes=True,
        line=False,
    ),
    Action(
        "lookup.invoices", "i", N_("invoices"), N_("Ask for the open invoices: 1 request."), "ask('invoices')"
    ),
    Action("lookup.orders", "o", N_("orders"), N_("Ask for the work orders: 1 request."), "ask('orders')"),
    Action(
        "lookup.connection",
        "c",
        N_("connection"),
        N_("Ask for the last sessions of the marked service: 1 request."),
        "ask('connection')",
    ),
    Action(
        "lookup.reveal",
        "v",
        N_("reveal"),
        N_("Show document and phones whole for 30 s; that is recorded. Again to hide them."),
        "reveal",
    ),
    Action(
        "lookup.recent",
        "h",
        N_("recent"),
        N_("Choose among the last customers: ← → and enter."),
        "recent",
        line=False,
    ),
    Action(
        "lookup.previous", "up,k,left", N_("previous"), N_("Mark the one before."), "move(-1)", line=False
    ),
    Action("lookup.next", "down,j,right", N_("next"), N_("Mark the one after."), "move(1)", line=False),
    Action(
        "lookup.back",
        "escape",
        N_("back"),
        N_("Cancel what waits; else leave the line, or go back to the list."),
        "back",
    ),
)

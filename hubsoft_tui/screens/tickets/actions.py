"""What can be done on the tickets screen."""

from __future__ import annotations

from typing import Final

from hubsoft_tui.texts import N_

from ..frame.actions import Action

TICKETS_ACTIONS: Final = (
    Action(
        "tickets.details",
        "enter",
        N_("details"),
        N_("Show one ticket in full; its texts cost 1 request the first time."),
        "details",
    ),
    Action(
        "tickets.close",
        "escape",
        N_("back"),
        N_("Close the details, then clear the filters: one thing at a time."),
        "close",
    ),
    Action("tickets.sync", "s", N_("sync now"), N_("Ask HubSoft now what changed."), "sync"),
    Action(
        "tickets.filter",
        "slash",
        N_("filter"),
        N_("Show only tickets that hold every word typed: protocol, customer, type, status, responsible."),
        "filter",
        first=True,
    ),
    Action(
        "tickets.message",
        "m",
        N_("message"),
        N_("Write a message into the ticket: 1 request, through the outbox."),
        "message",
        writes=True,
    ),
    Action(
        "tickets.close_ticket",
        "x",
        N_("close ticket"),
        N_("Close the ticket with a reason, after a confirmation: 1 request, through the outbox."),
        "close_ticket",
        writes=True,
    ),
    Action("tickets.order", "o", N_("sort"), N_("Sort by the next column."), "order"),
    Action("tickets.turn", "O", N_("turn round"), N_("Turn the order round."), "turn", line=False),
    Action(
        "tickets.newest",
        "f",
        N_("to the top"),
        N_("Go to the newest ticket and stay there, whatever arrives."),
        "newest",
    ),
    Action("tickets.refresh", "r", N_("texts"), N_("Ask HubSoft for this ticket's texts again."), "refresh"),
    Action(
        "tickets.open", "p", N_("open"), N_("Show the open tickets (pending)."), "narrow('open')", line=False
    ),
    Action(
        "tickets.changed",
        "c",
        N_("changed today"),
        N_("Show what changed today, closed ones too."),
        "narrow('changed')",
        line=False,
    ),
    Action(
        "tickets.late",
        "l",
        N_("late"),
        N_("Show the open tickets whose SLA has ended."),
        "narrow('late')",
        line=False,
    ),
    Action(
        "tickets.unassigned",
        "u",
        N_("unassigned"),
        N_("Show the open tickets that are nobody's."),
        "narrow('unassigned')",
        line=False,
    ),
    Action(
        "tickets.mine",
        "i",
        N_("mine"),
        N_("Show the open tickets of the person that ui.my_name in config.toml names."),
        "narrow('mine')",
        line=False,
    ),
    Action(
        "tickets.all",
        "a",
        N_("total"),
        N_("Show every followed ticket, closed ones too."),
        "narrow('all')",
        line=False,
    ),
    Action(
        "tickets.follow",
        "plus",
        N_("follow"),
        N_("Follow one more ticket, by its protocol: 1 request."),
        "follow",
        line=False,
    ),
    Action(
        "tickets.unfollow",
        "minus",
        N_("unfollow"),
        N_("Follow this ticket no longer. Nothing changes at HubSoft."),
        "unfollow",
        line=False,
    ),
    Action(
        "tickets.new",
        "n",
        N_("new ticket"),
        N_("Look the customer up first: a ticket is opened for one."),
        "new",
        writes=True,
        line=False,
    ),
    Action(
        "tickets.copy_line",
        "Y",
        N_("copy line"),
        N_("Copy the whole line of the ticket."),
        "copy_line",
        line=False,
    ),
    Action(
        "tickets.plan",
        "",
        N_("plan of the next pass"),
        N_("Say what the next pass would ask, and what it costs."),
        "plan",
    ),
)

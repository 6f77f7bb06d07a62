"""The simulator's changes as the judge of a sync: every change found, none invented, the end the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from hubsoft_tui.core.types import Priority
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.tickets.types import Change, ChangeKind, Delta, PassReport, TicketRow, TicketState
from hubsoft_tui.settings.tree import SyncSettings
from hubsoft_tui.simulator import SimTicket, Simulator, catalogue
from hubsoft_tui.simulator.ticket_rows import user
from tests.hubs import settings_for

EVERYTHING = 400
"""Days that hold every ticket of a simulator."""


class Syncing:
    """A hub that syncs over a simulator, and all it said had changed since the first pass."""

    def __init__(self, simulator: Simulator, home: Path, hub: Hub | None = None, **sync: Any) -> None:
        self.simulator = simulator
        sections = {name: sync.pop(name) for name in ("http", "health", "retry", "limiter") if name in sync}
        settings = SyncSettings(**{"first_days": EVERYTHING, "enabled": False} | sync)
        self.hub = hub or Hub(settings_for(simulator, home, sync=settings, **sections))
        self.hub.start()
        self.version = 0
        self.changes: list[Change] = []
        self.rows: dict[int, TicketRow] = {}
        self.begun = 0

    def begin(self) -> PassReport:
        """Make the first pass: what is true then is where the judging begins."""
        report = self.sync()
        self.begun = len(self.simulator.changes)
        return report

    def sync(self, priority: Priority = Priority.NORMAL) -> PassReport:
        """Make a pass and take over what differs."""
        report = self.hub.call(lambda services: services.tickets.sync(priority=priority))
        self.look()
        return report

    def look(self) -> Delta:
        """Take over what differs from what was seen last."""
        delta = self.hub.call(lambda services: services.tickets.delta(self.version))
        if delta.whole:
            self.rows.clear()
            self.changes = list(delta.changes)
        else:
            self.changes += delta.changes
        self.rows |= {row.id: row for row in delta.rows}
        for identifier in delta.removed:
            self.rows.pop(identifier, None)
        self.version = delta.version
        return delta

    def of(self, kind: ChangeKind) -> list[Change]:
        return [change for change in self.changes if change.kind is kind]

    def close(self) -> None:
        self.hub.close()

    # -- judging

    def judge(self) -> None:
        """Fail unless what is believed is true, and what was told is what happened. No pass may be going on."""
        self.judge_state()
        changes = self.simulator.changes[self.begun :]
        assert len({change.number for change in self.changes}) == len(self.changes)
        told = Counter(change.ticket_id for change in self.of(ChangeKind.NEW))
        assert told == Counter(entry.ticket_id for entry in changes if entry.kind == "opened")
        assert Counter(
            (change.ticket_id, change.after, int(change.at or 0)) for change in self.of(ChangeKind.MESSAGE)
        ) == Counter(
            (entry.ticket_id, entry.after, int(entry.at)) for entry in changes if entry.kind == "message"
        )
        really = [entry for entry in changes if entry.kind == "closed"]
        told = Counter(change.ticket_id for change in self.of(ChangeKind.CLOSED))
        assert told <= Counter(entry.ticket_id for entry in really)
        # One that no list showed was asked for by its protocol, and that answer has no time of day.
        timed = {(change.ticket_id, int(change.at)) for change in self.of(ChangeKind.CLOSED) if change.at}
        assert timed <= {(entry.ticket_id, int(entry.at)) for entry in really}
        reopened = Counter(change.ticket_id for change in self.of(ChangeKind.REOPENED))
        assert reopened <= Counter(entry.ticket_id for entry in changes if entry.kind == "reopened")
        assert not self.of(ChangeKind.MISSING)
        assert not self.of(ChangeKind.FOUND)
        self._judge_moves(changes)

    def judge_state(self) -> None:
        """Fail unless every ticket stands here as it stands there."""
        tickets = {ticket.id: ticket for ticket in self.simulator.tickets}
        believed = {row.id for row in self.rows.values() if row.state is TicketState.OPEN}
        assert believed == {ticket.id for ticket in tickets.values() if ticket.open}
        for row in self.rows.values():
            ticket = tickets[row.id]
            assert row.protocol == ticket.protocol
            assert row.status == label(ticket)
            assert row.type == catalogue.TICKET_TYPES.get(ticket.type_id or 0)
            assert row.responsible == names(ticket.responsible)
            assert row.messages == len(ticket.messages)
            assert row.opened_at == int(ticket.opened_at)
            assert row.closed_at == (None if ticket.closed_at is None else int(ticket.closed_at))
            assert row.customer_code == ticket.customer.code

    def _judge_moves(self, made: list[Any]) -> None:
        """Fail unless each ticket's moves are some of those it made, in their order, up to where it stands."""
        moved: dict[int, list[str]] = defaultdict(list)
        given: dict[int, list[str]] = defaultdict(list)
        for entry in made:
            if entry.kind in {"opened", "status", "closed", "reopened"}:
                moved[entry.ticket_id].append(catalogue.TICKET_STATUSES[entry.after].label)
            elif entry.kind == "reassigned":
                given[entry.ticket_id].append(", ".join(names(entry.after)))
        moving = {ChangeKind.NEW, ChangeKind.STATUS, ChangeKind.CLOSED, ChangeKind.REOPENED}
        told: dict[int, list[Change]] = defaultdict(list)
        for change in self.changes:
            told[change.ticket_id].append(change)
        for identifier, changes in told.items():
            moves = [change for change in changes if change.kind in moving and change.after is not None]
            assert _within([change.after for change in moves], moved[identifier])
            for former, later in pairwise(moves):
                assert later.before in {former.after, None}
            if moves:
                assert moves[-1].after == self.rows[identifier].status
            handed = [change.after for change in changes if change.kind is ChangeKind.RESPONSIBLE]
            assert _within(handed, given[identifier])


def label(ticket: SimTicket) -> str:
    return catalogue.TICKET_STATUSES[ticket.status_id].label


def names(identifier: object) -> tuple[str, ...]:
    assert identifier is None or isinstance(identifier, int)
    return () if identifier is None else ((user(identifier) or "").strip(),)


def _within(some: list[str | None], everything: list[str]) -> bool:
    """Whether `some` are among `everything`, in the same order."""
    rest = iter(everything)
    return all(any(each == other for other in rest) for each in some)

"""Tickets and an outbox that do what a test scripted, with the methods of the real services."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hubsoft_tui.api.models import Choice
from hubsoft_tui.errors import InvalidInput, NotFound
from hubsoft_tui.services.outbox.types import (
    CheckedDraft,
    Closing,
    Entry,
    EntryKind,
    EntryState,
    NewMessage,
    NewTicket,
    Review,
    ServiceAction,
    VisitAction,
)
from hubsoft_tui.services.tickets.types import (
    BoardState,
    Change,
    ChangeKind,
    Delta,
    PassReport,
    Plan,
    SyncStatus,
    TicketDetail,
    TicketRow,
    TicketState,
)
from tests.screens.builders import WALL

HOUR = 3600.0


def ticket(number, *, now=WALL, **fields):
    """Return an open ticket, `number` hours old."""
    usual = {
        "protocol": f"2026112310{number:04}000{number:03}"[:20],
        "state": TicketState.OPEN,
        "customer": f"CUSTOMER {number}",
        "customer_code": 1000 + number,
        "type": "Sem conexão",
        "status": "Pendente",
        "responsible": ("Joaquim",),
        "opened_at": now - number * HOUR,
        "due_at": now + 8 * HOUR,
        "confirmed_at": now - 60,
    }
    return TicketRow(number, **(usual | fields))


def change(number, row, kind=ChangeKind.STATUS, *, at=WALL, **fields):
    """Return a change of `row` seen at `at`."""
    usual = (
        {"before": "Aguardando Análise", "after": "Pendente"}
        if kind is ChangeKind.STATUS
        else {"before": None, "after": None}
    )
    return Change(number, row.id, row.protocol, kind, seen_at=at, customer=row.customer, **(usual | fields))


class FakeTickets:
    """A mirror in memory: `put` and `drop` are what a pass would do."""

    def __init__(self):
        self.version = 1
        self.rows = {}
        self.changes = []
        self.sync_status = SyncStatus(
            next_at=WALL + 34, last=PassReport(412, 0, 0, 0, 0, 2, 412, 0.4, at=WALL - 26)
        )
        self.report = PassReport(2, 1, 1, 0, 0, 2, 412, 0.4, at=WALL)
        self.details = {}
        self.deltas_asked = []
        self.syncs = []
        self.unfollowed = []
        self.known = {}
        self.became = []
        self.kept_board = BoardState()
        self._log = []

    def put(self, *rows):
        self.version += 1
        for row in rows:
            self.rows[row.id] = row
            self._log.append((self.version, row.id))
            if row.change is not None:
                self.changes.append((self.version, row.change))
        return self.version

    def drop(self, *ids):
        self.version += 1
        for each in ids:
            self.rows.pop(each, None)
            self._log.append((self.version, each))
        return self.version

    async def delta(self, since):
        self.deltas_asked.append(since)
        if since <= 0 or since > self.version:
            changes = tuple(each for _version, each in self.changes)
            return Delta(self.version, tuple(self.rows.values()), changes=changes, whole=True)
        touched = dict.fromkeys(row_id for version, row_id in self._log if version > since)
        return Delta(
            self.version,
            tuple(self.rows[each] for each in touched if each in self.rows),
            tuple(each for each in touched if each not in self.rows),
            tuple(each for version, each in self.changes if version > since),
        )

    async def board(self):
        return self.kept_board

    async def keep_board(self, state):
        self.kept_board = state

    async def keep_area(self, area):
        self.kept_board = replace(self.kept_board, area=area)

    async def changed_after(self, number):
        return sum(each.number > number for _version, each in self.changes)

    async def due_changes(self, after):
        return tuple(each for each in self.became if each.number > after)

    async def status(self):
        return self.sync_status

    async def sync(self, *, priority):
        self.syncs.append(priority)
        report = self.report
        if isinstance(report, asyncio.Future):
            report = await asyncio.shield(report)
        if isinstance(report, Exception):
            raise report
        return report

    async def plan(self):
        return Plan(("open tickets by status: 1 page of 500",), 2, 412)

    async def detail(self, ticket_id, *, refresh=False, label=""):
        found = self.details.get(ticket_id)
        if isinstance(found, Exception):
            raise found
        return found or TicketDetail(self.rows[ticket_id])

    async def follow(self, protocol, *, label=""):
        if protocol not in self.known:
            raise NotFound(f"HubSoft has no ticket with the protocol {protocol}.")
        self.put(self.known[protocol])
        return self.known[protocol]

    async def unfollow(self, ticket_id):
        self.unfollowed.append(ticket_id)
        self.drop(ticket_id)


KINDS = {NewTicket: EntryKind.OPEN, NewMessage: EntryKind.MESSAGE, Closing: EntryKind.CLOSE}


class FakeOutbox:
    """An outbox in memory. `becomes` is how an entry stands once it settles."""

    def __init__(self):
        self.version = 1
        self.kept = {}
        self.becomes = {"state": EntryState.SENT, "protocol": "20261123140231000123", "ticket_id": 900}
        self.alike = ()
        self.refuses = None
        """What `put` raises."""
        self.type_rows = (
            Choice(id=1, label="SAC"),
            Choice(id=2, label="Sem conexão"),
            Choice(id=3, label="Mudança"),
        )
        self.reason_rows = (Choice(id=7, label="Resolvido"), Choice(id=8, label="Duplicado"))
        self.known = None
        """The customer that is remembered."""
        self.did = []
        self.settles = asyncio.Event()
        self.settles.set()

    async def check(self, draft):
        if isinstance(draft, NewTicket) and "proibido" in draft.description:
            raise InvalidInput("HubSoft takes no such word.")
        return CheckedDraft(draft)

    async def review(self, draft):
        checked = await self.check(draft)
        return Review(checked, self._preview(draft), self.alike)

    async def contents(self, entry):
        return self._preview(entry.draft, entry.reference)

    def _preview(self, draft, reference=""):
        if isinstance(draft, ServiceAction | VisitAction):
            return (("Action", draft.kind.value),)
        if isinstance(draft, NewTicket):
            return (
                ("Service", str(draft.service_id)),
                ("Type", draft.type_label or "SAC"),
                ("Description", f"{draft.description}\n[ref {reference or '7K3M'}]"),
                ("Contact", draft.contact_name),
                ("Phone", "".join(each for each in draft.contact_phone if each.isdigit())),
            )
        if isinstance(draft, NewMessage):
            return (("Ticket", draft.protocol), ("Message", draft.text))
        return (
            ("Ticket", draft.protocol),
            ("Reason", draft.reason_label or ""),
            ("What was done", draft.description),
        )

    async def put(self, checked):
        if self.refuses is not None:
            raise self.refuses
        return self._keep(f"LOC{len(self.kept) + 1:06}", checked.draft, EntryState.QUEUED)

    async def put_all(self, drafts):
        return tuple([await self.put(each) for each in drafts])

    def _keep(self, local, draft, state, **fields):
        kind = draft.kind if isinstance(draft, ServiceAction | VisitAction) else KINDS[type(draft)]
        entry = Entry(local, kind, state, draft, WALL - 60, WALL, **fields)
        self.kept[local] = entry
        self.version += 1
        return entry

    async def settled(self, local_protocol, patience):
        await self.settles.wait()
        self.kept[local_protocol] = replace(self.kept[local_protocol], **self.becomes)
        self.version += 1
        return self.kept[local_protocol]

    async def entries(self, *, open_only=False):
        return tuple(self.kept.values())

    async def correct(self, local_protocol, checked):
        self.did.append(("correct", local_protocol))
        return self._keep(local_protocol, checked.draft, EntryState.QUEUED)

    async def resend(self, local_protocol):
        self.did.append(("resend", local_protocol))
        return self.kept[local_protocol]

    async def adopt(self, local_protocol, protocol):
        self.did.append(("adopt", local_protocol, protocol))
        return self.kept[local_protocol]

    async def discard(self, local_protocol):
        self.did.append(("discard", local_protocol))
        return self.kept[local_protocol]

    async def customer(self, draft):
        return self.known

    async def types(self):
        if isinstance(self.type_rows, Exception):
            raise self.type_rows
        return self.type_rows

    async def reasons(self, type_id=None):
        return self.reason_rows

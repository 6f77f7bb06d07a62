"""Tickets and an outbox that do what a test scripted: each method stands for one of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import override

from hubsoft_tui.api.models import Choice, Customer
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import InvalidInput, NotFound
from hubsoft_tui.services.outbox.outbox import Outbox
from hubsoft_tui.services.outbox.types import (
    CheckedDraft,
    Closing,
    Draft,
    Entry,
    EntryKind,
    EntryState,
    NewMessage,
    NewTicket,
    Review,
    ServiceAction,
    VisitAction,
)
from hubsoft_tui.services.tickets.service import Tickets
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
PASSED = PassReport(2, 1, 1, 0, 0, 2, 412, 0.4, at=WALL)


def ticket(number: int, *, now: float = WALL, **given: Any) -> TicketRow:
    """Return an open ticket, `number` hours old."""
    usual: dict[str, Any] = {
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
    return TicketRow(number, **(usual | given))


def change(
    number: int, row: TicketRow, kind: ChangeKind = ChangeKind.STATUS, *, at: float = WALL, **given: Any
) -> Change:
    """Return a change of `row` seen at `at`."""
    usual: dict[str, Any] = (
        {"before": "Aguardando Análise", "after": "Pendente"}
        if kind is ChangeKind.STATUS
        else {"before": None, "after": None}
    )
    return Change(number, row.id, row.protocol, kind, seen_at=at, customer=row.customer, **(usual | given))


class FakeTickets(Tickets):
    """A mirror in memory: `put` and `drop` are what a pass would do."""

    def __init__(self) -> None:
        self.at = 1
        self.there: dict[int, TicketRow] = {}
        self.changes: list[tuple[int, Change]] = []
        self.sync_status = SyncStatus(
            next_at=WALL + 34, last=PassReport(412, 0, 0, 0, 0, 2, 412, 0.4, at=WALL - 26)
        )
        self.report: PassReport | Exception | asyncio.Future[PassReport] = PASSED
        self.details: dict[int, TicketDetail | Exception] = {}
        self.deltas_asked: list[int] = []
        self.syncs: list[Priority] = []
        self.unfollowed: list[int] = []
        self.known: dict[str, TicketRow] = {}
        self.became: list[Change] = []
        self.kept_board = BoardState()
        self._log: list[tuple[int, int]] = []

    def put(self, *rows: TicketRow) -> int:
        self.at += 1
        for row in rows:
            self.there[row.id] = row
            self._log.append((self.at, row.id))
            if row.change is not None:
                self.changes.append((self.at, row.change))
        return self.at

    def drop(self, *ids: int) -> int:
        self.at += 1
        for each in ids:
            self.there.pop(each, None)
            self._log.append((self.at, each))
        return self.at

    @override
    async def delta(self, since: int) -> Delta:
        self.deltas_asked.append(since)
        if since <= 0 or since > self.at:
            changes = tuple(each for _version, each in self.changes)
            return Delta(self.at, tuple(self.there.values()), changes=changes, whole=True)
        touched = dict.fromkeys(row_id for version, row_id in self._log if version > since)
        return Delta(
            self.at,
            tuple(self.there[each] for each in touched if each in self.there),
            tuple(each for each in touched if each not in self.there),
            tuple(each for version, each in self.changes if version > since),
        )

    @override
    async def board(self) -> BoardState:
        return self.kept_board

    @override
    async def keep_board(self, state: BoardState) -> None:
        self.kept_board = state

    @override
    async def keep_area(self, area: str) -> None:
        self.kept_board = replace(self.kept_board, area=area)

    @override
    async def changed_after(self, number: int) -> int:
        return sum(each.number > number for _version, each in self.changes)

    @override
    async def due_changes(self, after: int) -> tuple[Change, ...]:
        return tuple(each for each in self.became if each.number > after)

    @override
    async def status(self) -> SyncStatus:
        return self.sync_status

    @override
    async def sync(self, *, priority: Priority = Priority.NORMAL) -> PassReport:
        self.syncs.append(priority)
        report = self.report
        if isinstance(report, asyncio.Future):
            report = await asyncio.shield(report)
        if isinstance(report, Exception):
            raise report
        return report

    @override
    async def plan(self) -> Plan:
        return Plan(("open tickets by status: 1 page of 500",), 2, 412)

    @override
    async def detail(self, ticket_id: int, *, refresh: bool = False, label: str = "") -> TicketDetail:
        found = self.details.get(ticket_id)
        if isinstance(found, Exception):
            raise found
        return found or TicketDetail(self.there[ticket_id])

    @override
    async def follow(self, protocol: str, *, label: str = "") -> TicketRow:
        if protocol not in self.known:
            raise NotFound(f"HubSoft has no ticket with the protocol {protocol}.")
        self.put(self.known[protocol])
        return self.known[protocol]

    @override
    async def unfollow(self, ticket_id: int) -> None:
        self.unfollowed.append(ticket_id)
        self.drop(ticket_id)


KINDS: dict[type[Draft], EntryKind] = {
    NewTicket: EntryKind.OPEN,
    NewMessage: EntryKind.MESSAGE,
    Closing: EntryKind.CLOSE,
}


class FakeOutbox(Outbox):
    """An outbox in memory. `becomes` is how an entry stands once it settles."""

    def __init__(self) -> None:
        self.at = 1
        self.kept: dict[str, Entry] = {}
        self.becomes: dict[str, Any] = {
            "state": EntryState.SENT,
            "protocol": "20261123140231000123",
            "ticket_id": 900,
        }
        self.alike: tuple[Entry, ...] = ()
        self.refuses: Exception | None = None
        """What `put` raises."""
        self.type_rows: tuple[Choice, ...] | Exception = (
            Choice(id=1, label="SAC"),
            Choice(id=2, label="Sem conexão"),
            Choice(id=3, label="Mudança"),
        )
        self.reason_rows = (Choice(id=7, label="Resolvido"), Choice(id=8, label="Duplicado"))
        self.known: Customer | None = None
        """The customer that is remembered."""
        self.did: list[tuple[str, ...]] = []
        self.settles = asyncio.Event()
        self.settles.set()

    @property
    @override
    def version(self) -> int:
        return self.at

    @override
    async def check(self, draft: Draft) -> CheckedDraft:
        if isinstance(draft, NewTicket) and "proibido" in draft.description:
            raise InvalidInput("HubSoft takes no such word.")
        return CheckedDraft(draft)

    @override
    async def review(self, draft: Draft) -> Review:
        checked = await self.check(draft)
        return Review(checked, self._preview(draft), self.alike)

    @override
    async def contents(self, entry: Entry) -> tuple[tuple[str, str], ...]:
        return self._preview(entry.draft, entry.reference)

    def _preview(self, draft: Draft, reference: str = "") -> tuple[tuple[str, str], ...]:
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

    @override
    async def put(self, checked: CheckedDraft) -> Entry:
        if self.refuses is not None:
            raise self.refuses
        return self.keep(f"LOC{len(self.kept) + 1:06}", checked.draft, EntryState.QUEUED)

    @override
    async def put_all(self, drafts: Sequence[CheckedDraft]) -> tuple[Entry, ...]:
        return tuple([await self.put(each) for each in drafts])

    def keep(self, local: str, draft: Draft, state: EntryState, **given: Any) -> Entry:
        kind = draft.kind if isinstance(draft, ServiceAction | VisitAction) else KINDS[type(draft)]
        entry = Entry(local, kind, state, draft, WALL - 60, WALL, **given)
        self.kept[local] = entry
        self.at += 1
        return entry

    @override
    async def settled(self, protocol: str, patience: float) -> Entry:
        await self.settles.wait()
        self.kept[protocol] = replace(self.kept[protocol], **self.becomes)
        self.at += 1
        return self.kept[protocol]

    @override
    async def entries(self, *, open_only: bool = False) -> tuple[Entry, ...]:
        return tuple(self.kept.values())

    @override
    async def correct(self, protocol: str, checked: CheckedDraft) -> Entry:
        self.did.append(("correct", protocol))
        return self.keep(protocol, checked.draft, EntryState.QUEUED)

    @override
    async def resend(self, protocol: str) -> Entry:
        self.did.append(("resend", protocol))
        return self.kept[protocol]

    @override
    async def adopt(self, protocol: str, ticket_protocol: str) -> Entry:
        self.did.append(("adopt", protocol, ticket_protocol))
        return self.kept[protocol]

    @override
    async def discard(self, protocol: str) -> Entry:
        self.did.append(("discard", protocol))
        return self.kept[protocol]

    @override
    async def customer(self, draft: Draft) -> Customer | None:
        return self.known

    @override
    async def types(self) -> tuple[Choice, ...]:
        if isinstance(self.type_rows, Exception):
            raise self.type_rows
        return self.type_rows

    @override
    async def reasons(self, type_id: int | None = None) -> tuple[Choice, ...]:
        return self.reason_rows

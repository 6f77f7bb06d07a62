"""From customers to a verdict on each member of a list; and the list with its verdicts, counted, by version.

A verdict is the same, whether a roster or a single question brought the customers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from ...api.models import Customer, Service
from ...texts import say
from .types import CheckupDelta, Decision, KnownMember, Member, MemberRow, Result

CHUNK: Final = 200
"""Members looked up in memory before other tasks have a turn: a few milliseconds."""
LOG: Final = 20_000
"""Changes that are remembered one by one; a reader further behind gets every row."""


def judge(
    document: str, customers: Iterable[Customer], active: Collection[str], *, source: str, fetched_at: float
) -> Decision:
    """Say what the customers with a document mean for the member; no customer means `NOT_FOUND`.

    Inactive needs to be sure: a service that could not be read, or has no status, makes it `UNKNOWN`.
    """
    found = tuple(customers)
    services = [service for customer in found for service in customer.services]
    base = Decision(document, Result.NOT_FOUND, source=source, fetched_at=fetched_at)
    if not found:
        return _as(base, Result.NOT_FOUND, None, gone=True)
    enabled = [service for service in services if service.status_prefix in active]
    if enabled:
        return _as(base, Result.ACTIVE, max(enabled, key=_latest), gone=False)
    if any(customer.incomplete for customer in found) or any(not each.status_prefix for each in services):
        return unknown(
            document,
            str(say("HubSoft did not say the status of every service.")),
            source=source,
            fetched_at=fetched_at,
        )
    left = [service for service in services if service.cancelled_at is None]
    telling = max(left or services, key=_latest, default=None)
    return _as(base, Result.INACTIVE, telling, gone=bool(services) and not left)


def unknown(document: str, why: str, *, source: str = "", fetched_at: float = 0.0) -> Decision:
    """Say that a member could not be decided, and why."""
    return Decision(document, Result.UNKNOWN, why=why, source=source, fetched_at=fetched_at)


def is_enabled(customer: Customer, active: Collection[str]) -> bool:
    """Whether any service of the customer is in an active status."""
    return any(service.status_prefix in active for service in customer.services)


def is_current(customer: Customer) -> bool:
    """Whether the customer is listed where cancelled services are left out."""
    return not customer.services or any(each.cancelled_at is None for each in customer.services)


def _as(base: Decision, result: Result, service: Service | None, *, gone: bool) -> Decision:
    since = None if service is None else _since(service)
    return replace(
        base,
        result=result,
        status="" if service is None else service.status or service.status_prefix,
        plan="" if service is None else service.name,
        since=None if since is None else since.timestamp(),
        gone=gone,
    )


def _since(service: Service) -> datetime | None:
    """Return since when the service is as it is, where HubSoft says it."""
    return service.cancelled_at or service.suspended_at or service.enabled_at


def _latest(service: Service) -> float:
    since = _since(service)
    return since.timestamp() if since is not None else 0.0


class ListResults:
    """Lives in the engine's loop. `version` grows with everything a person can see."""

    def __init__(self, members: Iterable[tuple[Member, KnownMember | None]], version: int = 0) -> None:
        self.known: dict[str, KnownMember | None] = {}
        self._rows: dict[str, MemberRow] = {}
        for member, known in members:
            self.known[member.document] = known
            self._rows[member.document] = MemberRow(member)
        self.counts: Counter[Result] = Counter()
        self.gained = self.lost = 0
        self.pending: set[str] = set()
        """Seen without a contract in a roster that is not read to its end: not decided yet."""
        self.version = self._since = version + 1
        self._log: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> tuple[MemberRow, ...]:
        """Every member in the list's order."""
        return tuple(self._rows.values())

    def has(self, document: str) -> bool:
        """Whether a member with this document is on the list."""
        return document in self._rows

    def decision(self, document: str) -> Decision | None:
        """Return the decision there is."""
        return self._rows[document].decision

    def undecided(self) -> list[str]:
        """Return the documents of those who have no decision, in the list's order."""
        return [document for document, row in self._rows.items() if row.decision is None]

    def of(self, result: Result) -> list[str]:
        """Return the documents of those decided as `result`."""
        return [
            document for document, row in self._rows.items() if row.decision and row.decision.result is result
        ]

    def stamped(self, decision: Decision) -> Decision:
        """Return a decision with what the member was known as before."""
        known = self.known.get(decision.document)
        was = None if known is None else known.result
        return replace(decision, was=was)

    def apply(self, decisions: Iterable[Decision]) -> None:
        """Take over decisions; one about a document that is not on the list is ignored."""
        self.version += 1
        for decision in decisions:
            row = self._rows.get(decision.document)
            if row is None:
                continue
            self._count(row.decision, -1)
            self._count(decision, +1)
            self._rows[decision.document] = MemberRow(row.member, decision)
            self.pending.discard(decision.document)
            self._log.append((self.version, decision.document))
        if len(self._log) > LOG:
            del self._log[: len(self._log) - LOG]
            self._since = self._log[0][0]

    def touch(self) -> None:
        """Something beside the rows changed."""
        self.version += 1

    def delta(self, since: int) -> CheckupDelta:
        """Return what changed after the version `since`."""
        if since < self._since or since > self.version:
            return CheckupDelta(self.version, self.rows, whole=True)
        changed = {document: None for version, document in self._log if version > since}
        return CheckupDelta(self.version, tuple(self._rows[document] for document in changed))

    def counted(self) -> Mapping[Result, int]:
        """Return how many are decided as what."""
        return {result: count for result, count in self.counts.items() if count}

    def _count(self, decision: Decision | None, step: int) -> None:
        if decision is None:
            return
        self.counts[decision.result] += step
        if decision.changed:
            if decision.result is Result.ACTIVE:
                self.gained += step
            elif decision.was is Result.ACTIVE:
                self.lost += step

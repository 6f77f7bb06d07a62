"""The results of one list: every member and the decision there is, counted, and what changed since a version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from .types import (
    CheckupDelta,
    Decision,
    KnownMember,
    Member,
    MemberRow,
    Result,
)

CHUNK: Final = 200
"""Members looked up in memory before other tasks have a turn: a few milliseconds."""
LOG: Final = 20_000
"""Changes that are remembered one by one; a reader further behind gets every row."""


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

"""One pass for all machines that share a budget: who makes it tells the others what HubSoft answered."""

from __future__ import annotations

import asyncio
import logging
import zlib
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

import msgspec

from ...api.models import Ticket
from ...core.clock import Clock
from ...core.ports import FlightPort, Look, StoredEntry
from ...core.requests.leases import renewed
from ...core.types import Priority
from ...errors import HubSoftError, StoreError
from ...store.mirror_records import Label
from .merge import Labels, Sighting
from .pass_requests import Asking, PassAnswer, Reader
from .planner import LOOK_SECONDS, KnownTickets

logger = logging.getLogger(__name__)

KEY: Final = "tickets:pass"
FORM: Final = 1
"""Of what is told; a machine that does not know it makes a pass of its own."""
LIFE: Final = 3600.0
"""Seconds for which a pass is told: its rows are personal."""


class ToldPass(msgspec.Struct, array_like=True):
    """What a pass brought, and how far it reached."""

    form: int
    need: date
    """From when on its machine follows tickets, whatever the others do."""
    floor: date
    """From when on it read what was opened."""
    look: date
    closed: date
    with_messages: bool
    sightings: list[tuple[Ticket, float, bool]]
    """With when each was asked for, in seconds from when the pass began."""
    missing: list[int]
    left: list[int]
    """Followed by its machine and not seen: to ask once more would bring as little."""
    labels: list[Label]
    table: bool
    looked: bool
    whole: bool
    requests: int

    def covers(self, known: KnownTickets, *, with_messages: bool) -> bool:
        """Tell whether nothing that a machine would look for can have slipped by; one's first pass is its own."""
        reach, looked_at = known.windows, known.state.looked_at
        lately = looked_at is not None and 0 <= known.now - looked_at < 2 * LOOK_SECONDS
        return (
            not known.first
            and (lately or self.looks_for(known))
            and self.floor <= reach.floor
            and self.closed <= reach.closed
            and (self.with_messages or not with_messages)
        )

    def looks_for(self, known: KnownTickets) -> bool:
        """Tell whether it saw without a filter all that a machine did not see so."""
        return self.looked and self.look <= known.windows.look


class HeardPass(NamedTuple):
    """What a pass brought, what was known when it began, and how many requests another machine spent on it."""

    known: KnownTickets
    asked: PassAnswer
    requests: int


class Passes:
    """Makes a pass, or takes one that another machine made. Lives in the engine's loop."""

    def __init__(self, relay: FlightPort, clock: Clock) -> None:
        self._relay = relay
        self._clock = clock
        self._need: date | None = None
        """Of the machine that told the last pass: what that follows is followed here too."""

    async def ask(
        self, known: KnownTickets, labels: Labels, reader: Reader, *, oldest: float, with_messages: bool
    ) -> HeardPass:
        """Return what a pass brought that began at `oldest` (Clock.now) or later. Raises HubSoftError."""
        # An older pass too is looked at first: it says for how long the others follow tickets.
        look = await self._look(reader.priority, self._clock.now() - LIFE, None)
        while not look.mine:
            if look.error is not None:
                raise look.error
            for entry in look.entries:
                told = await asyncio.to_thread(_unpacked, entry.body)
                self._need = self._need if told is None else told.need
                young = told is not None and entry.fetched_now >= oldest
                if told is not None and young and told.covers(known, with_messages=with_messages):
                    began = replace(self._widened(known), now=entry.fetched_at)
                    return HeardPass(began, await _taken(told, began, labels, reader), told.requests)
            if not look.entries:
                await self._relay.heard(KEY)
            look = await self._look(reader.priority, oldest, look)
        return await self._led(look, known, labels, reader, with_messages=with_messages)

    async def _look(self, priority: Priority, oldest: float, before: Look | None) -> Look:
        try:
            return await self._relay.look(KEY, priority, self._clock.now() - oldest, before)
        except StoreError as error:
            # Without a word to the others one of them may make the same pass, which is no harm.
            logger.warning("announcing a pass: %s", error)
            return Look(mine=True)

    def _widened(self, known: KnownTickets) -> KnownTickets:
        """Return what is known, with the reach of the machine that follows tickets for longest."""
        if self._need is None or self._need >= known.windows.floor:
            return known
        oldest = min(self._need, known.windows.oldest)
        return replace(known, windows=replace(known.windows, floor=self._need, oldest=oldest))

    async def _led(
        self, look: Look, own: KnownTickets, labels: Labels, reader: Reader, *, with_messages: bool
    ) -> HeardPass:
        """Make a pass, and tell the others what it brought."""
        began, known, error, body = self._clock.now(), self._widened(own), None, None
        try:
            async with renewed(
                lambda: self._relay.renew(KEY, reader.priority, look), every=self._relay.seconds / 3
            ):
                asked = await Asking(known, labels, reader).run()
            told = _told(known, asked, need=own.windows.floor, requests=reader.requests, texts=with_messages)
            body = await asyncio.to_thread(_packed, told)
        except HubSoftError as failure:
            error = failure
            raise
        finally:
            try:
                if body is None:
                    self._relay.failed(KEY, look, error)
                else:
                    entry = StoredEntry(KEY, "pass", body, known.now, began, self._clock.epoch())
                    self._relay.spread(KEY, look, entry, life=LIFE)
            except StoreError as failure:  # it lapses
                logger.warning("announcing a pass: %s", failure)
        return HeardPass(known, asked, 0)


async def _taken(told: ToldPass, began: KnownTickets, labels: Labels, reader: Reader) -> PassAnswer:
    """Return what another machine's pass says of the tickets that are followed here."""
    for label in told.labels:
        labels.name(label)
    seen = [Sighting(ticket, began.now + after, texts) for ticket, after, texts in told.sightings]
    asked = await Asking(began, labels, reader).complete(seen, missing=told.missing, left=told.left)
    return replace(asked, table=told.table, looked=told.looks_for(began), whole=told.whole and asked.whole)


def _told(known: KnownTickets, asked: PassAnswer, *, need: date, requests: int, texts: bool) -> ToldPass:
    return ToldPass(
        form=FORM,
        need=need,
        floor=known.windows.floor,
        look=known.windows.look,
        closed=known.windows.closed,
        with_messages=texts,
        sightings=[(seen.ticket, seen.at - known.now, seen.with_messages) for seen in asked.sightings],
        missing=list(asked.missing),
        left=list(asked.left),
        labels=asked.labels.statuses,
        table=asked.table,
        looked=asked.looked,
        whole=asked.whole,
        requests=requests,
    )


def _packed(told: ToldPass) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(told), 1)


def _unpacked(body: bytes) -> ToldPass | None:
    """Read what a pass brought; None where another version wrote it."""
    try:
        told = msgspec.msgpack.decode(zlib.decompress(body), type=ToldPass)
    except (msgspec.DecodeError, zlib.error):
        return None
    return told if told.form == FORM else None

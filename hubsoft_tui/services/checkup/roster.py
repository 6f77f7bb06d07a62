"""Reading the roster page by page, checked while it is read, and never held as a whole.

A page is asked for in smaller pieces when HubSoft is slow, and again when it was away.

What a page brings goes to disk together with the decisions it allows. So memory holds one page, and a reading
whose process was killed goes on with the next page.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from ...api.answers import Decoded
from ...api.customers import customers_page
from ...api.models import Customer
from ...api.operation import Operation
from ...api.search import is_document
from ...core.engine import Engine
from ...core.requests.exchange import LOGIN, Received
from ...core.telemetry.journal import Subscription
from ...core.types import Priority, RequestContext, RequestRow
from ...errors import BadAnswer, HubSoftError, QueueFull, RateLimited, TimedOut, Unreachable
from ...store.checkup_rows import Decision, Reading, Seen
from ...store.rescue import decoded
from ...store.rosters import RosterSize
from ...values import dataclass
from ..customers import questions
from .plan import GROW_AFTER, SMALLEST, Sizes, doubted, larger, smaller
from .results import is_current, is_enabled
from .storage import CheckupFiles
from .types import Variant

CALLER: Final = "checkup"
NOT_SENT: Final = frozenset({"connect", "pool", "proxy"})
"""Outcomes of requests that HubSoft never received."""
AGAIN: Final = 4.0
"""How many first waits of the engine's own repeats pass before a page or a member is asked for again."""
BAD_ANSWERS: Final = 2
"""Unusable answers to one page size before a smaller one is tried."""


@dataclass(frozen=True, slots=True)
class RosterPage:
    """One page as it came. It begins at row `start`, and `size` rows were asked for."""

    start: int
    size: int
    received: Received[tuple[Customer, ...]]

    @property
    def decoded(self) -> Decoded[tuple[Customer, ...]]:
        """What it held."""
        return self.received.decoded


class PageAsker:
    """Asks for pages of one variant, one after another, as background work. Lives in the engine's loop."""

    def __init__(
        self, engine: Engine, variant: Variant, waits: Callable[[str], object] = lambda _: None
    ) -> None:
        """`waits` is told why the next page has to wait, and with an empty text that it came."""
        self._engine = engine
        self._clock = engine.clock
        self._variant = variant
        self._waits = waits
        self.most = engine.settings.checkup.page_size
        """The largest page that is asked for."""
        self._good = 0
        self._last_good = engine.clock.now()

    async def ask(self, offset: int, size: int) -> RosterPage:
        """Return the page that holds row `offset`, of `size` rows or fewer when HubSoft takes too long.

        Past the end it is empty. Raises Unreachable or RateLimited when HubSoft stays away longer than the
        settings' patience; Refused or CredentialsRefused as HubSoft says.
        """
        bad = 0
        while True:
            start = offset // size * size
            try:
                received = await self._engine.receive(
                    page_operation(self._engine, self._variant, offset // size, size),
                    RequestContext(CALLER, Priority.LOW, self._patience()),
                    retries=0,
                )
            except (TimedOut, BadAnswer) as error:
                self._note(error)
                bad += 1
                if isinstance(error, TimedOut) or bad >= BAD_ANSWERS:
                    size, bad = smaller(size) or size, 0
                continue
            except (Unreachable, RateLimited, QueueFull) as error:
                self._note(error)
                await self._clock.sleep(AGAIN * self._engine.settings.retry.backoff_base)
                continue
            self._waits("")
            self._last_good = self._clock.now()
            self._good += 1
            return RosterPage(start, size, received)

    def next_size(self, offset: int, size: int) -> int:
        """Return how many rows to ask for behind `offset`: more again after a few good pages."""
        more = larger(size, self.most)
        if self._good >= GROW_AFTER and more != size and offset % more == 0:
            self._good = 0
            return more
        return size

    def _note(self, error: HubSoftError) -> None:
        """Say why it waits, or raise `error` when the settings' patience is over."""
        self._good = 0
        self._waits(str(error))
        if self._clock.now() - self._last_good >= self._engine.settings.checkup.patience_seconds:
            raise error

    def _patience(self) -> float:
        whole = self._engine.settings.checkup.patience_seconds
        return max(1.0, whole - (self._clock.now() - self._last_good))


def page_operation(
    engine: Engine, variant: Variant, number: int, size: int
) -> Operation[tuple[Customer, ...]]:
    """Return the request for one page of a variant; pages count from 0."""
    return customers_page(
        number,
        size,
        statuses=engine.settings.customers.active_statuses if variant is Variant.ENABLED else (),
        cancelled=variant is Variant.ALL,
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """What HubSoft received for a check-up."""

    requests: int = 0
    logins: int = 0

    def and_since(self, sent: Subscription) -> Spent:
        """Add what HubSoft received since `sent` was last looked at."""
        callers = [
            event.caller
            for event in sent.take()
            if isinstance(event, RequestRow) and event.outcome not in NOT_SENT
        ]
        return Spent(self.requests + callers.count(CALLER), self.logins + callers.count(LOGIN))


async def learn_total(
    engine: Engine,
    files: CheckupFiles,
    sizes: Sizes,
    *,
    priority: Priority,
    patience: float | None = None,
) -> None:
    """Ask for a page of one customer to learn how many there are, and note it where HubSoft says.

    Raises HubSoftError.
    """
    variant = Variant.CURRENT if await doubted(engine, files) else Variant.ALL
    received = await engine.receive(
        page_operation(engine, variant, 0, 1), RequestContext(CALLER, priority, patience)
    )
    if (page := received.decoded.page) is not None:
        sizes.totals[variant] = total = int(page.total)
        now = engine.clock.wall()
        await files.run(lambda stores: stores.rosters.note_total(variant.value, total, now))


MENDS: Final = 6
"""How often pages are read again because rows moved, before the reading counts as not whole."""
PORTION: Final = 50
"""Customers remembered in one go: about two milliseconds."""
TELLING_ROWS: Final = 20
"""So many customers without one service that is not cancelled tell that only cancelled ones are listed."""


class NotBelieved(Exception):
    """The variant leaves out what it should hold: on some servers "cancelled too" means "cancelled only"."""


Take = Callable[[Sequence[Customer], float], tuple[list[Decision], list[Decision]]]
"""From customers not seen before, and when they were fetched: what is decided, and what waits for the end."""


class RosterReader:
    """Reads one variant of the roster for one run. Lives in the engine's loop."""

    def __init__(
        self,
        engine: Engine,
        files: CheckupFiles,
        run_id: int,
        variant: Variant,
        waits: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._files = files
        self._clock = engine.clock
        self._run = run_id
        self._variant = variant
        self._asker = PageAsker(engine, variant, waits)
        self._whole = False
        """One page was the whole roster, and everybody of it is remembered."""
        self._seconds: float | None = None
        """How long that page took."""

    async def read(
        self,
        reading: Reading,
        take: Take,
        go_on: Callable[[Reading], bool],
        spent: Callable[[], tuple[float, int]],
    ) -> Reading:
        """Read on from where `reading` stands until its end, or until `go_on` says that it does not pay.

        Raises NotBelieved, and what `PageAsker.ask` raises.
        """
        if not reading.started_at:
            reading = replace(reading, started_at=self._clock.wall())
        while not reading.whole and (reading.again >= 0 or go_on(reading)):
            mending = reading.again >= 0
            page = await self._asker.ask(reading.again if mending else reading.offset, reading.size)
            fresh = await self._fresh(page.decoded.value)
            reading = self._counted(moved_on(reading, page), page, fresh)
            if self._variant is Variant.ALL and reading.rows >= TELLING_ROWS and not reading.current:
                await self._put_size(self._variant, reading.total or 0, reading.size, believed=False)
                raise NotBelieved
            if page.start == 0 and reading.size < page.size:
                self._asker.most = reading.size
            await self._write(reading, page.received, fresh, take(fresh, page.received.at), spent())
            await self._remember(fresh, page)
            reading = replace(reading, size=self._asker.next_size(reading.offset, reading.size))
        if reading.whole:
            await self._learn_sizes(reading)
        return reading

    async def shared(self) -> dict[str, tuple[Customer, ...]]:
        """Return the customers without an active service whose document another one of the roster has too."""
        seen = await self._files.run(lambda stores: stores.rosters.sharing(self._run))
        found: defaultdict[str, tuple[Customer, ...]] = defaultdict(tuple)
        for one in seen:
            if (row := decoded(one.body, Customer)) is not None:
                found[one.document] += (row,)
        return dict(found)

    async def settle(self) -> None:
        """Remember the rows that waited for the reading's end: customers without any active service.

        Of several with one document none is: one of the others may have one.
        """
        if self._variant is not Variant.ALL or self._whole:
            return
        shared = await self._files.run(lambda stores: stores.rosters.shared_documents(self._run))
        chunks = await self._files.run(lambda stores: stores.rosters.waiting(self._run))
        while chunk := await self._files.run(lambda _: next(chunks, None)):
            by_time: defaultdict[tuple[float, float], dict[str, tuple[Customer, ...]]] = defaultdict(dict)
            for one in chunk:
                if not one.document or one.document in shared:
                    continue
                if (row := decoded(one.body, Customer)) is not None:
                    by_time[one.at, one.now][questions.brief_key(one.document)] = (row,)
            for (at, now), briefs in by_time.items():
                await self._learn(briefs, at, now)

    async def _fresh(self, customers: Sequence[Customer]) -> tuple[Customer, ...]:
        """Return those that no page has brought before, each once."""
        by_id = {each.id: each for each in customers}
        known = await self._files.run(lambda stores: stores.rosters.known(self._run, list(by_id)))
        return tuple(each for id_, each in by_id.items() if id_ not in known)

    def _counted(self, reading: Reading, page: RosterPage, fresh: Sequence[Customer]) -> Reading:
        active = self._engine.settings.customers.active_statuses
        return replace(
            reading,
            rows=reading.rows + len(fresh),
            unusable=reading.unusable
            + page.decoded.rows
            - len(page.decoded.value)
            # An active customer without a readable document may be any member.
            + sum(is_enabled(each, active) and not is_document(each.document) for each in fresh),
            enabled=reading.enabled + sum(is_enabled(each, active) for each in fresh),
            current=reading.current + sum(map(is_current, fresh)),
        )

    async def _write(
        self,
        reading: Reading,
        received: Received[tuple[Customer, ...]],
        fresh: Iterable[Customer],
        taken: tuple[list[Decision], list[Decision]],
        spent: tuple[float, int],
    ) -> None:
        """Put a page's rows, its decisions and where the reading stands on disk: all of it, or nothing."""
        active = self._engine.settings.customers.active_statuses
        seen = []
        for each in fresh:
            on = is_enabled(each, active)
            body = b"" if on else msgspec.json.encode(questions.brief(each))
            seen.append(Seen(each.id, each.document, on, body, received.at, received.now))
        decided, waiting = taken
        await self._files.run(
            lambda stores: stores.decisions.decide(
                self._run,
                decided,
                provisional=waiting,
                spent=spent,
                also=stores.rosters.page(self._run, reading, seen),
            )
        )

    async def _remember(self, customers: Iterable[Customer], page: RosterPage) -> None:
        """Remember active customers at once; those without may have another record on a page to come.

        Only of a variant that holds everything: another leaves out services people expect to see.
        """
        if self._variant is not Variant.ALL:
            return
        received, active = page.received, self._engine.settings.customers.active_statuses
        if rows := everybody(page.decoded, active):
            self._whole, self._seconds = True, self._clock.now() - received.now
            await self._learn(rows, received.at, received.now)
            return
        found: dict[str, tuple[Customer, ...]] = {}
        for each in customers:
            if each.document and is_enabled(each, active):
                key = questions.brief_key(each.document)
                found[key] = (*found.get(key, ()), questions.brief(each))
        await self._learn(found, received.at, received.now)

    async def _learn(self, briefs: Mapping[str, tuple[Customer, ...]], at: float, now: float) -> None:
        """Remember in small portions: people are served between them."""
        items = list(briefs.items())
        for start in range(0, len(items), PORTION):
            self._engine.known.learn(dict(items[start : start + PORTION]), sent_at=at, sent_now=now)
            await asyncio.sleep(0)

    async def _learn_sizes(self, reading: Reading) -> None:
        """Note how large the roster is; a reading of all of it tells the size of its parts too."""
        totals = {self._variant: reading.rows if reading.total is None else reading.total}
        if self._variant is Variant.ALL:
            totals |= {Variant.CURRENT: reading.current, Variant.ENABLED: reading.enabled}
        for variant, total in totals.items():
            await self._put_size(variant, total, reading.size)

    async def _put_size(self, variant: Variant, total: int, size: int, *, believed: bool = True) -> None:
        seconds = self._seconds if variant is Variant.ALL else None
        row = RosterSize(total, max(SMALLEST, size), self._clock.wall(), believed, seconds)
        await self._files.run(lambda stores: stores.rosters.put_size(variant.value, row))


def everybody(
    decoded: Decoded[tuple[Customer, ...]], active: Collection[str]
) -> dict[str, tuple[Customer, ...]]:
    """Return the rows of a page of all customers by the `Question.brief` they answer, if it shows everybody.

    Else nothing. That a customer is not among them does not prove that HubSoft does not know it.
    """
    page, found = decoded.page, decoded.value
    if page is None or len({each.id for each in found}) < max(1, page.total, decoded.rows):
        return {}
    if not any(map(is_current, found)):
        return {}  # on some servers "cancelled too" means "cancelled only"
    rows: dict[str, tuple[Customer, ...]] = {}
    for each in found:
        if is_document(each.document):
            key = questions.brief_key(each.document)
            rows[key] = (*rows.get(key, ()), msgspec.structs.replace(each, listed=True))
        elif is_enabled(each, active):
            return {}  # whose contract that is no row tells
    return {key: own for key, own in rows.items() if not any(each.incomplete for each in own)}


def moved_on(reading: Reading, page: RosterPage) -> Reading:
    """Return where a reading stands once `page` was read.

    HubSoft keeps no snapshot: when customers before this page have gone, those behind them moved up, past what
    had been read. The total tells, and the page before is read again.
    """
    decoded, place = page.decoded, page.decoded.page
    mending = reading.again >= 0
    size = page.size
    end = page.start + size
    if (
        place is not None
        and page.start == 0
        and 0 < decoded.rows < size
        and place.last > (place.total - 1) // size
    ):
        size = end = decoded.rows  # HubSoft's pages are smaller than what was asked for
    total = reading.total if place is None else place.total
    after = replace(
        reading,
        pages=reading.pages + 1,
        size=size,
        total=total,
        offset=max(reading.offset, end),
        again=-1,
    )
    fewer = (reading.total or 0) - (total or 0)
    if fewer > 0 and (mending or page.start > 0):
        # What this page holds is read in any case; what lies before it may hold rows that moved up.
        back = page.start - fewer if page.start > 0 else end
        back = max(0, back)
        if reading.mended >= MENDS:
            after = replace(after, gaps=reading.gaps + 1)
        elif mending or fewer > size:
            after = replace(after, offset=back, mended=reading.mended + 1)
        else:
            after = replace(after, again=back, mended=reading.mended + 1)
    nothing_more = not decoded.truncated if total is None else after.offset >= total
    empty = decoded.rows == 0 and not mending
    return replace(after, whole=after.again < 0 and (nothing_more or empty))

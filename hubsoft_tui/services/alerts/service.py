"""The alerts service: measures at intervals, opens and clears, remembers, and orders the calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from ...core.clock import Clock
from ...core.engine import Engine
from ...core.requests.leases import retry_while_busy
from ...core.requests.webhook import Webhook
from ...core.telemetry.events import Subscription
from ...errors import HubSoftError, StoreError
from ...settings.alerts import RULES, AlertRule
from ...store.alerts import Alert, AlertStore, Letter, OpenAlert
from ...texts import Text
from .hysteresis import Hysteresis, Measurement
from .measurements import ExtraFacts, Facts, Measurements
from .webhook import WebhookSender, payload, waiting

logger = logging.getLogger(__name__)

MISSED_LOOKS: Final = 3
"""After so many looks that did not happen the machine slept, and what was begun is begun anew; and so long
another process may be silent about an alert before this one may clear it."""

DiskFree = Callable[[], Awaitable[float | None]]


class Alerts:
    """Lives in the engine's loop. `extra` says what other services know; it must return at once.

    `disk_free` returns the free megabytes of where the state is kept.
    """

    def __init__(
        self,
        engine: Engine,
        store: AlertStore,
        webhook: Webhook,
        clock: Clock,
        *,
        disk_free: DiskFree,
        extra: Callable[[], ExtraFacts] = dict,
    ) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._disk_free = disk_free
        self._extra = extra
        self._measurements = Measurements(clock, lambda: engine.settings.alerts)
        self._sender = WebhookSender(store, webhook, clock, lambda: engine.settings)
        self._watched = tuple(Hysteresis(rule) for rule in RULES)
        self._holding: dict[str, OpenAlert] = {}
        self._opened: frozenset[str] = frozenset()
        """The rules whose alert was open after the last look."""
        self._looked_at = clock.now()
        self._version = 0
        self._complaint = ""

    # -- for screens

    async def open(self) -> tuple[Alert, ...]:
        """Return the alerts that hold, oldest first. Raises StoreError."""
        return tuple(each.alert for each in self._store.holding())

    async def recent(self, limit: int = 100) -> tuple[Alert, ...]:
        """Return the last alerts that opened, newest first. Raises StoreError."""
        return self._store.recent(limit)

    async def acknowledge(self, alert_id: int) -> bool:
        """Note that a person has seen an open alert; False when it is over, or was seen before."""
        return await self._acknowledged(alert_id) > 0

    async def acknowledge_all(self) -> int:
        """Note that a person has seen every open alert; return how many were news."""
        return await self._acknowledged(None)

    async def webhook_trouble(self) -> Text | None:
        """Say why the webhook does not know yet what it should; None when it does."""
        return waiting(self._store.waiting(), self._sender.trouble)

    @property
    def version(self) -> int:
        """A number that grows with every change a person can see, in whichever process it was made."""
        return self._version + self._sender.changes

    @property
    def unseen(self) -> int:
        """How many alerts hold that are not acknowledged, as of the last look."""
        return sum(each.alert.acknowledged_at is None for each in self._holding.values())

    # -- at intervals

    async def run(self) -> None:
        """Look every few seconds, and make the calls, until cancelled."""
        with contextlib.suppress(StoreError):  # what holds from before is in sight at once
            self._refresh()
        with self._engine.events.subscribe() as events:
            await asyncio.gather(
                self._again_and_again(lambda: self.check(events)),
                self._again_and_again(self._sender.round),
            )

    async def check(self, events: Subscription) -> None:
        """Measure once and open, affirm or clear what that calls for. Raises StoreError."""
        disk_free = await self._disk_free()
        snapshot = self._engine.snapshot()
        in_use = self._engine.known.count(used_within=self._engine.settings.cache.contract_status_ttl)
        facts = self._measurements.facts(
            snapshot, events.take(), self._extra(), in_use=in_use, disk_free=disk_free
        )
        now, settings = self._clock.now(), self._engine.settings.alerts
        if now - self._looked_at > (MISSED_LOOKS + 1) * settings.look_seconds:
            for watched in self._watched:
                watched.forget(now)
        self._looked_at = now
        self._holding = self._held()
        for watched in self._watched:
            if watched.rule.id in self._opened - self._holding.keys():
                watched.forget(now)  # another process saw that all is well
            self._apply(watched, facts, now)
        self._refresh()
        self._opened = frozenset(self._holding)

    async def _again_and_again(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._clock.sleep(self._engine.settings.alerts.look_seconds)
            try:
                await work()
            except HubSoftError as error:  # a busy or full disk: the next look finds everything as it was
                if (text := str(error)) != self._complaint:
                    self._complaint = text
                    logger.warning("alerts: %s", text)
            except Exception:  # one failed look must not end the watch
                logger.exception("alerts: a look failed")

    def _apply(self, watched: Hysteresis, facts: Facts, now: float) -> None:
        rule, settings = watched.rule, self._engine.settings.alerts
        held = self._holding.get(rule.id)
        if rule.id in settings.off:
            watched.forget(now)
            if held is not None:
                self._clear(rule, held.alert)
            return
        limit, duration = rule.limit(settings), rule.duration(settings)
        reading = facts.get(rule.id)
        verdict = watched.observe(reading, now, limit=limit, duration=duration)
        if reading is None:
            return
        if held is None:
            if verdict.ripe:
                self._begin(rule, reading, limit)
            return
        quiet = max(settings.clear_for, MISSED_LOOKS * settings.look_seconds)
        if verdict.bad:
            self._affirm(rule, held, reading, quiet)
        elif (
            verdict.well_for >= settings.clear_for
            and now - held.affirmed >= quiet
            and reading.evidence > held.affirmed
        ):
            self._clear(rule, held.alert)
            watched.forget(now)

    # -- changes

    def _begin(self, rule: AlertRule, reading: Measurement, limit: float) -> None:
        alert = self._store.begin(
            rule.id, value=reading.value, limit=limit, evidence=reading.evidence, letter=self._letter()
        )
        if alert is not None:
            logger.warning(
                "alert %d opened: %s value=%.4g limit=%.4g", alert.id, rule.id, reading.value, limit
            )

    def _affirm(self, rule: AlertRule, held: OpenAlert, reading: Measurement, quiet: float) -> None:
        worst = reading.value if rule.worse(reading.value, held.alert.worst) else None
        if worst is not None or reading.evidence - held.affirmed >= quiet / 3:
            self._store.affirm(held.alert.id, evidence=reading.evidence, worst=worst)

    def _clear(self, rule: AlertRule, alert: Alert) -> None:
        cleared = self._store.clear(alert, letter=self._letter())
        if cleared is not None and cleared.cleared_at is not None:
            seconds = cleared.cleared_at - cleared.opened_at
            logger.info(
                "alert %d cleared: %s after %.0f s, worst=%.4g", alert.id, rule.id, seconds, cleared.worst
            )

    async def _acknowledged(self, alert_id: int | None) -> int:
        count = await retry_while_busy(partial(self._store.acknowledge, alert_id), self._clock)
        self._refresh()
        return count

    def _held(self) -> dict[str, OpenAlert]:
        return {each.alert.rule: each for each in self._store.holding()}

    def _refresh(self) -> None:
        """Take over what the store holds, whichever process changed it."""
        if (version := self._store.version()) != self._version:
            self._version = version
            self._holding = self._held()

    def _letter(self) -> Letter | None:
        settings = self._engine.settings
        if not settings.alerts.webhook_url:
            return None
        return partial(payload, profile=settings.profile)


def free_megabytes(folders: Iterable[Path]) -> DiskFree:
    """Return what measures the space left in the fullest of `folders`, aside: a network's disk may hang."""
    places = tuple(folders)

    def least() -> float | None:
        found = [free for place in places if (free := _free(place)) is not None]
        return min(found, default=None)

    async def measured() -> float | None:
        return await asyncio.to_thread(least)

    return measured


def _free(place: Path) -> float | None:
    try:
        return shutil.disk_usage(place).free / 1e6
    except OSError:
        return None

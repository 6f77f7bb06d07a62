"""The alerts service: measures at intervals, opens and clears, remembers, and makes the calls that alerts order.

Calls are made one at a time and in order, as often as it takes, for a day. An order survives a restart, and one process
at a time makes it. One that is killed in the middle of a call may leave it to be made a second time: the id of the
call, in a header, is then the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from ...core.clock import Clock
from ...core.engine import Engine
from ...core.requests.leases import retry_while_busy
from ...core.requests.webhook import Webhook, WebhookFailure
from ...core.telemetry.journal import Subscription
from ...errors import HubSoftError, StoreError
from ...settings.alerts import BY_ID, RULES, AlertRule, Unit
from ...settings.tree import Profile, Settings
from ...store.alerts import Alert, AlertStore, Delivery, Letter, OpenAlert
from ...texts import Text, _, say
from .measurements import ExtraFacts, Facts, Hysteresis, Measurement, Measurements

FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 900.0
GIVEN_UP_SECONDS: Final = 86_400.0
LEASE_SLACK: Final = 30.0
"""Seconds a claim outlives the longest its call can take."""
ID_HEADER: Final = "X-Webhook-Id"
PAYLOAD_VERSION: Final = 1

MISSED_LOOKS: Final = 3
"""After so many looks that did not happen the machine slept, and what was begun is begun anew; and so long
another process may be silent about an alert before this one may clear it."""

DiskFree = Callable[[], Awaitable[float | None]]

logger = logging.getLogger(__name__)


class WebhookSender:
    """Lives in the engine's loop, in a task of its own: however long a call hangs, nothing else waits for it."""

    def __init__(
        self, store: AlertStore, webhook: Webhook, clock: Clock, settings: Callable[[], Settings]
    ) -> None:
        self._store = store
        self._webhook = webhook
        self._clock = clock
        self._settings = settings
        self.trouble: Text | None = None
        """Why the last call was not taken; None once one was."""
        self.changes = 0
        """Grows when `trouble` changes."""
        self._taken = 0
        """The last call that was taken: should its order still stand, it is not made again."""

    async def round(self) -> None:
        """Make every call that is due. Raises StoreError."""
        while url := (settings := self._settings().alerts).webhook_url:
            delivery = self._store.claim(settings.webhook_timeout + LEASE_SLACK)
            if delivery is None or not await self._made(url, delivery):
                return

    async def _made(self, url: str, delivery: Delivery) -> bool:
        if delivery.id != self._taken:
            if self._clock.wall() - delivery.created_at > GIVEN_UP_SECONDS:
                logger.error("webhook: call %d is given up after a day", delivery.id)
            elif not await self._taken_by(url, delivery):
                return False
            self._taken = delivery.id
        await retry_while_busy(lambda: self._store.finish(delivery), self._clock)
        return True

    async def _taken_by(self, url: str, delivery: Delivery) -> bool:
        settings = self._settings()
        try:
            await self._webhook.post(
                url,
                delivery.body.encode(),
                secret=settings.profile.webhook_secret,
                headers={ID_HEADER: str(delivery.id)},
                seconds=settings.alerts.webhook_timeout,
            )
        except WebhookFailure as failure:
            self._note_trouble(failure.text)
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(delivery.attempts, 20))
            logger.warning("webhook: call %d is tried again in %.0f s: %s", delivery.id, pause, failure)
            await retry_while_busy(lambda: self._store.postpone(delivery, pause), self._clock)
            return False
        self._note_trouble(None)
        logger.info("webhook: call %d was taken", delivery.id)
        return True

    def _note_trouble(self, trouble: Text | None) -> None:
        self.changes += str(trouble) != str(self.trouble)
        self.trouble = trouble


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


def waiting(count: int, trouble: Text | None) -> Text | None:
    """Say what stands between the orders and the webhook; None when nothing does."""
    if not count or trouble is None:
        return None
    return say("The webhook is not told yet and is tried again: {reason}", reason=trouble)


def payload(alert: Alert, profile: Profile) -> str:
    """Return the JSON of the call about `alert`, opened or cleared: nothing about a customer, and no credential.

    {
      "event": "alert.opened",                       or "alert.cleared"
      "text": "[main] Queue nearly full",            for chat services, in the console's language
      "profile": "main",
      "host": "api.provedor.example",
      "alert": {
        "id": 12,                                    the same in both calls
        "rule": "queue_full",
        "title": "Queue nearly full",
        "urgent": false,
        "value": 0.85, "worst": 0.97, "limit": 0.8, "unit": "share",
        "opened_at": "2026-11-23T14:02:31Z",
        "cleared_at": null
      },
      "version": 1
    }
    """
    rule = BY_ID[alert.rule]
    title = _(rule.title)
    text = _("[{profile}] {title}") if alert.open else _("[{profile}] Over: {title}")
    measured = rule.unit is not Unit.NONE
    return json.dumps(
        {
            "event": "alert.opened" if alert.open else "alert.cleared",
            "text": text.format(profile=profile.name, title=title),
            "profile": profile.name,
            "host": profile.url.partition("://")[2],
            "alert": {
                "id": alert.id,
                "rule": alert.rule,
                "title": title,
                "urgent": rule.urgent,
                "value": round(alert.value, 4) if measured else None,
                "worst": round(alert.worst, 4) if measured else None,
                "limit": alert.limit if measured else None,
                "unit": rule.unit.value if measured else None,
                "opened_at": _instant(alert.opened_at),
                "cleared_at": None if alert.cleared_at is None else _instant(alert.cleared_at),
            },
            "version": PAYLOAD_VERSION,
        },
        ensure_ascii=False,
    )


def _instant(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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

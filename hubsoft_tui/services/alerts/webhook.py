"""Makes the calls that alerts order, one at a time and in order, as often as it takes, for a day.

An order survives a restart, and one process at a time makes it. One that is killed in the middle of a call may
leave it to be made a second time: the id of the call, in a header, is then the same.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from ...core.clock import Clock
from ...core.requests.leases import retry_while_busy
from ...core.requests.webhook import Webhook, WebhookFailure
from ...settings.alerts import BY_ID, Unit
from ...settings.tree import Profile, Settings
from ...store.alerts import Alert, AlertStore, Delivery
from ...texts import Text, _, say

logger = logging.getLogger(__name__)

FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 900.0
GIVEN_UP_SECONDS: Final = 86_400.0
LEASE_SLACK: Final = 30.0
"""Seconds a claim outlives the longest its call can take."""
ID_HEADER: Final = "X-Webhook-Id"
PAYLOAD_VERSION: Final = 1


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
        while (url := self._settings().alerts.webhook_url) and (delivery := self._claimed()) is not None:
            if not await self._made(url, delivery):
                return

    def _claimed(self) -> Delivery | None:
        return self._store.claim(self._settings().alerts.webhook_timeout + LEASE_SLACK)

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

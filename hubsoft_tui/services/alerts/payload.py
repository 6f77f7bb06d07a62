"""What a webhook is told, as JSON. Nothing in it is about a customer, and no credential is.

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

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from ...settings.tree import Profile
from ...store.alerts import Alert
from ...texts import _
from .rules import BY_ID, Unit

VERSION: Final = 1


def letter(alert: Alert, profile: Profile) -> str:
    """Write the body of the call about `alert`, opened or cleared."""
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
            "version": VERSION,
        },
        ensure_ascii=False,
    )


def _instant(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

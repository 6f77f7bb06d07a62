"""What a person is told the moment it happens: an alert opened, an alert is over; each once in a console's life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hubsoft_tui.formats import duration
from hubsoft_tui.services.alerts.rules import BY_ID
from hubsoft_tui.texts import _
from widgets.alert_rows import alert_title, value_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.store.alerts import Alert

Severity = Literal["information", "warning", "error"]


class AlertToasts:
    """Knows which alerts were told. What the first look finds is known from before the start, and is not news."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._known: dict[int, bool] | None = None
        """By id: whether it was open when last seen."""

    def due(self, snapshot: Snapshot) -> bool:
        """Tell, once for each change, whether the alerts must be looked at."""
        version = snapshot.badges.versions.get("alerts")
        if version is None or version == self._version:
            return False
        self._version = version
        return True

    def again(self) -> None:
        """Make `due` say so again: the look failed."""
        self._version = None

    def news(self, alerts: Iterable[Alert]) -> Iterator[tuple[str, Severity]]:
        """Yield what to tell of `alerts`, the newest first."""
        before, self._known = self._known, {alert.id: alert.open for alert in alerts}
        if before is None:
            return
        for alert in reversed(list(alerts)):
            was_open = before.get(alert.id)
            if alert.open and was_open is None:
                yield _opened(alert)
            elif not alert.open and was_open is not False:
                yield _over(alert), "information"


def _opened(alert: Alert) -> tuple[str, Severity]:
    rule = BY_ID.get(alert.rule)
    value = value_text(alert, alert.value)
    head = f"{alert_title(alert)}: {value}" if value else alert_title(alert)
    urgent = rule is not None and rule.urgent
    sign = "✖" if urgent else "▲"
    return f"{sign} {head}", "error" if urgent else "warning"


def _over(alert: Alert) -> str:
    lasted = duration((alert.cleared_at or alert.opened_at) - alert.opened_at)
    return _("✓ Over: {title}, after {age}").format(title=alert_title(alert), age=lasted)

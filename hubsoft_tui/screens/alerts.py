"""Alerts: what is wrong, what was, what each means and what to do; opened from the monitor."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import on, work

from hubsoft_tui.formats import moment
from hubsoft_tui.texts import N_, _, ngettext, number
from widgets.alert_rows import AlertDetail, AlertTable, alert_mark, alert_title, filled_columns, measured
from widgets.fields import FilterLine
from widgets.line_widget import Drawn, Part, line
from widgets.table.table import VirtualTable

from .frame.actions import action
from .frame.base import ConsoleScreen
from .frame.table_screen import TableScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.content import Content

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.store.alerts import Alert
    from hubsoft_tui.texts import Text

SEE: Final = N_("Say that alerts were seen")
READ: Final = N_("Read the list")

SHOWN: Final = 200
"""How many alerts the list holds."""


class AlertSummary(Drawn):
    """The line above the list: how many are open, how many are not acknowledged, and whether the webhook knows."""

    _alerts: Sequence[Alert] | None = None
    _trouble = ""

    def show(self, alerts: Sequence[Alert], trouble: str) -> None:
        """Draw the counts of `alerts`, and why the webhook does not know yet, as a sentence."""
        self._alerts, self._trouble = alerts, trouble
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line; empty before the alerts are known."""
        if self._alerts is None:
            return [line()]
        count = sum(alert.open for alert in self._alerts)
        unseen = sum(alert.open and alert.acknowledged_at is None for alert in self._alerts)
        title = ngettext("{n} alert is open", "{n} alerts are open", count).format(n=number(count))
        pieces: list[Part] = [(title if count else _("No alert is open"), "$title bold")]
        if unseen:
            text = ngettext("{n} not seen yet", "{n} not seen yet", unseen).format(n=number(unseen))
            pieces += ["   ", (text, "$bad bold")]
        if self._trouble:
            pieces += ["   ", (self._trouble, "$warn")]
        return [line(*pieces).truncate(width, ellipsis=True)]


class AlertsScreen(TableScreen):
    """The list of alerts, the newest first, and the chosen one in full."""

    AREA = "alerts"
    WITHIN = "monitor"
    ABOUT = N_(
        "One line per alert, the newest first. An alert opens when something was wrong for a while, and is over "
        "when all was well for a while; a sign in the strip stays until somebody acknowledges it or it is over. "
        "Thresholds, durations, and a webhook that is told as well are in config.toml under [alerts]."
    )
    CSS_PATH = Path(__file__).parents[2] / "styles" / "alerts.tcss"
    AUTO_FOCUS = "AlertTable"

    _version: int | None = None
    _alerts: tuple[Alert, ...] = ()
    _trouble = ""

    def body(self) -> ComposeResult:
        """Compose the summary, the list and the chosen one."""
        yield AlertSummary()
        yield FilterLine()
        yield AlertTable(
            now=time.time(),
            empty=_("No alert has opened yet. What opens one is in config.toml under [alerts]."),
            id="alerts-table",
        )
        yield AlertDetail(id="alerts-detail")

    def show(self, snapshot: Snapshot) -> None:
        """Ask for the alerts when there is news of them."""
        super().show(snapshot)
        version = snapshot.badges.versions.get("alerts")
        if version is not None and version != self._version:
            self._version = version
            self._ask()

    def relabelled(self) -> None:
        """Fill the new table."""
        self._fill()
        self.table.focus()

    def copied(self) -> tuple[str, str] | None:
        """Return the chosen alert as one line."""
        alert = self.table.item
        if alert is None:
            return None
        when = moment(alert.opened_at, time.time())
        told = f"{when} {alert_title(alert)} ({alert_mark(alert)[1]}) {measured(alert)}"
        return _("the alert"), told.strip()

    @property
    def table(self) -> AlertTable:
        """The list."""
        return self.query_one(AlertTable)

    @property
    def marks_unseen(self) -> bool:
        """Whether the alert under the cursor is open and not acknowledged."""
        return self._composed and _unseen(self.table.item)

    @property
    def any_unseen(self) -> bool:
        """Whether any open alert is not acknowledged."""
        return any(map(_unseen, self._alerts))

    @action(
        "a",
        N_("acknowledge"),
        N_("Say that the chosen alert was seen: the strip stops counting it. It stays open."),
        when=lambda screen: screen.marks_unseen,
        job=SEE,
    )
    def action_acknowledge(self) -> None:
        if (alert := self.table.item) is not None:
            self._acknowledge(alert.id)

    @action(
        "A",
        N_("acknowledge all"),
        N_("Say that every open alert was seen."),
        id="all",
        when=lambda screen: screen.any_unseen,
        job=SEE,
    )
    def action_acknowledge_all(self) -> None:
        self._acknowledge(None)

    @action("r", N_("read again"), N_("Read the alerts again. Sends no request."), line=False, job=READ)
    def action_read(self) -> None:
        self._ask()

    @action("escape", N_("back"), N_("Clear the filter, then go back to the monitor."), job=READ)
    def action_close(self) -> None:
        if not self.leave_filter():
            self.app.pop_screen()

    def narrowed(self) -> None:
        """Keep the detail directly below the last line."""
        self._fit()

    @work(group="acknowledge", exit_on_error=False)
    async def _acknowledge(self, alert_id: int | None) -> None:
        await acknowledge(self, alert_id)

    @work(group="alerts", exclusive=True, exit_on_error=False)
    async def _ask(self) -> None:
        async def ask(services: Services) -> tuple[tuple[Alert, ...], Text | None]:
            return await services.alerts.recent(SHOWN), await services.alerts.webhook_trouble()

        found = await self.asked(ask, self._ask_again)
        if found is not None:
            self._alerts, self._trouble = found[0], str(found[1] or "")
            self._fill()

    def _ask_again(self, _sentence: str, _error: Exception) -> None:
        self._version = None  # the next snapshot asks again

    def _fill(self) -> None:
        self.query_one(AlertSummary).show(self._alerts, self._trouble)
        table = self.table
        table.set_rows(self._alerts)
        table.show_columns(filled_columns(self._alerts))
        self._fit()
        self._tell()

    def _fit(self) -> None:
        # As high as it has rows, and its header: the detail stands directly below the last of them.
        self.table.styles.height = max(2, len(self.table.rows) + 1)

    @on(VirtualTable.RowHighlighted)
    def _tell(self) -> None:
        self.query_one(AlertDetail).show(self.table.item, time.time())
        self.redraw_frame()


async def acknowledge(screen: ConsoleScreen, alert_id: int | None) -> None:
    """Acknowledge one alert, or all of them (None), and say what came of it."""

    async def ask(services: Services) -> int:
        if alert_id is None:
            return await services.alerts.acknowledge_all()
        return int(await services.alerts.acknowledge(alert_id))

    if count := await screen.asked(
        ask, lambda sentence, _error: screen.console.tell(sentence, severity="error")
    ):
        text = ngettext("{n} alert acknowledged.", "{n} alerts acknowledged.", count)
        screen.console.tell(text.format(n=number(count)))


def _unseen(alert: Alert | None) -> bool:
    return alert is not None and alert.open and alert.acknowledged_at is None

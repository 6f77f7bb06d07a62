"""Monitor: the budget as a picture, HubSoft's health, what the cache is worth, and who waits."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import work
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from hubsoft_tui.texts import N_, _
from widgets.alert_rows import AlertsPanel
from widgets.monitor.panels import ApiPanel, CachePanel, QueuePanel, RenewingPanel, SavedPanel, TokenPanel
from widgets.monitor.request_rows import TroubleTable
from widgets.monitor.timeline import BudgetTape
from widgets.monitor.verdict import VerdictLine

from .alerts import AlertsScreen, acknowledge
from .frame.actions import Action, action
from .frame.base import ConsoleScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.reports.figures import Sums
    from hubsoft_tui.store.alerts import Alert


LAST_ALERTS: Final = 20
TODAY_SECONDS: Final = 5.0
"""Today's report is read no more often than this, and only after a question or a request."""
_HEIGHTS: Final = [(0, "-short"), (30, "-tall"), (48, "-high")]


class MonitorScreen(ConsoleScreen):
    """The panels of one snapshot, side by side where there is room and stacked where there is not."""

    AREA = "monitor"
    ABOUT = N_(
        "The first line says how HubSoft and the budget are, why, and what to do. "
        "The tape is the last 60 seconds: every mark is a request, placed in its class's lane. ● was sent by "
        "this console, ○ by another program on this computer; a number is so many in one cell. A class may "
        "start another request while fewer than its cap are used. Times of day are when something happened."
    )
    ACTIONS = (
        Action(
            "monitor.requests",
            "enter",
            N_("requests"),
            N_("Read the requests one by one."),
            "app.area('requests')",
        ),
    )
    CSS_PATH = Path(__file__).parents[2] / "styles" / "monitor.tcss"
    VERTICAL_BREAKPOINTS = _HEIGHTS

    def __init__(self) -> None:
        super().__init__()
        self._alerts_version: int | None = None
        self._alerts: tuple[Alert, ...] | None = None
        self._unseen = 0
        self._wall = 0.0
        self._counted: tuple[int, int] | None = None
        """This process's questions and requests of the day when the report was last read."""
        self._counts = (0, 0)
        self._today_read = -TODAY_SECONDS
        self._later: Timer | None = None
        self._today: tuple[Sums | None, str] = (None, "")

    def body(self) -> ComposeResult:
        """Compose the panels."""
        with VerticalScroll(id="monitor"):
            yield VerdictLine()
            with Container(id="monitor-panels"):
                with Container(id="monitor-main"):
                    yield BudgetTape()
                    yield CachePanel()
                    yield SavedPanel()
                    yield RenewingPanel()
                with Container(id="monitor-side"):
                    yield ApiPanel()
                    with Container(id="monitor-line"):
                        yield QueuePanel()
                        yield TokenPanel()
            yield AlertsPanel()
            yield Static(_("Failed lately"), markup=False, id="monitor-heading")
            yield TroubleTable(id="monitor-troubles")

    def show(self, snapshot: Snapshot) -> None:
        """Hand each panel its part."""
        super().show(snapshot)
        self.query_one(VerdictLine).show(snapshot)
        self.query_one(BudgetTape).show(snapshot.budget, snapshot.at)
        self.query_one(ApiPanel).show(snapshot.api, snapshot.wall)
        self.query_one(CachePanel).show(snapshot.cache)
        self.query_one(QueuePanel).show(snapshot.budget.lanes)
        self.query_one(RenewingPanel).show(snapshot.badges.renewing)
        self.query_one(TokenPanel).show(snapshot.token, snapshot.wall)
        self.query_one(TroubleTable).show(snapshot.requests)
        self._wall = snapshot.wall
        self._show_alerts(snapshot)
        self._counts = (snapshot.questions_today, snapshot.requests_today)
        self._follow_today()

    @property
    def any_unseen(self) -> bool:
        """Whether any open alert is not acknowledged."""
        return self._unseen > 0

    @action("a", N_("alerts"), N_("List the alerts: what is wrong, what was, and what to do."))
    def action_alerts(self) -> None:
        """Open the list of alerts."""
        self.app.push_screen(AlertsScreen())

    @action(
        "A",
        N_("acknowledge"),
        N_("Say that every open alert was seen: the strip stops counting them."),
        when=lambda screen: screen.any_unseen,
    )
    @work(group="acknowledge", exit_on_error=False)
    async def action_acknowledge(self) -> None:
        """Acknowledge every open alert."""
        await acknowledge(self, None)

    def _show_alerts(self, snapshot: Snapshot) -> None:
        if snapshot.badges.alerts != self._unseen:
            self._unseen = snapshot.badges.alerts
            self.redraw_frame()
        version = snapshot.badges.versions.get("alerts")
        if version is not None and version != self._alerts_version:
            self._alerts_version = version
            self._ask_alerts()

    @work(group="alerts", exclusive=True, exit_on_error=False)
    async def _ask_alerts(self) -> None:
        found = await self.asked(lambda services: services.alerts.recent(LAST_ALERTS), self._ask_again)
        if found is not None:
            self._alerts = found
            self.query_one(AlertsPanel).show(self._alerts, self._wall)

    def _ask_again(self, _sentence: str, _error: Exception) -> None:
        self._alerts_version = None  # the next snapshot asks again

    def engine_changed(self) -> None:
        """Read the report of today: the engine runs, or the screen is in sight again."""
        self._counted = None
        self._follow_today()

    def _follow_today(self) -> None:
        """Read the report of today when something was asked or sent, at most once in `TODAY_SECONDS`."""
        if self._counts == self._counted or self._later is not None or self.frozen:
            return
        due = self._today_read + TODAY_SECONDS - time.monotonic()
        if due > 0:
            self._later = self.set_timer(due, self._today_late)
        else:
            self._counted, self._today_read = self._counts, time.monotonic()
            self._read_today()

    def _today_late(self) -> None:
        self._later = None
        if self.is_current:
            self._follow_today()

    @work(group="today", exclusive=True, exit_on_error=False)
    async def _read_today(self) -> None:
        trouble: list[str] = []
        found = await self.asked(
            lambda services: services.reports.so_far(), lambda sentence, _error: trouble.append(sentence)
        )
        self._today = found or (None, "".join(trouble))
        self.query_one(SavedPanel).show(*self._today)

    def relabelled(self) -> None:
        """Hold the new tape if the view is frozen; the new panel knows no alert yet."""
        self._hold()
        self.query_one(AlertsPanel).show(self._alerts, self._wall)
        self.query_one(SavedPanel).show(*self._today)

    def action_freeze(self) -> None:
        """Hold the tape and the verdict too: they move without a snapshot."""
        super().action_freeze()
        self._hold()

    def _hold(self) -> None:
        self.query_one(BudgetTape).held = self.query_one(VerdictLine).held = self.frozen

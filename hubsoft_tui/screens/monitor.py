"""Monitor: the budget as a picture, HubSoft's health, what the cache is worth, and who waits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from hubsoft_tui.core.types import BudgetState, CacheState
from hubsoft_tui.services.reports.types import LastHour
from hubsoft_tui.texts import N_, _
from widgets.alert_rows import AlertsPanel
from widgets.monitor.lately import HistoryPanel, UsersPanel, used_by
from widgets.monitor.panels import (
    ApiPanel,
    CachePanel,
    MachinesPanel,
    QueuePanel,
    RenewingPanel,
    SavedPanel,
    TokenPanel,
)
from widgets.monitor.request_rows import TroubleTable
from widgets.monitor.timeline import BudgetTape
from widgets.monitor.verdict import VerdictLine

from .alerts import AlertsScreen, acknowledge
from .frame.actions import Action, action
from .frame.base import ConsoleScreen
from .frame.console import silent
from .frame.record import record_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.timer import Timer

    from hubsoft_tui.core.ports import MachineSeen
    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.reports.types import SoFar
    from hubsoft_tui.store.alerts import Alert

READ: Final = N_("Look closer")
SEE: Final = N_("Say that alerts were seen")


LAST_ALERTS: Final = 20
MACHINES_SECONDS: Final = 2.0
TODAY_SECONDS: Final = 5.0
"""Today's report is read no more often than this, and only after a question or a request."""
HOUR_SECONDS: Final = 60.0
"""How often the courses of the last hour move on while nothing happens."""
_HEIGHTS: Final = [(0, "-short"), (30, "-tall"), (48, "-high")]


async def _machines(services: Services) -> Sequence[MachineSeen]:
    return () if services.shared is None else await services.shared.machines()


class MonitorScreen(ConsoleScreen):
    """The panels of one snapshot, side by side where there is room and stacked where there is not."""

    AREA = "monitor"
    ABOUT = N_(
        "The first line says how HubSoft and the budget are, why, and what to do. "
        "The tape is the last 60 seconds: every mark is a request, placed in its class's lane. ● was sent by "
        "this console, ○ by another program on this computer; a number is so many in one cell. A class may "
        "start another request while fewer than its cap are used. p50 and p95 are of this console's last 60 "
        "answers, wait p95 of a class's last hundred; today, the last hour and who used the budget count every "
        "program on this computer, as the reports do. Times of day are when something happened."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "monitor.requests",
            "enter",
            N_("requests"),
            N_("Read the requests one by one."),
            "app.area('requests')",
            job=READ,
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
        self._so_far: SoFar | None = None
        self._trouble = ""
        self._cache = CacheState()
        self._budget = BudgetState(limit=0, configured=0, window=60.0, used=0)

    def on_mount(self) -> None:
        """Let the hour move on while nothing happens."""
        super().on_mount()
        self.set_interval(HOUR_SECONDS, self.engine_changed)
        self.set_interval(MACHINES_SECONDS, self._follow_machines)

    def body(self) -> ComposeResult:
        """Compose the panels."""
        with VerticalScroll(id="monitor"):
            yield VerdictLine(clock=self.console.ticking)
            with Container(id="monitor-panels"):
                with Container(id="monitor-main"):
                    yield BudgetTape(clock=self.console.ticking)
                    yield CachePanel()
                    yield SavedPanel()
                    yield RenewingPanel()
                with Container(id="monitor-side"):
                    yield ApiPanel()
                    with Container(id="monitor-line"):
                        yield QueuePanel()
                        yield TokenPanel()
            with Container(id="monitor-lately"):
                yield HistoryPanel()
                yield UsersPanel()
            yield MachinesPanel()
            yield AlertsPanel()
            yield Static(_("Failed lately"), markup=False, id="monitor-heading")
            yield TroubleTable(id="monitor-troubles")

    def show(self, snapshot: Snapshot) -> None:
        """Hand each panel its part."""
        super().show(snapshot)
        self.query_one(VerdictLine).show(snapshot)
        self._budget = snapshot.budget
        self.query_one(BudgetTape).show(snapshot.budget, snapshot.at)
        self.query_one(ApiPanel).show(snapshot.api, snapshot.wall)
        self._cache = snapshot.cache
        self._show_traced()
        self.query_one(MachinesPanel).show(snapshot.budget)
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

    @action("a", N_("alerts"), N_("List the alerts: what is wrong, what was, and what to do."), job=READ)
    def action_alerts(self) -> None:
        self.app.push_screen(AlertsScreen())

    @action(
        "A",
        N_("acknowledge"),
        N_("Say that every open alert was seen: the strip stops counting them."),
        when=lambda screen: screen.any_unseen,
        job=SEE,
    )
    @work(group="acknowledge", exit_on_error=False)
    async def action_acknowledge(self) -> None:
        await acknowledge(self, None)

    @action(
        "r",
        N_("read again"),
        N_("Read the alerts and today's figures again. Sends no request."),
        line=False,
        job=READ,
    )
    def action_read(self) -> None:
        self._counted, self._today_read = None, -TODAY_SECONDS
        self._ask_alerts()
        self._follow_today()

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

    def _follow_machines(self) -> None:
        shown = any(panel.display for panel in self.query(MachinesPanel))  # none while the screen goes
        if shown and self.is_current and not self.frozen:
            self._read_machines()

    @work(group="machines", exclusive=True, exit_on_error=False)
    async def _read_machines(self) -> None:
        found = await self.asked(_machines, silent)  # a lost server is in the strip and in the panel's title
        if found is not None:
            self.query_one(MachinesPanel).show_machines(found)

    def engine_changed(self) -> None:
        """Read the trace: the engine runs, the screen is in sight again, or a minute is over."""
        if self.is_current:
            self._counted = None
            self._follow_today()

    def _follow_today(self) -> None:
        """Read the trace when something was asked or sent, or leaves the minute, at most once in `TODAY_SECONDS`."""
        uses = self._so_far is not None and bool(self._so_far.hour.uses)
        if (self._counts == self._counted and not uses) or self._later is not None or self.frozen:
            return
        due = self._today_read + TODAY_SECONDS - self.console.ticking()
        if due > 0:
            self._later = self.set_timer(due, self._today_late)
        else:
            self._counted, self._today_read = self._counts, self.console.ticking()
            self._read_today()

    def _today_late(self) -> None:
        self._later = None
        if self.is_current:
            self._follow_today()

    @work(group="today", exclusive=True, exit_on_error=False)
    async def _read_today(self) -> None:
        trouble: list[str] = []
        self._so_far = await self.asked(
            lambda services: services.reports.so_far(), lambda sentence, _error: trouble.append(sentence)
        )
        self._trouble = "".join(trouble) or (self._so_far.trouble if self._so_far is not None else "")
        if not self.frozen:
            self._show_traced()
            self._follow_today()

    def _show_traced(self) -> None:
        """Show what the trace tells, beside the budget it is measured against."""
        found, budget = self._so_far, self._budget
        day = None if found is None else found.day
        hour = LastHour() if found is None else found.hour
        self.query_one(SavedPanel).show(None if day is None else day.total, self._trouble)
        self.query_one(CachePanel).show(self._cache, None if self._trouble else day)
        self.query_one(HistoryPanel).show(hour, budget.configured)
        self.query_one(UsersPanel).show(hour.uses, budget)
        # Where there is no room for the panel, the tape's title says it.
        self.query_one(BudgetTape).name_users(used_by(hour.uses) if self.has_class("-narrow") else "")

    def relabelled(self) -> None:
        """Hold the new tape if the view is frozen; the new panel knows no alert yet."""
        self._hold()
        self.query_one(AlertsPanel).show(self._alerts, self._wall)
        self._show_traced()

    @record_key
    async def action_record(self) -> None:
        """Begin a recording, or end it."""
        await self.run_action("app.record")

    def action_freeze(self) -> None:
        """Hold the tape and the verdict too: they move without a snapshot."""
        super().action_freeze()
        self._hold()

    def _hold(self) -> None:
        self.query_one(BudgetTape).held = self.query_one(VerdictLine).held = self.frozen

"""Monitor: the budget as a picture, HubSoft's health, what the cache is worth, and who waits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from hubsoft_tui.texts import N_, _
from widgets.panels import ApiPanel, CachePanel, QueuePanel, RenewingPanel, SavedPanel, TokenPanel
from widgets.request_rows import TroubleTable
from widgets.tape import BudgetTape

from .actions import Action
from .base import ConsoleScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot


_HEIGHTS: Final = [(0, "-short"), (30, "-tall"), (48, "-high")]


class MonitorScreen(ConsoleScreen):
    """The panels of one snapshot, side by side where there is room and stacked where there is not."""

    AREA = "monitor"
    ABOUT = N_(
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

    def body(self) -> ComposeResult:
        """Compose the panels."""
        with VerticalScroll(id="monitor"):
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
            yield Static(_("Failed lately"), markup=False, id="monitor-heading")
            yield TroubleTable(id="monitor-troubles")

    def show(self, snapshot: Snapshot) -> None:
        """Hand each panel its part."""
        super().show(snapshot)
        self.query_one(BudgetTape).show(snapshot.budget, snapshot.at)
        self.query_one(ApiPanel).show(snapshot.api, snapshot.wall)
        self.query_one(CachePanel).show(snapshot.cache)
        self.query_one(QueuePanel).show(snapshot.budget.lanes)
        self.query_one(SavedPanel).show(snapshot)
        self.query_one(RenewingPanel).show(snapshot.badges.renewing)
        self.query_one(TokenPanel).show(snapshot.token, snapshot.wall)
        self.query_one(TroubleTable).show(snapshot.requests)

    def relabelled(self) -> None:
        """Hold the new tape if the view is frozen."""
        self.query_one(BudgetTape).held = self.frozen

    def action_freeze(self) -> None:
        """Hold the tape too: it moves by itself."""
        super().action_freeze()
        self.query_one(BudgetTape).held = self.frozen

"""A console without an engine: screens are handed the snapshots a test makes."""

from typing import Any

from app import HubSoftConsole
from hubsoft_tui.core.types import (
    ApiState,
    BudgetState,
    CacheState,
    Category,
    CategoryStats,
    ClassLoad,
    Health,
    Priority,
    RequestMark,
    RequestRow,
    Snapshot,
    TokenState,
)
from hubsoft_tui.screens.frame.console import Console
from hubsoft_tui.settings.tree import Settings
from widgets.themes import THEMES, semantic

WALL = 1_795_000_000.0


class Stand(Console):
    """Shows one screen."""

    CSS_PATH = "../../styles/frame.tcss"
    HORIZONTAL_BREAKPOINTS = HubSoftConsole.HORIZONTAL_BREAKPOINTS
    VERTICAL_BREAKPOINTS = HubSoftConsole.VERTICAL_BREAKPOINTS

    def __init__(self, screen, hub=None):
        self.settings = Settings()
        self.fake = hub
        self.keymap = {}
        super().__init__()
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self._shown_screen = screen
        self.went = []
        self.copies = []

    def get_theme_variable_defaults(self):
        return semantic(self.current_theme)

    def on_mount(self):
        self.push_screen(self._shown_screen)

    async def engine(self):
        return self.fake

    def action_area(self, area):
        self.went.append(area)

    def copy(self, what, text):
        self.copies.append((what, text))


def request(number, **fields):
    """Return a request that went well, with `fields` on top."""
    usual: dict[str, Any] = {
        "at": WALL + number,
        "operation": "customer.find",
        "path": "cliente?busca=cpf_cnpj&termo_busca=***",
        "priority": Priority.HIGH,
        "latency": 0.042,
        "status": 200,
        "size": 1234,
        "outcome": "ok",
        "caller": "lookup",
    }
    return RequestRow(number, **(usual | fields))


def snapshot(serial=1, requests=(), **fields):
    """Return a snapshot of a console at work, with `fields` on top."""
    lanes = (ClassLoad(cap=30), ClassLoad(cap=28), ClassLoad(1, 0.4, 26, 1.9), ClassLoad(3, 5.1, 22, 6.3))
    stats = CategoryStats(hits=91, misses=9, course=(0.5, 0.91))
    usual: dict[str, Any] = {
        "at": 100.0,
        "wall": WALL,
        "host": "api.provedor.example",
        "budget": BudgetState(30, 30, 60.0, 23, marks=(RequestMark(90.0, Priority.HIGH),), lanes=lanes),
        "cache": CacheState(412, categories=dict.fromkeys(Category, stats)),
        "api": ApiState(Health.ONLINE, WALL - 60, 0.042, 0.18, (0.04, 0.18), last_good=WALL),
        "token": TokenState(True, 29 * 86400.0, WALL - 86400),
        "questions_today": 1204,
        "requests_today": 88,
    }
    return Snapshot(serial=serial, requests=tuple(requests), **(usual | fields))

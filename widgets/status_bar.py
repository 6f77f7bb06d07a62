"""The line on top of every screen: whose HubSoft this is, how it is doing, and what is left to spend."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.color import Color, ColorParseError
from textual.style import Style

from hubsoft_tui.core.types import Badges, Health, SharedContact, Snapshot
from hubsoft_tui.formats import age, clock, countdown, latency, percent
from hubsoft_tui.texts import _, ngettext, number

from .line_widget import Drawn, Part, cut, line

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.content import Content

    from hubsoft_tui.core.types import ApiState, BudgetState, SharedState, TokenState

FULL: Final = "▮"
EMPTY: Final = "▯"

LATENCY: Final = 7
"""Cells of the longest latency with the space before it."""
WIDE: Final = 120
"""From so many cells on what is wrong with the shared server stands there in words."""
TOKEN_SHORT: Final = 3600.0
"""Seconds of token life under which the strip draws attention to it."""


def health_mark(health: Health) -> tuple[str, str, str]:
    """Return the sign, the word and the style of `health`: each says it without the others."""
    return {
        Health.UNKNOWN: ("○", _("Not asked yet"), "$quiet"),
        Health.ONLINE: ("●", _("Online"), "$ok"),
        Health.SLOW: ("◐", _("Slow"), "$warn"),
        Health.LIMITED: ("▲", _("Limited"), "$warn"),
        Health.REFUSED: ("✖", _("Refused"), "$bad bold"),
        Health.OFFLINE: ("✖", _("Offline"), "$bad bold"),
    }[health]


def gauge(used: float, limit: float, cells: int) -> tuple[str, str]:
    """Return the filled and the empty part of a bar of `cells`; rounding makes neither full nor empty."""
    if limit <= 0:
        return "", EMPTY * cells
    filled = round(cells * used / limit)
    if 0 < used < limit:
        filled = min(max(filled, 1), cells - 1)
    filled = min(max(filled, 0), cells)
    return FULL * filled, EMPTY * (cells - filled)


def budget_style(used: int, limit: int) -> str:
    """Return how the budget is coloured: it draws attention only when a person would have to wait."""
    return "$warn" if used >= limit else "$ok"


def shared_trouble(shared: SharedState | None) -> tuple[str, str]:
    """Return what is wrong with the server that machines share, in words and in a few cells; empty when nothing is."""
    if shared is None:
        return "", ""
    if shared.contact is SharedContact.LOST:
        left = countdown(shared.own_in)
        return (
            _("shared server lost: own requests in {time}").format(time=left),
            _("⇄ lost {time}").format(time=left),
        )
    if shared.contact is SharedContact.ALONE:
        count = number(shared.promise)
        return (
            _("shared server lost: {n} a minute of our own").format(n=count),
            _("⇄ alone {n}/min").format(n=count),
        )
    if shared.contact is SharedContact.SILENT:
        return _("shared server lost: nothing is sent"), _("⇄ lost")
    if shared.quarantine > 0:
        left = countdown(shared.quarantine)
        return (
            _("shared server began anew: requests in {time}").format(time=left),
            _("⇄ anew {time}").format(time=left),
        )
    return "", ""


class StatusStrip(Drawn):
    """One line: profile, health, budget, queue, hit ratio, outbox, token, clock; less on a narrow one.

    Every part keeps its place and only cells that changed are sent. The clock shows minutes: seconds would
    send bytes all day from a screen where nothing happens.
    """

    DEFAULT_CSS = """
    StatusStrip { dock: top; height: 1; }
    """

    def __init__(
        self,
        *,
        color: str = "",
        profile: str = "main",
        host: str = "",
        wall: Callable[[], float] = time.time,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        # Known before anything else is: the first frame has it, and nothing moves when the engine is there.
        self._snapshot = Snapshot(profile=profile, host=host, badges=Badges(outbox=0))
        self._color = color
        self._wall = wall

    def on_mount(self) -> None:
        """Start the minute hand."""
        self._await_minute()

    def show(self, snapshot: Snapshot) -> None:
        """Draw `snapshot`."""
        self._snapshot = snapshot
        self.redraw()

    @property
    def color(self) -> str:
        """The profile's colour (`green`, `#4488ff`); empty or not a colour: the theme's."""
        return self._color

    @color.setter
    def color(self, color: str) -> None:
        self._color = color
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the line that fits: the least needed parts are left out first."""
        shown = self._snapshot
        left = self._account()
        # (how soon it is left out, the part); 0 stays whatever happens.
        parts: list[tuple[int, list[Part]]] = [
            (6, [(cut(shown.host, 32), "$quiet")] if shown.host else []),
            (0, self._health(shown.api, shown.budget)),
            (0, self._budget(shown.budget, 8 if width >= 100 else 4)),
            (1, self._labelled(_("queue"), number(shown.budget.queued), 3, _queue_style(shown.budget))),
            (7, self._labelled(_("hit, session"), percent(shown.cache.ratio), 5)),
            (0 if shown.badges.outbox_asks else 4, self._outbox(shown.badges)),
            *self._shared(shown.budget.shared, width),
            (0, self._losses(shown.badges)),
            (0, self._alerts(shown.badges)),
            (4, self._token(shown.token)),
        ]
        time_of_day = clock(self._wall())
        room = width - _length(left) - cell_len(time_of_day) - 2
        parts = [part for part in parts if part[1]]
        while parts and sum(_length(part) + 2 for _rank, part in parts) > room:
            rank = max(rank for rank, _part in parts)
            if not rank:
                break
            parts = [part for part in parts if part[0] != rank]
        spare = room - sum(_length(part) + 2 for _rank, part in parts)
        gap = " " * (2 + min(2, spare // (len(parts) or 1)))
        pieces = list(left)
        for _rank, part in parts:
            pieces += [gap, *part]
        space = width - _length(pieces) - cell_len(time_of_day) - 1
        if space > 0:
            pieces += [" " * space, (time_of_day, "$quiet"), " "]
        return [line(*pieces)]

    def _account(self) -> list[Part]:
        try:
            color = Color.parse(self._color or self.app.theme_variables["account"])
        except ColorParseError:
            color = Color.parse(self.app.theme_variables["account"])
        band = Style(background=color, foreground=color.get_contrast_text(1.0), bold=True)
        return [(f" {cut(self._snapshot.profile, 16)} ", band)]

    def _health(self, api: ApiState, budget: BudgetState) -> list[Part]:
        sign, word, style = health_mark(api.health)
        if budget.paused_for > 0:
            detail = age(budget.paused_for)
        elif api.health in {Health.ONLINE, Health.SLOW, Health.LIMITED}:
            detail = latency(api.p50)
        else:
            detail = clock(api.since) if api.health is not Health.UNKNOWN else ""
        told = f" {detail}" if detail else ""
        # The answer to the first question must not move what stands beside it: it has its place before.
        first = max(
            cell_len(health_mark(Health.UNKNOWN)[1]), cell_len(health_mark(Health.ONLINE)[1]) + LATENCY
        )
        return [(f"{sign} {word}", style), (told.ljust(first - cell_len(word)), "$quiet")]

    def _budget(self, budget: BudgetState, cells: int) -> list[Part]:
        full, empty = gauge(budget.used, budget.limit, cells)
        used = number(budget.used).rjust(len(number(budget.limit)))
        return [
            (full, budget_style(budget.used, budget.limit)),
            (empty, "$faint"),
            f" {used}",
            (f"/{number(budget.limit)}", "$quiet"),
        ]

    def _labelled(self, label: str, value: str, cells: int, style: str = "") -> list[Part]:
        return [(f"{label} ", "$quiet"), (value.ljust(cells), style)]

    def _outbox(self, badges: Badges) -> list[Part]:
        if badges.outbox is None:
            return []
        count = number(badges.outbox) if badges.outbox else "–"
        if badges.outbox_asks:
            return self._labelled(_("outbox"), f"{count}!", 3, "$bad bold")
        return self._labelled(_("outbox"), count, 3, "$warn" if badges.outbox else "$quiet")

    def _alerts(self, badges: Badges) -> list[Part]:
        if not badges.alerts:
            return []
        text = ngettext("{n} alert", "{n} alerts", badges.alerts).format(n=number(badges.alerts))
        return [(f"▲ {text}", "$bad bold")]

    def _losses(self, badges: Badges) -> list[Part]:
        if not badges.losses:
            return []
        text = ngettext("{n} file lost", "{n} files lost", badges.losses).format(n=number(badges.losses))
        return [(f"✖ {text}", "$bad bold")]

    def _shared(self, shared: SharedState | None, width: int) -> list[tuple[int, list[Part]]]:
        """Return the other machines, how soon to be left out; trouble never is."""
        if shared is None:
            return []
        words, short = shared_trouble(shared)
        plain: list[Part] = [(_("not encrypted"), "$warn")] if shared.plain else []
        if short:
            return [(0, [(words if width >= WIDE else short, "$bad bold")]), (3, plain)]
        return [(3, [("⇄ ", "$quiet"), number(shared.machines)]), (3, plain)]

    def _token(self, token: TokenState) -> list[Part]:
        left = token.expires_in if token.present else None
        style = "$warn" if left is not None and left < TOKEN_SHORT else ""
        return self._labelled(_("token"), age(left) if left is None or left >= 60 else _("< 1 min"), 6, style)

    def _await_minute(self) -> None:
        self.set_timer(60.05 - self._wall() % 60, self._minute)

    def _minute(self) -> None:
        self.redraw()
        self._await_minute()


def _queue_style(budget: BudgetState) -> str:
    return "$warn" if budget.queued >= budget.queue_limit * 0.8 else ""


def _length(parts: list[Part]) -> int:
    return line(*parts).cell_length

"""Tells what is news: in a toast, by the bell, and on which page losses are acknowledged."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import _

from .console import silent
from .news import CAUSES, AlertNews, TicketNews, due_count, due_text, news_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine
    from typing import Any

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.store.alerts import Alert
    from hubsoft_tui.store.losses import Loss

    from .console import Console

MOST_CHARACTERS: Final = 120


class Ringer:
    """Holds back what rings too often: how many were held back is told with the next."""

    def __init__(self) -> None:
        self._rung: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def due(self, cause: str, count: int, now: float, every: float) -> int:
        """Return how many of `cause` are told now, those held back included; 0 not to ring. `now` is any clock."""
        self._held[cause] = self._held.get(cause, 0) + count
        if self._held[cause] <= 0 or now - self._rung.get(cause, float("-inf")) < every:
            return 0
        self._rung[cause] = now
        return self._held.pop(cause)


def ring_sequence(title: str, text: str, ways: Collection[str]) -> str:
    """Return what to write to the terminal. Nothing in the texts can end the sequence or begin another."""
    title, text = _safe(title), _safe(text)
    written = ""
    if "osc9" in ways:
        # "9;4" and its like are orders of other terminals: a text never begins with a digit.
        written += f"\x1b]9;{title}: {text}\x1b\\"
    if "osc777" in ways:
        written += f"\x1b]777;notify;{title};{text}\x1b\\"
    return written + ("\a" if "bell" in ways else "")


def _safe(text: str) -> str:
    plain = " ".join(clean(text).replace(";", ",").split())
    return plain if len(plain) <= MOST_CHARACTERS else f"{plain[: MOST_CHARACTERS - 1]}…"


class Announcer:
    """Looks at what each snapshot says has changed, and tells what is news in it: in a toast, and by the bell."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.outbox = console.outbox_news
        self._alerts = AlertNews()
        self._tickets = TicketNews()
        self._ringer = Ringer()
        self._losses = 0
        self._losses_told: set[str] = set()

    def begin_anew(self) -> None:
        """Take what the first look finds as known: another engine runs."""
        self._alerts = AlertNews()

    def look(self, snapshot: Snapshot) -> None:
        """Ask for what has changed, and tell it."""
        if self._alerts.due(snapshot):
            self._begin("alert toasts", self._tell_alerts(self._alerts))
        if snapshot.badges.losses != self._losses:
            self._losses = snapshot.badges.losses
            self._begin("losses", self._tell_losses())
        if self.outbox.due(snapshot):
            self._begin("outbox toasts", self._tell_outbox())
        if self._tickets.due(snapshot):
            self._begin("ticket toasts", self._tell_tickets())

    def _begin(self, group: str, telling: Coroutine[Any, Any, None]) -> None:
        self._console.run_worker(telling, group=group, exclusive=True, exit_on_error=False)

    async def losses(self) -> tuple[Loss, ...]:
        """Return what was lost on disk and is not acknowledged; nothing when that cannot be read."""

        async def ask(services: Services) -> tuple[Loss, ...]:
            return services.losses.open()

        return await self._console.asked(ask, silent) or ()

    async def _tell_losses(self) -> None:
        from hubsoft_tui.store.losses import loss_text  # noqa: PLC0415 - first frame

        for loss in await self.losses():
            if loss.id not in self._losses_told:
                self._losses_told.add(loss.id)
                self._console.tell(loss_text(loss), severity="error")

    async def acknowledge_losses(self) -> None:
        """Show what was lost on disk; a yes acknowledges it."""
        from hubsoft_tui.store.losses import loss_text  # noqa: PLC0415 - first frame

        from .confirm import ConfirmScreen  # noqa: PLC0415 - first frame

        console = self._console
        losses = await self.losses()
        if not losses:
            console.tell(_("Nothing was lost that is not acknowledged."))
            return
        title = _("Lost on disk. Enter says that you know; it is not told again.")
        page = ConfirmScreen(title, *(str(loss_text(loss)) for loss in losses))
        if await console.push_screen_wait(page):
            acknowledged = await console.asked(
                lambda services: services.losses.acknowledge(),
                failed=lambda sentence, _error: console.tell(sentence, severity="error"),
            )
            if acknowledged is not None:
                console.tell(_("Acknowledged."))

    async def _tell_alerts(self, news: AlertNews) -> None:
        alerts = await self._console.asked(
            lambda services: services.alerts.recent(), failed=lambda _sentence, _error: news.again()
        )
        for text, severity in news.news(alerts) if alerts is not None else ():
            self._console.tell(text, severity=severity)
        for alert in news.opened:
            if alert.rule not in CAUSES.values():  # each of those tickets rings
                self._ring(alert.rule, 1, partial(_one_alert, alert))

    async def _tell_outbox(self) -> None:
        entries = await self._console.asked(
            lambda services: services.outbox.entries(), failed=lambda _sentence, _error: self.outbox.again()
        )
        for entry in self.outbox.news(entries) if entries is not None else ():
            if not self._console.in_sight.follows(entry) and (text := news_text(entry)):
                self._console.tell(text, severity="warning" if entry.asks else "information")

    async def _tell_tickets(self) -> None:
        told = self._tickets.told
        changes = await self._console.asked(
            lambda services: services.tickets.due_changes(told),
            failed=lambda _sentence, _error: self._tickets.again(),
        )
        for kind, found in self._tickets.news(changes or ()).items():
            if not self._console.in_sight.tells_changes:
                self._console.tell(due_text(kind, found), severity="warning")
            self._ring(CAUSES[kind], len(found), partial(due_count, kind))

    def _ring(self, cause: str, count: int, text: Callable[[int], str]) -> None:
        """Ring the person's terminal, where the settings want it; `text` says how many there were."""
        alerts = self._console.settings.alerts
        if cause in alerts.ring:
            due = self._ringer.due(cause, count, time.monotonic(), alerts.ring_seconds)
            if due:
                self._console.write(ring_sequence(self._console.title, text(due), alerts.ring_with))


def _one_alert(alert: Alert, _count: int) -> str:
    from widgets.alert_rows import alert_title  # noqa: PLC0415 - first frame

    return alert_title(alert)

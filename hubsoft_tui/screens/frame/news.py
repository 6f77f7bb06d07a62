"""What is told once, on whichever screen: writes that waited, tickets that became late, alerts, what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from hubsoft_tui.formats import duration
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import ACTION_KINDS, EntryKind, EntryState
from hubsoft_tui.services.tickets.types import ChangeKind
from hubsoft_tui.settings.alerts import BY_ID
from hubsoft_tui.texts import _, ngettext, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.outbox.types import Entry
    from hubsoft_tui.services.tickets.types import Change
    from hubsoft_tui.store.alerts import Alert


Severity = Literal["information", "warning", "error"]
GOING_ON: Final = frozenset({EntryState.QUEUED, EntryState.SENDING, EntryState.UNKNOWN})


class News:
    """What one service has to tell. `service` is its name among the versions of a snapshot."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._version: int | None = None

    def due(self, snapshot: Snapshot) -> bool:
        """Tell, once for each change, whether the service must be looked at."""
        version = snapshot.badges.versions.get(self._service)
        if version is None or version == self._version:
            return False
        self._version = version
        return True

    def again(self) -> None:
        """Make `due` say so again: the look failed."""
        self._version = None


class OutboxNews(News):
    """Knows which entries wait. What was over before the first look is not news."""

    def __init__(self) -> None:
        super().__init__("outbox")
        self._waiting: set[str] = set()
        self.listeners: list[Callable[[Entry], None]] = []
        """Called with each entry that waited and has come to HubSoft."""

    def expect(self, *entries: Entry) -> None:
        """`entries` were just written: what becomes of them is news."""
        self._waiting.update(entry.local_protocol for entry in entries)
        self.again()

    def taken(self, entry: Entry) -> bool:
        """Tell whether what became of `entry` is still news; it is not from here on."""
        awaited = entry.local_protocol in self._waiting
        self._waiting.discard(entry.local_protocol)
        return awaited

    def news(self, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """Return the entries that waited when last looked at and do no more."""
        entries = tuple(entries)
        settled = tuple(
            entry for entry in entries if entry.local_protocol in self._waiting and not _waits(entry)
        )
        self._waiting = {entry.local_protocol for entry in entries if _waits(entry)}
        for entry in settled:
            if entry.state is EntryState.SENT:
                for listener in self.listeners:
                    listener(entry)
        return settled


def _waits(entry: Entry) -> bool:
    return entry.state in GOING_ON and not entry.asks


def news_text(entry: Entry) -> str | None:
    """Return what to tell of an entry that waited; None for one that a person gave up."""
    from widgets.outbox import what_word  # noqa: PLC0415 - first frame

    customer = entry.draft.customer_name or ""
    local = entry.local_protocol
    if entry.state is EntryState.DISCARDED:
        return None
    if entry.state is not EntryState.SENT or entry.doubles:
        sentence = _("! {local} needs a decision in the outbox (b). {customer}")
    elif entry.kind is EntryKind.OPEN:
        sentence = _("✓ {local} is now ticket {protocol} at HubSoft. {customer}")
    elif entry.kind in ACTION_KINDS:
        sentence = _("✓ {local}: {what} is done. {customer} {said}")
    else:
        sentence = _("✓ {local} is at HubSoft: {what}, ticket {protocol}. {customer}")
    return sentence.format(
        local=local, protocol=entry.protocol or "", customer=customer, what=what_word(entry), said=entry.said
    ).strip()


MOST_NAMES: Final = 3
CAUSES: Final = {ChangeKind.LATE: "tickets_late", ChangeKind.DUE: "tickets_due"}
"""By what happened to a ticket: the alert whose settings say whether it rings."""


class TicketNews:
    """Knows which tickets were told as late, or due soon."""

    def __init__(self) -> None:
        self.told = 0
        """The number of the last change that was told."""
        self._asked = 0

    def due(self, snapshot: Snapshot) -> bool:
        """Tell, once for each change, whether there is something to ask for."""
        newest = snapshot.badges.versions.get("tickets_due", 0)
        if newest <= self._asked:
            return False
        self._asked = newest
        return True

    def again(self) -> None:
        """Make `due` say so again: the look failed."""
        self._asked = self.told

    def news(self, changes: Sequence[Change]) -> dict[ChangeKind, list[Change]]:
        """Return what is to be told of `changes`, by kind; the late ones first."""
        fresh = [change for change in changes if change.number > self.told]
        if fresh:
            self.told = fresh[-1].number
        by_kind = {kind: [change for change in fresh if change.kind is kind] for kind in CAUSES}
        return {kind: found for kind, found in by_kind.items() if found}


def due_count(kind: ChangeKind, count: int) -> str:
    """Return how many tickets became late, or due soon, without any name."""
    text = (
        ngettext("{n} ticket became late", "{n} tickets became late", count)
        if kind is ChangeKind.LATE
        else ngettext("{n} ticket is due soon", "{n} tickets are due soon", count)
    )
    return text.format(n=number(count))


def due_text(kind: ChangeKind, changes: Sequence[Change]) -> str:
    """Return the same with the first few customers."""
    names = [clean(change.customer or change.protocol) for change in changes[:MOST_NAMES]]
    more = ", …" if len(changes) > MOST_NAMES else ""
    return f"! {due_count(kind, len(changes))}: {', '.join(names)}{more}"


class AlertNews(News):
    """Knows which alerts were told. What the first look finds is known from before the start, and is not news."""

    def __init__(self) -> None:
        super().__init__("alerts")
        self._known: dict[int, bool] | None = None
        """By id: whether it was open when last seen."""
        self.opened: list[Alert] = []
        """Those that the last `news` told as opened."""

    def news(self, alerts: Iterable[Alert]) -> Iterator[tuple[str, Severity]]:
        """Yield what to tell of `alerts`, the newest first."""
        before, self._known = self._known, {alert.id: alert.open for alert in alerts}
        self.opened = []
        if before is None:
            return
        for alert in reversed(list(alerts)):
            was_open = before.get(alert.id)
            if alert.open and was_open is None:
                self.opened.append(alert)
                yield _opened(alert)
            elif not alert.open and was_open is not False:
                yield _over(alert), "information"


def _opened(alert: Alert) -> tuple[str, Severity]:
    from widgets.alert_rows import alert_title, value_text  # noqa: PLC0415 - first frame

    rule = BY_ID.get(alert.rule)
    value = value_text(alert, alert.value)
    head = f"{alert_title(alert)}: {value}" if value else alert_title(alert)
    urgent = rule is not None and rule.urgent
    sign = "✖" if urgent else "▲"
    return f"{sign} {head}", "error" if urgent else "warning"


def _over(alert: Alert) -> str:
    from widgets.alert_rows import alert_title  # noqa: PLC0415 - first frame

    lasted = duration((alert.cleared_at or alert.opened_at) - alert.opened_at)
    return _("✓ Over: {title}, after {age}").format(title=alert_title(alert), age=lasted)

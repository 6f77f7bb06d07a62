"""How an alert reads: as a line of the monitor, as a row of the list, and in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.formats import NOTHING, duration, moment, percent, size, wait
from hubsoft_tui.settings.alerts import BY_ID, AlertRule, Unit
from hubsoft_tui.texts import _, ngettext, number

from .line_widget import Drawn, Part, fit, line
from .table.table import Column, VirtualTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubsoft_tui.store.alerts import Alert

_QUIET: Final = "$quiet"
LOW_SCREEN, HIGH_SCREEN = 30, 48
"""Lines of the terminal under which the monitor has one line for alerts, and from which it has many."""


def alert_title(alert: Alert) -> str:
    """Return what is wrong, in a few words."""
    rule = BY_ID.get(alert.rule)
    return _(rule.title) if rule is not None else alert.rule


def value_text(alert: Alert, value: float) -> str:
    """Return a measurement in the unit of its alert; empty for what is only so or not so."""
    match _unit(BY_ID.get(alert.rule)):
        case Unit.SHARE:
            return percent(value)
        case Unit.SECONDS:
            return wait(value)
        case Unit.TIMES:
            count = round(value)
            return ngettext("{n} time", "{n} times", count).format(n=number(count))
        case Unit.REQUESTS:
            return _("{n}/min").format(n=number(round(value)))
        case Unit.TICKETS:
            return number(round(value))
        case Unit.MEGABYTES:
            return size(round(value * 1_000_000))
        case Unit.NONE:
            return ""


def alert_mark(alert: Alert) -> tuple[str, str, str]:
    """Return the sign, the state in a word and the style: each says it without the others."""
    if not alert.open:
        return "✓", _("over"), _QUIET
    rule = BY_ID.get(alert.rule)
    sign, style = ("✖", "$bad") if rule is not None and rule.urgent else ("▲", "$warn")
    if alert.acknowledged_at is not None:
        return sign, _("seen"), style
    return sign, _("open"), f"{style} bold"


def measured(alert: Alert) -> str:
    """Return the value and the worst since, where there is one: `85%`, `85%, worst 97%`."""
    value = value_text(alert, alert.value)
    worst = value_text(alert, alert.worst)
    return value if worst == value else _("{value}, worst {worst}").format(value=value, worst=worst)


class AlertsPanel(Drawn):
    """What is wrong now, since when and how badly; when nothing is, what was last. Silent while that holds."""

    _alerts: Sequence[Alert] | None = None
    _now = 0.0

    def show(self, alerts: Sequence[Alert] | None, now: float) -> None:
        """Draw `alerts`, the newest first, as they were at `now`, UTC epoch seconds; None while they are not known."""
        self._alerts, self._now = alerts, now
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return a line for each open alert, as many as the terminal has room for, or one that says none is."""
        name = 18 if width > 50 else 13
        height = self.app.size.height
        most = 1 if height < LOW_SCREEN else 3 if height < HIGH_SCREEN else 8
        alerts = self._alerts or ()
        standing = [alert for alert in alerts if alert.open]
        over = [alert for alert in alerts if not alert.open]
        calm = Content.styled("…", _QUIET) if self._alerts is None else self._calm(over if most < 8 else [])
        lines = [self._line(alert) for alert in standing] or [calm]
        if most == 8:
            lines += [self._line(alert) for alert in over]
        elif len(lines) > most:
            left = len(lines) - most
            more = ngettext("and {n} more", "and {n} more", left).format(n=number(left))
            lines[most - 1] = lines[most - 1].append("   ").append(Content.styled(more, _QUIET))
        labels = [
            Content.styled(fit(_("Alerts"), name), "$title bold"),
            *([Content(" " * name)] * (most - 1)),
        ]
        return [
            label.append(each).truncate(width, ellipsis=True)
            for label, each in zip(labels, lines[:most], strict=False)
        ]

    def _line(self, alert: Alert) -> Content:
        sign, word, style = alert_mark(alert)
        pieces: list[Part] = [(f"{sign} {alert_title(alert)}", style)]
        if value := measured(alert):
            pieces.append((f"   {value}", "" if alert.open else _QUIET))
        pieces.append((f"   {self._when(alert)}", _QUIET))
        if alert.open and alert.acknowledged_at is not None:
            pieces.append((f"   {word}", _QUIET))
        return line(*pieces)

    def _calm(self, over: Sequence[Alert]) -> Content:
        if not over:
            return Content.styled(_("none open"), _QUIET)
        text = _("none open · last: {title}, {when}")
        return Content.styled(text.format(title=alert_title(over[0]), when=self._when(over[0])), _QUIET)

    def _when(self, alert: Alert) -> str:
        begun = moment(alert.opened_at, self._now)
        if alert.open:
            return _("since {time}").format(time=begun)
        return _("{begin} to {end}").format(begin=begun, end=_end(alert, self._now))


def alert_columns(now: float) -> tuple[Column[Alert], ...]:
    """Return the columns of the list, titled in the present language; instants as seen at `now`."""
    return (
        Column("state", _("State"), _state_cell, 11, sort=lambda alert: (not alert.open, alert.id)),
        Column("title", _("Alert"), _title_cell, minimum=24, sort=alert_title),
        Column("value", _("At first"), lambda a: value_text(a, a.value) or NOTHING, 9, "right", 3),
        Column(
            "worst", _("Worst"), lambda a: value_text(a, a.worst) or NOTHING, 10, "right", 4, style=_QUIET
        ),
        Column("limit", _("Limit"), _limit_cell, 10, "right", 5, style=_QUIET),
        Column(
            "opened",
            _("Opened"),
            lambda alert: moment(alert.opened_at, now),
            11,
            sort=lambda alert: alert.opened_at,
            descending=True,
        ),
        Column("cleared", _("Over"), lambda alert: _end(alert, now), 11, priority=2, style=_QUIET),
    )


def filled_columns(alerts: Sequence[Alert]) -> list[str]:
    """Return the keys of the columns in which at least one of `alerts` has something to say."""
    values = {alert.id: value_text(alert, alert.value) for alert in alerts}
    filled = {
        "value": any(values.values()),
        "worst": any(value_text(alert, alert.worst) != values[alert.id] for alert in alerts),
        "limit": any(values[alert.id] and value_text(alert, alert.limit) for alert in alerts),
        "cleared": any(not alert.open for alert in alerts),
    }
    return [column.key for column in alert_columns(0.0) if filled.get(column.key, True)]


def alert_text(alert: Alert) -> str:
    """Return what a filter searches in an alert."""
    return f"{alert_mark(alert)[1]} {alert_title(alert)} {alert.rule}"


class AlertTable(VirtualTable["Alert"]):
    """Alerts, the newest first."""

    def __init__(self, *, now: float, empty: str, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            alert_columns(now),
            identify=lambda alert: str(alert.id),
            describe=alert_text,
            empty=empty,
            id=id,
        )


class AlertDetail(Drawn):
    """One alert in full: what it means, what to do, how bad it was, when."""

    _alert: Alert | None = None
    _now = 0.0

    def show(self, alert: Alert | None, now: float) -> None:
        """Draw `alert` (None: nothing is chosen) as seen at `now`, UTC epoch seconds."""
        if alert != self._alert:
            self._alert, self._now = alert, now
            self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the title, what to do, and labelled values."""
        alert = self._alert
        if alert is None:
            return [Content.styled(_("No alert is chosen."), _QUIET)]
        rule = BY_ID.get(alert.rule)
        sign, word, style = alert_mark(alert)
        head = line((f"{sign} {alert_title(alert)}", style), (f"   {word}", _QUIET))
        advice = Content(_(rule.advice)).wrap(max(10, width)) if rule is not None else []
        fields = self._fields(alert)
        label = max(len(name) for name, _value in fields) + 2
        rows = [line((fit(name, label), _QUIET), value) for name, value in fields]
        return [one.truncate(width, ellipsis=True) for one in (head, *advice, *rows)]

    def _fields(self, alert: Alert) -> list[tuple[str, str]]:
        now = self._now
        until = alert.cleared_at
        when = moment(alert.opened_at, now)
        if until is not None:
            when = _("{begin} to {end}").format(begin=when, end=_end(alert, now))
            when += f"   ({duration(until - alert.opened_at)})"
        fields = [(_("When"), when)]
        if value := measured(alert):
            limit = _("limit {value}").format(value=value_text(alert, alert.limit))
            fields.append((_("Measured"), f"{value}   ({limit})"))
        if alert.acknowledged_at is not None:
            fields.append((_("Seen"), moment(alert.acknowledged_at, now)))
        fields.append((_("Rule"), f"{alert.rule}   (config.toml, [alerts])"))
        return fields


def _unit(rule: AlertRule | None) -> Unit:
    return Unit.NONE if rule is None else rule.unit


def _end(alert: Alert, now: float) -> str:
    return moment(alert.cleared_at, now)


def _state_cell(alert: Alert) -> Content:
    sign, word, style = alert_mark(alert)
    return Content.styled(f"{sign} {word}", style)


def _title_cell(alert: Alert) -> Content:
    return Content.styled(alert_title(alert), "" if alert.open else _QUIET)


def _limit_cell(alert: Alert) -> str:
    return value_text(alert, alert.limit) or NOTHING

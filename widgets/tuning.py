"""Settings that can be tried: as rows, with their place between their bounds, and what a trial would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.core.types import Priority
from hubsoft_tui.formats import (
    DAY,
    NOTHING,
    age,
    day_time,
    exact_percent,
    lifetime,
    percent,
    plain_number,
    size,
    wait,
)
from hubsoft_tui.services.tuning.types import Forecast, Foretold, Shape, Tunable, Value, Waited, WaitForecast
from hubsoft_tui.settings.layers import known_settings
from hubsoft_tui.settings.rules import BYTES, DAYS, MEGABYTES, SECONDS, plain
from hubsoft_tui.texts import _, ngettext, number

from .customer.card import wrapped
from .line_widget import Drawn, fit, line
from .monitor.timeline import priority_style, priority_word
from .sparkline import Mark, Scale, axis, axis_ends, curve_rows, nice_top
from .table.table import Column, VirtualTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .line_widget import Part


_TRACK: Final = "─"
_IN_BYTES: Final = {BYTES: 1, MEGABYTES: 1_000_000}
_CARRIED: Final = frozenset({SECONDS, DAYS, *_IN_BYTES})
"""Units that a value is shown with, whatever it is."""


def name_of(key: str) -> str:
    """Return the short name of the setting `key`; its key where it has none."""
    known = known_settings().get(key)
    return _(known.rule.name) if known is not None and known.rule.name else key


def shown(tunable: Tunable, value: Value | None) -> str:
    """Return a value of `tunable` as people read it."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if tunable.rule.unit == SECONDS:
        return lifetime(value)
    if (factor := _IN_BYTES.get(tunable.rule.unit)) is not None:
        return size(round(value * factor))
    if tunable.rule.unit == DAYS:
        return lifetime(value * DAY)
    if _is_share(tunable):
        return exact_percent(value)
    return plain_number(value, 3 if isinstance(value, float) else 0)


class TunableTable(VirtualTable[Tunable]):
    """Every setting, one line each."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(
            (
                Column(
                    "name",
                    _("setting"),
                    lambda each: name_of(each.key),
                    minimum=19,
                    sort=lambda each: name_of(each.key),
                ),
                Column("default", _("default"), _default, width=9, align="right", priority=2, style="$quiet"),
                Column("saved", _("stored"), _saved, width=9, align="right"),
                Column(
                    "tried",
                    _("trying"),
                    _tried,
                    width=9,
                    align="right",
                    priority=1,
                    style="bold $mark",
                    sort=lambda each: each.tried is None,
                ),
            ),
            identify=lambda each: each.key,
            describe=lambda each: f"{each.key} {name_of(each.key)}",
            unknown=_("The engine is starting."),
            id=id,
        )


class StepLine(Drawn):
    """One setting: its name, what it does, its bounds, and the value looked at between them."""

    _tunable: Tunable | None = None
    _looked: Value | None = None

    def show(self, tunable: Tunable | None, looked: Value | None) -> None:
        """Draw `tunable` with the value that is looked at."""
        self._tunable, self._looked = tunable, looked
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return three to five lines."""
        tunable = self._tunable
        if tunable is None or self._looked is None:
            return [Content("")] * 4
        moved = self._looked != tunable.value
        value = shown(tunable, self._looked)
        bounds = _bounds(tunable)
        track = _track(tunable.ladder, self._looked, max(8, min(30, width - len(value) - len(bounds) - 8)))
        lines = [
            line((name_of(tunable.key), "bold $title"), (f"  {tunable.key}", "$quiet")).truncate(
                width, ellipsis=True
            ),
            line(
                ("◂", "$account"),
                (track, "$quiet"),
                ("▸ ", "$account"),
                (value, "bold $mark" if moved else "bold"),
                (f"   {bounds}" if bounds else "", "$quiet"),
            ).truncate(width, ellipsis=True),
        ]
        room = max(1, min(2, self.content_size.height - len(lines)))
        lines += [Content.styled(each, "$quiet") for each in wrapped(self._about(tunable), width, room)]
        return [*lines, *[Content("")] * (4 - len(lines))]

    def _about(self, tunable: Tunable) -> str:
        texts = [_(tunable.rule.does)]
        if (moved := tunable.moved) is not None:
            told = _("Self-tuning moved it on {day}, from {before} to {after}.").format(
                day=day_time(moved.at),
                before=shown(tunable, tunable.default if moved.before is None else moved.before),
                after=shown(tunable, tunable.default if moved.after is None else moved.after),
            )
            texts.insert(0, told)
        if tunable.pinned:
            texts.append(_("Set by {place}.").format(place=tunable.pinned))
        if not tunable.live:
            texts.append(_("It takes effect at the next start."))
        return " ".join(texts)


def _track(ladder: Sequence[Value], value: Value, width: int) -> str:
    """Return the ladder as a line with a dot where `value` is."""
    below = sum(1 for each in ladder if each < value)
    place = round(below / max(1, len(ladder) - 1) * (width - 1))
    place = min(max(0, place), width - 1)
    return _TRACK * place + "●" + _TRACK * (width - 1 - place)


def _bounds(tunable: Tunable) -> str:
    """Return the least and the most allowed, with the unit where the values do not carry theirs."""
    if isinstance(tunable.default, bool) or not tunable.ladder:
        return ""
    rule = tunable.rule
    ends = (rule.above if rule.low is None else rule.low, rule.high)
    reached = (tunable.ladder[0], tunable.ladder[-1])
    low, high = (shown(tunable, one if end is None else end) for end, one in zip(ends, reached, strict=True))
    beyond = "> " if rule.low is None and rule.above is not None else ""
    told = rule.unit if rule.unit not in _CARRIED and not _is_share(tunable) else ""
    unit = _(told) if told else ""
    return f"{beyond}{low} … {high} {unit}".rstrip()


def _is_share(tunable: Tunable) -> bool:
    high = tunable.rule.high
    return high is not None and high <= 1 and isinstance(tunable.default, float)


def _default(tunable: Tunable) -> str:
    return shown(tunable, tunable.default)


def _saved(tunable: Tunable) -> Content:
    text = shown(tunable, tunable.saved)
    return Content.styled(text, "" if tunable.saved != tunable.default else "$quiet")


def _tried(tunable: Tunable) -> str:
    return "" if tunable.tried is None else shown(tunable, tunable.tried)


def difference_lines(
    tunables: Sequence[Tunable], changes: Sequence[tuple[str, Value | None, Value | None]]
) -> list[list[Part]]:
    """Return what saving changes in the file, as its lines: what goes, what comes."""
    known = {each.key: each for each in tunables}
    lines: list[list[Part]] = []
    for key, before, after in changes:
        for sign, value, style in (("-", before, "$bad"), ("+", after, "$ok")):
            if value is not None:
                told = f"   {shown(known[key], value)}" if key in known else ""
                lines.append([(f"{sign} {key} = {plain(value)}", style), (told, "$quiet")])
    return lines


NOW: Final = "●"
BEFORE: Final = "○"
LOOKED: Final = "▲"
ADVISED: Final = "◆"
_GUTTER: Final = 7
_NAMED: Final = 24
_FIGURE: Final = 8
_LIFETIMES: Final = (60.0, 600.0, 3600.0, 21_600.0, 86_400.0, 604_800.0)
_SIZES: Final = (50.0, 500.0, 5000.0, 50_000.0)


class ForecastPanel(Drawn):
    """The large picture of one setting. Silent while nothing it shows changed."""

    _tunable: Tunable | None = None
    _forecast: Forecast | WaitForecast | None = None
    _looked: Value | None = None
    _trouble = ""
    _waiting = False

    def show(
        self,
        tunable: Tunable | None,
        forecast: Forecast | WaitForecast | None,
        looked: Value | None,
        *,
        waiting: bool = False,
        trouble: str = "",
    ) -> None:
        """Draw what is foretold of `tunable`; `waiting` until it is known, `trouble` says why it is not."""
        self._tunable, self._forecast, self._looked = tunable, forecast, looked
        self._waiting, self._trouble = waiting, trouble
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return as many lines as there is room for."""
        height = max(6, self.content_size.height)
        tunable, forecast = self._tunable, self._forecast
        if tunable is None:
            lines = []
        elif self._trouble:
            lines = [Content.styled(each, "$warn") for each in wrapped(self._trouble, width, 4)]
        elif forecast is None and self._waiting:
            lines = [Content.styled(_("Reading the trace…"), "$quiet")]
        elif isinstance(forecast, WaitForecast):
            lines = _waits(tunable, forecast, self._looked, width, height)
        elif forecast is None:
            text = _(
                "Nothing can be foretold about this setting: it decides neither what is asked nor who waits."
            )
            lines = [Content.styled(each, "$quiet") for each in wrapped(text, width, 3)]
        elif not forecast.questions:
            lines = _empty(width)
        else:
            lines = _curve(tunable, forecast, self._looked, width, height)
        return [*lines[:height], *[Content("")] * (height - len(lines))]


def _empty(width: int) -> list[Content]:
    text = _(
        "No question was traced yet. Look customers up for some days, and here you will see what each value would "
        "cost and show, from your own questions."
    )
    return [
        Content.styled(_("Nothing to foretell from"), "bold $title"),
        *(Content.styled(each, "$quiet") for each in wrapped(text, width, 4)),
    ]


# -- lifetimes and sizes


def _curve(
    tunable: Tunable, forecast: Forecast, looked: Value | None, width: int, height: int
) -> list[Content]:
    foot = _readings(tunable, forecast, looked, width)
    timed = tunable.shape is Shape.LIFETIME
    room = max(3, height - len(foot) - 2)
    below = max(2, room // 3) if timed and room >= 7 else 0
    above = room - below - (1 if below else 0)
    scale = Scale(forecast.points[0].value, forecast.points[-1].value, max(10, width - _GUTTER))
    marks = _marks(forecast, looked)
    points = [(point.value, point.requests) for point in forecast.points]
    low, top = axis_ends([requests for _value, requests in points])
    begins = _("the axis begins at {n}").format(n=number(low)) if low else ""
    head = line((_("requests a day"), "bold $title"), (f"   {begins}" if begins else "", "$quiet"))
    lines = [head.truncate(width, ellipsis=True)]
    lines += _plot(points, scale, above, "$course", marks=marks, told=number, top=top, low=low)
    if below:
        lines.append(Content.styled(_("answers from memory that had changed, at most"), "bold $title"))
        lines += _changed(forecast, scale, below, marks)
    labels = [
        (value, lifetime(value) if timed else number(value))
        for value in (_LIFETIMES if timed else _SIZES)
        if forecast.points[0].value <= value <= forecast.points[-1].value
    ]
    lines.append(line(" " * _GUTTER, (axis(scale, labels), "$quiet")))
    return [*lines, *foot]


def _changed(forecast: Forecast, scale: Scale, height: int, marks: Sequence[Mark]) -> list[Content]:
    known = [(point.value, point.changed) for point in forecast.points if point.changed is not None]
    if not known:
        text = _("too few answers were compared with what came after them")
        return [
            line(" " * _GUTTER, (text, "$quiet")).truncate(scale.width + _GUTTER, ellipsis=True),
            *[Content("")] * (height - 1),
        ]
    highest = max(share for _value, share in known)
    top = nice_top(min(max(highest, forecast.target * 1.2), forecast.target * 5))
    return _plot(
        known,
        scale,
        height,
        "$warn",
        marks=marks,
        told=lambda share: percent(share, 1 if share < 0.1 else 0),
        top=top,
        limit=forecast.target,
    )


def _plot(
    points: Sequence[tuple[float, float]],
    scale: Scale,
    height: int,
    style: str,
    *,
    marks: Sequence[Mark],
    told: Callable[[float], str],
    top: float,
    low: float = 0.0,
    limit: float | None = None,
) -> list[Content]:
    rows = curve_rows(points, scale, height, low=low, top=top, style=style, marks=marks, limit=limit)
    labels = ["", *[""] * (height - 1)]
    labels[0], labels[-1] = told(top), told(low)
    return [
        line((fit(label, _GUTTER - 1, right=True) + " ", "$quiet"), row)
        for label, row in zip(labels, rows, strict=True)
    ]


def _marks(forecast: Forecast, looked: Value | None) -> list[Mark]:
    marks = []
    if forecast.recommended is not None:
        marks.append(Mark(forecast.recommended, ADVISED, "bold $ok"))
    if forecast.saved != forecast.now:
        marks.append(Mark(forecast.saved, BEFORE, "$title"))
    marks.append(Mark(forecast.now, NOW, "bold $title"))
    if looked is not None and looked != forecast.now:
        marks.append(Mark(float(looked), LOOKED, "bold $mark"))
    return marks


def _readings(tunable: Tunable, forecast: Forecast, looked: Value | None, width: int) -> list[Content]:
    rows = [(NOW, "bold $title", _("now"), forecast.now)]
    if forecast.saved != forecast.now:
        rows.append((BEFORE, "$title", _("before"), forecast.saved))
    if looked is not None and looked != forecast.now:
        rows.append((LOOKED, "bold $mark", _("looked at"), float(looked)))
    if forecast.recommended is not None and not forecast.as_good:
        rows.append((ADVISED, "bold $ok", _("recommended"), forecast.recommended))
    heads = (_("a day"), _("memory"), _("changed"), _("mean"), _("max"))
    room = (width - _NAMED) // _FIGURE
    lines = [line((" " * _NAMED, ""), *((fit(head, _FIGURE, right=True), "$quiet") for head in heads[:room]))]
    for sign, style, word, value in rows:
        named = (
            (f"{sign} ", style),
            fit(word, _NAMED - 12),
            (fit(shown(tunable, _as(tunable, value)), 10), "bold"),
        )
        figures = _figures(forecast.at(value))[:room]
        lines.append(line(*named, *(fit(figure, _FIGURE, right=True) for figure in figures)))
    if forecast.reason is not None:
        lines += [Content.styled(each, "$quiet") for each in wrapped(str(forecast.reason), width, 2)]
    # Fewer than the reports count: neither what was renewed ahead nor what nothing answered is among them.
    questions = ngettext("{n} answered question", "{n} answered questions", forecast.questions).format(
        n=number(forecast.questions)
    )
    days = forecast.days if forecast.days < 1 else round(forecast.days)
    text = _("from {questions} of the last {days}").format(
        questions=questions, days=lifetime(max(60.0, days * 86_400))
    )
    return [*lines, Content.styled(text, "$quiet").truncate(width, ellipsis=True)]


def _figures(point: Foretold | None) -> tuple[str, ...]:
    """Return requests a day, share from memory, share of those changed, mean age and greatest age."""
    if point is None:
        return (NOTHING,) * 5
    changed = NOTHING if point.changed is None or not point.mean_age else percent(point.changed, 1)
    ages = (age(each) if each else NOTHING for each in (point.mean_age, point.max_age))
    return (number(point.requests), percent(point.ratio), changed, *ages)


def _as(tunable: Tunable, value: float) -> Value:
    return int(value) if isinstance(tunable.default, int) else value


# -- the limiter


def _waits(
    tunable: Tunable, forecast: WaitForecast, looked: Value | None, width: int, height: int
) -> list[Content]:
    total = sum(forecast.requests)
    if not total:
        return _empty(width)
    lines = [
        Content.styled(_("wait of 19 in 20 requests, at most"), "bold $title"),
        line(
            (" " * 14, ""),
            *((fit(priority_word(each), 11, right=True), priority_style(each)) for each in Priority),
        ).truncate(width, ellipsis=True),
    ]
    marks = {forecast.now: (NOW, "bold $title")}
    if tunable.tried is not None:
        marks.setdefault(float(tunable.saved), (BEFORE, "$title"))
    if looked is not None and float(looked) not in marks:
        marks[float(looked)] = (LOOKED, "bold $mark")
    for point in _nearest(forecast, marks, height - 6):
        sign, style = marks.get(point.value, (" ", ""))
        pieces: list[Part] = [
            (f"{sign} ", style),
            (fit(shown(tunable, _as(tunable, point.value)), 12), style or "$quiet"),
        ]
        for priority in Priority:
            asked = forecast.requests[priority]
            text = wait(point.p95[priority]) if asked else NOTHING
            long = priority <= Priority.HIGH and point.p95[priority] >= 5
            pieces.append((fit(text, 11, right=True), "$warn" if long else "" if asked else "$quiet"))
        lines.append(line(*pieces).truncate(width, ellipsis=True))
    requests = ngettext("{n} request", "{n} requests", total).format(n=number(total))
    text = _(
        "{requests} of the busiest {hours} of the last two weeks, played again by the same rules."
    ).format(requests=requests, hours=lifetime(max(60.0, forecast.hours * 3600)))
    lines += [Content(""), *(Content.styled(each, "$quiet") for each in wrapped(text, width, 2))]
    return lines


def _nearest(forecast: WaitForecast, marks: dict[float, tuple[str, str]], room: int) -> Sequence[Waited]:
    """Return the points nearest to those that are marked, as many as there is room for, in order."""
    wanted = sorted(forecast.points, key=lambda point: min(abs(point.value - each) for each in marks))[
        : max(len(marks), room)
    ]
    return [point for point in forecast.points if point in wanted]

"""What a setting's values would have meant: the curve of a lifetime, the waits of a rate; numbers beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.core.types import Priority
from hubsoft_tui.formats import NOTHING, age, lifetime, percent, wait
from hubsoft_tui.services.tuning.types import Forecast, Foretold, Shape, Tunable, Value, Waited, WaitForecast
from hubsoft_tui.texts import _, ngettext, number

from ..customer.card import wrapped
from ..line_widget import Drawn, fit, line
from ..monitor.timeline import priority_style, priority_word
from .chart import Mark, Scale, axis, curve_rows, nice_top
from .tunables import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..line_widget import Part

NOW: Final = "●"
LOOKED: Final = "▲"
ADVISED: Final = "◆"
_GUTTER: Final = 7
_NAMED: Final = 24
_FIGURE: Final = 8
_LIFETIMES: Final = (60.0, 600.0, 3600.0, 21_600.0, 86_400.0, 604_800.0)
_SIZES: Final = (50.0, 500.0, 5000.0, 50_000.0)


class ForecastPanel(Drawn):
    """The large picture of one setting. Silent while nothing it shows changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._tunable: Tunable | None = None
        self._forecast: Forecast | WaitForecast | None = None
        self._looked: Value | None = None
        self._trouble = ""
        self._waiting = False

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
    lines = [Content.styled(_("requests a day"), "bold $title")]
    lines += _plot(
        [(point.value, point.requests) for point in forecast.points],
        scale,
        above,
        "$course",
        marks=marks,
        told=number,
    )
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
    top: float | None = None,
    limit: float | None = None,
) -> list[Content]:
    top = nice_top(max(y for _x, y in points)) if top is None else top
    rows = curve_rows(points, scale, height, top=top, style=style, marks=marks, limit=limit)
    labels = ["", *[""] * (height - 1)]
    labels[0], labels[-1] = told(top), told(0.0)
    return [
        line((fit(label, _GUTTER - 1, right=True) + " ", "$quiet"), row)
        for label, row in zip(labels, rows, strict=True)
    ]


def _marks(forecast: Forecast, looked: Value | None) -> list[Mark]:
    marks = []
    if forecast.recommended is not None:
        marks.append(Mark(forecast.recommended, ADVISED, "bold $ok"))
    marks.append(Mark(forecast.now, NOW, "bold $title"))
    if looked is not None and looked != forecast.now:
        marks.append(Mark(float(looked), LOOKED, "bold $mark"))
    return marks


def _readings(tunable: Tunable, forecast: Forecast, looked: Value | None, width: int) -> list[Content]:
    rows = [(NOW, "bold $title", _("now"), forecast.now)]
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

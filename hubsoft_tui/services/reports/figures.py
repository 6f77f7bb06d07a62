"""The figures of the reports, each declared once: its key, label and unit, and how it is summed.

A field of `Sums` declared with `figure` is a figure in JSON and CSV, and `FIGURES` holds it by its key; the views at
the end name the figures that a page, a command or a screen has room for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, fields, replace
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from ...core.types import Outcome
from ...formats import latency, percent
from ...texts import N_, _, number
from ...values import dataclass

if TYPE_CHECKING:
    from ...store.trace_reader import AskedSum, Sent

NO_ERROR: Final = frozenset({"ok", "not_found", "refused", "429", "cancelled"})
"""How requests end that neither HubSoft nor the way to it failed."""
_MICRO: Final = 1_000_000


class FigureUnit(Enum):
    """What a figure counts in. Shares are from 0 to 1."""

    COUNT = "count"
    BYTES = "bytes"
    SHARE = "share"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One figure: how it is called, and how it is summed from the rows of the trace."""

    label: str = ""
    """What people call it; empty: it is for programs alone."""
    unit: FigureUnit = FigureUnit.COUNT
    key: str = ""
    """Its key in JSON, `a.b` for b within a; empty: programs are not told."""
    column: str = ""
    """Its column in the CSV; empty: it has none."""
    head: str = ""
    """The label over a column of a table."""
    short: str = ""
    """The label over a column of a narrow table."""
    tone: str = ""
    """How more than none is to be taken: `good`, `warn` or `bad`."""
    asked: Callable[[AskedSum, Outcome], int] | None = None
    """What a group of questions adds."""
    sent: Callable[[Sent], int] | None = None
    """What a request adds."""
    gathered: Callable[[Sent], int | None] | None = None
    """A request's number among those that `reduced` makes one of; None leaves the request out."""
    reduced: Callable[[Sequence[int]], float | None] | None = None
    """Makes one value of the gathered numbers, which are in order."""
    value: Callable[[Sums], float | None] = lambda _sums: None
    """Reads it off the sums."""

    def plain(self, sums: Sums) -> float | None:
        """Return the value as programs take it: shares to four places, times in milliseconds."""
        value = self.value(sums)
        if value is None or self.unit in {FigureUnit.COUNT, FigureUnit.BYTES}:
            return value
        return round(value, 4) if self.unit is FigureUnit.SHARE else round(value * 1000, 1)

    def text(self, sums: Sums, *, zero: str | None = None) -> str:
        """Return the value as people read it; `zero` stands for a count of none."""
        value = self.value(sums)
        if zero is not None and value == 0 and self.unit is FigureUnit.COUNT:
            return zero
        return _TEXTS[self.unit](value)

    def title(self, sums: Sums) -> str:
        """Return the label in the person's language; what was saved is said as a share too."""
        if self.key == "saved" and sums.saved > 0:
            return _("saved: {share} of {naive}").format(share=saved_text(sums), naive=number(sums.naive))
        return _(self.label)


def figure(
    label: str = "",
    unit: FigureUnit = FigureUnit.COUNT,
    *,
    key: str | None = None,
    column: str | None = None,
    default: float | None = 0,
    **rest: Any,  # noqa: ANN401 - the other fields of a ReportFigure
) -> Any:  # noqa: ANN401 - a field's default, as dataclasses type it
    """Declare a field of `Sums`; its key and column are the field's name unless said otherwise."""
    return field(
        default=default, metadata={"figure": ReportFigure(label, unit, **rest), "key": key, "column": column}
    )


def _ended(outcome: Outcome) -> Callable[[AskedSum, Outcome], int]:
    return lambda row, ended: row.times if ended is outcome else 0


def _wait(row: Sent) -> int | None:
    return row.wait if row.sent else None


def _latency(row: Sent) -> int | None:
    return row.latency if row.sent and row.status is not None else None


def _within(part: float) -> Callable[[Sequence[int]], float | None]:
    """Return what finds the value below which `part` of the numbers lie, in seconds."""

    def percentile(ordered: Sequence[int]) -> float | None:
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] / _MICRO if ordered else None

    return percentile


def _total(ordered: Sequence[int]) -> float:
    return sum(ordered) / _MICRO


@dataclass(frozen=True, slots=True)
class Sums:
    """What was asked and sent under one heading: an hour, an endpoint, a person..."""

    questions: int = figure(N_("questions"), asked=lambda row, _ended: row.times)
    hits: int = figure(asked=_ended(Outcome.HIT))
    coalesced: int = figure(asked=_ended(Outcome.COALESCED))
    negative: int = figure(asked=_ended(Outcome.NEGATIVE))
    stale: int = figure(N_("stale"), asked=_ended(Outcome.STALE))
    failed: int = figure(N_("unanswered"), asked=lambda row, _ended: row.times if row.failed else 0)
    """Questions that nothing answered."""
    requests: int = figure(N_("requests"), sent=lambda row: row.sent)
    """Requests HubSoft received, logins and repeats included."""
    asked: int = figure(key="", column="", sent=lambda row: row.sent and row.asked)
    """Of those, the ones that answered questions; the rest are logins, probes, pages of passes and writes."""
    repeats: int = figure(N_("repeats"), sent=lambda row: bool(row.sent) and row.attempt > 1)
    errors: int = figure(
        N_("errors"), tone="bad", sent=lambda row: bool(row.sent) and row.outcome not in NO_ERROR
    )
    """Requests that HubSoft or the way to it failed; a 429 is counted apart, and a clear no is no error."""
    rate_limited: int = figure(
        N_("refused with 429"),
        head="429",
        tone="warn",
        sent=lambda row: bool(row.sent) and row.outcome == "429",
    )
    unsent: int = figure(sent=lambda row: not row.sent)
    """Tries that never left: no connection. HubSoft did not count them, and `requests` does not either."""
    saved: int = figure(N_("saved"), tone="good")
    """Requests that one for each question, and one for each thing of a pass, would have cost in addition.

    Summed over a whole day: what a caller notes of its passes stands in place of its questions.
    """
    size: int = figure(
        unit=FigureUnit.BYTES, key="bytes", column="bytes", sent=lambda row: row.sent and row.size
    )
    """Bytes of the answers."""
    waited: float = figure(
        unit=FigureUnit.SECONDS, key="", column="", default=0.0, gathered=_wait, reduced=_total
    )
    """Seconds in the queue and at the limiter, all requests together."""
    wait_p95: float | None = figure(
        N_("wait, 95% within"),
        FigureUnit.SECONDS,
        key="wait_ms.p95",
        column="wait_p95_ms",
        short=N_("wait p95"),
        default=None,
        gathered=_wait,
        reduced=_within(0.95),
    )
    p50: float | None = figure(
        N_("answer, median"),
        FigureUnit.SECONDS,
        key="latency_ms.p50",
        column="latency_p50_ms",
        head=N_("median"),
        short=N_("p50"),
        default=None,
        gathered=_latency,
        reduced=_within(0.50),
    )
    """Seconds from the first byte sent to the last byte read; None without an answer. `p95` too."""
    p95: float | None = figure(
        N_("answer, 95% within"),
        FigureUnit.SECONDS,
        key="latency_ms.p95",
        column="latency_p95_ms",
        head=N_("95% within"),
        short=N_("p95"),
        default=None,
        gathered=_latency,
        reduced=_within(0.95),
    )

    @property
    def ratio(self) -> float | None:
        """Share of questions answered without a request of their own, a stale answer apart; None without any."""
        return (self.hits + self.coalesced + self.negative) / self.questions if self.questions else None

    @property
    def naive(self) -> int:
        """Requests the naive way would have cost."""
        return self.requests + self.saved

    @property
    def saved_share(self) -> float | None:
        """Share of the naive way's requests that were saved; None where there is nothing to save from."""
        return max(0, self.saved) / self.naive if self.naive > 0 else None

    @property
    def mean_wait(self) -> float | None:
        """Seconds that a request waited for its turn, on average; None without any."""
        return self.waited / self.requests if self.requests else None


def saved_text(sums: Sums) -> str:
    """Return the share that was saved as every screen, page and command writes it."""
    return percent(sums.saved_share, 1)


_WORKED_OUT: Final = (
    ReportFigure(
        N_("answered from memory"),
        FigureUnit.SHARE,
        key="hit_ratio",
        column="hit_ratio",
        head=N_("from memory"),
        short=N_("memory"),
        value=attrgetter("ratio"),
    ),
    ReportFigure(unit=FigureUnit.SECONDS, key="wait_ms.mean", value=attrgetter("mean_wait")),
    ReportFigure(key="naive_requests", value=attrgetter("naive")),
)
"""Figures that are worked out from the sums."""
_TEXTS: Final[dict[FigureUnit, Callable[[Any], str]]] = {
    FigureUnit.COUNT: number,
    FigureUnit.BYTES: number,
    FigureUnit.SHARE: lambda ratio: percent(ratio, 1),
    FigureUnit.SECONDS: latency,
}


def _complete(name: str, said: ReportFigure, key: str | None, column: str | None) -> ReportFigure:
    return replace(
        said,
        key=name if key is None else key,
        column=name if column is None else column,
        value=attrgetter(name),
    )


SUMMED: Final = {
    each.name: _complete(each.name, each.metadata["figure"], each.metadata["key"], each.metadata["column"])
    for each in fields(Sums)
}
"""Every field of `Sums`, by its name."""
FIGURES: Final = {
    each.key: replace(each, head=each.head or each.label, short=each.short or each.head or each.label)
    for each in sorted((*SUMMED.values(), *_WORKED_OUT), key=lambda each: list(FigureUnit).index(each.unit))
    if each.key
}
"""Every figure that programs are told, by its key; counts first, then shares and times, as in the CSV."""


def _view(*keys: str) -> tuple[ReportFigure, ...]:
    return tuple(FIGURES[key] for key in keys)


DAY: Final = _view(
    "questions",
    "requests",
    "saved",
    "hit_ratio",
    "errors",
    "rate_limited",
    "latency_ms.p50",
    "latency_ms.p95",
)
"""A whole day, in pairs of which the second explains the first."""
ASKED: Final = _view("questions", "hit_ratio", "stale", "failed")
"""What has questions only: categories."""
PAGE_SENT: Final = _view("requests", "repeats", "errors", "rate_limited", "latency_ms.p50", "latency_ms.p95")
"""What has requests only, on the page: endpoints."""
PAGE_BOTH: Final = _view("questions", "hit_ratio", "requests", "saved", "errors", "wait_ms.p95")
"""What has both, on the page: operators and callers."""
PAGE_CLASSES: Final = tuple(each for each in PAGE_BOTH if each.key != "saved")
"""Classes, on the page. What a pass saves is no class's, so by class the savings would not add up to the day's."""
COMMAND_SENT: Final = _view("requests", "errors", "latency_ms.p50", "latency_ms.p95")
COMMAND_BOTH: Final = _view("questions", "requests", "errors", "latency_ms.p50", "latency_ms.p95")
SCREEN_SENT: Final = _view("requests", "errors", "rate_limited", "latency_ms.p50", "latency_ms.p95")
"""On the screen, the last ones are left out where there is no room."""
SCREEN_BOTH: Final = _view("questions", "requests", "errors", "hit_ratio", "wait_ms.p95")

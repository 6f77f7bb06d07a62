"""One table of figures drives what programs, pages, commands and screens show of a day."""

from __future__ import annotations

from dataclasses import fields

import pytest

from hubsoft_tui.services.reports import figures
from hubsoft_tui.services.reports.export import COLUMNS
from hubsoft_tui.services.reports.figures import FIGURES, FigureUnit, Sums

VIEWS = [
    name
    for name, view in vars(figures).items()
    if name.isupper() and name[0] != "_" and isinstance(view, tuple)
]


def test_the_columns_of_the_csv_stay_as_scripts_know_them():
    assert list(COLUMNS) == [
        "questions", "hits", "coalesced", "negative", "stale", "failed", "requests", "repeats", "errors",
        "rate_limited", "unsent", "saved", "bytes", "hit_ratio", "wait_p95_ms", "latency_p50_ms", "latency_p95_ms",
    ]  # fmt: skip


def test_every_field_of_the_sums_says_how_it_is_summed():
    for each in fields(Sums):
        figure = each.metadata["figure"]
        ways = (figure.asked, figure.sent, figure.reduced)
        assert sum(way is not None for way in ways) == (each.name != "saved"), each.name


@pytest.mark.parametrize("name", VIEWS)
def test_people_are_shown_only_figures_with_a_label(name):
    assert getattr(figures, name)
    assert all(each.label and each.head and each.short for each in getattr(figures, name))


@pytest.mark.parametrize(
    ("unit", "plain", "text"),
    [
        (FigureUnit.COUNT, 1234, "1,234"),
        (FigureUnit.SHARE, 0.9123, "91.2%"),
        (FigureUnit.SECONDS, 1500.0, "1.5 s"),
    ],
)
def test_a_unit_decides_how_programs_and_people_read_a_value(unit, plain, text):
    sums = Sums(questions=1234, wait_p95=1.5)
    figure = figures.ReportFigure(
        "x",
        unit,
        value=lambda _: {FigureUnit.COUNT: 1234, FigureUnit.SHARE: 0.91234, FigureUnit.SECONDS: 1.5}[unit],
    )
    assert (figure.plain(sums), figure.text(sums)) == (plain, text)


def test_a_count_of_none_may_be_a_dash():
    assert (FIGURES["errors"].text(Sums()), FIGURES["errors"].text(Sums(), zero="–")) == ("0", "–")


def test_what_was_saved_is_the_share_of_the_naive_way():
    assert FIGURES["saved"].title(Sums(requests=1, saved=3)) == "saved: 75.0% of 4"
    assert FIGURES["saved"].title(Sums(requests=1, saved=-1)) == "saved"
    assert [Sums(requests=1, saved=n).saved_share for n in (3, 0, -1)] == [0.75, 0.0, None]

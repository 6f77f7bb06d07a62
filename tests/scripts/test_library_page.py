"""The page of the library names every call, field and error, and a page that fell behind is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsoft_tui import errors
from hubsoft_tui.api import models
from scripts import library_page

PAGE = library_page.page()


@pytest.mark.parametrize(
    "said",
    [
        "await client_info(document: str, full_data: Literal[False]",
        "| `phones` | `tuple[str, ...]` |",
        "| `price` | `Decimal \\| None` |",
        "| `cancelled` | `bool` | Whether it has ended for good",
        "- `Priority.LOW`: check-up, refresh, background",
        "Seconds since the answer was fetched.",
        "Raises InvalidInput before anything is sent, TimedOut",
    ],
)
def test_shapes_units_and_errors_are_there(said: str) -> None:
    assert said in PAGE


def test_every_record_and_every_error_is_there() -> None:
    records = [
        each
        for each in vars(models).values()
        if isinstance(each, type) and each.__module__ == models.__name__
    ]
    assert {f"### {each.__name__}\n" in PAGE for each in records if each is not models.Model} == {True}
    raised = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)
    ]
    assert all(f"- `{each.__name__}`: " in PAGE for each in raised)


def test_a_page_that_is_missing_or_behind_is_told(tmp_path: Path) -> None:
    assert "does not exist" in library_page.problems(tmp_path)[0]
    path = library_page.page_file(tmp_path)
    path.parent.mkdir()
    path.write_text(PAGE.replace("`phones`", "`telephones`"), encoding="utf-8")
    assert "is older" in library_page.problems(tmp_path)[0]
    path.write_text(PAGE, encoding="utf-8")
    assert library_page.problems(tmp_path) == []

"""The page of settings: everything that can be set is on it, and a page that fell behind is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubsoft_tui import texts
from hubsoft_tui.settings.layers import known_settings
from scripts import settings_page

if TYPE_CHECKING:
    from pathlib import Path

PAGE = settings_page.page()


def row(name: str, section: str) -> str:
    part = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return next(line for line in part.splitlines() if line.startswith(f"| `{name}` |"))


def test_every_setting_is_there() -> None:
    for key in known_settings():
        section, _, name = key.partition(".")
        assert row(name, section)


def test_a_row_says_default_unit_bounds_and_what_it_does() -> None:
    told = row("contract_status_ttl", "cache")
    assert "| `14400` (4 h) | seconds | more than 0, at most 30 d | at once |" in told
    assert "is the contract active" in told
    assert "| requests per minute | 1 to 6,000 |" in row("max_requests_per_minute", "limiter")
    assert "`auto`, `pt_BR`, `en`" in row("language", "ui")
    assert "| next start |" in row("page_size", "sync")


def test_a_secret_s_variable_is_told() -> None:
    assert "`HUBSOFT_PASSWORD`" in row("password", "profile")


def test_the_page_is_english_whatever_is_spoken() -> None:
    texts.use("pt_BR")
    try:
        assert settings_page.page() == PAGE
        assert texts.language() == "pt_BR"
    finally:
        texts.use("en")


def test_a_page_that_is_missing_or_behind_is_told(tmp_path: Path) -> None:
    assert "does not exist" in settings_page.problems(tmp_path)[0]
    path = settings_page.page_file(tmp_path)
    path.parent.mkdir()
    path.write_text(PAGE.replace("`14400`", "`7200`"), encoding="utf-8")
    assert "is older" in settings_page.problems(tmp_path)[0]
    path.write_text(PAGE, encoding="utf-8")
    assert settings_page.problems(tmp_path) == []

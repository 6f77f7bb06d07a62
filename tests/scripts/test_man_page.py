"""The manual page names every command and option, and roff takes no help text for a request."""

from __future__ import annotations

import re

from scripts import man_page

PAGE = man_page.page()


def test_every_reader_of_man_pages_takes_it() -> None:
    assert PAGE.isascii()
    assert not re.search(r"^\.S[HS].*\n\.PP", PAGE, re.MULTILINE)


def test_every_command_and_its_options_are_there() -> None:
    for said in (
        "lookup [OPTIONS] TERM",
        "ticket open [OPTIONS]",
        "config check [OPTIONS]",
        "completion [OPTIONS] {bash",
    ):
        assert f".SS hubsoft\\-tui {said}" in PAGE
    for said in ("\\-\\-status\\-only", "\\-\\-read\\-only", "\\-\\-plan\\-only", "\\-\\-acknowledge"):
        assert f".B {said}" in PAGE


def test_no_text_is_taken_for_a_request() -> None:
    requests = {line.split(" ")[0] for line in PAGE.splitlines() if line.startswith((".", "'"))}
    assert requests == {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".BI"}
    assert not [line for line in PAGE.splitlines() if not line.strip()]

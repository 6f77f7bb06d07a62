from __future__ import annotations

import pytest

from hubsoft_tui.errors import SettingsError
from hubsoft_tui.settings.canned_texts import USES, CannedText, filled, read_canned


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_person_s_text_counts_before_the_provider_s_of_the_same_name(tmp_path):
    own = written(tmp_path, "own.toml", '[[text]]\nname = "A"\nfor = ["ticket"]\ntext = "mine"\n')
    theirs = written(
        tmp_path,
        "all.toml",
        '[[text]]\nname = "A"\ntext = "theirs"\n[[text]]\nname = "B"\ntext = """\none\ntwo\n"""\n',
    )
    assert read_canned([own, tmp_path / "none.toml", theirs]) == (
        CannedText("A", "mine", ("ticket",)),
        CannedText("B", "one\ntwo", USES),
    )


@pytest.mark.parametrize(
    "content",
    [
        "[[text]",
        "text = 3",
        "[[text]]\nname = 'A'",
        "[[text]]\nname = ' '\ntext = 'x'",
        "[[text]]\nname = 'A'\ntext = 3",
        "[[text]]\nname = 'A'\ntext = 'x'\nfor = ['call']",
        "[[text]]\nname = 'A'\ntext = 'x'\nfor = 'ticket'",
        f"n = {'9' * 5000}",
        "n = " + "[" * 100_000,
        f"n = '{'ã' * 700_000}'",
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path, content):
    path = written(tmp_path, "texts.toml", content)
    with pytest.raises(SettingsError, match=r"texts\.toml"):
        read_canned([path])


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_canned([tmp_path])


def test_placeholders_are_filled_once_and_what_is_unknown_is_left_out_and_told():
    values = {"customer": "ANA {plan}", "plan": ""}
    assert filled("{customer}: {plan}{protocol}, {other} {}", values) == (
        "ANA {plan}: , {other} {}",
        ("plan", "protocol"),
    )

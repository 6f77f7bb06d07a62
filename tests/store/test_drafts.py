"""Forms that were begun: on disk, private, each account's own, and forgotten only as far as they were seen."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.drafts import MIGRATIONS, Dropped, KeptDraft, SqliteDrafts


def drafts(home: Path, account: str = "one") -> SqliteDrafts:
    return SqliteDrafts(open_database(home / "drafts.db", MIGRATIONS, durable=True), account)


def begun(at: float, text: str = "No light", about: str = "open 1") -> KeptDraft:
    return KeptDraft(about, "open", "BIANCA", "86214941081", {"description": text, "type": None}, at)


def test_what_one_connection_keeps_the_next_one_finds_newest_first(tmp_path):
    drafts(tmp_path).write([begun(1.0), begun(2.0, "ü\n✓", "message 5")])
    assert drafts(tmp_path).all() == (begun(2.0, "ü\n✓", "message 5"), begun(1.0))
    assert drafts(tmp_path, "another account").all() == ()


def test_a_form_has_one_draft_and_what_was_typed_last_counts_whatever_the_clock_says(tmp_path):
    store = drafts(tmp_path)
    store.write([begun(9.0)])
    store.write([begun(3.0, "after the clock was set back")])
    assert [each.values["description"] for each in store.all()] == ["after the clock was set back"]


def test_forgetting_spares_what_was_typed_later(tmp_path):
    store = drafts(tmp_path)
    store.write([begun(5.0)])
    store.write([Dropped("open 1", 4.0)])
    assert store.all() == (begun(5.0),)
    store.write([Dropped("open 1", 5.0)])
    assert store.all() == ()


@pytest.mark.parametrize("content", ["", "[]", "{", "7"])
def test_one_that_cannot_be_read_does_not_hide_the_others(tmp_path, content):
    store = drafts(tmp_path)
    store.write([begun(1.0), begun(2.0, about="open 2")])
    with store._database.write() as connection:
        connection.execute("UPDATE draft SET content = ? WHERE about = 'open 2'", (content,))
    assert store.all() == (begun(1.0),)


def test_only_its_owner_reads_the_file_and_what_is_forgotten_is_overwritten(tmp_path):
    store = drafts(tmp_path)
    secret = "A pessoa que ninguém deve conhecer"
    store.write([begun(1.0, secret)])
    assert stat.S_IMODE((tmp_path / "drafts.db").stat().st_mode) == 0o600
    assert secret not in repr(store.all())
    assert "862149" not in repr(store.all())
    store.write([Dropped("open 1", 1.0)])
    store._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    left = b"".join(each.read_bytes() for each in tmp_path.glob("drafts.db*"))
    assert b"A pessoa que" not in left


def test_drafts_of_a_version_that_knew_no_customer_are_still_there(tmp_path):
    old = open_database(tmp_path / "drafts.db", MIGRATIONS[:1], durable=True)
    with old.write() as connection:
        connection.execute("INSERT INTO draft VALUES ('one', 'open 1', 'open', 'BIANCA', '862', '{}', 1.0)")
    old.close()
    store = drafts(tmp_path)
    (kept,) = store.all()
    assert (kept.about, kept.customer_code) == ("open 1", None)
    store.write([replace(kept, customer_code=1204)])
    assert [each.customer_code for each in drafts(tmp_path).all()] == [1204]

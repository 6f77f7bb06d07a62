"""What goes to files: whole, private, and harmless to spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest

from hubsoft_tui import texts
from hubsoft_tui.errors import InvalidInput, StoreError
from hubsoft_tui.services.checkup import export
from hubsoft_tui.services.checkup.types import Decision, Member, MemberRow, Progress, Result, RunState

ROWS = (
    MemberRow(
        Member("86214941081", "=HYPERLINK(1)", "7"),
        Decision("86214941081", Result.ACTIVE, "On", source="roster"),
    ),
    MemberRow(
        Member("10682083682", "JOÃO; FILHO"),
        Decision("10682083682", Result.INACTIVE, "Off", "GIGA", 1.0, "api", 2.0, was=Result.ACTIVE),
    ),
    MemberRow(Member("52998224725", "X")),
)


def test_csv_opens_in_a_spreadsheet_and_runs_nothing_there(tmp_path):
    target = export.target(tmp_path / "out.csv")
    export.write(target, ROWS, {})
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(target.read_text("utf-8-sig")), delimiter=";"))
    assert read[0][:4] == ["document", "name", "external_id", "result"]
    assert read[1][:4] == ["86214941081", "'=HYPERLINK(1)", "7", "active"]
    assert read[2][1] == "JOÃO; FILHO"
    assert read[2][7] == "active"
    assert [len(row) for row in read] == [11] * 4


def test_scripts_read_the_same_keys_in_every_language(tmp_path):
    texts.use("pt_BR")
    try:
        scripts = list(csv.reader(io.StringIO(export.csv_text(ROWS)), delimiter=";"))
        people = list(csv.reader(io.StringIO(export.csv_text(ROWS, people=True)), delimiter=";"))
    finally:
        texts.use("en")
    assert scripts[0] == [
        "document", "name", "external_id", "result", "service_status", "service", "since", "before", "source",
        "known_at", "why",
    ]  # fmt: skip
    assert scripts[2][3:10] == [
        "inactive", "Off", "GIGA", "1969-12-31T21:00:01-03:00", "active", "api", "1969-12-31T21:00:02-03:00",
    ]  # fmt: skip
    assert people[0][:4] == ["documento", "nome", "id externo", "resultado"]
    assert people[2][3:9] == ["inativo", "Off", "GIGA", "31/12/1969 21:00", "ativo", people[2][8]]
    assert people[2][8] != "api"
    assert len({len(row) for row in (*scripts, *people)}) == 1


def test_the_document_has_the_agreed_keys_and_no_others(tmp_path):
    progress = Progress(total=3, counts={Result.ACTIVE: 1}, state=RunState.DONE, requests=2, seconds=1.26)
    document = export.document_of(progress, None, ROWS)
    assert list(document) == [
        "total", "active", "inactive", "not_found", "unknown", "requests", "naive_requests", "seconds", "plan",
        "members",
    ]  # fmt: skip
    assert document["members"][1] == {
        "document": "10682083682",
        "name": "JOÃO; FILHO",
        "result": "inactive",
        "service_status": "Off",
        "source": "api",
    }
    assert document["members"][2]["result"] == "unknown"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("out.xls", "must end in"), ("no/where.csv", "no folder"), ("folder.csv", "is a folder")],
)
def test_a_target_that_cannot_be_is_refused(tmp_path, name, sentence):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InvalidInput, match=sentence):
        export.target(tmp_path / name)


def test_a_folder_nothing_can_be_written_to_is_refused():
    with pytest.raises(InvalidInput, match="Nothing can be written"):
        export.target("/proc/out.csv")


def test_results_that_cannot_be_written_are_kept(tmp_path):
    target = export.target(tmp_path / "out.csv")
    target.mkdir()
    with pytest.raises(StoreError, match=r"out\.csv: Is a directory\. They are kept: choose another place"):
        export.write(target, ROWS, {})


@pytest.mark.parametrize("name", ["members.csv", "./sub/../members.csv", "link.csv", "hard.csv"])
def test_results_are_never_written_over_the_list(tmp_path, name):
    members = tmp_path / "members.csv"
    members.write_text("cpf\n86214941081\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.csv").symlink_to(members)
    (tmp_path / "hard.csv").hardlink_to(members)
    with pytest.raises(InvalidInput, match="the list itself"):
        export.target(tmp_path / name, members)
    assert export.target(tmp_path / "results.csv", members) == tmp_path / "results.csv"
    assert export.target(tmp_path / "results.csv", tmp_path / "gone.csv") == tmp_path / "results.csv"

"""Files of members as people really have them."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.services.checkup.members import MAX_BYTES, bad_lines, parse_members, read_members
from hubsoft_tui.simulator.people import DEMO_COMPANY, cpf

BIANCA, GUILHERME = "86214941081", "10682083682"
LOW = cpf(1_234_567)  # 001234567xx: a spreadsheet drops its zeros


def parsed(text: str):
    return parse_members(text, "members.csv")


@pytest.mark.parametrize(
    "text",
    [
        f"cpf;nome;matricula\n{BIANCA};BIANCA;7\n",
        "Nome,CPF/CNPJ,External ID\nBIANCA,862.149.410-81,7\n",
        f'"Código"\t"Documento"\t"Nome Completo"\n7\t"{BIANCA}"\t"BIANCA"\n',
        f"sep=;\ndocument;name;id\n{BIANCA};BIANCA;7\n",
        f"\n;;\nid;name;tax_id\n7;BIANCA;'{BIANCA}\n;;\n",
    ],
)
def test_columns_are_found_by_name_with_any_separator(text):
    (member,) = parsed(text).members
    assert (member.document, member.name, member.external_id) == (BIANCA, "BIANCA", "7")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_accents_survive_every_usual_encoding(tmp_path, encoding):
    file = tmp_path / "lista.csv"
    file.write_bytes(f"documento;nome\r\n{BIANCA};JOÃO DA CONCEIÇÃO\r\n".encode(encoding))
    _where, found = read_members(file)
    assert found.members[0].name == "JOÃO DA CONCEIÇÃO"


def test_every_bad_line_is_numbered_and_good_ones_are_kept():
    found = parsed(
        f"cpf;nome\n{BIANCA};A\n12345678901;B\n00000000000;C\n123456789012;D\nABC;E\n;F\n1,2346E+10;G\n"
        f"{DEMO_COMPANY.lower()};H\n12ABC34501DE00;I\n{GUILHERME};J\n"
    )
    assert [member.name for member in found.members] == ["A", "H", "J"]
    assert found.members[1].document == DEMO_COMPANY
    told = {bad.number: str(bad.reason) for bad in found.bad}
    assert list(told) == [3, 4, 5, 6, 7, 8, 10]
    assert "check digits of the CPF" in told[3]
    assert "all zeros" in told[4]
    assert "not 12" in told[5]
    assert "neither" in told[6]
    assert "no document" in told[7]
    assert "spreadsheet" in told[8]
    assert "check digits of the CNPJ" in told[10]
    assert str(next(bad_lines(found))).startswith("Line 3: ")


def test_doubles_are_one_and_the_second_fills_the_gaps():
    found = parsed(f"cpf;nome;id\n{BIANCA};;\n{GUILHERME};G;2\n862.149.410-81;BIANCA;1\n")
    assert found.doubles == ((4, 2),)
    assert [(each.name, each.external_id) for each in found.members] == [("BIANCA", "1"), ("G", "2")]


def test_zeros_that_a_spreadsheet_dropped_are_put_back_and_said():
    found = parsed(f"cpf\n{LOW.lstrip('0')}\n{BIANCA}\n")
    assert found.members[0].document == LOW
    assert found.restored == 1


def test_a_file_without_a_header_is_understood_by_its_documents():
    found = parsed(f"{BIANCA};BIANCA COUTO\n{GUILHERME};G\n")
    assert found.headerless
    assert [each.name for each in found.members] == ["BIANCA COUTO", "G"]


def test_a_forgotten_quotation_mark_spoils_one_line_only():
    found = parsed(f'nome;cpf\n"MARIA;{BIANCA}\nJOSE;{GUILHERME}\n')
    assert [each.document for each in found.members] == [GUILHERME]
    assert [bad.number for bad in found.bad] == [2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("name;phone\nA;1\n", "no column of documents"),
        ("cpf;nome\n", "no member"),
        ("cpf\n123\n", "Line 2"),
    ],
)
def test_a_file_without_members_is_refused_with_a_sentence(tmp_path, text, sentence):
    file = tmp_path / "x.csv"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=sentence):
        read_members(file)


def test_what_is_no_list_is_refused_without_reading_it(tmp_path):
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(2 * 1024**3)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"PK\x03\x04\x00\x00cpf")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, sentence in (
        (huge, f"larger than {MAX_BYTES // 2**20} MB"),
        (binary, "not a text file"),
        (pipe, "no ordinary file"),
        (tmp_path, "is a folder"),
        (tmp_path / "nothing.csv", "There is no file"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            read_members(path)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=12))
def test_whatever_stands_in_a_file_no_reason_repeats_it(lines):
    try:
        found = parse_members("\n".join(["cpf;nome", f"{BIANCA};B", *lines]), "x.csv")
    except InvalidInput:
        return
    assert BIANCA in {each.document for each in found.members}
    assert all(each.document.isalnum() and len(each.document) in {11, 14} for each in found.members)
    assert all(line not in str(bad.reason) for bad in found.bad for line in lines if len(line) > 11)

"""Lists as people export them: whatever wrote them, a row is the person it names, or it is told with its line."""

from __future__ import annotations

import io
import random
import sys
import unicodedata

import pytest
from brutils.cnpj import generate as cnpj_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.privacy import format_document
from hubsoft_tui.services.checkup.members import parse_members, read_members
from hubsoft_tui.services.customers.documents import WrittenDocument, is_cpf, read_document, tidy
from hubsoft_tui.simulator.people import cpf

ANA, BIA, RUI = "10000000019", "10000791989", "10001583816"
MARKET = "11222333000181"
MASKED_ANA, MASKED_BIA = "100.000.000-19", "100.007.919-89"


def read(text: str):
    return parse_members(text, "list.csv")


def documents(text: str) -> list[str]:
    return [each.document for each in read(text).members]


def told(text: str) -> dict[int, str]:
    return {bad.number: str(bad.reason) for bad in read(text).bad}


@pytest.mark.parametrize("heading", [
    "cnpj_cpf", "CPF do titular", "CPF/CNPJ do cliente", "Nº CPF", "cpfCnpj", "NR_CPF_CNPJ", "Documento (CPF ou CNPJ)",
    "numeroDocumento", "CPF/\nCNPJ", "C.P.F. / CPF", "\ufeffcpf", "tax_id", "ＣＰＦ",
])  # fmt: skip
def test_a_heading_is_recognised_by_its_words(heading):
    found = read(f'id;Nome do Cliente;"{heading}"\r\n10;ANA;{MASKED_ANA}\r\n')
    assert [(each.document, each.name, each.external_id) for each in found.members] == [(ANA, "ANA", "10")]
    assert found.columns == (tidy(heading),)


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("declared", [True, False])
def test_any_separator_is_found_declared_or_not(separator, declared):
    first = f"sep={separator}\t\r\n" if declared else ""
    assert documents(f"{first}Nome{separator}CPF{separator}\r\nANA{separator}{ANA}{separator}\r\n") == [ANA]


def test_of_several_document_columns_the_first_valid_one_counts():
    found = read(f"Nome;CPF;CNPJ\nANA;{MASKED_ANA};\nMERCADO;;11.222.333/0001-81\nX;111;{MARKET}\nY;111;\n")
    assert [(each.document, each.name) for each in found.members] == [(ANA, "ANA"), (MARKET, "MERCADO")]
    assert found.columns == ("CPF", "CNPJ")
    assert found.doubles == ((4, 3),)
    assert [bad.number for bad in found.bad] == [5]
    assert documents(f"cpf;cpf\n;{ANA}\n{BIA};{RUI}\n") == [ANA, BIA]


def test_another_person_s_column_is_not_read_beside_the_member_s():
    found = read(f"CPF do vendedor;CPF do titular\n{ANA};{BIA}\n{ANA};\n")
    assert [each.document for each in found.members] == [BIA]
    assert [bad.number for bad in found.bad] == [3]


def test_titles_above_the_heading_are_passed_over():
    text = f"Clientes ativos;;\nProvedor Ltda;CNPJ: 11.222.333/0001-81;\n;;\nCódigo;Nome;CPF\n7;ANA;{ANA}\nTotal;1;\n"
    found = read(text)
    assert [(each.document, each.external_id) for each in found.members] == [(ANA, "7")]
    assert told(text) == {2: "it stands above the line that names the columns", 6: "there is no document"}


def test_a_cell_may_hold_line_breaks():
    text = f'Nome;Endereço;CPF\r\nANA;"Rua A, 1\r\nCentro";{ANA}\r\nX;Rua B;123\r\nBIA;"Rua ""C""\r\n\r\nFim";{BIA}\r\n'
    assert documents(text) == [ANA, BIA]
    assert list(told(text)) == [4]


@pytest.mark.parametrize(
    "line", [f'"JOAO;{RUI}', f'{RUI};"JOAO', f'"JOAO";"{RUI}', f'JO"AO;{RUI}', f'"JO"AO;{RUI}']
)
def test_a_forgotten_quotation_mark_takes_no_other_line_with_it(line):
    text = f'nome;cpf\n"ANA";{ANA}\n{line}\n"BIA";"{BIA}"\nEVA;{cpf(5)}\n'
    found = read(text)
    assert {ANA, BIA, cpf(5)} <= {each.document for each in found.members}
    assert all(bad.number == 3 for bad in found.bad)


def test_only_line_ends_end_a_line():
    found = read(f"nome;cpf\nA\u2028B;{ANA}\rC\x85D;{BIA}\r\nE\x0bF\x0cG\x1cH;{RUI}\n")
    assert [each.document for each in found.members] == [ANA, BIA, RUI]
    assert [each.name for each in found.members] == ["A B", "C D", "E F G H"]


@pytest.mark.parametrize("cell", [
    "\xa0100.000.000-19\xa0", "100\xa0000 000\u200919", "100.000.000\u201319", "100.000.000\u221219",
    "100\u2010000\u2011000\u201519",
    "\u200b100.000.000-19", "1000\u200d0000019", '="10000000019"', "'10000000019", '"=""10000000019"""', "=10000000019",
    "１００００００００１９", "٠١٠٠٠٠٠٠٠٠١٩"[1:], "00010000000019", "10000000019.0", '"10000000019,00"',
    "1.0000000019E10",
    "1.0000000019e+10", "10.000.000.019", '"10.000.000.019,00"', "CPF: 100.000.000-19", "100 000 000/19",
])  # fmt: skip
def test_a_document_is_read_however_it_is_written(cell):
    assert documents(f"nome;cpf\nANA;{cell}\n") == [ANA]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1000316769.0", "two different"),
        ("1014016630,0", "two different"),
        ("00000000000191", "two different"),
        ("1.00032E+09", "shortened"),
        ("1E+10", "shortened"),
        ("1000000001²", "neither"),
        ("1000000001 9", "neither"),
        ("10000000019.5", "neither"),
        ("100.000.000-19 100.007.919-89", "neither"),
        ("1000\x00000019", "neither"),
        ("nan", "neither"),
        ("10000000018.0", "check digits"),
        ("x" * 200_000, "too long"),
    ],
)
def test_an_uncertain_document_is_refused_with_line_and_reason(cell, reason):
    text = f"nome;cpf\nBIA;{BIA}\nANA;{cell}\n"
    assert documents(text) == [BIA]
    assert list(told(text)) == [3]
    assert reason in told(text)[3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_any_usual_encoding_is_read(tmp_path, encoding):
    file = tmp_path / "list.csv"
    file.write_bytes(f"nome;cpf\r\nJOÃO;{MASKED_ANA.replace('-', '–')}\r\n".encode(encoding))
    (member,) = read_members(file)[1].members
    assert (member.document, member.name) == (ANA, "JOÃO")


def test_one_line_of_an_older_program_spoils_no_other(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(f"nome;cpf\nJOÃO;{ANA}\n".encode() + f"CONCEIÇÃO;{BIA}\n".encode("latin-1"))
    assert [each.name for each in read_members(file)[1].members] == ["JOÃO", "CONCEIÇÃO"]


def test_two_documents_in_a_headless_row_are_not_guessed():
    with pytest.raises(InvalidInput, match="no column of documents"):
        read(f"ANA;{ANA};{BIA}\n")
    phone = next(f"379999{n:05}" for n in range(100_000) if is_cpf(f"379999{n:05}"))
    rows = "".join(f"{phone if n == 0 else 37999990000 + n};P{n};{cpf(n)}\n" for n in range(300, 340))
    assert documents(f"{phone};P;123\n{rows}") == [cpf(n) for n in range(300, 340)]


def test_the_list_may_be_piped_in(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"cpf\n{ANA}\n".encode("utf-16"))))
    where, found = read_members("-")
    assert (str(where), [each.document for each in found.members]) == ("-", [ANA])
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InvalidInput, match="no standard input"):
        read_members("/dev/stdin")


def ugly(document: str, chance: random.Random) -> str:
    """Write a document as some program, or some hand, has written it."""
    forms = [
        document,
        format_document(document),
        f" {document}\xa0",
        f"\u200b{document}",
        f"'{document}",
        f'="{document}"',
    ]
    dash = chance.choice("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d")
    forms += [format_document(document).replace("-", dash), format_document(document).lower()]
    if document.isdigit():
        number = str(int(document))
        forms += [
            f"{number}.0",
            f"{number}.00",
            f'"{number},0"',
            f'"{number},00"',
            number,
            f"{int(document):,}.0",
        ]
        forms += [
            document.zfill(14),
            f"{number[0]}.{number[1:]}E{len(number) - 1}",
            f"{number[0]}.{number[1:]}e+{len(number) - 1:02}",
        ]
        forms += [
            document.translate({48 + n: 0xFF10 + n for n in range(10)}),
            document.translate({48 + n: 0x660 + n for n in range(10)}),
        ]
    return chance.choice(forms).replace("\n", "")


def some_document(chance: random.Random) -> str:
    if chance.random() < 0.75:
        return cpf(chance.randrange(10 ** chance.choice([7, 8, 9])))
    random.seed(chance.random())
    return str(cnpj_of(alphanumeric=chance.random() < 0.5))


def test_ten_thousand_documents_in_ugly_forms_stay_the_same():
    chance = random.Random(9)
    people = list(dict.fromkeys(some_document(chance) for _ in range(10_100)))[:10_000]
    assert len(people) == 10_000
    rows = [f"{place};{ugly(document, chance)}\r\n" for place, document in enumerate(people)]
    found = read("id;cpf_cnpj\r\n" + "".join(rows))
    assert all(people[int(each.external_id)] == each.document for each in found.members)
    assert len(found.members) + len(found.bad) + len(found.doubles) == len(people)
    assert not found.doubles
    assert len(found.members) > 9_000


@given(st.integers(0, 2**32))
@settings(deadline=None)
def test_an_ugly_form_is_its_own_document_or_refused(seed):
    chance = random.Random(seed)
    document = some_document(chance)
    cell = ugly(document, chance).strip('"').replace("\xa0", " ")
    found = read_document(cell)
    assert not isinstance(found, WrittenDocument) or found.value == document


@given(
    st.integers(0, 10**9 - 1),
    st.sampled_from(["{}.0", "{},00", "{}", "{:,}.0"]),
    st.sampled_from(["", "0", "1", ".5", "²", " 3", "-4", "/0"]),
)
@settings(deadline=None)
def test_a_number_with_a_tail_is_no_longer_document(base, form, behind):
    document = cpf(base)
    found = read_document(form.format(int(document)) + behind)
    if isinstance(found, WrittenDocument) and form != "{}":
        assert found.value == document


CELLS = st.text(max_size=30) | st.from_regex(r"[0-9 .,/'\"=E+;|\t\r\n-]{0,24}", fullmatch=True) | st.sampled_from(
    [ANA, f"{ANA}.0", '"', '""', '"\n', ";", "cpf", "CNPJ", "sep=,", "\x00", "\u2028", "\ufeff", "=", "'", "Total"]
)  # fmt: skip


@given(st.lists(st.lists(CELLS, max_size=5), max_size=10), st.sampled_from(";,\t|"), st.booleans())
@settings(deadline=None)
def test_any_cells_are_members_told_or_refused_in_a_sentence(rows, separator, heading):
    lines = [separator.join(row) for row in rows]
    text = "\n".join([*(["nome;cpf", f"BIA;{BIA}"] if heading else []), *lines])
    try:
        found = read(text)
    except InvalidInput:
        assert not heading
        return
    for each in found.members:
        assert len(each.document) in {11, 14}
        assert not any(unicodedata.category(letter) == "Cc" for letter in each.name + each.external_id)
    numbers = [bad.number for bad in found.bad]
    assert numbers == sorted(set(numbers))
    assert all(0 < number <= text.count("\n") + text.count("\r") + 1 for number in numbers)

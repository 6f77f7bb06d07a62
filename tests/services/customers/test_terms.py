"""What people type into the search, and what it is taken for."""

from __future__ import annotations

import random
import string

import pytest
from brutils.cnpj import generate as cnpj_of
from brutils.cnpj import is_valid as cnpj_is_valid
from brutils.cpf import generate as cpf_of
from brutils.cpf import is_valid as cpf_is_valid
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.privacy import format_document
from hubsoft_tui.services.customers.documents import is_cnpj, is_cpf
from hubsoft_tui.services.customers.terms import Kind, Term, describe, missing_digit, recognise

seeds = st.integers(0, 2**32 - 1)


def made_cpf(seed: int) -> str:
    random.seed(seed)
    return str(cpf_of())


def made_cnpj(seed: int, *, alphanumeric: bool) -> str:
    random.seed(seed)
    return str(cnpj_of(alphanumeric=alphanumeric))


def recognised(text: str) -> Term | None:
    """Return the term, or None when it was refused; any other error fails the test."""
    try:
        return recognise(text)
    except InvalidInput:
        return None


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("86214941081", Kind.CPF, "86214941081"),
        ("862.149.410-81", Kind.CPF, "86214941081"),
        (" 862 149 410 81 \n", Kind.CPF, "86214941081"),
        ("８６２．１４９．４１０－８１", Kind.CPF, "86214941081"),
        ("\ufeff862.149.410-81\u200e", Kind.CPF, "86214941081"),
        ("03.560.714/0001-42", Kind.CNPJ, "03560714000142"),
        ("03560714000142", Kind.CNPJ, "03560714000142"),
        ("12.ABC.345/01DE-35", Kind.CNPJ, "12ABC34501DE35"),
        ("12abc34501de35", Kind.CNPJ, "12ABC34501DE35"),
        ("(37) 99999-2968", Kind.PHONE, "37999992968"),
        ("+55 37 99999-2968", Kind.PHONE, "37999992968"),
        ("5537999992968", Kind.PHONE, "37999992968"),
        ("037999992968", Kind.PHONE, "37999992968"),
        ("37999992968", Kind.PHONE, "37999992968"),
        ("(37) 3222-1111", Kind.PHONE, "3732221111"),
        ("3732221111", Kind.PHONE, "3732221111"),
        ("55 99999-2968", Kind.PHONE, "55999992968"),  # 55 is an area code too
        ("1204", Kind.CODE, "1204"),
        ("#001204", Kind.CODE, "1204"),
        ("código: 12345678", Kind.CODE, "12345678"),
        ("202401011200001", Kind.PROTOCOL, "202401011200001"),
        ("20240101120000123456", Kind.PROTOCOL, "20240101120000123456"),
        ("João  da\tSilva", Kind.NAME, "João da Silva"),
        ("maria", Kind.NAME, "maria"),
        ("D'Ávila-Souza", Kind.NAME, "D'Ávila-Souza"),
        ("Posto 24 Horas", Kind.NAME, "Posto 24 Horas"),
        ("Joao.Silva", Kind.LOGIN, "joao.silva"),
        ("maria2", Kind.LOGIN, "maria2"),
        ("ana@provider.example", Kind.LOGIN, "ana@provider.example"),
        ("fulanodasil024", Kind.LOGIN, "fulanodasil024"),  # the form of a CNPJ, typed as no one types those
        ("login:maria", Kind.LOGIN, "maria"),
        ("LOGIN: 86214941081", Kind.LOGIN, "86214941081"),
        ("nome:Ana", Kind.NAME, "Ana"),
        ("name: R2D2 Ltda", Kind.NAME, "R2D2 Ltda"),
        ("fone: 37 3222 1111", Kind.PHONE, "3732221111"),
        ("prot:202401011200001", Kind.PROTOCOL, "202401011200001"),
    ],
)
def test_what_is_typed_is_recognised(typed: str, kind: Kind, value: str) -> None:
    assert recognise(typed) == Term(kind, value)


@pytest.mark.parametrize("dash", "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\ufe58\uff0d")
def test_any_dash_is_a_hyphen(dash):
    assert recognise(f"862.149.410{dash}81") == Term(Kind.CPF, "86214941081")
    assert recognise(f"03.560.714/0001{dash}42") == Term(Kind.CNPJ, "03560714000142")
    assert recognise(f"37 99999{dash}2968") == Term(Kind.PHONE, "37999992968")


@pytest.mark.parametrize(
    ("typed", "kind", "value", "restored"),
    [
        ("86214941081.0", Kind.CPF, "86214941081", False),
        ("86214941081,00", Kind.CPF, "86214941081", False),
        ("8.6214941081E10", Kind.CPF, "86214941081", False),
        ('="86214941081"', Kind.CPF, "86214941081", False),
        ("'86214941081", Kind.CPF, "86214941081", False),
        ("00086214941081", Kind.CPF, "86214941081", False),
        ("1000316769", Kind.CPF, "01000316769", True),
        ("3560714000142.0", Kind.CNPJ, "03560714000142", True),
        ("37999992968.0", Kind.PHONE, "37999992968", False),
        ("1204.0", Kind.CODE, "1204", False),
        ("cnpj:00000000000191", Kind.CNPJ, "00000000000191", False),
        ("cpf:00000000000191", Kind.CPF, "00000000191", False),
        ("٨٦٢١٤٩٤١٠٨١", Kind.CPF, "86214941081", False),
    ],
)
def test_what_a_spreadsheet_or_database_wrote_is_read_and_lost_zeros_are_told(typed, kind, value, restored):
    term = recognise(typed)
    assert term == Term(kind, value)
    assert term.restored is restored


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1000316769.0", "two different"),
        ("3799992968.0", "two different"),
        ("fone: 3799992968,0", "two different"),
        ("00000000000191", "two different"),
        ("1.00032E+09", "shortened"),
        ("862.149.410_81", "signs that no document"),
        ("86214941 081", "points and hyphens are not"),
        ("3799992968-1", "check digits"),
        ("8621494108²", "signs that no document"),
    ],
)
def test_what_could_be_another_person_is_never_asked(typed, says):
    with pytest.raises(InvalidInput, match=says):
        recognise(typed)


def test_a_phone_without_its_ninth_digit_is_told():
    assert "ninth digit" in missing_digit(recognise("(37) 8888-7777"))
    assert missing_digit(recognise("(37) 3222-1111")) == ""
    assert missing_digit(recognise("(37) 98888-7777")) == ""


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type a CPF"),
        (" \n\x00\u200b ", "Type a CPF"),
        ("862.149.410-82", "check digits do not match"),
        ("111.111.111-11", "check digits do not match"),
        ("12345678901", "check digits do not match"),
        ("03.560.714/0001-43", "CNPJ: its check digits"),
        ("12ABC34501DE36", "CNPJ: its check digits"),
        ("12.abc.345/01de-36", "CNPJ: its check digits"),
        ("cpf:123", "has 11 digits; this has 3"),
        ("cnpj:123", "has 14 characters; this has 3"),
        ("99999-2968", "needs its area code"),
        ("(20) 99999-2968", "not a Brazilian phone"),
        ("+1 555 0100", "not a Brazilian phone"),
        ("1234567890123", "13 digits are no CPF"),
        ("1" * 21, "21 digits are no CPF"),
        ("0", "customer code"),
        ("#", "customer code"),
        ("#12a", "customer code"),
        ("12.34", "customer code"),
        ("protocol:12", "15 to 20 digits"),
        ("Jo", "at least 3 letters"),
        ("...", "letters or digits"),
        ("-", "at least 3 letters"),
        ("login:two words", "without spaces"),
        ("login:", "without spaces"),
        ("x" * 10_000, "10,000 characters"),
        ("ﷺ" * 190, "characters; a search has at most 200"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_sentence(typed: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        recognise(typed)


def test_a_refusal_does_not_repeat_the_document() -> None:
    with pytest.raises(InvalidInput) as caught:
        recognise("862.149.410-82")
    assert "862" not in str(caught.value)
    assert "862" not in repr(caught.value)


def test_documents_and_phones_are_masked_where_they_are_shown() -> None:
    assert recognise("86214941081").shown == "***.149.410-**"
    assert recognise("12ABC34501DE35").shown == "12.***.***/01DE-35"
    assert recognise("37999992968").shown == "(37) 9****-2968"
    assert recognise("maria").shown == "maria"
    assert "862" not in repr(recognise("86214941081"))


def test_every_kind_has_a_name() -> None:
    assert [describe(kind) for kind in Kind] == [
        "CPF", "CNPJ", "phone", "name", "customer code", "login", "ticket protocol",
    ]  # fmt: skip


@settings(deadline=None)
@given(st.text(max_size=300))
def test_anything_is_recognised_or_refused(text: str) -> None:
    term = recognised(text)
    if term is not None:
        assert term.value
        assert term.value.isprintable()


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), max_size=60)
    | st.from_regex(r"[0-9A-Za-z ()+./:#@-]{1,24}", fullmatch=True)
)
def test_recognising_again_changes_nothing(text: str) -> None:
    term = recognised(text)
    if term is None:
        return
    assert recognise(term.typed) == term
    assert recognise(f"{term.kind.value}:{term.value}") == term


@settings(deadline=None)
@given(seeds)
def test_every_valid_cpf_is_recognised_masked_and_bare(seed: int) -> None:
    cpf = made_cpf(seed)
    assert recognise(cpf) == recognise(format_document(cpf)) == Term(Kind.CPF, cpf)


@settings(deadline=None)
@given(seeds, st.booleans())
def test_every_valid_cnpj_is_recognised_masked_and_bare(seed: int, alphanumeric: bool) -> None:
    cnpj = made_cnpj(seed, alphanumeric=alphanumeric)
    for typed in (cnpj, cnpj.lower(), format_document(cnpj), format_document(cnpj).lower()):
        assert recognise(typed) == Term(Kind.CNPJ, cnpj)


@settings(deadline=None)
@given(seeds, st.integers(0, 10), st.integers(1, 9))
def test_a_cpf_with_one_changed_digit_is_refused(seed: int, place: int, step: int) -> None:
    cpf = made_cpf(seed)
    wrong = cpf[:place] + str((int(cpf[place]) + step) % 10) + cpf[place + 1 :]
    if is_cpf(wrong):  # 10 and 11 both give the check digit 0, so a few changes cannot be seen by anybody
        assert "0" in {cpf[9], cpf[10], wrong[9], wrong[10]}
        return
    with pytest.raises(InvalidInput, match="check digits"):
        recognise(format_document(wrong))
    bare = recognised(wrong)
    assert bare is None or bare.kind is Kind.PHONE  # bare digits may be a phone, never a CPF


@settings(deadline=None)
@given(seeds, st.integers(0, 11), st.sampled_from(string.digits + string.ascii_uppercase))
def test_a_cnpj_with_one_changed_character_is_refused(seed: int, place: int, other: str) -> None:
    cnpj = made_cnpj(seed, alphanumeric=True)
    wrong = cnpj[:place] + other + cnpj[place + 1 :]
    if is_cnpj(wrong):  # the same character, or one eleven further on
        assert (ord(other) - ord(cnpj[place])) % 11 == 0 or "0" in cnpj[12:] + wrong[12:]
        return
    with pytest.raises(InvalidInput, match="check digits"):
        recognise(format_document(wrong))


NEAR_CPF = st.from_regex(r"[0-9]{11}|0{11}", fullmatch=True) | st.text(max_size=14)
NEAR_CNPJ = st.from_regex(r"[0-9A-Z]{12}[0-9]{2}|1{14}", fullmatch=True)


@settings(deadline=None)
@given(seeds, NEAR_CPF, st.integers(0, 9))
def test_a_cpf_is_judged_as_brutils_does(seed: int, other: str, last: int) -> None:
    made = made_cpf(seed)
    for each in (made, f"{made[:-1]}{last}", other):
        assert is_cpf(each) == (each.isascii() and cpf_is_valid(each))


@settings(deadline=None)
@given(seeds, st.booleans(), NEAR_CNPJ, st.integers(0, 9))
def test_a_cnpj_is_judged_as_brutils_does(seed: int, letters: bool, other: str, last: int) -> None:
    made = made_cnpj(seed, alphanumeric=letters)
    for each in (made, f"{made[:-1]}{last}", other):
        assert is_cnpj(each) == (each.isascii() and cnpj_is_valid(each))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("CPF do cliente: 862.149.410-81, ligar amanhã", Kind.CPF, "86214941081"),
        ("Maria da Silva 86214941081", Kind.CPF, "86214941081"),
        ("empresa 12.ABC.345/01DE-35 (Centro)", Kind.CNPJ, "12ABC34501DE35"),
    ],
)
def test_one_document_within_a_pasted_sentence_is_what_is_searched(text, kind, value):
    assert recognise(text) == Term(kind, value)


def test_a_sentence_with_two_documents_or_a_wrong_one_is_not_guessed_at():
    for text in ("862.149.410-81 e 106.820.836-82", "Maria 862.149.410-82"):
        try:
            found = recognise(text)
        except InvalidInput:
            continue
        assert found.kind not in {Kind.CPF, Kind.CNPJ}

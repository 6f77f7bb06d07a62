"""Nothing that identifies a person, and no secret, gets through; nothing that moves a terminal either."""

from __future__ import annotations

import html
import json
import random
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from brutils.cnpj import generate as cnpj_of
from brutils.cpf import generate as cpf_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui import privacy
from hubsoft_tui.core.ports import StoredToken
from hubsoft_tui.privacy import (
    REPLACEMENT,
    clean,
    format_document,
    format_phone,
    hide,
    mask_document,
    mask_email,
    mask_phone,
    redact,
)
from hubsoft_tui.settings.tree import Profile
from tests.fuzzing import examples


@pytest.mark.parametrize(
    ("document", "masked", "formatted"),
    [
        ("86214941081", "***.149.410-**", "862.149.410-81"),
        ("862.149.410-81", "***.149.410-**", "862.149.410-81"),
        ("12ABC34501DE35", "12.***.***/01DE-35", "12.ABC.345/01DE-35"),
        ("12.abc.345/01de-35", "12.***.***/01DE-35", "12.ABC.345/01DE-35"),
        ("***.149.410-**", "***.149.410-**", "***.149.410-**"),
        ("12.***.***/01DE-35", "12.***.***/01DE-35", "12.***.***/01DE-35"),
        ("8621494108", "***", "8621494108"),
        ("", "", ""),
    ],
)
def test_documents(document: str, masked: str, formatted: str) -> None:
    assert mask_document(document) == masked
    assert format_document(document) == formatted


@pytest.mark.parametrize(
    ("phone", "masked", "formatted"),
    [
        ("37999992968", "(37) 9****-2968", "(37) 99999-2968"),
        ("+55 (37) 99999-2968", "(37) 9****-2968", "(37) 99999-2968"),
        ("3732221111", "(37) ****-1111", "(37) 3222-1111"),
        ("(37) 9****-2968", "(37) 9****-2968", "(37) 9****-2968"),
        ("190", "***", "190"),
        ("", "", ""),
    ],
)
def test_phones(phone: str, masked: str, formatted: str) -> None:
    assert mask_phone(phone) == masked
    assert format_phone(phone) == formatted


def test_emails() -> None:
    assert mask_email("joao.silva@provider.example") == "j***@provider.example"
    assert mask_email("not an address") == "***"
    assert mask_email("") == ""


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("cpf 862.149.410-81.", "862.149.410-81"),
        ("busca=cpf_cnpj&termo_busca=86214941081", "86214941081"),
        ("cpf_86214941081_x", "86214941081"),
        ("862149410-81", "862149410-81"),
        ("cnpj 03.560.714/0001-42", "560.714"),
        ("cnpj 03560714000142", "03560714000142"),
        ("cnpj=12abc34501de35", "12abc34501de35"),
        ("12.ABC.345/01DE-35", "ABC.345"),
        ("call (37) 99999-2968 now", "99999-2968"),
        ("+5537999992968", "37999992968"),
        ("37 3222 1111", "3222 1111"),
        ("99999-2968", "99999-2968"),
        ("mail joao.silva@provider.example", "joao.silva"),
        ("Authorization: Bearer abc.DEF-123", "abc.DEF-123"),
        ("{'authorization': 'Bearer abcdef123'}", "abcdef123"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("got bearer abcdef123456", "abcdef123456"),
        ("token eyJhbGciOiJSUzI1NiJ9.eyJqdGkiOiIx.c2ln here", "eyJqdGkiOiIx"),
        ("senha=hunter2", "hunter2"),
        ("a=1&senha=hunter2&b=2", "hunter2"),
        ("senha%3Dhunter2", "hunter2"),
        ("Senha: hunter2", "hunter2"),
        ("password='hunter 2 \\' x'", "hunter"),
        ('{"senha": "hun\\"ter2 tail"}', "ter2 tail"),
        ('{"senha":"hunter2', "hunter2"),
        ('{"senha": "hunter2 cut of', "cut of"),
        ('"{\\"client_secret\\": \\"hunter 2\\"}"', "hunter"),
        ('{"senhas": [{"descricao": "tv", "senha": "hun ter2"}]}', "ter2"),
        ('{"senhas":[{"descricao":"a b","usuario":"u","senha":"hun ter2"}]}', "ter2"),
        ("client_secret: 'hunter2'", "hunter2"),
        ('{"access_token":"hunter2"}', "hunter2"),
        ('{"senha": 123456}', "123456"),
        ("radius_password = b'hunter2'", "hunter2"),
        ("HUBSOFT_PASSWORD=hunter2", "hunter2"),
        ("HUBSOFT_CLIENT_SECRET=hunter2", "hunter2"),
        ("https://user:hunter2@host/x", "hunter2"),
    ],
)
def test_what_must_not_be_seen_is_hidden(text: str, secret: str) -> None:
    hidden = redact(text)
    assert secret not in hidden
    assert "***" in hidden


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01 12:30:00.123 sent in 0.42 s",
        "protocol 20240101120000123456",
        "GET /api/v1/integracao/cliente 200 in 1750000000000",
        "the password is wrong",
        "30 requests, 1000 waiting, TTL 14400",
        "the token was renewed",
    ],
)
def test_ordinary_lines_stay_readable(text: str) -> None:
    assert redact(text) == text


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from(["{}", "x={}&y", '{{"d": "{}"}}', "nº{}.", "({})"]),
)
def test_no_document_survives_in_any_company(seed: int, masked: bool, around: str) -> None:
    random.seed(seed)
    for document in (str(cpf_of()), str(cnpj_of()), str(cnpj_of(alphanumeric=True))):
        shown = format_document(document) if masked else document
        hidden = redact(around.format(shown))
        assert shown not in hidden
        assert redact(hidden) == hidden


@settings(deadline=None)
@given(
    st.text(min_size=1).filter(lambda text: text.strip()),
    st.sampled_from(["senha", "password", "client_secret"]),
)
def test_no_json_secret_survives(secret: str, key: str) -> None:
    marked = f"S3CR3T{secret}S3CR3T"
    assert "S3CR3T" not in redact(json.dumps({key: marked, "x": 1}))
    assert "S3CR3T" not in redact(json.dumps({key: marked}, ensure_ascii=False))
    assert "S3CR3T" not in redact(json.dumps(json.dumps({key: marked})))


@settings(deadline=None)
@given(st.text() | st.binary() | st.none() | st.integers())
def test_redacting_never_raises(value: object) -> None:
    assert isinstance(redact(value), str)


def test_what_cannot_be_written_is_said_to_be_so() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    assert redact(Broken()) == "[unreadable]"


@pytest.mark.parametrize("part", ["a", "_", "a_", "a.", "senha_", "token", "_token", "://a:", "a@", "senha "])
def test_a_long_text_of_anything_is_read_once(part: str) -> None:
    text = part * (200_000 // len(part))
    assert redact(text) == text  # quadratic patterns would not come back in this lifetime


@settings(deadline=None)
@given(st.text(st.characters()))
def test_cleaned_text_moves_no_terminal_and_can_be_written(text: str) -> None:
    line = clean(text)
    line.encode("utf-8")
    unsafe = {
        *range(0x20),
        *range(0x7F, 0xA0),
        0x2028,
        0x2029,
        0xFEFF,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    }
    assert not unsafe & {ord(character) for character in line}
    assert len(line) == len(text)


def test_lines_stay_lines_when_they_are_meant() -> None:
    assert clean("a\n\tb\x1b", multiline=True) == f"a\n\tb{REPLACEMENT}"
    assert clean("a\n\tb") == f"a{REPLACEMENT}{REPLACEMENT}b"
    assert clean("\ud800x\udfff") == f"{REPLACEMENT}x{REPLACEMENT}"


SPELT = (
    str,
    str.upper,
    str.swapcase,
    lambda text: quote(text, safe=""),
    quote_plus,
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    lambda text: "".join(f"&#{ord(character)};" for character in text),
    html.escape,
    lambda text: b64encode(text.encode()).decode(),
    lambda text: b64encode(f"api@provedor.example:{text}".encode()).decode(),
    lambda text: urlsafe_b64encode(f"ab{text}".encode()).decode(),
)


@examples(60)
@given(
    st.text(
        st.characters(
            min_codepoint=33, max_codepoint=0xFF, exclude_categories=["C", "Z"], exclude_characters="ßµÿ"
        ),
        min_size=8,
        max_size=60,
    ),
    st.sampled_from(SPELT),
)
def test_a_secret_is_hidden_in_whatever_form_it_comes_back(secret, spell):
    hide(secret)
    try:
        spelt = spell(secret)
        said = redact(f"O valor <{spelt}> não serve")
    finally:
        forget(secret)
    inner = spelt[4:-4] if spell in SPELT[-3:] else spelt
    assert inner.lower() not in said.lower() or inner.lower() in "***"
    assert said.startswith("O valor <")


def forget(secret: str) -> None:
    privacy._hidden.pop(secret, None)


@pytest.mark.parametrize(
    "written",
    [
        "862%2E149%2E410%2D81",
        "862.149.410\u201381",
        r"\u0038\u0036\u0032.149.410-81",
        "862 149 410/81",
        "862&#46;149.410-81",
    ],
)
def test_a_document_is_hidden_however_a_server_spells_it(written):
    assert "862" not in redact(f"CPF {written} inválido")


def test_a_profile_and_a_token_keep_their_secrets_out_of_what_is_said():
    try:
        Profile(password="segredo-que-volta", client_secret="outro-segredo")
        StoredToken("token-que-volta", 1, 0.0, 0.0, 0.0, 0.0, "boot")
        said = redact("segredo-que-volta outro%2Dsegredo TOKEN-que-volta")
    finally:
        for secret in ("segredo-que-volta", "outro-segredo", "token-que-volta"):
            forget(secret)
    assert said == "*** *** ***"

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.api import scalars
from hubsoft_tui.api.scalars import UnreadableError
from hubsoft_tui.formats import BRASILIA
from tests.fuzzing import examples

AT = datetime(2026, 1, 15, 10, 20, 30, tzinfo=BRASILIA)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-15 10:20:30", AT),
        ("2026-01-15 10:20:30.511128", AT.replace(microsecond=511128)),
        ("2026-01-15T10:20:30", AT),
        ("2026-01-15 10:20", AT.replace(second=0)),
        ("2026-01-15", date(2026, 1, 15)),
        ("15/01/2026", date(2026, 1, 15)),
        ("15/01/2026 10:20", AT.replace(second=0)),
        ("15/01/2026 10:20:30", AT),
        ("2026-01-15 10:20:30-03", AT),
        ("2026-01-15 09:20:30-04", AT),
        ("2026-01-15 13:20:30Z", AT),
        ("2026-01-15 18:50:30+05:30", AT),
        (1768483230000, AT),
        ("1768483230000", AT),
        ({"date": "2026-01-15 10:20:30.000000", "timezone_type": 3, "timezone": "America/Recife"}, AT),
        ({"date": "2026-01-15 09:20:30.000000", "timezone_type": 3, "timezone": "America/Manaus"}, AT),
        ({"date": "2026-01-15 09:20:30.000000", "timezone_type": 1, "timezone": "-04:00"}, AT),
        (None, None),
        ("", None),
        ([], None),
        ("0000-00-00 00:00:00", None),
    ],
)
def test_every_date_format(written: object, meant: object) -> None:
    found = scalars.moment(written)
    assert found == meant
    assert type(found) is type(meant)
    if isinstance(found, datetime):
        assert found.tzinfo is not None


@pytest.mark.parametrize(
    "written",
    [
        "31/02/2026",
        "2026-13-01",
        "ontem",
        "2026-01-15 25:00:00",
        True,
        {"date": 5},
        {"x": 1},
        ["2026-01-15"],
        float("nan"),
        float("inf"),
        10**30,
        "٢٠٢٦-٠١-١٥",
    ],
)
def test_what_is_no_date(written: object) -> None:
    with pytest.raises(UnreadableError):
        scalars.moment(written)


def test_a_zone_that_is_named_is_kept() -> None:
    found = scalars.instant("2026-01-15 10:00:00-04")
    assert found is not None
    assert found.utcoffset() == timedelta(hours=-4)


def test_a_day_as_an_instant_is_its_midnight_in_brasilia() -> None:
    assert scalars.instant("15/01/2026") == datetime(2026, 1, 15, 3, tzinfo=UTC)


def test_the_day_of_an_instant_is_the_day_where_it_was_written() -> None:
    assert scalars.day("2026-01-15 23:30:00-04") == date(2026, 1, 15)


@given(st.integers(-(10**9), 4 * 10**9))
def test_a_written_instant_and_its_epoch_twin_agree(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, BRASILIA)
    assert scalars.instant(seconds * 1000) == at
    assert scalars.instant(f"{at:%Y-%m-%d %H:%M:%S}") == at
    assert scalars.instant(f"{at:%Y-%m-%d %H:%M:%S}-03") == at
    assert scalars.instant(f"{at:%d/%m/%Y %H:%M:%S}") == at


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (119.9, "119.9"),
        ("119.9", "119.9"),
        ("20", "20"),
        (10, "10"),
        (0, "0"),
        ("1.234,56", "1234.56"),
        ("R$ 54,95", "54.95"),
        (-5.5, "-5.5"),
        ("0e-9999", "0"),
    ],
)
def test_money(written: object, meant: str) -> None:
    found = scalars.money(written)
    assert found == Decimal(meant)
    assert len(f"{found:f}") < 20


@pytest.mark.parametrize(
    "written",
    ["grátis", True, [1], float("nan"), float("inf"), "1e99999", "1e-99999", "9" * 40, 10**400, "sNaN"],
)
def test_what_is_no_money(written: object) -> None:
    with pytest.raises(UnreadableError):
        scalars.money(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("086.214.941-81", "08621494181"),
        ("05333614622", "05333614622"),
        (5333614622, "05333614622"),
        (191, "00000000191"),
        (29507487000185, "29507487000185"),
        ("12.abc.345/01de-35", "12ABC34501DE35"),
        ("", None),
        (None, None),
        ("--", None),
    ],
)
def test_documents_keep_letters_and_leading_zeros(written: object, meant: str | None) -> None:
    assert scalars.document(written) == meant


@pytest.mark.parametrize("written", [1.5, True, {"a": 1}, -4, 10**14])
def test_what_is_no_document(written: object) -> None:
    with pytest.raises(UnreadableError):
        scalars.document(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(7, 7), ("7", 7), ("00132508", 132508), (7.0, 7), (None, None), ("", None), ([], None)],
)
def test_ids(written: object, meant: int | None) -> None:
    assert scalars.identity(written) == meant


@pytest.mark.parametrize("written", [0, -1, "x", True, 1.5, 2**63, "9" * 30, {"id": 1}, [1], "٧"])
def test_what_is_no_id(written: object) -> None:
    with pytest.raises(UnreadableError):
        scalars.identity(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("sim", True),
        ("Sim", True),
        ("não", False),
        ("nao", False),
        ("Não", False),
        ("1", True),
        ("true", True),
        (None, None),
        ("", None),
        ([], None),
    ],
)
def test_flags(written: object, meant: bool | None) -> None:
    assert scalars.flag(written) is meant


@pytest.mark.parametrize("written", [2, "talvez", 1.0, ["sim"]])
def test_what_is_no_flag(written: object) -> None:
    with pytest.raises(UnreadableError):
        scalars.flag(written)


def test_texts_are_cleaned() -> None:
    assert scalars.text("a\x1b]52;c;x\x07b") == "a\ufffd]52;c;x\ufffdb"
    assert scalars.text("ANA\r\n\tSILVA ") == "ANA SILVA"
    assert scalars.text("a\u202eb") == "a\ufffdb"
    assert scalars.text("  ") is None
    assert scalars.text("[red]x[/]") == "[red]x[/]"
    assert scalars.text(12) == "12"
    assert scalars.lines("um\r\ndois\rtrês\x9b") == "um\ndois\ntrês\ufffd"


@given(st.text(st.characters()))
def test_a_text_can_always_be_stored_and_shown(written: str) -> None:
    for found in (scalars.text(written), scalars.lines(written)):
        (found or "").encode()
        assert not {"\x1b", "\x9b", "\r", "\u202e", "\u2066"} & set(found or "")


def test_a_lone_surrogate_does_not_survive() -> None:
    assert scalars.text(json.loads('"a\\ud800b"')) == "a\ufffdb"


def test_an_error_never_holds_the_value() -> None:
    with pytest.raises(UnreadableError) as caught:
        scalars.money("very private")
    assert caught.value.args == ()


@examples(400)
@given(
    value=st.one_of(
        st.sampled_from(
            [
                "1e999999999", "-1e999999999", "1e-999999999", "1E+9999999999999999999", "NaN", "sNaN", "Infinity",
                "-inf", "1" * 5000, "0e999999999", "0000-01-01", "0001-01-01 00:00:00", "9999-12-31 23:59:59-03:00",
                "99999-01-01", "2020-01-01 00:00:00+99:99", "\ud800", 10**5000, -(10**5000), 1e308, -1e308,
                {"date": "2020-01-01 00:00:00", "timezone": "+99:99"}, {"date": "\ud800", "timezone": "UTC"},
                float("nan"), float("inf"), float("-inf"), -62135596800000, 253402300800000,
            ]
        ),
        st.text(max_size=30),
        st.integers(),
        st.floats(),
        st.from_regex(r"[-+0-9eE.,:TZ /]{0,30}", fullmatch=True),
    )
)  # fmt: skip
def test_whatever_json_holds_is_a_value_nothing_or_unreadable(value):
    for read in (
        scalars.text, scalars.lines, scalars.document, scalars.identity, scalars.integer, scalars.real,
        scalars.money, scalars.flag, scalars.moment, scalars.instant, scalars.day,
    ):  # fmt: skip
        try:
            found = read(value)
        except UnreadableError:
            continue
        # What was accepted can be computed with, moved to another zone and written down.
        if isinstance(found, datetime):
            found = found.astimezone(UTC)
        if isinstance(found, Decimal):
            found = found * 2 + 1
        assert len(f"{found}".encode()) < 6000, read


def test_an_amount_is_bounded_before_it_is_computed_with():
    for written in ("1e12", "1e999999999", "1e-13"):
        with pytest.raises(UnreadableError):
            scalars.money(written)
    assert scalars.money("999999999999.99") == Decimal("999999999999.99")
    assert scalars.money("0e999999999") == 0

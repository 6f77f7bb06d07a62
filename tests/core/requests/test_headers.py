from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from hubsoft_tui.core.requests.reply import pause_in_body, read_limits, reset_after, retry_after

WALL = 1_795_000_000.0


def http_date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(WALL + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "3, 9"}, 3.0),
        ({"retry-after": http_date(90)}, 90.0),
        ({"retry-after": http_date(-90)}, 0.0),
        ({"retry-after": http_date(7290), "date": http_date(7200)}, 90.0),
        ({"retry-after": http_date(90), "date": "nonsense"}, 90.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after": "Mon, 99 Foo 99999 99:99:99"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers, expected):
    assert retry_after(headers, WALL) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-reset": str(WALL + 20)}, 20.0),
        ({"x-ratelimit-reset": str((WALL + 20) * 1000)}, 20.0),
        ({"x-ratelimit-reset": str(WALL + 20), "date": http_date(10)}, 10.0),
        ({"x-ratelimit-reset": "12"}, 12.0),
        ({"ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-reset": str(WALL - 20)}, None),
        ({"x-ratelimit-reset": "nan"}, None),
        ({"ratelimit": '"default";r=0;t=30'}, 30.0),
        ({"ratelimit": "limit=100, remaining=0, reset=5"}, 5.0),
        ({}, None),
    ],
)
def test_a_limits_reset_is_an_instant_or_seconds(headers, expected):
    assert reset_after(headers, WALL) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"retry_after": 9}', 9.0),
        (b'{"message": "Too Many Attempts.", "retry_after": "12"}', 12.0),
        (b'{"retry_after": [9]}', None),
        (b'{"retry_after": Infinity}', None),
        (b'{"retry_after": ' + b"9" * 5000 + b"}", None),
        (b"[" * 100_000, None),
        (b"\xff\xfe", None),
        (b"<html>", None),
        (b"[1]", None),
    ],
)
def test_a_body_may_say_it_too(body, expected):
    assert pause_in_body(body) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-limit": "60", "x-ratelimit-remaining": "59"}, (60, 59)),
        ({"x-ratelimit-remaining": "0"}, (None, 0)),
        ({"ratelimit": '"default";r=12;t=30'}, (None, 12)),
        ({"ratelimit": "limit=100, remaining=40, reset=5"}, (100, 40)),
        ({"x-ratelimit-limit": "many"}, (None, None)),
        ({"x-ratelimit-limit": "6_0", "x-ratelimit-remaining": "٣"}, (None, None)),
        ({"ratelimit": f"limit=100, remaining={'9' * 5000}"}, (100, None)),
        ({"ratelimit": f"limit={'9' * 400};r=5"}, (None, 5)),
        ({}, (None, None)),
    ],
)
def test_limits_are_read_from_laravel_and_from_the_draft(headers, expected):
    assert read_limits(headers) == expected

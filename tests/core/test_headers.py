from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from hubsoft_tui.core.headers import read_limits, retry_after

WALL = 1_795_000_000.0


def http_date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(WALL + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"retry-after": "17"}, b"", 17.0),
        ({"retry-after": " 0 "}, b"", 0.0),
        ({"retry-after": http_date(90)}, b"", 90.0),
        ({"retry-after": http_date(-90)}, b"", 0.0),
        ({"retry-after": "soon"}, b'{"retry_after": 9}', 9.0),
        ({}, b'{"message": "Too Many Attempts.", "retry_after": "12"}', 12.0),
        ({}, b"<html>", None),
        ({}, b"[1]", None),
        ({"retry-after": "-5"}, b"", None),
        ({"retry-after": "1e400"}, b"", None),
    ],
)
def test_retry_after_is_read_in_every_form_and_nonsense_is_nothing(headers, body, expected):
    assert retry_after(headers, body, WALL) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-limit": "60", "x-ratelimit-remaining": "59"}, (60, 59)),
        ({"x-ratelimit-remaining": "0"}, (None, 0)),
        ({"ratelimit": '"default";r=12;t=30'}, (None, 12)),
        ({"ratelimit": "limit=100, remaining=40, reset=5"}, (100, 40)),
        ({"x-ratelimit-limit": "many"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_limits_are_read_from_laravel_and_from_the_draft(headers, expected):
    assert read_limits(headers) == expected

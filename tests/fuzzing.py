"""How much a test does: little in the suite, much in its long form (`make test-long`).

Mark such a test with `pytest.mark.long`. A fuzz test is decorated with `@examples(60)`; whatever else must grow with
the form (bytes typed, processes killed, members of a list) takes its size from `scaled` or `in_form`.
"""

from __future__ import annotations

import os
from typing import Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings

T = TypeVar("T")

PROFILE: Final = "HYPOTHESIS_PROFILE"
LONG: Final = "long"
TIMES: Final = 50
"""How many times as much the long form does."""

only_long: Final = pytest.mark.skipif(os.environ.get(PROFILE) != LONG, reason="takes minutes: make test-long")
"""For a test that has no short form."""


def in_form(few: T, many: T) -> T:
    """Return `few`, or `many` in the long form."""
    return many if os.environ.get(PROFILE) == LONG else few


def scaled(few: int) -> int:
    """Return `few`, or `TIMES` as many in the long form."""
    return in_form(few, few * TIMES)


def examples(few: int, many: int | None = None) -> settings:
    """Return settings for `few` examples, or in the long form `many` (`TIMES` as many); no example is timed."""
    return settings(
        max_examples=in_form(few, few * TIMES if many is None else many),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )

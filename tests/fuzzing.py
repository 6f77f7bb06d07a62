"""How many examples a fuzz test takes: few in the suite, many in its long form (`make test-long`).

Mark such a test with `pytest.mark.long` and decorate it with `@examples(60)`. Whatever else must grow with the
form (bytes typed, members of a list) takes its size from `scaled`.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

PROFILE: Final = "HYPOTHESIS_PROFILE"
LONG: Final = "long"
TIMES: Final = 50
"""How many times as much the long form does."""


def scaled(few: int) -> int:
    """Return `few`, or `TIMES` as many in the long form."""
    return few * TIMES if os.environ.get(PROFILE) == LONG else few


def examples(few: int) -> settings:
    """Return settings for `few` examples, or `TIMES` as many in the long form; no example is timed."""
    return settings(
        max_examples=scaled(few), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )

"""The weathers of the simulated API, to be switched while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hubsoft_tui.texts import N_


@dataclass(frozen=True, slots=True)
class Scenario:
    """One weather. `title` and `help` are marked texts: translate them when they are shown.

    `latency` is in seconds; `seconds_per_row` is added for every row a page was asked to hold;
    `changes` is how many tickets change in a minute; `rate_limit` is requests per window, or None;
    `mix` is a list of (probability, kind of fault); an `outage` answers no request.
    """

    name: str
    title: str
    help: str
    latency: tuple[float, float] = (0.02, 0.08)
    seconds_per_row: float = 0.0
    changes: float = 6.0
    rate_limit: int | None = None
    mix: tuple[tuple[float, str], ...] = ()
    outage: bool = False
    revokes: bool = False


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario("calm", N_("Calm"), N_("Everything answers quickly; a few tickets change every minute.")),
        Scenario(
            "busy",
            N_("Busy"),
            N_("Tickets change all the time and answers take up to 300 ms."),
            latency=(0.08, 0.3),
            changes=60.0,
        ),
        Scenario(
            "rate-limited",
            N_("Rate limited"),
            N_("More than 10 requests in a minute are refused with HTTP 429."),
            rate_limit=10,
        ),
        Scenario(
            "slow",
            N_("Slow"),
            N_("Answers take 3 to 8 seconds, and big pages longer than anybody waits."),
            latency=(3.0, 8.0),
            seconds_per_row=0.08,
        ),
        Scenario(
            "flaky",
            N_("Flaky"),
            N_("About one answer in three fails: errors, resets, cut or empty bodies, HTML pages."),
            mix=(
                (0.08, "status:500"),
                (0.06, "html:502"),
                (0.06, "reset"),
                (0.04, "truncated"),
                (0.03, "empty"),
                (0.03, "html"),
                (0.03, "content_type"),
            ),
        ),
        Scenario(
            "outage",
            N_("Outage"),
            N_("HubSoft is down: connections are closed or answered with HTTP 503."),
            outage=True,
        ),
        Scenario(
            "token-revoked",
            N_("Token revoked"),
            N_("Every token is revoked at once, as after an update; then all is calm."),
            revokes=True,
        ),
    )
}

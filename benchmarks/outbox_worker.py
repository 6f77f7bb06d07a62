"""A process that opens tickets until it is killed: `python -m benchmarks.outbox_worker WAY SETTINGS`.

WAY is `ours` (a console with its outbox), or what programs usually do over httpx: `any` repeats after any error,
`unsent` only what certainly never left. SETTINGS is JSON. On stdin come case numbers, one a line. On stdout it says
`ready`, and then `take N`, `done N` and `fail N`; ours says nothing more, because its file does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks import fixture
from hubsoft_tui.api.tickets import open_ticket
from hubsoft_tui.api.token import token
from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.outbox.types import NewTicket
from hubsoft_tui.settings.tree import (
    HealthSettings,
    HttpSettings,
    LimiterSettings,
    OutboxSettings,
    Profile,
    RetrySettings,
    Settings,
)

AT_ONCE = 4
TRIES = 5


def case(number: int) -> str:
    """What the ticket of a case says."""
    return f"Sem acesso, caso {number}."


def draft(number: int, service: int, code: int) -> NewTicket:
    return NewTicket(service, case(number), "Bianca Couto", "37999992968", customer_code=code)


def settings_of(told: dict[str, Any]) -> Settings:
    return Settings(
        profile=Profile(**told["profile"]),
        home=told["home"],
        limiter=LimiterSettings(max_requests_per_minute=fixture.LIFTED),
        retry=RetrySettings(max_retries=1, backoff_base=0.02, backoff_max=0.05),
        http=HttpSettings(read_timeout=told["timeout"]),
        health=HealthSettings(failures_to_open=1000),
        outbox=OutboxSettings(quiet_seconds=told["quiet"], retry_seconds=0.2),
    )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def ours(told: dict[str, Any], numbers: Sequence[int]) -> None:
    """Write every case that is not in the outbox yet, and go on sending until killed."""
    hub = Hub(settings_of(told), background=True)
    hub.start()
    say("ready")

    async def put(services: Services) -> None:
        there = {entry.draft.description for entry in await services.outbox.entries()}  # type: ignore[union-attr]
        for number in numbers:
            if case(number) not in there:
                written = draft(number, *told["services"][number])
                await services.outbox.put(await services.outbox.check(written))

    hub.call(put)
    sys.stdin.read()


async def usual(told: dict[str, Any], numbers: Sequence[int], *, any_error: bool) -> None:
    """Open tickets as a program without an outbox does: tries in memory, with growing waits."""
    profile = Profile(**told["profile"])
    login = token(profile.client_id, profile.client_secret, profile.username, profile.password)
    waiting = list(reversed(numbers))
    async with httpx.AsyncClient(base_url=profile.url, timeout=told["timeout"], trust_env=False) as client:
        grant = (await client.post(login.path, json=login.body)).json()
        client.headers["authorization"] = f"Bearer {grant['access_token']}"
        say("ready")

        async def work() -> None:
            while waiting:
                number = waiting.pop()
                say(f"take {number}")
                done = await _opened(client, draft(number, *told["services"][number]), any_error=any_error)
                say(f"{'done' if done else 'fail'} {number}")

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def _opened(client: httpx.AsyncClient, wanted: NewTicket, *, any_error: bool) -> bool:
    operation = open_ticket(
        service_id=wanted.service_id,
        description=wanted.description,
        contact_name=wanted.contact_name,
        contact_phone=wanted.contact_phone,
    )
    for attempt in range(TRIES):
        try:
            answer = await client.post(operation.path, json=operation.body)
            if answer.status_code == 429:
                raise httpx.ConnectError("not taken")
            answer.raise_for_status()
            operation.read(answer.content)
            return True
        except httpx.ConnectError:
            pass
        except (httpx.HTTPError, HubSoftError):
            if not any_error:
                return False
        await asyncio.sleep(0.02 * 2**attempt + random.uniform(0, 0.02))
    return False


def main() -> None:
    """Do it one way until done or killed."""
    logging.disable(logging.CRITICAL)
    way, told = sys.argv[1], json.loads(sys.argv[2])
    numbers = [int(line) for line in iter(sys.stdin.readline, "\n")]
    if way == "ours":
        ours(told, numbers)
    else:
        asyncio.run(usual(told, numbers, any_error=way == "any"))


if __name__ == "__main__":
    main()

from __future__ import annotations

import asyncio
import stat
from typing import Any

import pytest

from hubsoft_tui.api.models import TokenGrant
from hubsoft_tui.core.requests.tokens import REFUSED_SECONDS, Tokens
from hubsoft_tui.errors import CredentialsRefused, StoreError, Unreachable
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness
from hubsoft_tui.store.state import MIGRATIONS, SqliteTokens
from tests.clocks import HandClock


class Provider:
    """Counts logins; each gives another token."""

    def __init__(self, lifetime: float = 2_592_000.0) -> None:
        self.lifetime = lifetime
        self.logins = 0
        self.error: Exception | None = None

    async def login(self) -> TokenGrant:
        self.logins += 1
        number = self.logins
        await asyncio.sleep(0.001)
        if self.error is not None:
            raise self.error
        return TokenGrant(access_token=f"token-{number}", lifetime=self.lifetime)


@pytest.fixture
def home(tmp_path):
    opened: list[Any] = []

    class Home:
        clock = HandClock()

        def process(self, provider: Provider, account: str = "account") -> Tokens:
            database = open_database(tmp_path / "state.db", MIGRATIONS)
            liveness = ProcessLiveness(tmp_path / "alive")
            opened.extend((database, liveness))
            port = SqliteTokens(database, account, liveness, self.clock)
            return Tokens(port, self.clock, provider.login, buffer_seconds=300)

    yield Home()
    for each in opened:
        each.close()


async def renewal(tokens: Tokens, value: str) -> None:
    """Wait until a renewal in the background has brought `value`."""
    async with asyncio.timeout(10):
        while (await tokens.current()).value != value:
            await asyncio.sleep(0.001)


async def test_a_hundred_at_once_log_in_once(home):
    provider = Provider()
    tokens = home.process(provider)
    values = await asyncio.gather(*(tokens.current() for _ in range(100)))
    assert provider.logins == 1
    assert {token.value for token in values} == {"token-1"}


async def test_a_restart_logs_in_only_when_the_token_has_expired(home):
    provider = Provider()
    await home.process(provider).current()
    home.clock.advance(2_592_000 - 400)
    assert (await home.process(provider).current()).value == "token-1"
    home.clock.advance(400)
    assert (await home.process(provider).current()).value == "token-2"


async def test_it_is_renewed_in_the_background_before_it_ends(home):
    provider = Provider()
    tokens = home.process(provider)
    await tokens.current()
    home.clock.advance(2_592_000 - 250)
    assert (await tokens.current()).value == "token-1", "no question waits for an early renewal"
    await renewal(tokens, "token-2")
    assert provider.logins == 2


async def test_a_short_lived_token_is_renewed_a_tenth_early(home):
    provider = Provider(lifetime=120)
    tokens = home.process(provider)
    await tokens.current()
    home.clock.advance(100)
    await tokens.current()
    await asyncio.sleep(0.005)
    assert provider.logins == 1
    home.clock.advance(9)
    await renewal(tokens, "token-2")
    assert provider.logins == 2


@pytest.mark.parametrize("lifetime", [0.0, -5.0, 1.0])
async def test_a_senseless_lifetime_does_not_make_every_question_a_login(home, lifetime):
    provider = Provider(lifetime=lifetime)
    tokens = home.process(provider)
    for _ in range(20):
        await tokens.current()
        home.clock.advance(1)
    assert provider.logins == 1


async def test_a_hundred_rejections_of_one_version_are_one_login(home):
    provider = Provider()
    tokens = home.process(provider)
    token = await tokens.current()

    async def rejected() -> str:
        tokens.rejected(token.version)
        return (await tokens.current()).value

    assert set(await asyncio.gather(*(rejected() for _ in range(100)))) == {"token-2"}
    tokens.rejected(token.version)  # a straggler of the old version
    assert (await tokens.current()).value == "token-2"
    assert provider.logins == 2


async def test_two_processes_log_in_once_and_share_what_they_got(home):
    provider = Provider()
    mine, other = home.process(provider), home.process(provider)
    first, second = await asyncio.gather(mine.current(), other.current())
    assert first.value == second.value == "token-1"
    other.rejected(second.version)
    assert (await mine.current()).value == "token-2"
    assert provider.logins == 2


async def test_a_dead_process_frees_the_right_to_log_in(home, tmp_path):
    database, liveness = (
        open_database(tmp_path / "state.db", MIGRATIONS),
        ProcessLiveness(tmp_path / "alive"),
    )
    assert await SqliteTokens(database, "account", liveness, home.clock).lease(1e9)
    liveness.close()
    database.close()
    assert (await home.process(Provider()).current()).value == "token-1"


async def test_a_late_rejection_does_not_hit_a_newer_token(home):
    provider = Provider()
    tokens = home.process(provider)
    versions = []
    for _ in range(3):
        token = await tokens.current()
        versions.append(token.version)
        tokens.rejected(token.version)
    assert versions == sorted(set(versions))


async def test_refused_credentials_are_not_tried_again_for_a_minute(home):
    provider = Provider()
    provider.error = CredentialsRefused("no")
    tokens = home.process(provider)
    for _ in range(5):
        with pytest.raises(CredentialsRefused):
            await tokens.current()
    assert provider.logins == 1
    home.clock.advance(REFUSED_SECONDS)
    provider.error = None
    assert (await tokens.current()).value == "token-2"


async def test_a_failed_login_is_tried_again_by_the_next_question(home):
    provider = Provider()
    provider.error = Unreachable("down")
    tokens = home.process(provider)
    results = await asyncio.gather(*(tokens.current() for _ in range(10)), return_exceptions=True)
    assert all(isinstance(error, Unreachable) for error in results)
    assert provider.logins == 1
    provider.error = None
    assert (await tokens.current()).value == "token-2"


async def test_clock_steps_neither_crash_nor_loop(home):
    provider = Provider(lifetime=3600)
    tokens = home.process(provider)
    await tokens.current()
    home.clock.step_wall(-86_400)
    await tokens.current()
    assert provider.logins == 1
    home.clock.advance(3600)  # the other clock says it is over
    await tokens.current()
    assert provider.logins == 2
    home.clock.step_wall(+86_400)
    for _ in range(5):
        await tokens.current()
    assert provider.logins == 3, "one login after a forward step, not one each time"


async def test_a_full_disk_keeps_the_token_for_this_process(home, monkeypatch):
    provider = Provider()
    tokens = home.process(provider)

    def full(self: object, _token: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(SqliteTokens, "save", full)
    for _ in range(3):
        assert (await tokens.current()).value == "token-1"
    tokens.rejected((await tokens.current()).version)
    assert (await tokens.current()).value == "token-2"


async def test_the_token_is_in_a_private_file_and_no_text(home, tmp_path):
    tokens = home.process(Provider())
    token = await tokens.current()
    assert stat.S_IMODE((tmp_path / "state.db").stat().st_mode) == 0o600
    assert "token-1" not in f"{token!r} {token} {tokens.state()!r}"


async def test_a_failed_early_renewal_is_not_retried_by_every_question(home):
    provider = Provider()
    tokens = home.process(provider)
    await tokens.current()
    home.clock.advance(2_592_000 - 250)
    provider.error = Unreachable("down")
    for _ in range(20):
        assert (await tokens.current()).value == "token-1"
        await asyncio.sleep(0.002)
    assert provider.logins == 2
    home.clock.advance(30)
    provider.error = None
    await tokens.current()
    await asyncio.sleep(0.005)
    assert provider.logins == 3


async def test_a_refused_token_on_disk_is_not_used_again(home, monkeypatch):
    provider = Provider()
    tokens = home.process(provider)
    token = await tokens.current()

    def full(self: object, _version: int) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(SqliteTokens, "discard", full)
    tokens.rejected(token.version)
    assert (await tokens.current()).value == "token-2"

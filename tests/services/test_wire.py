"""What arrives that HubSoft never sent: pauses come first, bodies are bounded, and nothing is a fault of its own."""

from __future__ import annotations

import contextlib
import gzip
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hubsoft_tui.core.limiter.ledger import Throttle
from hubsoft_tui.errors import (
    BadAnswer,
    CredentialsRefused,
    HubSoftError,
    NotFound,
    RateLimited,
    Refused,
    Unreachable,
)
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import HttpSettings, LimiterSettings, RetrySettings
from tests.fuzzing import examples
from tests.raw_server import Stranger, answer, found, settings_at

BIANCA = "86214941081"
ROW = {"id_cliente": 1, "codigo_cliente": 1, "nome_razaosocial": "BIANCA COUTO", "cpf_cnpj": BIANCA}
NESTED = b"[" * 20_000
DATE = "Thu, 26 Nov 2026 12:00:00 GMT"
LATER = "Thu, 26 Nov 2026 12:00:30 GMT"


@pytest.fixture
def hub_at(tmp_path):
    """Start hubs at an address; closed at the end."""
    hubs: list[Hub] = []

    def start(url: str, **sections: object) -> Hub:
        hub = Hub(settings_at(url, tmp_path / str(len(hubs)), **sections))
        hub.start()
        hubs.append(hub)
        return hub

    yield start
    for hub in hubs:
        hub.close()


def lookup(hub: Hub, term: str = BIANCA):
    return hub.call(lambda s: s.customers.lookup(term))


def paused(hub: Hub) -> float:
    async def ask(services) -> float:
        return services.engine.budget().paused_for

    return hub.call(ask)


def first(then: bytes, *after: bytes):
    """Answer `then` first, and `after` (the last of them without end) to what follows."""
    rest = after or (found(ROW),)
    return lambda asked: then if asked.number == 1 else rest[min(asked.number - 2, len(rest) - 1)]


# -- pauses


ASKING_FOR_30_SECONDS = {
    "laravel": (["Retry-After: 30", "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 0"], b""),
    "date": ([f"Retry-After: {LATER}", f"Date: {DATE}"], b""),
    "reset": (["X-RateLimit-Reset: 30", "X-RateLimit-Remaining: 0"], b"<html>"),
    "draft": (['RateLimit: "default";r=0;t=30'], b""),
    "body": ([], b'{"retry_after": 30}'),
    "nested": (["Retry-After: 30"], NESTED),
    "no gzip": (["Retry-After: 30", "Content-Encoding: gzip"], b"no gzip"),
}


@pytest.mark.parametrize("kind", ASKING_FOR_30_SECONDS)
def test_a_429_says_itself_how_long_its_pause_is(hub_at, kind):
    headers, body = ASKING_FOR_30_SECONDS[kind]
    with Stranger(lambda _asked: answer(429, body, *headers)) as stranger:
        hub = hub_at(stranger.url)
        with pytest.raises(RateLimited):
            lookup(hub)
        assert 20 < paused(hub) <= 30
        assert len(stranger.asked) == 1


def test_a_person_waits_a_short_pause_and_is_answered(hub_at):
    with Stranger(first(answer(429, b"", "Retry-After: 1", "X-RateLimit-Remaining: 0"))) as stranger:
        assert lookup(hub_at(stranger.url)).found
        before, after = (asked.at for asked in stranger.asked)
    assert 0.9 <= after - before < 15


UNTIMED = {
    "nested": answer(429, NESTED),
    "endless number": answer(429, b'{"retry_after": ' + b"9" * 5000 + b"}"),
    "no number": answer(429, b'{"retry_after": {"a": []}}'),
    "cut": answer(429, b"", length=500),
    "large": answer(429, b"x" * 200_000),
    "bomb": answer(429, gzip.compress(bytes(10_000_000)), "Content-Encoding: gzip"),
    "brotli": answer(429, b"", "Content-Encoding: br"),
}


@pytest.mark.parametrize("kind", UNTIMED)
def test_a_429_that_names_no_time_pauses_a_minute(hub_at, kind):
    with Stranger(lambda _asked: UNTIMED[kind]) as stranger:
        hub = hub_at(stranger.url)
        with pytest.raises(RateLimited):
            lookup(hub)
        assert 50 < paused(hub) <= 60
        assert len(stranger.asked) == 1


def test_a_429_pauses_before_its_endless_body_is_read(hub_at):
    def drip(_asked):
        yield answer(429, b"", "Retry-After: 30", length=10_000)
        for _ in range(100):
            time.sleep(0.05)
            yield b"."

    with Stranger(drip) as stranger:
        hub = hub_at(stranger.url)
        began = time.monotonic()
        with pytest.raises(RateLimited):
            lookup(hub)
        assert time.monotonic() - began < 15
        assert 20 < paused(hub) <= 30


def test_the_longest_pause_is_a_setting(hub_at):
    with Stranger(lambda _asked: answer(429, b"", "Retry-After: 86000")) as stranger:
        hub = hub_at(stranger.url, limiter=LimiterSettings(max_requests_per_minute=6000, longest_pause=120))
        with pytest.raises(RateLimited):
            lookup(hub)
        assert 100 < paused(hub) <= 120


def test_a_503_with_a_short_retry_after_is_obeyed(hub_at):
    with Stranger(first(answer(503, b"<html>", "Retry-After: 1"))) as stranger:
        assert lookup(hub_at(stranger.url)).found
        before, after = (asked.at for asked in stranger.asked)
    assert after - before >= 0.9


def test_a_503_with_a_long_retry_after_keeps_requests_away(hub_at):
    with Stranger(lambda _asked: answer(503, b"", "Retry-After: 60")) as stranger:
        hub = hub_at(stranger.url)
        with pytest.raises(BadAnswer):
            lookup(hub)
        with pytest.raises(Unreachable, match="asks to be tried again in"):
            lookup(hub, "10682083682")
        assert len(stranger.asked) == 1
        assert paused(hub) == 0


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://portal.example/login?user=private", "https://portal.example"),
        ("//user:secret@elsewhere.example:8443/x", "elsewhere.example:8443"),
        ("/painel/private", "answers with a redirect"),
        ("http://[private", "answers with a redirect"),
        ("", "answers with a redirect"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_told_once_with_where_it_leads(hub_at, location, told, status):
    with Stranger(lambda _asked: answer(status, b"", f"Location: {location}")) as stranger:
        with pytest.raises(BadAnswer, match=told) as caught:
            lookup(hub_at(stranger.url))
        assert len(stranger.asked) == 1
    assert "private" not in str(caught.value)
    assert "secret" not in str(caught.value)


# -- bodies


def test_a_value_that_is_no_amount_keeps_its_row(hub_at):
    wrong = ROW | {"servicos": [{"id_cliente_servico": 7, "valor": "1e999999999", "status": "x"}]}
    with Stranger(lambda _asked: found(wrong)) as stranger:
        shown = lookup(hub_at(stranger.url))
    assert shown.customers[0].name == "BIANCA COUTO"
    assert shown.customers[0].services[0].price is None


def test_millions_of_empty_rows_are_told_quickly(hub_at):
    rows = b"{}," * 10_000_000

    def flood(_asked):
        yield answer(200, b'{"status":"success","clientes":[', length=len(rows) + 40)
        yield rows

    with Stranger(flood) as stranger:
        began = time.monotonic()
        with pytest.raises(HubSoftError, match="millions of values"):
            lookup(hub_at(stranger.url))
        assert time.monotonic() - began < 20


def test_more_rows_than_any_answer_has_are_refused(hub_at):
    with Stranger(lambda _asked: found(*["{}"] * 20_001)) as stranger, pytest.raises(BadAnswer, match="rows"):
        lookup(hub_at(stranger.url))


def test_a_token_with_a_line_end_is_one_login(hub_at):
    with Stranger(lambda _asked: found(ROW)) as stranger:
        stranger.login = answer(
            200, b'{"token_type": "Bearer", "expires_in": 99999, "access_token": "abc\\n"}'
        )
        assert lookup(hub_at(stranger.url)).found
        assert len(stranger.logins) == 1
        assert b"Authorization: Bearer abc\r\n" in stranger.asked[0].head + b"\r\n"


def test_cookies_are_not_kept(hub_at):
    cookies = [f"Set-Cookie: a{number}={'x' * 1000}; Path=/" for number in range(20)]
    with Stranger(lambda _asked: answer(200, b'{"status":"success","clientes":[]}', *cookies)) as stranger:
        hub = hub_at(stranger.url)
        for _ in range(3):
            hub.call(lambda s: s.customers.lookup(BIANCA, refresh=True))
        assert all(b"cookie" not in asked.head.lower() for asked in stranger.asked)


def squeezed(body: bytes, layers: list[str]) -> bytes:
    for layer in layers:
        if layer == "gzip":
            body = gzip.compress(body)
        elif layer == "deflate":
            body = zlib.compress(body)
    return body


STATUSES = st.sampled_from(
    [100, 101, 200, 201, 204, 299, 301, 304, 400, 401, 403, 404, 405, 413, 418, 422, 429]
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"",
            NESTED,
            b'{"a":' * 5000,
            b"9" * 6000,
            b'"' + b"\\ud800" * 10 + b'"',
            b'{"status":"success","clientes":[{"id_cliente":' + b"9" * 6000 + b"}]}",
            b'{"status":"success","clientes":[{"id_cliente":1,"cpf_cnpj":"86214941081","data_cadastro":{"date":"2020-01-01","timezone":"+99:99"}}]}',
            b'{"status":"success","clientes":[{"id_cliente":1,"cpf_cnpj":"86214941081","nome_razaosocial":"\\ud800","servicos":[NaN]}]}',
            b'{"status":"success","clientes":[{"id_cliente":1e400,"cpf_cnpj":-Infinity},{"id_cliente":2,"cpf_cnpj":"86214941081","telefone_primario":1e999}]}',
            b'{"status":"success","clientes":{"0":{"id_cliente":"1","ativo":"0000-00-00"}}}',
            b"<html>",
        ]
    ),
)
HEADERS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(
                ["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
            ),
            st.one_of(
                st.sampled_from(["0", "-1", "1e999", "9" * 400, "nan", "inf", LATER, "soon", ""]),
                st.integers(0, 10**12).map(str),
                st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=20),
            ),
        ),
        st.tuples(
            st.sampled_from(
                ["Content-Type", "Set-Cookie", "Date", "Location", "RateLimit", "Content-Length"]
            ),
            st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=40),
        ),
    ),
    max_size=4,
)
ENCODINGS = st.lists(
    st.sampled_from(["gzip", "deflate", "br", "zstd", "utf-8", "identity", "x-gzip", ""]), max_size=5
)


@pytest.fixture
def fuzzed(hub_at):
    """A hub at a server whose answer a test changes from example to example."""
    with Stranger(lambda _asked: b"") as stranger:
        hub = hub_at(
            stranger.url,
            retry=RetrySettings(max_retries=0),
            limiter=LimiterSettings(max_requests_per_minute=6000, longest_pause=1),
            http=HttpSettings(read_timeout=2),
        )
        yield stranger, hub


@pytest.mark.long
@examples(120)
@given(
    status=st.one_of(STATUSES, st.integers(0, 999)),
    headers=HEADERS,
    body=BODIES,
    encodings=ENCODINGS,
    honest=st.booleans(),
)
def test_whatever_answers_is_an_answer_or_an_error_for_people(  # noqa: PLR0917
    fuzzed, status, headers, body, encodings, honest
):
    stranger, hub = fuzzed
    before = len(stranger.asked)
    body = squeezed(body, encodings) if honest else body
    lines = [f"{name}: {value}" for name, value in headers]
    encoded = [f"Content-Encoding: {', '.join(encodings)}"] if encodings else []
    stranger.script = lambda _asked: answer(f"{status:03}", body, *lines, *encoded)

    async def ask(services):
        # What the example before did to pauses, breaker and login is forgotten.
        engine = services.engine
        engine._exchange.admission.rests_until = 0.0
        engine._breaker.succeeded()
        engine._tokens._refused = None
        engine._gate._port.store.update(
            lambda ledger, _at: (structs.replace(ledger, throttle=Throttle()), None)
        )
        return await services.customers.lookup(BIANCA, refresh=True)

    with contextlib.suppress(Unreachable, RateLimited, Refused, NotFound, CredentialsRefused):
        hub.call(ask, timeout=30)
    assert len(stranger.asked) > before

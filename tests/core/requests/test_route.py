"""Which proxy is on the way: as curl reads the environment, and what is wrong is named by its variable."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.api.customers import customer_search
from hubsoft_tui.core.requests.route import proxy_for, route_to
from hubsoft_tui.core.requests.transport import Transport, TransportFailure
from hubsoft_tui.errors import SettingsError
from hubsoft_tui.settings.tree import HttpSettings, Profile
from tests.fuzzing import examples

URL = "https://api.provedor.example"
SEARCH = customer_search("cpf_cnpj", "86214941081")


def through(no: str, url: str = URL) -> bool:
    return proxy_for(url, {"https": "http://proxy.example:3128", "no": no}) is not None


@pytest.mark.parametrize(
    "no",
    [
        "*",
        "api.provedor.example",
        "API.Provedor.Example",
        "provedor.example",
        ".provedor.example",
        "*.provedor.example",
        "api.provedor.example:443",
        "[::1],::1/128,fd00::/8,provedor.example",
        "localhost provedor.example",
        "https://api.provedor.example/",
        "all://provedor.example",
    ],
)
def test_no_proxy_excepts_a_name_its_domain_and_everything(no):
    assert not through(no)


@pytest.mark.parametrize(
    "no",
    [
        "",
        "[::1]",
        "::1/128",
        "fd00::/8",
        "[",
        "]:x",
        "rovedor.example",
        "api.provedor.example:8443",
        ",,",
        "http://*",
    ],
)
def test_no_proxy_excepts_nothing_else(no):
    assert through(no)


@pytest.mark.parametrize(
    ("no", "url", "excepted"),
    [
        ("fd00::/8", "https://[fd12::7]", True),
        ("[fd12::7]", "https://[fd12::7]", True),
        ("[fd12::7]:443", "https://[fd12::7]", True),
        ("[fd12::7]:80", "https://[fd12::7]", False),
        ("[fd00::]/8", "https://[fd12::7]", True),
        ("fd12:0:0::7", "https://[fd12::7]", True),
        ("::1/128", "https://[fd12::7]", False),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.1.2.3", "https://10.1.2.3:8443", True),
        ("192.168.0.0/16", "https://10.1.2.3", False),
        ("10.0.0.0/99", "https://10.1.2.3", False),
    ],
)
def test_no_proxy_knows_numbers_and_networks(no, url, excepted):
    assert through(no, url) is not excepted


@pytest.mark.parametrize("kind", ["https", "all"])
@pytest.mark.parametrize(
    "written",
    [
        "http://h:abc",
        "http://h:99999",
        "http://h:0",
        "http://user:s3cret@h:abc",
        "http://",
        "http://[::1",
        "nonsense://proxy",
        "http://a b",
        "http://h\n:80",
        "ftp://h",
        "http://:3128",
        "://",
    ],
)
def test_an_unusable_proxy_is_named_without_its_password(monkeypatch, kind, written):
    monkeypatch.delenv(f"{kind}_proxy", raising=False)
    monkeypatch.setenv(f"{kind.upper()}_PROXY", written)
    with pytest.raises(SettingsError, match=f"{kind.upper()}_PROXY") as caught:
        route_to(URL)
    assert "s3cret" not in str(caught.value)


def test_what_does_not_concern_the_host_may_be_wrong(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://h:abc")
    monkeypatch.setenv("NO_PROXY", "[::1],::1/128,[,fd00::/8")
    assert route_to(URL).proxy is None
    monkeypatch.setenv("HTTPS_PROXY", "http://h:abc")
    assert route_to("http://127.0.0.1:8080").proxy is None


def test_certificates_are_loaded_where_they_count(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    assert route_to("http://api.provedor.example").verify.get_ca_certs() == []
    for encrypted in (URL, "https://127.0.0.1:8443"):
        with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
            route_to(encrypted)
    monkeypatch.setenv("HTTP_PROXY", "https://proxy.example:3128")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        route_to("http://api.provedor.example")


def test_a_proxy_is_read_with_its_user_and_shown_without():
    proxy = proxy_for(URL, {"https": "user%40office:p%3Aw@proxy.example"})
    assert proxy is not None
    assert (proxy.origin, proxy.auth) == ("http://proxy.example:80", ("user@office", "p:w"))
    assert repr(proxy) == "proxy.example:80"


@examples(300)
@given(
    https=st.one_of(
        st.text(max_size=30), st.from_regex(r"(https?|socks5)://[a-z0-9@:\[\].%]{0,20}", fullmatch=True)
    ),
    no=st.one_of(st.text(max_size=30), st.from_regex(r"[a-z0-9:./,*\[\]]{0,30}", fullmatch=True)),
    url=st.sampled_from([URL, "https://[fd12::7]:8443", "https://10.1.2.3", "http://localhost:1"]),
)
def test_any_environment_gives_a_proxy_none_or_a_named_error(https, no, url):
    try:
        proxy = proxy_for(url, {"https": https, "no": no})
    except SettingsError as error:
        assert "PROXY" in str(error).upper()  # noqa: PT017
    else:
        assert proxy is None or 0 < proxy.port < 65536


@contextlib.asynccontextmanager
async def proxy_that(answer: bytes | None):
    """Answer every CONNECT with these bytes; None never answers."""
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(task for task in serving if task is not None))


async def failure(**http: Any) -> TransportFailure:
    transport = Transport(Profile(url=URL), HttpSettings(**http))
    try:
        with pytest.raises(TransportFailure) as caught:
            await transport.send(SEARCH, "secret-token")
    finally:
        await transport.close()
    return caught.value


async def test_a_dead_proxy_is_named_and_nothing_was_sent(monkeypatch):
    async with proxy_that(b"") as port:
        pass
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:s3cret@127.0.0.1:{port}")
    error = await failure()
    assert (error.kind, error.sent) == ("proxy", False)
    assert f"127.0.0.1:{port}" in str(error.text)
    assert "HTTPS_PROXY" in str(error.text)
    assert "s3cret" not in str(error.text)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "HTTP 407"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "HTTP 503"),
        (b"nonsense\r\n\r\n", "refused"),
        (b"", "refused"),
        (None, "did not answer in time"),
    ],
)
async def test_a_proxy_that_refuses_the_tunnel_is_named(monkeypatch, answer, said):
    async with proxy_that(answer) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        error = await failure(read_timeout=0.2, connect_timeout=0.2)
    assert (error.kind, error.sent) == ("proxy", False)
    assert f"127.0.0.1:{port}" in str(error.text)
    assert said in str(error.text)


async def test_a_proxy_whose_name_does_not_exist_is_named(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://nowhere.invalid:3128")
    error = await failure()
    assert "nowhere.invalid:3128" in str(error.text)
    assert error.sent is False

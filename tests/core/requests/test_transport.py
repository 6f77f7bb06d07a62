"""What cannot be sent, or was sent and not answered, told apart over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpcore
import pytest
import trustme

from hubsoft_tui.api.customers import customer_search
from hubsoft_tui.api.tickets import add_message
from hubsoft_tui.core.requests.route import ProxyAddress, Route
from hubsoft_tui.core.requests.transport import Transport, TransportFailure
from hubsoft_tui.errors import SettingsError
from hubsoft_tui.settings.tree import HttpSettings, Profile

SEARCH = customer_search("cpf_cnpj", "86214941081")


@contextlib.asynccontextmanager
async def server(answer: bytes | None, *, drip: float = 0.0):
    """Serve raw bytes on loopback; None closes without a word, `drip` waits between bytes."""
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            for byte in answer or b"" if drip else ():
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(drip)
            if not drip:
                writer.write(answer or b"")
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        await asyncio.gather(*(task for task in serving if task is not None))


async def send(url: str, operation=SEARCH, **http: Any):
    transport = Transport(Profile(url=url), HttpSettings(**http))
    try:
        return await transport.send(operation, "secret-token")
    finally:
        await transport.close()


async def failure(url: str, operation=SEARCH, **http: Any) -> TransportFailure:
    with pytest.raises(TransportFailure) as caught:
        await send(url, operation, **http)
    return caught.value


def response(body: bytes, length: int | None = None) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(body) if length is None else length) + body


async def test_a_reply_shows_nothing_of_what_it_holds():
    async with server(response(b'{"status":"success"}')) as url:
        reply = await send(url)
    assert (reply.status, reply.body) == (200, b'{"status":"success"}')
    assert "success" not in repr(reply)


async def test_a_refused_connection_sent_nothing():
    async with server(None) as url:
        pass
    error = await failure(url)
    assert (error.kind, error.sent) == ("connect", False)
    assert "refuses connections" in str(error.text)


async def test_a_host_that_refuses_at_each_of_its_addresses_is_said_to_refuse(monkeypatch):
    async with server(None) as url:
        port = int(url.rpartition(":")[2])

    async def both(*_where: object, **_kind: object):
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, ("127.0.0.1", port)), (*kind, ("127.0.0.2", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    error = await failure(f"http://api.provedor.example:{port}")
    assert "refuses connections" in str(error.text)


async def test_a_host_that_closes_before_the_handshake_is_not_waited_for():
    listening = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    try:
        async with asyncio.timeout(5):
            error = await failure(
                f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}", connect_timeout=30.0
            )
    finally:
        listening.close()
    assert (error.kind, error.sent) == ("connect", False)
    assert "cannot be reached" in str(error.text)


async def test_a_name_that_does_not_exist_was_not_sent():
    error = await failure("http://nowhere.invalid")
    assert (error.kind, error.sent) == ("connect", False)
    assert "nowhere.invalid" in str(error.text)


async def test_plain_text_instead_of_tls_is_named():
    async with server(b"HTTP/1.1 200 OK\r\n\r\n") as url:
        error = await failure(url.replace("http:", "https:"), connect_timeout=1.0)
    assert error.sent is False
    assert "127.0.0.1" in str(error.text)


@pytest.mark.parametrize(
    ("name", "until", "trusted", "told"),
    [
        ("127.0.0.1", 2090, False, "SSL_CERT_FILE"),
        ("127.0.0.1", 2020, True, "this machine's clock"),
        ("api.provedor.example", 2090, True, "another server"),
    ],
)
async def test_a_certificate_that_does_not_count_is_named_with_what_to_do(
    monkeypatch, name, until, trusted, told
):
    authority = trustme.CA()
    context, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    begins, ends = datetime(2019, 1, 1, tzinfo=UTC), datetime(until, 1, 1, tzinfo=UTC)
    authority.issue_cert(name, not_before=begins, not_after=ends).configure_cert(context)
    if trusted:
        authority.configure_trust(trusting)
    monkeypatch.setattr("hubsoft_tui.core.requests.transport.route_to", lambda _url: Route(trusting, None))
    listening = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    try:
        error = await failure(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    finally:
        listening.close()
    assert error.sent is False
    assert "not trusted" in str(error.text)
    assert told in str(error.text)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "before answering"),
        (response(b"short", length=500), "in the middle of its answer"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort", "in the middle of its answer"),
        (b"not http at all\r\n\r\n", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n{}", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nshort", "cannot be read"),
    ],
)
async def test_a_connection_cut_after_sending_may_have_been_seen(answer, reason):
    async with server(answer) as url:
        error = await failure(url)
    assert (error.kind, error.sent) == ("cut", True)
    assert reason in str(error.text)


async def test_a_dripping_server_is_cut_off_by_the_total_limit():
    async with server(response(b"x" * 10_000), drip=0.02) as url:
        error = await failure(url, replace(SEARCH, timeout=0.1), connect_timeout=0.05, pool_timeout=0.05)
    assert (error.kind, error.sent) == ("timeout", True)


async def test_an_answer_beyond_the_limit_is_not_read():
    async with server(response(b"x" * 3_000_000)) as url:
        error = await failure(url, max_response_bytes=2**20)
    assert error.kind == "too_large"


async def test_a_redirect_is_an_answer_and_is_not_followed():
    moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with server(moved) as url:
        assert (await send(url)).status == 302


async def test_the_http_library_does_not_log_our_urls_into_a_programs_log(caplog):
    caplog.set_level(logging.DEBUG)
    async with server(response(b"{}")) as url:
        await send(url)
    assert "86214941081" not in caplog.text
    assert "secret-token" not in caplog.text


async def test_a_proxy_that_cannot_be_used_is_a_settings_error(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "nonsense://proxy")
    with pytest.raises(SettingsError, match="ALL_PROXY"):
        await send("https://api.provedor.example")


# -- the last look


@contextlib.contextmanager
def slow_to_agree(seconds: float, context: ssl.SSLContext):
    """Serve TLS to one caller on loopback, whose handshake waits so long; keeps what is asked."""
    asked: list[bytes] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with contextlib.suppress(OSError), connection:
            time.sleep(seconds)
            with context.wrap_socket(connection, server_side=True) as encrypted:
                asked.append(encrypted.recv(65536))
                encrypted.sendall(response(b"{}"))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}", asked
        thread.join(5)


@pytest.mark.parametrize("late", [True, False])
async def test_a_request_late_after_its_handshake_is_not_sent(monkeypatch, late):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    monkeypatch.setattr("hubsoft_tui.core.requests.transport.route_to", lambda _url: Route(trusting, None))
    with slow_to_agree(0.1, context) as (url, asked):
        transport = Transport(Profile(url=url), HttpSettings())
        looks: list[float] = []

        def may_leave() -> bool:
            looks.append(asyncio.get_running_loop().time())
            return not late

        began = asyncio.get_running_loop().time()
        try:
            if late:
                with pytest.raises(TransportFailure) as caught:
                    await transport.send(SEARCH, "secret-token", may_leave=may_leave)
                assert (caught.value.kind, caught.value.sent, caught.value.ours) == ("late", False, True)
            else:
                assert (await transport.send(SEARCH, "secret-token", may_leave=may_leave)).status == 200
        finally:
            await transport.close()
        assert looks[0] - began >= 0.1, "the look comes after the handshake, not before it"
    assert any(asked) is not late


async def test_a_body_late_after_its_headers_is_not_sent():
    looks = iter([True, False])
    write = add_message(1, "Mensagem")
    async with server(response(b"{}")) as url:
        transport = Transport(Profile(url=url), HttpSettings())
        try:
            with pytest.raises(TransportFailure) as caught:
                await transport.send(write, "secret-token", may_leave=lambda: next(looks))
        finally:
            await transport.close()
    assert (caught.value.kind, caught.value.sent) == ("late", True)


async def test_the_headers_are_heard_before_the_body_is_read():
    heard: list[int] = []
    async with server(response(b"short", length=500)) as url:
        transport = Transport(Profile(url=url), HttpSettings())
        try:
            with pytest.raises(TransportFailure):
                await transport.send(SEARCH, None, heard=lambda status, _headers: heard.append(status))
        finally:
            await transport.close()
    assert heard == [200]


async def test_an_errors_body_is_read_small_and_its_faults_ignored():
    for body, length, read in [(b"x" * 200_000, 200_000, 65536), (b"abc", 500, 0), (b"abc", 3, 3)]:
        async with server(response(body, length).replace(b"200 OK", b"500 No")) as url:
            reply = await send(url)
        assert (reply.status, len(reply.body)) == (500, read)


# -- connections


@contextlib.asynccontextmanager
async def listening_for(serve):
    """Serve connections by `serve` on loopback, and wait for the last one to end."""
    serving: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    listening = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await asyncio.gather(*serving)


class Counted:
    """A server that keeps its connections open: how many there were, and how many at once."""

    def __init__(
        self, extra: bytes = b"", closes: bool = False, answer: bytes = response(b"{}"), late: float = 0.01
    ) -> None:
        self.extra = extra
        self.answer = answer if late else answer + extra
        self.late = late
        self.closes = closes
        self.opened = self.busy = self.most = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            self.busy += 1
            self.most = max(self.most, self.busy)
            await asyncio.sleep(0.01)
            self.busy -= 1
            writer.write(self.answer)
            await writer.drain()
            if self.extra and self.late:
                await asyncio.sleep(self.late)
                writer.write(self.extra)
            if self.closes:
                return


@contextlib.asynccontextmanager
async def counted(serving: Counted, **http: Any):
    async with listening_for(serving.serve) as port:
        transport = Transport(Profile(url=f"http://127.0.0.1:{port}"), HttpSettings(**http))
        try:
            yield transport
        finally:
            await transport.close()


async def test_a_connection_is_used_again_and_none_beyond_the_most():
    serving = Counted()
    async with counted(serving, max_connections=2) as transport:
        replies = await asyncio.gather(*(transport.send(SEARCH, "secret-token") for _ in range(8)))
        assert [reply.body for reply in replies] == [b"{}"] * 8
    assert (serving.opened, serving.most) == (2, 2)


async def test_all_connections_busy_is_no_fault_of_hubsofts():
    async with counted(Counted(), max_connections=1, pool_timeout=0.001) as transport:
        busy = asyncio.create_task(transport.send(SEARCH, None))
        await asyncio.sleep(0)
        with pytest.raises(TransportFailure) as caught:
            await transport.send(SEARCH, None)
        assert (caught.value.kind, caught.value.sent, caught.value.ours) == ("pool", False, True)
        assert (await busy).status == 200


@pytest.mark.parametrize(
    "serving",
    [
        Counted(extra=response(b'{"of": "no question"}')),
        Counted(extra=response(b'{"of": "no question"}'), late=0),
        Counted(extra=b"<br>Warning", answer=b"HTTP/1.1 204 No Content\r\n\r\n", late=0),
        Counted(closes=True),
    ],
    ids=["more", "more at once", "more than nothing", "closed"],
)
async def test_a_connection_that_said_more_or_was_closed_is_not_used_again(serving: Counted):
    async with counted(serving) as transport:
        for _ in range(2):
            assert (await transport.send(SEARCH, None)).body in {b"{}", b""}
            await asyncio.sleep(0.03)
    assert serving.opened == 2


async def test_one_who_leaves_takes_the_connection_along():
    serving = Counted()
    async with counted(serving, max_connections=1) as transport:
        leaving = asyncio.create_task(transport.send(SEARCH, None))
        await asyncio.sleep(0.005)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert (await transport.send(SEARCH, None)).body == b"{}"
    assert serving.opened == 2


async def test_a_write_carries_its_body_once_and_whole():
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"}"))
        writer.write(response(b"{}"))

    async with listening_for(serve) as port:
        await send(f"http://127.0.0.1:{port}/mirror", add_message(1, "Olá, até amanhã"))
    head, body = asked[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /mirror/api/v1/integracao/")
    lines = head.decode().split("\r\n")
    assert f"Host: 127.0.0.1:{port}" in lines
    assert f"Content-Length: {len(body)}" in lines
    assert "Content-Type: application/json" in lines
    assert "Authorization: Bearer secret-token" in lines
    assert "Olá, até amanhã" in body.decode()


# -- through a proxy


class Refused(httpcore.AsyncConnectionInterface):
    """A connection as httpcore leaves it whose SOCKS proxy refused: it knows of no stream."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, port: int) -> None:
        self.backend, self.port = backend, port

    async def handle_async_request(self, _request: httpcore.Request) -> httpcore.Response:
        await self.backend.connect_tcp("127.0.0.1", self.port)
        raise httpcore.ProxyError

    async def aclose(self) -> None:
        return

    def is_available(self) -> bool:
        return False


async def test_a_connection_that_a_socks_proxy_refused_is_closed(monkeypatch):
    ended: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        ended.append(await reader.read())

    class Opener:
        def __init__(self, _route: Route, _idle: float, backend: httpcore.AsyncNetworkBackend) -> None:
            self.backend = backend

        def create_connection(self, _origin: httpcore.Origin) -> Refused:
            return Refused(self.backend, port)

    monkeypatch.setattr("hubsoft_tui.core.requests.wire._opener", Opener)
    async with listening_for(serve) as port:
        assert (await failure("http://api.provedor.example")).sent is False
        async with asyncio.timeout(5):
            while not ended:
                await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def tunnel(refuse: bool = False):
    """Serve an HTTP proxy on loopback that digs tunnels; keeps the heads of what it was asked."""
    heads: list[bytes] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        if refuse:
            writer.write(b"HTTP/1.1 407 Who Are You\r\ncontent-length: 0\r\n\r\n")
            return
        host, port = heads[-1].split()[1].decode().split(":")
        there = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    async with listening_for(serve) as port:
        yield ProxyAddress("HTTPS_PROXY", "http", "127.0.0.1", port, "u", "p"), heads


@pytest.mark.parametrize("late", [True, False])
async def test_a_proxys_tunnel_is_no_byte_of_the_request(monkeypatch, late):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with slow_to_agree(0.0, context) as (url, asked):
        async with tunnel() as (proxy, heads):
            monkeypatch.setattr(
                "hubsoft_tui.core.requests.transport.route_to", lambda _url: Route(trusting, proxy)
            )
            transport = Transport(Profile(url=url), HttpSettings())
            try:
                if late:
                    with pytest.raises(TransportFailure) as caught:
                        await transport.send(SEARCH, "secret-token", may_leave=lambda: False)
                    assert (caught.value.kind, caught.value.sent) == ("late", False)
                else:
                    assert (await transport.send(SEARCH, "secret-token")).status == 200
            finally:
                await transport.close()
    assert heads[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"Proxy-Authorization: Basic dTpw" in heads[0]
    assert b"secret-token" not in heads[0]
    assert any(asked) is not late


async def test_a_proxy_that_refuses_is_named_and_nothing_was_sent(monkeypatch):
    async with tunnel(refuse=True) as (proxy, _heads):
        monkeypatch.setattr(
            "hubsoft_tui.core.requests.transport.route_to",
            lambda _url: Route(ssl.create_default_context(), proxy),
        )
        error = await failure("https://api.provedor.example")
    assert (error.kind, error.sent) == ("proxy", False)
    assert "HTTP 407" in str(error.text)
    assert "HTTPS_PROXY" in str(error.text)

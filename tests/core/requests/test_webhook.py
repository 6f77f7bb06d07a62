"""One call to an address of the person's own, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import pytest

from hubsoft_tui.core.requests.webhook import SECRET_HEADER, HttpWebhook, WebhookFailure

BODY = b'{"event": "alert.opened"}'


class Listener:
    """Answers every call with the same bytes, or never, and keeps what it was sent."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""
        self.serving: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.calls.append((first, headers, body))
            if self.answer is None:
                await reader.read()
            else:
                writer.write(self.answer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def listening(answer: bytes | None):
    listener = Listener(answer)
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook/key-in-path?a=b"
    try:
        yield listener
    finally:
        server.close()
        await asyncio.gather(*(task for task in listener.serving if task is not None))


def status(line: str, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {line}", "content-length: 0", *headers, "", "")).encode()


async def post(url: str, *, secret: str = "", seconds: float = 5.0) -> None:
    await HttpWebhook().post(url, BODY, secret=secret, headers={"X-Webhook-Id": "7"}, seconds=seconds)


async def failed(url: str, **options) -> str:
    with pytest.raises(WebhookFailure) as caught:
        await post(url, **options)
    assert "key-in-path" not in str(caught.value)
    return str(caught.value)


async def test_the_call_carries_body_secret_and_id():
    async with listening(status("204 No Content")) as hook:
        await post(hook.url, secret="s3cret")
        await post(hook.url)
    (first, headers, body), (_again, without, _body) = hook.calls
    assert first == "POST /hook/key-in-path?a=b HTTP/1.1"
    assert body == BODY
    assert headers["content-type"] == "application/json"
    assert headers[SECRET_HEADER.lower()] == "s3cret"
    assert headers["x-webhook-id"] == "7"
    assert headers["user-agent"].startswith("hubsoft-tui/")
    assert SECRET_HEADER.lower() not in without


@pytest.mark.parametrize("code", ["400 Bad Request", "410 Gone", "500 Oops", "503 Later"])
async def test_anything_but_success_is_a_failure(code: str):
    async with listening(status(code)) as hook:
        assert f"HTTP {code[:3]}" in await failed(hook.url)


@pytest.mark.parametrize("code", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_followed_nowhere(code: str):
    async with listening(status("200 OK")) as other, listening(b"") as hook:
        hook.answer = status(code, f"location: {other.url}")
        assert "redirect" in await failed(hook.url, secret="s3cret")
        hook.answer = status(code, "location: /elsewhere")
        assert "redirect" in await failed(hook.url)
    assert other.calls == []
    assert len(hook.calls) == 2


async def test_one_that_hangs_is_left_after_its_time():
    async with listening(None) as hook:
        assert "did not answer in time" in await failed(hook.url, seconds=0.1)


async def test_a_receiver_that_hangs_up_is_a_failure():
    async with listening(b"") as hook:
        assert "127.0.0.1 cannot be reached (RemoteProtocolError)" in await failed(hook.url)
    assert "cannot be reached (ConnectError)" in await failed(hook.url)


@pytest.mark.parametrize("secret", ["line\nbreak", "naïve", "\x00"])
async def test_a_secret_that_no_header_can_carry_is_never_shown(secret: str):
    async with listening(status("200 OK")) as hook:
        said = await failed(hook.url, secret=secret)
    assert said.startswith("The webhook's secret cannot be sent")
    assert secret not in said
    assert hook.calls == []


async def test_nothing_of_it_is_logged(caplog):
    caplog.set_level(logging.INFO)
    async with listening(status("200 OK")) as hook:
        await post(hook.url, secret="s3cret")
    assert "key-in-path" not in caplog.text
    assert "s3cret" not in caplog.text


async def test_the_environments_proxy_is_not_used_for_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "nonsense://proxy")
    async with listening(status("200 OK")) as hook:
        await post(hook.url)
    assert len(hook.calls) == 1
    said = await failed("https://hooks.invalid/key-in-path")
    assert "cannot be reached" in said
    assert "ALL_PROXY" in said

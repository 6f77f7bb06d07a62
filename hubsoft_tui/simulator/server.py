"""The simulator on a socket: uvicorn's protocol on a loop in a thread, and what stands between it and the answer.

That is the log, the throttle, the delays and the faults. Imported only when a simulator starts.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import field
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ..values import dataclass
from .app import build
from .provider import Provider
from .request_log import LoggedRequest, RequestLog
from .scenarios import MANGLING, Fault, FaultPlan, RequestThrottle, Scenario

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HTML: Final = "text/html; charset=UTF-8"
_PAGE: Final = (
    "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_PHRASES: Final = {
    403: "403 Forbidden",
    404: "404 Not Found",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


@dataclass(slots=True)
class HttpAnswer:
    """An HTTP answer before it is sent; `length` of None states the true one."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


class Conditions(Protocol):
    """What decides the fate of a request. All of it may change while requests arrive."""

    provider: Provider
    request_log: RequestLog
    faults: FaultPlan
    throttle: RequestThrottle
    current: Scenario
    latency: tuple[float, float]
    seconds_per_row: float
    on_request: Callable[[LoggedRequest], object] | None


class Middleware:
    """The ASGI application. It counts a request first and only then decides what becomes of it."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._app = build(conditions.provider)
        self._outages = 0
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or spoil it."""
        if scope["type"] != "http":
            return
        conditions, log = self._conditions, self._conditions.request_log
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        entry = log.arrive(
            method=scope["method"],
            path=path,
            query=query,
            user_agent=headers.get("user-agent", ""),
            monotonic=scope["state"]["arrived"],
        )
        scope["number"] = entry.number
        if conditions.on_request is not None:
            conditions.on_request(entry)
        token = conditions.provider.tokens.name(headers.get("authorization", ""))
        body = await _read(receive)
        passes, extra = conditions.throttle.hit()
        fault = self._fault(scope["method"], path) if passes else None
        log.complete(entry.number, token=token, fault=None if fault is None else fault.label)
        answer: HttpAnswer | None
        if passes:
            await self._delay(query)
            answer = await self._answer(scope, body, fault, extra)
        else:
            answer = HttpAnswer(429, b'{"message":"Too Many Attempts."}', headers=extra)
        scope.setdefault("executed", False)
        log.complete(
            entry.number,
            status=answer.status if answer else 0,
            executed=scope["executed"],
            size=len(answer.body) if answer else 0,
            seconds=asyncio.get_running_loop().time() - scope["state"]["arrived"],
        )
        if answer is None:
            _drop(scope, abrupt=fault is not None and fault.kind == "reset")
            await _gone(receive)
        else:
            await _send(answer, scope, receive, send)

    def _fault(self, method: str, path: str) -> Fault | None:
        scenario = self._conditions.current
        fault = self._conditions.faults.take(method, path, scenario.mix)
        if fault is None and scenario.outage:
            self._outages += 1
            fault = Fault("close") if self._outages % 2 else Fault("html", 503)
        return fault

    async def _answer(
        self, scope: Scope, body: bytes, fault: Fault | None, extra: dict[str, str]
    ) -> HttpAnswer | None:
        if fault is not None and fault.kind == "delay" and not fault.after_executing:
            await asyncio.sleep(fault.value)
        if fault is not None and fault.kind == "late":
            self._execute_later(scope, body, fault.value)
            return _failure(Fault("html", 504), extra)
        if fault is None or fault.executes:
            answer = await self._execute(scope, body)
            answer.headers.update(extra)
            if fault is None:
                return answer
            if fault.kind in MANGLING or fault.kind == "delay":
                await self._spoil(answer, fault)
                return answer
        return _failure(fault, extra)

    def _execute_later(self, scope: Scope, body: bytes, seconds: float) -> None:
        """Do what was asked after the answer has gone out, and complete the log then."""

        async def execute() -> None:
            await asyncio.sleep(seconds)
            await self._execute(scope, body)
            self._conditions.request_log.complete(scope["number"], executed=scope.get("executed", False))

        task = asyncio.create_task(execute())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _spoil(self, answer: HttpAnswer, fault: Fault) -> None:
        if fault.kind == "delay" and fault.after_executing:
            await asyncio.sleep(fault.value)
        elif fault.kind == "truncated":
            answer.length, answer.body = len(answer.body), answer.body[: len(answer.body) // 2]
        elif fault.kind == "latin1":
            answer.body = answer.body.decode().encode("latin-1", "replace")
        elif fault.kind == "json_string":
            answer.body = json.dumps(answer.body.decode()).encode()
        elif fault.kind == "content_type":
            answer.kind = HTML

    async def _delay(self, query: str) -> None:
        conditions = self._conditions
        low, high = conditions.latency
        seconds = conditions.faults.between(low, high) if high > 0 else 0.0
        if per_row := conditions.seconds_per_row:
            rows = parse_qs(query).get("itens_por_pagina", ["0"])[0]
            seconds += per_row * (int(rows) if rows.isdigit() else 0)
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def _execute(self, scope: Scope, body: bytes) -> HttpAnswer:
        answer = HttpAnswer(500, b"")
        parts: list[bytes] = []
        bodies = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> MutableMapping[str, Any]:
            return bodies.pop() if bodies else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.kind = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        answer.body = b"".join(parts)
        return answer


def _failure(fault: Fault, extra: dict[str, str]) -> HttpAnswer | None:
    status = int(fault.value)
    if fault.kind == "empty":
        return HttpAnswer(200, b"", headers=extra)
    if fault.kind == "html":
        page = _PAGE.format(status=_PHRASES.get(status, str(status or "Portal")))
        return HttpAnswer(status or 200, page.encode(), HTML, extra)
    if fault.kind == "gateway":
        said = {"message": "no Route matched with those values", "request_id": "5f0c1d7e"}
        return HttpAnswer(status, json.dumps(said).encode(), headers=extra)
    if fault.kind == "blank":
        return HttpAnswer(status, b"", "text/plain", extra)
    if fault.kind == "says":
        return HttpAnswer(status, fault.body, fault.content_type, extra)
    if fault.kind == "status":
        if status == 429:
            extra = {"Retry-After": "1", **extra}
        text = {401: "Unauthenticated.", 429: "Too Many Attempts.", 500: "Server Error"}.get(status, "Error")
        return HttpAnswer(status, json.dumps({"message": text}).encode(), headers=extra)
    return None


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _drop(scope: Scope, *, abrupt: bool) -> None:
    transport = scope["state"]["transport"]
    raw = transport.get_extra_info("socket")
    if abrupt and raw is not None:
        # Lingering for zero seconds makes the kernel send RST instead of FIN.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort() if abrupt else transport.close()


async def _gone(receive: Receive) -> None:
    # uvicorn calls an answer missing unless it has seen the connection end first.
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(answer: HttpAnswer, scope: Scope, receive: Receive, send: Send) -> None:
    stated = len(answer.body) if answer.length is None else answer.length
    headers = {
        "content-type": answer.kind,
        "content-length": str(stated),
        "server": "nginx",
        **answer.headers,
    }
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    if stated > len(answer.body):
        await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        _drop(scope, abrupt=False)
        await _gone(receive)
    else:
        await send({"type": "http.response.body", "body": answer.body})


_SETTLING_TURNS: Final = 8


class _Protocol(H11Protocol):
    """Hands each request its transport, to be dropped, and the moment its bytes came in."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        raw = transport.get_extra_info("socket")
        if raw is not None:
            # asyncio does this only for sockets that name their protocol: without it answers wait 40 ms.
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {"transport": transport, "arrived": time.monotonic()}
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.app_state["arrived"] = time.monotonic()
        super().data_received(data)


class LoopServer:
    """Serves an ASGI application on 127.0.0.1. `port` 0 takes a free one; raises OSError when it is taken."""

    def __init__(self, make_app: Callable[[], Any], port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port), backlog=2048)
        self.port: int = self._socket.getsockname()[1]
        self._make_app = make_app
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="hubsoft-simulator", daemon=True)

    def start(self) -> None:
        """Serve from now on; returns when connections are answered."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Drop every connection and end the thread."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for the start
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        config = Config(
            self._make_app(),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
        )
        config.load()
        state = ServerState()
        server = await self._loop.create_server(lambda: _Protocol(config, state, {}), sock=self._socket)
        self._ready.set()
        await self._stop.wait()
        # What was accepted a moment ago has no protocol yet: take no more, let those settle, then drop them.
        self._loop.remove_reader(self._socket.fileno())
        for _ in range(_SETTLING_TURNS):
            await asyncio.sleep(0)
        for connection in list(state.connections):
            connection.transport.abort()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        server.close()
        # One turn for the transports to close their sockets before the loop goes.
        await asyncio.sleep(0)

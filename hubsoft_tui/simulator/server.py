"""The simulator on a socket: HTTP/1.1 on a loop in a thread, and what stands between it and the answer.

That is the log, the throttle, the delays and the faults. Imported only when a simulator starts.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final, Protocol
from urllib.parse import parse_qs, unquote

import h11

from .app import HttpAnswer, HttpRequest, Routes
from .provider import Provider
from .request_log import LoggedRequest, RequestLog
from .scenarios import MANGLING, Fault, FaultPlan, RequestThrottle, Scenario

logger = logging.getLogger(__name__)

_HTML: Final = "text/html; charset=UTF-8"
_TEXT: Final = "text/plain; charset=utf-8"
_KEEP_ALIVE_SECONDS: Final = 75.0
_SETTLING_TURNS: Final = 8
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


class Reception:
    """Takes every request in. It counts one first and only then decides what becomes of it."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._routes = Routes(conditions.provider)
        self._outages = 0
        self._late: set[asyncio.Task[None]] = set()

    async def answer(
        self, request: HttpRequest, arriving: Awaitable[bytes | None], transport: asyncio.Transport
    ) -> HttpAnswer | None:
        """Answer one request, or spoil it; None when its connection is dropped, or was before all had come."""
        conditions, log = self._conditions, self._conditions.request_log
        entry = log.arrive(
            method=request.method,
            path=request.path,
            query=request.query,
            user_agent=request.headers.get("user-agent", ""),
            monotonic=request.arrived,
        )
        request.number = entry.number
        if conditions.on_request is not None:
            conditions.on_request(entry)
        token = conditions.provider.tokens.name(request.headers.get("authorization", ""))
        if (body := await arriving) is None:
            return None
        passes, extra = conditions.throttle.hit()
        fault = self._fault(request.method, request.path) if passes else None
        log.complete(entry.number, token=token, fault=None if fault is None else fault.label)
        answer: HttpAnswer | None
        if passes:
            await self._delay(request.query)
            answer = await self._answer(request, body, fault, extra)
        else:
            answer = HttpAnswer(429, b'{"message":"Too Many Attempts."}', headers=extra)
        log.complete(
            entry.number,
            status=answer.status if answer else 0,
            executed=request.executed,
            size=len(answer.body) if answer else 0,
            seconds=asyncio.get_running_loop().time() - request.arrived,
        )
        if answer is None:
            _drop(transport, abrupt=fault is not None and fault.kind == "reset")
        return answer

    def _fault(self, method: str, path: str) -> Fault | None:
        scenario = self._conditions.current
        fault = self._conditions.faults.take(method, path, scenario.mix)
        if fault is None and scenario.outage:
            self._outages += 1
            fault = Fault("close") if self._outages % 2 else Fault("html", 503)
        return fault

    async def _answer(
        self, request: HttpRequest, body: bytes, fault: Fault | None, extra: dict[str, str]
    ) -> HttpAnswer | None:
        if fault is not None and fault.kind == "delay" and not fault.after_executing:
            await asyncio.sleep(fault.value)
        if fault is not None and fault.kind == "late":
            self._execute_later(request, body, fault.value)
            return _failure(Fault("html", 504), extra)
        if fault is None or fault.executes:
            answer = self._routes.answer(request, body)
            answer.headers.update(extra)
            if fault is None:
                return answer
            if fault.kind in MANGLING or fault.kind == "delay":
                await self._spoil(answer, fault)
                return answer
        return _failure(fault, extra)

    def _execute_later(self, request: HttpRequest, body: bytes, seconds: float) -> None:
        """Do what was asked after the answer has gone out, and complete the log then."""

        async def execute() -> None:
            await asyncio.sleep(seconds)
            self._routes.answer(request, body)
            self._conditions.request_log.complete(request.number, executed=request.executed)

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
            answer.kind = _HTML

    async def _delay(self, query: str) -> None:
        conditions = self._conditions
        low, high = conditions.latency
        seconds = conditions.faults.between(low, high) if high > 0 else 0.0
        if per_row := conditions.seconds_per_row:
            rows = parse_qs(query).get("itens_por_pagina", ["0"])[0]
            seconds += per_row * (int(rows) if rows.isdigit() else 0)
        if seconds > 0:
            await asyncio.sleep(seconds)


def _failure(fault: Fault, extra: dict[str, str]) -> HttpAnswer | None:
    status = int(fault.value)
    if fault.kind == "empty":
        return HttpAnswer(200, b"", headers=extra)
    if fault.kind == "html":
        page = _PAGE.format(status=_PHRASES.get(status, str(status or "Portal")))
        return HttpAnswer(status or 200, page.encode(), _HTML, extra)
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


def _drop(transport: asyncio.Transport, *, abrupt: bool) -> None:
    raw = transport.get_extra_info("socket")
    if abrupt and raw is not None:
        # Lingering for zero seconds makes the kernel send RST instead of FIN.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort() if abrupt else transport.close()


class _Connection(asyncio.Protocol):
    """One client: a request at a time."""

    def __init__(self, server: LoopServer, reception: Reception) -> None:
        self._server = server
        self._reception = reception
        self._http = h11.Connection(h11.SERVER)
        self._arrived = 0.0
        self._body = bytearray()
        self._whole: asyncio.Future[bytes | None] | None = None
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a socket's
        self._transport = transport
        self._server.connections.add(transport)
        # asyncio does this only for sockets that name their protocol: without it answers wait 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self._transport)
        self._rest(None)
        if self._whole is not None and not self._whole.done():
            self._whole.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._arrived = time.monotonic()
        self._rest(None)
        self._http.receive_data(data)
        self._read()

    def _rest(self, seconds: float | None) -> None:
        """Close the connection after `seconds` of silence, or not."""
        if self._idle is not None:
            self._idle.cancel()
        self._idle = (
            None if seconds is None else asyncio.get_running_loop().call_later(seconds, self._transport.close)
        )

    def _read(self) -> None:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                    self._send(HttpAnswer(400, b"Invalid HTTP request received.", _TEXT))
                self._transport.close()
                return
            if isinstance(event, h11.Request):
                self._begin(event)
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage) and self._whole is not None:
                self._whole.set_result(bytes(self._body))
            else:  # more is needed, or the next request has to wait
                return

    def _begin(self, event: h11.Request) -> None:
        self._rest(None)
        path, _, query = event.target.decode("latin-1").partition("?")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        request = HttpRequest(event.method.decode(), unquote(path), query, headers, self._arrived)
        self._body.clear()
        self._whole = asyncio.get_running_loop().create_future()
        if self._http.they_are_waiting_for_100_continue:
            self._transport.write(
                self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
            )
        self._server.work(self._answer(request, self._whole))

    async def _answer(self, request: HttpRequest, whole: Awaitable[bytes | None]) -> None:
        try:
            answer = await self._reception.answer(request, whole, self._transport)
        except Exception:
            logger.exception("The simulator failed at %s", request.path)
            answer = HttpAnswer(500, b"Internal Server Error", _TEXT)
        if answer is None or self._transport.is_closing():
            return
        if request.method == "HEAD":
            answer = HttpAnswer(answer.status, b"", answer.kind, answer.headers)
        self._send(answer)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._rest(_KEEP_ALIVE_SECONDS)
            self._http.start_next_cycle()
            self._read()
        else:
            self._transport.close()

    def _send(self, answer: HttpAnswer) -> None:
        stated = len(answer.body) if answer.length is None else answer.length
        headers = {
            "content-type": answer.kind,
            "content-length": str(stated),
            "server": "nginx",
            **answer.headers,
        }
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        parts: list[h11.Event] = [h11.Response(status_code=answer.status, headers=encoded)]
        if answer.body:
            parts.append(h11.Data(data=answer.body))
        if stated == len(answer.body):
            parts.append(h11.EndOfMessage())
        self._transport.write(b"".join(self._http.send(part) or b"" for part in parts))


class LoopServer:
    """Serves on 127.0.0.1. `port` 0 takes a free one; raises OSError when it is taken."""

    def __init__(self, reception: Reception, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port), backlog=2048)
        self.port: int = self._socket.getsockname()[1]
        self._reception = reception
        self.connections: set[asyncio.Transport] = set()
        self._tasks: set[asyncio.Task[None]] = set()
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

    def work(self, answering: Coroutine[None, None, None]) -> None:
        """Have a request answered."""
        task = asyncio.get_running_loop().create_task(answering)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for the start
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(lambda: _Connection(self, self._reception), sock=self._socket)
        self._ready.set()
        await self._stop.wait()
        # What was accepted a moment ago has no protocol yet: take no more, let those settle, then drop them.
        self._loop.remove_reader(self._socket.fileno())
        for _ in range(_SETTLING_TURNS):
            await asyncio.sleep(0)
        for connection in [*self.connections]:
            connection.abort()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
        # One turn for the transports to close their sockets before the loop goes.
        await asyncio.sleep(0)

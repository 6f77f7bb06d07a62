"""uvicorn's HTTP protocol on a loop of its own, in a thread: quick to start and to stop, silent."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

if TYPE_CHECKING:
    from collections.abc import Callable

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

"""A server that answers raw bytes: what strangers, proxies and broken servers send, over real sockets."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hubsoft_tui.settings.tree import HealthSettings, LimiterSettings, Profile, RetrySettings, Settings

LOGIN = json.dumps({"token_type": "Bearer", "expires_in": 2592000, "access_token": "t0ken"}).encode()
Script = Callable[["Asked"], Iterable[bytes] | bytes]


class Asked:
    """One request as it arrived; `number` counts those that are no login, from 1."""

    def __init__(self, head: bytes, body: bytes, number: int) -> None:
        self.at = time.monotonic()
        self.line = head.split(b"\r\n", 1)[0].decode("latin-1")
        self.head = head
        self.body = body
        self.number = number


class Stranger:
    """Logs everybody in and answers everything else as `script` says; a connection serves one request."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.login = answer(200, LOGIN)
        self.asked: list[Asked] = []
        self.logins: list[Asked] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head:
                if not (more := connection.recv(65536)):
                    return
                head += more
            head, _, body = head.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            while len(body) < length:
                body += connection.recv(65536)
            if b"/oauth/token" in head.split(b"\r\n")[0]:
                self.logins.append(Asked(head, body, 0))
                connection.sendall(self.login)
                return
            asked = Asked(head, body, len(self.asked) + 1)
            self.asked.append(asked)
            said = self.script(asked)
            for part in [said] if isinstance(said, bytes) else said:
                connection.sendall(part)


def answer(status: int | str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Return a whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


def found(*rows: dict[str, Any] | str) -> bytes:
    """Return HubSoft's answer to a lookup."""
    listed = ",".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    return answer(200, b'{"status":"success","msg":"ok","clientes":[' + listed.encode() + b"]}")


def settings_at(url: str, home: Path, **sections: Any) -> Settings:
    """Settings for a profile at `url`: an ample budget, quick retries, unless `sections` say otherwise."""
    quick: dict[str, Any] = {
        "profile": Profile(
            name="main",
            url=url,
            client_id="1",
            username="user@example.com",
            client_secret="client-secret",
            password="password",
        ),
        "home": str(home),
        "limiter": LimiterSettings(max_requests_per_minute=6000),
        "retry": RetrySettings(backoff_base=0.01, backoff_max=0.02),
        "health": HealthSettings(failures_to_open=100, open_seconds=0.5, open_max_seconds=0.5),
    }
    return Settings(**{**quick, **sections})

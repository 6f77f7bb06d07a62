"""What the journeys share: an environment of its own, keystrokes that several need, texts in both languages."""

from __future__ import annotations

import gettext
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hubsoft_tui import texts
from hubsoft_tui.simulator import Simulator

from .terminal import Terminal

BIANCA: Final = "862.149.410-81"
"""The document of a simulated customer who is always there, with an active service."""
MASKED: Final = "***.149.410-**"
WELCOME: Final = "Whom are you talking to?"
ENGLISH: Final = "en_US.UTF-8"
PORTUGUESE: Final = "pt_BR.UTF-8"

Opener = Callable[..., Terminal]
"""The `console` fixture: `console("--demo", columns=80, rows=24, simulator=..., section__key=value)`."""


def environment(
    home: Path, simulator: Simulator | None = None, *, language: str = ENGLISH, **settings: object
) -> dict[str, str]:
    """Return all of a program's environment: a plain terminal, `home`, no proxy, `simulator` as the profile.

    `settings` are named as the variables are: `limiter__max_requests_per_minute=4`.
    """
    made = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HUBSOFT_TUI_HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": language,
        "PYTHONWARNINGS": "default",
        # Journeys count what a person's keys cost; those about tickets switch it on.
        "HUBSOFT_TUI_SYNC__ENABLED": "false",
    }
    if simulator is not None:
        made |= profile(simulator.url)
    return made | {f"HUBSOFT_TUI_{name.upper()}": str(value) for name, value in settings.items()}


def profile(url: str, *, password: str = Simulator.password) -> dict[str, str]:
    """Return the variables that make a profile of a simulator, or of what stands in for one."""
    return {
        "HUBSOFT_URL": url,
        "HUBSOFT_CLIENT_ID": Simulator.client_id,
        "HUBSOFT_CLIENT_SECRET": Simulator.client_secret,
        "HUBSOFT_USERNAME": Simulator.username,
        "HUBSOFT_PASSWORD": password,
    }


def said(message: str, language: str = ENGLISH) -> str:
    """Return `message` as the program says it in `language`."""
    return _catalogue(language).gettext(message)


def counted(one: str, many: str, language: str = ENGLISH) -> re.Pattern[str]:
    """Return what finds a sentence with any number in it, the number being its first group."""
    known = _catalogue(language)
    forms = {known.ngettext(one, many, n) for n in range(3)}
    return re.compile("|".join(re.escape(form).replace(r"\{n\}", r"([\d.,]+)") for form in forms))


def _catalogue(language: str) -> gettext.NullTranslations:
    locale = Path(texts.__file__).parent / "locale"
    return gettext.translation(texts.DOMAIN, locale, [texts.detect({"LANG": language})], fallback=True)


def ask(terminal: Terminal, text: str) -> None:
    """Go to the line of the lookup screen, type a question and send it."""
    if terminal.sees("ctrl+q "):  # letters are typed now, so quitting has another key
        terminal.press("escape")
        terminal.wait_for("ctrl+q ", gone=True)
    terminal.press("/")
    terminal.wait_for("ctrl+q ")
    terminal.type(text)
    terminal.press("enter")


def look_up(terminal: Terminal, text: str, seen: str) -> None:
    """Ask a question and wait until `seen` answers it."""
    ask(terminal, text)
    # With the answer the line is left: what stands there is not the answer before.
    terminal.wait_for(lambda: terminal.sees(seen) and not terminal.sees("ctrl+q "))


def requests_sent(terminal: Terminal, language: str = ENGLISH) -> int:
    """Read how many requests were sent, on the Requests screen, and come back to the lookup."""
    terminal.press("f7")
    sentence = counted("Last {n} request", "Last {n} requests", language)
    terminal.wait_for(lambda: sentence.search(terminal.text))
    found = sentence.search(terminal.text)
    assert found is not None
    terminal.press("f2")
    terminal.wait_for(lambda: not sentence.search(terminal.text))
    return int(next(number for number in found.groups() if number))


class Doorbell:
    """A listening socket that counts who rings and never answers."""

    def __init__(self) -> None:
        self.rings: list[float] = []
        """When (monotonic) a caller connected."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="doorbell", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to ring at."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                caller, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.rings.append(time.monotonic())
            caller.close()

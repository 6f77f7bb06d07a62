"""The line is thin: nothing before the first frame, silence when nothing happens, little when much does."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from hubsoft_tui import HubSoft
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.settings.tree import LimiterSettings
from hubsoft_tui.simulator import Simulator
from tests.hubs import settings_for

from .fixture import BIANCA, WELCOME, Doorbell, Opener, ask, look_up, profile
from .terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e quiet line")]

BUDGET = 600
LIVE_BYTES_PER_SECOND = 6000
THIN_LINK = 12_500
QUIT_SECONDS = 3.0
MINUTE = 60.0


@contextmanager
def background_load(simulator: Simulator, home: Path, *, per_second: float = 5.0) -> Iterator[None]:
    """Another program on the same home asks for one customer after the other, in the background."""
    over = threading.Event()
    settings = settings_for(simulator, home, limiter=LimiterSettings(max_requests_per_minute=BUDGET))

    def work() -> None:
        with HubSoft(settings) as hub:
            for customer in simulator.customers:
                if over.wait(1 / per_second):
                    return
                try:
                    hub.client_info(customer.document, priority=Priority.LOW)
                except HubSoftError:
                    return

    thread = threading.Thread(target=work, name="load")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def written_idle(terminal: Terminal, seconds: float) -> int:
    """Return the least of three watches: what happens once, on however slow a machine, is in one of them.

    What is written when the clock goes on to the next minute does not count.
    """
    least = sys.maxsize
    for _watch in range(3):
        before, started = len(terminal.reads), time.time() - time.monotonic()
        terminal.bytes_over(seconds)
        written = sum(
            size
            for moment, size in terminal.reads[before:]
            if (started + moment) % MINUTE > 1.5 and (started + moment) % MINUTE < MINUTE - 0.2
        )
        least = min(least, written)
        if least == 0:
            break
    return least


def test_no_request_leaves_before_the_first_frame(console: Opener) -> None:
    with Doorbell() as bell:
        terminal = console(extra=profile(bell.url), retry__max_retries=0, cold=True)
        terminal.wait_for(WELCOME)
        terminal.wait_for(lambda: terminal.first_frame is not None)  # it has ended too
        terminal.quiet(1)
        assert bell.rings == []  # nor afterwards, until a question is asked
        ask(terminal, BIANCA)
        terminal.wait_for(lambda: bell.rings)


def test_the_engine_starts_behind_the_first_frame(console: Opener, simulator: Simulator) -> None:
    """Keys typed at once are kept, and even then the first request comes after the first frame."""
    terminal = console(simulator=simulator, cold=True)
    terminal.wait_for(lambda: terminal.first_frame is not None)
    terminal.type(f"{BIANCA}\r")
    terminal.wait_for("BIANCA COUTO")
    assert terminal.first_frame is not None
    assert simulator.request_log.entries()[0].monotonic > terminal.first_frame


def test_a_screen_where_nothing_happens_sends_nothing(
    console: Opener, simulator: Simulator, home: Path
) -> None:
    terminal = console(simulator=simulator, columns=120, rows=40)
    terminal.wait_for(WELCOME)
    # The engine's start is something that happens: the customers looked up last are read, and drawn.
    terminal.wait_for(lambda: list((home / "state").glob("*.db")))
    terminal.quiet(1.5)
    assert written_idle(terminal, 2) == 0, terminal.picture()
    look_up(terminal, BIANCA, "from HubSoft just now")
    terminal.quiet(1.5)
    assert written_idle(terminal, 2) == 0, terminal.picture()


def test_after_the_end_of_a_pass_nothing_is_sent(console: Opener, simulator: Simulator) -> None:
    terminal = console(simulator=simulator, columns=120, rows=40, sync__enabled=True)
    terminal.wait_for(WELCOME)
    terminal.press("escape", "f3")
    terminal.wait_for(
        lambda: re.search(r"\bopen [1-9]", terminal.text)
    )  # the pass has ended, and that was drawn
    terminal.wait_for("a pass is under way", gone=True)
    terminal.quiet(1.5)
    assert written_idle(terminal, 2) == 0, terminal.picture()


def test_the_live_monitor_stays_within_its_budget(console: Opener, simulator: Simulator, home: Path) -> None:
    terminal = console(simulator=simulator, columns=120, rows=40, limiter__max_requests_per_minute=BUDGET)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    with background_load(simulator, home):
        terminal.press("f5")
        terminal.wait_for("Budget, last 60 s")
        sent = len(simulator.request_log)
        terminal.wait_for(lambda: len(simulator.request_log) > sent + 3)
        sent = len(simulator.request_log)
        written = terminal.bytes_over(4)
        assert len(simulator.request_log) > sent + 6, "there was no load to show"
    assert 0 < written / 4 <= LIVE_BYTES_PER_SECOND, terminal.picture()


def test_quit_is_obeyed_on_a_thin_link(console: Opener, simulator: Simulator, home: Path) -> None:
    terminal = console(simulator=simulator, columns=120, rows=40, limiter__max_requests_per_minute=BUDGET)
    terminal.wait_for(WELCOME)
    look_up(terminal, BIANCA, "BIANCA COUTO")
    with background_load(simulator, home):
        terminal.throttle(THIN_LINK)
        terminal.press("f5")
        terminal.wait_for("Budget, last 60 s")
        sent = len(simulator.request_log)
        terminal.wait_for(lambda: len(simulator.request_log) > sent + 10)
        pressed = terminal.mark()
        terminal.press("q")
        assert terminal.exit_status() == 0
    terminal.assert_left_clean()
    # The length of the line in seconds, whatever the machine adds to it.
    assert (terminal.mark() - pressed) / THIN_LINK <= QUIT_SECONDS


def test_a_frozen_terminal_holds_up_no_request(console: Opener, simulator: Simulator) -> None:
    """The reader sleeps. The screens stop, the engine does not: it goes on looking whether HubSoft is back."""
    simulator.set_scenario("outage")
    terminal = console(
        simulator=simulator,
        columns=120,
        rows=40,
        health__open_seconds=0.5,
        health__open_max_seconds=0.5,
        health__failures_to_open=1,
        retry__max_retries=0,
        limiter__max_requests_per_minute=BUDGET,
    )
    terminal.wait_for(WELCOME)
    ask(terminal, BIANCA)
    terminal.wait_for("✖ Offline")
    terminal.press("escape")
    terminal.wait_for("q quit")
    terminal.press("f5")
    terminal.wait_for("Budget, last")

    terminal.stall()
    # Far more repaints than the pseudo-terminal and Textual's queue hold: the screens come to stand.
    for _ in range(40):
        terminal.press("f7", "f5")
    terminal.quiet(0.3)  # what was being read when the reader fell asleep
    read, sent, stalled = len(terminal.raw), len(simulator.request_log), time.monotonic()
    terminal.wait_for(lambda: len(simulator.request_log) >= sent + 5)
    assert len(terminal.raw) == read
    assert time.monotonic() - stalled > 2, "five probes half a second apart"
    arrived = [entry.monotonic for entry in simulator.request_log.entries()[sent:]]
    assert max(later - sooner for sooner, later in pairwise(arrived)) < 3

    simulator.set_scenario("calm")
    terminal.wait_for(lambda: len(simulator.request_log) > sent + 5)
    terminal.resume()
    terminal.wait_for("● Online")
    terminal.press("q")
    assert terminal.exit_status() == 0
    terminal.assert_left_clean()

"""When a console under test is still: read from its loop and its queues instead of waited for.

Textual's own pilot sleeps 20 ms at a time until the process has used less than one of processor time, twice a key, and
sends each widget a message a look. Here the loop is asked whether anything is left that could go on: a callback that
is ready, a message that waits, a handler that has not ended, a thread at work, a timer that is due at once.

What a still screen shows is painted, each time. The frames in between, which the next one replaces before a terminal
would have shown them, are not: those were two of three.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from textual.app import App
    from textual.message_pump import MessagePump
    from textual.pilot import Pilot
    from textual.screen import Screen

AT_ONCE: Final = 0.02
"""Seconds; a timer that is due sooner is waited for, as the pilot's own sleep does."""
POLL: Final = 0.001
POLLS: Final = 1_000
"""So often what is waited for outside the loop is looked at: a busy machine takes longer over it, and for it."""
STUCK: Final = 30.0
FRAME: Final = 0.2
"""Seconds until a screen draws that no pilot looks at."""
OURS: Final = "hubsoft-"
"""How the names of those threads begin that answer over a real connection."""


async def _nothing_ready(loop: Any) -> None:
    """Let others run until the loop has nothing to run, and no descriptor has news."""
    calm, until = 0, loop.time() + STUCK
    while calm < 2 and loop.time() < until:
        await asyncio.sleep(0)
        calm = 0 if loop._ready else calm + 1


def _in_a_thread(loop: Any) -> bool:
    """Return whether the loop's own threads have work."""
    executor = loop._default_executor
    if executor is None:
        return False
    return bool(executor._work_queue.qsize()) or executor._idle_semaphore._value < len(executor._threads)


def _app() -> App[Any] | None:
    """Return the app under test."""
    from textual._context import active_app  # noqa: PLC0415 - heavy library

    return active_app.get(None)


def _held_back() -> bool:
    """Return whether the app paints nothing for now: for 50 ms after it has changed to another mode."""
    app = _app()
    return app is not None and not app._exit and app._batch_count > 0


def _busy(pump: MessagePump) -> bool:
    """Return whether a widget has a message to handle, or has not come back from one."""
    if pump._closed or pump._closing or pump._task is None or pump._task.done():
        return False
    queue: Any = pump._message_queue
    return bool(queue.values) or all(awaited.done() for awaited in queue.ready_event._waiters)


def _engines_run() -> bool:
    """Return whether a real engine or simulator runs: what those do, no loop knows."""
    return any(thread.name.startswith(OURS) for thread in threading.enumerate())


def _drawn(paint: Callable[[Screen[Any]], None]) -> bool:
    """Draw what is to be drawn, instead of at the next sixtieth of a second; returns whether there was anything."""
    app = _app()
    if app is None or not app._screen_stack or app._batch_count or not app.screen.is_current:
        return False
    screen = app.screen
    wanted = screen._layout_required or screen._scroll_required or screen._repaint_required
    if wanted or screen._recompose_required or screen._dirty_widgets or screen._callbacks:
        screen._on_timer_update()
    elif not screen._compositor._dirty_regions:
        return False
    paint(screen)
    return True


async def _still(paint: Callable[[Screen[Any]], None], shortest: float) -> None:
    """Wait until nothing in the loop can go on and no timer is due at once."""
    loop: Any = asyncio.get_running_loop()
    begun, polls = loop.time(), 0
    horizon = begun + max(shortest, AT_ONCE)
    while loop.time() < begun + STUCK:
        await _nothing_ready(loop)
        if _in_a_thread(loop) or _held_back():
            if polls == POLLS:
                return
            polls += 1
            await asyncio.sleep(POLL)
            continue
        if _drawn(paint):
            continue
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=horizon)
        if due >= horizon:
            return
        await asyncio.sleep(due - loop.time())


async def _screen_still(pilot: Pilot[Any]) -> bool:
    """Wait until the app and every widget of its screen have handled what they were sent; False: the app failed."""
    from textual.pilot import WaitForScreenTimeout  # noqa: PLC0415 - heavy library

    app, loop = pilot.app, asyncio.get_running_loop()
    until = loop.time() + STUCK
    while not app._exception_event.is_set():
        await _nothing_ready(loop)
        if not app._screen_stack or not any(
            _busy(pump) for pump in (app, *app.screen.walk_children(with_self=True))
        ):
            return not app._exception_event.is_set()
        if loop.time() > until:
            raise WaitForScreenTimeout("a widget never came back from a message")
        await asyncio.sleep(POLL)
    return False


@contextmanager
def pilots_that_look() -> Iterator[None]:
    """Let pilots look instead of sleeping, and have painted what they see, unless an engine runs."""
    from textual import _wait, app, pilot, screen  # noqa: PLC0415 - heavy library

    asleep: Callable[..., Any] = _wait.wait_for_idle
    paint = screen.Screen._compositor_refresh

    async def wait(shortest: float = 0.0, *more: float) -> None:
        await (asleep(shortest, *more) if _engines_run() else _still(paint, shortest))

    def later(shown: Screen[Any]) -> None:
        """Leave the frame to the next look; what is to be painted is kept with the screen."""
        if not shown.app.is_headless or shown is not shown.app.screen or _engines_run():
            paint(shown)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screen, "UPDATE_PERIOD", FRAME)
        patch.setattr(screen.Screen, "_compositor_refresh", later)
        for module in (app, pilot):
            patch.setattr(module, "wait_for_idle", wait)
        patch.setattr(pilot.Pilot, "_wait_for_screen", _screen_still)
        yield

"""Recording what the console shows: begun and ended with a key or an option, a look each second in between."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.settings import places
from hubsoft_tui.texts import N_, _

from .actions import action
from .console import silent

if TYPE_CHECKING:
    from pathlib import Path

    from hubsoft_tui.services.recordings import Recorder

    from .console import Console

LOOK_SECONDS: Final = 5.0
"""How often a recording looks at the trace, the alerts and the tickets."""


record_key: Final = action(
    "R",
    N_("record"),
    N_("Record what the board and the Monitor show, without any customer; again to end it."),
    id="record",
    line=False,
    job=N_("Record"),
)
"""Declares the method that begins and ends a recording, on a screen that is recorded."""


def begun(path: Path) -> Recorder:
    """Begin a recording in the file that was named. Raises HubSoftError where it cannot be written."""
    from hubsoft_tui.services.recordings import Recorder  # noqa: PLC0415 - first frame

    return Recorder(path, time.time())


class ConsoleRecording:
    """The recording that goes on, if any."""

    def __init__(self, console: Console, recorder: Recorder | None = None) -> None:
        """`recorder` is one that was begun already; `begin` has it take what is shown."""
        self._console = console
        self._recorder = recorder

    @property
    def goes_on(self) -> bool:
        """Whether something is recorded."""
        return self._recorder is not None

    def begin(self) -> None:
        """Have the recorder that there is take what is shown, until it is ended or cannot be written."""
        if self._recorder is not None:
            taking = self._take(self._recorder)
            self._console.run_worker(taking, group="record", exit_on_error=False)

    def turn(self) -> None:
        """Begin a recording in the folder of the state, or end the one that goes on."""
        from hubsoft_tui.services.recordings import Recorder  # noqa: PLC0415 - first frame

        if self._recorder is not None:
            recorder, self._recorder = self._recorder, None
            recorder.close()
            ended = _("Recorded. Look at it with: hubsoft-tui replay {path}")
            self._console.tell(ended.format(path=recorder.path))
            return
        try:
            # Not in the home: the demo's is thrown away.
            self._recorder = Recorder.begin_in(places.find().state / "recordings", time.time())
        except HubSoftError as error:
            self._console.tell(error, severity="error")
            return
        self._console.tell(_("Recording to {path}").format(path=self._recorder.path))
        self.begin()

    def close(self) -> None:
        """End the recording with the console."""
        if self._recorder is not None:
            self._recorder.close()

    async def _take(self, recorder: Recorder) -> None:
        looked = float("-inf")
        while self._recorder is recorder:
            hub = self._console.hub
            if hub is not None and (snapshot := hub.snapshot()).serial:
                if time.monotonic() - looked >= LOOK_SECONDS:
                    looked = time.monotonic()
                    await self._console.asked(recorder.look, silent)
                try:
                    await asyncio.to_thread(recorder.take, snapshot)
                except HubSoftError as error:
                    self._stop(recorder, error)
            await asyncio.sleep(1)

    def _stop(self, recorder: Recorder, error: HubSoftError) -> None:
        recorder.close()
        if self._recorder is recorder:
            self._recorder = None
        self._console.tell(_("The recording has stopped. {reason}").format(reason=error), severity="error")
        self._console.redraw_marks()

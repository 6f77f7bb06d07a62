"""The command that is run for each member who lost the contract: a program from the settings.

It is started as a program with arguments, never through a shell. What fails is kept, listed and tried again.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Final

from ...core.engine import Engine
from ...privacy import clean, redact
from ...texts import Text, say
from .storage import CheckupFiles
from .types import Notice

AGAIN_SECONDS: Final = (60.0, 300.0, 1800.0, 7200.0, 21_600.0, 86_400.0)
"""How long after each failure it is tried again; the last one from then on."""
MAX_SAID: Final = 200
_NAMED: Final = re.compile(r"\{(\w+)\}")
OURS: Final = ("HUBSOFT_",)
"""Variables that are not handed on: the credentials are among them."""


class Notifier:
    """Runs the command for notices that are due, one after another. Lives in the engine's loop."""

    def __init__(self, engine: Engine, files: CheckupFiles) -> None:
        self._engine = engine
        self._files = files
        self._going = asyncio.Lock()

    @property
    def wanted(self) -> bool:
        """Whether a command is set."""
        return bool(self._engine.settings.checkup.command)

    async def run_due(self) -> tuple[int, int]:
        """Run the command for every notice that is due; return how many succeeded and how many failed."""
        done = failed = 0
        if not self.wanted:
            return 0, 0
        async with self._going:
            # What fails now is due later than this, so the queue comes to an end.
            due = self._engine.clock.wall()
            while notice := await self._files.run(lambda stores: stores.notices.take(due)):
                if await self._try(notice, due):
                    done += 1
                else:
                    failed += 1
        return done, failed

    async def _try(self, notice: Notice, due: float) -> bool:
        """Run the command for one notice and note how it went; return whether it succeeded."""
        reason = await self._run(notice)
        if reason is None:
            await self._files.run(lambda stores: stores.notices.done(notice))
            return True
        wait = AGAIN_SECONDS[min(notice.attempts, len(AGAIN_SECONDS) - 1)]
        again = max(self._engine.clock.wall(), due) + wait
        await self._files.run(lambda stores: stores.notices.failed(notice, str(reason), again))
        return False

    async def _run(self, notice: Notice) -> Text | None:
        """Run the command once; return why it failed, or None."""
        settings = self._engine.settings.checkup
        values = values_of(notice)
        arguments = [filled(argument, values) for argument in settings.command]
        variables = {f"HUBSOFT_MEMBER_{name.upper()}": value for name, value in values.items()}
        return await asyncio.to_thread(execute, arguments, variables, settings.command_timeout)


def values_of(notice: Notice) -> dict[str, str]:
    """Return what the command can be told of a member, by the names its arguments may hold in braces."""
    member = notice.member
    return {
        "document": member.document,
        "name": member.name,
        "external_id": member.external_id,
        "result": notice.result.value,
        "status": notice.status,
        "list": notice.list_name,
    }


def filled(argument: str, values: Mapping[str, str]) -> str:
    """Put values where `argument` names them in braces; whatever else is in braces stays."""
    return _NAMED.sub(lambda found: values.get(found[1], found[0]), argument)


def execute(arguments: list[str], variables: Mapping[str, str], timeout: float) -> Text | None:
    """Run a program and wait at most `timeout` seconds; return why it failed, or None. Blocks."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    try:
        ended = subprocess.run(  # noqa: S603 - the person's own program, from the person's own settings
            [argument.replace("\x00", "") for argument in arguments],
            env={**kept, **{name: value.replace("\x00", "") for name, value in variables.items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=timeout,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return say("{program} took longer than {seconds} s.", program=arguments[0], seconds=round(timeout))
    except OSError as error:
        return say(
            "{program} cannot be run: {reason}.",
            program=arguments[0],
            reason=error.strerror or type(error).__name__,
        )
    if ended.returncode == 0:
        return None
    lines = ended.stderr[-4096:].decode("utf-8", "replace").strip().splitlines()
    last = clean(redact(lines[-1]))[:MAX_SAID] if lines else ""
    said = say("{program} ended with {code}", program=arguments[0], code=ended.returncode)
    return say("{said}: {words}", said=said, words=last) if last else said

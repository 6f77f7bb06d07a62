"""One of several processes on one home: `python -m tests.e2e.worker console|background`.

Its settings come from the environment, as any program's. On stdin it gets documents, one a line; on stdout it
says `ready` and then each document as it is answered.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable

from hubsoft_tui import AsyncHubSoft
from hubsoft_tui.core.types import Priority


def say(text: str) -> None:
    """Tell the process that started this one."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def answered(client: AsyncHubSoft, document: str, priority: Priority) -> None:
    """Ask for one customer and say that it was answered."""
    await client.client_info(document, priority=priority)
    say(document)


async def console() -> None:
    """Do what a console does: snapshots watched, and one question after the other with a person waiting."""
    async with AsyncHubSoft.open() as client:
        with client.hub.watch():
            say("ready")
            while line := await asyncio.to_thread(sys.stdin.readline):
                await answered(client, line.strip(), Priority.HIGH)
                client.snapshot()


async def background(documents: Iterable[str]) -> None:
    """Ask for all of a long list at once, with no user waiting."""
    async with AsyncHubSoft.open() as client:
        say("ready")
        await asyncio.gather(*(answered(client, document, Priority.LOW) for document in documents))


if __name__ == "__main__":
    role = sys.argv[1]
    asyncio.run(console() if role == "console" else background([line.strip() for line in sys.stdin]))

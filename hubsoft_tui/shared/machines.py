"""Who is at the shared server: names and versions are sealed there, figures are not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from ..core.ports import MachineSeen
from ..texts import Text, say
from .connection import SharedServer
from .seal import Seal

PLACE: Final = "who"


def sealed_face(seal: Seal, name: str, version: str, kind: str) -> str:
    """Return how a machine shows itself to the others."""
    return seal.sealed_text(msgspec.msgpack.encode([name, version, kind]), PLACE)


async def seen_ledger(server: SharedServer) -> dict[str, Any]:
    """Return what `seen.lua` says of the ledger; empty where there is none. Raises SharedServerLost.

    The ledger itself is for its scripts alone: it keeps whole answers, which are no text.
    """
    answer = await server.script("seen.lua", [f"{server.prefix}ledger"], [f"{server.prefix}n:"])
    held: dict[str, Any] = {} if answer is None else msgspec.msgpack.decode(answer)
    return held


async def seen_machines(server: SharedServer, seal: Seal, mine: str) -> list[MachineSeen]:
    """Return who is at the server, the machine `mine` first. Raises SharedServerLost."""
    found = []
    held = await seen_ledger(server)
    for machine, promise, silent, spent, waiting, face in held.get("m", ()):
        name, version, kind = _opened(seal, face)
        found.append(
            MachineSeen(
                id=machine,
                name=name,
                version=version,
                kind=kind,
                mine=machine == mine,
                promise=promise,
                silent=max(0.0, silent / 1000),
                spent=spent,
                waiting=waiting,
            )
        )
    return sorted(found, key=lambda each: (not each.mine, each.name, each.id))


def _opened(seal: Seal, face: str) -> tuple[str, str, str]:
    shown = seal.opened_text(face, PLACE)
    return ("", "", "") if shown is None else msgspec.msgpack.decode(shown, type=tuple[str, str, str])


def versions_text(there: Iterable[MachineSeen]) -> Text | None:
    """Say that machines run different versions of this program; None when they do not."""
    versions = sorted({machine.version for machine in there if machine.version})
    if len(versions) < 2:
        return None
    return say("They run different versions ({versions}): update the older.", versions=", ".join(versions))

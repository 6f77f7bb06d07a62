"""From a reply to its value, whatever came: a wrong answer is told as one, never as a mistake of the program."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from ...api.answers import Decoded
from ...api.operation import Operation
from ...errors import BadAnswer, HubSoftError
from ...texts import say
from .transport import Reply

T = TypeVar("T")
logger = logging.getLogger(__name__)

HEAVY_BYTES: Final = 128 * 1024
"""A larger answer is decoded in a thread: a page of hundreds takes longer than people may be kept waiting."""
LONGEST_HOST: Final = 260


async def decoded_answer(operation: Operation[T], reply: Reply) -> Decoded[T]:
    """Decode an answer, a heavy one in a thread. Raises what `Operation.read` raises and nothing else."""
    read = partial(
        operation.read,
        reply.body,
        status=reply.status,
        content_type=reply.headers.get("content-type", ""),
    )
    try:
        return read() if len(reply.body) < HEAVY_BYTES else await asyncio.to_thread(read)
    except HubSoftError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a decoder stumbles over arrived in the answer
        # Its text may hold what came, so only its kind and its place are told.
        kind, place = type(error).__name__, traceback.extract_tb(error.__traceback__)[-1]
        logger.error(  # noqa: TRY400
            "%s: %s at %s:%s", operation.name, kind, Path(place.filename).name, place.lineno
        )
        raise BadAnswer(say("HubSoft's answer cannot be read ({kind}).", kind=kind)) from None


def redirected(reply: Reply) -> BadAnswer:
    """Tell where an answer leads to: its scheme and host, for the rest may hold what is private."""
    scheme = host = ""
    with contextlib.suppress(ValueError):
        parts = urlsplit(reply.headers.get("location", ""))
        scheme, host = parts.scheme, parts.netloc.rpartition("@")[2]
    if not (host and host.isascii() and host.isprintable() and len(host) <= LONGEST_HOST):
        return BadAnswer(
            say(
                "The address in the profile answers with a redirect (HTTP {status}), which is not followed: "
                "check it.",
                status=reply.status,
            )
        )
    origin = f"{scheme}://{host}" if scheme in {"http", "https"} else host
    return BadAnswer(
        say(
            "The address in the profile sends us to {origin} (HTTP {status}), which is not followed: check it.",
            origin=origin,
            status=reply.status,
        )
    )

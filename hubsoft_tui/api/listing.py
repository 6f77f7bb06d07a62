"""The lists of what belongs to one customer: found by a key, and at most `MAX_LIST` rows long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from . import answers, verdicts
from .operation import ROOT, Operation, filled, within
from .rows import Row
from .search import SearchKey, concerns, wire_term

T = TypeVar("T")

MAX_LIST: Final = 50


def listing_query(key: SearchKey, term: str, limit: int) -> dict[str, str]:
    """Return the parameters every such list has. Raises ValueError for what HubSoft would refuse."""
    return {
        "busca": key.value,
        "termo_busca": wire_term(key, term),
        "limit": within(limit, 1, MAX_LIST, "limit"),
    }


def listing(
    route: str,
    payload_key: str,
    decode: Callable[[Row], T],
    query: dict[str, str],
    things: verdicts.Nouns,
) -> Operation[tuple[T, ...]]:
    """Build the request for one list: `cliente/<route>`, whose rows stand under `payload_key`."""
    limit = int(query["limit"])
    admits = concerns(SearchKey(query["busca"]), query["termo_busca"])
    return Operation(
        name=f"cliente.{route}",
        method="GET",
        path=f"{ROOT}cliente/{route}",
        decode=lambda payload: answers.found(
            payload, payload_key, decode, limit=limit, admits=admits, things=things
        ),
        query=filled(query),
    )

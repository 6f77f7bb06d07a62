"""Deeds that put a page in front of a screen: one at a time, however often or fast their keys come."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from .base import ConsoleScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

P = ParamSpec("P")
S = TypeVar("S", bound=ConsoleScreen)


def one_page(
    deed: Callable[Concatenate[S, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, None]]:
    """Let `deed` begin only while no other such deed has a page open."""

    @wraps(deed)
    async def begun(screen: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        with screen.console.one_page() as free:
            if free:
                await deed(screen, *args, **kwargs)

    return begun

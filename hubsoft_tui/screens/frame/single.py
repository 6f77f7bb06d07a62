"""Actions that put a page in front of a screen: one at a time, however often or fast their keys come."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from .base import ConsoleScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

P = ParamSpec("P")
S = TypeVar("S", bound=ConsoleScreen)


def one_page(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, None]]:
    """Let `method` begin only while no other such action has a page open."""

    @wraps(method)
    async def begun(screen: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        with screen.console.one_page() as free:
            if free:
                await method(screen, *args, **kwargs)

    return begun

"""HubSoft for people and programs: one engine, one token, one budget, one memory.

    from hubsoft_tui import HubSoft

    with HubSoft.open() as hub:
        hub.client_info("862.149.410-81")

Names are imported when they are first used, so that `hubsoft-tui --version` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .api.models import Customer
    from .core.types import Category, Priority
    from .errors import HubSoftError
    from .library import AsyncHubSoft, HubSoft
    from .settings.tree import Settings

__all__ = [
    "AsyncHubSoft",
    "Category",
    "Customer",
    "HubSoft",
    "HubSoftError",
    "Priority",
    "Settings",
    "__version__",
]

_HOMES = {
    "AsyncHubSoft": "library",
    "Category": "core.types",
    "Customer": "api.models",
    "HubSoft": "library",
    "HubSoftError": "errors",
    "Priority": "core.types",
    "Settings": "settings.tree",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name is
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)

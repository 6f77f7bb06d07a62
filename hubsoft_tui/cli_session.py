"""What the commands stand on: the options given, the settings they choose, and a running engine."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import click

from . import logs, places, texts
from .cli_click import Option
from .texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from .core.engine import Engine
    from .services.hub import Hub
    from .services.opening import Services
    from .settings import Settings
    from .settings_files import Loaded

T = TypeVar("T")

JSON: Final = "--json"
json_option = click.option(JSON, "as_json", cls=Option, is_flag=True, help=N_("Print one JSON document."))


@dataclass(slots=True)
class Session:
    """What the options before the command's name say, and what is known by the time something fails."""

    profile: str | None = None
    demo: bool = False
    read_only: bool = False
    term: str | None = None
    """What `lookup` was asked; None in every other command."""


def loaded_settings(session: Session, *, need_profile: bool = True, with_secrets: bool = True) -> Loaded:
    """Return the settings of the profile wanted; what they warn of goes to stderr. Raises SettingsError."""
    from .settings_files import read

    flags = {"read_only": True} if session.read_only else {}
    loaded = read(session.profile, flags, need_profile=need_profile, with_secrets=with_secrets)
    texts.use(loaded.settings.ui.language)
    for warning in loaded.warnings:
        click.echo(str(warning), err=True)
    return loaded


@contextlib.contextmanager
def open_hub(session: Session, *, with_secrets: bool = True) -> Iterator[Hub]:
    """Start the engine on the profile wanted, or on a simulator of its own. Raises HubSoftError."""
    from .services.hub import Hub

    with contextlib.ExitStack() as stack:
        if session.demo:
            settings = stack.enter_context(_demo())
        else:
            settings = loaded_settings(session, with_secrets=with_secrets).settings
        # Without a place of its own, what the engine logs would be printed over the answer.
        logs.configure(places.find(home=settings.home or None).logs, settings.log)
        stack.callback(logs.close)
        hub = Hub(settings)
        stack.callback(hub.close)
        hub.start()

        for path in hub.set_aside:
            click.echo(
                _("A damaged file was set aside as {path}; a new one was begun.").format(path=path), err=True
            )
        yield hub


@contextlib.contextmanager
def _demo() -> Iterator[Settings]:
    """Serve invented customers for the length of one command, with a home that is thrown away."""
    from .settings import Settings
    from .simulator import Simulator

    with tempfile.TemporaryDirectory(prefix="hubsoft-tui-demo-") as home, Simulator() as simulator:
        yield Settings(profile=simulator.profile, home=home)


def of_engine(ask: Callable[[Engine], T]) -> Callable[[Services], Awaitable[T]]:
    """Return `ask` as `Hub.call` takes it, for what the engine answers at once."""

    async def answer(services: Services) -> T:
        return ask(services.engine)

    return answer

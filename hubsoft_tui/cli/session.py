"""What the commands stand on: the options given, the settings they choose, and a running engine."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from dataclasses import field
from typing import TYPE_CHECKING, Final, TypeVar

import click

from .. import texts
from ..errors import HubSoftError, StoreError
from ..privacy import clean
from ..texts import N_, _
from ..values import dataclass
from .output import styled
from .translation import Option

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator
    from types import FrameType

    from ..core.engine import Engine
    from ..services.container import Services
    from ..services.hub import Hub
    from ..settings.files import Loaded
    from ..settings.tree import Settings
    from ..store.losses import Loss

T = TypeVar("T")

JSON: Final = "--json"
json_option = click.option(JSON, "as_json", cls=Option, is_flag=True, help=N_("Print one JSON document."))


@dataclass(slots=True)
class CommandSession:
    """What the options before the command's name say, and what is known by the time something fails."""

    profile: str | None = None
    demo: bool = False
    read_only: bool = False
    term: str | None = None
    """What `lookup` was asked; None in every other command."""
    told: set[str] = field(default_factory=set)
    """What went to stderr already: a command that looks twice tells it once."""


def loaded_settings(
    session: CommandSession, *, need_profile: bool = True, with_secrets: bool = True
) -> Loaded:
    """Return the settings of the profile wanted; what they warn of goes to stderr. Raises SettingsError."""
    from ..settings.files import complete, read  # noqa: PLC0415 - heavy: help loads no settings

    flags = {"read_only": True} if session.read_only else {}
    loaded = read(session.profile, flags, need_profile=need_profile, with_secrets=with_secrets)
    if not with_secrets and (loaded.settings.shared.url or loaded.settings.profile.shared_url):
        loaded = complete(loaded)  # what is remembered is shared too, and its server asks for a password
    texts.use(loaded.settings.ui.language)
    for warning in loaded.warnings:
        if (line := str(warning)) not in session.told:
            session.told.add(line)
            click.echo(line, err=True)
    return loaded


@contextlib.contextmanager
def open_hub(session: CommandSession, *, with_secrets: bool = True) -> Iterator[Hub]:
    """Start the engine on the profile wanted, or on a simulator of its own. Raises HubSoftError."""
    from ..diagnostics import logs  # noqa: PLC0415 - heavy: help writes no log
    from ..services.hub import Hub  # noqa: PLC0415 - heavy: help loads no service
    from ..settings import places  # noqa: PLC0415 - heavy: help loads no settings

    with contextlib.ExitStack() as stack:
        if session.demo:
            settings = stack.enter_context(_demo())
        else:
            settings = loaded_settings(session, with_secrets=with_secrets).settings
        # Without a place of its own, what the engine logs would be printed over the answer.
        try:
            logs.configure(places.find(home=settings.home or None).logs, settings.log)
        except StoreError as error:  # what is only read needs no log
            click.echo(str(error), err=True)
        stack.callback(logs.close)
        # A command that no terminal sees is a job of the night's.
        hub = Hub(settings, program="command" if sys.stderr.isatty() else "cron")
        stack.callback(hub.close)
        hub.start()

        say_losses(session, hub.call(losses_of))
        try:
            yield hub
        finally:
            # A file that is opened when it is first used may have been found damaged only then.
            with contextlib.suppress(HubSoftError):
                say_losses(session, hub.call(losses_of))


async def _opened_outbox(services: Services) -> object:
    return services.outbox


@contextlib.contextmanager
def open_to_write(session: CommandSession) -> Iterator[Hub]:
    """Start the engine; what cannot be opened is told as what it means for what is written. Raises HubSoftError."""
    with contextlib.ExitStack() as stack:
        try:
            hub = stack.enter_context(open_hub(session))
            hub.call(_opened_outbox)
        except StoreError as error:
            from ..services.outbox.types import not_accepted  # noqa: PLC0415 - heavy: help loads no service

            raise not_accepted(error) from error
        yield hub


@contextlib.contextmanager
def open_home(session: CommandSession) -> Iterator[Loaded]:
    """Yield the settings wanted for a look at what this home keeps, without an engine; losses are told as ever."""
    import logging  # noqa: PLC0415 - heavy: help logs nothing

    from ..store.losses import LossBook  # noqa: PLC0415 - heavy: help opens no file

    # Without a place of its own, what is logged would be printed over the answer.
    logger = logging.getLogger("hubsoft_tui")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    loaded = loaded_settings(session, with_secrets=False)
    losses = LossBook((loaded.places.state, loaded.places.cache))
    say_losses(session, losses.open())
    yield loaded
    say_losses(session, losses.open())


async def losses_of(services: Services) -> tuple[Loss, ...]:
    """Return what was lost on disk and not acknowledged; for `Hub.call`."""
    return services.losses.open()


def loss_lines(losses: Iterable[Loss]) -> list[str]:
    """Return what people read of `losses`, and an empty line after it; nothing when there are none."""
    from ..store.losses import loss_text  # noqa: PLC0415 - heavy: help loads no service

    lines = [styled(clean(str(loss_text(loss))), "bad") for loss in losses]
    return [*lines, ""] if lines else []


def say_losses(session: CommandSession, losses: Iterable[Loss]) -> None:
    """Tell on stderr of those `losses` that this command has not told of yet."""
    news = [loss for loss in losses if loss.id not in session.told]
    if not news:
        return
    from ..store.losses import loss_text  # noqa: PLC0415 - heavy: help loads no service

    session.told.update(loss.id for loss in news)
    for loss in news:
        click.echo(str(loss_text(loss)), err=True)
    click.echo(_("This is said until: hubsoft-tui config check --acknowledge"), err=True)


@contextlib.contextmanager
def _demo() -> Iterator[Settings]:
    """Serve invented customers for the length of one command, with a home that is thrown away."""
    import shutil  # noqa: PLC0415 - heavy: the demo alone needs it

    from ..settings.places import make_temporary  # noqa: PLC0415 - heavy: help loads no settings
    from ..settings.tree import Settings  # noqa: PLC0415 - heavy: help loads no settings
    from ..simulator import Simulator  # noqa: PLC0415 - heavy: the demo alone needs it

    home = make_temporary("hubsoft-tui-demo-")
    try:
        with Simulator() as simulator:
            yield Settings(profile=simulator.profile, home=str(home))
    finally:
        shutil.rmtree(home, ignore_errors=True)


class _Ended(BaseException):
    """A signal that ends a command arrived while it was at work."""


@contextlib.contextmanager
def until_signal(*, interrupts: bool = False) -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set, which is how the command is meant to end.

    With `interrupts` the first of them also ends the block, in the middle of what it does. What handled
    the signals before is put back afterwards.
    """
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        first = not ended.is_set()
        ended.set()
        if interrupts and first:
            raise _Ended

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.suppress(_Ended):
            yield ended
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def of_engine(ask: Callable[[Engine], T]) -> Callable[[Services], Awaitable[T]]:
    """Return `ask` as `Hub.call` takes it, for what the engine answers at once."""

    async def answer(services: Services) -> T:
        return ask(services.engine)

    return answer

"""Click in the person's language: help translated when it is shown, and click's own sentences with it."""

from __future__ import annotations

import contextlib
import gettext
import math
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..privacy import as_typed
from ..texts import DOMAIN, N_, _

if TYPE_CHECKING:
    from collections.abc import Iterator

# Click asks the process's own gettext domain for these. They are marked here, word for word as click has
# them, so that our catalogue carries them; one that click rewords shows in English until it follows.
CLICK_TEXTS: Final = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Positional arguments"),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("No such command {name!r}."),
    N_("No such option {name!r}."),
    N_("Option {name!r} requires an argument."),
    N_("Option {name!r} does not take a value."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("default: {default}"),
    N_("Choose from:\n\t{choices}"),
)


class Number(click.FloatRange):
    """A finite number within bounds. `nan` passes every comparison, so click's own type lets it through."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Fails as click does."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            kind = {"value": str(value), "number_type": self.name}
            self.fail(_("{value!r} is not a valid {number_type}.").format(**kind), param, ctx)
        return number


class Option(click.Option):
    """An option whose help is a message id, translated when it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's two columns of help."""
        with _translated(self):
            return super().get_help_record(ctx)


class Command(click.Command):
    """A command whose help is a message id, translated when it is shown.

    It takes the options of `SHARED` too, which stand before its name in the help.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's parameters, and those that may stand before or behind its name."""
        own = super().get_params(ctx)
        return own if ctx.parent is None else [*own, *SHARED]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; texts from a Latin-1 keyboard become what was typed, paths stay the bytes they are."""
        rest = super().parse_args(ctx, args)
        for name, value in ctx.params.items():
            if isinstance(value, str):
                ctx.params[name] = as_typed(value)
        return rest

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the `--help` option, in the language of now: click makes it once and keeps it."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = _("Show this message and exit.")
        return option

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the line that the list of commands shows: whole, never cut in the middle of a sentence."""
        return _(self.help).partition("\n")[0] if self.help else ""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        with _translated(self):
            super().format_help_text(ctx, formatter)


class Group(Command, click.Group):
    """A group of commands, in the order they are written: the most used first."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names as they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name, with its module loaded, and what follows its name."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.loaded() if isinstance(command, LaterCommand) else command, rest


Group.group_class = Group


class LaterCommand(Command):
    """A command whose module is loaded when the command is named: the list of commands needs its help alone."""

    def __init__(self, name: str, module: str, attribute: str, help: str) -> None:  # noqa: A002 - click's own name
        """`attribute` is the command in `module` of this package; it gets its help from here."""
        super().__init__(name, help=help)
        self._module = module
        self._attribute = attribute

    def loaded(self) -> click.Command:
        """Return the command itself."""
        command: click.Command = getattr(import_module(f"{__package__}.{self._module}"), self._attribute)
        command.help = self.help
        return command


def _keep(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Note what a shared option says, unless it says nothing."""
    if value and param.name:
        setattr(ctx.obj, param.name, as_typed(value) if isinstance(value, str) else value)


def _shared(*names: str, **options: object) -> Option:
    return Option(names, expose_value=False, callback=_keep, hidden=True, **options)  # type: ignore[arg-type]


SHARED: Final = (
    _shared("--profile", metavar="NAME"),
    _shared("--demo", is_flag=True),
    _shared("--read-only", is_flag=True),
)
"""What is meant for the whole program, behind a command's name: hidden there, and taken."""


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let click's own sentences be in `language`; what was set before is put back afterwards."""
    locale = str(Path(__file__).parents[1] / "locale")
    domain, kept = gettext.textdomain(), os.environ.get("LANGUAGE")
    gettext.bindtextdomain(DOMAIN, locale)
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language  # the only way to choose one for gettext's global functions
    try:
        yield
    finally:
        gettext.textdomain(domain)
        if kept is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = kept


@contextlib.contextmanager
def _translated(owner: click.Option | click.Command) -> Iterator[None]:
    message = owner.help
    owner.help = _(message) if message else message
    try:
        yield
    finally:
        owner.help = message

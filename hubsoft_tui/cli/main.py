"""The headless commands: the same services as the screens, with text or JSON out and exit codes that tell.

0 done · 1 failed · 2 wrong usage or invalid input · 3 not found · 4 HubSoft unreachable, nothing remembered ·
5 credentials refused. With `--json` exactly one document is on stdout, for failures too: those have `error`,
with `kind` and `message`. Everything else is on stderr.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING, Final

import click

from .. import privacy, texts
from .._version import __version__
from ..errors import HubSoftError
from ..texts import N_, _
from .session import JSON, CommandSession
from .translation import Group, LaterCommand, Option, speaking

if TYPE_CHECKING:
    from collections.abc import Sequence


PROGRAM: Final = "hubsoft-tui"
COMPLETE_VARIABLE: Final = "_HUBSOFT_TUI_COMPLETE"
INTERRUPTED: Final = 130


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `argv` is without the program's name. Never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # The settings say it too, but help and wrong usage must not wait for a file that may be broken.
    texts.use(os.environ.get("HUBSOFT_TUI_UI__LANGUAGE", "auto"))
    try:
        with speaking(texts.language()):
            code = _outcome(arguments, CommandSession())
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except OSError as error:  # a full disk behind `>`
        code = _reader_gone()
        with contextlib.suppress(OSError):
            click.echo(_("The answer cannot be written: {reason}.").format(reason=error.strerror), err=True)
    return code


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=N_(
        "An operations console for providers that run HubSoft. Without a command the console opens.\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage or invalid input, 3 not found, 4 HubSoft unreachable "
        "and nothing remembered, 5 credentials refused."
    ),
)
@click.option("--profile", cls=Option, metavar="NAME", help=N_("Use this profile of config.toml."))
@click.option("--demo", cls=Option, is_flag=True, help=N_("Use a simulated HubSoft and invented customers."))
@click.option(
    "--read-only", cls=Option, is_flag=True, help=N_("Take every action away that writes to HubSoft.")
)
@click.option(
    "--record",
    cls=Option,
    metavar="FILE",
    help=N_("Record what the console's board and Monitor show, to be replayed."),
)
@click.version_option(
    __version__, cls=Option, message="%(prog)s %(version)s", help=N_("Show the version and exit.")
)
@click.pass_obj
def hubsoft(
    session: CommandSession, profile: str | None, record: str | None, *, demo: bool, read_only: bool
) -> None:
    """Take the options that stand before the command's name."""
    if record is not None:
        raise click.UsageError(_("--record is the console's: it stands without a command."))
    session.profile, session.demo, session.read_only = profile, demo, read_only


@click.group(cls=Group, help=N_("Open tickets, and see the ones that are followed."))
def ticket() -> None:
    """Hold the commands on tickets."""


ticket.add_command(
    LaterCommand(
        "open",
        "outbox",
        "open_ticket",
        N_(
            "Open a ticket. It is kept on this machine first, so it is neither lost nor opened twice.\n\n"
            "What cannot be sent now is sent by a console that is open, or by: hubsoft-tui outbox --send"
        ),
    )
)
ticket.add_command(
    LaterCommand(
        "list",
        "tickets",
        "ticket_list",
        N_("Show the tickets that are followed, from the mirror: no request."),
    )
)

for _command in (
    LaterCommand(
        "lookup",
        "lookup",
        "lookup",
        N_(
            "Find a customer and say whether the contract is active.\n\n"
            "TERM is a CPF, CNPJ, phone, name, HubSoft code, login or ticket protocol."
        ),
    ),
    LaterCommand(
        "sync",
        "tickets",
        "sync",
        N_(
            "Bring the followed tickets up to date, in as few requests as that takes.\n\n"
            "The first sync takes the open tickets of the last days, as the settings say; later ones follow them."
        ),
    ),
    ticket,
    LaterCommand(
        "service",
        "service",
        "service",
        N_(
            "Do something to a service: each action is shown as it will be sent, and sent once.\n\n"
            "What HubSoft does not answer is looked for, and never sent again unasked: see hubsoft-tui outbox"
        ),
    ),
    LaterCommand(
        "visit", "service", "visit", N_("Open a work order, confirm a visit, or plan it for another time.")
    ),
    LaterCommand("invoice", "lookup", "invoice", N_("Show what a customer is to pay.")),
    LaterCommand(
        "outbox",
        "outbox",
        "outbox",
        N_("List what was written to HubSoft from this machine, and what is not there yet."),
    ),
    LaterCommand(
        "checkup",
        "checkup",
        "checkup",
        N_(
            "Check who of a list of members has an active contract, with as few requests as possible.\n\n"
            "FILE is a CSV with columns of documents (cpf, cnpj, documento or document) and, if you like, names and "
            "ids; - reads it from standard input. "
            "A check-up that was interrupted goes on where it was. Exit code 0 when everybody could be decided, 1 "
            "when somebody is unknown or commands are held."
        ),
    ),
    LaterCommand(
        "report",
        "report",
        "report",
        N_(
            "Show what a day cost and saved: questions, requests, endpoints, errors. Sends no request.\n\n"
            "A day goes from midnight to midnight in this machine's time zone. Without --day it is today, so far."
        ),
    ),
    LaterCommand(
        "metrics",
        "metrics",
        "metrics",
        N_(
            "Give the figures of this home to Prometheus: printed once, or with --port served, or with --file "
            "written for node_exporter. Sends no request.\n\n"
            "What the consoles and programs on this home share is measured; none of them needs to know."
        ),
    ),
    LaterCommand(
        "cache",
        "upkeep",
        "cache",
        N_("Look after what is remembered of HubSoft's answers. Sends no request."),
    ),
    LaterCommand(
        "config", "upkeep", "config", N_("See where settings are, what they are, and whether they are right.")
    ),
    LaterCommand(
        "shared",
        "shared_server",
        "shared",
        N_("Share one budget among machines, through a Redis or Valkey server."),
    ),
    LaterCommand(
        "simulate", "simulate", "simulate", N_("Run a simulated HubSoft on this machine until Ctrl+C.")
    ),
):
    hubsoft.add_command(_command)


@hubsoft.command(
    help=N_(
        "Print a script that completes commands in your shell.\n\n"
        'In bash: eval "$(hubsoft-tui completion bash)"'
    )
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Answer `completion`."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - heavy: most commands complete nothing

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(shell)
    sys.stdout.write(made(hubsoft, {}, PROGRAM, COMPLETE_VARIABLE).source() + "\n")


@hubsoft.command(
    help=N_(
        "Play a recording of the console's board and Monitor: space pauses, + and - change the speed, ← and → seek.\n\n"
        "Nothing is sent. A recording is made with R on either, or with --record. No customer is in it."
    )
)
@click.argument("file")
def replay(file: str) -> None:
    """Answer `replay` where its one file does not stand alone: the console plays it."""
    raise click.UsageError(
        _("{file} is played in the console, alone: hubsoft-tui replay FILE").format(file=file)
    )


def _outcome(arguments: list[str], session: CommandSession) -> int:
    try:
        result = hubsoft.main(args=arguments, prog_name=PROGRAM, standalone_mode=False, obj=session)
    except click.UsageError as error:
        return _wrong_usage(error, arguments, session)
    except (click.Abort, KeyboardInterrupt):
        return _failed("interrupted", _("Interrupted."), INTERRUPTED, arguments, session)
    except HubSoftError as error:
        from .output import error_kind  # noqa: PLC0415 - heavy: help loads no command

        return _failed(error_kind(error), str(error), error.exit_code, arguments, session)
    except SystemExit as gone:  # click's answer to shell completion, and to a reader that went away
        return gone.code if isinstance(gone.code, int) else 1
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO} and error.filename is None:
            raise  # the answer itself could not be written
        return _failed("crash", _crash_line(error), HubSoftError.exit_code, arguments, session)
    return result if isinstance(result, int) else 0


def _wrong_usage(error: click.UsageError, arguments: list[str], session: CommandSession) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    place = error.ctx.command_path if error.ctx else PROGRAM
    hint = _("See {command} --help.").format(command=place)
    said = error.format_message()
    said = said if said.endswith((".", "!", "?")) else f"{said}."
    return _failed("usage", f"{said} {hint}", error.exit_code, arguments, session)


def _failed(kind: str, message: str, code: int, arguments: list[str], session: CommandSession) -> int:
    """Say on stderr what went wrong; with `--json` in the document too."""
    from .lookup import no_lookup_document  # noqa: PLC0415 - heavy: help loads no command
    from .output import write_json  # noqa: PLC0415 - heavy: help loads no command

    message = privacy.clean(message, multiline=True)
    click.echo(message, err=True)
    if JSON in (arguments[: arguments.index("--")] if "--" in arguments else arguments):
        error = {"kind": kind, "message": message}
        if session.term is None:
            write_json({"error": error})
        else:
            write_json(no_lookup_document(session.term, error))
    return code


def _reader_gone() -> int:
    """The reader of stdout closed it: point stdout elsewhere, so that leaving does not fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return HubSoftError.exit_code


def _crash_line(error: Exception) -> str:
    from ..diagnostics import crash  # noqa: PLC0415 - heavy: only a defect needs it
    from ..settings import places  # noqa: PLC0415 - heavy: only a defect needs it

    try:
        folder = places.find().crashes
    except HubSoftError:
        return crash.line(None)
    return crash.line(crash.report(error, folder))

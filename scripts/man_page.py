"""Write the manual page from the command line's own help: `man_page.py FILE`."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hubsoft_tui import __version__, texts
from hubsoft_tui.cli.main import PROGRAM, hubsoft
from hubsoft_tui.cli.translation import LaterCommand

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES: Final = """\
.SH FILES
.B hubsoft\\-tui config path
prints where the settings, the secrets, the state, the cache and the logs are.
.SH ENVIRONMENT
.TP
.B HUBSOFT_URL, HUBSOFT_CLIENT_ID, HUBSOFT_CLIENT_SECRET, HUBSOFT_USERNAME, HUBSOFT_PASSWORD
A profile, or what one in config.toml lacks.
.TP
.B HUBSOFT_TUI_HOME
One folder for everything that is kept.
.TP
.BI HUBSOFT_TUI_ SECTION __ SETTING
Any setting, in capital letters: HUBSOFT_TUI_UI__LANGUAGE=pt_BR.
"""


def page() -> str:
    """Return the page, in English."""
    texts.use("en")
    made = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    context = click.Context(hubsoft, info_name=PROGRAM, **hubsoft.context_settings)
    lines = [
        f'.TH {PROGRAM.upper()} 1 "{time.strftime("%Y-%m-%d", made)}" "{PROGRAM} {__version__}" "User commands"',
        ".SH NAME",
        f"{_roff(PROGRAM)} \\- an operations console for providers that run HubSoft",
        ".SH SYNOPSIS",
        f".B {_roff(PROGRAM)}",
        _roff("[OPTIONS] [COMMAND [ARGS]...]"),
        ".SH DESCRIPTION",
        *_paragraphs(hubsoft),
        ".SH OPTIONS",
        *_options(hubsoft, context),
        ".SH COMMANDS",
    ]
    for command, inside in _commands(hubsoft, context):
        usage = " ".join(command.collect_usage_pieces(inside))
        lines += [f".SS {_roff(inside.command_path)} {_roff(usage)}"]
        lines += [*_paragraphs(command), *_options(command, inside)]
    return "\n".join(lines) + "\n" + FILES


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield every command below a group in the order of the help; of a group its commands alone."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, LaterCommand):
            command = command.loaded()
        if command is None or command.hidden:
            continue
        inside = click.Context(command, parent=context, info_name=name)
        if isinstance(command, click.Group):
            yield from _commands(command, inside)
        else:
            yield command, inside


def _paragraphs(command: click.Command) -> list[str]:
    told = [_roff(" ".join(part.split())) for part in re.split(r"\n\s*\n", (command.help or "").strip())]
    return "\n.PP\n".join(told).splitlines()  # a heading begins its first paragraph


def _options(command: click.Command, context: click.Context) -> list[str]:
    options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
    lines = []
    for names, does in filter(None, (option.get_help_record(context) for option in options)):
        lines += [".TP", f".B {_roff(names)}", _roff(does)]
    return lines


def _roff(text: str) -> str:
    """Return `text` as roff shows it: no sign of its own, in ASCII, and no line that it takes for a request."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    shown = "".join(sign if sign.isascii() else f"\\[u{ord(sign):04X}]" for sign in plain)
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(), encoding="utf-8")

"""The commands on tickets, as a group: each module of commands adds its own."""

from __future__ import annotations

import click

from .cli_click import Group
from .texts import N_


@click.group(cls=Group, help=N_("Tickets: open one, list those that are followed."))
def ticket() -> None:
    """Hold the commands on tickets."""

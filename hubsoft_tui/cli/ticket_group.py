"""The group that the commands on tickets belong to, whichever module they are in."""

from __future__ import annotations

import click

from ..texts import N_
from .translated import Group


@click.group(cls=Group, help=N_("Open tickets, and see the ones that are followed."))
def ticket() -> None:
    """Hold the commands on tickets."""

"""The `simulate` command: a HubSoft of invented customers for other programs, until it is interrupted."""

from __future__ import annotations

import click

from ..errors import HubSoftError
from ..simulator import SCENARIOS, Simulator, introduce
from ..texts import N_, say
from .output import write_lines
from .session import until_signal
from .translation import Command, Option


@click.command(cls=Command)
@click.option(
    "--port",
    cls=Option,
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help=N_("Listen here; 0 takes a free one."),
)
@click.option(
    "--scenario",
    cls=Option,
    type=click.Choice(tuple(SCENARIOS)),
    default="calm",
    metavar="NAME",
    help=N_("How it behaves: calm, busy, rate-limited, slow, flaky, outage or token-revoked."),
)
def simulate(port: int, scenario: str) -> None:
    """Serve until interrupted, which is how it is meant to end."""
    try:
        with until_signal() as ended, Simulator(port=port, scenario=scenario) as simulator:
            write_lines(introduce(simulator))
            ended.wait()
    except BrokenPipeError:
        raise
    except OSError as error:
        taken = N_("Port {port} cannot be used: {reason}. Choose another with --port.")
        raise HubSoftError(say(taken, port=port, reason=error.strerror)) from error

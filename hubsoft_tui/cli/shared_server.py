"""The commands on the shared server: a diagnosis, the machines, and what only a person can declare."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import click

from ..core.clock import SystemClock
from ..errors import InvalidInput, NotFound, SettingsError
from ..formats import age, countdown
from ..privacy import clean
from ..texts import N_, _, ngettext, number, say
from .output import styled, table, write_json, write_lines
from .session import CommandSession, json_option, loaded_settings, open_hub
from .translation import Group, Option

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..core.ports import MachineSeen
    from ..core.types import SharedState
    from ..services.container import Services
    from ..settings.tree import Settings
    from ..shared.budget import SharedBudget
    from ..shared.diagnosis import Diagnosis

SIGNS: Final = {"ok": ("✓", "good"), "warning": ("▲", "warning"), "error": ("✖", "bad")}


@click.group(cls=Group)
def shared() -> None:
    """Hold the commands on the shared server."""


@shared.command(
    help=N_("Say whether the shared server is fit: exit 1 when something is wrong. Sends HubSoft nothing.")
)
@json_option
@click.pass_obj
def check(session: CommandSession, *, as_json: bool) -> int:
    """Answer `shared check`."""
    settings, account = _at_server(session)
    from ..services.shared_ports import looked_at  # noqa: PLC0415 - heavy library: redis and cryptography

    found = asyncio.run(looked_at(settings, account, SystemClock()))
    if as_json:
        write_json(_check_document(found))
    else:
        write_lines(_check_lines(found))
    return 1 if found.state.value == "error" else 0


@shared.command(help=N_("List the machines that share the budget."))
@json_option
@click.pass_obj
def machines(session: CommandSession, *, as_json: bool) -> None:
    """Answer `shared machines`."""
    settings, account = _at_server(session)
    from ..services.reports.types import program_name  # noqa: PLC0415 - heavy: help loads no service
    from ..services.shared_ports import machines_at  # noqa: PLC0415 - heavy library: redis and cryptography
    from ..shared.machines import versions_text  # noqa: PLC0415 - as above

    there = asyncio.run(machines_at(settings, account))
    if as_json:
        write_json({"machines": [_machine_document(machine) for machine in there]})
        return
    rows = [
        [
            _("machine"),
            _("program"),
            _("version"),
            _("last 60 s"),
            _("waiting"),
            _("promised"),
            _("silent for"),
        ]
    ]
    rows += [
        [
            _name(machine),
            program_name(machine.kind),
            machine.version or "?",
            number(machine.spent),
            number(machine.waiting),
            number(machine.promise),
            age(machine.silent),
        ]
        for machine in there
    ]
    if not there:
        write_lines([_("No machine shares the budget now.")])
        return
    write_lines(table(rows, indent=0, right=(3, 4, 5)))
    if (differ := versions_text(there)) is not None:
        write_lines([styled(str(differ), "warning")])


@shared.command(
    help=N_(
        "Say that no other machine works with this login, so that nothing is kept free for any. Do it once, when the "
        "first machine is set up or the server's data were lost. A server that knows nothing of the last two minutes "
        "lets them pass first."
    )
)
@click.option(
    "--now",
    cls=Option,
    is_flag=True,
    help=N_("No machine sent anything in the last two minutes: do not let them pass."),
)
@json_option
@click.pass_obj
def begin(session: CommandSession, *, now: bool, as_json: bool) -> None:
    """Answer `shared begin`."""
    state = _told(session, lambda budget: budget.begin(at_once=now))
    if as_json:
        write_json({"begun": True, "quarantine_seconds": state.quarantine})
        return
    if state.quarantine > 0:
        text = _("Begun. What was sent before is not known, so requests go in {time}.")
        write_lines([text.format(time=countdown(state.quarantine))])
    else:
        write_lines([_("Begun. Requests go now.")])


@shared.command(help=N_("Say that a machine is off for good, so that its promise is given back."))
@click.argument("name", metavar="NAME")
@json_option
@click.pass_obj
def forget(session: CommandSession, name: str, *, as_json: bool) -> None:
    """Answer `shared forget`: by its name or its id, as `shared machines` lists them."""
    forgotten: list[MachineSeen] = []

    async def forgets(budget: SharedBudget) -> None:
        machine = _chosen(await budget.machines(), name)
        await budget.forget(machine.id)
        forgotten.append(machine)

    _told(session, forgets)
    (machine,) = forgotten
    if as_json:
        write_json({"forgotten": {"id": machine.id, "name": machine.name}})
        return
    said = ngettext(
        "{name} is forgotten; {n} request a minute is given back.",
        "{name} is forgotten; {n} requests a minute are given back.",
        machine.promise,
    )
    write_lines([said.format(name=_name(machine), n=number(machine.promise))])


def _settings(session: CommandSession) -> Settings:
    """Return the settings, where they name a shared server. Raises SettingsError."""
    settings = loaded_settings(session).settings
    if not (settings.shared.url or settings.profile.shared_url):
        raise SettingsError(
            say(
                "This machine has its budget for itself: shared.url is not set. docs/shared.md tells how it is shared."
            )
        )
    return settings


def _at_server(session: CommandSession) -> tuple[Settings, str]:
    """Return the settings, and what their credential is called at the server. Raises SettingsError."""
    from ..services.storage import require_shared_room  # noqa: PLC0415 - heavy: help loads no service

    settings = _settings(session)
    require_shared_room()
    return settings, settings.profile.account


def _told(session: CommandSession, tell: Callable[[SharedBudget], Awaitable[None]]) -> SharedState:
    """Send a person's declaration to the server, and return its state afterwards. Raises HubSoftError."""
    _settings(session)

    async def telling(services: Services) -> SharedState:
        assert services.shared is not None  # noqa: S101 - the settings name a server
        await tell(services.shared)
        return services.shared.shared()

    with open_hub(session) as hub:
        return hub.call(telling)


def _chosen(there: list[MachineSeen], name: str) -> MachineSeen:
    found = [machine for machine in there if name in {machine.id, machine.name}]
    if not found:
        raise NotFound(say("No machine at the shared server is called {name}.", name=clean(name)))
    if len(found) > 1:
        ids = ", ".join(machine.id for machine in found)
        raise InvalidInput(
            say("Several machines are called {name}. Name its id: {ids}.", name=clean(name), ids=ids)
        )
    if found[0].mine:
        raise InvalidInput(say("This is the machine you are at: it takes leave when its programs end."))
    return found[0]


def _name(machine: MachineSeen) -> str:
    name = clean(machine.name) or machine.id
    return _("{name} (this one)").format(name=name) if machine.mine else name


def _machine_document(machine: MachineSeen) -> dict[str, object]:
    return {
        "id": machine.id,
        "name": machine.name,
        "version": machine.version,
        "program": machine.kind,
        "mine": machine.mine,
        "spent": machine.spent,
        "waiting": machine.waiting,
        "promise": machine.promise,
        "silent_seconds": round(machine.silent, 1),
    }


def _check_lines(found: Diagnosis) -> list[str]:
    lines = []
    for each in found.checks:
        sign, style = SIGNS[each.state.value]
        lines.append(f"{styled(sign, style)} {clean(str(each.text))}")
        if each.advice is not None:
            lines.append(f"  {clean(str(each.advice))}")
    return lines


def _check_document(found: Diagnosis) -> dict[str, object]:
    trips = found.round_trip
    return {
        "server": found.server,
        "state": found.state.value,
        "checks": [
            {
                "check": each.id,
                "state": each.state.value,
                "text": str(each.text),
                "advice": None if each.advice is None else str(each.advice),
            }
            for each in found.checks
        ],
        "round_trip_ms": None
        if trips is None
        else {"p50": round(1000 * trips[0], 2), "p95": round(1000 * trips[1], 2)},
        "clock_offset_seconds": None if found.clock_offset is None else round(found.clock_offset, 3),
        "epoch": found.epoch,
        "machines": found.machines,
        "quarantine_seconds": round(found.quarantine, 1),
        "unknown_seconds": round(found.unknown, 1),
    }

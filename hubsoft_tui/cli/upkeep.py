"""The commands for this machine's side: what is remembered, and the settings. None sends a request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from ..core.clock import SystemClock
from ..core.limiter.ledger import Throttle
from ..core.limiter.throttle import others_of_late
from ..errors import HubSoftError, SharedServerLost
from ..formats import DAY, age, day_time
from ..settings import places
from ..settings.files import explain
from ..settings.tree import Settings
from ..texts import N_, _, ngettext, number
from .output import styled, table, write_json, write_lines
from .session import CommandSession, json_option, loaded_settings, loss_lines, of_engine, open_hub
from .translation import Group, Option

if TYPE_CHECKING:
    from ..services.container import Services
    from ..store.losses import Loss
    from ..texts import Text


@click.group(cls=Group)
def cache() -> None:
    """Hold the commands on the cache."""


@cache.command(help=N_("Show how much is remembered, and how long each kind of answer counts as fresh."))
@json_option
@click.pass_obj
def stats(session: CommandSession, *, as_json: bool) -> None:
    """Answer `cache stats`."""
    with open_hub(session, with_secrets=False) as hub:
        records = hub.call(of_engine(lambda engine: engine.known.count()))
        settings = hub.settings.cache
    lifetimes = {
        "client_data": settings.client_data_ttl,
        "contract_status": settings.contract_status_ttl,
        "service_data": settings.service_data_ttl,
        "not_found": settings.not_found_ttl,
    }
    if as_json:
        write_json({"records": records, "max_entries": settings.max_entries, "fresh_seconds": lifetimes})
        return
    names = {
        "client_data": _("customer data"),
        "contract_status": _("contract status"),
        "service_data": _("service data"),
        "not_found": _("nobody found"),
    }
    remembered = ngettext(
        "{n} customer remembered, of at most {most}.", "{n} customers remembered, of at most {most}.", records
    )
    rows = [
        [names[name], _("fresh for {age}").format(age=age(seconds))] for name, seconds in lifetimes.items()
    ]
    write_lines([remembered.format(n=records, most=settings.max_entries), *table(rows)])


@cache.command(help=N_("Drop what is too old to be of any use."))
@json_option
@click.pass_obj
def clean(session: CommandSession, *, as_json: bool) -> None:
    """Answer `cache clean`."""
    with open_hub(session, with_secrets=False) as hub:
        dropped = hub.call(of_engine(lambda engine: engine.known.clean()))
        left = hub.call(of_engine(lambda engine: engine.known.count()))
    if as_json:
        write_json({"dropped": dropped, "records": left})
        return
    said = ngettext("{n} old answer dropped.", "{n} old answers dropped.", dropped).format(n=dropped)
    kept = ngettext("{n} customer is still remembered.", "{n} customers are still remembered.", left).format(
        n=left
    )
    write_lines([f"{said} {kept}"])


@cache.command(help=N_("Forget everything; the next questions ask HubSoft."))
@json_option
@click.pass_obj
def clear(session: CommandSession, *, as_json: bool) -> None:
    """Answer `cache clear`."""
    untold = None
    with open_hub(session, with_secrets=False) as hub:
        dropped = hub.call(of_engine(lambda engine: engine.forget()))
        try:
            hub.call(_spread)
        except SharedServerLost as error:
            untold = str(error)
    if as_json:
        write_json({"dropped": dropped, "records": 0} | ({} if untold is None else {"untold": untold}))
        return
    write_lines([ngettext("{n} customer forgotten.", "{n} customers forgotten.", dropped).format(n=dropped)])
    if untold is not None:
        write_lines([_("The other machines were not told. {reason}").format(reason=untold)])


async def _spread(services: Services) -> None:
    if services.shared is not None:
        await services.shared.spread()


@click.group(cls=Group)
def config() -> None:
    """Hold the commands on the settings."""


@config.command("path", help=N_("Show which files and folders are used."))
def config_path() -> None:
    """Answer `config path`: names alone, whether they exist or not."""
    found = places.find()
    rows = [
        [_("settings"), str(found.config_file)],
        [_("tuned"), str(found.tuned_file)],
        [_("secrets"), str(found.secrets_file)],
        [_("state"), str(found.state)],
        [_("cache"), str(found.cache)],
        [_("logs"), str(found.logs)],
    ]
    write_lines(table(rows, indent=0))


@config.command("show", help=N_("Show every setting and where its value comes from. Secrets are not shown."))
@click.pass_obj
def config_show(session: CommandSession) -> None:
    """Answer `config show`."""
    rows = [
        [
            row.key,
            f"{row.value} {row.unit}".strip(),
            styled(row.origin, "quiet" if row.value == row.default else "strong"),
        ]
        for row in explain(loaded_settings(session, need_profile=False))
    ]
    write_lines(table([[_("setting"), _("value"), _("from")], *rows], indent=0))


@config.command(
    "check", help=N_("Say whether the settings and the files of the state are right. Sends nothing.")
)
@click.option(
    "--acknowledge",
    cls=Option,
    is_flag=True,
    help=N_("Say that you know what was lost on disk: it is not told again."),
)
@click.pass_obj
def config_check(session: CommandSession, *, acknowledge: bool) -> int:
    """Answer `config check`: wrong settings are an error, exit 2; losses that are not acknowledged, 1."""
    from ..core.requests.route import route_to  # noqa: PLC0415 - heavy: HTTP

    settings = loaded_settings(session).settings
    profile = settings.profile
    proxy = route_to(profile.url).proxy
    said = [_("The settings are right: profile {name}, {url}.").format(name=profile.name, url=profile.url)]
    if proxy is not None:
        said.append(
            _("HubSoft is reached through the proxy {proxy}, which {variable} names.").format(
                proxy=proxy, variable=proxy.variable
            )
        )
    losses, others = _of_state(settings, acknowledge=acknowledge)
    write_lines([*said, *others, *_of_machines(settings)])
    write_lines(loss_lines(losses)[:-1])
    if not losses:
        return 0
    if acknowledge:
        write_lines([_("Acknowledged.")])
        return 0
    write_lines([_("This is said until: hubsoft-tui config check --acknowledge")])
    return HubSoftError.exit_code


def _of_state(settings: Settings, *, acknowledge: bool) -> tuple[tuple[Loss, ...], list[str]]:
    """Look at the files of the state, where there are any.

    Return what is lost and not acknowledged, and what is to be said of others that spend with this login.
    """
    from ..services.storage import open_state  # noqa: PLC0415 - heavy: help loads no service

    if not places.find(home=settings.home or None).state.is_dir():
        return (), []
    clock = SystemClock()
    with open_state(settings, clock) as state:
        losses = state.losses.acknowledge(clock.wall()) if acknowledge else state.losses.open()
        return losses, _others(state.ports.permits.read().throttle, clock)


def _of_machines(settings: Settings) -> list[str]:
    """Say when machines that share the budget run different versions, or that their server is lost."""
    if not (settings.shared.url or settings.profile.shared_url):
        return []
    from ..services.storage import require_shared_room  # noqa: PLC0415 - heavy: help loads no service

    require_shared_room()
    from ..services.shared_ports import machines_at  # noqa: PLC0415 - heavy library: redis and cryptography
    from ..shared.machines import versions_text  # noqa: PLC0415 - as above

    text: Text | str | None
    try:
        text = versions_text(asyncio.run(machines_at(settings, settings.profile.account)))
    except SharedServerLost as error:
        text = error.text
    return [] if text is None else [styled(str(text), "warning")]


def _others(throttle: Throttle, clock: SystemClock) -> list[str]:
    """Say how much other programs spent with this login when HubSoft's headers last showed it, within a day."""
    count = others_of_late(throttle, clock.now(), DAY)
    if not count:
        return []
    at = clock.wall() - (0.0 if throttle.others_at is None else clock.now() - throttle.others_at)
    told = ngettext(
        "HubSoft counted {n} request in a minute that this computer did not send (at {time}): another machine or "
        "program spends with this login, and the budget here does not count it.",
        "HubSoft counted {n} requests in a minute that this computer did not send (at {time}): another machine or "
        "program spends with this login, and the budget here does not count it.",
        count,
    ).format(n=number(count), time=day_time(at))
    advice = _(
        "Machines share one budget through a server: set shared.url on each (docs/shared.md). "
        "A program needs a login of its own."
    )
    return [styled(told, "warning"), advice]

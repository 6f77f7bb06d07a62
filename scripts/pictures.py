"""Draw the pictures of the documents, `docs/screens/*.svg`, with the program itself on the simulator.

Run it after a change that people can see: `make pictures`. The people in them do not exist.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app import HubSoftConsole
from hubsoft_tui import texts
from hubsoft_tui.screens.demo_history import record
from hubsoft_tui.services.outbox.types import Entry, EntryState, NewTicket
from hubsoft_tui.settings import places
from hubsoft_tui.settings.tree import Settings, UiSettings
from hubsoft_tui.simulator import Simulator

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from hubsoft_tui.screens.frame.console import EngineHandle
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.simulator.people import SimCustomer

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "screens"
SIZE: Final = (120, 36)
LANGUAGES: Final = {"en": "", "pt_BR": ".pt-BR"}
PEOPLE: Final = ("106.820.836-82", "578.939.530-98", "12.ABC.345/01DE-35", "862.149.410-81")
# The words a person types, by the pictures' ending.
SAID: Final = {
    "": "No connection since this morning; the router's light is red.",
    ".pt-BR": "Sem conexão desde cedo; a luz do roteador está vermelha.",
}
DESCRIPTIONS: Final = {
    "": (
        "Wants to change the day the invoice is due.",
        "The line of the farm is slow.",
        "No connection since this morning.",
    ),
    ".pt-BR": (
        "Quer mudar o dia do vencimento.",
        "A internet da fazenda está lenta.",
        "Sem conexão desde cedo.",
    ),
}
LISTS: Final = {"": "members.csv", ".pt-BR": "membros.csv"}
STRANGER: Final = "52998224725"
LOST: Final = 6
"""So many members lose their contract between the two check-ups."""
# The SVG's fonts are fetched from elsewhere when it is shown: the viewer's own monospace font serves as well.
FONTS: Final = re.compile(r"@font-face\s*{[^}]*}")


@dataclass(frozen=True, slots=True)
class Stage:
    """One console on one simulator, in one language."""

    app: HubSoftConsole
    pilot: Pilot[int]
    simulator: Simulator
    home: Path
    suffix: str

    @property
    def engine(self) -> EngineHandle:
        """What answers the console; without one the script ends with the reason."""
        if self.app.hub is None:
            raise SystemExit(self.app.trouble)
        return self.app.hub

    async def press(self, *keys: str, then: float = 0.4) -> None:
        """Press keys, and give the engine, and the view clock after it, time to answer."""
        await self.pilot.press(*keys)
        await asyncio.sleep(then)

    def save(self, name: str) -> None:
        """Write one picture."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        picture = FONTS.sub("", self.app.export_screenshot(title="hubsoft-tui"))
        (FOLDER / f"{name}{self.suffix}.svg").write_text(picture, encoding="utf-8")
        sys.stdout.write(f"{name}{self.suffix}.svg {len(picture) // 1024} kB\n")


async def lookups(stage: Stage) -> None:
    """A customer with everything asked for, and a ticket begun for the same. Everybody calls twice."""
    for document in (*PEOPLE, *PEOPLE):
        await stage.press("slash", then=0.1)
        await stage.press(*document, "enter", then=0.6)
    for key in "tio":
        await stage.press(key)
    stage.save("lookup")
    await stage.press("n", then=1.0)
    await stage.press("enter", then=0.5)  # the customer's service
    await stage.press("down", "down", "down", "enter", then=0.3)  # what kind of ticket
    await stage.press(*SAID[stage.suffix], then=0.5)
    stage.save("ticket-form")
    await stage.press("escape")


async def desk(stage: Stage) -> None:
    """What pays an invoice, what can be done for the customer, and the last look before it is done."""
    await stage.press("i", then=0.8)
    await stage.press("p", then=0.5)
    stage.save("invoice")
    await stage.press("escape", "a", then=0.5)
    stage.save("actions")
    await stage.press("r", then=1.5)
    stage.save("action-review")
    await stage.press("enter", then=3.0)
    stage.save("action-done")
    await stage.press("enter")


async def budget(stage: Stage) -> None:
    """What the questions so far have cost."""
    await stage.press("f5", then=1.5)
    stage.save("monitor")
    await stage.press("f7", then=1.0)
    stage.save("requests")


async def tickets(stage: Stage) -> None:
    """Tickets that change while one looks."""
    await stage.press("f3", then=1.0)
    for _ in range(3):
        stage.simulator.step(4)
        await stage.press("s", then=1.5)
    stage.save("tickets")


async def outbox(stage: Stage) -> None:
    """One entry sent, one refused, one whose outcome is unknown."""
    everybody = [each for each in stage.simulator.customers[20:] if each.services]
    enabled = [each for each in everybody if each.services[0].status == "servico_habilitado"]
    cancelled = next(each for each in everybody if each.services[0].status == "cancelado")
    due, slow, broken = DESCRIPTIONS[stage.suffix]
    await put(stage, ticket_for(enabled[0], due), EntryState.SENT)
    await put(stage, ticket_for(cancelled, slow), EntryState.REFUSED)
    stage.simulator.fail_next(1, "reset", after_executing=True, method="POST")
    await put(stage, ticket_for(enabled[1], broken), EntryState.UNKNOWN)
    await stage.press("b", then=1.0)
    await stage.press("down", then=0.8)
    stage.save("outbox")
    await stage.press("escape")


async def put(stage: Stage, draft: NewTicket, wanted: EntryState) -> None:
    """Write one ticket, and wait until it stands where it should in the picture."""

    async def settled(services: Services) -> Entry:
        entry = await services.outbox.put(await services.outbox.check(draft))
        while entry.state in {EntryState.QUEUED, EntryState.SENDING}:
            await asyncio.sleep(0.1)
            entry = await services.outbox.entry(entry.local_protocol)
        return entry

    entry = await stage.engine.run(settled)
    if entry.state is not wanted:
        raise SystemExit(f"{entry.local_protocol} is {entry.state}, not {wanted}: {entry.said}")


def ticket_for(customer: SimCustomer, description: str) -> NewTicket:
    """Return a ticket as a person would write it."""
    return NewTicket(
        service_id=customer.services[0].id,
        description=description,
        contact_name=customer.name,
        contact_phone="37999450812",
        customer_document=customer.document,
        customer_name=customer.name,
    )


async def checkup(stage: Stage) -> None:
    """The second check-up of a list: what changed since the first is on top."""
    members = stage.simulator.customers[::2]
    path = stage.home / LISTS[stage.suffix]
    lines = [f"{each.document};{each.name};{each.code}" for each in members]
    path.write_text("\n".join(["cpf;nome;codigo", *lines, f"{STRANGER};DESCONHECIDO DA SILVA;"]) + "\n")
    row, _ = await stage.engine.run(lambda services: services.checkup.import_file(path))
    for max_age in (None, 0.0):
        await stage.engine.run(partial(run_checkup, list_id=row.id, max_age=max_age))
        enabled = [
            each for each in members if all(one.status == "servico_habilitado" for one in each.services)
        ]
        for each in enabled[10 : 10 + LOST]:
            stage.simulator.set_status(each, "suspenso_debito")
    await stage.press("f4", then=1.5)
    stage.save("checkup")


async def run_checkup(services: Services, list_id: int, max_age: float | None) -> None:
    """Run a list to its end."""
    await services.checkup.start(list_id, max_age=max_age)
    await services.checkup.wait(list_id)


async def tuning(stage: Stage) -> None:
    """The curve of a lifetime, another value looked at."""
    await stage.press("f6", then=4.0)
    await stage.press("down", *(["right"] * 3), then=4.0)
    stage.save("tuning")


async def reports(stage: Stage) -> None:
    """A day of the two weeks that the trace tells of."""
    await stage.press("f8", then=3.0)
    await stage.press("down", then=1.5)
    stage.save("reports")


async def first_run(stage: Stage) -> None:
    """The screen without a profile."""
    app = HubSoftConsole(Settings(ui=stage.app.settings.ui), unconfigured=True)
    async with app.run_test(size=SIZE) as pilot:
        await asyncio.sleep(0.3)
        replace(stage, app=app, pilot=pilot).save("first-run")
    app.close()


SCENES: Final[tuple[Callable[[Stage], Awaitable[None]], ...]] = (
    lookups,
    desk,
    budget,
    tickets,
    outbox,
    checkup,
    tuning,
    reports,
)


async def draw(language: str, suffix: str) -> None:
    """Draw every screen in one language."""
    texts.use(language)
    ui = UiSettings(language=language)
    with (
        Simulator(customers=400, tickets=180, latency=(0.02, 0.09)) as simulator,
        tempfile.TemporaryDirectory() as home,
    ):
        profile = replace(simulator.profile, name="main")
        state = places.private_folder(places.find(home=home).state)
        record(state / "trace.db", profile, lambda: False)
        app = HubSoftConsole(Settings(profile=profile, ui=ui, home=home))
        async with app.run_test(size=SIZE) as pilot:
            await app.settled.wait()
            stage = Stage(app, pilot, simulator, Path(home), suffix)
            for scene in SCENES:
                await scene(stage)
        app.close()
        await first_run(stage)


if __name__ == "__main__":
    for each, ending in LANGUAGES.items():
        asyncio.run(draw(each, ending))

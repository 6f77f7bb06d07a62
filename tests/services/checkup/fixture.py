"""A provider, a list of its customers, and a hub that checks them: what the tests of the check-up stand on."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hubsoft_tui.services.checkup.types import ListRow, MemberRow, Progress, Result
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.simulator.people import SimCustomer, cpf
from tests.hubs import settings_for

ROSTER, SINGLE = "/api/v1/integracao/cliente/todos", "/api/v1/integracao/cliente"


def strangers(count: int) -> list[str]:
    """Return valid CPFs of no customer."""
    return [cpf(900_000_000 + 7 * number) for number in range(count)]


def some(simulator: Simulator, count: int, seed: int = 1) -> list[SimCustomer]:
    """Return some of the provider's customers, always the same."""
    return random.Random(seed).sample(simulator.customers, count)


def write_list(path: Path, documents: list[str]) -> Path:
    """Write a list of members."""
    lines = [f"{document};MEMBER {number};M{number}" for number, document in enumerate(documents)]
    path.write_text("cpf;nome;matricula\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


class CheckupFixture:
    """One home with one list over a simulator; `run` checks it with a hub of its own."""

    def __init__(self, simulator: Simulator, home: Path, documents: list[str], **sections: Any) -> None:
        self.simulator = simulator
        self.home = home
        self.file = write_list(home / "members.csv", documents)
        self.sections = sections
        self.list: ListRow | None = None
        self._hub: Hub | None = None

    @property
    def hub(self) -> Hub:
        """The hub, started when it is needed."""
        if self._hub is None:
            self._hub = Hub(settings_for(self.simulator, self.home, **self.sections))
            self._hub.start()
            self.list, _imported = self._hub.call(lambda s: s.checkup.import_file(self.file))
        return self._hub

    @property
    def id(self) -> int:
        """The list's id."""
        assert self.hub is not None
        assert self.list is not None
        return self.list.id

    def start(self, **options: Any) -> None:
        """Begin a run."""
        list_id = self.id
        self.hub.call(lambda s: s.checkup.start(list_id, **options))

    def wait(self) -> Progress:
        """Wait for the end of the run."""
        list_id = self.id
        return self.hub.call(lambda s: s.checkup.wait(list_id), timeout=120)

    def run(self, **options: Any) -> Progress:
        """Check everybody."""
        self.start(**options)
        return self.wait()

    def progress(self) -> Progress:
        """Return how it goes."""
        list_id = self.id
        return self.hub.call(lambda s: s.checkup.progress(list_id))

    def rows(self) -> dict[str, MemberRow]:
        """Return every member with the decision there is."""
        list_id = self.id
        delta = self.hub.call(lambda s: s.checkup.changes(list_id))
        return {row.member.document: row for row in delta.rows}

    def results(self) -> dict[str, Result]:
        """Return who is what."""
        return {document: row.decision.result for document, row in self.rows().items() if row.decision}

    def truth(self) -> dict[str, Result]:
        """Return who is what at the provider, now."""
        truth = {}
        for document in self.rows():
            own = [customer for customer in self.simulator.customers if customer.document == document]
            if not own:
                truth[document] = Result.NOT_FOUND
            else:
                truth[document] = Result.ACTIVE if any(each.active for each in own) else Result.INACTIVE
        return truth

    def sent(self, path: str | None = None) -> int:
        """Return how many requests HubSoft received, logins apart."""
        entries = [each for each in self.simulator.request_log.entries() if each.path != "/oauth/token"]
        return len([each for each in entries if path is None or each.path == path])

    def close(self) -> None:
        """Close the hub, as the end of a process does."""
        if self._hub is not None:
            self._hub.close()
            self._hub = None

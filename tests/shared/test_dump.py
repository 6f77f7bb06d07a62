"""Who reads the server learns sizes and times: after a week of everything, no person and no secret is found there."""

from __future__ import annotations

import base64
import codecs
import random
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.outbox.actions import service_action
from hubsoft_tui.services.outbox.types import EntryKind, NewTicket
from hubsoft_tui.settings.tree import AlertSettings, SharedSettings, SyncSettings
from hubsoft_tui.shared.machines import PLACE as FACE
from hubsoft_tui.shared.news import PLACE as NEWS
from hubsoft_tui.shared.seal import Seal
from hubsoft_tui.shared.tokens import MARK_BYTES
from hubsoft_tui.shared.tokens import PLACE as TOKEN
from hubsoft_tui.simulator import Simulator
from tests.fuzzing import in_form
from tests.hubs import BIANCA, CUSTOMER, settings_for

DAY = 86_400.0
DAYS = 7
SHORTEST = 6
"""Letters of a word that is looked for: shorter ones are found in any noise."""
NAMES = ("FRONT-DESK-OF-ANA", "NIGHT-JOBS")


class Week:
    """Two machines of one provider, and all that ever reached the server from them."""

    def __init__(self, simulator: Simulator, folder: Path, url: str) -> None:
        self.simulator = simulator
        self.dice = random.Random(7)
        self.client: Any = redis.Redis.from_url(url)
        self._told = socket.create_connection(
            ("127.0.0.1", self.client.connection_pool.connection_kwargs["port"])
        )
        self._told.sendall(b"MONITOR\r\n")
        self._raw: list[bytes] = []
        self._hearing = threading.Thread(target=self._hear)
        self._hearing.start()
        self.hubs = [
            Hub(
                settings_for(
                    simulator,
                    folder / name,
                    shared=SharedSettings(url=url, name=name),
                    sync=SyncSettings(enabled=False, first_days=30),
                    alerts=AlertSettings(api_down_for=0.0),
                ),
                background=name == NAMES[0],
                program="console",
            )
            for name in NAMES
        ]
        members = folder / "members.csv"
        some = [each.document for each in simulator.customers if len(each.document) == 11][:12]
        members.write_text("cpf\n" + "\n".join(some) + "\n", encoding="utf-8")
        self.file = members

    async def begin(self) -> None:
        for hub in self.hubs:
            hub.start()
        await self.hubs[0].run(lambda services: services.shared.begin(at_once=True))
        listed, _imported = await self.hubs[1].run(lambda services: services.checkup.import_file(self.file))
        self.list_id = listed.id

    async def day(self, number: int) -> None:
        """Live a day: passes, lookups, a check-up, writes, logins, an outage, and what is forgotten."""
        simulator, (desk, night) = self.simulator, self.hubs
        simulator.provider.clock.advance(DAY)
        simulator.step(20)
        for hub in self.hubs:
            await hub.run(lambda services: services.tickets.sync(priority=Priority.NORMAL))
        for customer in self.dice.sample(simulator.customers[1:], in_form(6, 60)):
            terms = [customer.document, str(customer.code), customer.login, customer.name]
            for hub in self.hubs:
                await self.asked(hub, self.dice.choice([term for term in terms if term]))
        await night.run(lambda services: services.checkup.start(self.list_id, max_age=0.0))
        await night.run(lambda services: services.checkup.wait(self.list_id))
        await desk.run(self.write)
        simulator.revoke_tokens()
        simulator.fail_next(2, "status:500", CUSTOMER)
        for hub in self.hubs:
            await self.asked(hub, BIANCA)
        if number == DAYS // 2:
            await desk.run(self.forget)

    async def asked(self, hub: Hub, term: str) -> None:
        try:
            await hub.run(lambda services: services.customers.lookup(term, refresh=True))
        except HubSoftError:
            return

    async def write(self, services: Services) -> None:
        """Unlock a customer's service, and open a ticket for her."""
        chosen = next(each for each in self.simulator.customers[20:] if each.services and not each.hostile)
        self.simulator.set_status(chosen, "suspenso_debito")
        found = (await services.customers.lookup(chosen.document, refresh=True)).customers[0]
        drafts: list[Any] = [
            service_action(EntryKind.TRUST_UNLOCK, found, found.services[0], days=1),
            NewTicket(
                service_id=found.services[0].id,
                description=f"{chosen.name} sem acesso: {chosen.phone}",
                contact_name=chosen.name,
                contact_phone=chosen.phone,
                customer_code=chosen.code,
                customer_document=chosen.document,
                customer_name=chosen.name,
            ),
        ]
        for draft in drafts:
            entry = await services.outbox.put(await services.outbox.check(draft))
            await services.outbox.settled(entry.local_protocol, 10.0)

    async def forget(self, services: Services) -> None:
        services.engine.forget()
        await services.shared.spread()

    def _hear(self) -> None:
        while part := self._told.recv(1 << 16):
            self._raw.append(part)

    def heard(self) -> bytes:
        """Return all that was sent to the server, its scripts' own commands and what it holds now."""
        self._told.shutdown(socket.SHUT_RDWR)
        self._hearing.join()
        self._told.close()
        commands, _length = codecs.escape_decode(b"".join(self._raw))
        held = b"\n".join(key + b" " + self.value(key) for key in self.client.keys("*"))
        return bytes(commands) + held

    def value(self, key: bytes) -> bytes:
        kind = self.client.type(key)
        if kind == b"string":
            return self.client.get(key) or b""
        return b"".join(self.client.zrange(key, 0, -1)) if kind == b"zset" else b""

    def secrets(self) -> set[str]:
        """Everything that a person could read, or log in with."""
        simulator = self.simulator
        found = {simulator.client_secret, simulator.username, simulator.password, *NAMES}
        found |= set(simulator.provider.tokens._grants)
        for customer in simulator.customers:
            document = customer.document
            found |= {document, customer.phone, customer.login, customer.name, *customer.name.split()}
            found.add(f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}")
            found.add(re.sub(r"\D", "", customer.phone))
        found |= {ticket.protocol for ticket in simulator.tickets}
        return {each for each in found if len(each) >= SHORTEST}


@pytest.fixture
def week(make_simulator: Any, tmp_path: Path, server_url: str, empty: None) -> Iterator[Week]:
    simulator = make_simulator(customers=150, tickets=40, closed_tickets=40, clock_rate=0)
    made = Week(simulator, tmp_path, server_url)
    yield made
    for hub in made.hubs:
        hub.close()
    made.client.close()


def spelled(secret: str) -> Iterator[bytes]:
    """The ways in which a text may stand somewhere: as it is, and in base64 at each of its three places."""
    for raw in {secret.encode(), secret.encode("utf-16-le"), secret.lower().encode()}:
        yield raw
        for before, skipped in enumerate((0, 2, 3)):
            inner = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
            yield inner[skipped:-1]


def found_in(held: bytes, secrets: set[str]) -> set[str]:
    """Return those that stand somewhere, in one walk over all that is held."""
    by_start: dict[bytes, list[tuple[bytes, str]]] = {}
    for secret in secrets:
        for each in spelled(secret):
            if len(each) >= SHORTEST:
                by_start.setdefault(each[:SHORTEST], []).append((each, secret))
    return {
        secret
        for at in range(len(held))
        if (those := by_start.get(held[at : at + SHORTEST])) is not None
        for each, secret in those
        if held.startswith(each, at)
    }


@pytest.mark.long
async def test_after_a_week_the_server_holds_no_person_and_no_secret(week: Week) -> None:
    await week.begin()
    for number in range(DAYS):
        await week.day(number)
    held, secrets = week.heard(), week.secrets()
    assert week.simulator.tokens_issued >= DAYS
    for kept in (b"ledger", b"token", b"login", b"r:", b"c:", b"used"):
        assert b"}:" + kept in held
    assert found_in(held, secrets) == set()
    for spelling in spelled(BIANCA):
        assert found_in(held[-1000:] + spelling, secrets) == {BIANCA}, "the search finds what is there"
    nobody_opens(week)


def nobody_opens(week: Week) -> None:
    """Fail where what is sealed opens elsewhere, for another secret, or lets its reader in as it is."""
    (key,) = week.client.keys("hs:*:token")
    account = key[key.index(b"{") + 1 : key.index(b"}")].decode()
    value = week.client.get(key)
    ours = Seal(account, week.simulator.client_secret)
    sealed = value[MARK_BYTES:]
    assert ours.opened(sealed, TOKEN) is not None
    assert [ours.opened(sealed, place) for place in ("refusal", FACE, NEWS, "r:x")] == [None] * 4
    for guess in ("", account, week.simulator.client_id, value[:MARK_BYTES].decode()):
        assert Seal(account, guess).opened(sealed, TOKEN) is None
    with httpx.Client(base_url=week.simulator.url) as reader:
        for token in (value[:MARK_BYTES].decode(), base64.b64encode(sealed).decode()):
            headers = {"Authorization": f"Bearer {token}"}
            assert reader.get(CUSTOMER, params={"busca": "codigo"}, headers=headers).status_code == 401

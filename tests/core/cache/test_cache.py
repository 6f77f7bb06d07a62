from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.api.models import Customer, Service
from hubsoft_tui.core.cache.cache import CUSTOMER, Cache, Part
from hubsoft_tui.core.ports import StoredEntry
from hubsoft_tui.core.types import Priority
from hubsoft_tui.errors import StoreError
from hubsoft_tui.services.customers.questions import KINDS, customer_parts
from hubsoft_tui.services.storage import LocalFlights
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness
from hubsoft_tui.store.records import MIGRATIONS, SqliteRecords
from tests.clocks import HandClock


@dataclass
class Home:
    """One home on disk, on which several caches (processes) can be opened."""

    folder: Path
    clock: HandClock

    def port(self) -> SqliteRecords:
        database = open_database(self.folder / "records.db", MIGRATIONS)
        self.databases = [*getattr(self, "databases", []), database]
        self.presences = [*getattr(self, "presences", []), ProcessLiveness(self.folder / "alive")]
        return SqliteRecords(database, "account", self.presences[-1], self.clock)

    def cache(self, max_entries: int = 1000) -> Cache:
        return Cache(self.port(), self.clock, KINDS, max_entries=max_entries)

    def close(self) -> None:
        for each in (*getattr(self, "databases", []), *getattr(self, "presences", [])):
            each.close()


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path, HandClock())
    yield home
    home.close()


def person(number: int, **changes: Any) -> Customer:
    service = Service(
        id=number,
        name="500 MEGA",
        price=Decimal("119.90"),
        login=f"user{number}",
        status_prefix="servico_habilitado",
    )
    values: dict[str, Any] = {
        "id": number,
        "code": number,
        "name": f"PERSON {number}",
        "document": f"{number:011d}",
        "services": (service,),
    }
    return Customer(**{**values, **changes})


def keep(cache: Cache, clock: HandClock, key: str, *people: Customer, alone: bool = True) -> None:
    kept = cache.kept(
        key, customer_parts(people), sent_at=clock.wall(), sent_now=clock.now(), alone=alone, truncated=False
    )
    cache.absorb(kept)


def test_one_record_answers_by_document_code_and_login(home):
    cache = home.cache()
    keep(cache, home.clock, "document:00000000001", person(1))
    for key in ("document:00000000001", "code:1", "login:user1"):
        assert cache.find(key).values == (person(1),)
    assert cache.find("code:2") is None
    assert cache.count() == 1


def test_a_newer_record_renews_every_question_that_names_it_alone(home):
    cache = home.cache()
    keep(cache, home.clock, "code:1", person(1))
    home.clock.advance(3000)
    keep(cache, home.clock, "document:00000000001", person(1, name="NEW NAME"))
    home.clock.advance(10)
    found = cache.find("code:1")
    assert found.age == 10
    assert found.values[0].name == "NEW NAME"


def test_the_members_of_a_search_age_with_the_search(home):
    cache = home.cache()
    keep(cache, home.clock, "name:PERSON", person(1), person(2), alone=False)
    home.clock.advance(3000)
    keep(cache, home.clock, "code:1", person(1))
    assert cache.find("name:PERSON").age == 3000


def test_a_shared_document_is_not_answered_with_one_customer(home):
    cache = home.cache()
    keep(cache, home.clock, "name:PERSON", person(1), person(2, document="00000000001"), alone=False)
    assert cache.find("document:00000000001") is None
    assert cache.find("code:2").values[0].id == 2


def test_not_found_is_remembered_as_such(home):
    cache = home.cache()
    keep(cache, home.clock, "document:00000000009")
    home.clock.advance(60)
    found = cache.find("document:00000000009")
    assert found.negative
    assert found.age == 60


def test_what_an_older_version_kept_is_there_after_the_update(home):
    before = open_database(home.folder / "records.db", MIGRATIONS[:1])
    alive = ProcessLiveness(home.folder / "alive")
    older = Cache(SqliteRecords(before, "account", alive, home.clock), home.clock, KINDS, max_entries=10)
    for number in range(1, 4):
        keep(older, home.clock, f"cpf:{number}", person(number))
    before.close()
    alive.close()
    cache = home.cache()
    assert [cache.find(f"cpf:{number}").values for number in range(1, 4)] == [
        (person(number),) for number in range(1, 4)
    ]
    keep(cache, home.clock, "cpf:2", person(2, name="OUTRO"))
    assert cache.count() == 3


def test_it_survives_a_restart_with_its_age(home):
    keep(home.cache(), home.clock, "code:1", person(1))
    home.clock.advance(100)
    home.clock.reboot()
    found = home.cache().find("code:1")
    assert found.values == (person(1),)
    assert found.age == 100


def test_setting_the_wall_clock_back_makes_no_record_younger(home):
    cache = home.cache()
    keep(cache, home.clock, "code:1", person(1))
    home.clock.advance(7200)
    home.clock.step_wall(-7200)
    assert cache.find("code:1").age == 7200
    keep(cache, home.clock, "code:1", person(1, name="NEWER"))
    assert home.cache().find("code:1").values[0].name == "NEWER", (
        "the later fetch wins whatever the wall clock says"
    )


def test_what_another_process_learns_or_clears_is_seen_at_once(home):
    mine, other = home.cache(), home.cache()
    keep(mine, home.clock, "code:1", person(1))
    assert other.find("code:1").values == (person(1),)
    home.clock.advance(50)
    keep(other, home.clock, "code:1", person(1, name="NEWER"))
    assert mine.find("code:1").values[0].name == "NEWER"
    assert other.clear() == 1
    assert mine.find("code:1") is None


def test_the_longest_unused_go_first_when_there_are_too_many(home):
    cache = home.cache(max_entries=3)
    for number in range(1, 6):
        keep(cache, home.clock, f"code:{number}", person(number))
        home.clock.advance(1)
    cache.find("code:1")
    cache.clean(keep_seconds=1e6)
    assert cache.evicted == 2
    assert [number for number in range(1, 6) if cache.find(f"code:{number}")] == [1, 4, 5]


def test_cleaning_drops_what_is_older_than_kept(home):
    cache = home.cache()
    keep(cache, home.clock, "code:1", person(1))
    home.clock.advance(100)
    keep(cache, home.clock, "code:2", person(2))
    assert cache.clean(keep_seconds=50) > 0
    assert cache.find("code:1") is None
    assert cache.find("code:2") is not None


def test_a_smaller_limit_holds_at_once_and_trims_at_cleaning(home):
    cache = home.cache()
    for number in range(1, 6):
        keep(cache, home.clock, f"code:{number}", person(number))
    cache.resize(2)
    assert all(cache.find(f"code:{number}") for number in range(1, 6))
    cache.clean(keep_seconds=1e6)
    assert cache.count() == 2


def test_a_record_of_unknown_kind_or_shape_is_ignored(home):
    cache = home.cache()
    kept = cache.kept(
        "code:1",
        (Part("x", CUSTOMER, {"id": "not a number"}),),
        sent_at=1.0,
        sent_now=1.0,
        alone=True,
        truncated=False,
    )
    cache.absorb(kept)
    assert home.cache().find("code:1") is None


def test_a_full_disk_does_not_cost_the_answer(home, monkeypatch):
    port = home.port()
    cache = Cache(port, home.clock, KINDS, max_entries=10)

    def full(_entries: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(port, "save", full)
    keep(cache, home.clock, "code:1", person(1))
    assert cache.find("code:1").values == (person(1),)


def test_claims_end_with_their_process_and_yield_to_urgency(home):
    mine, other = home.port(), home.port()
    assert mine.claim("code:1", 3, 60)
    assert not other.claim("code:1", 3, 60)
    assert other.claim("code:1", 1, 60), "a person does not wait for a check-up's place in line"
    mine.unclaim("code:1")
    assert not mine.claim("code:1", 3, 60), "only the holder gives a claim back"
    home.presences[1].close()
    assert mine.claim("code:1", 3, 60), "a dead holder holds nothing"
    home.clock.advance(61)
    assert home.port().claim("code:1", 3, 60), "a claim lapses"


# -- a roster's rows


def test_briefs_answer_by_their_own_key_and_leave_customers_alone(home):
    cache = home.cache()
    cache.learn({"brief:1": (person(1),)}, sent_at=home.clock.wall(), sent_now=home.clock.now())
    assert cache.find("document:1") is None
    found = cache.find_brief("brief:1")
    assert found is not None
    assert (found.values, found.age) == ((person(1),), 0.0)
    home.clock.advance(7)
    assert home.cache().find_many(["document:1"], ["brief:1", "brief:2"]).keys() == {"brief:1"}
    assert home.cache().find_many([], ["brief:1"])["brief:1"].age == 7.0


def test_briefs_evict_no_customer_and_have_their_own_limit(home):
    cache = home.cache(max_entries=10)
    cache.max_briefs = 50
    keep(cache, home.clock, "document:1", person(1))
    home.clock.advance(60)
    rows = {f"brief:{number}": (person(1),) for number in range(200)}
    cache.learn(rows, sent_at=home.clock.wall(), sent_now=home.clock.now())
    cache.clean(keep_seconds=3600)
    assert home.cache().find("document:1") is not None
    assert len(home.cache().find_many([], list(rows))) == 50
    assert cache.evicted == 0


# -- answers that share a transaction


def test_a_process_that_is_alone_writes_its_answers_together_and_reads_them_before(home):
    mine, other = home.port(), home.port()
    cache = Cache(mine, home.clock, KINDS, max_entries=1)
    kept = [
        entry
        for number in (1, 2)
        for entry in cache.kept(
            f"code:{number}",
            customer_parts((person(number),)),
            sent_at=home.clock.wall(),
            sent_now=home.clock.now(),
            alone=True,
            truncated=False,
        )
    ]
    mine.defer(kept)
    assert mine.behind
    assert other.load(["customer:1"]) == {}
    assert cache.find("code:1").values == (person(1),), (
        "it left memory for the second, and is not on disk yet"
    )
    mine.flush()
    assert not mine.behind
    assert set(other.load(["customer:1", "customer:2"])) == {"customer:1", "customer:2"}


async def test_questions_are_announced_only_where_there_is_company(home):
    company = [False]
    port = home.port()
    flights = LocalFlights(port, home.clock, lambda: not company[0])
    look = await flights.look("code:1", Priority.HIGH, 0, None)
    other = home.port()
    assert look.mine
    assert other.claim("code:1", Priority.HIGH, 60)
    flights.landed("code:1", look, [StoredEntry("customer:1", CUSTOMER, b"{}", 1.0, 1.0, "epoch")])
    assert other.load(["customer:1"]) == {}
    company[0] = True
    assert (await flights.look("code:2", Priority.HIGH, 0, None)).mine
    assert not other.claim("code:2", Priority.HIGH, 60)
    flights.landed("code:2", look, [StoredEntry("customer:2", CUSTOMER, b"{}", 1.0, 1.0, "epoch")])
    assert len(other.load(["customer:1", "customer:2"])) == 2, "what is written takes along what waited"
    assert other.claim("code:2", Priority.HIGH, 60)

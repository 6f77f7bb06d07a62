"""All customers in one page: read in place of one customer, and never taken for more than it tells."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import msgspec
import pytest

from hubsoft_tui.api.answers import Decoded
from hubsoft_tui.api.models import Customer, Page, Service
from hubsoft_tui.core.types import Category, Source
from hubsoft_tui.services.checkup.roster import everybody
from hubsoft_tui.services.customers.questions import brief_key
from hubsoft_tui.settings.tree import CacheSettings, CheckupSettings, RetrySettings

from .fixture import ROSTER, some

CUSTOMER = "/api/v1/integracao/cliente"
HALF_AN_HOUR = 1800.0
STRANGER = "11144477735"
SINCE = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def later(monkeypatch):
    """Put the wall clock forward."""
    begun = time.time()

    def put(seconds: float) -> None:
        monkeypatch.setattr("hubsoft_tui.core.clock.SystemClock.wall", lambda _self: begun + seconds)

    put(0.0)
    return put


@pytest.fixture
def small(make_simulator, make_fixture):
    """A provider of a page of customers, whose roster was read."""

    def make(**sections):
        simulator = make_simulator(customers=60, tickets=0)
        fixture = make_fixture(simulator, [STRANGER], **sections)
        assert fixture.hub.call(lambda s: s.checkup.night.read())
        simulator.request_log.clear()
        return fixture

    return make


def look(fixture, document, *, listed=True, **how):
    return fixture.hub.call(lambda s: s.customers.lookup(document, listed=listed, **how))


def sent(fixture):
    """Return how many pages and how many single customers HubSoft was asked for since the last call."""
    counts = (fixture.sent(ROSTER), fixture.sent(CUSTOMER))
    fixture.simulator.request_log.clear()
    return counts


def two(fixture):
    return [each.document for each in some(fixture.simulator, 2, seed=5)]


def test_a_page_that_was_read_answers_what_it_tells_and_says_what_it_does_not(small, later):
    fixture = small()
    bianca = "86214941081"
    found = look(fixture, bianca)
    (customer,) = found.customers
    assert (found.source, found.active, customer.listed) == (Source.CACHE, True, True)
    assert (customer.name, customer.phones, customer.alerts) == ("BIANCA COUTO", ("37999450812",), ())
    assert sent(fixture) == (0, 0)
    (whole,) = look(fixture, bianca, listed=False).customers
    assert not whole.listed
    assert whole.alerts
    assert whole.services[0].connection is not None
    assert sent(fixture) == (0, 1)
    assert look(fixture, bianca).customers == (whole,)  # what tells more is shown while it is young enough
    assert sent(fixture) == (0, 0)


def test_where_a_customer_is_too_old_the_page_is_asked_for_and_answers_for_all(small, later):
    fixture = small()
    one, other = two(fixture)
    later(HALF_AN_HOUR + 1)
    found = look(fixture, one)
    assert (found.source, found.requests, found.customers[0].listed) == (Source.API, 1, True)
    assert look(fixture, other).requests == 0
    assert look(fixture, other, category=Category.CONTRACT_STATUS).source is Source.CACHE
    assert sent(fixture) == (1, 0)
    assert look(fixture, other, refresh=True).customers[0].listed is False
    assert sent(fixture) == (0, 1)


def test_a_question_that_wants_all_of_a_customer_takes_no_page(small, later):
    fixture = small()
    one, other = two(fixture)
    later(HALF_AN_HOUR + 1)

    async def both(services):
        return await asyncio.gather(
            services.customers.lookup(one, listed=True),
            services.customers.lookup(one),
            services.customers.lookup(other, listed=True),
        )

    _either, whole, neighbour = fixture.hub.call(both)
    assert [each.customers[0].listed for each in (whole, neighbour)] == [False, True]
    assert sent(fixture) == (1, 1)


def test_who_is_not_on_the_page_is_asked_for_and_only_that_proves_anything(small, later):
    fixture = small(retry=RetrySettings(max_retries=0))
    gone = fixture.simulator.remove_customer(two(fixture)[0])
    later(HALF_AN_HOUR + 1)
    fixture.simulator.fail_next(1, "gateway:404", CUSTOMER)
    stale = look(fixture, gone.document)
    assert (stale.source, stale.found) == (
        Source.STALE,
        True,
    )  # neither a page without them nor a gateway's 404
    sent(fixture)
    assert not look(fixture, gone.document).found
    assert not look(fixture, STRANGER).found
    assert sent(fixture) == (0, 2)  # the page was read a moment ago: it is not read again for each stranger


def test_a_page_that_fails_or_is_slow_or_not_wanted_is_left_for_the_customer_alone(small, later):
    fixture = small()
    one, other = two(fixture)
    later(HALF_AN_HOUR + 1)
    fixture.simulator.fail_next(1, "html", ROSTER)
    assert look(fixture, one).customers[0].listed is False
    assert look(fixture, other).customers[0].listed is False
    assert sent(fixture) == (1, 2)


@pytest.mark.parametrize(
    "sections", [{"cache": CacheSettings(one_page_seconds=0)}, {"checkup": CheckupSettings(page_size=50)}]
)
def test_no_page_is_asked_for_where_it_is_not_wanted_or_one_does_not_hold_all(small, later, sections):
    fixture = small(**sections)
    later(HALF_AN_HOUR + 1)
    assert look(fixture, two(fixture)[0]).customers[0].listed is False
    assert sent(fixture) == (0, 1)


def test_a_base_that_outgrew_the_page_is_noticed_by_it(make_simulator, make_fixture, later):
    simulator = make_simulator(customers=60, tickets=0)
    newest = simulator.remove_customer(simulator.customers[-1])
    fixture = make_fixture(simulator, [STRANGER], checkup=CheckupSettings(page_size=59))
    assert fixture.hub.call(lambda s: s.checkup.night.read())
    simulator.add_customer(newest)
    simulator.request_log.clear()
    later(HALF_AN_HOUR + 1)
    one, other = (each.document for each in simulator.customers[10:12])
    assert [look(fixture, each).customers[0].listed for each in (one, other)] == [False, False]
    assert sent(fixture) == (1, 2)


def test_a_check_up_of_a_page_answers_for_everybody_too(make_simulator, make_fixture):
    simulator = make_simulator(customers=60, tickets=0)
    fixture = make_fixture(simulator, [each.document for each in some(simulator, 20)])
    fixture.run()
    assert fixture.results() == fixture.truth()
    simulator.request_log.clear()
    for each in some(simulator, 10, seed=8):
        found = look(fixture, each.document)
        assert (found.active, found.customers[0].listed) == (each.active, True)
    assert sent(fixture) == (0, 0)


def row(
    number: int, document: str = "86214941081", status: str = "servico_habilitado", **more: object
) -> Customer:
    services = (Service(id=number, status_prefix=status),)
    return Customer(id=number, document=document, services=services, **more)  # type: ignore[arg-type]


def told(*rows: Customer, total: int | None = None, came: int | None = None) -> list[int]:
    page = Page(number=0, last=0, total=len(rows) if total is None else total)
    decoded = Decoded(rows, page=page, rows=len(rows) if came is None else came)
    return [len(own) for own in everybody(decoded, {"servico_habilitado"}).values()]


def test_a_page_speaks_for_everybody_only_where_every_row_is_there_and_can_be_read():
    one, twin, other = row(1), row(2, status="cancelado"), row(3, "10682083682")
    assert told(one, twin, other) == [2, 1]  # both customers of a document, or none
    assert told(one, other, total=3) == []  # there are more
    assert told(one, other, came=3) == []  # a row could not be read: whose?
    assert told(one, one, other) == []  # a row came twice, so that another may have slipped by
    assert told() == []
    assert told(one, row(4, "")) == []  # an active contract that no document names
    assert told(one, row(4, "", "cancelado")) == [1]
    assert told(one, row(5, "10682083682", incomplete=True)) == [1]
    assert everybody(Decoded((one,), rows=1), ()) == {}  # no word of how many there are
    alone = everybody(Decoded((one,), page=Page(number=0, last=0, total=1), rows=1), ())
    assert alone == {brief_key(one.document): (msgspec.structs.replace(one, listed=True),)}


def test_a_page_of_cancelled_services_alone_is_not_all_customers():
    ended = msgspec.structs.replace(
        row(1), services=(Service(id=1, status_prefix="cancelado", cancelled_at=SINCE),)
    )
    assert told(ended) == []

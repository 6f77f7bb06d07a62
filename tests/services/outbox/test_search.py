"""What an answer of HubSoft proves: that the entry is there, that it is not, or neither."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hubsoft_tui.api.answers import Decoded
from hubsoft_tui.api.models import Message, Thread, Ticket, WorkOrder
from hubsoft_tui.api.tickets import ticket_messages
from hubsoft_tui.formats import BRASILIA
from hubsoft_tui.services.outbox import search
from hubsoft_tui.services.outbox.search import judge_closing, judge_messages, judge_tickets, opened_meanwhile
from hubsoft_tui.services.outbox.types import Closing, NewMessage, NewTicket
from hubsoft_tui.store.outbox import OutboxRow

REFERENCE = "HT7K3M9Q"
TODAY = date(2026, 11, 24)
SINCE = TODAY - timedelta(days=1)
DRAFT = NewTicket(
    service_id=7, description="Sem acesso.", contact_name="B", contact_phone="3", type_label="SAC"
)
SENT_AT = datetime(2026, 11, 24, 12, tzinfo=BRASILIA).timestamp()


def ticket(number: int, opening: str | None = "OUTRA COISA", **fields) -> Ticket:
    usual = {"protocol": f"2026112412000000{number:04d}", "opened_on": TODAY, "type": "SAC"}
    return Ticket(id=number, opening=opening, **{**usual, **fields})


def judged(*tickets: Ticket, **flags):
    return judge_tickets(Decoded(tickets, **flags), REFERENCE, DRAFT, SINCE)


def test_the_reference_is_proof_wherever_it_stands():
    ours = ticket(2, "SEM ACESSO. REF HT7K3M9Q | ATENDIMENTO ABERTO VIA API")
    order = ticket(3, "x", work_orders=(WorkOrder(id=1, description="Sem acesso.\n[ref HT7K3M9Q]"),))
    assert [one.id for one in judged(order, ours, ticket(1)).found] == [2, 3]
    assert judged(order, ours).doubles == (order.protocol,)


def test_absence_is_proven_by_a_whole_answer_whose_texts_can_be_read():
    assert judged() == judged(ticket(1)) == search.Finding()


@pytest.mark.parametrize(
    ("tickets", "flags", "why"),
    [
        ([ticket(1, None)], {}, search.NOT_READABLE),
        ([ticket(1)], {"dropped": 1}, search.NOT_READABLE),
        ([ticket(1)], {"truncated": True}, search.NOT_ALL_SHOWN),
        ([ticket(1, opened_on=None)], {"truncated": True}, search.NOT_ALL_SHOWN),
        ([ticket(1, opened_on=date(2026, 1, 1)), ticket(2)], {"truncated": True}, search.NOT_ALL_SHOWN),
    ],
)
def test_less_than_that_proves_nothing(tickets, flags, why):
    assert judged(*tickets, **flags) == search.Finding(why=why)


def test_what_was_there_before_need_not_be_read():
    old = ticket(1, None, opened_on=date(2026, 11, 1))
    assert judged(ticket(2), old) == judged(ticket(2), old, truncated=True) == search.Finding()


def test_the_same_words_without_the_reference_are_a_question():
    alike = ticket(1, "SEM ACESSO | ATENDIMENTO ABERTO VIA API")
    assert judged(alike).similar == (alike.protocol,)
    assert judged(ticket(1, "SEM ACESSO", opened_on=date(2026, 11, 1))).similar == ()


async def test_a_customer_with_many_tickets_is_asked_for_the_days_in_question():
    asked = []

    async def receive(operation):
        asked.append(dict(operation.query))
        return Decoded((ticket(1),), truncated=len(asked) == 1)

    row = OutboxRow(1, REFERENCE, "open", SENT_AT, "key", b"", sent_at=SENT_AT)
    finding = await search.look(receive, row, DRAFT, today=TODAY, twins=0)
    assert finding == search.Finding()
    assert [query.get("data_inicio") for query in asked] == [None, "2026-11-23"]
    assert asked[1]["data_fim"] == "2026-11-25"
    assert {query["apenas_pendente"] for query in asked} == {"nao"}
    assert {query["busca"] for query in asked} == {"id_cliente_servico"}


# -- messages

MESSAGE = NewMessage(5, "20261124120000000005", "A caminho.")


def said(number: int, text: str = "A CAMINHO", minutes: float | None = 0.0) -> Message:
    at = None if minutes is None else datetime.fromtimestamp(SENT_AT + 60 * minutes, UTC)
    return Message(id=number, text=text, written_at=at)


def messages(*found: Message, twins: int = 0):
    return judge_messages([Thread(ticket_id=5, messages=found)], MESSAGE, sent_at=SENT_AT, twins=twins)


def test_a_message_is_known_by_its_words_and_its_time():
    assert messages(said(1, "outra")) == search.Finding()
    assert messages(said(1, minutes=-60)) == search.Finding()
    assert [one.id for one in messages(said(1, minutes=-60), said(2)).found] == [5]
    assert messages(said(2), twins=1) == search.Finding()
    assert messages(said(2), said(3)).doubles == ("20261124120000000005/3",)


def test_messages_that_are_not_shown_prove_nothing():
    assert messages(said(1, minutes=None)).why == search.NO_MESSAGES
    hidden = [Thread(ticket_id=5)]
    assert judge_messages(hidden, MESSAGE, sent_at=SENT_AT, twins=0).why == search.NO_MESSAGES
    assert judge_messages([], MESSAGE, sent_at=SENT_AT, twins=0).why == search.NO_TICKET


def test_messages_left_out_are_told_from_none():
    operation = ticket_messages("20261124120000000005")
    assert operation.query["relacoes"] == "atendimento_mensagem"
    row = {"id_atendimento": 5, "protocolo": "20261124120000000005"}
    texts = {"id_atendimento_mensagem": 1, "mensagem": "oi", "data_cadastro_timestamp": 1_795_000_000_000}
    read = [
        operation.decode({"status": "success", "atendimentos": [each]}).value[0].messages
        for each in (row, row | {"atendimento_mensagem": []}, row | {"atendimento_mensagem": [texts]})
    ]
    assert read[:2] == [None, ()]
    assert [one.written_at for one in read[2] or ()] == [datetime.fromtimestamp(1_795_000_000, UTC)]


def test_a_closed_ticket_is_closed_by_whomever():
    closing = Closing(5, "20261124120000000005")
    assert judge_closing([ticket(5, closed_on=TODAY)], closing).found
    assert judge_closing([ticket(5)], closing) == search.Finding()
    assert judge_closing([], closing).why == search.NO_TICKET


# -- another author's


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, True),
        ({"service_id": 7}, True),
        ({"service_id": 8}, False),
        ({"type": "FINANCEIRO"}, False),
        ({"type": None}, True),
        ({"closed_on": TODAY}, False),
        ({"draft": True}, False),
        ({"opened_on": date(2026, 11, 20), "protocol": "20261120120000000004"}, False),
        ({"protocol": "20261124113000000004"}, False),
        ({"protocol": "sem data"}, True),
        ({"id": 9}, False),
    ],
)
def test_which_tickets_may_be_the_same_matter(fields, counts):
    fields = {"id": 4, **fields}
    one = ticket(fields.pop("id"), **fields)
    found = opened_meanwhile([one], DRAFT, since=SENT_AT, ours=frozenset({9}))
    assert found == ((one.protocol,) if counts else ())

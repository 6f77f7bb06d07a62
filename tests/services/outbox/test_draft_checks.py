"""A draft is refused in a sentence that says what to do, or kept as it would be sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubsoft_tui import texts
from hubsoft_tui.api.models import Customer, Service
from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.services.outbox.types import Closing, NewMessage, NewTicket
from hubsoft_tui.services.outbox.wire import checked, previewed

GOOD = NewTicket(
    service_id=7,
    description="Sem acesso.",
    contact_name="Bianca Couto",
    contact_phone="37999992968",
    customer_name="BIANCA COUTO",
    customer_document="86214941081",
)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"description": ""}, "description is empty"),
        ({"description": " \n\t… !!"}, "description is empty"),
        ({"description": "[ref HT7K3M9Q]"}, "description is empty"),
        ({"description": "x" * 100_000}, "100,000 characters; at most 5,000"),
        ({"contact_name": "  "}, "name is missing"),
        ({"contact_name": "12"}, "name is missing"),
        ({"contact_name": "B" * 121}, "more than 120"),
        ({"contact_phone": ""}, "phone is missing"),
        ({"contact_phone": "37 9999-BIAN"}, "written in digits"),
        ({"contact_phone": "999992968"}, "area code"),
        ({"contact_phone": "00 99999-2968"}, "area code"),
        ({"service_id": 0}, "which service"),
    ],
)
def test_what_cannot_be_sent_is_refused(change, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        checked(replace(GOOD, **change), most=5000)


def test_what_can_be_sent_is_made_regular():
    written = replace(
        GOOD,
        description="\r\n Sem acesso.  \r\n\n\n\n\x1b]0;x\x07Desde ontem\t!\n",
        contact_name=" Bianca\n  Couto ",
        contact_phone="+55 (37) 99999-2968",
    )
    kept = checked(written, most=5000).draft
    assert kept.description == "Sem acesso.\n\n\ufffd]0;x\ufffdDesde ontem !"
    assert (kept.contact_name, kept.contact_phone) == ("Bianca Couto", "37999992968")
    assert checked(kept, most=5000).draft == kept


def test_a_cancelled_service_of_the_record_in_hand_is_refused():
    services = (Service(id=7, name="FIBRA", status_prefix="cancelado"), Service(id=8))
    customer = Customer(id=1, services=services)
    with pytest.raises(InvalidInput, match="FIBRA is cancelled"):
        checked(GOOD, most=5000, customer=customer)
    assert checked(replace(GOOD, service_id=8), most=5000, customer=customer).draft.service_id == 8


@pytest.mark.parametrize(
    "draft",
    [
        NewMessage(5, "2026", " "),
        NewMessage(0, "2026", "oi"),
        NewMessage(5, " ", "oi"),
        Closing(0, "2026"),
        Closing(5, "2026", description="x" * 101),
    ],
)
def test_messages_and_closings_are_looked_at_too(draft):
    with pytest.raises(InvalidInput):
        checked(draft, most=100)


def test_a_preview_shows_what_will_be_sent_and_what_is_added():
    rows = dict(previewed(GOOD))
    assert rows["Description"] == "Sem acesso.\n[ref HT······]"
    assert rows["Phone"] == "(37) 99999-2968"
    assert rows["Document"] == "***.149.410-**", "it is not sent, so nothing asks for it whole"
    assert "ATENDIMENTO ABERTO VIA API" in rows["Added"]
    assert dict(previewed(GOOD, "HT7K3M9Q"))["Description"].endswith("[ref HT7K3M9Q]")
    later = dict(previewed(GOOD, "HT7K3M9Q", masked=True))
    assert "999992968" not in "".join(filter(str.isdigit, later["Phone"]))
    assert dict(previewed(NewMessage(5, "2026", "oi")))["Message"] == "oi"
    assert dict(previewed(Closing(5, "2026", 70, "Resolvido")))["Reason"] == "Resolvido"


def test_a_preview_is_in_the_persons_language():
    try:
        texts.use("pt_BR")
        assert "Descrição" in dict(previewed(GOOD))
    finally:
        texts.use("en")

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from hubsoft_tui.api.models import Invoice, PaymentText
from hubsoft_tui.formats import day, day_of
from hubsoft_tui.screens.lookup.invoices import WAYS, copy_payment, sentence
from tests.screens.fake import BIANCA, CPF, FakeHub, answer, console, look_up, seen, settle, wait_for
from widgets.customer.on_demand import WholeText, invoice_rows, ordered, qr_rows

NOW = time.time()
TODAY = day_of(NOW)
PIX = "00020101026216880014BR.GOV.BCB.PIX" + "0123456789" * 9 + "6304ABCD"
LINE = "75691.31662 01006.726101 54561.1397880 7 73380000001000"


def invoice(number=1, *, due=10, paid=False, **codes):
    amount = Decimal("99.90")
    texts: Any = {name: PaymentText(text) for name, text in codes.items()}
    return Invoice(id=number, amount=amount, due_on=TODAY + timedelta(days=due), paid=paid, **texts)


PAYABLE = invoice(1, pix=PIX, typeable_line=LINE, link="https://boleto.example/1")
LATE = invoice(2, due=-15, typeable_line=LINE)
PAID = invoice(3, due=-40, paid=True)


@pytest.fixture
def hub():
    hub = FakeHub()
    hub.customers.answers[CPF] = (BIANCA,)
    hub.customers.panels["invoices"] = answer(PAID, PAYABLE, LATE)
    return hub


def plain(rows):
    return [row.plain for row in rows]


def test_open_invoices_come_first_the_longest_due_before_the_others():
    undated = Invoice(id=9)
    assert ordered([PAID, undated, PAYABLE, LATE]) == (LATE, PAYABLE, undated, PAID)


def test_a_row_says_when_how_much_how_late_and_what_pays_it():
    total, late, payable, paid = plain(invoice_rows(ordered([PAID, PAYABLE, LATE]), 70, NOW, 0))
    assert total == "2 open · R$ 199,80"
    assert late.startswith("▸✖ was due")
    assert day(LATE.due_on) in late
    assert "15 d late" in late
    assert "line" in late
    assert "PIX · line · payment link" in payable
    assert paid.startswith(" ○ paid")
    assert "late" not in paid


@pytest.mark.parametrize("width", [30, 57, 76, 200])
def test_amounts_stand_below_each_other_at_any_width(width):
    rows = plain(invoice_rows(ordered([PAID, PAYABLE, LATE]), width, NOW, None))[1:]
    assert len({row.index("R$") for row in rows}) == 1
    assert all(len(row) <= width for row in rows)


def test_a_sentence_for_a_chat_holds_amount_day_link_and_code():
    assert sentence(PAYABLE, NOW).whole == (
        f"Your invoice of R$ 99,90 is due on {day(PAYABLE.due_on)}: https://boleto.example/1\nPIX code: {PIX}"
    )
    assert sentence(LATE, NOW).whole.startswith(
        f"Your invoice of R$ 99,90 was due on {day(LATE.due_on)}: Typeable line: 7569"
    )


def test_what_an_invoice_lacks_is_said_and_not_copied():
    told, copied = [], []
    asked: Any = SimpleNamespace(
        tell=lambda text, **_: told.append(text), copy=lambda *each: copied.append(each)
    )
    for way in WAYS:
        copy_payment(asked, invoice(4), way)
    assert copied == []
    assert len(told) == len(WAYS)
    assert all(each.startswith("This invoice has n") for each in told)


@pytest.mark.parametrize("width", [1, 7, 60, 80, 200])
def test_a_code_is_broken_without_a_character_more(width):
    shown = WholeText()
    shown._text = PaymentText(PIX)
    lines = plain(shown.draw(width))
    assert "".join(lines) == PIX
    assert all(len(each) == width for each in lines[:-1])


def test_a_qr_code_is_square_and_has_its_three_corners():
    rows = qr_rows(PIX)
    size = len(rows[0])
    assert {len(row) for row in rows} == {size}
    assert len(rows) == (size + 1) // 2
    corner = "█▀▀▀▀▀█"
    assert rows[1].count(corner) == 2
    assert sum(corner in row for row in rows) == 2


async def test_y_copies_the_pix_of_the_marked_invoice_and_shift_y_its_line(hub):
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("i")
        await settle(pilot)
        assert "copies the PIX" not in seen(app)  # the one marked first has a line only
        await pilot.press("Y")
        assert app.clipboard == LINE
        await pilot.press("y")
        await wait_for(pilot, lambda: "has no PIX code" in seen(app))
        assert app.clipboard == LINE
        await pilot.press("down", "y")
        assert app.clipboard == PIX
        assert PIX[:40] not in seen(app)
        await pilot.press("escape", "y")
        assert app.clipboard.startswith("BIANCA COUTO")


async def test_a_copy_asked_before_the_invoices_came_is_made_when_they_come(hub):
    came = hub.customers.panels["invoices"]
    hub.customers.panels["invoices"] = asyncio.get_running_loop().create_future()
    async with console(hub) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("i", "y")
        await settle(pilot)
        assert app.clipboard == ""
        hub.customers.panels["invoices"].set_result(answer(PAYABLE, *came.value[:1]))
        await wait_for(pilot, lambda: app.clipboard == PIX)


async def test_the_page_shows_codes_to_select_and_a_qr_code_to_scan(hub):
    hub.customers.panels["invoices"] = answer(PAYABLE)
    async with console(hub, size=(80, 26)) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("i")
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)
        lines = seen(app).splitlines()
        assert PIX[:80] in lines
        assert PIX[80:] in lines
        assert LINE in lines
        assert all(key in lines[-1] for key in ("y copy PIX", "c QR code", "esc back")), lines[-1]
        await pilot.press("y")
        assert app.clipboard == PIX
        await pilot.press("c")
        await settle(pilot)
        assert "█▀▀▀▀▀█" in seen(app)
        assert PIX[80:] not in seen(app)
        await pilot.press("s")
        assert app.clipboard == sentence(PAYABLE, NOW).whole


async def test_the_page_offers_only_what_the_invoice_is_paid_with(hub):
    hub.customers.panels["invoices"] = answer(LATE)
    async with console(hub, size=(80, 26)) as (app, pilot, _hub):
        await look_up(pilot)
        await pilot.press("i")
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)
        lines = seen(app).splitlines()
        assert LINE in lines
        assert "PIX" not in seen(app)
        assert "Y copy line   s copy sentence" in lines[-1]
        assert "copy link" not in lines[-1]


def test_nothing_that_pays_an_invoice_is_in_its_text_form():
    assert PIX not in repr(PAYABLE)
    assert LINE not in f"{PAYABLE}"

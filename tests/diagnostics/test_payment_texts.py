"""What an invoice is paid with stands in nothing that a fault, a log or a traceback writes."""

from __future__ import annotations

import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from app import HubSoftConsole
from hubsoft_tui.api.models import Customer, Invoice, PaymentText, Service, TokenGrant
from hubsoft_tui.core.types import Answer, Source
from hubsoft_tui.diagnostics import crash, logs
from hubsoft_tui.privacy import redact
from hubsoft_tui.screens.lookup.invoices import InvoicePage, sentence
from hubsoft_tui.services.outbox.types import EntryKind, NewTicket, ServiceAction
from hubsoft_tui.settings.tree import Settings
from tests.fuzzing import examples
from tests.screens.fake import FakeHub
from widgets.customer.lists import RecentCustomer
from widgets.customer.on_demand import AskedPanelState, QrCode, WholeText

CODES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=("L", "N", "P")), min_size=12)


def invoice_of(pix: str, line: str, link: str) -> Invoice:
    return Invoice(
        id=3,
        due_on=date(2026, 12, 10),
        pix=PaymentText(pix),
        typeable_line=PaymentText(line),
        link=PaymentText(link),
    )


def holders(invoice: Invoice) -> list[object]:
    """Return everything of the product that carries what pays an invoice."""
    shown = WholeText()
    assert invoice.pix is not None
    shown._text = invoice.pix
    return [
        invoice, invoice.pix, invoice.typeable_line, invoice.link, (invoice,), {"invoice": invoice},
        Answer((invoice,), Source.API, 0.0, 0.0), AskedPanelState(rows=(invoice,)),
        sentence(invoice, 0.0), InvoicePage(invoice), shown, QrCode(),
    ]  # fmt: skip


def logged(value: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log = logging.Logger("payment")
    log.addHandler(handler)
    log.warning("%s and %r", value, value)
    log.warning(f"{value} {value!r} {value:}")  # noqa: G004 - as a careless line would
    return stream.getvalue()


def traced(value: object) -> str:
    """Return a traceback with local variables, as the standard library and as rich draw it."""
    try:
        raise ValueError("broken while it was at hand")
    except ValueError as error:
        plain = traceback.TracebackException.from_exception(error, capture_locals=True)
        screen = Console(file=io.StringIO(), width=400)
        screen.print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True))
        assert isinstance(screen.file, io.StringIO)
        return "".join(plain.format()) + screen.file.getvalue() + crash.describe(error)


WRITERS: list[Callable[[object], str]] = [repr, str, pretty_repr, logged, traced]


@examples(4)  # each draws sixty tracebacks
@given(CODES, CODES, CODES)
def test_nothing_that_holds_them_shows_them(pix: str, line: str, link: str) -> None:
    secrets = [f"pix{pix}", f"line{line}", f"link{link}"]
    for holder in holders(invoice_of(*secrets)):
        for write in WRITERS:
            shown = write(holder)
            assert not [secret for secret in secrets if secret[:12] in shown], (write, type(holder))


def test_they_are_refused_by_pickle_and_by_json_that_is_not_asked_for_them_whole() -> None:
    invoice = invoice_of("000201-SECRET", "75691-SECRET", "https://SECRET")
    for holder in (invoice.pix, invoice, [invoice]):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(holder)
    assert "SECRET" not in json.dumps([invoice.pix, invoice], default=str)


def test_what_is_remembered_keeps_them_whole() -> None:
    invoice = invoice_of("000201-SECRET", "75691-SECRET", "https://SECRET")
    assert msgspec.json.decode(msgspec.json.encode(invoice), type=Invoice) == invoice


PERSONAL: list[Any] = [
    Customer(
        id=1, name="ANA SECRET", document="86214941081", phones=("37999992968",), emails=("a@b.example",)
    ),
    Service(id=2, name="SECRET", login="SECRET", mac="SECRET", device="SECRET"),
    TokenGrant(access_token="SECRET", lifetime=1.0),
    NewTicket(1, "SECRET", "SECRET", "37999992968", customer_document="86214941081", customer_name="SECRET"),
    ServiceAction(EntryKind.ENABLE, 1, customer_name="SECRET", reason="SECRET", login="SECRET", mac="SECRET"),
    RecentCustomer("86214941081", "ANA SECRET", "86214941081", active=True),
]


@pytest.mark.parametrize("value", PERSONAL, ids=lambda value: type(value).__name__)
def test_no_record_and_no_draft_shows_a_person(value: object) -> None:
    for write in WRITERS:
        shown = write(value)
        assert "SECRET" not in shown
        assert "86214941081" not in shown
        assert "2968" not in shown
    assert type(value).__name__ in repr(value)


@pytest.mark.parametrize(
    "code",
    [
        "00020101026216880014BR.GOV.BCB.PIX2566qrcodes-pix.example/v2/9a5944a8520400005802BR5909SA OURO6304ABCD",
        "00020101026216880014BR.GOV.BCB.PIX1698266304",
        "75691.31662 01006.726101 27210.000017 7 73380000001000",
        "75691316620100672610127210000017773380000001000",
        "75697733800000010001316601006726102721000001",
    ],
)
def test_an_errors_own_text_reaches_log_and_report_without_a_code(code: str, tmp_path: Path) -> None:
    try:
        raise ValueError(f"cannot draw {code!r} here")
    except ValueError as error:
        report = crash.report(error, tmp_path / "crashes")
        file = logs.configure(tmp_path / "logs")
        logging.getLogger("hubsoft_tui.test").warning("broken: %s", error, exc_info=True)
        logs.close()
    assert report is not None
    for text in (report.read_text(), file.read_text(), redact(f"said {code}.")):
        assert code not in text
        assert code[:24] not in text
        assert code[-12:] not in text


async def test_a_console_that_breaks_on_the_page_of_an_invoice_tells_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = invoice_of("000201-SECRET", "75691-SECRET", "https://SECRET")
    app = HubSoftConsole(Settings(), engine=lambda _settings: FakeHub())
    app.crash_folder = tmp_path

    def draw(self: WholeText, width: int) -> list[Any]:
        text = self._text.whole if self._text is not None else ""
        raise ValueError(f"{len(text)} characters do not fit {width} columns")

    monkeypatch.setattr(WholeText, "draw", draw)

    async def broken() -> None:
        async with app.run_test() as pilot:
            await app.push_screen(InvoicePage(invoice))
            await pilot.pause()
            await pilot.pause()

    with pytest.raises(ValueError, match="do not fit"):
        await broken()
    (report,) = tmp_path.iterdir()
    told = report.read_text() + "".join(str(each) for each in app._exit_renderables)
    assert "in draw" in told
    assert "SECRET" not in told
    app.close()


def test_other_numbers_stay_readable() -> None:
    for text in (
        "protocol 20261126161544055496",
        "LOC000123 in 0.25 s",
        "2026-11-26 20:26:01",
        "id 1234567890123",
    ):
        assert redact(text) == text

"""Invoices, of one customer (`cliente/financeiro`) or in bulk (`financeiro/fatura`)."""

from __future__ import annotations

from datetime import date

from . import verdicts
from .models import Invoice, PaymentText
from .operation import Operation, window, yes_no
from .rows import Row
from .search import MAX_LIST, SearchKey, key_among, listing, listing_query


def customer_invoices(
    busca: SearchKey | str,
    term: str,
    *,
    only_pending: bool = True,
    newest_first: bool = True,
    limit: int = MAX_LIST,
    start: date | None = None,
    end: date | None = None,
) -> Operation[tuple[Invoice, ...]]:
    """List invoices by document, customer code or service id, in the order they are due; `limit` 1-50.

    The window is about the day they are due. Nothing found is an empty value.
    """
    key = key_among(busca, SearchKey.DOCUMENT, SearchKey.CODE, SearchKey.SERVICE_ID)
    query = {
        "apenas_pendente": yes_no(only_pending),
        "order_by": "data_vencimento",
        "order_type": "desc" if newest_first else "asc",
    }
    asked = listing_query(key, term, limit) | query | window(start, end)
    return listing("financeiro", "faturas", invoice, asked, verdicts.INVOICES)


def invoice(row: Row) -> Invoice:
    """Decode one invoice. Raises BadRowError when it has no id.

    Older servers have no `quitado`: there, an invoice with a day of payment is paid.
    """
    paid_on = row.day("data_pagamento")
    paid = row.flag("quitado")
    if paid is None and row.has("data_pagamento"):
        paid = paid_on is not None
    return Invoice(
        id=row.id("id_fatura"),
        number=row.text("nosso_numero", "numero_documento"),
        amount=row.money("valor"),
        paid_amount=row.money("valor_pago"),
        due_on=row.day("data_vencimento"),
        paid_on=paid_on,
        registered_on=row.day("data_cadastro"),
        paid=paid,
        status=row.label("status", "descricao", "prefixo"),
        charge_kind=row.text("tipo_cobranca"),
        typeable_line=_payment(row, "linha_digitavel"),
        pix=_payment(row, "pix_copia_cola", "pix_copia_e_cola"),
        link=_payment(row, "link"),
        items=tuple(text for item in row.children("detalhamento") if (text := item.text("descricao"))),
    )


def _payment(row: Row, *names: str) -> PaymentText | None:
    text = row.text(*names)
    return None if text is None else PaymentText(text)

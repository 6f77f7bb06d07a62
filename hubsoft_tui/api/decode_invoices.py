"""Invoices, of one customer (`cliente/financeiro`) or in bulk (`financeiro/fatura`)."""

from __future__ import annotations

from .models import Invoice
from .rows import Row


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
        typeable_line=row.text("linha_digitavel"),
        pix=row.text("pix_copia_cola", "pix_copia_e_cola"),
        link=row.text("link"),
        items=tuple(text for item in row.children("detalhamento") if (text := item.text("descricao"))),
    )

"""Recorded answers of HubSoft, where a folder with them lies beside the repository."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.api import answers, envelope
from hubsoft_tui.api.choices import Table, choices
from hubsoft_tui.api.connections import connection_sessions
from hubsoft_tui.api.customers import customer_search, customers_page
from hubsoft_tui.api.invoices import customer_invoices, invoice
from hubsoft_tui.api.operation import Operation
from hubsoft_tui.api.tickets import (
    add_message,
    customer_tickets,
    customer_work_orders,
    open_ticket,
    tickets_page,
    work_order,
)
from hubsoft_tui.api.token import token
from hubsoft_tui.errors import HubSoftError, Refused

SAMPLES = Path(__file__).parents[3] / "shared" / "hubsoft-api" / "samples"
DAY = date(2026, 1, 15)

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers beside the repository")


def _bulk(key: str, decode: Any) -> Operation[tuple[Any, ...]]:
    return Operation(
        name="bulk", method="GET", path="/", decode=lambda body: answers.page(body, key, decode, size=500)
    )


def _listed(key: str, decode: Any) -> Operation[tuple[Any, ...]]:
    return Operation(
        name="list", method="GET", path="/", decode=lambda body: answers.table(body, key, decode)
    )


LISTS: dict[str, tuple[Operation[tuple[Any, ...]], int]] = {
    "cliente.nome_razaosocial.two_clients": (customer_search("nome_razaosocial", "guilherme"), 2),
    "cliente_all.legacy.relacoes_pacotes_senhas": (
        customer_search("nome_razaosocial", "guilherme"),
        1,
    ),
    "cliente_todos.page496": (customers_page(496, 3), 1),
    "cliente_atendimento": (customer_tickets("codigo_cliente", "1204"), 2),
    "cliente_financeiro": (customer_invoices("codigo_cliente", "1162"), 3),
    "cliente_ordem_servico": (customer_work_orders("codigo_cliente", "1188"), 4),
    "cliente_extrato_conexao": (connection_sessions("login", "antoniomas"), 1),
    "atendimento_paginado.page8": (tickets_page(7, 10, start=DAY, end=DAY), 8),
    "financeiro_fatura.simplificado": (_bulk("faturas", invoice), 4),
    "ordem_servico_todos.2024_03": (_bulk("ordens_servico", work_order), 2),
    "ordem_servico_consultar": (_listed("ordens_servico", work_order), 1),
    "configuracao_disponibilidade": (choices(Table.PERIODS), 3),
    "configuracao_grupo_cliente": (choices(Table.CUSTOMER_GROUPS), 2),
    "configuracao_motivo_fechamento_os.truncated": (choices(Table.WORK_ORDER_CLOSING_REASONS), 2),
    "configuracao_servico.truncated": (choices(Table.PLANS), 3),
    "configuracao_servico_status": (choices(Table.SERVICE_STATUSES), 2),
    "configuracao_servico_tecnologia": (choices(Table.TECHNOLOGIES), 4),
    "configuracao_status_atendimento.truncated": (choices(Table.TICKET_STATUSES), 6),
    "configuracao_tipo_atendimento": (choices(Table.TICKET_TYPES), 2),
    "configuracao_vencimento": (choices(Table.DUE_DAYS), 10),
    "configuracao_vendedor": (choices(Table.SELLERS), 56),
}

RECORDS: dict[str, tuple[Operation[Any], int]] = {
    "atendimento_post.success_with_os": (
        open_ticket(service_id=1, description="x", contact_name="y", contact_phone="35999990001"),
        300,
    ),
    "atendimento_adicionar_mensagem.success": (add_message(391, "x"), 613),
}

REFUSALS: dict[str, type[HubSoftError]] = {
    "error.busca_missing": Refused,
    "error.duplicate_cpf_cnpj": Refused,
    "error.invalid_busca": Refused,
    "error.invalid_field_value": Refused,
    "error.not_found_no_errors_key": Refused,
    "error.two_missing_fields": Refused,
    "financeiro_fatura_liquidar.error": Refused,
    "cliente_reset_phy_addr.error_no_auth": Refused,
    "rede_cpe_todos.error_missing_params": Refused,
    "rede_reiniciar_cpe.error_not_found": Refused,
}


def _body(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", LISTS)
def test_a_recorded_list_decodes_without_problems(name: str) -> None:
    operation, count = LISTS[name]
    found = operation.read(_body(name), content_type="application/json")
    assert found.problems == ()
    assert len(found.value) == count
    assert "senha-falsa" not in repr(found)


@pytest.mark.parametrize("name", RECORDS)
def test_a_recorded_record_decodes_without_problems(name: str) -> None:
    operation, identity = RECORDS[name]
    found = operation.read(_body(name))
    assert found.problems == ()
    assert found.value.id == identity


def test_the_recorded_token_decodes() -> None:
    assert token("1", "2", "3", "4").read(_body("oauth_token.success")).value.lifetime == 2592000


@pytest.mark.parametrize("name", REFUSALS)
def test_a_recorded_error_is_the_right_error(name: str) -> None:
    with pytest.raises(HubSoftError) as caught:
        envelope.check(envelope.parse(_body(name)))
    assert type(caught.value) is REFUSALS[name]


def test_no_recorded_error_is_forgotten() -> None:
    recorded = {path.stem for path in SAMPLES.glob("*.json") if "error" in path.stem}
    assert recorded == set(REFUSALS)


def test_every_recorded_answer_is_an_envelope() -> None:
    bodies = {path.stem: path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))}
    assert len(bodies) > 50
    for name in bodies.keys() - REFUSALS.keys():
        assert isinstance(envelope.check(envelope.parse(bodies[name])), dict)

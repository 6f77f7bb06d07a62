from __future__ import annotations

import pytest

from hubsoft_tui import texts
from hubsoft_tui.api.models import Customer, Service
from hubsoft_tui.simulator.catalogue import SERVICE_STATUSES
from widgets.customer.card import MOST_CELLS, standing


def customer(*statuses):
    services = tuple(
        Service(id=number, status_prefix=prefix, status=label)
        for number, (prefix, label) in enumerate(statuses)
    )
    return Customer(id=1, services=services)


DEBT, CANCELLED = ("suspenso_debito", "Suspenso por Débito"), ("cancelado", "Cancelado")


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ((DEBT,), "SUSPENDED (debt)"),
        ((("SUSPENSO_DEBITO", ""),), "SUSPENDED (debt)"),
        ((("", "Suspenso por Débito"),), "SUSPENDED (debt)"),
        ((CANCELLED, DEBT), "SUSPENDED (debt)"),
        ((("suspenso_pedido_cliente", ""),), "SUSPENDED (on request)"),
        ((("suspenso_parcialmente", ""),), "SUSPENDED"),
        ((("suspenso_judicial", ""),), "SUSPENDED"),
        ((("servico_bloqueado", ""),), "BLOCKED"),
        ((("bloqueio_temporario", ""),), "BLOCKED"),
        ((CANCELLED, ("aguardando_instalacao", "Aguardando Instalação")), "AWAITING INSTALLATION"),
        ((("agendado_para_instalacao", ""),), "AWAITING INSTALLATION"),
        ((("aguardando_assinatura_contrato", ""),), "AWAITING SIGNATURE"),
        ((("aguardando_migracao", ""),), "AWAITING"),
        ((("franquia_excedida", "Franquia Excedida"), CANCELLED), "FRANQUIA EXCEDIDA"),
        ((("regua_nova", ""),), "REGUA NOVA"),
        ((CANCELLED, CANCELLED), "CANCELLED"),
        ((("inativo", "Inativo"), CANCELLED), "INACTIVE"),
        ((), "INACTIVE"),
        ((("", ""),), "INACTIVE"),
    ],
)
def test_a_customer_without_an_active_contract_stands_as_hubsoft_names_it(statuses, said):
    assert standing(customer(*statuses), active=False) == said


def test_an_active_contract_is_active_whatever_else_there_is():
    assert standing(customer(DEBT, ("servico_habilitado", "")), active=True) == "ACTIVE"


def test_the_words_of_the_trade_in_portuguese():
    texts.use("pt_BR")
    try:
        said = {
            prefix: standing(customer((prefix, label)), active=False)
            for prefix, (_id, label) in SERVICE_STATUSES.items()
        }
    finally:
        texts.use("en")
    assert said["suspenso_debito"] == "SUSPENSO (POR DÉBITO)"
    assert said["cancelado"] == "CANCELADO"
    assert said["aguardando_instalacao"] == "AGUARDANDO INSTALAÇÃO"


def test_a_provider_s_own_long_status_is_cut():
    said = standing(customer(("x", "Uma situação que não termina de jeito nenhum")), active=False)
    assert len(said) == MOST_CELLS
    assert said.endswith("…")

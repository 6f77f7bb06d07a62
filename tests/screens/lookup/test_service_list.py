"""The services of a customer: HubSoft's own status is whole at any width, the address where there is room."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hubsoft_tui.api.models import Address, Connection, Service
from widgets.customer.card import ServiceList

ADDRESS = "AVENIDA BRASIL, 211, CASA DOS FUNDOS - FONTE BOA, SANTO ANTÔNIO DO MONTE/MG | CEP: 35560-000"


def drawn(width: int, *statuses: str, roomy: bool = True) -> list[str]:
    services = tuple(
        Service(
            id=number, name=f"{212 * number} MB - ULTRA FIBRA [b]", price=Decimal("1099.90"), status=status,
            connection=Connection(online=True), address=Address(full=ADDRESS),
        )
        for number, status in enumerate(statuses, 1)
    )  # fmt: skip
    shown = ServiceList()
    shown._services, shown._active, shown._roomy = services, frozenset({1}), roomy
    return [each.plain for each in shown.draw(width)]


@pytest.mark.parametrize("width", [44, 58, 62, 76, 116, 190])
@pytest.mark.parametrize(
    "status",
    [
        "Suspenso por Débito",
        "Aguardando Assinatura do Contrato Digital e Instalação",
        "CANCELADO ひらがな",
        "x" * 25,
    ],
)
def test_a_status_is_never_cut(width: int, status: str) -> None:
    lines = drawn(width, status, "Serviço Habilitado")
    flat = " ".join(" ".join(lines).split())
    assert status in flat
    assert "Habilitado" in flat
    assert "Serviço Habilitado" not in flat, "that it is a service's needs no cells"
    assert "▲ online" in flat


@pytest.mark.parametrize("width", [50, 62, 100])
def test_an_address_takes_a_second_line_before_it_is_cut(width: int) -> None:
    assert ADDRESS in " ".join(" ".join(drawn(width, "Serviço Habilitado")).split())
    assert "AVENIDA" not in " ".join(drawn(width, "Serviço Habilitado", roomy=False))


def test_a_status_that_is_one_word_stays_that_word() -> None:
    assert "Serviço" in " ".join(drawn(80, "Serviço"))

"""Whatever JSON comes: an answer or a HubSoftError, never anything else, and never a password."""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubsoft_tui.api.answers import Decoded
from hubsoft_tui.api.choices import Table, choices
from hubsoft_tui.api.connections import connection_sessions, service_devices, trust_unlock
from hubsoft_tui.api.customers import customer_search, customers_page
from hubsoft_tui.api.invoices import customer_invoices
from hubsoft_tui.api.operation import Operation
from hubsoft_tui.api.tickets import (
    add_message,
    close_ticket,
    confirm_visit,
    customer_tickets,
    customer_work_orders,
    open_ticket,
    open_work_order,
    ticket_messages,
    tickets_page,
    update_ticket,
)
from hubsoft_tui.api.token import token
from hubsoft_tui.errors import HubSoftError

from . import made

DAY = date(2026, 1, 15)

OPERATIONS: dict[str, Operation[Any]] = {
    "clientes": customer_search("nome_razaosocial", "ana"),
    "clientes ": customers_page(0),
    "atendimentos": customer_tickets("cpf_cnpj", "1"),
    "atendimentos ": tickets_page(0, start=DAY, end=DAY),
    "faturas": customer_invoices("cpf_cnpj", "1"),
    "ordens_servico": customer_work_orders("cpf_cnpj", "1"),
    "registros": connection_sessions("login", "ana"),
    "status_atendimento": choices(Table.TICKET_STATUSES),
    "cidades": choices(Table.CITIES),
    "atendimento": update_ticket(1, status_id=2),
    "atendimento_mensagem": add_message(1, "x"),
    "access_token": token("1", "2", "3", "4"),
    "cpes": service_devices(1),
    "cpes ": service_devices(1, "ZTEG-1"),
    "atendimentos  ": ticket_messages("1"),
    "atendimento ": open_ticket(service_id=1, description="x", contact_name="y", contact_phone="37999992968"),
    "atendimento  ": close_ticket(1, reason_id=2, description=None),
    "receipt": trust_unlock(1, 3),
    "ordem_servico": open_work_order(1),
    "ordem_servico ": confirm_visit(1),
}

GOOD: dict[str, Any] = {
    "clientes": made.page("clientes", [made.customer(1), made.customer(2)]),
    "atendimentos": made.page(
        "atendimentos", [made.rich_ticket(1), made.labelled_ticket(2), made.flat_ticket(3)]
    ),
    "faturas": made.answer("faturas", [{"id_fatura": 1, "valor": 1.5, "detalhamento": [{"descricao": "x"}]}]),
    "ordens_servico": made.answer("ordens_servico", [made.work_order()]),
    "registros": made.answer("registros", [{"username": "ana", "acctstarttime": "2017-09-27 18:14:08-03"}]),
    "status_atendimento": made.answer("status_atendimento", [{"id_atendimento_status": 1, "descricao": "x"}]),
    "cidades": made.answer("cidades", [{"id_cidade": 1, "nome": "x", "bairros": [{"nome": "y"}]}]),
    "atendimento": made.answer("atendimento", made.labelled_ticket()),
    "atendimento_mensagem": made.answer("atendimento_mensagem", made.message()),
    "access_token": {"access_token": "a", "expires_in": 5},
    "cpes": made.answer(
        "cpes",
        [
            {
                "id_cpe": 1,
                "phy_addr": "ZTEG-1",
                "data_ultima_atualizacao": "2026-01-15 10:20:30",
                "servicos": [{"id_cliente_servico": 1}],
                "historico_parametros": [
                    {
                        "created_at": "2026-01-15 10:20:30",
                        "parametros": {"rx_signal": "-21.5", "tx_signal": 2},
                    }
                ],
            }
        ],
    ),
    "receipt": {"status": "success", "msg": "Desbloqueado"},
    "ordem_servico": made.answer("ordem_servico", made.work_order()),
}


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for each in value.values() for name in _names(each)}
    if isinstance(value, list):
        return {name for each in value for name in _names(each)}
    return set()


KEYS = st.sampled_from(
    sorted({"senha", "senhas", "errors", "error", "message", "data"} | _names(list(GOOD.values())))
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["", "error", "success", "2026-01-15", "15/01/2026 10:20", "1e999", "0000-00-00", 2**63, 10**400]
    ),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


def _poisoned(value: Any) -> Any:
    """Put the secret wherever a key is called senha or senhas."""
    if isinstance(value, dict):
        return {
            key: _secretly(inner) if key in ("senha", "senhas") else _poisoned(inner)
            for key, inner in value.items()
        }
    return [_poisoned(inner) for inner in value] if isinstance(value, list) else value


def _secretly(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _secretly(inner) for key, inner in value.items()} or {"x": made.SECRET}
    return [_secretly(inner) for inner in value] or [made.SECRET] if isinstance(value, list) else made.SECRET


def _outcome(operation: Operation[Any], payload: Any) -> Decoded[Any] | HubSoftError:
    try:
        return operation.decode(payload)
    except HubSoftError as error:
        return error


def _survives(operation: Operation[Any], payload: Any) -> None:
    outcome = _outcome(operation, payload)
    assert made.SECRET not in repr(outcome) + str(outcome) + repr(getattr(outcome, "__dict__", ""))
    if isinstance(outcome, Decoded):  # whatever was let in can be stored
        assert made.SECRET.encode() not in msgspec.json.encode(outcome.value)
        msgspec.msgpack.encode(outcome.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=JSON)
def test_arbitrary_json(drawn: Any) -> None:
    garbage = _poisoned(drawn)
    for key, operation in OPERATIONS.items():
        _survives(operation, garbage)
        _survives(operation, {"status": "success", key.strip(): garbage})
        _survives(operation, {"status": "success", key.strip(): [garbage, garbage]})


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, each in inner for place in _places(each, (*path, key))]


@pytest.mark.parametrize("key", OPERATIONS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_good_answer_with_one_thing_wrong(key: str, data: st.DataObject) -> None:
    payload = copy.deepcopy(GOOD[key.strip()])
    *way, last = data.draw(st.sampled_from(_places(payload)[1:]))
    target = payload
    for step in way:
        target = target[step]
    target[last] = data.draw(JSON)
    _survives(OPERATIONS[key], _poisoned(payload))


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 5), bad=JSON.filter(lambda value: not isinstance(value, dict)))
def test_one_bad_row_among_good_ones(position: int, bad: Any) -> None:
    rows: list[Any] = [made.customer(seed) for seed in range(1, 6)]
    rows.insert(position, bad)
    found = customers_page(0).decode(made.page("clientes", rows))
    assert [each.id for each in found.value] == [901, 902, 903, 904, 905]
    assert [problem.path for problem in found.problems] == [f"clientes[{position}]"]


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 4000), flip=st.integers(0, 4000), byte=st.integers(0, 255))
def test_cut_and_damaged_bytes(cut: int, flip: int, byte: int) -> None:
    whole = bytearray(json.dumps(GOOD["clientes"], ensure_ascii=False).encode())
    whole[flip % len(whole)] = byte
    for body in (bytes(whole), bytes(whole[: cut % len(whole)])):
        outcome = _read(OPERATIONS["clientes"], body)
        assert made.SECRET not in str(outcome) + repr(getattr(outcome, "__context__", None))


def _read(operation: Operation[Any], body: bytes) -> Decoded[Any] | HubSoftError:
    try:
        return operation.read(body)
    except HubSoftError as error:
        return error

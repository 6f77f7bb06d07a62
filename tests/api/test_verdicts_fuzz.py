"""Any status, content type, envelope and rows: a "no" only where HubSoft said it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.api.customers import customer_search
from hubsoft_tui.api.tickets import customer_tickets, update_ticket
from hubsoft_tui.errors import HubSoftError, RateLimited, Refused
from tests.fuzzing import examples

from . import made

DOCUMENT = "86214941081"
KINDS = st.sampled_from(["", "application/json", "text/html; charset=UTF-8", "text/plain"])
STATUSES = st.one_of(
    st.just(200),
    st.sampled_from([201, 204, 301, 400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 500, 502, 503]),
)
"""HubSoft's own number as often as all others together: most of what it says comes with it."""
SENTENCES = st.sampled_from(
    [
        "Nenhum cliente encontrado",
        "Cliente não encontrado",
        "Nenhum registro encontrado",
        "Nenhuma conexão com o banco de dados",
        "O servidor não foi encontrado",
        "Método/endpoint não disponível",
        "Servidor do cliente não encontrado",
        "Cliente não encontrado, tente novamente",
        "Dados consultados com sucesso",
        "",
    ]
)
PROVING = frozenset({"Nenhum cliente encontrado", "Cliente não encontrado", "Nenhum registro encontrado"})
DOCUMENTS: st.SearchStrategy[Any] = st.sampled_from(
    [DOCUMENT, "86.2149.410/81", "90000000191", None, "", 86214941081.0, "?", True, []]
)
ROWS = st.lists(
    st.one_of(
        st.builds(lambda own: made.customer(1, cpf_cnpj=own), DOCUMENTS),
        st.sampled_from([None, {}, [], "x", 5, {"id_cliente": "?"}]),
    ),
    max_size=3,
)
LISTS = st.one_of(ROWS, st.sampled_from([None, "", {}, "Nenhum cliente encontrado", 0, False]))
SAID = st.one_of(
    st.sampled_from(["success", "error"]),
    st.sampled_from(["suscess", "erro", "ok", 200, 404, None, True, False, ""]),
)


@st.composite
def envelopes(draw: st.DrawFn) -> Any:
    """Draw something between HubSoft's envelope and another server's JSON."""
    made_up: dict[str, Any] = {"status": draw(SAID)}
    made_up[draw(st.sampled_from(["msg", "msg", "message", "error", "detail"]))] = draw(SENTENCES)
    if name := draw(st.sampled_from(["clientes", "clientes", "atendimentos", "data", ""])):
        made_up[name] = draw(LISTS)
    if draw(st.integers(0, 3)) == 3:
        made_up["errors"] = draw(st.sampled_from([[], None, ["Tempo esgotado"], {"termo": ["?"]}]))
    for name in [name for name, value in made_up.items() if value is None and draw(st.booleans())]:
        del made_up[name]
    return made_up


def proves_absence(status: int, said: Any) -> bool:
    """Say it again, in other words than the program's: only these two forms are HubSoft's own "no"."""
    told = said.get("status")
    if told is False or told in ("error", "erro"):
        return 200 <= status < 500 and said.get("msg") in PROVING and not said.get("errors")
    rows = said.get("clientes")
    others = isinstance(rows, list) and all(
        isinstance(row, dict) and row.get("cpf_cnpj") == "90000000191" for row in rows
    )
    succeeded = told is True or told in ("success", "suscess", "ok")
    return 200 <= status < 300 and succeeded and others and not said.get("errors")


@pytest.mark.long
@examples(400)
@given(status=STATUSES, kind=KINDS, said=envelopes())
def test_a_no_is_believed_only_where_hubsoft_said_it(status: int, kind: str, said: Any) -> None:
    body = json.dumps(said, ensure_ascii=False).encode()
    try:
        found = customer_search("cpf_cnpj", DOCUMENT).read(body, status=status, content_type=kind)
    except HubSoftError:
        return
    if not found.value:
        assert proves_absence(status, said), "a customer would have been taken for gone"


@pytest.mark.long
@examples(300)
@given(
    status=STATUSES, kind=KINDS, body=st.one_of(st.binary(max_size=40), st.text(max_size=40).map(str.encode))
)
def test_bytes_alone_prove_nothing(status: int, kind: str, body: bytes) -> None:
    for operation in (
        customer_search("cpf_cnpj", DOCUMENT),
        customer_tickets("codigo_cliente", "41"),
    ):
        with pytest.raises(HubSoftError):
            operation.read(body, status=status, content_type=kind)


@pytest.mark.long
@examples(300)
@given(status=STATUSES, kind=KINDS, said=envelopes())
def test_a_write_is_refused_only_by_hubsoft(status: int, kind: str, said: Any) -> None:
    write = update_ticket(1, status_id=2)
    body = json.dumps(said, ensure_ascii=False).encode()
    try:
        write.read(body, status=status, content_type=kind)
    except Refused:
        envelope = said.get("status") in (False, "error", "erro") and bool(said.get("msg"))
        laravel = said.get("status") is None and isinstance(said.get("message"), str)
        assert envelope or laravel
        assert status < 500
    except RateLimited:
        assert status == 429
    except HubSoftError:
        pass
    else:
        assert 200 <= status < 300
        assert said.get("status") in (True, "success", "suscess", "ok")

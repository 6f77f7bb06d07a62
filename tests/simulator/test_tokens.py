from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from hubsoft_tui.simulator import Simulator

from .conftest import API, Visitor


def test_a_token_comes_for_json_and_for_a_form(visitor: Visitor) -> None:
    for answer in (
        visitor.http.post("/oauth/token", json=visitor.credentials(client_id=89)),
        visitor.http.post("/oauth/token", data=visitor.credentials()),
    ):
        body = answer.json()
        assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 2_592_000)
        assert set(body) == {"token_type", "expires_in", "access_token", "refresh_token"}
    assert visitor.simulator.tokens_issued == 3


def test_several_tokens_are_good_at_once(visitor: Visitor) -> None:
    first = visitor.http.headers["authorization"]
    visitor.login()
    for token in (first, visitor.http.headers["authorization"]):
        answer = visitor.http.get(f"{API}configuracao/vencimento", headers={"authorization": token})
        assert answer.status_code == 200
    assert [entry.token for entry in visitor.simulator.request_log.entries("configuracao/vencimento")] == [
        "T1",
        "T2",
    ]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"password": "outra"}, "invalid_credentials"),
        ({"username": "ninguem@provedor.invalid"}, "invalid_credentials"),
        ({"client_secret": "outro"}, "invalid_client"),
        ({"client_id": "90"}, "invalid_client"),
    ],
)
def test_wrong_credentials_are_refused_without_an_envelope(
    visitor: Visitor, changed: dict[str, str], error: str
) -> None:
    answer = visitor.http.post("/oauth/token", json=visitor.credentials(**changed))
    assert answer.status_code == 401
    assert answer.json()["error"] == error
    assert "status" not in answer.json()
    assert answer.json()["message"] == answer.json()["error_description"]
    assert visitor.simulator.tokens_issued == 1


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer token-falso-inventado", "Basic abc"])
def test_without_a_good_token_the_api_is_closed(visitor: Visitor, header: str | None) -> None:
    del visitor.http.headers["authorization"]
    headers = {} if header is None else {"authorization": header}
    answer = visitor.http.get(f"{API}configuracao/vencimento", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})
    assert not visitor.simulator.request_log.entries()[-1].executed


def test_revoked_tokens_are_refused_and_new_ones_are_not(simulator: Simulator, visitor: Visitor) -> None:
    simulator.revoke_tokens()
    assert visitor.raw("configuracao/vencimento").status_code == 401
    visitor.login()
    assert visitor.raw("configuracao/vencimento").status_code == 200


def test_a_token_really_ends(
    make_simulator: Callable[..., Simulator],
    visit: Callable[[Simulator], Visitor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulator = make_simulator(lifetime=90)
    visitor = visit(simulator)
    assert visitor.http.post("/oauth/token", json=visitor.credentials()).json()["expires_in"] == 90
    assert visitor.raw("configuracao/vencimento").status_code == 200
    real = time.monotonic
    monkeypatch.setattr("hubsoft_tui.simulator.provider.time.monotonic", lambda: real() + 91)
    assert visitor.raw("configuracao/vencimento").status_code == 401

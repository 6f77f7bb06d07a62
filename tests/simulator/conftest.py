from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from hubsoft_tui.simulator import Simulator

API = "/api/v1/integracao/"


class Visitor:
    """A plain HTTP client that is logged in; it knows nothing of our own code."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        # Without TLS there is no certificate to check: reading those of the authorities costs ten milliseconds.
        self.http = httpx.Client(
            base_url=simulator.url, headers={"accept": "application/json"}, verify=False, trust_env=False
        )
        self.login()

    def credentials(self, **changed: Any) -> dict[str, Any]:
        simulator = self.simulator
        return {
            "grant_type": "password",
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
            "username": simulator.username,
            "password": simulator.password,
        } | changed

    def login(self) -> None:
        answer = self.http.post("/oauth/token", json=self.credentials())
        self.http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def raw(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(API + path, params=query)

    def get(self, path: str, **query: Any) -> Any:
        return self.raw(path, **query).json()

    def post(self, path: str, **body: Any) -> Any:
        return self.http.post(API + path, json=body).json()

    def put(self, path: str, **body: Any) -> Any:
        return self.http.put(API + path, json=body).json()

    def search(self, kind: str, term: object, **query: Any) -> list[dict[str, Any]]:
        answer = self.get("cliente", busca=kind, termo_busca=term, **query)
        assert answer["status"] == "success", answer
        return list(answer["clientes"])


@pytest.fixture
def visit() -> Iterator[Callable[[Simulator], Visitor]]:
    opened: list[Visitor] = []

    def make(simulator: Simulator) -> Visitor:
        opened.append(Visitor(simulator))
        return opened[-1]

    yield make
    for visitor in opened:
        visitor.http.close()


@pytest.fixture
def visitor(simulator: Simulator, visit: Callable[[Simulator], Visitor]) -> Visitor:
    return visit(simulator)

"""The HTTP face: routes, the token door, bodies in and out. Imported only when a simulator starts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from ..values import dataclass
from . import routes_customers, routes_services, routes_settings, routes_tickets
from .provider import Provider
from .request_log import API
from .wire import Call, RefusalError, Row

Handler = Callable[[Provider, Call], Row]

ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "cliente", routes_customers.search),
    ("GET", "cliente/todos", routes_customers.all_customers),
    ("GET", "cliente/solicitar_desconexao/{id:int}", routes_services.disconnect),
    ("POST", "cliente/desbloqueio_confianca", routes_services.trust_unlock),
    ("POST", "cliente/reset_mac_addr", routes_services.clear_mac),
    ("POST", "cliente/reset_phy_addr", routes_services.clear_address),
    ("POST", "cliente/cliente_servico/suspender/{id:int}", routes_services.suspend),
    ("POST", "cliente/cliente_servico/habilitar/{id:int}", routes_services.enable),
    ("POST", "cliente/cliente_servico/ativar/{id:int}", routes_services.activate),
    ("GET", "rede/cpe/todos", routes_services.devices),
    ("POST", "rede/reiniciar_cpe/{address}", routes_services.restart),
    ("POST", "rede/restaurar_cpe/{address}", routes_services.restore),
    ("POST", "ordem_servico/abrir_os", routes_services.open_order),
    ("POST", "ordem_servico/agendar", routes_services.confirm),
    ("POST", "ordem_servico/reagendar", routes_services.reschedule),
    ("GET", "cliente/atendimento", routes_customers.tickets),
    ("GET", "cliente/financeiro", routes_customers.invoices),
    ("GET", "cliente/ordem_servico", routes_customers.orders),
    ("GET", "cliente/extrato_conexao", routes_customers.sessions),
    ("POST", "atendimento", routes_tickets.open_ticket),
    ("GET", "atendimento/todos", routes_tickets.everything),
    ("GET", "atendimento/paginado/{size:int}", routes_tickets.paginator),
    ("POST", "atendimento/paginado/{size:int}", routes_tickets.paginator),
    ("PUT", "atendimento/{id:int}", routes_tickets.update_ticket),
    ("POST", "atendimento/adicionar_mensagem/{id:int}", routes_tickets.add_message),
    *(("GET", f"configuracao/{name}", table) for name, table in routes_settings.TABLES.items()),
    ("GET", "configuracao/alerta/paginado/{size:int}", routes_settings.alerts),
)
"""Method, path behind `/api/v1/integracao/`, handler."""
NEWER: Final = frozenset({
    routes_services.clear_address, routes_services.suspend, routes_services.enable, routes_services.activate,
    routes_services.devices, routes_services.open_order,
})  # fmt: skip
"""What older servers do not have."""

NOT_FOUND_PAGE: Final = (
    "<!DOCTYPE html>\n<html lang='pt-br'><head><title>404 Not Found</title></head>"
    "<body><h1>404</h1><p>Not Found</p></body></html>\n"
)


HTML: Final = "text/html; charset=utf-8"
_SHAPES: Final = {
    "{id:int}": "(?P<id>[0-9]+)",
    "{size:int}": "(?P<size>[0-9]+)",
    "{address}": "(?P<address>[^/]+)",
}


@dataclass(slots=True)
class HttpRequest:
    """A request whose head has come. `path` is as it is meant, `query` as it came; names of headers are small."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    arrived: float
    """When its bytes came in, on the monotonic clock."""
    number: int = 0
    """Its number in the log."""
    executed: bool = False
    """Whether what it asks for was done."""


@dataclass(slots=True)
class HttpAnswer:
    """An HTTP answer before it is sent; `length` of None states the true one."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


class Routes:
    """Answers as HubSoft does."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._routes = [(method, _pattern(API + path), handler) for method, path, handler in ROUTES]

    def answer(self, request: HttpRequest, body: bytes) -> HttpAnswer:
        """Do what is asked for, if it may be, and say so in `request`."""
        if request.path == "/oauth/token" and request.method == "POST":
            status, told = self._provider.tokens.issue(_fields(request, body))
            request.executed = status == 200
            return json_answer(told, status)
        known = request.path == "/oauth/token"
        for method, pattern, handler in self._routes:
            if (found := pattern.fullmatch(request.path)) is None:
                continue
            if method == request.method:
                return self._guarded(request, body, handler, found.groupdict())
            known = True
        if known:
            return json_answer({"status": "error", "msg": "Método/endpoint não disponível"}, 405)
        return HttpAnswer(404, NOT_FOUND_PAGE.encode(), HTML)

    def _guarded(
        self, request: HttpRequest, body: bytes, handler: Handler, places: Mapping[str, str]
    ) -> HttpAnswer:
        provider = self._provider
        if not provider.tokens.admits(request.headers.get("authorization", "")):
            return json_answer({"message": "Unauthenticated."}, 401)
        if handler in NEWER and not provider.newer:
            return HttpAnswer(404, NOT_FOUND_PAGE.encode(), HTML)
        call = Call(
            dict(parse_qsl(request.query, keep_blank_values=True)),
            {name: value if name == "address" else int(value) for name, value in places.items()},
            _fields(request, body),
            f"http://{request.headers.get('host', '')}{request.path}",
        )
        with provider.lock:
            provider.catch_up()
            try:
                answer = handler(provider, call)
            except RefusalError as refusal:
                return json_answer(refusal.body)
        request.executed = True
        return json_answer(answer)


def json_answer(body: Row, status: int = 200) -> HttpAnswer:
    """Return `body` as JSON."""
    return HttpAnswer(status, msgspec.json.encode(body))


def _pattern(path: str) -> re.Pattern[str]:
    for shape, pattern in _SHAPES.items():
        path = path.replace(shape, pattern)
    return re.compile(path)


def _fields(request: HttpRequest, raw: bytes) -> Mapping[str, Any]:
    if "form-urlencoded" in request.headers.get("content-type", ""):
        return dict(parse_qsl(raw.decode("utf-8", "replace")))
    try:
        parsed = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}

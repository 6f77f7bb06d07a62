"""The HTTP face: routes, the token door, bodies in and out. Imported only when a simulator starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from . import routes_customers, routes_services, routes_settings, routes_tickets
from .provider import Provider
from .request_log import API
from .wire import Call, RefusalError, Row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from starlette.requests import Request

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


def build(provider: Provider) -> Starlette:
    """Return the application that answers as HubSoft does."""
    routes = [Route("/oauth/token", _token(provider), methods=["POST"])]
    routes += [
        Route(API + path, _guarded(provider, handler), methods=[method]) for method, path, handler in ROUTES
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_allowed})


def json_response(body: Row, status: int = 200) -> Response:
    """Return `body` as JSON."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def _token(provider: Provider) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        status, body = provider.tokens.issue(await _body(request))
        request.scope["executed"] = status == 200
        return json_response(body, status)

    return endpoint


def _guarded(
    provider: Provider, handler: Callable[[Provider, Call], Row]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if not provider.tokens.admits(request.headers.get("authorization", "")):
            return json_response({"message": "Unauthenticated."}, 401)
        if handler in NEWER and not provider.newer:
            return HTMLResponse(NOT_FOUND_PAGE, 404)
        body = await _body(request)
        call = Call(request.query_params, request.path_params, body, str(request.url.replace(query="")))
        with provider.lock:
            provider.catch_up()
            try:
                answer = handler(provider, call)
            except RefusalError as refusal:
                return json_response(refusal.body)
        request.scope["executed"] = True
        return json_response(answer)

    return endpoint


async def _body(request: Request) -> Mapping[str, Any]:
    raw = await request.body()
    if "form-urlencoded" in request.headers.get("content-type", ""):
        return dict(parse_qsl(raw.decode("utf-8", "replace")))
    try:
        parsed = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


async def _not_found(_request: Request, _error: Exception) -> Response:
    return HTMLResponse(NOT_FOUND_PAGE, 404)


async def _not_allowed(_request: Request, _error: Exception) -> Response:
    return json_response({"status": "error", "msg": "Método/endpoint não disponível"}, 405)

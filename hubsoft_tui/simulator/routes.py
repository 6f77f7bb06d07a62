"""Every route the simulator answers: method, path behind `/api/v1/integracao/`, handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from . import routes_accounts, routes_clients, routes_settings, routes_tickets
from .wire import Call, Row

if TYPE_CHECKING:
    from .provider import Provider

Route = tuple[str, str, Callable[["Provider", Call], Row]]

ROUTES: Final[tuple[Route, ...]] = (
    ("GET", "cliente", routes_clients.search),
    ("GET", "cliente/todos", routes_clients.all_customers),
    ("GET", "cliente/solicitar_desconexao/{id:int}", routes_clients.disconnect),
    ("GET", "cliente/atendimento", routes_accounts.tickets),
    ("GET", "cliente/financeiro", routes_accounts.invoices),
    ("GET", "cliente/ordem_servico", routes_accounts.orders),
    ("GET", "cliente/extrato_conexao", routes_accounts.sessions),
    ("POST", "atendimento", routes_tickets.open_ticket),
    ("GET", "atendimento/todos", routes_tickets.everything),
    ("GET", "atendimento/paginado/{size:int}", routes_tickets.paginator),
    ("POST", "atendimento/paginado/{size:int}", routes_tickets.paginator),
    ("PUT", "atendimento/{id:int}", routes_tickets.update_ticket),
    ("POST", "atendimento/adicionar_mensagem/{id:int}", routes_tickets.add_message),
    *(("GET", f"configuracao/{name}", table) for name, table in routes_settings.TABLES.items()),
    ("GET", "configuracao/alerta/paginado/{size:int}", routes_settings.alerts),
)

"""`cliente` and `cliente/*`: who the customers are, and the tickets, invoices, orders and sessions of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import catalogue
from .details import poison
from .people import DAY, Filter, SimCustomer, SimService
from .ticket_rows import customer_row, labels, order_row, person
from .wire import Call, Row, br, br_seconds, found, iso, money, paged

if TYPE_CHECKING:
    from collections.abc import Callable

    from .provider import Provider
    from .ticket_desk import SimTicket

SEARCHES: Final = (
    "nome_razaosocial", "nome_fantasia", "cpf_cnpj", "codigo_cliente", "telefone", "login_radius", "ipv4",
    "mac", "id_cliente", "id_cliente_servico", "uuid_cliente", "uuid_cliente_servico", "id_prospecto",
    "id_externo", "referencia_alias", "id_porta_atendimento", "id_caixa_optica", "observacoes_autenticacao",
    "id_servico", "id_cliente_servico_mapeamento",
)  # fmt: skip
_MISSPELT = "suscess"
_COMPANY = {
    "documento": "29507487000185",
    "nome_razaosocial": "PROVEDOR SIMULADO LTDA",
    "nome_fantasia": "SIMULADO",
}


def search(provider: Provider, call: Call) -> Row:
    """Answer `GET cliente`: the customers a term finds, 5 unless `limite` says otherwise, 100 at most."""
    kind, term = call.search(SEARCHES)
    limit = call.limit(5, 100)
    keep = Filter(
        cancelled=call.choice("cancelado", ("sim", "nao", "todos"), "nao"),
        inactive=call.choice("inativo", ("sim", "nao", "todos"), "nao"),
        statuses=call.listed("servico_status"),
    )
    connection = call.flag("ultima_conexao", default=False)
    relations = call.listed("relacoes")
    order = call.choice("order_by", ("data_cadastro", "data_fechamento"), "data_cadastro")
    backwards = call.backwards() and order == "data_cadastro"
    people = sorted(provider.roster.find(kind, term), key=lambda c: -c.registered_age, reverse=backwards)
    pairs = [(c, services) for c in people if (services := keep.services(c)) is not None]
    return found(
        clientes=[
            provider.details.customer(c, services, relations=relations, connection=connection)
            for c, services in pairs[:limit]
        ]
    )


def all_customers(provider: Provider, call: Call) -> Row:
    """Answer `GET cliente/todos`: a page of customers, oldest first, each with its services."""
    call.need("pagina", "itens_por_pagina")
    # The bulk route knows no `inativo`: a record that is switched off is listed with its services.
    keep = Filter(
        cancelled="sim" if call.flag("cancelado", default=False) else "nao",
        inactive="todos",
        statuses=call.listed("servico_status"),
    )
    pairs = provider.roster.matching(keep, _dated(provider, call))
    pagination, page = paged(call, pairs)
    relations = call.listed("relacoes")
    rows = [provider.details.customer(c, services, relations=relations, bulk=True) for c, services in page]
    return found(paginacao=pagination, clientes=rows)


def _dated(provider: Provider, call: Call) -> Callable[[SimCustomer], bool] | None:
    kind = call.choice(
        "tipo_data_cliente", ("data_cadastro", "data_nascimento", "data_atualizacao"), "data_cadastro"
    )
    in_window = call.window()
    service_kind = call.choice(
        "tipo_data_cliente_servico",
        ("data_cadastro", "data_cancelamento", "data_habilitacao", "data_venda", "data_atualizacao"),
        "data_cadastro",
    )
    in_service_window = call.window("data_inicio_cliente_servico", "data_fim_cliente_servico")
    ends = ("data_inicio", "data_fim")
    plain = not any(call.query.get(name) for name in ends)
    plain_service = not any(call.query.get(f"{name}_cliente_servico") for name in ends)
    if plain and plain_service:
        return None
    moment = provider.details.moment

    def client_age(customer: SimCustomer) -> int:
        if kind == "data_atualizacao":
            return min((s.changed_age for s in customer.services), default=customer.registered_age)
        return customer.registered_age

    def service_ages(customer: SimCustomer) -> list[int]:
        if service_kind == "data_atualizacao":
            return [s.changed_age for s in customer.services]
        if service_kind == "data_cancelamento":
            return [s.changed_age for s in customer.services if s.status == "cancelado"]
        return [s.enabled_age for s in customer.services]

    def passes(customer: SimCustomer) -> bool:
        return (plain or in_window(moment(client_age(customer)))) and (
            plain_service or any(in_service_window(moment(age)) for age in service_ages(customer))
        )

    return passes


def tickets(provider: Provider, call: Call) -> Row:
    """Answer `cliente/atendimento`: pending tickets only unless told, 20 at most unless told."""
    kind, term = call.search(("codigo_cliente", "cpf_cnpj", "id_cliente_servico", "protocolo"))
    limit = call.limit(20, 50)
    pending = call.flag("apenas_pendente", default=True)
    dated = call.choice("tipo_data", ("data_cadastro", "data_fechamento"), "data_cadastro")
    order = call.choice("order_by", ("data_cadastro", "data_fechamento"), "data_cadastro")
    backwards = call.backwards()
    in_window = call.window()

    def moment(ticket: SimTicket, which: str) -> float | None:
        return ticket.opened_at if which == "data_cadastro" else ticket.closed_at

    def passes(ticket: SimTicket) -> bool:
        return (ticket.open or not pending) and in_window(moment(ticket, dated))

    mine = [ticket for ticket in _tickets(provider, kind, term) if passes(ticket)]
    mine.sort(key=lambda ticket: moment(ticket, order) or 0.0, reverse=backwards)
    relations = call.listed("relacoes")
    return found(
        status=_MISSPELT, atendimentos=[customer_row(provider, ticket, relations) for ticket in mine[:limit]]
    )


def _tickets(provider: Provider, kind: str, term: str) -> list[SimTicket]:
    everything = provider.desk.tickets.values()
    if kind == "protocolo":
        return [ticket for ticket in everything if ticket.protocol == term]
    found_customers = provider.roster.find(kind, term)
    if not found_customers:
        return []
    owner = found_customers[0]
    if kind == "id_cliente_servico":
        return [ticket for ticket in everything if str(ticket.service.id) == term]
    return [ticket for ticket in everything if ticket.customer is owner]


def _owner(provider: Provider, kind: str, term: str) -> tuple[SimCustomer, list[SimService]] | None:
    people = provider.roster.find(kind, term)
    if not people:
        return None
    services = people[0].services
    if kind == "id_cliente_servico":
        services = [service for service in services if str(service.id) == term]
    return people[0], services


def invoices(provider: Provider, call: Call) -> Row:
    """Answer `cliente/financeiro`: what is unpaid unless told, oldest due first."""
    kind, term = call.search(("cpf_cnpj", "codigo_cliente", "id_cliente_servico"))
    limit = call.limit(20, 50)
    pending = call.flag("apenas_pendente", default=True)
    backwards = call.backwards()
    call.choice(
        "order_by", ("data_vencimento", "data_pagamento", "data_cadastro", "valor"), "data_vencimento"
    )
    dated = call.choice(
        "tipo_data", ("data_vencimento", "data_pagamento", "data_cadastro"), "data_vencimento"
    )
    in_window = call.window()
    owner = _owner(provider, kind, term)
    rows: list[Row] = []
    for service in owner[1] if owner else []:
        rows += [
            row
            for moments, row in _bills(provider, owner[0], service)  # type: ignore[index]
            if not (pending and row["quitado"]) and in_window(moments[dated])
        ]
    rows.sort(key=lambda row: row["id_fatura"], reverse=backwards)
    return found(status=_MISSPELT, faturas=rows[:limit])


def _bills(
    provider: Provider, customer: SimCustomer, service: SimService
) -> list[tuple[dict[str, float | None], Row]]:
    """Return the last six bills and the next one, oldest first."""
    details = provider.details
    rng = details.rng("bills", service.id)
    if service.status == "aguardando_instalacao":
        return []
    behind = rng.randrange(1, 4) if service.status.startswith("suspenso") else 0
    offset, bills = rng.randrange(30) * DAY, []
    for number in range(7):
        due = details.moment(offset + (5 - number) * 30 * DAY)
        late = due < provider.clock.start
        paid = late and (6 - number) > behind
        moments = {
            "data_vencimento": due,
            "data_cadastro": due - 20 * DAY,
            "data_pagamento": due - rng.randrange(0, 9) * DAY if paid else None,
        }
        digits = f"{rng.randrange(10**10):010d}"
        identifier = service.id * 10 + number
        slip = rng.random() < 0.85
        row: Row = {
            "id_fatura": identifier,
            "quitado": paid,
            "status": "recebido" if paid else "vencido" if late else "aguardando",
            "nosso_numero": digits[:6],
            "nosso_numero_dv": f"0{digits[:6]}-{digits[6]}" if slip else None,
            "linha_digitavel": f"75691.31662 01006.726101 {digits[:5]}.{digits[4:]}0 7 73380000001000"
            if slip
            else None,
            "codigo_barras": f"756977338000000100013166{identifier:020d}" if slip else None,
            "pix_copia_cola": f"00020101026216880014BR.GOV.BCB.PIX{identifier}6304"
            if rng.random() < 0.9
            else None,
            "link": f"https://boleto.simulador.invalid/pdf/fatura/{identifier}" if slip else None,
            "agencia_codigo_beneficiario": "3166 / 67261" if slip else None,
            "beneficiario": None,
            "numero_documento": identifier if slip else None,
            "especie": "DS" if slip else None,
            "especie_dinheiro": "R$",
            "aceite": "N" if slip else None,
            "local_pagamento": None,
            "carteira": rng.choice(("1", 1)) if slip else None,
            "tipo_cobranca": "boleto_bancario" if slip else "debito_conta_corrente",
            "valor": money(service.plan.price),
            "valor_pago": money(service.plan.price) if paid else None,
            **{name: br(moment) for name, moment in moments.items()},
            "data_documento": br(due - 20 * DAY) if slip else None,
            "data_processamento": None,
            "empresa": _COMPANY,
            "detalhamento": [{"descricao": f"(+) {service.plan.name}", "valor": money(service.plan.price)}],
            "cliente": person(customer) | {"servico": details.brief(service)},
        }
        bills.append((moments, poison(row) if customer.hostile else row))
    return bills


def orders(provider: Provider, call: Call) -> Row:
    """Answer `cliente/ordem_servico`: newest first unless told."""
    kind, term = call.search(("codigo_cliente", "cpf_cnpj", "id_cliente_servico", "numero_ordem_servico"))
    limit = call.limit(20, 50)
    wanted = call.listed("status")
    backwards = call.backwards(default=True)
    in_window = call.window()
    if kind == "numero_ordem_servico":
        sources = [t for t in provider.desk.tickets.values() if any(str(o.id - 16) == term for o in t.orders)]
    else:
        sources = _tickets(provider, kind, term)
    rows: list[tuple[float, Row]] = []
    for ticket in sources:
        for order in ticket.orders:
            row = order_row(provider, ticket, order)
            if (wanted and row["status"] not in wanted) or not in_window(order.opened_at):
                continue
            row["atendimento"] = labels(ticket) | {"motivo_fechamento": None}
            technician = provider.details.rng("technician", order.id).choice(tuple(catalogue.TECHNICIANS))
            row["tecnicos"] = [{"id": technician, "name": catalogue.TECHNICIANS[technician], "email": None}]
            rows.append((order.opened_at, poison(row) if ticket.customer.hostile else row))
    rows.sort(key=lambda pair: pair[0], reverse=backwards)
    return found(status=_MISSPELT, ordens_servico=[row for _at, row in rows[:limit]])


def sessions(provider: Provider, call: Call) -> Row:
    """Answer `cliente/extrato_conexao`: RADIUS sessions of a login, the newest first and perhaps open."""
    kind, term = call.search(("login", "ipv4", "ipv6_wan", "ipv6_lan", "mac"))
    limit = call.limit(20, 50)
    if kind != "login":
        return _statement([])
    people = provider.roster.find("login_radius", term)
    if not people:
        return _statement([])
    service = next(s for s in people[0].services if s.login.casefold() == term.casefold())
    return _statement(_radius(provider, people[0], service)[:limit])


def _radius(provider: Provider, customer: SimCustomer, service: SimService) -> list[Row]:
    details = provider.details
    now = details.connection(service)
    if isinstance(now, list):
        return []
    rng = details.rng("sessions", service.id)
    rows, end, again = [], details.moment(rng.randrange(600, 9 * DAY)), service.reconnected_at
    times = []
    for number in range(rng.randrange(2, 8)):
        start = end if number == 0 and now["conectado"] else end - rng.randrange(600, 6 * DAY)
        times.append((start, again if number == 0 and now["conectado"] else end))
        end = start - rng.randrange(30, 3_600)
    if again is not None:
        times.insert(0, (again, None))
    for start, stop in times:
        row = {
            "acctstarttime": f"{iso(start)}-03",
            "acctstarttimebr": br_seconds(start),
            "acctstoptime": None if stop is None else f"{iso(stop)}-03",
            "acctstoptimebr": br_seconds(stop),
            "calledstationid": "service2",
            "callingstationid": ":".join(f"{rng.randrange(256):02X}" for _ in range(6)),
            "download_megabytes": round(rng.uniform(10, 90_000), 2),
            "upload_megabytes": round(rng.uniform(1, 9_000), 2),
            "framedipaddress": now["ultimo_ipv4"],
            "nasipaddress": now["ultimo_nas_ip"],
            "nasportid": "ether3",
            "nasporttype": "Ethernet",
            "username": service.login,
            "servico": {k: v for k, v in details.brief(service).items() if k != "id_cliente_servico"},
            "cliente": person(customer),
        }
        rows.append(poison(row) if customer.hostile else row)
    return rows


def _statement(rows: list[Row]) -> Row:
    down = round(sum(row["download_megabytes"] for row in rows), 2)
    up = round(sum(row["upload_megabytes"] for row in rows), 2)
    statistics = {
        "total_conexoes": len(rows),
        "download_total": down,
        "upload_total": up,
        "trafego_total": round(down + up, 2),
        "media_download": round(down / len(rows), 2) if rows else 0,
        "media_upload": round(up / len(rows), 2) if rows else 0,
    }
    return found(registros=rows, estatisticas=statistics)

"""Customers as HubSoft writes them: rows built when they are asked for, the same each time for one seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from . import catalogue
from .people import DAY, HOSTILE_TEXT, SimCustomer, SimService
from .wire import Row, br, br_seconds, iso, money

if TYPE_CHECKING:
    from collections.abc import Collection

ADDRESSES: Final = ("cadastral", "instalacao", "fiscal", "cobranca")
_SPARED: Final = frozenset({
    "cpf_cnpj", "tipo_pessoa", "protocolo", "status_prefixo", "login", "senha", "username", "prefixo",
    "numero_ordem_servico", "uf", "estado", "id_cliente_servico", "date", "timezone", "telefone_primario",
})  # fmt: skip
_TIMES: Final = ("data", "hora", "acct", "ultima_", "minutos", "id_")


def poison(row: Row) -> Row:
    """Return a row with hostile text in place of every free text."""
    return {name: _poisoned(value, name) for name, value in row.items()}


def _poisoned(value: object, key: str) -> object:
    if isinstance(value, dict):
        return poison(value)
    if isinstance(value, list):
        return [_poisoned(inner, key) for inner in value]
    if isinstance(value, str) and value and key not in _SPARED and not key.startswith(_TIMES):
        return HOSTILE_TEXT
    return value


class Details:
    """Rows of customers and services. `start` is the epoch second that ages count back from."""

    def __init__(self, seed: int, start: float, *, always: bool = False) -> None:
        self._seed = seed
        self._start = start
        self._always = always

    def rng(self, kind: str, identifier: int) -> random.Random:
        """Return the dice of one thing: they fall the same way each time it is asked for."""
        return random.Random(f"{kind}:{self._seed}:{identifier}")  # noqa: S311 - data, not secrets

    def moment(self, age: int) -> float:
        """Return the epoch second of something `age` seconds old at the start."""
        return self._start - age

    def customer(
        self,
        customer: SimCustomer,
        services: list[SimService],
        *,
        relations: Collection[str] = (),
        connection: bool = False,
        bulk: bool = False,
    ) -> Row:
        """Return one row of `clientes` with the given services.

        `relations` are the names in `relacoes`; `connection` adds `ultima_conexao`; `bulk` is the shape of
        `cliente/todos`.
        """
        rng = self.rng("customer", customer.id)
        company = len(customer.document) == 14
        email = f"{customer.login or 'contato'}@example.invalid" if rng.random() < 0.8 else None
        row: Row = {
            "id_cliente": customer.id,
            "codigo_cliente": customer.code,
            "nome_razaosocial": customer.name,
            "nome_fantasia": customer.name.rsplit(" ", 1)[0] if company else None,
            "tipo_pessoa": "pj" if company else "pf",
            "cpf_cnpj": customer.document,
            "telefone_primario": customer.phone,
            "telefone_secundario": rng.choice((None, "", "(37)9995-92109", customer.phone)),
            "telefone_terciario": rng.choice(("", None)),
            "email_principal": email,
            "email_secundario": None,
            "rg": None if company else f"MG{rng.randrange(10**7, 10**8)}",
            "rg_emissao": None,
            "inscricao_municipal": None,
            "inscricao_estadual": "ISENTO" if company else None,
            "data_cadastro": iso(self.moment(customer.registered_age)),
            "data_nascmento": None
            if company
            else f"{rng.randrange(1945, 2006)}-0{rng.randrange(1, 10)}-{rng.randrange(10, 29)} 00:00:00",
        }
        if not bulk:
            row["alerta"] = bool(customer.alerts)
            row["alerta_mensagens"] = list(customer.alerts)
        row["ativo"] = customer.enabled
        row["servicos"] = [
            self.service(customer, service, relations=relations, connection=connection, bulk=bulk)
            for service in services
        ]
        return poison(row) if customer.hostile else row

    def service(
        self,
        customer: SimCustomer,
        service: SimService,
        *,
        relations: Collection[str] = (),
        connection: bool = False,
        bulk: bool = False,
    ) -> Row:
        """Return one row of `servicos`; the RADIUS password is fake and begins with `senha-falsa-`."""
        rng, line = self._line(service)
        row = self.brief(service) | {
            "id_servico": service.plan.id,
            "tecnologia": service.plan.technology,
            "velocidade_download": f"{service.plan.download} Mbits",
            "velocidade_upload": f"{service.plan.upload} Mbits",
            "login": service.login,
            "senha": f"senha-falsa-{service.id}",
            **line,
            "data_habilitacao": self._enabled(service, iso_form=rng.random() < 0.5),
            "data_cancelamento": br(self.moment(service.changed_age))
            if service.status == "cancelado"
            else None,
            "motivo_cancelamento": None,
            "motivo_cancelamento_prefixo": None,
            "anotacoes": None,
        }
        if service.status == "cancelado":
            row["motivo_cancelamento"] = rng.choice(catalogue.CANCELLATION_REASONS)
            row["motivo_cancelamento_prefixo"] = "motivo_padrao"
        if bulk and service.status.startswith("suspenso"):
            row["data_ultima_suspensao"] = iso(self.moment(service.changed_age))
        if connection:
            row["ultima_conexao"] = self.connection(service)
        self._relate(row, customer, service, relations)
        return row

    def optical_address(self, service: SimService) -> str | None:
        """Return the serial number of a service's optical equipment; None where it has no such thing."""
        if service.plan.technology != "FIBRA" or service.device_cleared:
            return None
        address: str = self._line(service)[1]["phy_addr"]
        return address

    def _line(self, service: SimService) -> tuple[random.Random, Row]:
        """Return the dice of a service and what they say first: how its line is set up."""
        rng = self.rng("service", service.id)
        mac = ":".join(f"{rng.randrange(256):02X}" for _ in range(6))
        row: Row = {
            "referencia": rng.choice((None, None, "Casa dos fundos", "Portão azul")),
            "ipv4": f"10.99.{rng.randrange(256)}.{rng.randrange(1, 255)}" if rng.random() < 0.6 else None,
            "ipv6": None,
            "mac_addr": mac,
            "phy_addr": mac if service.plan.technology != "FIBRA" else f"HWTC{rng.randrange(16**8):08X}",
        }
        if service.mac_cleared:
            row["mac_addr"] = None
        if service.device_cleared:
            row["phy_addr"] = None
        return rng, row

    def brief(self, service: SimService) -> Row:
        """Return a service as other rows quote it."""
        return {
            "id_cliente_servico": service.id,
            "numero_plano": service.number,
            "nome": service.plan.name,
            "valor": money(service.plan.price),
            "status": catalogue.SERVICE_STATUSES.get(service.status, (0, service.status))[1],
            "status_prefixo": service.status,
        }

    def connection(self, service: SimService) -> Row | list[Row]:
        """Return the last RADIUS record, or PHP's empty array when the line never came up."""
        rng = self.rng("line", service.id)
        if service.status == "aguardando_instalacao" or rng.random() < 0.03:
            return []
        online = service.status == "servico_habilitado" and rng.random() < 0.93
        since = self._start - rng.randrange(600, 9 * DAY)
        ended = None if online else since + rng.randrange(60, 600)
        if online and service.reconnected_at is not None:
            since = service.reconnected_at
        ip, nas = f"100.64.{rng.randrange(256)}.{rng.randrange(1, 255)}", f"10.28.33.{rng.randrange(1, 9)}"
        hours = rng.randrange(1, 200)
        state = "CONECTADO" if online else "DESCONECTADO"
        brief = f"{state} HÁ 0 MES(ES), {hours // 24} DIA(S), {hours % 24} HORA(S)"
        return {
            "tipo": "accounting",
            "conectado": online,
            "ultima_conexao_datetime": f"{iso(since)}-03",
            "ultima_desconexao_datetime": None if ended is None else f"{iso(ended)}-03",
            "ultima_conexao": br_seconds(since),
            "ultima_desconexao": br_seconds(ended),
            "ultimo_ipv4": ip,
            "ultimo_nas_ip": nas,
            "status_txt": f"{brief} - {ip}({nas})",
            "status_txt_resumido": brief,
        }

    def address(self, customer: SimCustomer, kind: str) -> Row:
        """Return an address; HubSoft swaps `estado` and `uf`."""
        rng = self.rng("address", customer.id)
        place, street = rng.choice(catalogue.PLACES), rng.choice(catalogue.STREETS)
        district, number = rng.choice(catalogue.DISTRICTS), str(rng.randrange(1, 2000))
        extra = rng.choice((None, "", "APTO 201", "FUNDOS"))
        located = kind == "instalacao"
        tail = f", {extra}" if extra else ""
        return {
            "completo": f"{street}, {number}{tail} - {district}, {place.name}/MG | CEP: {place.zip_code}",
            "logradouro": street.split(" ", 1)[0],
            "endereco": street,
            "numero": number,
            "complemento": extra,
            "referencia": None,
            "bairro": district,
            "cep": place.zip_code,
            "estado": "MG",
            "uf": "MINAS GERAIS",
            "cidade": place.name,
            "coordenadas": {
                "latitude": round(place.latitude + rng.uniform(-0.02, 0.02), 6) if located else None,
                "longitude": round(place.longitude + rng.uniform(-0.02, 0.02), 6) if located else None,
            },
        }

    def _enabled(self, service: SimService, *, iso_form: bool) -> str | None:
        if service.status == "aguardando_instalacao":
            return None
        moment = self.moment(service.enabled_age)
        return iso(moment) if iso_form else br(moment)

    def _relate(
        self, row: Row, customer: SimCustomer, service: SimService, relations: Collection[str]
    ) -> None:
        if not (self._always or relations):
            return
        rng = self.rng("network", service.id)
        olt, port = rng.randrange(1, 5), rng.randrange(1, 17)
        blocks: Row = {
            "interface": {"nome": f"PON{port}", "tipo": "gpon", "called_sid": None},
            "interface_roteamento": {"nome": "ether8", "tipo": "ethernet", "called_sid": None},
            "equipamento_conexao": {"nome": f"OLT {olt:02d}", "ipv4": f"192.168.2.{100 + olt}", "ipv6": None},
            "equipamento_roteamento": {"nome": "CONCENTRADOR 01", "ipv4": "172.17.24.98", "ipv6": None},
            "porta_atendimento": {"numero": rng.randrange(1, 17), "equipamento": f"A{olt}R3C{port}"},
            "grupos": [{"id": 2, "descricao": "Clientes Residenciais"}] if rng.random() < 0.5 else [],
            "pacotes": [
                {
                    "id_pacote": 1,
                    "codigo": None,
                    "descricao": "IP FIXO",
                    "valor": "20",
                    "observacoes": "",
                    "data_cadastro": iso(self.moment(service.enabled_age)),
                }
            ]
            if rng.random() < 0.2
            else [],
            "senhas": [
                {
                    "id_cliente_servico_senha": service.id,
                    "descricao": "Wi-Fi",
                    "usuario": f"WIFI_{service.id}",
                    "senha": f"senha-falsa-wifi-{service.id}",
                }
            ],
        }
        row.update((name, block) for name, block in blocks.items() if self._always or name in relations)
        for kind in ADDRESSES:
            if self._always or f"endereco_{kind}" in relations:
                row[f"endereco_{kind}"] = self.address(customer, kind)

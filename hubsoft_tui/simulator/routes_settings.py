"""`configuracao/*`: the tables that other answers point into, each under a key of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from . import catalogue
from .people import DAY
from .wire import FOUND, Call, Row, br, found, iso, laravel

if TYPE_CHECKING:
    from .provider import Provider

_Table = Callable[["Provider", Call], Row]


def _fixed(key: str, rows: list[Row], **extra: object) -> _Table:
    def table(_provider: Provider, _call: Call) -> Row:
        return {"status": "success", "msg": FOUND, key: rows, **extra}

    return table


def _pairs(table: dict[int, str], identifier: str, label: str) -> list[Row]:
    return [{identifier: key, label: value} for key, value in table.items()]


def ticket_reasons(_provider: Provider, call: Call) -> Row:
    """Answer with the reasons a ticket can be closed for, or those that fit `id_tipo_atendimento`."""
    wanted = call.query.get("id_tipo_atendimento")
    rows = [
        {
            "id_motivo_fechamento_atendimento": identifier,
            "descricao": label,
            "motivos_fechamento_tipo_atendimento": [
                {"id_tipo_atendimento": kind, "descricao": catalogue.TICKET_TYPES[kind]} for kind in kinds
            ],
        }
        for identifier, (label, kinds) in catalogue.CLOSING_REASONS.items()
        if not wanted or not kinds or wanted in map(str, kinds)
    ]
    return found(motivos_fechamento=rows)


def alerts(provider: Provider, call: Call) -> Row:
    """Answer `configuracao/alerta/paginado/{n}`: the outage notices, in a Laravel paginator."""
    begun = provider.clock.start - DAY
    rows: list[Row] = [
        {
            "id_alerta": 216 + position,
            "descricao": f"ALERTA {position + 1}",
            "atendimento": True,
            "created_at": iso(begun),
            "parametros": [],
            "visivel_via_api": True,
            "deleted_at": None,
            "data_inicio": iso(begun),
            "data_fim": iso(begun + 3 * DAY),
            "texto_alerta": text,
            "data_cadastro_br": br(begun, "%d/%m/%Y %H:%M"),
        }
        for position, text in enumerate(catalogue.ALERTS)
    ]
    paginator = laravel(call, rows, dict, per_page_text=True)
    return found(msg="Alertas consultados com sucesso!", alertas=paginator)


def _statuses() -> list[Row]:
    return [
        {
            "id_atendimento_status": status.id,
            "descricao": status.label,
            "prefixo": status.prefix,
            "abrir_ordem_servico": status.opens_order,
            "display": status.display,
        }
        for status in catalogue.TICKET_STATUSES.values()
    ]


def _plans() -> list[Row]:
    return [
        {
            "id_servico": plan.id,
            "descricao": plan.name,
            "id_servico_tecnologia": catalogue.TECHNOLOGIES[plan.technology],
            "servico_tecnologia": {
                "id_servico_tecnologia": catalogue.TECHNOLOGIES[plan.technology],
                "descricao": plan.technology,
            },
        }
        for plan in catalogue.PLANS
    ]


TABLES: Final[dict[str, _Table]] = {
    "tipo_atendimento": _fixed(
        "tipos_atendimento", _pairs(catalogue.TICKET_TYPES, "id_tipo_atendimento", "descricao")
    ),
    # Written when it is asked for: an administrator may have added one since.
    "status_atendimento": lambda _provider, _call: found(status_atendimento=_statuses()),
    "motivo_fechamento_atendimento": ticket_reasons,
    "motivo_fechamento_os": _fixed(
        "motivos_fechamento",
        [
            {
                "id_motivo_fechamento": identifier,
                "descricao": label,
                "ignora_parametros_obrigatorios": False,
                "motivos_fechamento_tipo_ordem_servico": [],
            }
            for identifier, label in catalogue.ORDER_CLOSING_REASONS.items()
        ],
    ),
    "tipo_ordem_servico": _fixed(
        "tipo_ordem_servicos",
        [
            {"id_tipo_ordem_servico": identifier, "descricao": label, "destino": target}
            for identifier, (label, target) in catalogue.ORDER_TYPES.items()
        ],
    ),
    "servico_status": _fixed(
        "servico_status",
        [
            {"id_servico_status": identifier, "descricao": label, "prefixo": prefix}
            for prefix, (identifier, label) in catalogue.SERVICE_STATUSES.items()
        ],
    ),
    "servico": _fixed("servicos", _plans()),
    "servico_tecnologia": _fixed(
        "servicos_tecnologia",
        [{"id_servico_tecnologia": value, "descricao": key} for key, value in catalogue.TECHNOLOGIES.items()],
    ),
    "tecnico": _fixed("tecnicos", _pairs(catalogue.TECHNICIANS, "id", "name")),
    "vendedor": _fixed("vendedores", _pairs(catalogue.STAFF, "id", "name")),
    "grupo_cliente": _fixed(
        "grupo_cliente",
        [
            {"id_grupo_cliente": 1, "display": "Clientes Empresariais", "ativo": True},
            {"id_grupo_cliente": 2, "display": "Clientes Residenciais", "ativo": True},
        ],
    ),
    "grupo_cliente_servico": _fixed(
        "grupo_cliente_servico", [{"id": 2, "display": "Clientes Residenciais", "ativo": True}]
    ),
    "vencimento": _fixed(
        "vencimentos",
        [
            {"id_vencimento": 22, "dia_vencimento": 1},
            {"id_vencimento": 61, "dia_vencimento": 10},
            {"id_vencimento": 7, "dia_vencimento": "ultimo_dia"},
        ],
    ),
    "disponibilidade": _fixed(
        "periodos",
        [
            {"id_periodo_dia": key, "descricao": label, "hora_inicio": begin, "hora_fim": end}
            for key, (label, _prefix, begin, end) in catalogue.PERIODS.items()
        ],
    ),
    "origem_contato": _fixed(
        "origem_contatos",
        [
            {"id_origem_contato": 1, "descricao": "Telefone"},
            {"id_origem_contato": 2, "descricao": "WhatsApp"},
        ],
    ),
    "cidade": _fixed(
        "cidades",
        [
            {
                "id_cidade": place.id,
                "nome": place.name,
                "uf": "MG",
                "ibge": place.ibge,
                "bairros": [{"nome": name} for name in catalogue.DISTRICTS],
            }
            for place in catalogue.PLACES
        ],
    ),
    "motivo_contratacao": _fixed(
        "motivos_contratacao",
        [
            {"id_motivo_contratacao": 1, "descricao": "Indicação"},
            {"id_motivo_contratacao": 2, "descricao": "Promoção"},
        ],
        encrypted=False,
    ),
    "empresa": _fixed(
        "empresas",
        [
            {
                "id_empresa": 37,
                "nome_razaosocial": "PROVEDOR SIMULADO LTDA",
                "cnpj": "29507487000185",
                "display": "PROVEDOR SIMULADO LTDA (CNPJ: 29.507.487/0001-85)",
            }
        ],
    ),
}

"""`configuracao/*`: the tables that other answers point into, each under a key of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from . import catalogue
from .people import DAY
from .ticket_rows import status_row
from .wire import Call, Row, br, found, iso, laravel

if TYPE_CHECKING:
    from .provider import Provider

_Table = Callable[["Provider", Call], Row]


def _fixed(key: str, rows: list[Row], **extra: object) -> _Table:
    return lambda _provider, _call: found() | {key: rows} | extra


def _rows(names: str, *values: Sequence[object]) -> list[Row]:
    """Return a row of the named fields for each tuple of values."""
    return [dict(zip(names.split(), each, strict=True)) for each in values]


_TECHNOLOGIES: Final = _rows("descricao id_servico_tecnologia", *catalogue.TECHNOLOGIES.items())


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


TABLES: Final[dict[str, _Table]] = {
    "tipo_atendimento": _fixed(
        "tipos_atendimento", _rows("id_tipo_atendimento descricao", *catalogue.TICKET_TYPES.items())
    ),
    # Written when it is asked for: an administrator may have added one since.
    "status_atendimento": lambda _provider, _call: found(
        status_atendimento=[status_row(status) for status in catalogue.TICKET_STATUSES.values()]
    ),
    "motivo_fechamento_atendimento": ticket_reasons,
    "motivo_fechamento_os": _fixed(
        "motivos_fechamento",
        [
            row | {"ignora_parametros_obrigatorios": False, "motivos_fechamento_tipo_ordem_servico": []}
            for row in _rows("id_motivo_fechamento descricao", *catalogue.ORDER_CLOSING_REASONS.items())
        ],
    ),
    "tipo_ordem_servico": _fixed(
        "tipo_ordem_servicos",
        _rows(
            "id_tipo_ordem_servico descricao destino",
            *((key, *rest) for key, rest in catalogue.ORDER_TYPES.items()),
        ),
    ),
    "servico_status": _fixed(
        "servico_status",
        _rows(
            "prefixo id_servico_status descricao",
            *((prefix, *rest) for prefix, rest in catalogue.SERVICE_STATUSES.items()),
        ),
    ),
    "servico": _fixed(
        "servicos",
        [
            {
                "id_servico": plan.id,
                "descricao": plan.name,
                "id_servico_tecnologia": technology["id_servico_tecnologia"],
                "servico_tecnologia": technology,
            }
            for plan in catalogue.PLANS
            for technology in _TECHNOLOGIES
            if technology["descricao"] == plan.technology
        ],
    ),
    "servico_tecnologia": _fixed("servicos_tecnologia", _TECHNOLOGIES),
    "tecnico": _fixed("tecnicos", _rows("id name", *catalogue.TECHNICIANS.items())),
    "vendedor": _fixed("vendedores", _rows("id name", *catalogue.STAFF.items())),
    "grupo_cliente": _fixed(
        "grupo_cliente",
        _rows(
            "id_grupo_cliente display ativo",
            (1, "Clientes Empresariais", True),
            (2, "Clientes Residenciais", True),
        ),
    ),
    "grupo_cliente_servico": _fixed(
        "grupo_cliente_servico", _rows("id display ativo", (2, "Clientes Residenciais", True))
    ),
    "vencimento": _fixed(
        "vencimentos", _rows("id_vencimento dia_vencimento", (22, 1), (61, 10), (7, "ultimo_dia"))
    ),
    "disponibilidade": _fixed(
        "periodos",
        _rows(
            "id_periodo_dia descricao hora_inicio hora_fim",
            *((key, label, *hours) for key, (label, _prefix, *hours) in catalogue.PERIODS.items()),
        ),
    ),
    "origem_contato": _fixed(
        "origem_contatos", _rows("id_origem_contato descricao", (1, "Telefone"), (2, "WhatsApp"))
    ),
    "cidade": _fixed(
        "cidades",
        [
            {
                "id_cidade": place.id,
                "nome": place.name,
                "uf": "MG",
                "ibge": place.ibge,
                "bairros": _rows("nome", *((name,) for name in catalogue.DISTRICTS)),
            }
            for place in catalogue.PLACES
        ],
    ),
    "motivo_contratacao": _fixed(
        "motivos_contratacao",
        _rows("id_motivo_contratacao descricao", (1, "Indicação"), (2, "Promoção")),
        encrypted=False,
    ),
    "empresa": _fixed(
        "empresas",
        _rows(
            "id_empresa nome_razaosocial cnpj display",
            (
                37,
                "PROVEDOR SIMULADO LTDA",
                "29507487000185",
                "PROVEDOR SIMULADO LTDA (CNPJ: 29.507.487/0001-85)",
            ),
        ),
    ),
}

"""Generated rows in HubSoft's shapes, with its quirks switched on one by one by the tests that need them."""

from __future__ import annotations

import random
from typing import Any

SECRET = "RADIUS-SECRET-DO-NOT-SHOW"

_NAMES = ("ANA", "BRUNO", "CLARA", "DIEGO", "ELISA", "FÁBIO", "GÉSSICA", "HÉLIO")
_STREETS = ("AFONSO PENA", "DAS ACÁCIAS", "GETÚLIO VARGAS", "SETE DE SETEMBRO")


def address(seed: int = 1, **changes: Any) -> dict[str, Any]:
    dice = random.Random(seed)
    street, number = dice.choice(_STREETS), dice.randrange(1, 999)
    return {
        "completo": f"RUA {street}, {number} - CENTRO, LAVRAS/MG",
        "logradouro": "RUA",
        "endereco": street,
        "numero": str(number),
        "complemento": "",
        "referencia": None,
        "bairro": "CENTRO",
        "cep": "37200-000",
        "estado": "MG",
        "uf": "MINAS GERAIS",
        "cidade": "Lavras",
        "coordenadas": {"latitude": None, "longitude": None},
    } | changes


def service(seed: int = 1, **changes: Any) -> dict[str, Any]:
    dice = random.Random(seed)
    return {
        "id_cliente_servico": 5000 + seed,
        "id_servico": dice.randrange(1, 50),
        "numero_plano": 0,
        "nome": f"FIBRA {dice.choice((100, 300, 600))}M",
        "valor": dice.choice((99.9, 119.9, 149)),
        "status": "Serviço Habilitado",
        "status_prefixo": "servico_habilitado",
        "tecnologia": "FIBRA",
        "login": f"cliente{seed}",
        "senha": SECRET,
        "senhas": [{"id_cliente_servico_senha": seed, "usuario": "cam", "senha": SECRET}],
        "referencia": None,
        "ipv4": "10.0.0.7",
        "ipv6": None,
        "mac_addr": "AA:BB:CC:DD:EE:FF",
        "ultima_conexao": {
            "conectado": True,
            "ultima_conexao_datetime": "2026-01-15 18:22:24-03",
            "ultima_desconexao_datetime": "2026-01-14 10:00:00-03",
            "ultimo_ipv4": "100.64.0.9",
            "ultimo_nas_ip": "10.28.33.20",
            "status_txt": "CONECTADO HÁ 22 HORA(S)",
        },
        "interface": {"nome": "PON5", "tipo": "gpon", "called_sid": None},
        "equipamento_conexao": {"nome": "OLT CENTRO", "ipv4": "192.0.2.1", "ipv6": None},
        "endereco_instalacao": address(seed),
        "data_habilitacao": "05/03/2024",
        "pacotes": [{"id_pacote": 1, "valor": "20"}],
    } | changes


def customer(seed: int = 1, **changes: Any) -> dict[str, Any]:
    dice = random.Random(seed)
    return {
        "id_cliente": 900 + seed,
        "codigo_cliente": 40 + seed,
        "nome_razaosocial": f"{dice.choice(_NAMES)} {dice.choice(_NAMES)}",
        "nome_fantasia": None,
        "tipo_pessoa": "pf",
        "cpf_cnpj": f"{dice.randrange(10**10):011d}",
        "telefone_primario": f"359{seed:08d}",
        "telefone_secundario": "",
        "telefone_terciario": None,
        "email_principal": f"pessoa{seed}@example.invalid",
        "email_secundario": None,
        "data_cadastro": "2020-02-03 04:05:06",
        "data_nascmento": "1980-06-07 00:00:00",
        "alerta": False,
        "alerta_mensagens": [],
        "servicos": [service(seed)],
    } | changes


def work_order(seed: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id_ordem_servico": 700 + seed,
        "numero_ordem_servico": str(600 + seed),
        "data_cadastro": "19/06/2025 15:05:25",
        "tipo": "SUPORTE",
        "data_inicio_programado": "20/06/2025 14:00:00",
        "descricao_abertura": "sem sinal",
        "status": "pendente",
        "cliente": {"codigo_cliente": 1, "nome_razaosocial": "ANA", "cpf_cnpj": "00000000191"},
        "servico": {"id_cliente_servico": "123", "nome": "FIBRA 100M"},
    } | changes


def rich_ticket(seed: int = 1, **changes: Any) -> dict[str, Any]:
    """`atendimento/todos`."""
    return {
        "id_atendimento": 300 + seed,
        "id_atendimento_status": 22,
        "id_tipo_atendimento": 109,
        "id_cliente_servico": 5000 + seed,
        "protocolo": f"20260115{seed:012d}",
        "data_cadastro": "2026-01-15 10:20:30",
        "data_cadastro_timestamp": 1768483230000,
        "data_fechamento": None,
        "rascunho": False,
        "deleted_at": None,
        "minutos_em_aberto": 90,
        "tempo_restante": "-1h 30min",
        "percentual_tempo_restante": 0,
        "status": {"id_atendimento_status": 22, "prefixo": "pendente", "descricao": "Pendente"},
        "tipo_atendimento": {"id_tipo_atendimento": 109, "descricao": "SEM ACESSO"},
        "cliente_servico": {
            "id_cliente_servico": 5000 + seed,
            "id_cliente": 900 + seed,
            "servico": {"id_servico": 3, "descricao": "FIBRA"},
            "cliente": {"id_cliente": 900 + seed, "codigo_cliente": 41, "nome_razaosocial": "ANA BRUNO"},
        },
        "usuarios_responsaveis": [{"id": 5, "name": "Iasmin "}, {"id": 6, "name": "Otávio"}],
        "atendimento_mensagem": [message(seed)],
    } | changes


def labelled_ticket(seed: int = 1, **changes: Any) -> dict[str, Any]:
    """`cliente/atendimento` and the answer to opening one."""
    return {
        "id_atendimento": 300 + seed,
        "protocolo": "201806191505251",
        "descricao_abertura": "sem internet\r\ndesde ontem | ATENDIMENTO ABERTO VIA API",
        "descricao_fechamento": None,
        "tipo_atendimento": "SAC",
        "usuario_abertura": "Iasmin",
        "usuario_responsavel": "Otávio",
        "data_cadastro": "19/06/2018",
        "data_fechamento": None,
        "status": "Aguardando Análise",
        "cliente": {"codigo_cliente": 41, "nome_razaosocial": "ANA BRUNO", "cpf_cnpj": "00000000191"},
        "servico": {"id_cliente_servico": "123", "nome": "FIBRA"},
        "ordens_servico": [work_order(seed)],
    } | changes


def flat_ticket(seed: int = 1, **changes: Any) -> dict[str, Any]:
    """The answer to an update."""
    return {
        "id_atendimento": 300 + seed,
        "protocolo": "20260115102030000001",
        "id_cliente_servico": 5001,
        "id_tipo_atendimento": 33,
        "id_usuario_abertura": 56,
        "descricao_abertura": "sem sinal",
        "data_cadastro": "2026-01-15 10:20:30",
        "data_fechamento": "2026-01-16 08:00:00",
        "status_fechamento": "concluido",
        "id_atendimento_status": 24,
        "nome_contato": "Ana (Central)",
        "telefone_contato": "(37)9995-92109",
        "rascunho": False,
        "minutos_em_aberto": 1299,
    } | changes


def message(seed: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id_atendimento_mensagem": 800 + seed,
        "id_atendimento": 300 + seed,
        "mensagem": "Técnico a caminho",
        "data_cadastro": {
            "date": "2026-01-15 11:00:00.511128",
            "timezone_type": 3,
            "timezone": "America/Recife",
        },
        "data_cadastro_br": "15/01/2026 11:00",
    } | changes


def page(key: str, rows: list[Any], *, number: int = 0, last: int = 0) -> dict[str, Any]:
    place = {
        "primeira_pagina": 0,
        "ultima_pagina": last,
        "pagina_atual": number,
        "total_registros": len(rows),
    }
    return {"status": "success", "msg": "Dados consultados com sucesso", "paginacao": place, key: rows}


def answer(key: str, value: Any) -> dict[str, Any]:
    return {"status": "suscess", "msg": "Dados consultados com sucesso", key: value}

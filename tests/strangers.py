"""Answers that prove nothing, as the simulator is told to give them: other servers, and HubSoft saying nothing."""

from __future__ import annotations

import json
from typing import Any

from hubsoft_tui.simulator import Simulator

FOREVER = 10**9
HTML = "text/html; charset=UTF-8"


def said(payload: object, status: int = 200, content_type: str = "application/json") -> dict[str, Any]:
    return {
        "kind": f"says:{status}",
        "body": json.dumps(payload, ensure_ascii=False).encode(),
        "content_type": content_type,
    }


STRANGERS: dict[str, dict[str, Any]] = {
    "nginx 404": {"kind": "html:404"},
    "gateway 404": {"kind": "gateway:404"},
    "blank 404": {"kind": "blank:404"},
    "text 404": {"kind": "says:404", "body": b"404 page not found\n", "content_type": "text/plain"},
    "spring 404": said({"status": 404, "error": "Not Found", "path": "/api/v1/integracao/cliente"}, 404),
    "html called json": {"kind": "says:404", "body": b"<html>404</html>", "content_type": "application/json"},
    "nginx 403": {"kind": "html:403"},
    "gateway 403": said({"message": "Forbidden"}, 403),
    "nginx 405": {"kind": "html:405"},
    "nginx 413": {"kind": "html:413"},
    "blank 410": {"kind": "blank:410"},
    "nginx 503": {"kind": "html:503"},
    "gateway 502": {"kind": "gateway:502"},
    "portal 200": {"kind": "html:200"},
    "gateway 200": said({"status": 404, "error": "Not Found"}),
    "part of an answer": said({"status": "success", "clientes": [], "atendimentos": []}, 206),
}
"""Answers that do not come from HubSoft."""
SILENCES: dict[str, dict[str, Any]] = {
    "no list": said({"status": "success", "msg": "Dados consultados com sucesso"}),
    "list null": said({"status": "success", "clientes": None, "atendimentos": None}),
    "list text": said({"status": "success", "clientes": "", "atendimentos": ""}),
    "list object": said({"status": "success", "clientes": {}, "atendimentos": {}}),
    "list of null": said({"status": "success", "clientes": [None], "atendimentos": [None]}),
    "database": said({"status": "error", "msg": "Nenhuma conexão com o banco de dados"}),
    "server": said({"status": "error", "msg": "O servidor db-02 não foi encontrado"}),
    "server 404": said({"status": "error", "msg": "Servidor do cliente não encontrado"}, 404),
    "contradiction": {
        "kind": "says:200",
        "body": b'{"status":"error","msg":"Banco fora do ar","status":"success","clientes":[],"atendimentos":[]}',
    },
    "switched off": said({"status": "error", "msg": "Método/endpoint não disponível"}, 404),
}
"""HubSoft's envelope, and nothing in it that proves anything."""
UNPROVEN = STRANGERS | SILENCES


def spoil(simulator: Simulator, name: str, path: str, count: int = FOREVER) -> None:
    """Let a stranger answer for `path`, or HubSoft say nothing there."""
    words = dict(UNPROVEN[name])
    simulator.fail_next(count, words.pop("kind"), path, **words)

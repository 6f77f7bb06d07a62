"""What an answer proves: that a thing is there, that HubSoft itself says it is not, or nothing.

Whatever takes something away, sends again or remembers a "no" rests on the second alone: an explicit empty list
in HubSoft's success, or HubSoft's own sentence that this very thing was not found. Silence, a stranger's number, a
fault told in words and a row that cannot be read prove nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final, TypeVar

from ..errors import Unproven
from ..texts import say

T = TypeVar("T")


class Verdict(Enum):
    """What the answer to "is there such a thing?" proves."""

    FOUND = "found"
    ABSENT = "absent"
    NOTHING = "nothing"


Nouns = frozenset[str]
CUSTOMERS: Final = frozenset({"cliente", "clientes", "assinante", "assinantes"})
TICKETS: Final = frozenset({"atendimento", "atendimentos", "chamado", "chamados", "protocolo"})
INVOICES: Final = frozenset({"fatura", "faturas", "boleto", "boletos", "cobranca", "cobrancas"})
WORK_ORDERS: Final = frozenset({"ordem", "ordens"})
SESSIONS: Final = frozenset({"conexao", "conexoes", "extrato", "sessao", "sessoes"})
DEVICES: Final = frozenset({"cpe", "cpes", "equipamento", "equipamentos", "onu", "onus", "ont", "onts"})

_ANYTHING: Final = frozenset({"registro", "registros", "resultado", "resultados"})
_BESIDE: Final = {
    TICKETS: CUSTOMERS | {"servico"},
    INVOICES: CUSTOMERS | {"servico"},
    WORK_ORDERS: CUSTOMERS | {"servico", "servicos"},
}
"""Words that may stand beside the thing without being it: whose it would be."""
_GONE: Final = "(?:encontrad|localizad|cadastrad)(?:o|a|os|as)"
_FILLER: Final = (
    "os?|as?|uma?|d[eoa]|d[oa]s|em|n[oa]|com|para|por|pel[oa]|est[ea]|ess[ea]|foi|foram|nao|nenhuma?|existem?"
    "|inexistentes?|ha|cpf|cnpj|cpfcnpj|codigo|id|termo|busca|pesquisa|consulta|filtros?"
    "|(?:informad|fornecid)(?:o|a|os|as)"
)
_SUCCESS: Final = frozenset({"success", "suscess", "sucesso", "ok"})


def succeeds(payload: dict[str, Any]) -> bool:
    """Tell whether HubSoft says, in its own way, that it did what was asked."""
    status = payload.get("status")
    return status is True or (isinstance(status, str) and status.strip().lower() in _SUCCESS)


def says_absent(sentence: str, things: Nouns) -> bool:
    """Tell whether a sentence of HubSoft's says that none of `things` was found, and not one word besides.

    "Nenhum cliente encontrado" does for customers. "Servidor do cliente não encontrado", "Nenhuma conexão com o
    banco de dados" and "Cliente não encontrado, tente novamente" speak of something else too.
    """
    plain = unicodedata.normalize("NFKD", sentence.lower()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z]+", plain)
    nouns = things | _ANYTHING
    thing = f"(?:{'|'.join(sorted(nouns))})"
    allowed = re.compile("|".join((thing, _FILLER, _GONE, *_BESIDE.get(things, ()))))
    if not all(map(allowed.fullmatch, words)):
        return False
    says = (
        rf"\bnenhuma? {thing}\b.*\b{_GONE}\b"
        rf"|\b{thing}\b(?: \w+)*? nao (?:(?:foi|foram) )?(?:{_GONE}|existem?)\b"
        rf"|\bnao (?:foi|foram) {_GONE} (?:nenhuma? |o |a )?{thing}\b"
        rf"|\bnao (?:ha|existem?) (?:nenhuma? )?{thing}\b"
        rf"|\b{thing}\b(?: \w+)*? inexistentes?\b"
    )
    return re.search(says, " ".join(words)) is not None


def verdict(
    payload: dict[str, Any], listing: object, kept: Sequence[object], *, came: int, unclear: int, limit: int
) -> Verdict:
    """Say what an envelope that does not say no proves.

    `listing` is what stands where the rows should; `came` counts them, `kept` are those that are what was asked
    for, `unclear` those that may be. A full answer of other things may have cut off the right one.
    """
    if kept:
        return Verdict.FOUND
    if unclear or came >= limit or payload.get("errors") or not succeeds(payload):
        return Verdict.NOTHING
    return Verdict.ABSENT if came or isinstance(listing, list) else Verdict.NOTHING


def matched(rows: Sequence[T], fits: Callable[[T], bool | None]) -> tuple[tuple[T, ...], int]:
    """Return the rows that fit, and how many do not say whether they do."""
    said = [(row, fits(row)) for row in rows]
    return tuple(row for row, fit in said if fit), sum(fit is None for _row, fit in said)


def unproven() -> Unproven:
    """Build the error for an answer that proves nothing."""
    return Unproven(
        say(
            "HubSoft says nothing of what was asked: neither that it is there nor that it is not. "
            "Try again in a moment."
        )
    )

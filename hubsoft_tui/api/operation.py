"""What a request is before it is sent, how its answer decodes, and how its parameters are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import date
from functools import lru_cache, partial
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

from ..errors import NotOffered
from ..texts import say
from ..values import dataclass
from . import envelope
from .answers import Decoded

T = TypeVar("T")

ROOT: Final = "/api/v1/integracao/"

_NO_SUCH_ROUTE: Final = frozenset({404, 405})
_PART: Final = 206
"""A part of an answer, never asked for: what is missing from it proves nothing."""

# Parameters that say nothing about a person. Whatever is not here is shown as ***.
_HARMLESS: Final = frozenset(
    {
        "busca", "limit", "pagina", "itens_por_pagina", "page", "cancelado", "inativo", "ultima_conexao",
        "servico_status", "relacoes", "apenas_pendente", "order_by", "order_type", "data_inicio", "data_fim",
        "tipo_data", "tipo_data_cliente", "tipo_data_cliente_servico", "data_inicio_cliente_servico",
        "data_fim_cliente_servico", "status", "tipo_atendimento", "status_atendimento", "id_tipo_atendimento",
        "id_tipo_ordem_servico", "listar_todas_cidades", "somente_assinante_associado", "id_atendimento",
    }
)  # fmt: skip
_shown: Final = lru_cache(maxsize=256)(partial(quote, safe=","))


@dataclass(frozen=True, slots=True, repr=False)
class Operation(Generic[T]):
    """One request. `name` is short and stable (`cliente`, `atendimento.abrir`): logs and reports group by it.

    Its text form is safe to log: no document, name, phone, login or credential is in it.
    """

    name: str
    method: Literal["GET", "POST", "PUT"]
    path: str
    """From the host's root, e.g. `/api/v1/integracao/cliente`."""
    decode: Callable[[object], Decoded[T]]
    """Parsed JSON body -> value. Raises Refused or BadAnswer (hubsoft_tui.errors)."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    """May be sent again when its outcome is unknown. A property of the operation, not of the HTTP verb."""
    timeout: float = 30.0
    """Seconds from the first byte sent to the last byte read."""
    shown: str = ""
    """The path as logs may have it, where the path itself names a person's thing; empty: it does not."""
    newer: bool = False
    """For reads: older servers do not have this route, and answer 404 or 405 in words of their own."""

    @property
    def shown_path(self) -> str:
        """The path with the query's names and harmless values: `cliente?busca=cpf_cnpj&termo_busca=***`."""
        path = (self.shown or self.path).removeprefix(ROOT).removeprefix("/")
        shown = (
            f"{name}={_shown(value) if name in _HARMLESS else '***'}" for name, value in self.query.items()
        )
        query = "&".join(shown)
        return f"{path}?{query}" if query else path

    def read(self, body: bytes, *, status: int = 200, content_type: str = "") -> Decoded[T]:
        """Turn a whole answer into its value: bytes, HTTP status and content type.

        Raises Refused, CredentialsRefused, RateLimited or BadAnswer; NotOffered for a `newer` route that is not there.
        """
        if 200 <= status < 300 and status != _PART:
            return self.decode(envelope.parse(body, content_type))
        if self.newer and self.repeatable and status in _NO_SUCH_ROUTE:
            raise NotOffered(
                say(
                    "The server does not offer that (HTTP {status}): it is of an older version, or something between "
                    "us and HubSoft answered.",
                    status=status,
                )
            )
        said = envelope.spoken(body, content_type)
        if 400 <= status < 500 and status != 429 and envelope.says_no(said):
            return self.decode(said)
        if status == 401 and not said and not self.repeatable:
            # A token that is not accepted is told in JSON; after anything else a write may have happened.
            raise envelope.failure(403, body, content_type)
        raise envelope.failure(status, body, content_type)

    def __repr__(self) -> str:
        return f"Operation({self.name}: {self.method} {self.shown_path})"


def within(value: int, least: int, most: int, name: str) -> str:
    """Return a number for the wire. Raises ValueError when HubSoft would refuse it."""
    if isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most}, not {value}")
    return str(value)


def given(term: str, name: str = "term") -> str:
    """Return `term` without outer spaces. Raises ValueError when nothing, or far too much, is left."""
    if not 0 < len(bare := term.strip()) <= 255:
        raise ValueError(f"{name} must have 1 to 255 characters")
    return bare


def yes_no(value: bool) -> str:
    """Write a flag as HubSoft's queries want it."""
    return "sim" if value else "nao"


def joined(values: Iterable[object]) -> str:
    """Write several values in one parameter."""
    return ",".join(str(value) for value in values)


def window(start: date | None, end: date | None) -> dict[str, str]:
    """Write a span of days, both inclusive; an open end is left out. Raises ValueError if backwards."""
    if start is not None and end is not None and start > end:
        raise ValueError("the window ends before it begins")
    days = {"data_inicio": start, "data_fim": end}
    return {name: f"{value:%Y-%m-%d}" for name, value in days.items() if value is not None}


def filled(parameters: Mapping[str, str]) -> dict[str, str]:
    """Drop the parameters that say nothing."""
    return {name: value for name, value in parameters.items() if value}

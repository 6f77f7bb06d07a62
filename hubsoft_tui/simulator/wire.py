"""How HubSoft speaks: its envelopes, its refusals inside HTTP 200, how it reads parameters and writes dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

from ..values import dataclass

FOUND: Final = "Dados consultados com sucesso"
BAD_FIELDS: Final = "Favor preencher os campos obrigatórios de acordo com as especificações"
BRASILIA: Final = timezone(timedelta(hours=-3))
Row = dict[str, Any]


class RefusalError(Exception):
    """HubSoft says no, inside HTTP 200. `errors` of None leaves the key out, as several routes do."""

    def __init__(self, text: str, errors: Sequence[str] | None = None) -> None:
        super().__init__(text)
        self.body: Row = {"status": "error", "msg": text}
        if errors is not None:
            self.body["errors"] = list(errors)


def refusal(rule: str, *names: str) -> RefusalError:
    """Return the refusal of fields that break a rule."""
    return RefusalError(BAD_FIELDS, [f"O campo {name.replace('_', ' ')} {rule}." for name in names])


def need(given: Mapping[str, Any], *names: str) -> None:
    """Refuse what was given when a field is missing or blank, naming all that are."""
    if missing := [name for name in names if not str(given.get(name) or "").strip()]:
        raise refusal("é obrigatório", *missing)


def integer(given: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Return a whole number among what was given, or `default` for none."""
    value = given.get(name)
    if value in {None, ""} and default is not None:
        return default
    if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
        return int(value)
    raise refusal("deve ser um número inteiro", name)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    query: Mapping[str, str]
    path: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""

    def need(self, *names: str) -> None:
        """Refuse the request when a parameter is missing, naming all that are."""
        need(self.query, *names)

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """Return a parameter that must be one of `allowed`."""
        value = self.query.get(name) or default
        if value not in allowed:
            raise refusal("não possui um valor válido", name)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a `sim` or `nao`."""
        return self.choice(name, ("sim", "nao"), "sim" if default else "nao") == "sim"

    def backwards(self, *, default: bool = False) -> bool:
        """Return whether `order_type` is `desc`."""
        return self.choice("order_type", ("asc", "desc"), "desc" if default else "asc") == "desc"

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number between `low` and `high`."""
        text = self.query.get(name) or str(default)
        if not (text.isascii() and text.isdigit()):
            raise refusal("deve ser um número inteiro", name)
        if not low <= int(text) <= high:
            raise refusal(f"deve estar entre {low} e {high}", name)
        return int(text)

    def limit(self, default: int, highest: int) -> int:
        """Return `limite` or `limit`, refused above `highest` in HubSoft's words."""
        text = self.query.get("limite") or self.query.get("limit") or str(default)
        if text.isdigit() and int(text) > highest:
            raise RefusalError(f"O limite máximo de resultados é de {highest} itens")
        if not text.isdigit() or int(text) < 1:
            raise refusal("deve ser um número inteiro", "limite")
        return int(text)

    def search(self, allowed: Sequence[str]) -> tuple[str, str]:
        """Return `busca` and `termo_busca`, refused in HubSoft's words when one is missing or unknown."""
        for name in ("busca", "termo_busca"):
            if not self.query.get(name, "").strip():
                raise RefusalError(f"Favor preencher o atributo ({name})")
        kind = self.query["busca"]
        if kind not in allowed:
            accepted = ",".join(allowed)
            raise RefusalError(
                f"O tipo de busca ({kind}) não é válido | Valores aceitos para esse campo: {accepted}"
            )
        return kind, self.query["termo_busca"].strip()

    def listed(self, name: str) -> frozenset[str]:
        """Return a comma-separated parameter."""
        return frozenset(part.strip() for part in self.query.get(name, "").split(",") if part.strip())

    def day(self, name: str) -> date | None:
        """Return a `YYYY-MM-DD` parameter, or None when it is absent."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise refusal("não é uma data válida", name) from None

    def window(self, first: str = "data_inicio", last: str = "data_fim") -> Callable[[float | None], bool]:
        """Return whether a moment's day lies in the asked window, both ends included; none lets all in."""
        begin, end = self.day(first), self.day(last)
        if begin is None and end is None:
            return lambda _moment: True
        low, high = begin or date.min, end or date.max
        return lambda moment: moment is not None and low <= local(moment).date() <= high


def local(moment: float) -> datetime:
    """Return epoch seconds as HubSoft's naive local time."""
    return datetime.fromtimestamp(moment, BRASILIA).replace(tzinfo=None)


def iso(moment: float | None) -> str | None:
    """Return `YYYY-MM-DD HH:MM:SS`."""
    return None if moment is None else local(moment).strftime("%Y-%m-%d %H:%M:%S")


def br(moment: float | None, form: str = "%d/%m/%Y") -> str | None:
    """Return `DD/MM/YYYY`, or another form."""
    return None if moment is None else local(moment).strftime(form)


def br_seconds(moment: float | None) -> str | None:
    """Return `DD/MM/YYYY HH:MM:SS`."""
    return br(moment, "%d/%m/%Y %H:%M:%S")


def money(value: float) -> float | int:
    """Return a price as PHP writes it: an integer where nothing follows the point."""
    return int(value) if value == int(value) else round(value, 2)


def found(*, status: str = "success", msg: str = FOUND, **payload: object) -> Row:
    """Return a success envelope."""
    return {"status": status, "msg": msg, **payload}


def paged(
    call: Call, rows: Sequence[Any], *, smallest: int = 1, largest: int = 500
) -> tuple[Row, Sequence[Any]]:
    """Return `paginacao` and the rows of the asked page; pages count from 0, both parameters are needed."""
    call.need("pagina", "itens_por_pagina")
    number, size = call.number("pagina", 0, 0, 10**6), call.number("itens_por_pagina", 0, smallest, largest)
    last = max(0, (len(rows) - 1) // size)
    head = {"primeira_pagina": 0, "ultima_pagina": last, "pagina_atual": number, "total_registros": len(rows)}
    return head, rows[number * size : (number + 1) * size]


def laravel(
    call: Call, rows: Sequence[Any], write: Callable[[Any], Row], *, per_page_text: bool = False
) -> Row:
    """Return Laravel's paginator over `rows`: `{n}` rows a page, pages from 1, each written with `write`."""
    size = max(1, int(call.path["size"]))
    number = call.number("page" if "page" in call.query else "pagina", 1, 1, 10**6)
    last = max(1, -(-len(rows) // size))
    page = rows[(number - 1) * size : number * size]
    first = (number - 1) * size + 1

    def url(asked: int) -> str | None:
        return f"{call.url}?page={asked}" if 1 <= asked <= last else None

    return {
        "current_page": number,
        "data": [write(row) for row in page],
        "first_page_url": url(1),
        "from": first if page else None,
        "last_page": last,
        "last_page_url": url(last),
        "next_page_url": url(number + 1),
        "path": call.url,
        # One recorded answer has the size as a text, as it stood in the path.
        "per_page": str(size) if per_page_text else size,
        "prev_page_url": url(number - 1),
        "to": first + len(page) - 1 if page else None,
        "total": len(rows),
    }

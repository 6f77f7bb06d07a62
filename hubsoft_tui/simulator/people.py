"""The customers of a generated provider: made from a seed, found as HubSoft finds them, changed as tests do.

What is generated follows from the seed alone, never from the clock: dates are kept as ages in seconds.
"""

from __future__ import annotations

import random
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import field
from itertools import accumulate
from typing import Final

from ..values import dataclass
from . import catalogue

DAY: Final = 86_400


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST: Final = _words(
    "ADRIANA ALICE ANA ANDRÉ ANTÔNIO APARECIDA BEATRIZ BRENO BRUNA CAIO CAMILA CARLOS CECÍLIA CLÁUDIA "
    "DANIEL DÉBORA DIEGO EDUARDO ELISÂNGELA FÁBIO FERNANDA FLÁVIA FRANCISCO GABRIELA GERALDO GUSTAVO "
    "HELENA HENRIQUE IGOR ISABELA JOANA JOÃO JOAQUIM JOSÉ JÚLIA KARINA LARISSA LÚCIA LUÍS LUIZA MANOEL "
    "MÁRCIA MARIA MATEUS MÔNICA NATÁLIA OTÁVIO PATRÍCIA PAULO PEDRO RAFAEL RAIMUNDO REGINA RENATA RODRIGO "
    "ROSÂNGELA SEBASTIÃO SÔNIA TATIANE THIAGO VALDIR VANESSA VERA VICENTE VINÍCIUS WELLINGTON"
)
_LAST: Final = _words(
    "ALMEIDA ALVES ANDRADE ARAÚJO ASSUNÇÃO BARBOSA BATISTA BORGES CAMARGO CAMPOS CARDOSO CARVALHO CASTRO "
    "COELHO CORRÊA COSTA COUTO CRUZ CUNHA DIAS DUARTE FARIA FERNANDES FERREIRA FREITAS GOMES GONÇALVES "
    "GUIMARÃES LIMA LOPES MACHADO MARTINS MEDEIROS MELO MENDES MIRANDA MONTEIRO MORAES MOREIRA MOURA "
    "NASCIMENTO NOGUEIRA NUNES OLIVEIRA PEREIRA PINTO PIRES RAMOS REIS RIBEIRO ROCHA RODRIGUES SANTANA "
    "SANTOS SILVA SIQUEIRA SOARES SOUZA TEIXEIRA VASCONCELOS VIEIRA XAVIER"
)
_TRADES: Final = _words(
    "PADARIA FARMÁCIA MERCEARIA OFICINA AUTOPEÇAS CLÍNICA ESCOLA PAPELARIA SUPERMERCADO TRANSPORTADORA"
)

_STATUSES: Final = tuple(catalogue.STATUS_WEIGHTS)
_CUMULATIVE: Final = tuple(accumulate(catalogue.STATUS_WEIGHTS.values()))
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

HOSTILE_TEXT: Final = (
    "[red]x[/] [/foo] [@click=app.quit]y[/] "
    "\x1b]0;retitled\x07\x1b]52;c;cHduZWQ=\x07\x1b[31m\x9b2J\u202egnp.exe"
)
"""Markup, a title change, a clipboard write, a colour, a C1 erase and a bidirectional override."""


@dataclass(slots=True)
class SimService:
    """One service of a customer. `status` is the prefix; ages are seconds before the simulator's start.

    Change it with `Simulator.set_status`, which also lets the bulk route know.
    """

    id: int
    plan: catalogue.SimPlan
    number: int
    status: str
    login: str
    enabled_age: int
    changed_age: int
    reconnected_at: float | None = None
    """Epoch second of the session that began after the last one was ended from outside."""
    mac_cleared: bool = False
    device_cleared: bool = False


@dataclass(slots=True)
class SimCustomer:
    """A customer of the simulated provider."""

    index: int
    id: int
    code: int
    name: str
    document: str
    phone: str
    registered_age: int
    services: list[SimService]
    alerts: tuple[str, ...] = ()
    enabled: bool = True
    hostile: bool = False
    searchable: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.searchable = fold(self.name)

    @property
    def active(self) -> bool:
        """Whether a service is enabled (`servico_habilitado`)."""
        return any(service.status == "servico_habilitado" for service in self.services)

    @property
    def login(self) -> str:
        """The login of the first service, or an empty text."""
        return self.services[0].login if self.services else ""

    @property
    def statuses(self) -> tuple[str, ...]:
        """The status prefix of every service."""
        return tuple(service.status for service in self.services)


def fold(text: str) -> str:
    """Return `text` without accents and case, as the name search compares it."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def cpf(base: int) -> str:
    """Complete a nine-digit number with the two check digits of a CPF."""
    digits = [int(c) for c in f"{base:09d}"]
    for _ in range(2):
        weight = len(digits) + 1
        rest = sum(d * (weight - i) for i, d in enumerate(digits)) * 10 % 11
        digits.append(rest % 10)
    return "".join(map(str, digits))


def cnpj(base: str) -> str:
    """Complete twelve digits or capital letters with the check digits of a CNPJ (the 2026 rule included)."""
    text = base
    for _ in range(2):
        # The rule gives each character its ASCII code less 48, so digits keep their old values.
        weights = [2 + i % 8 for i in range(len(text))]
        rest = sum((ord(c) - 48) * w for c, w in zip(reversed(text), weights, strict=True)) % 11
        text += str(0 if rest < 2 else 11 - rest)
    return text


DEMO_COMPANY: Final = cnpj("12ABC34501DE")


def generate(count: int, seed: int, *, hostile: bool = False) -> list[SimCustomer]:
    """Return `count` customers, oldest first: a few that are always the same, then generated ones.

    With `hostile`, one of them carries `HOSTILE_TEXT` wherever HubSoft has a free text.
    """
    people = _demo()
    if hostile:
        people.append(_hostile(len(people)))
    rng = random.Random(f"people:{seed}")  # noqa: S311 - reproducible people, not secrets
    used = {person.document for person in people}
    people = people[:count]
    people.extend(_person(index, rng, used) for index in range(len(people), count))
    return people


def _demo() -> list[SimCustomer]:
    plans = {plan.id: plan for plan in catalogue.PLANS}

    def service(identifier: int, plan: int, number: int, status: str, *, login: str, age: int) -> SimService:
        return SimService(identifier, plans[plan], number, status, login, age * DAY, min(age, 20) * DAY)

    return [
        SimCustomer(
            0, 11201, 421, "GUILHERME SILVA", cpf(106_820_836), "37988242968", 2600 * DAY,
            [service(11201, 1269, 1, "suspenso_debito", login="guilhermesilva1068", age=2600)],
        ),
        SimCustomer(
            1, 11942, 1204, "BIANCA COUTO", "86214941081", "37999450812", 2200 * DAY,
            [
                service(16982, 2675, 9, "servico_habilitado", login="biancacouto8621", age=900),
                service(16981, 1269, 0, "cancelado", login="biancacouto8621a", age=2200),
            ],
            alerts=(catalogue.ALERTS[0],),
        ),
        SimCustomer(
            2, 25138, 2023, "TESTE", "57893953098", "3799999999", 30 * DAY,
            [service(17711, 2734, 0, "aguardando_instalacao", login="teste20230", age=30)],
        ),
        SimCustomer(
            3, 25140, 2024, "PADARIA PÃO DE MINAS LTDA", DEMO_COMPANY, "3732811204", 400 * DAY,
            [
                service(17720, 2805, 0, "servico_habilitado", login="padariapaodeminas", age=400),
                service(17721, 2792, 1, "servico_habilitado", login="padariapaodeminas2", age=100),
            ],
        ),
    ]  # fmt: skip


def _hostile(index: int) -> SimCustomer:
    service = SimService(17666, catalogue.PLANS[2], 0, "servico_habilitado", "hostil6660", 90 * DAY, 9 * DAY)
    return SimCustomer(
        index, 25666, 2666, HOSTILE_TEXT, cpf(666_123_450), "37966666666", 90 * DAY, [service],
        alerts=(HOSTILE_TEXT,), hostile=True,
    )  # fmt: skip


def _person(index: int, rng: random.Random, used: set[str]) -> SimCustomer:
    company = rng.random() < 0.06
    name = _company_name(rng) if company else _person_name(rng)
    document = _document(rng, used, company=company)
    age = rng.randrange(1, 2500) * DAY + rng.randrange(DAY)
    count = rng.choices((0, 1, 2, 3), cum_weights=(4, 904, 984, 1000))[0]
    slug = "".join(c for c in fold(name) if c.isalnum())[:14]
    services = [_service(rng, index, number, f"{slug}{document[:4].lower()}", age) for number in range(count)]
    gone = bool(services) and all(service.status == "cancelado" for service in services)
    return SimCustomer(
        index=index,
        id=30_000 + index,
        code=3_000 + index,
        name=name,
        document=document,
        phone=_phone(rng),
        registered_age=age,
        services=services,
        alerts=(rng.choice(catalogue.ALERTS),) if rng.random() < 0.03 else (),
        enabled=not (gone and rng.random() < 0.3),
    )


def _phone(rng: random.Random) -> str:
    """Throw a mobile phone (11 digits, the third a 9) or a landline (10)."""
    first, rest = rng.choice("3999"), rng.randrange(10**7, 10**8)
    return f"37{first}{rest}"[: 11 if first == "9" else 10]


def _service(rng: random.Random, index: int, number: int, stem: str, age: int) -> SimService:
    status = rng.choices(_STATUSES, cum_weights=_CUMULATIVE)[0]
    login = f"{stem}{index}" + (f"-{number}" if number else "")
    enabled = rng.randrange(age) if number else age
    changed = enabled if status == "servico_habilitado" else rng.randrange(max(1, min(enabled, 400 * DAY)))
    return SimService(
        100_000 + index * 4 + number, rng.choice(catalogue.PLANS), number, status, login, enabled, changed
    )


def _person_name(rng: random.Random) -> str:
    first = rng.choice(_FIRST)
    if rng.random() < 0.3:
        first += f" {rng.choice(_FIRST)}"
    last = rng.sample(_LAST, 2)
    return f"{first} {last[0]} {'DA ' if rng.random() < 0.15 else ''}{last[1]}"


def _company_name(rng: random.Random) -> str:
    return f"{rng.choice(_TRADES)} {rng.choice(_LAST)} {rng.choice(('LTDA', 'ME', 'EIRELI', 'S/A'))}"


def _document(rng: random.Random, used: set[str], *, company: bool) -> str:
    while True:
        if not company:
            made = cpf(rng.randrange(10**9))
        elif rng.random() < 0.15:
            made = cnpj("".join(rng.choices(_ALPHABET, k=8)) + "0001")
        else:
            made = cnpj(f"{rng.randrange(10**8):08d}0001")
        if made not in used and len(set(made)) > 1:
            used.add(made)
            return made


@dataclass(frozen=True, slots=True)
class Filter:
    """Which customers and services a question lets through.

    `cancelled` and `inactive` are `sim`, `nao` or `todos`; `statuses` keeps customers that own a service in
    one of them, with all their other services, as HubSoft's documents leave it open.
    """

    cancelled: str = "nao"
    inactive: str = "nao"
    statuses: frozenset[str] = frozenset()

    def services(self, customer: SimCustomer) -> list[SimService] | None:
        """Return the services to show, or None when the customer is not let through."""
        if (self.inactive == "nao" and not customer.enabled) or (self.inactive == "sim" and customer.enabled):
            return None
        shown = customer.services
        if self.cancelled == "nao" and "cancelado" not in self.statuses:
            shown = [service for service in shown if service.status != "cancelado"]
            if customer.services and not shown:
                return None
        if self.statuses and not any(service.status in self.statuses for service in shown):
            return None
        return shown


class Roster:
    """Every customer of the provider, oldest first. Safe to change from any thread."""

    def __init__(self, count: int, seed: int, *, hostile: bool = False) -> None:
        self.customers = generate(count, seed, hostile=hostile)
        self._lock = threading.RLock()
        self._index()

    @property
    def hostile(self) -> SimCustomer | None:
        """The customer whose texts are hostile, if there is one."""
        return next((customer for customer in self.customers[:8] if customer.hostile), None)

    def find(self, kind: str, term: str) -> list[SimCustomer]:
        """Return the customers that `term` finds as `kind` (a value of `busca`), oldest first."""
        key = term.strip()
        with self._lock:
            if kind in {"nome_razaosocial", "nome_fantasia"}:
                wanted = fold(key)
                return [customer for customer in self.customers if wanted in customer.searchable]
            if kind == "telefone":
                digits = "".join(c for c in key if c.isdigit())
                return [customer for customer in self.customers if digits and digits in customer.phone]
            found = self._lookups.get(kind, {}).get(_key(kind, key))
        return [] if found is None else [found]

    def service(self, identifier: int) -> tuple[SimCustomer, SimService] | None:
        """Return a service and whose it is."""
        customer = self._lookups["id_cliente_servico"].get(str(identifier))
        if customer is None:
            return None
        return next(((customer, s) for s in customer.services if s.id == identifier), None)

    def matching(
        self, keep: Filter, where: Callable[[SimCustomer], bool] | None
    ) -> list[tuple[SimCustomer, list[SimService]]]:
        """Return the customers that `keep` and `where` let through, oldest first, with the services to show."""
        with self._lock:
            if where is None and keep in self._remembered:
                return self._remembered[keep]
            pairs = ((c, keep.services(c)) for c in self._oldest_first if where is None or where(c))
            found = [(customer, shown) for customer, shown in pairs if shown is not None]
            if where is None:
                # The pages of a roster of 100,000 ask this 200 times over.
                self._remembered[keep] = found
        return found

    def set_status(self, term: str | SimCustomer, status: str, age: int) -> None:
        """Put every service of a customer, named by document or given, in `status` since `age`."""
        for service in self.require(term).services:
            self.move(service, status, age)

    def move(self, service: SimService, status: str, age: int) -> None:
        """Put one service in `status` since `age`."""
        service.status, service.changed_age = status, age
        self._remembered.clear()

    def add(self, customer: SimCustomer) -> SimCustomer:
        """Sign a customer."""
        with self._lock:
            self.customers.append(customer)
            self._index()
        return customer

    def remove(self, term: str | SimCustomer) -> SimCustomer:
        """Forget a customer altogether: lists get shorter and their pages shift."""
        with self._lock:
            customer = self.require(term)
            self.customers.remove(customer)
            self._index()
        return customer

    def require(self, term: str | SimCustomer) -> SimCustomer:
        """Return the customer with the document `term`; raises KeyError for a stranger."""
        return term if isinstance(term, SimCustomer) else self._lookups["cpf_cnpj"][_key("cpf_cnpj", term)]

    def _index(self) -> None:
        self._remembered: dict[Filter, list[tuple[SimCustomer, list[SimService]]]] = {}
        self._oldest_first = sorted(self.customers, key=lambda customer: -customer.registered_age)
        self._lookups: dict[str, dict[str, SimCustomer]] = {
            "cpf_cnpj": {c.document: c for c in self.customers},
            "codigo_cliente": {str(c.code): c for c in self.customers},
            "id_cliente": {str(c.id): c for c in self.customers},
            "login_radius": {s.login.casefold(): c for c in self.customers for s in c.services},
            "id_cliente_servico": {str(s.id): c for c in self.customers for s in c.services},
        }


def _key(kind: str, term: str) -> str:
    if kind == "cpf_cnpj":
        return "".join(c for c in term.upper() if c.isalnum())
    return term.casefold() if kind == "login_radius" else term

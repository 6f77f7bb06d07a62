"""The provider's customers, found the ways HubSoft finds them, and changed the ways tests change them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .people import SimCustomer, SimService, fold, generate

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_LIMIT = 5


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
            service.status = status
            service.changed_age = age
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

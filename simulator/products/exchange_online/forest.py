"""The forest: all tenants behind one front door. Connectors and accepted domains are looked up across them.

A client never says which tenant it wants: host names of the service lead to shared addresses, and SMTP has no Host header
(learn: EHLO blog, Office 365 Message Attribution). So whichever tenant's name was called, the same tenant is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from simulator.mail.address import Address
from simulator.policy.decision import Connector
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.directory import Directory
from simulator.products.exchange_online.domains import AcceptedDomains
from simulator.products.exchange_online.settings import TenantSettings
from simulator.value import value

__all__ = ["Forest", "Inbound", "Profile"]


@value
class Profile:
    """What the forest knows of one tenant. `name` is the server's name in the lab."""

    name: str
    settings: TenantSettings
    domains: AcceptedDomains
    directory: Directory


@value
class Inbound:
    """An inbound connector and whose it is."""

    tenant: Profile
    settings: InboundConnector

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def reference(self) -> Connector:
        return Connector(self.name, "inbound", self.settings.place)


class Forest:
    """The tenants of a lab."""

    def __init__(self, tenants: Iterable[Profile]) -> None:
        self.tenants = tuple(tenants)
        self._inbound = tuple(Inbound(t, c) for t in self.tenants for c in t.settings.InboundConnectors.values())
        self._owners: dict[str, Profile | None] = {}  # by domain, as far as it was asked for

    def inbound(self) -> tuple[Inbound, ...]:
        """Every inbound connector, tenant by tenant, disabled ones too."""
        return self._inbound

    def owner(self, domain: str | None) -> Profile | None:
        """The tenant that a domain belongs to: the one with the closest accepted domain; of equals the first by name."""
        if domain is None:
            return None
        if domain not in self._owners:
            self._owners[domain] = self._closest(domain)
        return self._owners[domain]

    def _closest(self, domain: str) -> Profile | None:
        found = [t for t in self.tenants if t.domains.accepts(domain)]
        return min(found, key=lambda t: (-t.domains.closeness(domain), t.name.casefold()), default=None)

    def login_of(self, user: Address) -> Profile | None:
        """The tenant in which somebody may log in."""
        return next((t for t in self.tenants if user in t.directory.logins), None)

    @cached_property
    def logins(self) -> frozenset[Address]:
        return frozenset(user for tenant in self.tenants for user in tenant.directory.logins)

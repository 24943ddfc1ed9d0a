"""Accepted domains: which names a tenant answers for, and what becomes of recipients it does not know.

| type | unknown recipient | at the edge |
| --- | --- | --- |
| Authoritative | refused (5.4.1), or returned (5.1.10) where it was taken already | directory is asked |
| InternalRelay | sent on: outbound connector, else MX | anybody is taken |

With MatchSubDomains an InternalRelay domain answers for its subdomains too; the closest entry decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import parse_domain
from simulator.products.exchange_online.settings import AUTHORITATIVE, AcceptedDomain
from simulator.products.service_names import EXCHANGE_ONLINE
from simulator.source import NOWHERE, Source

__all__ = ["AcceptedDomains"]


class AcceptedDomains:
    """The accepted domains of one tenant."""

    def __init__(self, settings: Mapping[str, AcceptedDomain], at: Source = NOWHERE) -> None:
        self.at = at
        self.entries: dict[str, AcceptedDomain] = {parse_domain(name): domain for name, domain in settings.items()}

    def find(self, domain: str | None, *, subdomains: bool = True) -> AcceptedDomain | None:
        """The entry that answers for a domain: its own, or the closest parent with MatchSubDomains."""
        if domain is None:
            return None
        if domain in self.entries:
            return self.entries[domain]
        labels = domain.split(".")
        parents = (".".join(labels[cut:]) for cut in range(1, len(labels)))
        return next((e for p in parents if subdomains and (e := self.entries.get(p)) and e.MatchSubDomains), None)

    def accepts(self, domain: str | None, *, subdomains: bool = True) -> bool:
        return self.find(domain, subdomains=subdomains) is not None

    def is_authoritative(self, domain: str | None) -> bool:
        found = self.find(domain)
        return found is not None and found.DomainType == AUTHORITATIVE

    def closeness(self, domain: str) -> int:
        """How exactly the answering entry names a domain; 0 where none answers."""
        found = self.find(domain)
        return len(parse_domain(found.name)) if found else 0

    @property
    def default(self) -> str:
        """The default domain; where none is marked, the first that is not an onmicrosoft.com name. Empty without domains."""
        marked = [name for name, domain in self.entries.items() if domain.Default]
        own = sorted((n.endswith(".onmicrosoft.com"), i, n) for i, n in enumerate(self.entries))
        return next(iter(marked), own[0][2] if own else "")

    @property
    def initial(self) -> str:
        """The domain that the tenant began with; empty where it is not in the lab."""
        marked = [name for name, domain in self.entries.items() if domain.InitialDomain]
        return EXCHANGE_ONLINE.initial_domain(self.entries, next(iter(marked), ""))

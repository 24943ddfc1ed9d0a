"""Names that belong to a service and exist without being written: its DNS records and its certificate.

Exchange Online gives a tenant an MX host for each accepted domain, the routing domains under `onmicrosoft.com`, a
submission host, two DKIM keys for each accepted domain, the key that its ARC seals verify with, and one SPF record that
lists the addresses it sends from. A lab has them as soon as it has such a
server; what the lab file writes under `dns:` replaces them name by name and type by type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

from simulator.mail.address import AddressError, parse_domain
from simulator.policy.settings import read_bool
from simulator.source import Node
from simulator.topology import CertificateSpec, Server
from simulator.zone import KEY_TOKEN

__all__ = [
    "EXCHANGE_ONLINE",
    "EXCHANGE_ONLINE_HOSTS",
    "ExchangeOnlineNames",
    "Names",
    "address_record",
    "front_door",
    "relay_address",
    "reverse_name",
]

Record = tuple[str, str, str]


class Names(Protocol):
    """What a service brings with it."""

    def records(self, servers: Sequence[tuple[Server, Node]]) -> Iterable[Record]:
        """DNS records that follow from its servers; the nodes are their mappings in the lab file."""
        ...

    def certificate(self, server: Server) -> CertificateSpec:
        """The certificate that it shows unless told otherwise."""
        ...


def address_record(name: str, address: str) -> Record:
    """A or AAAA, as the address is."""
    return (name, "A" if ip_address(address).version == 4 else "AAAA", address)


def front_door(name: str, addresses: Iterable[str]) -> Iterator[Record]:
    """What DNS publishes of a server: the first address of each family. Further ones only send."""
    published: set[str] = set()
    for record in (address_record(name, address) for address in addresses):
        if record[1] not in published:
            published.add(record[1])
            yield record


def reverse_name(address: str) -> str:
    """The name whose PTR record names an address (RFC 1035 3.5, RFC 3596 2.5)."""
    return ip_address(address).reverse_pointer


def relay_address(address: str) -> str:
    """The relay pool's address beside an IPv4 address that mail leaves from (learn: Outbound delivery pools, 40.95.0.0/16)."""
    return ".".join(("40", "95", *address.split(".")[2:]))


@dataclass(frozen=True, slots=True)
class ExchangeOnlineNames:
    """Exchange Online's names (learn: Mail flow best practices for Exchange Online; External DNS records)."""

    suffix: str = "mail.protection.outlook.com"
    spf: str = "spf.protection.outlook.com"
    submission: str = "smtp.office365.com"
    initial: str = "onmicrosoft.com"
    sealer: str = "microsoft.com"  # whose ARC seals the service writes
    arc_selector: str = "arcselector9901"

    def records(self, servers: Sequence[tuple[Server, Node]]) -> Iterator[Record]:
        listed = [f"{_mechanism(ip)}:{ip}" for server, _ in servers for ip in server.addresses]
        yield (self.spf, "TXT", " ".join(["v=spf1", *listed, "-all"]))
        yield (f"{self.arc_selector}._domainkey.{self.sealer}", "TXT", f"{KEY_TOKEN}{self.sealer}")
        for server, node in servers:
            if not server.addresses:
                continue
            for domain in _accepted(node):
                yield from self._domain(domain, server.addresses)
            yield from front_door(self.submission, server.addresses)
            for ip in server.addresses[1:]:
                # inferred: every address that mail leaves from has a name of its own that leads back to it.
                name = f"mail-{ip.replace('.', '-').replace(':', '-')}.outbound.protection.outlook.com"
                yield address_record(name, ip)
                yield (reverse_name(ip), "PTR", name)
            for ip in (relay_address(ip) for ip in server.addresses if ip_address(ip).version == 4):
                name = f"mail-rly-{ip.replace('.', '-')}.outbound.protection.outlook.com"
                yield address_record(name, ip)
                yield (reverse_name(ip), "PTR", name)
            yield from self._keys(list(_accepted(node)), _marked_initial(node))

    def initial_domain(self, accepted: Iterable[str], marked: str = "") -> str:
        """`<tenant>.onmicrosoft.com`: the domain that a tenant began with. Empty where the lab does not have it."""
        own = (name for name in accepted if name.endswith(f".{self.initial}") and name.count(".") == 2)
        return marked or next(own, "")

    def key_label(self, selector: str, domain: str) -> str:
        """The first label of a key's name under the initial domain: `selector1-contoso-com`."""
        return f"{selector}-{domain.replace('.', '-')}"

    def _keys(self, accepted: Sequence[str], marked: str) -> Iterator[Record]:
        # learn: How to use DKIM for email in your custom domain. The CNAMEs that lead here are the customer's to publish.
        initial = self.initial_domain(accepted, marked)
        for domain in accepted if initial else ():
            for selector in ("selector1", "selector2"):
                yield (f"{self.key_label(selector, domain)}._domainkey.{initial}", "TXT", f"{KEY_TOKEN}{domain}")

    def _domain(self, domain: str, addresses: Sequence[str]) -> Iterator[Record]:
        host = self._mx_host(domain)
        yield from front_door(host, addresses)
        if domain.endswith(f".{self.initial}"):
            yield (domain, "MX", f"0 {host}")
            yield (domain, "TXT", f"v=spf1 include:{self.spf} -all")
        tenant = domain.removesuffix(f".{self.initial}")
        if tenant != domain and "." not in tenant:
            routing = f"{tenant}.mail.{self.initial}"  # learn: Hybrid Configuration wizard, the routing domain
            yield (routing, "MX", f"0 {self._mx_host(routing)}")
            yield from front_door(self._mx_host(routing), addresses)

    def _mx_host(self, domain: str) -> str:
        """Dots become dashes; the initial domain goes by the tenant's name alone."""
        tenant = domain.removesuffix(f".{self.initial}")
        label = tenant if tenant != domain and "." not in tenant else domain.replace(".", "-")
        return f"{label}.{self.suffix}"

    def certificate(self, server: Server) -> CertificateSpec:
        # The common name is what hybrid servers are told to expect (learn: Set-SendConnector TlsDomain); the list of
        # alternative names is inferred from the names under which the service is called and calls.
        names = (self.suffix, f"*.{self.suffix}", "outlook.com", "*.outlook.com", "*.outbound.protection.outlook.com",
                 "*.office365.com", server.fqdn)  # fmt: skip
        return CertificateSpec(self.suffix, tuple(dict.fromkeys(names)), at=server.at)


EXCHANGE_ONLINE = ExchangeOnlineNames()


def _mechanism(address: str) -> str:
    return f"ip{ip_address(address).version}"


def _marked_initial(node: Node) -> str:
    """The accepted domain with InitialDomain."""
    accepted = node.get("AcceptedDomains")
    for entry in accepted.entries if accepted else ():
        flag = entry.node.get("InitialDomain")
        try:
            if flag is not None and read_bool(flag):
                return parse_domain(entry.key)
        except ValueError:
            continue  # as below
    return ""


def _accepted(node: Node) -> Iterator[str]:
    accepted = node.get("AcceptedDomains")
    for entry in accepted.entries if accepted else ():
        try:
            yield parse_domain(entry.key)
        except AddressError:
            continue  # the product's settings say what is wrong with it


EXCHANGE_ONLINE_HOSTS = (
    "prod.outlook.com", "outlook.office365.com", "prod.exchangelabs.com", "mail.protection.outlook.com",
    "prod.protection.outlook.com", "outbound.protection.outlook.com",
)  # fmt: skip
"""The domains of the hosts that a message passes within the service (observed: captured headers)."""

"""The lookups of one SPF check: what DNS says about the client and about names, within the limits of RFC 7208 4.6.4.

    10 terms that ask DNS            one more is permerror; a term with %{p} counts twice
    2 lookups that find nothing      no such name, or no record of that type; one more is permerror
    10 MX hosts of a name            more are permerror: the publisher wrote them
    10 names of an address           more are not looked at: the owner of the address wrote them

The first two hold over all the records of a check together, the others for each term. The RFC leaves open whether it
limits terms or lookups that find nothing; here it is lookups, also those for the hosts of mx and the names of ptr.
Nothing counts while an explanation is fetched.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from simulator.policy.asking import Asking
from simulator.policy.rules import rule
from simulator.policy.spf_macro import name_of
from simulator.value import value
from simulator.zone import Answer, Question

__all__ = ["DNS_FAILURE", "LIMITS", "MAPPED", "Lookups", "Met", "no_answer"]

_SUITE = "tests/policy/test_rfc7208_suite.py"
LIMITS = rule(
    "SPF-LIMITS", "More than 10 terms that ask DNS, 2 lookups that find nothing or 10 MX hosts are permerror",
    fidelity="documented", source="RFC 7208 4.6.4", test=_SUITE,
)  # fmt: skip
DNS_FAILURE = rule(
    "SPF-TEMPERROR", "A DNS lookup that fails or is not answered is temperror, except for ptr, %{p} and exp=",
    fidelity="documented", source="RFC 7208 4.4, 5, 5.5, 6.2", test=_SUITE,
)  # fmt: skip
MAPPED = rule(
    "SPF-MAPPED", "An IPv4-mapped IPv6 address is judged as the IPv4 address", fidelity="documented",
    source="RFC 7208 5", test=_SUITE,
)  # fmt: skip

_TERMS, _VOIDS, _HOSTS = 10, 2, 10


@value
class Met:
    """What a term came to: match, no match, temperror or permerror."""

    kind: str
    why: str = ""


class Lookups:
    """The client's address, and what has been asked on its account. `limited` is off for the explanation."""

    def __init__(self, ip: str) -> None:
        self.ip = _client(ip)
        self.family, self.bits = ("A", 32) if self.ip.version == 4 else ("AAAA", 128)
        self.limited = True
        self._terms = self._voids = 0

    def count(self) -> Met | None:
        """Counts a term that asks DNS: the permerror, if it is one too many."""
        if self.limited:
            self._terms += 1
        return Met("permerror", f"more than {_TERMS} terms ask DNS") if self._terms > _TERMS else None

    def ask(self, name: str, type_: str) -> Asking[tuple[str, ...] | Met]:
        """The records; temperror where DNS cannot say, permerror where too many lookups found nothing."""
        answer = yield Question(name, type_)
        if answer.failed:
            return Met("temperror", no_answer(name, type_, answer))
        if self.limited and not answer.records:
            self._voids += 1
        if self._voids > _VOIDS:
            return Met("permerror", f"{name} has no {type_} record, and more than {_VOIDS} lookups found nothing")
        return answer.records

    def exists(self, name: str) -> Asking[Met]:
        """Whether the name has an A record, whatever the client's family (RFC 7208 5.7)."""
        found = yield from self.ask(name, "A")
        if isinstance(found, Met):
            return found
        return Met("match") if found else Met("no match", f"{name} has no A record")

    def addressed(self, name: str, prefix: int) -> Asking[Met]:
        """Whether the client is at, or within the prefix of, an address of this name (5.3)."""
        found = yield from self.ask(name, self.family)
        if isinstance(found, Met):
            return found
        for address in found:
            if self.ip in _around(address, prefix):
                return Met("match", f"{name} is {address}")
        return Met("no match", f"{name} is {', '.join(found)}" if found else f"{name} has no {self.family} record")

    def exchanged(self, domain: str, prefix: int) -> Asking[Met]:
        """The same for the hosts of its MX records; the domain itself is none of them (5.4)."""
        found = yield from self.ask(domain, "MX")
        if isinstance(found, Met):
            return found
        hosts = [host for host in map(_exchanger, found) if host]
        if len(hosts) > _HOSTS:
            return Met("permerror", f"{domain} has {len(hosts)} MX hosts, {_HOSTS} may be looked at")
        for host in hosts:
            met = yield from self.addressed(host, prefix)
            if met.kind != "no match":
                return met
        return Met("no match", f"the MX of {domain} is {', '.join(hosts)}" if hosts else f"{domain} has no MX host")

    def pointed(self, target: str) -> Asking[Met]:
        """Whether a validated name of the client is the target or below it (5.5)."""
        names = yield from self.names()
        if isinstance(names, Met):
            return names
        for name in names:
            if name == target or name.endswith(f".{target}"):
                return Met("match", f"{self.ip} is {name}")
        own = f"{self.ip} is {', '.join(names)}" if names else f"{self.ip} has no name that leads back to it"
        return Met("no match", own)

    def names(self) -> Asking[tuple[str, ...] | Met]:
        """The names of the client that lead back to it. Those that DNS cannot say are left out (5.5)."""
        pointers = yield from self.ask(self.ip.reverse_pointer, "PTR")
        if isinstance(pointers, Met):
            return pointers if pointers.kind == "permerror" else ()
        kept: list[str] = []
        for name in map(name_of, pointers[:_HOSTS]):
            met = yield from self.addressed(name, self.bits)
            if met.kind == "permerror":
                return met
            if met.kind == "match":
                kept.append(name)
        return tuple(kept)


def no_answer(name: str, type_: str, answer: Answer) -> str:
    """The sentence for a lookup that came to nothing."""
    how = "no DNS server answered" if answer.status == "timeout" else "the DNS server failed (SERVFAIL)"
    return f"the {type_} lookup for {name} had no result: {how}"


@lru_cache(1024)
def _client(ip: str) -> IPv4Address | IPv6Address:
    address = ip_address(ip.partition("%")[0])  # a zone id is the receiver's own affair
    return address if isinstance(address, IPv4Address) else address.ipv4_mapped or address


@lru_cache(4096)
def _around(address: str, prefix: int) -> IPv4Network | IPv6Network:
    return ip_network(f"{address}/{prefix}", strict=False)


def _exchanger(data: str) -> str:
    """The host of `10 mx.example.`; nothing for the null MX."""
    return name_of(data.strip().partition(" ")[2].strip())

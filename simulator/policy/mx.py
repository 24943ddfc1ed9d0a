"""Where to connect: the order of targets for a next hop, as a generator that asks DNS.

    MX of the domain          -> by preference; equal ones in drawn order (RFC 5321 5.1)
      no such name            -> permanent                     SERVFAIL, no answer -> temporary
      "." alone               -> permanent, null MX (RFC 7505); "." among others counts for nothing
      none                    -> the domain itself is its MX
      contains the sender     -> the sender and all worse ones are dropped; nothing left: permanent, self-MX
    addresses of each host    -> in the resolver's order, family by family as the sender prefers them
      none anywhere           -> permanent; temporary where one of the answers could not be had

An MX list whose hosts have no usable address does not fall back to the domain's own address (RFC 5321 5.1): the
owner of the domain said where its mail goes. Hosts that are named outright (smart hosts) are tried in the given
order. A host is the sender itself if its name or one of its addresses is among `NextHop.exclude`.

RFC 5321 5.2 leaves open which address family comes first. `NextHop.families` says so (IPv6 first unless told
otherwise, RFC 6724); a sender that has only one family asks only for that one, since it could not connect to the other.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import lru_cache
from ipaddress import ip_address

from simulator.policy.attempt import Target, Unroutable
from simulator.policy.moment import Moment
from simulator.policy.route import NextHop
from simulator.policy.rules import rule
from simulator.value import value
from simulator.zone import Answer, Question

__all__ = ["IMPLICIT_MX", "MX_ORDER", "NULL_MX", "SELF_MX", "families", "resolve"]

_RFC5321 = "RFC 5321 5.1"
MX_ORDER = rule(
    "MX-ORDER", "MX hosts are tried by rising preference, equal ones in random order", fidelity="documented",
    source=_RFC5321, test="tests/policy/test_mx.py",
)  # fmt: skip
IMPLICIT_MX = rule(
    "MX-IMPLICIT", "A domain without MX records is its own MX; one with MX records never is", fidelity="documented",
    source=_RFC5321, test="tests/policy/test_mx.py",
)  # fmt: skip
NULL_MX = rule(
    "MX-NULL", "A domain whose only MX is . takes no mail: no connection, no retry", fidelity="documented",
    source="RFC 7505 3 and 4.1", test="tests/policy/test_mx.py",
)  # fmt: skip
SELF_MX = rule(
    "MX-SELF", "A host that finds itself among the MX drops itself and all worse ones", fidelity="documented",
    source=_RFC5321, test="tests/policy/test_mx.py",
)  # fmt: skip

Asking = Generator[Question, Answer, "tuple[Target, ...] | Unroutable"]


@value
class _Exchanger:
    """A host to look up. `listed` says that it comes from an MX list, where the sender may not go in circles; `secure`
    that the list comes from a signed zone."""

    preference: int
    name: str
    listed: bool
    secure: bool = True


def resolve(to: NextHop, at: Moment) -> Asking:
    """The addresses to try, best first, or why there is none. Yields questions and is sent answers."""
    if not to.domain:
        return (yield from _smart_hosts(to, at))
    if literal := _literal(to.domain):
        return (Target(to.domain, literal),)
    found = yield from _exchangers(to.domain, at)
    if isinstance(found, Unroutable):
        return found
    return (yield from _addresses(to.domain, found, to))


def families(addresses: Iterable[str]) -> tuple[str, ...]:
    """The address records that a host with these addresses can use, in their order."""
    return tuple(dict.fromkeys(map(_family, addresses)))


@lru_cache(1024)
def _family(address: str) -> str:
    return "A" if ip_address(address).version == 4 else "AAAA"


def _smart_hosts(to: NextHop, at: Moment) -> Asking:
    """Hosts named outright, in the given order; those that cannot be found are left out while others can."""
    targets: list[Target] = []
    failures: list[Unroutable] = []
    for host in to.hosts:
        if literal := _literal(host):
            targets.append(Target(host, literal))
            continue
        listed: list[_Exchanger] | Unroutable = [_Exchanger(0, host, listed=False)]
        if to.mx_first:
            listed = yield from _exchangers(host, at)
        found = listed if isinstance(listed, Unroutable) else (yield from _addresses(host, listed, to))
        if isinstance(found, Unroutable):
            failures.append(found)
        else:
            targets.extend(found)
    if targets:
        return tuple(targets)
    if not failures:
        return Unroutable("no-address", "", True, "no host is named to send to")
    return next((f for f in failures if not f.permanent), failures[0])


def _exchangers(domain: str, at: Moment) -> Generator[Question, Answer, list[_Exchanger] | Unroutable]:
    """The MX hosts of a domain in the order in which they are tried."""
    answer = yield Question(domain, "MX")
    if answer.status == "nxdomain":
        return Unroutable("nxdomain", domain, True, f"the domain {domain} does not exist")
    if answer.failed:
        return Unroutable(answer.status, domain, False, _no_answer(domain, "MX", answer), answer.bogus)
    signed = answer.authenticated
    written = sorted(filter(None, (_mx(data, signed) for data in answer.records)), key=lambda mx: mx.preference)
    if not written:
        return [_Exchanger(0, domain, listed=True, secure=signed)]
    usable = [mx for mx in written if mx.name != "."]
    if not usable:
        return Unroutable("null-mx", domain, True, f"{domain} takes no mail (null MX)")
    ordered: list[_Exchanger] = []
    for preference in dict.fromkeys(mx.preference for mx in usable):
        ordered += _shuffled([mx for mx in usable if mx.preference == preference], f"mx {domain}", at)
    return ordered


def _addresses(asked: str, hosts: list[_Exchanger], to: NextHop) -> Asking:
    """The addresses of the hosts in their order, cut where the sender itself stands."""
    own = frozenset(name.lower().removesuffix(".") for name in to.exclude)
    targets: list[Target] = []
    unsure: Answer | None = None
    nowhere: list[str] = []
    for host in hosts:
        if host.listed and host.name in own:
            return _cut(asked, host, targets, unsure)
        exists = False
        for family in to.families:
            answer = yield Question(host.name, family)
            exists = exists or answer.status != "nxdomain"
            if answer.failed:
                unsure = answer
            if host.listed and own.intersection(answer.records):
                return _cut(asked, host, targets, unsure)
            secure = host.secure and answer.authenticated
            targets += (Target(host.name, address, host.preference, asked, secure) for address in answer.records)
            if answer.status == "nxdomain":
                break  # the name is not there at all, RFC 8020
        if not exists:
            nowhere.append(host.name)
    if targets:
        return tuple(targets)
    if unsure:
        return Unroutable(unsure.status, asked, False, _no_answer(asked, "address", unsure), unsure.bogus)
    if nowhere == [asked]:
        return Unroutable("nxdomain", asked, True, f"the host name {asked} does not exist")
    return Unroutable("no-address", asked, True, _without_address(asked, hosts, to.families))


def _cut(asked: str, own: _Exchanger, targets: list[Target], unsure: Answer | None) -> tuple[Target, ...] | Unroutable:
    better = tuple(t for t in targets if t.preference < own.preference)
    if unsure and not better:
        return Unroutable(unsure.status, asked, False, _no_answer(asked, "address", unsure), unsure.bogus)
    return better or Unroutable(
        "self-mx", asked, True, f"the best MX of {asked} is {own.name}, the sending host itself"
    )


def _mx(data: str, secure: bool) -> _Exchanger | None:
    """From `10 mx.customer.example`; None for data that is no MX record."""
    preference, _, name = data.strip().partition(" ")
    name = name.strip().lower()
    if not preference.isdecimal() or not name:
        return None
    return _Exchanger(int(preference), name if name == "." else name.removesuffix("."), True, secure)


def _shuffled(group: list[_Exchanger], label: str, at: Moment) -> list[_Exchanger]:
    # RFC 5321 5.1: hosts of equal preference MUST be tried in random order, to spread the load.
    left, drawn = list(group), []
    while len(left) > 1:
        drawn.append(left.pop(at.draw(label, len(left))))
    return drawn + left


@lru_cache(256)
def _literal(host: str) -> str:
    """The IP address that a host is given as (RFC 5321 4.1.3 in brackets, or bare); empty for a name."""
    bare = host.removeprefix("[").removesuffix("]").lower().removeprefix("ipv6:")
    try:
        return str(ip_address(bare))
    except ValueError:
        return ""


def _no_answer(name: str, what: str, answer: Answer) -> str:
    if answer.bogus:
        return f"the {what} lookup for {name} had no result: its DNSSEC signatures are wrong"
    how = "no DNS server answered" if answer.status == "timeout" else "the DNS server failed (SERVFAIL)"
    return f"the {what} lookup for {name} had no result: {how}"


def _without_address(asked: str, hosts: list[_Exchanger], families: tuple[str, ...]) -> str:
    names = ", ".join(h.name for h in hosts)
    kinds = " or ".join(families)
    if names == asked:
        return f"{asked} has no {kinds} record"
    if literal := next((h.name for h in hosts if _literal(h.name)), ""):
        # RFC 5321 5.1: the data of an MX record is a host name.
        return f"the MX of {asked} is {literal}, but an MX record must name a host, not an address"
    return f"the MX hosts of {asked} ({names}) have no {kinds} record"

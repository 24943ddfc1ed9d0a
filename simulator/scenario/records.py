"""`dns:` of a lab: what is written, checked record by record.

    contoso.com: {MX: [0 contoso-com.mail.protection.outlook.com], TXT: "v=spf1 -all"}

A written name and type replaces what follows from `fqdn`, `ip` and the services; an empty list leaves nothing. A CNAME
takes the place of everything at its name (RFC 1034 3.6.2). Addresses may be a server's name, reverse names an address.
TLSA data may name who holds the certificate, since a lab's certificates are made when it runs:

    _25._tcp.mx.customer.example: {TLSA: [3 1 1 cert:internet]}            the certificate that the server internet shows
    _25._tcp.mx.customer.example: {TLSA: [2 1 1 cert:lab-public-ca]}       the authority behind it

Zone-file text has become such a mapping before it comes here (`simulator.scenario.zonefile`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from simulator.mail.address import AddressError, parse_domain
from simulator.scenario.errors import near_miss
from simulator.scenario.zone_words import read_dnssec, read_mta_sts, read_ttl
from simulator.source import Entry, Node, ProblemList
from simulator.zone import TYPES

__all__ = ["RECORD_FORMS", "Records", "host_name", "owner_name", "read_records", "unquoted"]

Records = dict[tuple[str, str], tuple[str, ...]]
RECORD_FORMS: Mapping[str, str] = {
    "A": "203.0.113.25",
    "AAAA": "2001:db8::25",
    "CNAME": "mail.contoso.com",
    "MX": "10 mail.contoso.com",
    "NS": "ns1.contoso.com",
    "PTR": "mail.contoso.com",
    "SRV": "0 0 443 mail.contoso.com",
    "TLSA": "3 1 1 0123abcd...",
    "TXT": "v=spf1 -all",
}
"""How the data of each type is written."""
_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class _Scope:
    """What record data may refer to."""

    servers: Mapping[str, tuple[str, ...]]  # addresses by folded name
    problems: ProblemList
    holders: Mapping[str, str]  # by folded name of a server: whose certificate it shows


def owner_name(text: str) -> str:
    """The name that records stand under: a domain, `*.domain`, or an address for its reverse name.

    Raises `AddressError`.
    """
    name = text.strip()
    try:
        return ip_address(name).reverse_pointer
    except ValueError:
        return f"*.{parse_domain(name[2:])}" if name.startswith("*.") else parse_domain(name)


def host_name(text: str) -> str:
    """A name in record data, without final dot. Raises `AddressError`."""
    return parse_domain(text)


def unquoted(text: str) -> str:
    """TXT data: strings in quotes are joined as a resolver joins them; anything else is taken as it is."""
    strings = _STRINGS.findall(text)
    if not strings or _STRINGS.sub("", text).strip():
        return text.strip()
    return re.sub(r"\\(.)", r"\1", "".join(strings))


def read_records(
    dns: Node | None, problems: ProblemList, servers: Mapping[str, tuple[str, ...]],
    holders: Mapping[str, str] | None = None,
) -> tuple[Records, dict[str, str]]:  # fmt: skip
    """The written records by name and type, and which zones are signed.

    `servers` maps the lab's server names to their addresses, `holders` to the server whose certificate they show, which
    is another one where two have the same.
    """
    own = {name.casefold(): holder for name, holder in (holders or {name: name for name in servers}).items()}
    scope = _Scope({name.casefold(): addresses for name, addresses in servers.items()}, problems, own)
    found: Records = {}
    policies: Records = {}
    signed: dict[str, str] = {}
    if dns is not None and not dns.is_map and not dns.is_null:
        problems.error(dns.at, "dns is a map of names.", "Write  contoso.com: {MX: [10 mail.contoso.com]}")
    for entry in dns.entries if dns else ():
        try:
            owner = owner_name(entry.key)
        except AddressError as bad:
            problems.error(entry.key_at, f"dns: {bad}.")
            continue
        if not entry.node.is_map:
            fix = "Write  {MX: [10 mail.contoso.com]}, or a block of zone-file text after |"
            problems.error(entry.node.at, f"dns: {entry.key} is a map of record types.", fix)
        sets = {s.key.upper(): s for s in entry.node.entries}
        for kind, record_set in sets.items():
            if kind == "TTL":
                read_ttl(record_set.node, problems)
            elif kind == "DNSSEC":
                signed[owner] = read_dnssec(record_set, problems)
            elif kind == "MTA-STS":
                policies.update(read_mta_sts(owner, record_set, problems))
            else:
                _read_set(owner, kind, record_set, found, scope)
        if "CNAME" in sets and len(sets.keys() - {"DNSSEC", "TTL"}) > 1:
            at = sets["CNAME"].key_at
            problems.error(
                at, f"dns: {entry.key} has a CNAME beside other records.", "A name with a CNAME has nothing else."
            )
    return {**policies, **found}, signed


def _read_set(owner: str, kind: str, entry: Entry, found: Records, scope: _Scope) -> None:
    if kind not in TYPES:
        scope.problems.error(
            entry.key_at,
            f"unknown record type {entry.key}.",
            near_miss(entry.key, (*TYPES, "DNSSEC", "MTA-STS", "TTL")).strip(),
        )
        return
    data = list(found.get((owner, kind), ()))
    for item in entry.node.items:
        read = _READERS.get(kind)
        if not item.is_scalar:
            scope.problems.error(item.at, f"{kind}: one value is expected.", f"Write {RECORD_FORMS[kind]}")
        elif made := read(item.text.strip(), item, scope) if read else unquoted(item.text):
            data.append(made)
    found[owner, kind] = tuple(dict.fromkeys(data))


def _address(text: str, node: Node, scope: _Scope, kind: type[IPv4Address] | type[IPv6Address], name: str) -> str:
    own = [a for a in scope.servers.get(text.casefold(), ()) if isinstance(ip_address(a), kind)]
    if own:
        return own[0]
    try:
        return str(kind(text))
    except ValueError:
        wanted = f"{'IPv4' if kind is IPv4Address else 'IPv6'} address"
        fix = f"Write {RECORD_FORMS[name]} or a server's name."
        scope.problems.error(node.at, f"{name}: {text!r} is not an {wanted}.", fix)
        return ""


def _host(text: str, node: Node, scope: _Scope, name: str) -> str:
    try:
        return host_name(text)
    except AddressError:
        scope.problems.error(node.at, f"{name}: {text!r} is not a host name.", f"Write {RECORD_FORMS[name]}")
        return ""


def _mx(text: str, node: Node, scope: _Scope) -> str:
    preference, _, host = text.partition(" ")
    if not host.strip() and not preference.isdecimal():
        scope.problems.error(node.at, f"MX: {text!r} lacks a preference.", f'Write "10 {text}".')
        return ""
    if not preference.isdecimal() or int(preference) > 65535:
        scope.problems.error(
            node.at, f"MX: {preference!r} is not a preference from 0 to 65535.", "Write 10 mail.contoso.com"
        )
        return ""
    if host.strip() == ".":  # RFC 7505: this domain takes no mail
        return f"{int(preference)} ."
    name = _host(host.strip(), node, scope, "MX")
    if name and re.fullmatch(r"[\d.]+", name):
        scope.problems.warn(
            node.at, f"MX: {name} is an address; MX names a host, so senders find nothing (RFC 5321 5.1)"
        )
    return f"{int(preference)} {name}" if name else ""


def _srv(text: str, node: Node, scope: _Scope) -> str:
    numbers, host = text.split()[:3], " ".join(text.split()[3:])
    if len(numbers) < 3 or not all(n.isdecimal() for n in numbers):
        scope.problems.error(
            node.at, f"SRV: {text!r} is not priority, weight, port and host.", f"Write {RECORD_FORMS['SRV']}"
        )
        return ""
    name = _host(host, node, scope, "SRV")
    return " ".join([*numbers, name]) if name else ""


def _tlsa(text: str, node: Node, scope: _Scope) -> str:
    fields = text.split()
    if len(fields) == 4 and fields[3].casefold().startswith("cert:") and all(f.isdecimal() for f in fields[:3]):
        return f"{' '.join(fields[:3])} {_held(fields[0], fields[3][5:], node, scope)}"
    if (
        len(fields) < 4
        or not all(f.isdecimal() for f in fields[:3])
        or not re.fullmatch(r"[0-9a-fA-F]+", "".join(fields[3:]))
    ):
        says = f"TLSA: {text!r} is not usage, selector, matching type and hexadecimal data."
        scope.problems.error(node.at, says, f"Write {RECORD_FORMS['TLSA']}")
        return ""
    return f"{' '.join(fields[:3])} {''.join(fields[3:]).lower()}"


def _held(usage: str, name: str, node: Node, scope: _Scope) -> str:
    """`cert:NAME`: of a server, or where the usage is that of a trust anchor (RFC 7218 2.1) of an authority."""
    if usage in ("0", "2"):
        return f"cert:{name}"
    holder = scope.holders.get(name.casefold())
    if holder is None:
        says = f"TLSA: cert:{name} names no server of the lab."
        scope.problems.error(node.at, says, near_miss(name, scope.holders.values()).strip())
    return f"cert:{holder or name}"


_READERS: Mapping[str, Callable[[str, Node, _Scope], str]] = {
    "A": lambda text, node, scope: _address(text, node, scope, IPv4Address, "A"),
    "AAAA": lambda text, node, scope: _address(text, node, scope, IPv6Address, "AAAA"),
    "CNAME": lambda text, node, scope: _host(text, node, scope, "CNAME"),
    "MX": _mx,
    "NS": lambda text, node, scope: _host(text, node, scope, "NS"),
    "PTR": lambda text, node, scope: _host(text, node, scope, "PTR"),
    "SRV": _srv,
    "TLSA": _tlsa,
}

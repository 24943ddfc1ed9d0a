"""A lab file's tree becomes a `Lab`: people, servers with their hosts, DNS and certificates.

The order is that in which things depend on each other:

    servers (is, fqdn, ip, cert)  ->  people (address at server)  ->  hosts (the product's own settings)  ->  dns

Everything that is wrong is reported at once, each with its place; a lab with an error is no lab. What the products
check is theirs: this file takes the simulator's lower-case words out of a server and hands the rest on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.mail.address import AddressError, parse_domain
from simulator.policy.host import Host
from simulator.policy.settings import read_bool
from simulator.products.registry import PRODUCTS, Product
from simulator.products.service_names import front_door, reverse_name
from simulator.scenario.certificate import read_certificate, read_certificates
from simulator.scenario.errors import near_miss
from simulator.scenario.faults import read_faults
from simulator.scenario.people import Places, check_name, read_people
from simulator.scenario.records import read_records
from simulator.scenario.schema import LAB_WORDS, SERVER_WORDS
from simulator.scenario.values import duration, ip
from simulator.scenario.zonefile import dns_as_map
from simulator.source import Entry, Node, ProblemList, Source
from simulator.topology import HOP_LATENCY, CertificateSpec, Lab, Person, Server, holder
from simulator.zone import Zone

__all__ = ["START", "build_lab"]

START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
"""When a lab begins unless its caller says otherwise; certificates count their days from here."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A server of the file: what is common to all, what the product is, and the settings that are the product's."""

    server: Server
    product: Product
    settings: Any
    node: Node
    down: bool


def build_lab(tree: Node, problems: ProblemList, start: datetime = START, *, file: str) -> Lab | None:
    """The lab that a tree describes; None when anything is wrong with it. `file` is its name for messages."""
    own = ProblemList()  # `problems` may know the same faults already, and tells each only once
    lab = _build(tree, own, start, file)
    problems.take(own.items)
    return lab if not own.errors else None


def _build(tree: Node, problems: ProblemList, start: datetime, file: str) -> Lab | None:
    top = tree.at or Source(file, 1, 1)
    if not tree.is_map:
        problems.error(top, "a lab is a mapping with people, servers and dns.")
        return None
    tree = dns_as_map(tree, problems)
    _check_words(tree, top, problems)
    found = list(_servers(tree.get("servers"), top, problems, start))
    _shared_addresses(found, problems)
    places = Places([entry.key for entry in _entries(tree, "servers")], {f.server.name: f.product for f in found}, file)
    people = {person.name: person for person in read_people(tree.get("people"), places, problems)}
    for one in found:
        if check := getattr(one.settings, "check_people", None):  # settings that name people of the lab
            check(people.values(), problems)
    zone = _zone(tree.get("dns"), found, problems)
    faults = read_faults(tree.get("faults"), {f.server.name: f.server for f in found}, people.values(), problems)
    if problems.errors:
        return None
    name = tree.get("name")
    return Lab(
        name.text.strip() if name else file.rpartition("/")[2].rpartition(".")[0] or "lab",
        people,
        {f.server.name: f.server for f in found},
        _hosts(found, list(people.values())),
        zone,
        file,
        frozenset(f.server.name for f in found if f.down),
        faults,
        reuses_connections=_is_on(tree.get("reuse connections"), "reuse connections", problems, left_out=True),
        hop_latency=_latency(tree.get("hop latency"), problems),
    )


def _entries(tree: Node, key: str) -> tuple[Entry, ...]:
    node = tree.get(key)
    return node.entries if node else ()


def _check_words(tree: Node, top: Source, problems: ProblemList) -> None:
    for entry in tree.entries:
        if entry.key.casefold() not in LAB_WORDS:
            problems.error(entry.key_at, f"unknown key {entry.key} in a lab.", near_miss(entry.key, LAB_WORDS).strip())
    version = tree.get("mailflow")
    if version is None:
        problems.error(top, "a lab begins with its version.", "Write  mailflow: 1")
    elif version.text.strip() != "1":
        problems.error(
            version.at, f"mailflow: {version.text or 'this'} is not a version that this program reads.", "Write 1."
        )


# Servers


def _servers(node: Node | None, top: Source, problems: ProblemList, start: datetime) -> Iterator[_Found]:
    if node is None or not node.entries:
        problems.error(
            node.at if node else top, "a lab has servers.", "Write  servers: {NAME: {is: ..., fqdn: ..., ip: ...}}"
        )
        return
    for entry in node.entries:
        made = _server(entry, [e.key for e in node.entries if e is not entry], problems, start)
        if made:
            yield made


def _server(entry: Entry, others: Sequence[str], problems: ProblemList, start: datetime) -> _Found | None:
    node, name = entry.node, entry.key
    check_name(entry, "server", problems)
    if not node.is_map:
        problems.error(node.at, f"server {name} is a mapping of settings.", "Write  {is: ..., fqdn: ..., ip: ...}")
        return None
    product = _product(entry, others, problems)
    if product is None and (node.get("is") is None or _kind(node) in PRODUCTS):
        return None  # without a kind, or with one that is not built, there is nothing to hold the rest against
    addresses = _addresses(entry, problems)
    fqdn = _fqdn(entry, problems, product)
    named = read_certificates(node.get("certs"), problems, fqdn=fqdn, start=start)
    written = node.get("cert")
    certificate: CertificateSpec | None = next(iter(named.values()), None)
    if written is not None:
        certificate = read_certificate(written, problems, fqdn=fqdn, start=start, named=named)
    if product is None:
        return None
    server = Server(name, product.kind, fqdn, addresses, certificate, entry.key_at)
    if certificate is None and product.names and (written is None or written.is_null):
        server = Server(name, product.kind, fqdn, addresses, product.names.certificate(server), entry.key_at)
    settings = _settings(entry, product, problems)
    server = replace(
        server,
        certificates=tuple(named.values()),
        ports=_ports(node.get("ports"), problems),
        runs_at=getattr(settings, "runs_at", None),
    )
    return _Found(server, product, settings, node, _is_on(node.get("stopped"), "stopped", problems, left_out=False))


def _product(entry: Entry, others: Sequence[str], problems: ProblemList) -> Product | None:
    kind = entry.node.get("is")
    if kind is None:
        meant = near_miss(entry.key, others).strip()  # a patch of a server that is not there looks like this
        fix = meant if meant.startswith("Did") else f"Write  is: {' or '.join(_playable())}"
        problems.error(entry.key_at, f"server {entry.key} lacks is.", fix)
        return None
    product = PRODUCTS.get(_kind(entry.node))
    if product is None:
        says = (
            f"is: {kind.text!r} is not a kind of server." if kind.is_scalar else "is: one kind of server is expected."
        )
        problems.error(kind.at, says, near_miss(kind.text, PRODUCTS).strip())
        return None
    if not product.is_built:
        problems.error(
            kind.at, f"is: {product.kind} is not built yet in this version.", f"Use {', '.join(_playable())}."
        )
        return None
    return product


def _kind(server: Node) -> str:
    kind = server.get("is")
    return kind.text.strip().casefold() if kind else ""


def _playable() -> list[str]:
    return [product.kind for product in PRODUCTS.values() if product.is_built]


def _fqdn(entry: Entry, problems: ProblemList, product: Product | None) -> str:
    node = entry.node.get("fqdn")
    if product and product.sends_only and (node is None or node.is_null):
        return re.sub(r"[^a-z0-9]+", "-", entry.key.casefold()).strip("-") + ".device.invalid"
    if node is None or node.is_null:
        problems.error(entry.key_at, f"server {entry.key} lacks fqdn.", "Write  fqdn: mail.contoso.com")
        return "unknown.invalid"
    try:
        return parse_domain(node.text)
    except AddressError as bad:
        problems.error(node.at, f"fqdn: {bad}.")
        return "unknown.invalid"


def _addresses(entry: Entry, problems: ProblemList) -> tuple[str, ...]:
    node = entry.node.get("ip")
    if node is None or not node.items:
        problems.error(node.at if node else entry.key_at, f"server {entry.key} lacks ip.", "Write  ip: 203.0.113.25")
        return ()
    found: list[str] = []
    for item in node.items:
        try:
            found.append(ip(item.text))
        except ValueError as bad:
            problems.error(item.at, f"ip: {bad}.", "Write an address such as 203.0.113.25 or 2001:db8::25.")
    return tuple(dict.fromkeys(found))


def _ports(node: Node | None, problems: ProblemList) -> tuple[tuple[int, int], ...]:
    """`{25: 2525}`: the port of the lab, and the real one."""
    found: list[tuple[int, int]] = []
    if node is not None and not node.is_map and not node.is_null:
        problems.error(node.at, "ports is a map.", "Write  ports: {25: 2525}")
    for entry in node.entries if node else ():
        numbers = [text.strip() for text in (entry.key, entry.node.text)]
        if all(n.isascii() and n.isdecimal() and 0 < int(n) < 65536 for n in numbers):
            found.append((int(numbers[0]), int(numbers[1])))
        else:
            problems.error(
                entry.node.at or entry.key_at, "ports: two port numbers are expected.", "Write  ports: {25: 2525}"
            )
    return tuple(found)


def _latency(node: Node | None, problems: ProblemList) -> timedelta:
    if node is None:
        return HOP_LATENCY
    try:
        return duration(node.text)
    except ValueError as bad:
        problems.error(node.at, f"hop latency: {bad}.", "Write 0.1s or 2s.")
        return HOP_LATENCY


def _is_on(node: Node | None, word: str, problems: ProblemList, *, left_out: bool) -> bool:
    if node is None:
        return left_out
    try:
        return read_bool(node)
    except ValueError as bad:
        problems.error(node.at, f"{word}: {bad}.", "Write true or false.")
        return left_out


def _settings(entry: Entry, product: Product, problems: ProblemList) -> Any:
    """The product's own part. Unknown names are reported here, where the simulator's words are known too."""
    cls, own = product.settings, entry.node
    known = {(field.label or key).casefold(): field.label or key for key, field in cls.__fields__.items()}
    for setting in entry.node.entries:
        key = setting.key.casefold()
        if key in known:
            continue
        own = own.without(setting.key)
        if key not in SERVER_WORDS:
            miss = near_miss(setting.key, [*known.values(), *SERVER_WORDS]).strip()
            problems.error(setting.key_at, f"unknown setting {setting.key} in {cls.noun or product.title}.", miss)
    return cls.read(own, problems, name=entry.key, at=entry.key_at)


def _shared_addresses(found: Sequence[_Found], problems: ProblemList) -> None:
    """An address belongs to one server: who connects to it, or from it, must be known."""
    owners: dict[str, _Found] = {}
    for one in found:
        for address, at in _places(one) if not one.product.sends_only else ():
            other = owners.setdefault(address, one)
            if other is not one:
                where = next(place for a, place in _places(other) if a == address)
                says = f"{one.server.name} and {other.server.name} have one address, {address} (first at {where})."
                problems.error(at, says, "Give each server its own.")


def _places(one: _Found) -> Iterator[tuple[str, Source]]:
    node = one.node.get("ip")
    for item in node.items if node else ():
        try:
            yield ip(item.text), item.at
        except ValueError:
            continue


# Hosts and DNS


def _hosts(found: Sequence[_Found], people: Sequence[Person]) -> dict[str, Host]:
    made: dict[str, Host] = {}
    for kind in dict.fromkeys(f.product.kind for f in found):
        same = [(f.server, f.settings) for f in found if f.product.kind == kind]
        made.update({host.name: host for host in PRODUCTS[kind].build(same, people)})
    return {f.server.name: made[f.server.name] for f in found}


def _zone(dns: Node | None, found: Sequence[_Found], problems: ProblemList) -> Zone:
    """The written records, and beside them those that follow."""
    addresses = {f.server.name: f.server.addresses for f in found}
    held = {f.server.name: holder([f.server for f in found], f.server) for f in found}
    records, signed = read_records(dns, problems, addresses, held)
    aliases = {name for name, kind in records if kind == "CNAME" and records[name, kind]}
    following = Zone.of(r for r in _following(found) if r[0] not in aliases)
    both = {**following.records, **records}
    return Zone({key: data for key, data in both.items() if data}, signed=signed)


def _following(found: Sequence[_Found]) -> Iterable[tuple[str, str, str]]:
    """What follows from fqdn and ip, and the names that belong to a service."""
    fqdns: set[str] = set()
    for one in found:
        server = one.server
        if one.product.sends_only:
            continue
        if server.addresses and server.fqdn not in fqdns:
            yield from front_door(server.fqdn, server.addresses)
            fqdns.add(server.fqdn)
        for number, address in enumerate(server.addresses):
            if number == 0 or one.product.names is None:
                yield (reverse_name(address), "PTR", server.fqdn)
    for product in dict.fromkeys(f.product for f in found):
        if product.names:
            theirs = [(f.server, f.node) for f in found if f.product is product]
            yield from (r for r in product.names.records(theirs) if r[0] not in fqdns or r[1] not in ("A", "AAAA"))

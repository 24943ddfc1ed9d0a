"""DNS records that are followed, and should not stand there: what RFC 5321 and 7208 forbid or make useless, and no mail shows at once."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from simulator.check.ground import LabGround
from simulator.findings import Finding, kind
from simulator.policy.spf_record import RecordError, Term, is_spf, parse_record
from simulator.source import Source

__all__ = ["mx_names", "spf_terms"]

_TEST = "tests/check/test_records.py"
TERMS = kind(
    "MF048", "warning", "an SPF term that permits everybody, or nobody",
    about="With +all every address of the world may send as the domain. An address of a private network never reaches another "
    "organisation, so a term that lists one matches nothing there; the server leaves with a public address.",
    fix="End the record with -all or ~all, and list public addresses.",
    test=_TEST,
)  # fmt: skip
NAMES = kind(
    "MF049", "warning", "an MX that is an alias, or a null MX beside others",
    about="The data of an MX record is a host's own name, not one with a CNAME (RFC 5321 5.1): some senders do not follow it. A null MX "
    '(".") says that a domain takes no mail, and says nothing beside other MX records (RFC 7505 3).',
    fix="Name the host that the alias stands for; take the null MX out, or the others.",
    test=_TEST,
)  # fmt: skip

_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
"""RFC 1918, 1122, 3927, 4193, 4291. Addresses for documentation are public ones in a lab."""


def spf_terms(ground: LabGround) -> Iterator[Finding]:
    """MF048."""
    for domain, known_at in ground.domains.items():
        for text in ground.lab.zone.lookup(domain, "TXT").records:
            if not is_spf(text):
                continue
            record = parse_record(text)
            if isinstance(record, RecordError):
                continue  # MF046
            for term in record.terms:
                if why := _useless(term):
                    yield Finding(
                        TERMS, _place(ground, domain, "TXT", known_at), f"SPF of {domain}: {term.text} {why}", TERMS.fix
                    )


def _useless(term: Term) -> str:
    if term.name == "all" and term.result == "pass":
        return "permits every address of the world"
    if term.network is not None and term.result == "pass" and _is_private(term.network):
        return "is in a private network, which no other organisation ever sees"
    return ""


def _is_private(net: IPv4Network | IPv6Network) -> bool:
    first, last = int(net.network_address), int(net.broadcast_address)
    return any(
        net.version == p.version and int(p.network_address) <= first and last <= int(p.broadcast_address) for p in _PRIVATE
    )  # fmt: skip


def mx_names(ground: LabGround) -> Iterator[Finding]:
    """MF049."""
    for domain, known_at in ground.domains.items():
        listed = [record.partition(" ")[2].strip() for record in ground.lab.zone.lookup(domain, "MX").records]
        at = _place(ground, domain, "MX", known_at)
        if "." in listed and len(listed) > 1:
            yield Finding(
                NAMES, at, f"{domain} has a null MX beside {', '.join(n for n in listed if n != '.')}", NAMES.fix
            )
        for name in listed:
            if target := ground.lab.zone.records.get((name.lower().removesuffix("."), "CNAME")):
                yield Finding(NAMES, at, f"the MX {name} of {domain} is an alias of {target[0]}", NAMES.fix)


def _place(ground: LabGround, domain: str, type: str, otherwise: Source) -> Source:
    node = ground.node("dns", domain, type)
    return node.at if node else otherwise

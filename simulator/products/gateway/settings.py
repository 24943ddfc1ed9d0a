"""What a lab file says of a gateway. The words are the simulator's own, in lower case, since vendors agree on none.

routes:          {contoso.com: contoso-com.mail.protection.outlook.com, "*": MX}     where mail goes on, by domain
relays for:      [40.92.10.1, 40.92.0.0/16]                                          who may send out over it
sender domains:  [contoso.com]                                                       ... and as whom
recipients:      [bob@contoso.com, "@sales.contoso.com"]                             whom it knows; left out: anybody
stamps:          {X-Scanned-By: gateway}                                             fields that it writes
retry after:     10m                                                                 everybody comes back later
never waits:     [40.92.0.0/16]                                                      ... but these
seals as:        filter.example                                                      what it found out goes on, sealed (ARC)
holds, refuses:  {invoice scam: [urgent payment]}                                    words that it finds
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from simulator.mail.address import Address, parse_domain
from simulator.policy.amounts import span_of
from simulator.policy.settings import BadValue, Settings, choice, custom, flag, number, read_bool, section, text, texts
from simulator.source import Node, ProblemList

__all__ = ["MX", "GatewaySettings", "Knobs", "Route"]

MX = "MX"
Route = str
"""`MX`, or a host name or address that is looked up as an address only."""

Network = IPv4Network | IPv6Network


def _host(written: str) -> str:
    if written.upper() == MX:
        return MX
    try:
        return str(ip_address(written.removeprefix("[").removesuffix("]")))
    except ValueError:
        return parse_domain(written)


def _network(written: str) -> Network:
    try:
        return ip_network(written, strict=False)
    except ValueError:
        raise BadValue(
            f"{written!r} is neither an address nor a network", "Write 40.92.10.1 or 40.92.0.0/16."
        ) from None


def _routes(node: Node) -> Mapping[str, Route]:
    found: dict[str, Route] = {}
    if not node.is_map:
        raise BadValue("routes are a map by domain", 'Write {contoso.com: mail.contoso.com, "*": MX}.')
    for entry in node.entries:
        domain = entry.key.strip()
        found["*" if domain == "*" else parse_domain(domain)] = _host(entry.node.text.strip())
    return found


def _words(node: Node) -> Mapping[str, tuple[str, ...]]:
    if not node.is_map:
        raise BadValue("a map of names, each with its words, is expected", "Write {scam: [urgent payment]}.")
    return {entry.key.strip(): tuple(item.text.strip() for item in entry.node.items) for entry in node.entries}


def _fields(node: Node) -> Mapping[str, str]:
    if not node.is_map:
        raise BadValue("a map of header fields is expected", "Write {X-Scanned-By: gateway}.")
    for entry in node.entries:
        if not entry.key.isascii() or not entry.key.isprintable() or any(c in entry.key for c in ": "):
            raise BadValue(f"{entry.key!r} is no name of a header field")
    return {entry.key.strip(): entry.node.text.strip() for entry in node.entries}


def _recipient(written: str) -> Address | str:
    """An address, or `@domain` for everybody there."""
    return parse_domain(written[1:]) if written.startswith("@") else Address.parse(written)


_TLS = ("none", "opportunistic", "required", "trusted", "verified")


def _tls(node: Node) -> str:
    """A level, or true and false as a device has it; vendors say mandatory for required."""
    word = node.text.strip().casefold() if node.is_scalar else ""
    if word == "mandatory":
        return "required"
    if word in _TLS:
        return word
    try:
        return "opportunistic" if read_bool(node) else "none"
    except BadValue:
        fix = f"Use {', '.join(_TLS)}, true (where it is offered), false, or leave it out."
        raise BadValue(f"{word or 'this'!r} is not known here", fix) from None


class Knobs(Settings):
    """What differs from vendor to vendor."""

    noun = "the knobs of a gateway"

    max_hops: int = number("mail with more Received fields is refused", 100, low=1)
    expires_days: int = number("days after which mail is returned", 4, low=1, high=365)
    present_client_certificate: bool = flag(True, "its certificate is shown to servers that ask for one")
    size_limit: int = number("octets that it takes, as SIZE says; 0 for no limit", 52428800)

    @property
    def expires(self) -> timedelta:
        return timedelta(days=self.expires_days)


class GatewaySettings(Settings):
    """What stands under a server that `is: gateway`."""

    noun = "a gateway"

    routes: Mapping[str, Route] = custom(
        _routes, {}, "where mail goes on: a host by domain, MX for the recipient's MX; * for all other domains",
        {"type": "object"},
    )  # fmt: skip
    relays_for: tuple[Network, ...] = texts("addresses that may send out over it", read=_network, label="relays for")
    sender_domains: tuple[str, ...] = texts(
        "the domains that may be sent from over it; left out: any, which lets in every tenant behind those addresses",
        read=parse_domain, label="sender domains",
    )  # fmt: skip
    recipients: tuple[Address | str, ...] = texts(
        "whom it takes mail for in its own domains: addresses, or @domain; left out: anybody", read=_recipient
    )
    verifies: str = choice(
        "how it knows recipients: by the list, or by asking the host behind it during RCPT (callout)", "list", "callout",
        default="list",
    )  # fmt: skip
    tls: str = custom(
        _tls, "opportunistic", "towards the hosts of `routes`: none, where it is offered, required, required from a "
        "trusted authority, or for the host's name too; true and false: where it is offered, none",
        {"enum": [*_TLS, "mandatory", True, False]}, label="TLS",
    )  # fmt: skip
    stamps: Mapping[str, str] = custom(_fields, {}, "header fields that it writes on what comes in", {"type": "object"})
    subject_tag: str = text("words that it puts before the subject of what comes in", label="subject tag")
    retry_after: timedelta = custom(
        span_of("minutes"), timedelta(0), "everybody is told to come back later, until this time has passed",
        label="retry after",
    )  # fmt: skip
    never_waits: tuple[Network, ...] = texts(
        "addresses that need not come back later", read=_network, label="never waits"
    )
    seals_as: str = text(
        "the domain as which it seals what comes in (ARC); its key stands at arc._domainkey.DOMAIN, as dkim-key:DOMAIN",
        read=parse_domain, label="seals as",
    )  # fmt: skip
    holds: Mapping[str, tuple[str, ...]] = custom(
        _words, {}, "words in the subject or the text for which it keeps a message back, by the name of the finding",
        {"type": "object"},
    )  # fmt: skip
    refuses: Mapping[str, tuple[str, ...]] = custom(
        _words, {}, "words for which it refuses a message, by the name of the finding", {"type": "object"}
    )
    knobs: Knobs = section(Knobs, "what differs from vendor to vendor", label="knobs")

    @property
    def domains(self) -> frozenset[str]:
        """The domains that it takes mail for."""
        return frozenset(domain for domain in self.routes if domain != "*")

    def check(self, problems: ProblemList) -> None:
        if not self.domains and (self.routes or not self.written("routes")):
            says = f"{self.name} has no route for a domain, so it takes mail for nobody"
            problems.warn(self.at("routes"), says, "Write  routes: {contoso.com: HOST}")
        if self.relays_for and not self.sender_domains:
            says = (
                "relays for without sender domains: whoever is behind those addresses may send as anybody, every other "
                "tenant of the service among them"
            )
            problems.warn(self.at("relays_for"), says, "Add  sender domains: [contoso.com]")

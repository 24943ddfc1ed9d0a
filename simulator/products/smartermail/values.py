"""Values as the admin page takes them: gateways, periods, switches with three positions, targets of aliases."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from simulator.mail.address import parse_domain
from simulator.policy.ranges import IpRange, read_range
from simulator.policy.settings import BadValue, Settings, choice, ignored, number, read_bool, text
from simulator.source import Node, ProblemList

__all__ = [
    "DISABLE", "OWN", "PRIMARY", "ROTATE", "Gateway", "GatewayPage", "SourceAddress", "how_many", "read_filter", "read_gateways", "read_host", "read_ipv4", "read_match",
    "read_names", "read_source", "read_targets",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gateway:
    """The far side of an outbound gateway. `encryption` None uses TLS where it is offered, as elsewhere."""

    host: str
    port: int = 25
    encryption: str | None = None  # "none" or "tls"
    login: tuple[str, str] | None = None
    enabled: bool = True

    def __str__(self) -> str:
        return self.host if self.port == 25 else f"{self.host}:{self.port}"


class GatewayPage(Settings):
    """A gateway as its page has it. The values of Encryption are recalled, not read."""

    noun = "an outbound gateway"

    server: str = text("host name or IP address", required=True, label="Server Address")
    port: int = number("the port", 25, low=1, high=65535, label="Port")
    encryption: str = choice(
        "TLS: required; None: never; left out: where it is offered", "None", "TLS", default="", label="Encryption"
    )
    status: str = choice("a disabled gateway takes no mail", "Enabled", "Disabled", default="Enabled", label="Status")
    user: str = text("the user name, where the gateway asks for a login", label="Username")
    password: str = text("its password", label="Password")
    priority: object = ignored("the message priorities that it takes, in older versions", label="Priority Range")
    gateway_mode: object = ignored("the far side is a SmarterMail server too", label="SmarterMail Gateway Mode")


def read_gateways(node: Node) -> tuple[Gateway, ...] | None:
    """One, or a list: a name with or without a port, or a map. None for the word `none`: no gateway, and said so."""
    if node.text.casefold() == "none":
        return None
    items = (node,) if node.is_map else node.items
    return tuple(gateway for item in items if (gateway := _gateway(item)).enabled)


def _gateway(node: Node) -> Gateway:
    if node.is_map:
        return _from_page(node)
    if not node.is_scalar:
        raise BadValue("a gateway is a host name or an IP address", "Write mx.example.com or mx.example.com:2525.")
    host, port = node.text.strip(), 25
    name, colon, tail = host.rpartition(":")
    if colon and ":" not in name and tail.isdecimal():
        host, port = name, int(tail)
    return Gateway(read_host(host), port)


def _from_page(node: Node) -> Gateway:
    problems = ProblemList()
    page = GatewayPage.read(node, problems, name="Outbound Gateway")
    if problems.errors:
        first = next((p for p in problems.errors if p.says.startswith("unknown")), problems.errors[0])
        raise BadValue(first.says.removesuffix("."), first.fix)
    login = (page.user, page.password) if page.user else None
    return Gateway(read_host(page.server), page.port, page.encryption.lower() or None, login, page.status == "Enabled")


def read_host(word: str) -> str:
    """A host name, or an IP address in its canonical spelling."""
    try:
        return str(ip_address(word.strip()))
    except ValueError:
        return parse_domain(word)


def read_ipv4(word: str) -> str:
    """An IPv4 address in its canonical spelling."""
    try:
        address = ip_address(word)
    except ValueError:
        raise ValueError(f"{word!r} is not an IP address") from None
    if address.version != 4:
        raise ValueError(f"{word} is not an IPv4 address")
    return str(address)


def read_filter(word: str) -> IpRange | str:
    """A greylist filter: addresses, or the name or code of a country as text."""
    return word.strip() if word and all(c.isalpha() or c == " " for c in word.strip()) else read_range(word)


def how_many(entry: IpRange) -> int:
    """The IPv4 addresses of an entry. In IPv6 every network is large, and the page's warning means none."""
    return sum(network.num_addresses for network in entry if network.version == 4)


def read_match(node: Node) -> str:
    """`none`, `domain` or `email address`; true means domain, false none."""
    word = node.text.strip().casefold()
    if word in ("none", "domain", "email address"):
        return word
    try:
        return "domain" if read_bool(node) else "none"
    except BadValue:
        raise BadValue(f"{node.text!r} is not known here", "Use None, Domain or Email Address.") from None


def read_targets(_: str, node: Node, problems: ProblemList) -> tuple[str, ...]:
    """The targets of an alias: addresses, or names of the same domain."""
    if node.is_map or not node.items or any(not item.text.strip() for item in node.items):
        problems.error(node.at, "an alias leads to one address or a list of them")
        return ()
    return tuple(item.text.strip() for item in node.items)


def read_names(node: Node) -> tuple[str, ...]:
    """Senders: addresses or domains, in lower case."""
    return tuple(item.text.strip().lower() for item in node.items)


ROTATE, PRIMARY, OWN, DISABLE = "Rotate IP List", "Primary IP on NIC", "Use the Domain's IP", "Disable"


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """What mail leaves from: one of the page's words, a list of addresses to take in turn, or one address."""

    word: str = OWN
    addresses: tuple[str, ...] = ()


def read_source(node: Node) -> SourceAddress:
    """An address, a list of them, or a word of the page."""
    words = [item.text.strip() for item in node.items]
    known = {word.casefold(): word for word in (ROTATE, PRIMARY, OWN, DISABLE)}
    if len(words) == 1 and words[0].casefold() in known:
        return SourceAddress(known[words[0].casefold()])
    try:
        addresses = tuple(map(read_ipv4, words))
    except ValueError as bad:
        raise BadValue(str(bad), f"Write an address, a list of them, or {', '.join(known.values())}.") from None
    return SourceAddress(ROTATE if len(addresses) > 1 else PRIMARY, addresses)

"""How the cmdlets of Exchange Server write things: address spaces, ranges, bindings, sizes, certificates, capabilities.

    AddressSpaces           contoso.com   *.contoso.com   *   --   SMTP:contoso.com;5   X400:o=MySite;1
    RemoteIPRanges          192.0.2.10    192.0.2.1-192.0.2.9   192.0.2.0/24   2001:db8::/32
    Bindings                0.0.0.0:25    [::]:25   10.10.1.1:587
    MaxMessageSize          25MB   36 MB   unlimited   1048576
    TlsCertificateName      <I>CN=lab-public-ca<S>CN=mail.contoso.com
    TlsDomainCapabilities   mail.protection.outlook.com:AcceptCloudServicesMail
    MessageExpirationTimeout   2.00:00:00   48h

Readers raise `BadValue` with the objection that the cmdlet would have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_address, ip_network

from simulator.mail.address import AddressError, covers, parse_domain
from simulator.policy.settings import BadValue
from simulator.source import Node

__all__ = [
    "EVERYBODY", "UNLIMITED", "AddressSpace", "Capability", "CertificateName", "RemoteRange", "address_space", "binding",
    "capability", "certificate_name", "certificate_of", "name_or_address", "remote_range",
    "size", "size_of", "span", "tls_domain",
]  # fmt: skip

UNLIMITED = 2**63
"""A size that nothing exceeds."""

_SPACE = re.compile(r"(?:([A-Za-z0-9]+):)?(.*?)(?:;(\d+))?\Z")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)?(?:\s*\(.*\))?\Z", re.I)
_UNITS = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}
_DAYS_CLOCK = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})\Z")
_SHORT = re.compile(r"(\d+)\s*(m|h|d)\Z", re.I)
_X509 = re.compile(r"<I>(.*)<S>(.*)\Z", re.I | re.S)
_COMMON_NAME = re.compile(r"(?:^|,)\s*CN\s*=\s*([^,]+)", re.I)


@dataclass(frozen=True, slots=True)
class AddressSpace:
    """Where a Send connector leads: a pattern of domains and what it costs. `--` is all accepted domains (Edge)."""

    pattern: str
    cost: int = 1
    kind: str = "SMTP"

    def covers(self, domain: str) -> bool:
        """`*.d` stands for d and its subdomains (learn: Send connectors)."""
        return self.kind == "SMTP" and self.pattern != "--" and covers(self.pattern, domain)

    @property
    def exactness(self) -> tuple[int, int]:
        """Sorts spaces: an exact name, the longest `*.d`, accepted domains, `*`."""
        if self.pattern in ("--", "*"):
            return (2 if self.pattern == "--" else 3, 0)
        return (1, -len(self.pattern)) if self.pattern.startswith("*.") else (0, 0)

    def __str__(self) -> str:
        return f"{self.kind}:{self.pattern};{self.cost}"


def address_space(text: str) -> AddressSpace:
    """`Type:Space;Cost`; the type is SMTP and the cost 1 unless told (CMD New-SendConnector AddressSpaces)."""
    match = _SPACE.match(text.strip())
    kind, word, cost = (match[1] or "SMTP", match[2].strip(), int(match[3] or 1)) if match else ("SMTP", text, 1)
    if not 1 <= cost <= 100:
        raise BadValue(f"the cost of {text} is not from 1 to 100", "Write contoso.com;10.")
    if kind.casefold() != "smtp":
        return AddressSpace(word, cost, kind)
    if word in ("*", "--"):
        return AddressSpace(word, cost)
    bare = word.removeprefix("*.")
    if "*" in bare:
        fix = f"Write *.{bare.lstrip('*.')}." if bare.startswith("*") else "A wildcard stands alone or in front."
        raise BadValue(f"{word} is not a valid SMTP address space", fix)
    try:
        domain = parse_domain(bare)
    except AddressError:
        raise BadValue(f"{word or 'nothing'} is not a domain", "Write contoso.com, *.contoso.com or *.") from None
    return AddressSpace(f"*.{domain}" if word.startswith("*.") else domain, cost)


@dataclass(frozen=True, slots=True)
class RemoteRange:
    """One entry of RemoteIPRanges: addresses from `low` to `high` as numbers of one family."""

    text: str
    version: int
    low: int
    high: int

    @property
    def width(self) -> int:
        return self.high - self.low + 1

    def __contains__(self, address: object) -> bool:
        ip = _parsed(str(address))
        return ip.version == self.version and self.low <= int(ip) <= self.high

    def within(self, other: RemoteRange) -> bool:
        return self.version == other.version and other.low <= self.low and self.high <= other.high

    def meets(self, other: RemoteRange) -> bool:
        return self.version == other.version and self.low <= other.high and other.low <= self.high

    def __str__(self) -> str:
        return self.text


_parsed = lru_cache(1024)(ip_address)


def remote_range(text: str) -> RemoteRange:
    """An address, a range or a network; `0.0.0.0` alone is everybody, as the cmdlet page has it."""
    word = text.strip()
    first, dash, last = word.partition("-")
    try:
        if dash:
            low, high = ip_address(first.strip()), ip_address(last.strip())
            if low.version != high.version or int(low) > int(high):
                raise ValueError
            return RemoteRange(word, low.version, int(low), int(high))
        network = ip_network("0.0.0.0/0" if word == "0.0.0.0" else word, strict=False)
    except ValueError:
        fix = "Write 192.0.2.10, 192.0.2.1-192.0.2.9 or 192.0.2.0/24."
        raise BadValue(f"{text or 'nothing'} is not an IP address, range or network", fix) from None
    return RemoteRange(word, network.version, int(network[0]), int(network[-1]))


EVERYBODY = (
    remote_range("0.0.0.0-255.255.255.255"),
    remote_range("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
)
"""The ranges of the connectors that every server has."""


def binding(text: str) -> int:
    """The port of `address:port`. All of a server's addresses listen alike in a lab, so the address plays no part."""
    host, colon, port = text.strip().rpartition(":")
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
        if not colon or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError
    except ValueError:
        raise BadValue(f"{text or 'nothing'} is not an address with a port", "Write 0.0.0.0:25 or [::]:25.") from None
    return int(port)


def size(text: str) -> int:
    """Octets; `unlimited` is more than anything has."""
    if text.strip().casefold() == "unlimited":
        return UNLIMITED
    match = _SIZE.match(text.strip())
    if not match:
        raise BadValue(f"{text or 'nothing'} is not a size", "Write 25MB, 512KB or unlimited.")
    return round(float(match[1]) * _UNITS[(match[2] or "B").casefold()])


def size_of(node: Node) -> int:
    """The reader of a setting that is a size."""
    return size(node.text)


def certificate_of(node: Node) -> CertificateName:
    """The reader of TlsCertificateName."""
    return certificate_name(node.text)


def span(text: str) -> timedelta:
    """`2.00:00:00` as PowerShell writes it, or `48h`."""
    if match := _DAYS_CLOCK.match(text.strip()):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if match := _SHORT.match(text.strip()):
        return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[match[2].lower()]: int(match[1])})
    raise BadValue(f"{text or 'nothing'} is not a span of time", "Write 2.00:00:00 or 48h.")


@dataclass(frozen=True, slots=True)
class CertificateName:
    """`<I>issuer<S>subject`: the common names of both, or the whole where there is no CN."""

    issuer: str
    subject: str

    def fits(self, subject: str, issuer: str) -> bool:
        return (subject.casefold(), issuer.casefold()) == (self.subject.casefold(), self.issuer.casefold())

    def __str__(self) -> str:
        return f"<I>CN={self.issuer}<S>CN={self.subject}"


def certificate_name(text: str) -> CertificateName:
    """What TlsCertificateName takes (CMD New-SendConnector, New-ReceiveConnector)."""
    match = _X509.match(text.strip())
    if not match or not match[1].strip() or not match[2].strip():
        raise BadValue(f"{text} does not name issuer and subject", "Write <I>CN=lab-public-ca<S>CN=mail.contoso.com.")
    return CertificateName(*(_common_name(part) for part in match.groups()))


def _common_name(text: str) -> str:
    found = _COMMON_NAME.search(text)
    return (found[1] if found else text).strip()


@dataclass(frozen=True, slots=True)
class Capability:
    """What a host may do that shows a certificate for `domain`."""

    domain: str
    words: tuple[str, ...]

    @property
    def cloud(self) -> bool:
        return "acceptcloudservicesmail" in self.words

    def __str__(self) -> str:
        return f"{self.domain}:{','.join(self.words)}"


_CAPABILITIES = ("acceptcloudservicesmail", "acceptoorgprotocol")


def capability(text: str) -> Capability:
    """`domain:capability[,capability]` (CMD New-ReceiveConnector TlsDomainCapabilities)."""
    domain, colon, rest = text.strip().partition(":")
    words = tuple(word.strip().casefold() for word in rest.split(",") if word.strip())
    if not colon or not words or any(word not in _CAPABILITIES for word in words):
        fix = "Write mail.protection.outlook.com:AcceptCloudServicesMail."
        raise BadValue(f"{text or 'nothing'} is not a domain with its capabilities", fix)
    return Capability(tls_domain(domain), words)


def tls_domain(text: str) -> str:
    """A name to look for in a certificate: one domain or `*.d`."""
    word = text.strip()
    try:
        domain = parse_domain(word.removeprefix("*."))
    except AddressError:
        raise BadValue(f"{word or 'nothing'} is not a domain", "Write mail.contoso.com or *.contoso.com.") from None
    return f"*.{domain}" if word.startswith("*.") else domain


def name_or_address(text: str) -> str:
    """A smart host: a host name, or an IP address (brackets are tolerated)."""
    word = text.strip().removeprefix("[").removesuffix("]")
    try:
        return str(ip_address(word))
    except ValueError:
        pass
    try:
        if re.fullmatch(r"[\d.]+", word):
            raise AddressError(word)
        return parse_domain(word)
    except AddressError:
        raise BadValue(f"{text or 'nothing'} is not a host", "Write mail.contoso.com or 192.0.2.10.") from None

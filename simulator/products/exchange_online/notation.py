"""How Exchange Online's cmdlets write things: address spaces, IP lists, smart hosts, recipients, spans of time.

    SenderDomains, RecipientDomains   contoso.com   *.contoso.com   *   smtp:*;1      (the number is a cost; unused)
    SenderIPAddresses                 192.0.2.10    192.0.2.0/24 ... /32              (IPv4 only)
    SmartHosts                        mail.contoso.com   192.0.2.10   [192.0.2.10]   192.0.2.8/30
    ExternalEmailAddress              john@contoso.com   SMTP:john@contoso.com
    MessageExpiration                 1.00:00:00   0.12:00:00   24h
    MaxReceiveSize, quotas            25MB   49.5 GB (53,150,220,288 bytes)   1024   Unlimited
    RecipientLimits                   500   Unlimited

Readers raise `BadValue` with the objection that the cmdlet would have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from simulator.mail.address import Address, AddressError, parse_domain
from simulator.policy.settings import BadValue
from simulator.products.exchange_notation import recipient
from simulator.source import Node

__all__ = [
    "IpEntry", "address_of", "certificate_name", "count_or_unlimited", "domain_pattern", "exactness", "ip_entry",
    "octets", "smart_host", "span",
]  # fmt: skip

_SPACE = re.compile(r"(?:smtp:)?(.*?)(?:;\d+)?\Z", re.I)
_ADDRESS_LIKE = re.compile(r"[\d.-]+\Z")
_DAYS_CLOCK = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})\Z")
_SHORT = re.compile(r"(\d+)\s*(m|h|d)\Z", re.I)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)?(?:\s*\([\d,.]+ bytes\))?\Z", re.I)
_UNITS = {"": 1, "B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_UNLIMITED = "unlimited"
_WIDEST = 24


def domain_pattern(text: str) -> str:
    """`*`, `*.d` or `d`, from any of the forms in which it may be written."""
    match = _SPACE.match(text.strip())
    word = (match[1] if match else text).strip()
    if word == "*":
        return word
    bare = word.removeprefix("*.")
    # CMD New-InboundConnector, New-OutboundConnector: an embedded wildcard (`domain.*.contoso.com`) is not valid.
    if "*" in bare:
        raise BadValue(f"{word} has a wildcard inside", "A wildcard stands alone or in front: * or *.contoso.com.")
    try:
        domain = parse_domain(bare)
    except AddressError:
        raise BadValue(f"{word or 'nothing'} is not a domain", "Write contoso.com, *.contoso.com or *.") from None
    return f"*.{domain}" if word.startswith("*.") else domain


def certificate_name(text: str) -> str:
    """The name to look for in a certificate: one domain or `*.d`."""
    if "<" in text:
        # learn: TlsCertificateName of an on-premises connector is written <I>issuer<S>subject; this one is not.
        raise BadValue(
            f"{text} is the form of an on-premises connector",
            "Write a name of the certificate, such as mail.contoso.com.",
        )
    name = domain_pattern(text)
    if name == "*":
        raise BadValue("* names no certificate", "Write mail.contoso.com or *.contoso.com.")
    return name


def exactness(pattern: str) -> tuple[int, int]:
    """Sorts patterns: exact names before `*.d`, longer before shorter, `*` last."""
    if pattern == "*":
        return (2, 0)
    return (1, -len(pattern)) if pattern.startswith("*.") else (0, -len(pattern))


@dataclass(frozen=True, slots=True)
class IpEntry:
    """An entry of SenderIPAddresses as it was written, and what it covers."""

    text: str
    network: IPv4Network

    def __contains__(self, address: object) -> bool:
        try:
            return _ipv4(str(address)) in self.network
        except AddressValueError:
            return False  # an IPv6 client is on no list

    def __str__(self) -> str:
        return self.text


_ipv4 = lru_cache(1024)(IPv4Address)


def ip_entry(text: str) -> IpEntry:
    """One address or network; host bits are tolerated, as the page's own 192.168.0.1/25 has them."""
    if ":" in text:
        raise BadValue(f"{text} is an IPv6 address", "Only IPv4 addresses are supported.")
    if "-" in text:
        raise BadValue(f"{text} is a range", "Write single addresses or networks from /24 to /32.")
    try:
        network = IPv4Network(text, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise BadValue(
            f"{text or 'nothing'} is not an IPv4 address or network", "Write 192.0.2.10 or 192.0.2.0/24."
        ) from None
    if network.prefixlen < _WIDEST:
        raise BadValue(f"{text} is wider than /24", "Networks from /24 to /32 are supported.")
    return IpEntry(text, network)


def smart_host(text: str) -> str:
    """A host name, an IPv4 address (brackets are tolerated), or a network whose addresses are all tried."""
    word = text.strip().removeprefix("[").removesuffix("]")
    if ":" in word:
        raise BadValue(f"{text} is neither host name nor IPv4 address", "Write mail.contoso.com or 192.0.2.10.")
    name, slash, _ = word.partition("/")
    if slash or _ADDRESS_LIKE.match(name):
        entry = ip_entry(word)  # inferred: the page sets no bound for a smart host network
        return str(entry.network) if slash else str(entry.network.network_address)
    try:
        return parse_domain(word)
    except AddressError:
        raise BadValue(f"{text or 'nothing'} is not a host", "Write mail.contoso.com or 192.0.2.10.") from None


def address_of(node: Node) -> Address:
    """A setting that is one address."""
    return recipient(node.text)


def octets(node: Node) -> int | None:
    """A size; None for Unlimited. Units are powers of 1024, as PowerShell's are."""
    word = node.text.strip()
    if word.casefold() == _UNLIMITED:
        return None
    match = _SIZE.match(word)
    if match is None:
        raise BadValue(f"{word or 'nothing'} is not a size", "Write 25MB, 49.5GB or Unlimited.")
    return int(float(match[1]) * _UNITS[(match[2] or "").upper()])


def count_or_unlimited(node: Node) -> int | None:
    """How many; None for Unlimited."""
    word = node.text.strip()
    if word.casefold() == _UNLIMITED:
        return None
    if not word.isascii() or not word.isdecimal() or not 0 < int(word) <= 1000:
        raise BadValue(f"{word or 'nothing'} is not a number from 1 to 1000", "Write 500 or Unlimited.")
    return int(word)


def span(text: str) -> timedelta:
    """`1.00:00:00` as PowerShell writes it, or `24h`."""
    if match := _DAYS_CLOCK.match(text):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if match := _SHORT.match(text):
        return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[match[2].lower()]: int(match[1])})
    raise BadValue(f"{text or 'nothing'} is not a span of time", "Write 1.00:00:00 or 24h.")

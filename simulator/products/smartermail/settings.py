"""SmarterMail's settings under the labels of its admin page, and the knobs where its behaviour is not documented.

Labels are those of the pages Settings > SMTP In, SMTP Out, Gateways, Security, Antispam and of the domain's own page.
"""

from __future__ import annotations

from simulator.mail.address import parse_domain
from simulator.policy.amounts import read_size
from simulator.policy.ranges import IpRange, read_range
from simulator.policy.retry import read_minutes
from simulator.policy.rules import rule
from simulator.policy.settings import (
    Settings,
    choice,
    custom,
    flag,
    ignored,
    mapping,
    number,
    section,
    text,
    texts,
)
from simulator.products.smartermail.domain_settings import EXTERNAL_HOST, EXTERNAL_MX, LOCAL, DomainSettings, Forwarding
from simulator.products.smartermail.greylist_settings import EVERYONE, EXCEPT_LISTED, ONLY_LISTED, Greylisting
from simulator.products.smartermail.knobs import Knobs
from simulator.products.smartermail.values import (
    DISABLE,
    PRIMARY,
    ROTATE,
    Gateway,
    SourceAddress,
    how_many,
    read_gateways,
    read_host,
    read_match,
    read_names,
    read_source,
)
from simulator.source import ProblemList

__all__ = [
    "BACKUP_MX", "DOMAIN_FORWARD", "EVERYONE", "EXCEPT_LISTED", "EXTERNAL_HOST", "EXTERNAL_MX", "LOCAL", "ONLY_LISTED",
    "DomainSettings", "Forwarding", "Greylisting", "InboundGateway", "Knobs", "SmarterMailSettings",
]  # fmt: skip

rule(
    "SM-NOT-1", "Digests of mailing lists, forward methods, countries in greylist filters, spam filters, user verification at gateways",
    fidelity="not modelled", source="SmarterMail help: Mailing Lists, Forwarding, Greylist Filters, Antispam, Gateways",
)  # fmt: skip


_WIDE = 256  # the page warns of ranges larger than about a /24


def _one_line(word: str) -> str:
    if not word.isprintable() or not word.isascii():
        raise ValueError(f"{word!r} is not one line of ASCII")
    return word


BACKUP_MX, DOMAIN_FORWARD = "Backup MX", "Domain Forward"


class InboundGateway(Settings):
    """Settings > Gateways: this server takes mail for domains whose mailboxes are on another one."""

    noun = "an inbound gateway"

    mode: str = choice(
        "takes mail while the primary server is away, or takes it always and passes it on", BACKUP_MX, DOMAIN_FORWARD,
        required=True, label="Gateway Mode",
    )  # fmt: skip
    domains: tuple[str, ...] = texts("the domains", read=parse_domain, label="Domains")
    servers: tuple[str, ...] = texts(
        "the primary mail server, for Domain Forward", read=read_host, label="IP Addresses"
    )
    status: str = choice("a disabled gateway takes nothing", "Enabled", "Disabled", default="Enabled", label="Status")
    verification: str = choice(
        "whether recipients are looked up",
        "None",
        "Web Service",
        "LDAP",
        "SMTP",
        default="None",
        label="User Verification",
    )
    no_greylisting: bool = flag(False, "its domains are never greylisted", label="Disable Greylisting")

    def check(self, problems: ProblemList) -> None:
        if not self.domains:
            problems.error(self.place, f"the inbound gateway {self.name} has no Domains.", "Add Domains: [DOMAIN].")
        if self.mode == DOMAIN_FORWARD and not self.servers:
            problems.error(
                self.at("mode"), f"{self.name} forwards, but has no IP Addresses.", "Add IP Addresses: [ADDRESS]."
            )
        if self.verification != "None":
            says = f"User Verification by {self.verification} is understood but not modelled; every address is taken"
            problems.warn(self.at("verification"), says)


class SmarterMailSettings(Settings):
    """What stands under a server that `is: smartermail`."""

    noun = "a SmarterMail server"

    domains: dict[str, DomainSettings] = mapping(DomainSettings, "the domains of the server, by name", label="Domains")
    outbound_gateway: tuple[Gateway, ...] | None = custom(
        read_gateways,
        (),
        "where mail for other servers goes; several take turns; none: to the MX",
        label="Outbound Gateway",
    )
    outgoing_gateway: tuple[Gateway, ...] | None = custom(
        read_gateways, (), "older name of Outbound Gateway", label="Outgoing Gateway"
    )
    allow_relay: str = choice(
        "who may send to other domains without logging in", "Nobody", "Only Local Users", "Only Local Domains", "Anyone",
        default="Nobody", label="Allow Relay",
    )  # fmt: skip
    auth_bypass: tuple[IpRange, ...] = texts(
        "addresses that may relay without logging in", read=read_range, label="SMTP Authentication Bypass"
    )
    whitelist: tuple[IpRange, ...] = texts(
        "trusted addresses: they may relay and are never greylisted", read=read_range, label="Whitelist"
    )
    ip_bypass: tuple[IpRange, ...] = texts(
        "addresses that are never greylisted, and gain nothing else", read=read_range, label="IP Bypass"
    )
    trusted_senders: tuple[str, ...] = custom(
        read_names, (), "senders, by address or domain, who are never greylisted", label="Trusted Senders"
    )
    auth_match: str = custom(
        read_match, "none", "whose addresses a logged-in client may send from: None, Domain or Email Address",
        {"type": ["string", "boolean"]}, label="Require Auth Match",
    )  # fmt: skip
    outbound_ipv4: SourceAddress = custom(
        read_source, SourceAddress(), "what mail leaves from: an address, a list to rotate over, Primary IP on NIC, "
        "Use the Domain's IP, Rotate IP List, Disable", label="Outbound IPv4",
    )  # fmt: skip
    outbound_ipv6: str = choice(
        "what mail leaves from where a server has IPv6 addresses",
        PRIMARY,
        ROTATE,
        DISABLE,
        default=PRIMARY,
        label="Outbound IPv6",
    )
    max_hops: int = number("mail with more Received fields is refused", 0, low=1, label="Max Hop Count")
    greylisting: bool = flag(False, "unknown senders must come back later", label="Enable Greylisting")
    greylist: Greylisting = section(Greylisting, "how greylisting works", label="Greylisting")
    inbound_gateways: dict[str, InboundGateway] = mapping(
        InboundGateway, "domains that it takes mail for in place of another server, by name", label="Inbound Gateways"
    )
    max_message_size: int = custom(
        read_size, 0, "the largest message: 25MB, or a number of octets", label="Max Message Size"
    )
    blocks: tuple[str, ...] = custom(
        read_names, (), "senders, by address or domain, who get no recipient accepted", label="SMTP Blocks"
    )
    strict_tls: bool = flag(
        False,
        "mail goes only to servers whose certificate is good, where they offer TLS",
        label="Enforce Strict Certificate Validation",
    )
    banner: str = text(
        "the greeting, with #HostName#, #ConnectedIP#, #Time#, #TimeUTC#, #UnixTime#",
        read=_one_line,
        label="SMTP Banner",
    )
    max_recipients: int = number("recipients that a transaction may have", 0, low=1, label="Max Recipients Per Message")
    max_messages: int = number("messages that a session may have", 0, low=1, label="Max Messages Per Session")
    dsn: bool = flag(
        True,
        "DSN is announced, and the reports that senders ask for are written",
        label="Enable Delivery Status Notifications",
    )
    max_bad_recipients: object = ignored("refused recipients until a session ends", label="Max Bad Recipients")
    max_bad_commands: object = ignored("unknown commands until a session ends", label="Max Bad Commands")
    max_connections: object = ignored("sessions at one time", label="Max Connections")
    session_timeout: object = ignored("how long a session may last", label="Session Timeout")
    command_timeout: object = ignored("how long a command may take", label="Command Timeout")
    retry_intervals: tuple[int, ...] = custom(
        read_minutes, (), "waits between attempts in minutes; then the mail is returned. Left out: knob retry",
        label="Retry Intervals",
    )  # fmt: skip
    dns_attempts: int = number(
        "attempts after which mail for a domain without DNS is returned",
        0,
        low=1,
        label="Attempts Before Bouncing DNS Errors",
    )
    notify_after: int = number(
        "failed attempts after which the sender is told of the delay; 0: never",
        0,
        label="Notify Senders of Delay After",
    )
    knobs: Knobs = section(Knobs, "choices where the sources disagree or are silent")

    def check(self, problems: ProblemList) -> None:
        if self.written("outgoing_gateway"):
            older, newer = self.at("outgoing_gateway"), self.at("outbound_gateway")
            if self.written("outbound_gateway") and older.file == newer.file:  # a patch may use the other name
                problems.error(
                    self.at("outgoing_gateway"), "Outgoing Gateway is the older name of Outbound Gateway.", "Keep one."
                )
            self.outbound_gateway = self.outgoing_gateway
            self.places["outbound_gateway"] = self.places["outgoing_gateway"]
        for key, label in (("whitelist", "Whitelist"), ("auth_bypass", "SMTP Authentication Bypass")):
            for entry in getattr(self, key):
                if how_many(entry) > _WIDE:
                    says = f"{label} has a range of {how_many(entry)} addresses; whoever is among them relays through this server"
                    problems.warn(self.at(key), says)
        if self.outbound_ipv4.word == self.outbound_ipv6 == DISABLE:
            problems.error(
                self.at("outbound_ipv6"), "mail leaves from nowhere: both Outbound IPv4 and IPv6 are disabled."
            )
        self._check_domains(problems)

    def _check_domains(self, problems: ProblemList) -> None:
        named: dict[str, str] = {}
        for name, domain in self.domains.items():
            try:
                own = parse_domain(name)
            except ValueError as bad:
                problems.error(domain.place, f"{bad}.")
                continue
            for word in (own, *domain.domain_aliases):
                if word in named:
                    problems.error(domain.place, f"{word} is a name of {named[word]} already.")
                named[word] = name
        for name, gateway in self.inbound_gateways.items():
            for word in gateway.domains:
                if word in named:
                    problems.error(gateway.at("domains"), f"{word} belongs to {named[word]} already.")
                named[word] = name

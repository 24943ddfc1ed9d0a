"""SmarterMail's settings under the labels of its admin page, and the knobs where its behaviour is not documented.

Labels are those of the pages Settings > SMTP In, SMTP Out, Gateways, Security, Antispam and of the domain's own page.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.mail.address import Address, parse_domain
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
from simulator.products.smartermail.addresses import IpRange, read_range
from simulator.products.smartermail.values import (
    Gateway,
    read_gateways,
    read_host,
    read_ipv4,
    read_match,
    read_targets,
    span_of,
)
from simulator.source import ProblemList

__all__ = [
    "EXTERNAL_HOST", "EXTERNAL_MX", "LOCAL", "DomainSettings", "Greylisting", "Knobs", "SmarterMailSettings",
]  # fmt: skip

LOCAL = "Local"
EXTERNAL_MX = "External (use MX record)"
EXTERNAL_HOST = "External (use host address)"

rule(
    "SM-NOT-1", "Inbound gateways, message size limits, strict validation of certificates", fidelity="not modelled",
    source="SmarterMail help: Gateways, SMTP In, SMTP Out",
)  # fmt: skip
rule(
    "SM-NOT-2", "Sender Verification Shield, a mark that users see beside the sender", fidelity="not modelled",
    source="SmarterTools KB a3592",
)  # fmt: skip


class Greylisting(Settings):
    """Antispam > Greylisting."""

    noun = "Greylisting"
    block: timedelta = custom(
        span_of("minutes"), timedelta(minutes=15), "how long a new sender is told to wait", label="Block Period"
    )
    allow: timedelta = custom(
        span_of("minutes"), timedelta(hours=6), "how long the sender has for coming back", label="Pass Period"
    )
    expires: timedelta = custom(
        span_of("days"), timedelta(days=36), "how long a sender that came back is remembered", label="Record Expiration"
    )
    applies_to: object = ignored("which senders are greylisted; here everyone", label="Applies To")
    exempt: tuple[IpRange, ...] = texts("addresses that are never greylisted", read=read_range, label="Filters")


class DomainSettings(Settings):
    """A domain of the server."""

    noun = "a SmarterMail domain"

    inbound: str = choice(
        "where mail for the domain goes: to mailboxes here, or to another server that has the rest of them", LOCAL, EXTERNAL_MX,
        EXTERNAL_HOST, default=LOCAL, label="Inbound Message Delivery",
    )  # fmt: skip
    host_address: str = text("the other server, for External (use host address)", read=read_host, label="Host Address")
    deliver_locally: bool = flag(
        False,
        "an external domain's mail for a mailbox that exists here stays here",
        label="Deliver locally if user exists",
    )
    enabled: bool = flag(True, "a disabled domain neither sends nor receives", label="Enabled")
    catch_all: str = text("who gets mail for addresses that do not exist", label="Catch-All")
    aliases: dict[str, tuple[str, ...]] = mapping(
        read_targets, "addresses that stand for others: NAME: [ADDRESS, ...]", label="Aliases"
    )
    domain_aliases: tuple[str, ...] = texts("further names of the domain", read=parse_domain, label="Domain Aliases")
    outbound_gateway: tuple[Gateway, ...] | None = custom(
        read_gateways,
        (),
        "the gateway for mail from this domain; none leaves it to the server's",
        label="Outbound Gateway",
    )
    outbound_ipv4: str = text("the address that this domain sends from", read=read_ipv4, label="Outbound IPv4")
    greylisting: bool | None = flag(
        None, "whether unknown senders must come back later; left out: as the server", label="Enable Greylisting"
    )
    use_tls: bool = flag(
        True, "STARTTLS is used where it is offered", label="Enable TLS if supported by the remote server"
    )
    require_auth: bool = flag(False, "senders in this domain must log in", label="Require SMTP Authentication")
    hostname: object = ignored("the domain's mail host name", silent=True, label="Hostname")
    sender_verification: object = ignored("a mark beside the sender for its users", label="Enable Sender Verification")

    def check(self, problems: ProblemList) -> None:
        if self.inbound == EXTERNAL_HOST and not self.host_address:
            problems.error(
                self.at("inbound"), f"{self.name} is external, but has no Host Address.", "Add Host Address: HOST."
            )
        if self.host_address and self.inbound != EXTERNAL_HOST:
            problems.warn(self.at("host_address"), f"Host Address has no effect while the domain is {self.inbound}")
        if self.written("deliver_locally") and self.inbound == LOCAL:
            problems.warn(
                self.at("deliver_locally"), "Deliver locally if user exists has no effect while the domain is Local"
            )
        for name, targets in self.aliases.items():
            for target in (name, *targets):
                self._check_address(target, "aliases", problems)
        if self.catch_all:
            self._check_address(self.catch_all, "catch_all", problems)

    def _check_address(self, word: str, key: str, problems: ProblemList) -> None:
        try:
            self.address(word)
        except ValueError as bad:
            problems.error(self.at(key), f"{bad}.")

    def address(self, word: str) -> Address:
        """An address; a bare name is one of this domain. Raises `AddressError`."""
        return Address.parse(word if "@" in word else f"{word}@{self.name}")


class Knobs(Settings):
    """Choices where the sources about SmarterMail disagree or are silent."""

    noun = "the knobs of a SmarterMail server"

    self_mx: str = choice(
        "External (use MX record) with the MX at this server itself: returned (RFC 5321 5.1), or sent to itself until the "
        "hop limit", "undeliverable", "loop", default="undeliverable",
    )  # fmt: skip
    external_unknown: str = choice(
        "a stranger's mail for an address of an external domain that is not here: taken, since the domain is ours, or "
        "only from those who may relay", "accept", "relay", default="accept",
    )  # fmt: skip
    catch_all_is_user: bool = flag(False, "a catch-all counts as an existing user of an external domain")
    host_address_first: bool = flag(True, "Host Address goes before an outbound gateway")
    whitelist_internal: bool = flag(True, "private addresses (RFC 1918) are on the whitelist without being written")
    present_client_certificate: bool = flag(True, "the server's certificate is shown to servers that ask for one")
    enhanced_codes: bool = flag(False, "replies carry enhanced status codes; none of those observed does")
    max_hops: int = number("the hop limit where Max Hop Count is not set", 20, low=1)
    retry: tuple[int, ...] = custom(
        read_minutes, (15, 30, 60, 90), "waits between attempts in minutes; then the mail is returned"
    )
    dns_attempts: int = number("attempts after which a domain that DNS does not know is given up", 1, low=1)


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
    auth_match: str = custom(
        read_match, "none", "whose addresses a logged-in client may send from: None, Domain or Email Address",
        {"type": ["string", "boolean"]}, label="Require Auth Match",
    )  # fmt: skip
    outbound_ipv4: str = text("the address that the server sends from", read=read_ipv4, label="Outbound IPv4")
    max_hops: int = number("mail with more Received fields is refused", 0, low=1, label="Max Hop Count")
    greylisting: bool = flag(False, "unknown senders must come back later", label="Enable Greylisting")
    greylist: Greylisting = section(Greylisting, "how greylisting works", label="Greylisting")
    inbound_gateways: object = ignored("backup MX and domain forwarding for other servers", label="Inbound Gateways")
    max_message_size: object = ignored("the largest message", label="Max Message Size")
    strict_tls: object = ignored(
        "certificates of other servers must be good", label="Enforce Strict Certificate Validation"
    )
    banner: object = ignored("the greeting", silent=True, label="SMTP Banner")
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

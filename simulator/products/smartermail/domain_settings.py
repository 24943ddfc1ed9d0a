"""A SmarterMail domain under the labels of its own page, and those of its users' pages that change where mail goes."""

from __future__ import annotations

from simulator.mail.address import Address, parse_domain
from simulator.policy.amounts import read_size
from simulator.policy.settings import Settings, choice, custom, flag, ignored, mapping, section, text, texts
from simulator.products.smartermail.greylist_settings import Greylisting
from simulator.products.smartermail.user_settings import Forwarding, MailingList, User
from simulator.products.smartermail.values import (
    Gateway,
    read_gateways,
    read_host,
    read_ipv4,
    read_names,
    read_targets,
)
from simulator.source import ProblemList

__all__ = ["EXTERNAL_HOST", "EXTERNAL_MX", "LOCAL", "DomainSettings", "Forwarding"]

LOCAL = "Local"
EXTERNAL_MX = "External (use MX record)"
EXTERNAL_HOST = "External (use host address)"


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
    greylist: Greylisting = section(Greylisting, "how greylisting works; left out: as the server", label="Greylisting")
    use_tls: bool = flag(
        True, "STARTTLS is used where it is offered", label="Enable TLS if supported by the remote server"
    )
    require_auth: bool = flag(False, "senders in this domain must log in", label="Require SMTP Authentication")
    forwarding: dict[str, Forwarding] = mapping(
        Forwarding.read_entry,
        "users whose mail goes on: {USER: ADDRESS} or {USER: {Forwarding Address, ...}}",
        label="Forwarding",
    )
    ungreylisted: tuple[str, ...] = texts(
        "users who switched greylisting off for themselves", label="Disable Greylisting"
    )
    trusted_senders: tuple[str, ...] = custom(
        read_names, (), "senders, by address or domain, who are never greylisted", label="Trusted Senders"
    )
    sender_verification: bool = flag(
        False,
        "mail for its users carries a mark: whether the sender could be verified",
        label="Enable Sender Verification",
    )
    lists: dict[str, MailingList] = mapping(
        MailingList.read_entry, "mailing lists: NAME: {Moderator, Subscribers, ...}", label="Mailing Lists"
    )
    users: dict[str, User] = mapping(User, "accounts with settings of their own: USER: {Status, ...}", label="Users")
    disk_space: int = custom(
        read_size,
        0,
        "what the mailboxes of the domain may hold together: 1GB, or a number of octets",
        label="Disk Space",
    )
    hostname: object = ignored("the domain's mail host name", label="Hostname")

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
        for name, forward in self.forwarding.items():
            for target in (name, *forward.to):
                self._check_address(target, "forwarding", problems)
        for name, members in self.lists.items():
            for target in (name, *members.subscribers, *([members.moderator] if members.moderator else [])):
                self._check_address(target, "lists", problems)
            if members.moderator.partition("@")[0].casefold() in {other.casefold() for other in self.lists}:
                problems.error(
                    members.at("moderator"), f"the moderator of {name} is a mailing list.", "Name a user of the domain."
                )
            if name.casefold() in {alias.casefold() for alias in self.aliases}:
                problems.error(members.place, f"{name} is an alias already.")
        for name, user in self.users.items():
            self._check_address(name, "users", problems)
            if user.size and not user.limit and not self.disk_space:
                problems.warn(user.at("size"), "Mailbox Size has no effect without Mailbox Size Limit or Disk Space")

    def _check_address(self, word: str, key: str, problems: ProblemList) -> None:
        try:
            self.address(word)
        except ValueError as bad:
            problems.error(self.at(key), f"{bad}.")

    def user(self, home: Address) -> User | None:
        """The settings of an account, where it has any of its own."""
        return next((user for name, user in self.users.items() if self.address(name) == home), None)

    def mailing_list(self, home: Address) -> MailingList | None:
        """The list of that address."""
        return next((members for name, members in self.lists.items() if self.address(name) == home), None)

    def address(self, word: str) -> Address:
        """An address; a bare name is one of this domain. Raises `AddressError`."""
        return Address.parse(word if "@" in word else f"{word}@{self.name}")

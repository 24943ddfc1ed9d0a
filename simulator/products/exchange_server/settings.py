"""An Exchange server's settings: connectors, accepted domains, recipients and the organisation's limits.

The server stands for the whole organisation on premises. Its people have mailboxes; `Recipients` adds remote mailboxes,
mail users, contacts and groups, and gives mailboxes properties.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Self

from simulator.mail.address import Address, AddressError, parse_domain
from simulator.policy.rules import rule
from simulator.policy.settings import BadValue, Settings, choice, custom, flag, ignored, mapping, number, section, texts
from simulator.products.exchange_journal import JOURNAL_RULES, JournalRule
from simulator.products.exchange_notation import lacks, proxies, recipient
from simulator.products.exchange_server.knobs import Knobs
from simulator.products.exchange_server.notation import size_of, span
from simulator.products.exchange_server.receive_connectors import ReceiveConnector
from simulator.products.exchange_server.receivers import check_together, receivers
from simulator.products.exchange_server.send_connectors import SendConnector
from simulator.source import NOWHERE, Entry, Node, ProblemList, Source

__all__ = [
    "AUTHORITATIVE", "EDGE", "EXTERNAL_RELAY", "INTERNAL_RELAY", "AcceptedDomain", "ExchangeSettings", "RecipientObject",
    "TransportConfig", "TransportService",
]  # fmt: skip

AUTHORITATIVE, INTERNAL_RELAY, EXTERNAL_RELAY = "Authoritative", "InternalRelay", "ExternalRelay"
EDGE = "Edge"
_TYPES = (AUTHORITATIVE, INTERNAL_RELAY, EXTERNAL_RELAY)
_GROUPS = ("DistributionGroup", "MailUniversalDistributionGroup", "MailUniversalSecurityGroup")
_MAILBOXES = ("UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "LinkedMailbox")
_REMOTE = ("RemoteUserMailbox", "RemoteMailbox")
_EXTERNALS = ("MailUser", "MailContact", *_REMOTE)
_CLOUD = ".mail.onmicrosoft.com"
_TEXT = {"type": "string"}
_MB = 2**20

rule(
    "EXS-NOT-1", "Several servers as one organisation, Active Directory sites, X-ANONYMOUSTLS and Windows authentication",
    fidelity="not modelled", source="learn: Mail routing in Exchange Server",
)  # fmt: skip
rule(
    "EXS-NOT-2", "Mail flow rules, anti-spam agents", fidelity="not modelled",
    source="learn: Mail flow and the transport pipeline",
)  # fmt: skip


def _address(node: Node) -> Address:
    return recipient(node.text)


def _span(low: str, high: str) -> Callable[[Node], timedelta]:
    """The reader of a span of time within the bounds that Set-TransportService has for it."""

    def read(node: Node) -> timedelta:
        found = span(node.text)
        if not span(low) <= found <= span(high):
            raise BadValue(f"{node.text} is not from {low} to {high}")
        return found

    return read


class AcceptedDomain(Settings):
    """One accepted domain: a type, or the parameters of Set-AcceptedDomain. The key may be `*.contoso.com`."""

    noun = "an accepted domain"
    cmdlet = "Set-AcceptedDomain"

    DomainType: str = choice(
        "Authoritative: all recipients are here; InternalRelay: unknown ones are sent on; ExternalRelay: nobody is here",
        *_TYPES, default=AUTHORITATIVE, of="Set-AcceptedDomain",
    )  # fmt: skip
    MatchSubDomains: bool = flag(False, "subdomains are accepted too, as with the name *.contoso.com")
    Default: bool = flag(False, "the default domain: reports come from it")
    AddressBookEnabled: bool | None = flag(
        None, "the recipient filter may look recipients up; left out: true for Authoritative domains"
    )
    DomainName: object = ignored("the name; here it is the key of the map", silent=True)
    Name: object = ignored("a display name", silent=True)
    Identity: object = ignored("the name again, in a Get- record", silent=True)

    @property
    def looks_up(self) -> bool:
        return self.DomainType == AUTHORITATIVE if self.AddressBookEnabled is None else self.AddressBookEnabled

    @classmethod
    def read(cls, node: Node, problems: ProblemList, *, name: str = "", at: Source = NOWHERE) -> Self:
        """`contoso.com: InternalRelay` is short for `contoso.com: {DomainType: InternalRelay}`."""
        if node.is_scalar and not node.is_null:
            node = Node({"domaintype": Entry("DomainType", at, node)}, node.at)
        return super().read(node, problems, name=name, at=at)

    @classmethod
    def json_schema(cls) -> dict[str, object]:
        return {"anyOf": [{"enum": list(_TYPES)}, super().json_schema()]}

    def check(self, problems: ProblemList) -> None:
        try:
            parse_domain(self.name.removeprefix("*."))
        except AddressError as bad:
            problems.error(self.place, f"{bad}.")


class RecipientObject(Settings):
    """A recipient: a mailbox's properties, a remote mailbox, a mail user, a contact, a group."""

    noun = "a recipient"
    cmdlet = "Get-Recipient"

    RecipientType: str | None = choice(
        "what it is; left out: a mailbox, or what its other properties say", *_MAILBOXES, *_EXTERNALS, *_GROUPS, of="Get-Recipient",
    )  # fmt: skip
    RemoteRoutingAddress: Address | None = custom(
        _address,
        None,
        "where a remote mailbox is; left out: its name at the coexistence domain, <tenant>.mail.onmicrosoft.com",
        _TEXT,
    )
    ExternalEmailAddress: Address | None = custom(_address, None, "where a mail user or contact really is", _TEXT)
    Members: tuple[Address, ...] = texts("who is in a group", read=recipient)
    ForwardingAddress: Address | None = custom(_address, None, "the recipient that a mailbox forwards to", _TEXT)
    ForwardingSmtpAddress: Address | None = custom(_address, None, "the address that a mailbox forwards to", _TEXT)
    DeliverToMailboxAndForward: bool = flag(False, "a forwarding mailbox keeps a copy")
    EmailAddresses: tuple[Address, ...] = custom(
        proxies, (), "further addresses (proxy addresses)", {"type": ["array", "string"], "items": {"type": "string"}}
    )
    RequireSenderAuthenticationEnabled: bool | None = flag(
        None, "mail from anonymous senders is returned; left out: true for groups, false for others"
    )
    RecipientTypeDetails: object = ignored("the finer kind, in a Get- record", silent=True)
    PrimarySmtpAddress: object = ignored("the address; here it is the key of the map", silent=True)
    WindowsEmailAddress: object = ignored("the address again", silent=True)
    UserPrincipalName: object = ignored("the sign-in name", silent=True)
    Name: object = ignored("metadata", silent=True)
    DisplayName: object = ignored("metadata", silent=True)
    Alias: object = ignored("metadata", silent=True)
    FirstName: object = ignored("metadata", silent=True)
    LastName: object = ignored("metadata", silent=True)
    Password: object = ignored("passwords are the lab's", silent=True)
    OnPremisesOrganizationalUnit: object = ignored("where it stands in the directory", silent=True)
    OrganizationalUnit: object = ignored("where it stands in the directory", silent=True)
    Archive: object = ignored("an archive mailbox", silent=True)
    HiddenFromAddressListsEnabled: object = ignored("address lists play no part", silent=True)
    Type: object = ignored("Distribution or Security", silent=True)
    MaxReceiveSize: object = ignored("the largest message it takes")
    MaxSendSize: object = ignored("the largest message it sends")
    AcceptMessagesOnlyFrom: object = ignored("who may send to it")
    AcceptMessagesOnlyFromSendersOrMembers: object = ignored("who may send to it")
    RejectMessagesFrom: object = ignored("who may not send to it")
    GrantSendOnBehalfTo: object = ignored("who may send on its behalf")
    ModerationEnabled: object = ignored("a moderator decides")

    @property
    def type(self) -> str:
        """The type that is written, or that the other properties say."""
        if self.RecipientType:
            return self.RecipientType
        if self.RemoteRoutingAddress:
            return _REMOTE[0]
        return "MailUser" if self.ExternalEmailAddress else _GROUPS[0] if self.Members else _MAILBOXES[0]

    @property
    def kind(self) -> str:
        """`mailbox`, `remote`, `external` or `group`."""
        found = self.type
        if found in _REMOTE:
            return "remote"
        return "group" if found in _GROUPS else "external" if found in _EXTERNALS else "mailbox"

    def check(self, problems: ProblemList) -> None:
        try:
            Address.parse(self.name)
        except AddressError as bad:
            problems.error(self.place, f"{bad}.", "Recipients is a map by address.")
        if self.kind == "external" and lacks(self, "ExternalEmailAddress", problems):
            says = f"{self.name} is a {self.type} and lacks ExternalEmailAddress."
            problems.error(self.at("RecipientType"), says, "Add ExternalEmailAddress: the address where it really is.")
        for parameter, kinds in (
            ("ExternalEmailAddress", ("external",)), ("RemoteRoutingAddress", ("remote",)), ("Members", ("group",)),
            ("ForwardingAddress", ("mailbox",)), ("ForwardingSmtpAddress", ("mailbox",)),
        ):  # fmt: skip
            if self.written(parameter) and getattr(self, parameter) and self.kind not in kinds:
                problems.warn(self.at(parameter), f"{parameter} has no effect on a {self.type}")


class TransportConfig(Settings):
    """Set-TransportConfig."""

    noun = "TransportConfig"
    cmdlet = "Set-TransportConfig"

    MaxSendSize: int = custom(size_of, 10 * _MB, "the largest message that somebody of the organisation sends", _TEXT)
    MaxReceiveSize: int = custom(size_of, 10 * _MB, "the largest message that the organisation takes", _TEXT)
    ExternalPostmasterAddress: Address | None = custom(
        _address, None, "the author of reports to outside; left out: postmaster of the default domain", _TEXT
    )
    MaxRecipientEnvelopeLimit: object = ignored("the most recipients of a message")
    InternalSMTPServers: object = ignored("servers that anti-spam passes over")
    TLSReceiveDomainSecureList: object = ignored("mutual TLS")
    TLSSendDomainSecureList: object = ignored("mutual TLS")
    ExternalDelayDsnEnabled: bool = flag(True, "senders outside are told when their mail waits")
    InternalDelayDsnEnabled: bool = flag(True, "senders of the organisation are told when their mail waits")
    ExternalDsnSendHtml: object = ignored("the form of reports", silent=True)
    InternalDsnSendHtml: object = ignored("the form of reports", silent=True)
    ShadowRedundancyEnabled: object = ignored("copies of mail on the way", silent=True)


class TransportService(Settings):
    """Set-TransportService: how long and how often mail is tried."""

    noun = "TransportService"
    cmdlet = "Set-TransportService"

    MessageExpirationTimeout: timedelta = custom(
        _span("00:00:05", "90.00:00:00"), timedelta(days=2), "how long mail is tried", _TEXT
    )
    TransientFailureRetryCount: int = number("tries after the first few when a host cannot be reached", 6, high=15)
    TransientFailureRetryInterval: timedelta = custom(
        _span("00:00:01", "12:00:00"), timedelta(minutes=5), "the wait between them", _TEXT
    )
    OutboundConnectionFailureRetryInterval: timedelta | None = custom(
        _span("00:00:01", "20.00:00:00"), None, "the wait after that; left out: 10 minutes, on an Edge server 30", _TEXT
    )
    MessageRetryInterval: timedelta | None = custom(
        _span("00:00:01", "1.00:00:00"), None, "the wait after a 4xx; left out: knob message_retry", _TEXT
    )
    DelayNotificationTimeout: timedelta = custom(
        _span("00:00:01", "30.00:00:00"), timedelta(hours=4), "after how long a sender is told that mail waits", _TEXT
    )
    ExternalDNSServers: object = ignored("which DNS servers are asked", silent=True)
    MaxOutboundConnections: object = ignored("how many connections at once", usual=("1000", "unlimited"))


class ExchangeSettings(Settings):
    """What stands under a server that `is: exchange-server`."""

    noun = "an Exchange server"

    ServerRole: str = choice("Mailbox, or Edge in front of it", "Mailbox", EDGE, default="Mailbox")
    AcceptedDomains: dict[str, AcceptedDomain] = mapping(
        AcceptedDomain, "the organisation's domains: NAME: type, or {DomainType, ...}"
    )
    SendConnectors: dict[str, SendConnector] = mapping(SendConnector, "where mail leaves, by name")
    ReceiveConnectors: dict[str, ReceiveConnector] = mapping(
        ReceiveConnector,
        "where mail comes in, by name, beside Default Frontend and Client Frontend, which are always there",
    )
    Recipients: dict[str, RecipientObject] = mapping(
        RecipientObject, "remote mailboxes, mail users, contacts, groups and mailbox properties, by address"
    )
    TransportConfig: TransportConfig = section(TransportConfig, "Set-TransportConfig", label="TransportConfig")
    TransportService: TransportService = section(TransportService, "Set-TransportService", label="TransportService")
    RemoteDomains: object = ignored("what may be sent to other domains")
    TransportRules: object = ignored("mail flow rules, in order")
    JournalRules: dict[str, JournalRule] = mapping(JournalRule, JOURNAL_RULES)
    knobs: Knobs = section(Knobs, "choices where the sources disagree or are silent", label="knobs")

    @property
    def is_edge(self) -> bool:
        return self.ServerRole == EDGE

    @cached_property
    def receivers(self) -> tuple[ReceiveConnector, ...]:
        """The Receive connectors, also those that every server has."""
        return receivers(tuple(self.ReceiveConnectors.values()), self.name, edge=self.is_edge, at=self.place)

    @property
    def cloud_domain(self) -> str:
        """The coexistence domain, where there is one."""
        return next((name.lower() for name in self.AcceptedDomains if name.lower().endswith(_CLOUD)), "")

    def check(self, problems: ProblemList) -> None:
        if not self.AcceptedDomains:
            problems.warn(self.place, f"{self.name} has no AcceptedDomains: nobody's mail is for it")
        marked = [domain for domain in self.AcceptedDomains.values() if domain.Default]
        for domain in marked[1:]:
            says = f"Default: {marked[0].name} has it already."
            problems.error(domain.at("Default"), says, "An organisation has one default domain.")
        for entry in self.Recipients.values():
            if entry.kind == "remote" and entry.RemoteRoutingAddress is None and not self.cloud_domain:
                says = f"{entry.name} lacks RemoteRoutingAddress, and no accepted domain ends in {_CLOUD}."
                problems.error(entry.place, says, "Add RemoteRoutingAddress: bob@contoso.mail.onmicrosoft.com.")
        for connector in self.SendConnectors.values():
            if not self.is_edge and any(space.pattern == "--" for space in connector.AddressSpaces):
                says = "the address space -- is for Edge servers."
                problems.error(connector.at("AddressSpaces"), says, "Name the domains.")
        check_together(tuple(self.ReceiveConnectors.values()), self.receivers, problems)

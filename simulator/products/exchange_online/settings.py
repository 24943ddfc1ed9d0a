"""A tenant's settings: accepted domains, connectors, recipients and the tenant-wide objects, under the cmdlets' nouns.

The people of a server are its mailboxes without being written; `Recipients` adds to them and gives them properties.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from simulator.mail.address import Address, AddressError, parse_domain
from simulator.policy.settings import BadValue, Settings, choice, custom, flag, ignored, mapping, section, text
from simulator.products.exchange_journal import JOURNAL_RULES, JournalRule
from simulator.products.exchange_online.authentication_policy import AuthenticationPolicy
from simulator.products.exchange_online.connectors import InboundConnector, OutboundConnector
from simulator.products.exchange_online.dkim_config import DkimSigningConfig
from simulator.products.exchange_online.inbox_rules import InboxRule
from simulator.products.exchange_online.knobs import Knobs
from simulator.products.exchange_online.notation import address_of, count_or_unlimited, span
from simulator.products.exchange_online.outbound_policy import HostedOutboundSpamFilterPolicy
from simulator.products.exchange_online.recipients import RecipientObject
from simulator.products.exchange_online.remote_domains import RemoteDomain
from simulator.products.exchange_online.spam_policies import (
    AntiPhishPolicy,
    ArcConfig,
    HostedConnectionFilterPolicy,
    HostedContentFilterPolicy,
)
from simulator.products.exchange_online.transport_rules.lint import check_rules
from simulator.products.exchange_online.transport_rules.rule import TransportRule
from simulator.source import NOWHERE, Entry, Node, ProblemList, Source

__all__ = [
    "AUTHORITATIVE", "INTERNAL_RELAY", "AcceptedDomain", "OrganizationConfig", "RecipientObject", "TenantSettings",
    "TransportConfig",
]  # fmt: skip

AUTHORITATIVE = "Authoritative"
INTERNAL_RELAY = "InternalRelay"

_DAY = timedelta(days=1)
_TEXT = {"type": "string"}


class AcceptedDomain(Settings):
    """One accepted domain: a type, or the parameters of Set-AcceptedDomain."""

    noun = "an accepted domain"
    cmdlet = "Set-AcceptedDomain"

    DomainType: str = choice(
        "Authoritative: all recipients are here, others are refused; InternalRelay: unknown ones are sent on",
        AUTHORITATIVE, INTERNAL_RELAY, default=AUTHORITATIVE, of="Set-AcceptedDomain",
    )  # fmt: skip
    MatchSubDomains: bool = flag(False, "subdomains are accepted too; InternalRelay only")
    Default: bool = flag(False, "the default domain: reports come from its postmaster")
    InitialDomain: bool = flag(False, "the onmicrosoft.com domain that the tenant began with")
    IPv6Status: str = choice(
        "whether anonymous mail over IPv6 is taken (Enable-IPv6ForAcceptedDomain)", "Enabled", "Disabled", default="Enabled",
        of="Get-IPv6StatusForAcceptedDomain",
    )  # fmt: skip
    OutboundOnly: object = ignored("for mail that leaves only")
    SendingFromDomainDisabled: object = ignored("nobody may send from the domain")
    SendingToDomainDisabled: object = ignored("nobody may send to the domain")
    CanHaveCloudCache: object = ignored("undocumented", silent=True)
    EnableNego2Authentication: object = ignored("sign-in", silent=True)
    MailFlowRegion: object = ignored("the region that takes the mail", silent=True)
    DomainName: object = ignored("the name; here it is the key of the map", silent=True)
    Name: object = ignored("the name again, in a Get- record", silent=True)
    Identity: object = ignored("the name again, in a Get- record", silent=True)

    @classmethod
    def read(cls, node: Node, problems: ProblemList, *, name: str = "", at: Source = NOWHERE) -> Self:
        """`contoso.com: InternalRelay` is short for `contoso.com: {DomainType: InternalRelay}`."""
        if node.is_scalar and not node.is_null:
            node = Node({"domaintype": Entry("DomainType", at, node)}, node.at)
        return super().read(node, problems, name=name, at=at)

    @classmethod
    def json_schema(cls) -> dict[str, object]:
        return {"anyOf": [{"enum": [AUTHORITATIVE, INTERNAL_RELAY]}, super().json_schema()]}

    def check(self, problems: ProblemList) -> None:
        try:
            parse_domain(self.name)
        except AddressError as bad:
            problems.error(self.place, f"{bad}.")
        if self.MatchSubDomains and self.DomainType != INTERNAL_RELAY:
            # learn: Enable mail flow for subdomains in Exchange Online
            says = "MatchSubDomains is for domains of DomainType InternalRelay."
            problems.error(self.at("MatchSubDomains"), says, "Write DomainType: InternalRelay.")


class OrganizationConfig(Settings):
    """Set-OrganizationConfig."""

    noun = "OrganizationConfig"
    cmdlet = "Set-OrganizationConfig"

    RejectDirectSend: bool = flag(
        False, "anonymous mail whose envelope sender is in an accepted domain is refused unless a connector matches by "
        "address or certificate",
    )  # fmt: skip
    DefaultAuthenticationPolicy: str = text("the authentication policy of users that have none of their own")
    SendFromAliasEnabled: object = ignored("whether aliases stay visible as senders", silent=True)
    OAuth2ClientProfileEnabled: object = ignored("sign-in", silent=True)


def _expiration(node: Node) -> timedelta:
    found = span(node.text.strip())
    if not _DAY / 2 <= found <= _DAY:
        raise BadValue(f"{node.text} is not between 12 and 24 hours", "Write 0.12:00:00 to 1.00:00:00.")
    return found


class TransportConfig(Settings):
    """Set-TransportConfig."""

    noun = "TransportConfig"
    cmdlet = "Set-TransportConfig"

    MessageExpiration: timedelta = custom(_expiration, _DAY, "how long mail is tried: 12 to 24 hours", _TEXT)
    ExternalPostmasterAddress: Address | None = custom(
        address_of, None, "the author of reports to outside; left out: postmaster of the default domain", _TEXT
    )
    SmtpClientAuthenticationDisabled: bool = flag(
        False, "nobody may submit with SMTP AUTH, unless the mailbox says otherwise"
    )
    MaxRecipientEnvelopeLimit: int | None = custom(
        count_or_unlimited, None, "the most recipients of a message; Unlimited is 1000", _TEXT
    )
    AllowLegacyTLSClients: object = ignored("old TLS versions at the legacy submission host")
    ExternalDelayDsnEnabled: bool = flag(True, "senders outside are told when their mail has to wait for hours")
    InternalDelayDsnEnabled: bool = flag(True, "senders inside are told when their mail has to wait for hours")
    ExternalDsnSendHtml: object = ignored("the form of reports", silent=True)
    PreventDuplicateJournalingEnabled: object = ignored("journaling")


class TenantSettings(Settings):
    """What stands under a server that `is: exchange-online`."""

    noun = "an Exchange Online tenant"

    AcceptedDomains: dict[str, AcceptedDomain] = mapping(
        AcceptedDomain, "the tenant's domains: NAME: type, or {DomainType, ...}"
    )
    InboundConnectors: dict[str, InboundConnector] = mapping(InboundConnector, "connectors to Office 365, by name")
    OutboundConnectors: dict[str, OutboundConnector] = mapping(OutboundConnector, "connectors from Office 365, by name")
    Recipients: dict[str, RecipientObject] = mapping(
        RecipientObject, "mail users, contacts, groups and mailbox properties, by address"
    )
    OrganizationConfig: OrganizationConfig = section(
        OrganizationConfig, "Set-OrganizationConfig", label="OrganizationConfig"
    )
    TransportConfig: TransportConfig = section(TransportConfig, "Set-TransportConfig", label="TransportConfig")
    TransportRules: dict[str, TransportRule] = mapping(TransportRule, "mail flow rules, by name and in order")
    RemoteDomains: dict[str, RemoteDomain] = mapping(
        RemoteDomain, "what may be sent to other domains by itself, by name; Default is for *"
    )
    InboxRules: dict[str, InboxRule] = mapping(InboxRule, "inbox rules of mailboxes, by name")
    AuthenticationPolicies: dict[str, AuthenticationPolicy] = mapping(
        AuthenticationPolicy, "which protocols take a password, by name"
    )
    HostedOutboundSpamFilterPolicy: HostedOutboundSpamFilterPolicy = section(
        HostedOutboundSpamFilterPolicy,
        "whether mailboxes may forward to outside",
        label="HostedOutboundSpamFilterPolicy",
    )
    HostedConnectionFilterPolicy: HostedConnectionFilterPolicy = section(
        HostedConnectionFilterPolicy,
        "addresses that are never spam or never let in",
        label="HostedConnectionFilterPolicy",
    )
    HostedContentFilterPolicy: HostedContentFilterPolicy = section(
        HostedContentFilterPolicy, "what is done with spam", label="HostedContentFilterPolicy"
    )
    AntiPhishPolicy: AntiPhishPolicy = section(
        AntiPhishPolicy, "what is done with mail whose sender is forged", label="AntiPhishPolicy"
    )
    ArcConfig: ArcConfig = section(ArcConfig, "whose ARC seals count", label="ArcConfig")
    JournalRules: dict[str, JournalRule] = mapping(JournalRule, JOURNAL_RULES)
    DkimSigningConfig: dict[str, DkimSigningConfig] = mapping(
        DkimSigningConfig, "with which of the tenant's domains mail to outside is signed, by domain"
    )
    knobs: Knobs = section(Knobs, "choices where the sources disagree or are silent", label="knobs")

    def check(self, problems: ProblemList) -> None:
        if not self.AcceptedDomains:
            problems.warn(self.place, f"{self.name} has no AcceptedDomains: nobody's mail is for it")
        self._check_names(problems)
        self._check_overlaps(problems)
        groups = frozenset(r.name.casefold() for r in self.Recipients.values() if r.kind == "group")
        check_rules(self.TransportRules, self.OutboundConnectors, groups, problems)
        accepted = {name.lower().removesuffix(".") for name in self.AcceptedDomains}
        for connector in self.InboundConnectors.values():
            for domain in connector.AssociatedAcceptedDomains:
                if domain not in accepted:
                    says = f"AssociatedAcceptedDomains: {domain} is not an accepted domain of {self.name}."
                    problems.error(connector.at("AssociatedAcceptedDomains"), says, "Name accepted domains.")
        for config in self.DkimSigningConfig.values():
            if config.name.lower().removesuffix(".") not in accepted:
                says = f"DkimSigningConfig: {config.name} is not an accepted domain of {self.name}."
                problems.error(config.place, says, "Name an accepted domain.")
        for name in self.knobs.blocked_connectors:
            if name.casefold() not in map(str.casefold, self.InboundConnectors):
                problems.warn(
                    self.knobs.at("blocked_connectors"), f"blocked_connectors: there is no inbound connector {name}"
                )

    def _check_names(self, problems: ProblemList) -> None:
        for parameter in ("Default", "InitialDomain"):
            having = [domain for domain in self.AcceptedDomains.values() if getattr(domain, parameter)]
            for domain in having[1:]:
                says = f"{parameter}: {having[0].name} has it already."
                problems.error(domain.at(parameter), says, "A tenant has one such domain.")

    def _check_overlaps(self, problems: ProblemList) -> None:
        """Two connectors for the same domains: nobody says which is used (learn: Set up connectors to route mail)."""
        taken: dict[str, OutboundConnector] = {}
        live = [
            c for c in self.OutboundConnectors.values() if c.Enabled and not c.TestMode and not c.IsTransportRuleScoped
        ]
        for connector in sorted(live, key=lambda c: c.name.casefold()):
            for scope in (
                *connector.RecipientDomains,
                *(["all accepted domains"] if connector.AllAcceptedDomains else []),
            ):
                first = taken.setdefault(scope, connector)
                if first is not connector:
                    says = f"{first.name} and {connector.name} are both for {scope}; {first.name} is used, by the order of names"
                    problems.warn(connector.place, says)

"""Connector objects: the parameters of New-InboundConnector and New-OutboundConnector, and what the cmdlets object to.

A connector from the organisation's own server (OnPremises) gives rights: mail that matches it may be relayed. One from a
partner only restricts: it says how mail from the partner's domains must come (learn: Configure mail flow using connectors).

Parameters that are mere metadata are taken in silence, so that a `Get-` record can be pasted; those that would change
mail flow but are not modelled warn.
"""

from __future__ import annotations

from simulator.mail.address import Address, parse_domain
from simulator.policy.settings import Settings, choice, flag, ignored, text, texts
from simulator.products.exchange_notation import lacks, recipient
from simulator.products.exchange_online.ip_list import AddressRange, skip_entry
from simulator.products.exchange_online.notation import (
    IpEntry,
    certificate_name,
    domain_pattern,
    ip_entry,
    smart_host,
)
from simulator.source import ProblemList

__all__ = ["ON_PREMISES", "PARTNER", "InboundConnector", "OutboundConnector"]

ON_PREMISES = "OnPremises"
PARTNER = "Partner"

_INBOUND = "New-InboundConnector"
_OUTBOUND = "New-OutboundConnector"
_LONGEST_NAME = 64


class _Connector(Settings):
    """What both directions have."""

    Comment: object = ignored("a remark", silent=True)
    ConnectorSource: object = ignored("who made it: Default, HybridWizard, Migrated, AdminUI", silent=True)
    AdminDisplayName: object = ignored("metadata of a Get- record", silent=True)
    Name: object = ignored("the name; here it is the key of the map", silent=True)
    Identity: object = ignored("the name again, in a Get- record", silent=True)
    Guid: object = ignored("metadata of a Get- record", silent=True)
    WhenChangedUTC: object = ignored("metadata of a Get- record", silent=True)
    WhenCreatedUTC: object = ignored("metadata of a Get- record", silent=True)
    IsValid: object = ignored("metadata of a Get- record", silent=True)
    Confirm: object = ignored("a switch of the cmdlet", silent=True)
    WhatIf: object = ignored("a switch of the cmdlet", silent=True)
    Enabled: bool = flag(True, "a disabled connector takes no part")
    ConnectorType: str | None
    CloudServicesMailEnabled: bool = flag(
        False, "internal headers are kept between the service and Exchange servers: promoted when they come in, sent along "
        "as X-MS-Exchange-CrossPremises-* when they leave",
    )  # fmt: skip

    @property
    def is_on_premises(self) -> bool:
        return self.ConnectorType == ON_PREMISES

    def check(self, problems: ProblemList) -> None:
        if len(self.name) > _LONGEST_NAME:
            problems.error(self.place, f"Name: {self.name[:20]}... is longer than {_LONGEST_NAME} characters.")

    def _only_on_premises(self, problems: ProblemList, *parameters: str) -> None:
        for parameter in parameters:
            if getattr(self, parameter) and self.ConnectorType == PARTNER:
                says = f"{parameter} is for connectors of ConnectorType {ON_PREMISES}; {self.name} is {PARTNER}."
                problems.error(self.at(parameter), says, f"Take it out, or write ConnectorType: {ON_PREMISES}.")


class InboundConnector(_Connector):
    """What New-InboundConnector takes."""

    noun = "an inbound connector"
    cmdlet = _INBOUND

    ConnectorType: str | None = choice(
        "OnPremises for the organisation's own servers (identifies them and lets them relay), Partner for others "
        "(restricts them)", ON_PREMISES, PARTNER, required=True, of=_INBOUND,
    )  # fmt: skip
    SenderDomains: tuple[str, ...] = texts(
        "the sender domains that the connector is for: d, *.d or *; counts on Partner connectors",
        ("*",),
        read=domain_pattern,
    )
    SenderIPAddresses: tuple[IpEntry, ...] = texts(
        "the addresses that the server connects from, single or /24 to /32; on a Partner connector they count only with "
        "RestrictDomainsToIPAddresses", read=ip_entry,
    )  # fmt: skip
    TlsSenderCertificateName: str = text("the name in the server's certificate: d or *.d", read=certificate_name)
    RequireTls: bool = flag(True, "mail that comes without TLS is refused; counts on Partner connectors")
    RestrictDomainsToIPAddresses: bool = flag(
        False, "mail from SenderDomains is refused unless it comes from SenderIPAddresses; Partner only"
    )
    RestrictDomainsToCertificate: bool = flag(
        False, "mail from SenderDomains is refused unless TlsSenderCertificateName is shown; Partner only"
    )
    TreatMessagesAsInternal: bool = flag(
        False, "mail whose sender is in an accepted domain counts as internal; OnPremises only"
    )
    AssociatedAcceptedDomains: tuple[str, ...] = texts(
        "the accepted domains whose mail may use the connector as a source; empty: all", read=parse_domain
    )
    TrustedOrganizations: object = ignored("other tenants whose mail is trusted")
    EFSkipLastIP: bool = flag(
        False, "Enhanced Filtering: mail is judged by the address that the connecting server got it from"
    )
    EFSkipIPs: tuple[AddressRange, ...] = texts(
        "Enhanced Filtering: mail is judged by the last address that is none of these: single, a-b, or network",
        read=skip_entry,
    )
    EFUsers: tuple[Address, ...] = texts(
        "Enhanced Filtering: only where all recipients are among these; empty: for all", read=recipient
    )
    EFTestMode: object = ignored("reserved", silent=True)
    EFSkipMailGateway: object = ignored("reserved", silent=True)
    ScanAndDropRecipients: object = ignored("reserved", silent=True)
    ClientHostNames: object = ignored("undocumented", silent=True)

    @property
    def skips(self) -> bool:
        """Whether Enhanced Filtering is on."""
        return self.EFSkipLastIP or bool(self.EFSkipIPs)

    @property
    def restricts(self) -> bool:
        return self.RestrictDomainsToIPAddresses or self.RestrictDomainsToCertificate

    def check(self, problems: ProblemList) -> None:
        super().check(problems)
        self._only_on_premises(problems, "TreatMessagesAsInternal")
        if self.CloudServicesMailEnabled and self.TreatMessagesAsInternal:
            says = "CloudServicesMailEnabled and TreatMessagesAsInternal exclude each other."
            problems.error(self.at("TreatMessagesAsInternal"), says, "Take one of them out.")
        if self.RestrictDomainsToCertificate and lacks(self, "TlsSenderCertificateName", problems):
            says = "RestrictDomainsToCertificate needs TlsSenderCertificateName."
            problems.error(
                self.at("RestrictDomainsToCertificate"), says, "Add TlsSenderCertificateName: mail.contoso.com."
            )
        self._without_effect(problems)

    def _without_effect(self, problems: ProblemList) -> None:
        if not self.written("SenderDomains"):
            problems.warn(self.place, f"{self.name} lacks SenderDomains, which {_INBOUND} asks for; * is assumed")
        if self.EFSkipLastIP and self.EFSkipIPs:
            problems.warn(self.at("EFSkipIPs"), "EFSkipIPs has no effect while EFSkipLastIP is true")
        if self.EFUsers and not self.skips:
            problems.warn(self.at("EFUsers"), "EFUsers has no effect: neither EFSkipLastIP nor EFSkipIPs is set")
        restricting = ("RestrictDomainsToIPAddresses", "RestrictDomainsToCertificate")
        for parameter in restricting if self.ConnectorType == ON_PREMISES else ("CloudServicesMailEnabled",):
            if getattr(self, parameter):
                says = f"{parameter} has no effect on a connector of ConnectorType {self.ConnectorType}"
                problems.warn(self.at(parameter), says)
        if self.ConnectorType == ON_PREMISES:
            return
        if self.RestrictDomainsToIPAddresses and lacks(self, "SenderIPAddresses", problems):
            says = (
                f"RestrictDomainsToIPAddresses without SenderIPAddresses: {self.name} refuses all mail that it is for"
            )
            problems.warn(self.at("RestrictDomainsToIPAddresses"), says)
        if self.SenderIPAddresses and not self.RestrictDomainsToIPAddresses:
            says = "SenderIPAddresses has no effect on a Partner connector without RestrictDomainsToIPAddresses"
            problems.warn(self.at("SenderIPAddresses"), says)


class OutboundConnector(_Connector):
    """What New-OutboundConnector takes."""

    noun = "an outbound connector"
    cmdlet = _OUTBOUND

    ConnectorType: str | None = choice(
        "OnPremises for the organisation's own servers, Partner for others",
        ON_PREMISES,
        PARTNER,
        required=True,
        of=_OUTBOUND,
    )
    RecipientDomains: tuple[str, ...] = texts("the domains that the connector is for: d, *.d or *", read=domain_pattern)
    AllAcceptedDomains: bool = flag(False, "the connector is for all accepted domains; OnPremises only")
    UseMXRecord: bool = flag(True, "mail goes to the MX of the recipient's domain; false: to SmartHosts")
    SmartHosts: tuple[str, ...] = texts(
        "host names (MX first, then address), IPv4 addresses or networks; the first is drawn, then they take turns",
        read=smart_host,
    )  # fmt: skip
    TlsSettings: str | None = choice(
        "what is asked of TLS; left out: TLS where it is offered", "EncryptionOnly", "CertificateValidation", "DomainValidation",
        of=_OUTBOUND,
    )  # fmt: skip
    TlsDomain: str = text("the name that DomainValidation asks for: d or *.d", read=certificate_name)
    IsTransportRuleScoped: bool = flag(False, "used only where a mail flow rule says so")
    RouteAllMessagesViaOnPremises: bool = flag(
        False,
        "centralised mail transport: all mail that does not come from there goes over this connector; OnPremises only",
    )
    TestMode: bool = flag(False, "not used for real mail")
    SenderRewritingEnabled: bool = flag(
        False, "senders are rewritten (SRS) on the way to own servers too; OnPremises only"
    )
    MtaStsMode: str = choice(
        "whether the MTA-STS policy of the next host's domain is looked at", "Opportunistic", "None", default="Opportunistic",
        of=_OUTBOUND,
    )  # fmt: skip
    SmtpDaneMode: str = choice(
        "whether TLSA records of the next host are looked at; Mandatory: no mail to hosts without them", "Opportunistic",
        "Mandatory", "None", default="Opportunistic", of=_OUTBOUND,
    )  # fmt: skip
    ValidationRecipients: object = ignored("addresses of the last validation", silent=True)
    IsValidated: object = ignored("result of the last validation", silent=True)
    LastValidationTimestamp: object = ignored("time of the last validation", silent=True)
    LinkForModifiedConnector: object = ignored("internal", silent=True)

    def check(self, problems: ProblemList) -> None:
        super().check(problems)
        self._only_on_premises(
            problems, "AllAcceptedDomains", "RouteAllMessagesViaOnPremises", "SenderRewritingEnabled"
        )
        if not self.UseMXRecord and lacks(self, "SmartHosts", problems):
            problems.error(
                self.at("UseMXRecord"), "UseMXRecord: false needs SmartHosts.", "Add SmartHosts: [mail.contoso.com]."
            )
        if (
            self.TlsDomain
            and (self.TlsSettings or lacks(self, "TlsSettings", problems))
            and self.TlsSettings != "DomainValidation"
        ):
            says = "TlsDomain goes with TlsSettings DomainValidation only."
            problems.error(self.at("TlsDomain"), says, "Write TlsSettings: DomainValidation, or take TlsDomain out.")
        if self.TlsSettings == "DomainValidation" and lacks(self, "TlsDomain", problems):
            says = "TlsSettings DomainValidation needs TlsDomain."
            problems.error(self.at("TlsSettings"), says, "Add TlsDomain: the name that the certificate must have.")
        self._without_effect(problems)

    def _without_effect(self, problems: ProblemList) -> None:
        if self.UseMXRecord and self.SmartHosts:
            says = "SmartHosts has no effect while UseMXRecord is true, its default"
            problems.warn(self.at("SmartHosts"), says, "Write UseMXRecord: false.")
        scopes = [bool(self.RecipientDomains), self.AllAcceptedDomains, self.IsTransportRuleScoped]
        if not any(scopes) and not self.RouteAllMessagesViaOnPremises and lacks(self, "RecipientDomains", problems):
            says = f"{self.name} is for no recipient: it has neither RecipientDomains nor AllAcceptedDomains nor IsTransportRuleScoped"
            problems.warn(self.place, says)
        if sum(scopes) > 1:
            says = "RecipientDomains, AllAcceptedDomains and IsTransportRuleScoped: one of them says what a connector is for"
            problems.warn(self.place, says)

"""What the cmdlets take, and what they object to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.products.exchange_online import InboundConnector, OutboundConnector, TenantSettings
from simulator.source import Node, ProblemList, Source
from tests.products.exchange_online.builders import inbound, outbound, settings

AT = Source("lab.yaml", 3, 5)


def read(**plain: Any) -> tuple[TenantSettings, ProblemList]:
    problems = ProblemList()
    plain = {"AcceptedDomains": {"contoso.com": "Authoritative"}, **plain}
    return TenantSettings.read(Node.of(plain, AT), problems, name="m365", at=AT), problems


def objections(problems: ProblemList) -> list[str]:
    return [f"{p.says} | {p.fix}" if p.fix else p.says for p in problems.errors]


INBOUND_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"ConnectorType": "Own"}, "ConnectorType: Own is not a value of New-InboundConnector. | Use OnPremises, Partner."),
    ({"SenderIPAddresses": "10.0.0.0/8"}, "SenderIPAddresses: 10.0.0.0/8 is wider than /24. | Networks from /24 to /32 are supported."),
    ({"SenderIPAddresses": ["2001:db8::1"]}, "SenderIPAddresses: 2001:db8::1 is an IPv6 address. | Only IPv4 addresses are supported."),
    ({"SenderIPAddresses": "192.0.2.1-192.0.2.9"},
     "SenderIPAddresses: 192.0.2.1-192.0.2.9 is a range. | Write single addresses or networks from /24 to /32."),
    ({"SenderIPAddresses": "mail.contoso.com"},
     "SenderIPAddresses: mail.contoso.com is not an IPv4 address or network. | Write 192.0.2.10 or 192.0.2.0/24."),
    ({"TlsSenderCertificateName": "a.*.contoso.com"},
     "TlsSenderCertificateName: a.*.contoso.com has a wildcard inside. | A wildcard stands alone or in front: * or *.contoso.com."),
    ({"TlsSenderCertificateName": "*"}, "TlsSenderCertificateName: * names no certificate. | Write mail.contoso.com or *.contoso.com."),
    ({"TlsSenderCertificateName": "<I>CN=CA<S>CN=mail"},
     "TlsSenderCertificateName: <I>CN=CA<S>CN=mail is the form of an on-premises connector. | "
     "Write a name of the certificate, such as mail.contoso.com."),
    ({"SenderDomains": ["smtp:a.*.contoso.com;1"]},
     "SenderDomains: a.*.contoso.com has a wildcard inside. | A wildcard stands alone or in front: * or *.contoso.com."),
    ({"SenderDomains": "contoso..com"}, "SenderDomains: contoso..com is not a domain. | Write contoso.com, *.contoso.com or *."),
    ({"CloudServicesMailEnabled": True, "TreatMessagesAsInternal": True},
     "CloudServicesMailEnabled and TreatMessagesAsInternal exclude each other. | Take one of them out."),
    ({"ConnectorType": "Partner", "TreatMessagesAsInternal": True},
     "TreatMessagesAsInternal is for connectors of ConnectorType OnPremises; own servers is Partner. | "
     "Take it out, or write ConnectorType: OnPremises."),
    ({"ConnectorType": "Partner", "RestrictDomainsToCertificate": True},
     "RestrictDomainsToCertificate needs TlsSenderCertificateName. | Add TlsSenderCertificateName: mail.contoso.com."),
    ({"AssociatedAcceptedDomains": "fabrikam.com"},
     "AssociatedAcceptedDomains: fabrikam.com is not an accepted domain of m365. | Name accepted domains."),
]  # fmt: skip


@pytest.mark.parametrize(("connector", "error"), INBOUND_ERRORS, ids=[str(row[0]) for row in INBOUND_ERRORS])
def test_what_new_inboundconnector_objects_to(connector: dict[str, Any], error: str) -> None:
    assert [error] == objections(read(InboundConnectors=inbound(**connector))[1])


OUTBOUND_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"TlsSettings": "Required"},
     "TlsSettings: Required is not a value of New-OutboundConnector. | "
     "Use EncryptionOnly, CertificateValidation, DomainValidation or leave it out."),
    ({"SmartHosts": []}, "UseMXRecord: false needs SmartHosts. | Add SmartHosts: [mail.contoso.com]."),
    ({"TlsDomain": "mail.contoso.com"},
     "TlsDomain goes with TlsSettings DomainValidation only. | Write TlsSettings: DomainValidation, or take TlsDomain out."),
    ({"TlsSettings": "DomainValidation"},
     "TlsSettings DomainValidation needs TlsDomain. | Add TlsDomain: the name that the certificate must have."),
    ({"ConnectorType": "Partner", "AllAcceptedDomains": True},
     "AllAcceptedDomains is for connectors of ConnectorType OnPremises; to own servers is Partner. | "
     "Take it out, or write ConnectorType: OnPremises."),
    ({"ConnectorType": "Partner", "RouteAllMessagesViaOnPremises": True},
     "RouteAllMessagesViaOnPremises is for connectors of ConnectorType OnPremises; to own servers is Partner. | "
     "Take it out, or write ConnectorType: OnPremises."),
    ({"RecipientDomains": "a.*.contoso.com"},
     "RecipientDomains: a.*.contoso.com has a wildcard inside. | A wildcard stands alone or in front: * or *.contoso.com."),
    ({"SmartHosts": "mail contoso"}, "SmartHosts: mail contoso is not a host. | Write mail.contoso.com or 192.0.2.10."),
    ({"SmartHosts": "2001:db8::1"},
     "SmartHosts: 2001:db8::1 is neither host name nor IPv4 address. | Write mail.contoso.com or 192.0.2.10."),
    ({"SmartHosts": "192.0.2.300"},
     "SmartHosts: 192.0.2.300 is not an IPv4 address or network. | Write 192.0.2.10 or 192.0.2.0/24."),
]  # fmt: skip


@pytest.mark.parametrize(("connector", "error"), OUTBOUND_ERRORS, ids=[str(row[0]) for row in OUTBOUND_ERRORS])
def test_what_new_outboundconnector_objects_to(connector: dict[str, Any], error: str) -> None:
    assert [error] == objections(read(OutboundConnectors=outbound(RecipientDomains="x.test") | {
        "to own servers": {**outbound(RecipientDomains="x.test")["to own servers"], **connector}
    })[1])  # fmt: skip


@pytest.mark.parametrize(
    ("noun", "said"), [("InboundConnectors", "an inbound connector"), ("OutboundConnectors", "an outbound connector")]
)
def test_the_connector_type_must_be_said(noun: str, said: str) -> None:
    (error,) = objections(
        read(**{noun: {"x": {"SmartHosts": "mail.contoso.com"} if noun == "OutboundConnectors" else {}}})[1]
    )

    assert error.startswith(f"{said} 'x' lacks ConnectorType. | OnPremises for the organisation's own servers")


def test_a_name_has_at_most_64_characters() -> None:
    problems = read(InboundConnectors={"n" * 65: {"ConnectorType": "Partner"}})[1]

    assert ["Name: nnnnnnnnnnnnnnnnnnnn... is longer than 64 characters."] == objections(problems)


OTHER_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"AcceptedDomains": {"contoso.com": "ExternalRelay"}},
     "DomainType: ExternalRelay is not a value of Set-AcceptedDomain. | Use Authoritative, InternalRelay or leave it out."),
    ({"AcceptedDomains": {"contoso..com": "Authoritative"}}, "'contoso..com' is not a domain name: '' is not a label."),
    ({"AcceptedDomains": {"contoso.com": {"MatchSubDomains": True}}},
     "MatchSubDomains is for domains of DomainType InternalRelay. | Write DomainType: InternalRelay."),
    ({"AcceptedDomains": {"a.test": {"Default": True}, "b.test": {"Default": True}}},
     "Default: a.test has it already. | A tenant has one such domain."),
    ({"Recipients": {"john": {"RecipientType": "UserMailbox"}}}, "'john' is not a mail address. | Recipients is a map by address."),
    ({"Recipients": {"john@contoso.com": {"RecipientType": "MailUser"}}},
     "john@contoso.com is a MailUser and lacks ExternalEmailAddress. | Add ExternalEmailAddress: the address where it really is."),
    ({"Recipients": {"john@contoso.com": {"ExternalEmailAddress": "john"}}},
     "ExternalEmailAddress: 'john' is not a mail address. | Write john@contoso.com."),
    ({"TransportConfig": {"MessageExpiration": "48h"}},
     "MessageExpiration: 48h is not between 12 and 24 hours. | Write 0.12:00:00 to 1.00:00:00."),
    ({"TransportConfig": {"MessageExpiration": "soon"}}, "MessageExpiration: soon is not a span of time. | Write 1.00:00:00 or 24h."),
    ({"knobs": {"retry": "soon"}}, "retry: a list of minutes is expected. | Write [15, 30, 60]."),
    ({"knobs": {"require_tls_reply": "no"}},
     "require_tls_reply: 'no' is not a reply. | Write 451 5.7.3 STARTTLS is required to send mail."),
    ({"knobs": {"require_tls_reply": "250 fine"}}, "require_tls_reply: 250 refuses nothing. | Write a 4xx or 5xx reply."),
    ({"knobs": {"selection_order": "any"}}, "selection_order: 'any' is not known here. | Use doc-example, doc-list or leave it out."),
]  # fmt: skip


@pytest.mark.parametrize(("plain", "error"), OTHER_ERRORS, ids=[str(row[0]) for row in OTHER_ERRORS])
def test_what_the_other_cmdlets_object_to(plain: dict[str, Any], error: str) -> None:
    assert [error] == objections(read(**plain)[1])


WARNINGS: list[tuple[dict[str, Any], str]] = [
    ({"AcceptedDomains": {}}, "m365 has no AcceptedDomains: nobody's mail is for it"),
    ({"RemoteDomains": {"Default": {"AllowedOOFType": "None"}}}, "AllowedOOFType is understood but not modelled; it changes nothing here"),
    ({"JournalRules": {"r": {"JournalEmailAddress": "x@x.test", "LawfulInterception": True}}},
     "LawfulInterception is understood but not modelled; it changes nothing here"),
    ({"HostedOutboundSpamFilterPolicy": {"RecipientLimitPerDay": 10}},
     "RecipientLimitPerDay is understood but not modelled; it changes nothing here"),
    ({"HostedOutboundSpamFilterPolicy": {"Managers": {"AutoForwardingMode": "On"}}},
     "policy Managers: a rule says for whom it is, which is not modelled; only Default counts here"),
    ({"InboundConnectors": inbound(EFSkipIPs="192.0.2.1", EFSkipLastIP=True)}, "EFSkipIPs has no effect while EFSkipLastIP is true"),
    ({"InboundConnectors": inbound(EFUsers="bob@contoso.com")}, "EFUsers has no effect: neither EFSkipLastIP nor EFSkipIPs is set"),
    ({"HostedContentFilterPolicy": {"SpamAction": "Redirect"}}, "SpamAction Redirect is not modelled; MoveToJmf is done here"),
    ({"HostedContentFilterPolicy": {"MarkAsSpamSpfRecordHardFail": "Test"}}, "MarkAsSpamSpfRecordHardFail has no test mode; Test is Off."),
    ({"AntiPhishPolicy": {"Executives": {"HonorDmarcPolicy": False}}},
     "policy Executives: a rule says for whom it is, which is not modelled; only Office365 AntiPhish Default counts here"),
    ({"InboundConnectors": {"x": {"ConnectorType": "OnPremises"}}},
     "x lacks SenderDomains, which New-InboundConnector asks for; * is assumed"),
    ({"InboundConnectors": inbound(RestrictDomainsToIPAddresses=True, SenderIPAddresses="192.0.2.1")},
     "RestrictDomainsToIPAddresses has no effect on a connector of ConnectorType OnPremises"),
    ({"InboundConnectors": {"x": {"ConnectorType": "Partner", "SenderDomains": "*", "SenderIPAddresses": "192.0.2.1"}}},
     "SenderIPAddresses has no effect on a Partner connector without RestrictDomainsToIPAddresses"),
    ({"InboundConnectors": {"x": {"ConnectorType": "Partner", "SenderDomains": "*", "RestrictDomainsToIPAddresses": True}}},
     "RestrictDomainsToIPAddresses without SenderIPAddresses: x refuses all mail that it is for"),
    ({"OutboundConnectors": outbound(RecipientDomains="*", UseMXRecord=True)},
     "SmartHosts has no effect while UseMXRecord is true, its default"),
    ({"OutboundConnectors": outbound()},
     "to own servers is for no recipient: it has neither RecipientDomains nor AllAcceptedDomains nor IsTransportRuleScoped"),
    ({"OutboundConnectors": outbound(RecipientDomains="*", AllAcceptedDomains=True)},
     "RecipientDomains, AllAcceptedDomains and IsTransportRuleScoped: one of them says what a connector is for"),
    ({"OutboundConnectors": {"b": outbound(RecipientDomains="*")["to own servers"], "a": outbound(RecipientDomains="*")["to own servers"]}},
     "a and b are both for *; a is used, by the order of names"),
    ({"Recipients": {"g@contoso.com": {"RecipientType": "DistributionGroup", "ForwardingSmtpAddress": "x@x.test"}}},
     "ForwardingSmtpAddress has no effect on a DistributionGroup"),
    ({"Recipients": {"m@contoso.com": {"RecipientType": "UserMailbox", "Members": ["x@x.test"]}}},
     "Members has no effect on a UserMailbox"),
    ({"knobs": {"blocked_connectors": "gone"}}, "blocked_connectors: there is no inbound connector gone"),
]  # fmt: skip


@pytest.mark.parametrize(("plain", "warning"), WARNINGS, ids=[str(row[1])[:60] for row in WARNINGS])
def test_what_is_warned_of(plain: dict[str, Any], warning: str) -> None:
    problems = read(**plain)[1]

    assert ([], [warning]) == (objections(problems), [p.says for p in problems.warnings])


def test_defaults_are_those_of_the_cmdlets() -> None:
    made = settings(
        AcceptedDomains={"contoso.com": None}, InboundConnectors={"i": {"ConnectorType": "Partner"}},
        OutboundConnectors={"o": {"ConnectorType": "Partner", "RecipientDomains": "*"}},
    )  # fmt: skip
    i, o = made.InboundConnectors["i"], made.OutboundConnectors["o"]

    assert (True, True, ("*",), False, False) == (
        i.Enabled, i.RequireTls, i.SenderDomains, i.RestrictDomainsToIPAddresses, i.RestrictDomainsToCertificate,
    )  # fmt: skip
    assert (True, True, None, False, False) == (
        o.Enabled,
        o.UseMXRecord,
        o.TlsSettings,
        o.TestMode,
        o.AllAcceptedDomains,
    )
    assert "Authoritative" == made.AcceptedDomains["contoso.com"].DomainType
    assert timedelta(days=1) == made.TransportConfig.MessageExpiration
    assert (False, 3, 30) == (
        made.OrganizationConfig.RejectDirectSend, made.knobs.tenant_attribution_limit, made.knobs.received_limit
    )  # fmt: skip
    assert Reply(451, "5.7.3", "STARTTLS is required to send mail") == made.knobs.require_tls_reply


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("*", "*"),
        ("smtp:*;1", "*"),
        ("Contoso.COM", "contoso.com"),
        ("smtp:contoso.com;1", "contoso.com"),
        ("*.contoso.com", "*.contoso.com"),
    ],
)
def test_address_spaces_are_taken_in_every_form(written: str, kept: str) -> None:
    made = settings(
        AcceptedDomains={"contoso.com": "Authoritative"}, InboundConnectors=inbound(SenderDomains=[written]),
        OutboundConnectors=outbound(RecipientDomains=written),
    )  # fmt: skip

    assert (kept,) == made.InboundConnectors["own servers"].SenderDomains
    assert (kept,) == made.OutboundConnectors["to own servers"].RecipientDomains


def test_host_bits_of_a_network_are_tolerated() -> None:
    (entry,) = (
        settings(InboundConnectors=inbound(SenderIPAddresses="192.168.0.1/25"))
        .InboundConnectors["own servers"]
        .SenderIPAddresses
    )

    assert ("192.168.0.1/25", True, False) == (str(entry), "192.168.0.99" in entry, "192.168.0.200" in entry)


def test_smart_hosts_are_taken_in_every_form() -> None:
    written = ["Mail.Contoso.com", "192.0.2.10", "[192.0.2.11]", "192.0.2.9/30"]

    made = settings(OutboundConnectors=outbound(RecipientDomains="*", SmartHosts=written)).OutboundConnectors[
        "to own servers"
    ]

    assert ("mail.contoso.com", "192.0.2.10", "192.0.2.11", "192.0.2.8/30") == made.SmartHosts


@pytest.mark.parametrize(
    ("written", "span"),
    [
        ("0.12:00:00", timedelta(hours=12)),
        ("1.00:00:00", timedelta(days=1)),
        ("18:30:00", timedelta(hours=18.5)),
        ("20h", timedelta(hours=20)),
    ],
)
def test_spans_are_taken_as_powershell_and_as_people_write_them(written: str, span: timedelta) -> None:
    assert span == settings(TransportConfig={"MessageExpiration": written}).TransportConfig.MessageExpiration


def test_a_get_record_can_be_pasted() -> None:
    record = {
        "Enabled": True, "ConnectorType": "OnPremises", "ConnectorSource": "AdminUI", "Comment": "",
        "SenderIPAddresses": ["192.0.2.10"], "SenderDomains": ["smtp:*;1"], "RequireTls": False, "EFTestMode": False,
        "ScanAndDropRecipients": [], "EFSkipMailGateway": [], "AdminDisplayName": "", "Name": "x", "Identity": "x",
        "WhenChangedUTC": "2026-07-23T22:55:13.0000000Z", "Guid": "0", "IsValid": True, "ClientHostNames": [],
    }  # fmt: skip
    problems = read(InboundConnectors={"x": record})[1]

    assert [] == problems.items


def test_recipients_are_what_their_properties_say() -> None:
    made = settings(
        Recipients={
            "a@contoso.com": {}, "b@contoso.com": {"ExternalEmailAddress": "SMTP:b@x.test"}, "c@contoso.com": {"Members": "a@contoso.com"},
            "d@contoso.com": {"EmailAddresses": ["SMTP:d@contoso.com", "smtp:dd@contoso.com", "x500:/o=x", "e@contoso.com"]},
        }
    ).Recipients  # fmt: skip

    assert ["mailbox", "external", "group", "mailbox"] == [made[f"{name}@contoso.com"].kind for name in "abcd"]
    assert Address.parse("b@x.test") == made["b@contoso.com"].ExternalEmailAddress
    assert ["d", "dd", "e"] == [a.local for a in made["d@contoso.com"].EmailAddresses]


@pytest.mark.parametrize("kind", [InboundConnector, OutboundConnector])
def test_every_parameter_has_words_about_it(kind: type[InboundConnector | OutboundConnector]) -> None:
    assert [] == [key for key, field in kind.__fields__.items() if not field.doc]


def test_the_editors_schema_knows_both_forms_of_an_accepted_domain() -> None:
    schema = TenantSettings.json_schema()["properties"]["AcceptedDomains"]["additionalProperties"]

    assert {"enum": ["Authoritative", "InternalRelay"]} == schema["anyOf"][0]

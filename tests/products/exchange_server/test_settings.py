from __future__ import annotations

from typing import Any

import pytest

from tests.products.exchange_server.builders import problems, settings


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        ({"AcceptedDomains": {}}, "warning: onprem has no AcceptedDomains: nobody's mail is for it"),
        ({"AcceptedDomains": {"contoso..com": "Authoritative"}}, "error: 'contoso..com' is not a domain name: '' is not a label."),
        ({"AcceptedDomains": {"contoso.com": "Shared"}},
         "error: DomainType: Shared is not a value of Set-AcceptedDomain. Use Authoritative, InternalRelay, ExternalRelay or leave it out."),
        ({"AcceptedDomains": {"a.example": {"Default": True}, "b.example": {"Default": True}}},
         "error: Default: a.example has it already. An organisation has one default domain."),
        ({"SendConnectors": {"In": {"AddressSpaces": "--"}}}, "error: the address space -- is for Edge servers. Name the domains."),
        ({"Recipients": {"bob@contoso.com": {"RecipientType": "RemoteUserMailbox"}}},
         "error: bob@contoso.com lacks RemoteRoutingAddress, and no accepted domain ends in .mail.onmicrosoft.com. "
         "Add RemoteRoutingAddress: bob@contoso.mail.onmicrosoft.com."),
        ({"Recipients": {"moon@contoso.com": {"RecipientType": "MailContact"}}},
         "error: moon@contoso.com is a MailContact and lacks ExternalEmailAddress. Add ExternalEmailAddress: the address where it really is."),
        ({"Recipients": {"bob": {}}}, "error: 'bob' is not a mail address. Recipients is a map by address."),
        ({"Recipients": {"john@contoso.com": {"RemoteRoutingAddress": "j@x.example", "RecipientType": "UserMailbox"}}},
         "warning: RemoteRoutingAddress has no effect on a UserMailbox"),
        ({"TransportConfig": {"MaxSendSize": "much"}}, "error: MaxSendSize: much is not a size. Write 25MB, 512KB or unlimited."),
        ({"TransportRules": {"One": {}}}, "warning: TransportRules is understood but not modelled; it changes nothing here"),
        ({"SendConnector": {}}, "error: unknown setting SendConnector in an Exchange server. Did you mean SendConnectors?"),
        ({"knobs": {"expiry": "5.4.7"}}, "error: expiry: '5.4.7' is not known here. Use 4.4.7, 5.4.300 or leave it out."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(plain: dict[str, Any], says: str) -> None:
    assert [says] == problems(**plain)


def test_names_are_matched_without_regard_to_case() -> None:
    made = settings(sendconnectors={"Out": {"addressspaces": "*", "requiretls": "$TRUE"}}, serverrole="edge")
    assert (True, True) == (made.SendConnectors["Out"].RequireTLS, made.is_edge)


def test_an_edge_server_may_name_all_accepted_domains() -> None:
    assert [] == problems(
        ServerRole="Edge",
        SendConnectors={"In": {"AddressSpaces": "--", "SmartHosts": "10.0.0.1", "DNSRoutingEnabled": False}},
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({}, "mailbox"),
        ({"RecipientType": "SharedMailbox"}, "mailbox"),
        ({"RemoteRoutingAddress": "b@contoso.mail.onmicrosoft.com"}, "remote"),
        ({"RecipientType": "RemoteMailbox", "RemoteRoutingAddress": "b@contoso.mail.onmicrosoft.com"}, "remote"),
        ({"ExternalEmailAddress": "b@partner.example"}, "external"),
        ({"Members": "john@contoso.com"}, "group"),
        ({"RecipientType": "DistributionGroup"}, "group"),
    ],
)
def test_a_recipient_is_what_its_type_or_its_properties_say(written: dict[str, Any], expected: str) -> None:
    assert expected == settings(Recipients={"b@contoso.com": written}).Recipients["b@contoso.com"].kind


@pytest.mark.parametrize(
    ("parameter", "written", "bounds"),
    [
        ("MessageExpirationTimeout", "00:00:00", "00:00:05 to 90.00:00:00"),
        ("MessageExpirationTimeout", "91d", "00:00:05 to 90.00:00:00"),
        ("TransientFailureRetryInterval", "00:00:00", "00:00:01 to 12:00:00"),
        ("OutboundConnectionFailureRetryInterval", "21.00:00:00", "00:00:01 to 20.00:00:00"),
        ("MessageRetryInterval", "25h", "00:00:01 to 1.00:00:00"),
        ("DelayNotificationTimeout", "00:00:00", "00:00:01 to 30.00:00:00"),
    ],
)
def test_spans_have_the_bounds_of_the_cmdlet(parameter: str, written: str, bounds: str) -> None:
    told = problems(TransportService={parameter: written})
    assert [f"error: {parameter}: {written} is not from {bounds}."] == told

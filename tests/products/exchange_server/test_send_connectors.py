from __future__ import annotations

from typing import Any

import pytest

from simulator.products.exchange_server import SendConnector
from simulator.source import Node, ProblemList


def _said(**parameters: Any) -> list[str]:
    found = ProblemList()
    SendConnector.read(Node.of({"AddressSpaces": "*", **parameters}), found, name="Out")
    return [f"{p.level}: {p.says}" for p in found.items]


_SMART = {"SmartHosts": "mail.partner.example", "DNSRoutingEnabled": False}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"AddressSpaces": []}, "error: Out lacks AddressSpaces."),
        ({"AddressSpaces": "*contoso.com"}, "error: AddressSpaces: *contoso.com is not a valid SMTP address space."),
        ({"AddressSpaces": "X400:o=MySite"}, "error: the address space X400:o=MySite;1 needs SmartHosts and DNSRoutingEnabled $false."),
        ({"SmartHosts": "a.example", "DNSRoutingEnabled": True}, "error: DNSRoutingEnabled must be false where SmartHosts are given."),
        ({"DNSRoutingEnabled": False}, "error: DNSRoutingEnabled $false needs SmartHosts."),
        ({"SmartHosts": "a.example"}, "warning: New-SendConnector asks for DNSRoutingEnabled $false beside SmartHosts; it is assumed"),
        ({"RequireTLS": True, "IgnoreSTARTTLS": True}, "error: IgnoreSTARTTLS must be false where RequireTLS is true."),
        ({"TlsAuthLevel": "CertificateValidation"}, "error: TlsAuthLevel goes with RequireTLS $true and IgnoreSTARTTLS $false only."),
        ({"RequireTLS": True, "TlsDomain": "a.example"}, "error: TlsDomain goes with TlsAuthLevel DomainValidation only."),
        ({**_SMART, "RequireTLS": True, "TlsAuthLevel": "DomainValidation"}, "error: TlsAuthLevel DomainValidation with SmartHosts needs TlsDomain."),
        ({"TlsAuthLevel": "Strict", "RequireTLS": True}, "error: TlsAuthLevel: Strict is not a value of New-SendConnector."),
        ({**_SMART, "SmartHostAuthMechanism": "BasicAuth"}, "error: SmartHostAuthMechanism BasicAuth needs AuthenticationCredential."),
        ({"SmartHostAuthMechanism": "BasicAuth", "AuthenticationCredential": "a@b.example"},
         "error: SmartHostAuthMechanism BasicAuth needs SmartHosts and DNSRoutingEnabled $false."),
        ({**_SMART, "SmartHostAuthMechanism": "ExchangeServer"},
         "warning: SmartHostAuthMechanism ExchangeServer is understood but not modelled; it changes nothing here"),
        ({**_SMART, "AuthenticationCredential": {"User": "x"}}, "error: AuthenticationCredential: a credential has UserName and Password."),
        ({"ErrorPolicies": "Sometimes"}, "error: ErrorPolicies: Sometimes is not an error policy."),
        ({"ErrorPolicies": ["Default", "UpgradeCustomFailures"]},
         "warning: ErrorPolicies UpgradeCustomFailures is understood but not modelled; it changes nothing here"),
        ({"Internet": True, "Usage": "Partner"}, "error: Internet and Usage exclude each other."),
        ({"Port": 2525}, "warning: Port has no effect without SmartHosts"),
        ({"DomainSecureEnabled": True}, "warning: DomainSecureEnabled is understood but not modelled; it changes nothing here"),
        ({"TlsCertificateName": "mail.contoso.com"}, "error: TlsCertificateName: mail.contoso.com does not name issuer and subject."),
        ({"SmartHost": "a.example"}, "error: unknown setting SmartHost in a Send connector."),
    ],
)  # fmt: skip
def test_the_cmdlet_objects(parameters: dict[str, Any], says: str) -> None:
    assert [says] == _said(**parameters)


def test_the_line_of_the_page_is_all_right() -> None:
    line = {
        "Name": "My company to Office 365", "AddressSpaces": "*", "CloudServicesMailEnabled": "$true", "Fqdn": "mail.contoso.com",
        "RequireTLS": "$true", "DNSRoutingEnabled": "$false", "SmartHosts": "contoso-com.mail.protection.outlook.com",
        "TlsAuthLevel": "CertificateValidation",
    }  # fmt: skip
    assert [] == _said(**line)


def test_domain_validation_by_dns_needs_no_tls_domain() -> None:
    assert [] == _said(RequireTLS=True, TlsAuthLevel="DomainValidation")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"UserName": "a@b.example", "Password": "x"}, ("a@b.example", "x")),
        ({"UserName": "a@b.example"}, ("a@b.example", "lab")),
        ("a@b.example", ("a@b.example", "lab")),
    ],
)
def test_a_credential_is_a_user_and_a_password(written: object, expected: tuple[str, str]) -> None:
    node = Node.of(
        {"AddressSpaces": "*", **_SMART, "SmartHostAuthMechanism": "BasicAuth", "AuthenticationCredential": written}
    )
    assert expected == SendConnector.read(node, ProblemList()).AuthenticationCredential

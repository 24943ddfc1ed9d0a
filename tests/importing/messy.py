"""Three tenants as one finds them: exports with every kind of leftover in them.

a    Exchange Online with 44 connectors: disabled, overlapping, in test mode, rule-scoped, for internationalised domains; rules that
     name disabled connectors; sub-domains; mail users at home and abroad; remote domains; a zone file with everything in it
b    SmarterMail as its API answers, beside a tenant
c    Exchange hybrid by Microsoft365DSC, with variables and nested blocks, beside the server's own connectors
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["TENANTS", "files"]

_WHEN = {
    "WhenChangedUTC": "2026-07-23T22:55:13.0000000Z",
    "WhenCreatedUTC": "2026-07-23T22:55:12.0000000Z",
    "IsValid": True,
}


def _inbound(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Enabled": True, "ConnectorType": "OnPremises", "ConnectorSource": "AdminUI", "Comment": "", "SenderIPAddresses": [],
        "SenderIPAddresses@odata.type": "#Collection(String)", "SenderDomains": ["smtp:*;1"], "TrustedOrganizations": [],
        "ClientHostNames": [], "AssociatedAcceptedDomains": [], "RequireTls": False, "RestrictDomainsToIPAddresses": False,
        "RestrictDomainsToCertificate": False, "CloudServicesMailEnabled": False, "TreatMessagesAsInternal": False,
        "TlsSenderCertificateName": None, "EFTestMode": False, "ScanAndDropRecipients": [], "EFSkipLastIP": False, "EFSkipIPs": [],
        "EFSkipMailGateway": [], "EFUsers": [], "AdminDisplayName": "", "Name": name, "Identity": name, "Guid": f"in-{name}",
        **_WHEN, **more,
    }  # fmt: skip


def _outbound(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Enabled": True, "UseMXRecord": True, "Comment": "", "ConnectorType": "Partner", "ConnectorSource": "AdminUI",
        "RecipientDomains": [], "SmartHosts": [], "TlsDomain": None, "TlsSettings": None, "IsTransportRuleScoped": False,
        "RouteAllMessagesViaOnPremises": False, "CloudServicesMailEnabled": False, "AllAcceptedDomains": False,
        "SenderRewritingEnabled": False, "MtaStsMode": "Opportunistic", "SmtpDaneMode": "Opportunistic", "TestMode": False,
        "ValidationRecipients": [], "IsValidated": True, "LastValidationTimestamp": "2026-07-24T18:59:12.0000000",
        "AdminDisplayName": "", "Name": name, "Identity": name, "Guid": f"out-{name}", **_WHEN, **more,
    }  # fmt: skip


def _domain(name: str, type: str, **more: Any) -> dict[str, Any]:
    return {
        "DomainName": name, "DomainType": type, "Default": False, "InitialDomain": False, "MatchSubDomains": False,
        "SmtpDaneStatus": "Disabled", "AuthenticationType": "Managed", "ExternallyManaged": False, "OutboundOnly": False,
        "SendingFromDomainDisabled": False, "CatchAllRecipientID": None, "FederatedOrganizationLink": "Federation", "Name": name,
        "MailFlowRegion": "None", "AzureProvisioningRegion": None, **more,
    }  # fmt: skip


def _own_host(domains: str) -> dict[str, Any]:
    return {"ConnectorType": "OnPremises", "UseMXRecord": False, "SmartHosts": [f"mail.{domains}"]}


INBOUND = [
    _inbound("Büro O'Neil – SmarterMail", SenderIPAddresses=["203.0.113.25", "203.0.113.26"], Comment="Don't touch $this; `ask` Ümit"),
    _inbound("Scanner old", Enabled=False, SenderIPAddresses=["203.0.113.40"]),
    _inbound("Scanner floor 2", SenderIPAddresses=["203.0.113.0/24"]),
    _inbound(
        "Gateway lock-down", ConnectorType="Partner", RestrictDomainsToIPAddresses=True, SenderIPAddresses=["192.0.2.80"],
        EFSkipIPs=["192.0.2.80"], Enabled=False,
    ),
    _inbound(
        "Partner fabrikam", ConnectorType="Partner", SenderDomains=["smtp:fabrikam.example;1", "smtp:*.fabrikam.example;1"],
        RequireTls=True, RestrictDomainsToCertificate=True, TlsSenderCertificateName="*.fabrikam.example",
    ),
    _inbound("By certificate", RequireTls=True, CloudServicesMailEnabled=True, TlsSenderCertificateName="mail.contoso.example"),
    _inbound("CRM", SenderIPAddresses=["198.51.100.64/27"], AssociatedAcceptedDomains=["contoso.example"]),
    *(_inbound(f"Site {n:02}", SenderIPAddresses=[f"198.18.{n}.25"], Enabled=n % 3 != 0) for n in range(12)),
]  # fmt: skip
OUTBOUND = [
    _outbound("To SmarterMail", **_own_host("contoso.example"), AllAcceptedDomains=True, TlsSettings="EncryptionOnly"),
    _outbound("To SmarterMail, spare", **_own_host("contoso.example"), AllAcceptedDomains=True, Enabled=False),
    _outbound("Sub-domains", ConnectorType="OnPremises", RecipientDomains=["*.contoso.example"], UseMXRecord=False,
              SmartHosts=["sub.contoso.example", "203.0.113.27"]),
    _outbound("Signatures", ConnectorType="OnPremises", IsTransportRuleScoped=True, UseMXRecord=False, SmartHosts=["smtp.sig.example"],
              TlsSettings="DomainValidation", TlsDomain="*.sig.example", CloudServicesMailEnabled=True),
    _outbound("No rule any more", IsTransportRuleScoped=True, UseMXRecord=False, SmartHosts=["enc.example"]),
    _outbound("Bank", RecipientDomains=["bank.example"], TlsSettings="DomainValidation", TlsDomain="bank.example"),
    _outbound("Bank 2", RecipientDomains=["bank.example", "*.bank.example"], TlsSettings="CertificateValidation"),
    _outbound("All over the gateway", RecipientDomains=["*"], UseMXRecord=False, SmartHosts=["out.gw.example"], Enabled=False),
    _outbound("In test mode", RecipientDomains=["pilot.example"], TestMode=True),
    _outbound("For nobody"),
    _outbound("Münchner Straße", RecipientDomains=["münchen.example"]),
    *(_outbound(f"Partner {n:02}", RecipientDomains=[f"p{n}.example"], TlsSettings="EncryptionOnly" if n % 2 else None, Enabled=n != 5)
      for n in range(14)),
]  # fmt: skip
DOMAINS = [
    _domain("contoso.onmicrosoft.com", "Authoritative", InitialDomain=True),
    _domain("contoso.example", "InternalRelay", Default=True, MatchSubDomains=True),
    _domain("brand.example", "Authoritative"), _domain("legacy.example", "ExternalRelay"), _domain("contösö.example", "Authoritative"),
]  # fmt: skip
RULES = [
    {
        "Name": "Signature", "Priority": 0, "Mode": "Enforce", "State": "Enabled", "RuleErrorAction": "Ignore",
        "FromScope": "InOrganization", "SentToScope": "NotInOrganization", "Exceptions": None, "Actions": ["x"],
        "RouteMessageOutboundConnector": "Signatures", "ExceptIfHeaderMatchesMessageHeader": "X-Sig",
        "ExceptIfHeaderMatchesPatterns": "yes", "Comments": "it's \"ok\" $now", "Description": "If the message\r\n...", "DlpPolicy": None,
    },
    {"Name": "Old route", "Priority": 1, "Mode": "Enforce", "State": "Enabled", "RecipientDomainIs": "partner.example",
     "RouteMessageOutboundConnector": "All over the gateway"},
    {"Name": "Bypass", "Priority": 2, "Mode": "Enforce", "State": "Disabled", "SenderIpRanges": ["192.0.2.0/24"], "SetSCL": "-1",
     "SetHeaderName": "X-A", "SetHeaderValue": "b$c`d'e"},
    {"Name": "Encrypt", "Priority": 3, "State": "Enabled", "Mode": "Enforce", "SubjectContainsWords": ["encrypt"],
     "ApplyRightsProtectionTemplate": "Encrypt"},
]  # fmt: skip
REMOTE = [
    {"Name": "Default", "DomainName": "*", "AllowedOOFType": "External", "AutoForwardEnabled": True, "TNEFEnabled": None},
    {"Name": "No forwards", "DomainName": "*.fabrikam.example", "AllowedOOFType": "None", "AutoForwardEnabled": False, "NDREnabled": True},
]  # fmt: skip
RECIPIENTS: list[dict[str, Any]] = [
    *(
        {"DisplayName": f"User {n}", "PrimarySmtpAddress": f"user{n}@contoso.example", "RecipientTypeDetails": "UserMailbox",
         "EmailAddresses": [f"SMTP:user{n}@contoso.example", f"smtp:user{n}@contoso.onmicrosoft.com", f"X500:/o=x/cn={n}"],
         "ForwardingSmtpAddress": "smtp:x@gmail.example" if n == 3 else None, "DeliverToMailboxAndForward": n == 3}
        for n in range(8)
    ),
    *(
        {"DisplayName": f"Remote {n}", "PrimarySmtpAddress": f"rem{n}@contoso.example", "RecipientTypeDetails": "MailUser",
         "ExternalEmailAddress": f"SMTP:rem{n}@contoso.example"}
        for n in range(4)
    ),
    {"DisplayName": "Guest, Ann (Ext)", "PrimarySmtpAddress": "ann@gmail.example", "ExternalEmailAddress": "SMTP:ann@gmail.example",
     "RecipientTypeDetails": "GuestMailUser"},
    {"DisplayName": "All", "PrimarySmtpAddress": "all@contoso.example", "RecipientTypeDetails": "MailUniversalDistributionGroup"},
    {"DisplayName": "Dyn", "PrimarySmtpAddress": "dyn@contoso.example", "RecipientTypeDetails": "DynamicDistributionGroup",
     "RecipientFilter": "(a -eq 'b')"},
]  # fmt: skip
ZONE = r"""$ORIGIN contoso.example.
$TTL 3600
@ IN SOA ns1 host ( 2026 3600 600
   86400 300 )
   IN NS ns1
@  600 IN MX 10 mail
   IN MX 20 backup.isp.example.
   IN TXT "v=spf1 ip4:203.0.113.25 " "include:spf.protection.outlook.com ~all" ; spf
_dmarc TXT v=DMARC1\;p=none
mail A 203.0.113.25
mail AAAA 2001:db8::25
sub A 203.0.113.28
www CNAME web.host.example.
_sip._tls SRV 100 1 443 sipdir.online.lync.com.
* MX 10 mail
@ CAA 0 issue "letsencrypt.org"
@ TYPE65 \# 0
$INCLUDE other.zone
"""
SMARTERMAIL = {
    "adminUsername": "admin", "adminPassword": "s3cret", "deliverLocallyForExternalDomain": True, "domainLocation": 2,
    "domainLocationAddress": "contoso-com.mail.protection.outlook.com",
    "domainData": {"name": "contoso.com", "hostname": "mail.contoso.com", "path": "C:\\Domains", "outgoingIP": "203.0.113.25",
                   "isEnabled": True, "isSplitDomain": True, "aliasLimit": 100, "futureThing": {"a": [1, 2]}},
}  # fmt: skip
USERS = {
    "results": [
        {"userName": "john", "fullName": "John Smith", "emailAddress": "john@contoso.com", "accountType": 0, "isEnabled": True},
        {"userName": "amy", "displayName": "Amy O'Neil", "emailAddress": "amy@contoso.com", "isEnabled": True},
        {"userName": "gone", "emailAddress": "gone@contoso.com", "isEnabled": False},
    ],
    "totalCount": 3, "success": True,
}  # fmt: skip
BOB = {
    "userData": {"userName": "bob", "fullName": "Bob Berg", "password": "hunter2", "securityFlags": {"authType": 0, "isDisabled": False}},
    "forwardList": {"forwardList": ["bob@contoso.onmicrosoft.com"], "keepRecipients": False, "deleteOnForward": True},
    "userMailSettings": {"canReceiveMail": True, "enableMailForwarding": True},
}  # fmt: skip
ALIASES = [
    {"name": "sales", "aliasTargetList": ["john", "bob@contoso.com"], "internalOnly": False, "isEnabled": True},
    {"alias": {"name": "old", "aliasTargetList": ["john"], "isEnabled": False}},
]
TENANT_B = {
    "InboundConnectors": [_inbound("From SmarterMail", SenderIPAddresses=["203.0.113.25"])],
    "OutboundConnectors": [_outbound("To SmarterMail", **_own_host("contoso.com"), AllAcceptedDomains=True)],
    "AcceptedDomains": [_domain("contoso.com", "InternalRelay", Default=True), _domain("contoso.onmicrosoft.com", "Authoritative", InitialDomain=True)],
    "Recipients": [{"PrimarySmtpAddress": "bob@contoso.com", "RecipientTypeDetails": "UserMailbox", "DisplayName": "Bob Berg",
                    "EmailAddresses": ["SMTP:bob@contoso.com", "smtp:bob@contoso.onmicrosoft.com"]}],
}  # fmt: skip
DSC = """$OrganizationName = 'contoso.onmicrosoft.com'
Configuration M365TenantConfig
{
    Node localhost
    {
        EXOInboundConnector "EXOInboundConnector-Inbound from ONPREM"
        {
            ConnectorType            = "OnPremises";
            Credential               = $Credscredential;
            Enabled                  = $True;
            Ensure                   = "Present";
            Identity                 = "Inbound from ONPREM";
            RequireTls               = $True;
            SenderDomains            = @("smtp:*;1");
            TlsSenderCertificateName = "mail.contoso.com";
            CloudServicesMailEnabled = $True;
            Limits                   = MSFT_Limits{
                Low  = 1
                Inner = @(MSFT_More{ A = "b" })
            };
            Comment                  = "`$5 for \\"you\\"";
        }
        EXOOutboundConnector "EXOOutboundConnector-Outbound to ONPREM"
        {
            ConnectorType    = "OnPremises";
            Enabled          = $True;
            Ensure           = "Present";
            Identity         = "Outbound to ONPREM";
            RecipientDomains = @("contoso.com");
            SmartHosts       = @("mail.contoso.com");
            TlsDomain        = $Unknown;
            TlsSettings      = "EncryptionOnly";
            UseMxRecord      = $False;
        }
        EXOAcceptedDomain "EXOAcceptedDomain-contoso.com"
        {
            DomainType = "Authoritative";
            Ensure     = "Present";
            Identity   = "contoso.com";
        }
        EXOAcceptedDomain "EXOAcceptedDomain-initial"
        {
            DomainType = "Authoritative";
            Ensure     = "Present";
            Identity   = "$OrganizationName";
        }
    }
}
""".replace('\\"', '`"')
SERVER = {
    "SendConnectors": [
        {"AddressSpaces": ["SMTP:contoso.onmicrosoft.com;1"], "DNSRoutingEnabled": True, "SmartHosts": [], "RequireTLS": True,
         "TlsAuthLevel": "DomainValidation", "TlsDomain": "mail.protection.outlook.com", "Fqdn": "mail.contoso.com", "Enabled": True,
         "Name": "Outbound to Office 365 - 5f", "CloudServicesMailEnabled": True, "MaxMessageSize": {"IsUnlimited": True}},
        {"AddressSpaces": [{"Type": "SMTP", "Address": "*", "Cost": 1}], "DNSRoutingEnabled": True, "Name": "Internet", "Enabled": True},
        {"AddressSpaces": ["SMTP:old.example;5"], "DNSRoutingEnabled": False, "SmartHosts": [{"Domain": "relay.old.example", "IsIPAddress": False}],
         "Name": "Old relay", "Enabled": False},
    ],
    "ReceiveConnectors": [
        {"Bindings": ["0.0.0.0:25"], "RemoteIPRanges": ["0.0.0.0-255.255.255.255"], "PermissionGroups": "AnonymousUsers, ExchangeServers",
         "AuthMechanism": "Tls, Integrated", "TransportRole": "FrontendTransport", "Identity": "ONPREM\\\\Default Frontend ONPREM",
         "Name": "Default Frontend ONPREM", "Enabled": True},
        {"Bindings": ["0.0.0.0:25"], "RemoteIPRanges": ["203.0.113.40", "203.0.113.50-203.0.113.59"], "PermissionGroups": "AnonymousUsers",
         "AuthMechanism": "Tls, ExternalAuthoritative", "TransportRole": "FrontendTransport", "Name": "Relay for printers", "Enabled": True},
    ],
    "AcceptedDomains": [{"DomainName": "contoso.com", "DomainType": "Authoritative", "Default": True, "Name": "contoso.com", "MailFlowPartner": None}],
    "RemoteMailboxes": [{"PrimarySmtpAddress": "bob@contoso.com", "RemoteRoutingAddress": "SMTP:bob@contoso.onmicrosoft.com", "DisplayName": "Bob"}],
}  # fmt: skip

TENANTS: dict[str, dict[str, object]] = {
    "a": {"in.json": INBOUND, "out.json": {"value": OUTBOUND, "Count": len(OUTBOUND)}, "domains.json": DOMAINS, "rules.json": RULES,
          "remote.json": REMOTE, "recipients.json": RECIPIENTS, "contoso.example.zone": ZONE},
    "b": {"domain.json": SMARTERMAIL, "users.json": USERS, "bob.json": BOB, "aliases.json": ALIASES, "tenant.json": TENANT_B},
    "c": {"dsc.ps1": DSC, "server.json": SERVER},
}  # fmt: skip


def files(tenant: str) -> tuple[tuple[str, str], ...]:
    """Names and texts."""
    return tuple(
        (name, content if isinstance(content, str) else json.dumps(content, indent=1, ensure_ascii=False))
        for name, content in TENANTS[tenant].items()
    )

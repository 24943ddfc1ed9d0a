"""How Exchange Online's cmdlets write a tenant's objects: records of Get-, Microsoft365DSC's resources, New- and Set-.

The order is that in which a script makes them: what is named by others first (domains before connectors, connectors
before the rules that send mail over them), and what opens a way before what uses it (inbound before outbound; a domain
becomes InternalRelay when a connector leads on). A script that removes goes the other way.

Sources: CMD pages of the cmdlets; G2O captures of `Get-... | ConvertTo-Json`; the resources' schemas of Microsoft365DSC.
"""

from __future__ import annotations

from simulator.products.exchange_online.attributes import Attributes
from simulator.products.exchange_online.authentication_policy import AuthenticationPolicy
from simulator.products.exchange_online.connectors import PARTNER, InboundConnector, OutboundConnector
from simulator.products.exchange_online.dkim_config import DkimSigningConfig
from simulator.products.exchange_online.inbox_rules import InboxRule
from simulator.products.exchange_online.outbound_policy import HostedOutboundSpamFilterPolicy
from simulator.products.exchange_online.recipients import GROUPS, MAILBOXES, UNIFIED_GROUP, RecipientObject
from simulator.products.exchange_online.remote_domains import RemoteDomain
from simulator.products.exchange_online.settings import AcceptedDomain, OrganizationConfig, TransportConfig
from simulator.products.exchange_online.spam_policies import (
    AntiPhishPolicy,
    ArcConfig,
    HostedConnectionFilterPolicy,
    HostedContentFilterPolicy,
)
from simulator.products.exchange_online.transport_rules.conditions import EXCEPT_IF, NOT_MODELLED
from simulator.products.exchange_online.transport_rules.rule import TransportRule
from simulator.products.shape import Shape

__all__ = ["SHAPES"]

_CONNECTOR_ONLY_READ = (
    "AdminDisplayName", "Guid", "WhenChangedUTC", "WhenCreatedUTC", "IsValid", "Confirm", "WhatIf", "LinkForModifiedConnector",
)  # fmt: skip
_MAIL_USER_NEW = (
    "PrimarySmtpAddress",
    "ExternalEmailAddress",
    "DisplayName",
    "Members",
    "RequireSenderAuthenticationEnabled",
)
_OF_USER = tuple(
    key for key in Attributes.__fields__ if key not in ("DisplayName", "UserPrincipalName") and not key.startswith("Custom")
)  # fmt: skip
_NOUNS = {
    **dict.fromkeys(MAILBOXES, "Mailbox"), **dict.fromkeys(GROUPS, "DistributionGroup"), "MailUser": "MailUser",
    "MailContact": "MailContact", "DynamicDistributionGroup": "DynamicDistributionGroup", UNIFIED_GROUP: "UnifiedGroup",
    "PublicFolder": "MailPublicFolder",
}  # fmt: skip

SHAPES = (
    Shape(
        "OrganizationConfig", "OrganizationConfig", OrganizationConfig, ("RejectDirectSend", "DefaultAuthenticationPolicy"),
        "organisation settings", single=" ", resources=("EXOOrganizationConfig",),
    ),
    Shape(
        "AuthenticationPolicy", "AuthenticationPolicies", AuthenticationPolicy, ("AllowBasicAuthSmtp",), "authentication policies",
        resources=("EXOAuthenticationPolicy",),
    ),
    Shape(
        "RemoteDomain", "RemoteDomains", RemoteDomain, ("AllowedOOFType", "AutoForwardEnabled", "TNEFEnabled"), "remote domains",
        resources=("EXORemoteDomain",), new_takes=("DomainName",), always_there=("Default",),
    ),
    Shape(
        "InboundConnector", "InboundConnectors", InboundConnector,
        (
            "SenderDomains", "SenderIPAddresses", "TlsSenderCertificateName", "RestrictDomainsToIPAddresses",
            "RestrictDomainsToCertificate", "TreatMessagesAsInternal", "AssociatedAcceptedDomains", "EFSkipLastIP", "EFSkipIPs",
            "ClientHostNames",
        ),
        "inbound connectors", resources=("EXOInboundConnector",), always=("ConnectorType", "SenderDomains", "Enabled"),
        # reference 12.1: the page says no default, and the admin centre's scripts always pass it
        guessed={"ConnectorType": PARTNER}, remarks=("Comment",), spaces=("SenderDomains",), parameters_not=_CONNECTOR_ONLY_READ,
    ),
    Shape(
        "OutboundConnector", "OutboundConnectors", OutboundConnector,
        (
            "RecipientDomains", "UseMXRecord", "AllAcceptedDomains", "IsTransportRuleScoped", "RouteAllMessagesViaOnPremises",
            "SmtpDaneMode", "MtaStsMode", "TlsSettings", "ValidationRecipients", "IsValidated", "SenderRewritingEnabled", "TestMode",
        ),
        "outbound connectors", resources=("EXOOutboundConnector",), always=("ConnectorType", "Enabled", "UseMXRecord"),
        guessed={"ConnectorType": PARTNER}, remarks=("Comment",), spaces=("RecipientDomains",),
        parameters_not=(*_CONNECTOR_ONLY_READ, "ValidationRecipients", "IsValidated", "LastValidationTimestamp"),
    ),
    Shape(
        "AcceptedDomain", "AcceptedDomains", AcceptedDomain, ("DomainType", "MailFlowRegion", "SmtpDaneStatus", "AzureProvisioningRegion"), "accepted domains", ("DomainName", "Name", "Identity"),
        resources=("EXOAcceptedDomain",), short="DomainType", always=("DomainType",), new=False,
        made_by="add and verify the domain in the Microsoft 365 admin centre",
        parameters_not=("IPv6Status", "InitialDomain", "Default", "DomainName"),
        silent=(
            "SmtpDaneStatus", "AuthenticationType", "RawAuthenticationType", "ExternallyManaged", "PendingRemoval",
            "PendingCompletion", "EmailOnly", "AddressBookEnabled", "IsCoexistenceDomain", "CatchAllRecipientID",
            "CatchAllRecipient", "FederatedOrganizationLink", "AzureProvisioningRegion", "DualProvisioningEnabled",
            "IsDefaultFederatedDomain", "ExternallyManagedDNS", "InitialDomainName", "IPv6Enabled", "MailRouting",
        ),
    ),
    Shape(
        "Recipient", "Recipients", RecipientObject,
        (
            "PrimarySmtpAddress", "ExternalEmailAddress", "EmailAddresses", "ForwardingSmtpAddress", "DeliverToMailboxAndForward",
            "RecipientType", "RecipientTypeDetails", "WindowsEmailAddress",
        ),
        "recipients", ("PrimarySmtpAddress", "WindowsEmailAddress", "Identity", "ExternalEmailAddress", "Name"),
        resources=("EXOMailbox", "EXOSharedMailbox", "EXOMailContact", "EXOMailUser", "EXODistributionGroup"),
        always=("RecipientType",),
        finer={"RecipientType": "RecipientTypeDetails"}, new_takes=_MAIL_USER_NEW,
        parameters_not=(
            "TotalItemSize", "IsMailboxEnabled", "RecipientType", "RecipientTypeDetails", "RecipientPermission", "Members",
            "RecipientFilter", "Password", "Shared", "Room", "PrimarySmtpAddress", "Name",
        ),
        kinds=_NOUNS,
        other_cmdlets={
            "SmtpClientAuthenticationDisabled": "Set-CASMailbox", "AuthenticationPolicy": "Set-User",
            **dict.fromkeys(_OF_USER, "Set-User"),
        },
    ),
    Shape(
        "TransportConfig", "TransportConfig", TransportConfig,
        ("MessageExpiration", "ExternalPostmasterAddress", "MaxRecipientEnvelopeLimit", "ExternalDelayDsnEnabled", "AllowLegacyTLSClients"),
        "transport settings", single=" ", resources=("EXOTransportConfig",),
    ),
    Shape(
        "HostedOutboundSpamFilterPolicy", "HostedOutboundSpamFilterPolicy", HostedOutboundSpamFilterPolicy,
        ("AutoForwardingMode", "RecipientLimitExternalPerHour"), "outbound spam policies", single="Default",
        resources=("EXOHostedOutboundSpamFilterPolicy",),
    ),
    Shape(
        "HostedConnectionFilterPolicy", "HostedConnectionFilterPolicy", HostedConnectionFilterPolicy,
        ("IPAllowList", "IPBlockList", "EnableSafeList"), "connection filter policies", single="Default",
        resources=("EXOHostedConnectionFilterPolicy",),
    ),
    Shape(
        "HostedContentFilterPolicy", "HostedContentFilterPolicy", HostedContentFilterPolicy,
        ("SpamAction", "HighConfidenceSpamAction", "BulkThreshold"), "spam policies", single="Default",
        resources=("EXOHostedContentFilterPolicy",),
    ),
    Shape(
        "AntiPhishPolicy", "AntiPhishPolicy", AntiPhishPolicy, ("EnableSpoofIntelligence", "AuthenticationFailAction", "HonorDmarcPolicy"),
        "anti-phishing policies", single="Office365 AntiPhish Default", resources=("EXOAntiPhishPolicy",),
    ),
    Shape(
        "ArcConfig", "ArcConfig", ArcConfig, ("ArcTrustedSealers",), "ARC settings", single="Default", resources=("EXOArcConfig",),
    ),
    Shape(
        "InboxRule", "InboxRules", InboxRule, ("StopProcessingRules", "MoveToFolder", "ForwardAsAttachmentTo", "MarkImportance"),
        "inbox rules", always=("Mailbox",), named_with=("Mailbox",), parameters_not=("AlwaysDeleteOutlookRulesBlob", "Force"),
    ),
    Shape(
        "DkimSigningConfig", "DkimSigningConfig", DkimSigningConfig, ("Selector1CNAME", "HeaderCanonicalization", "RotateOnDate"),
        "DKIM settings", ("Domain", "DomainName", "Identity", "Name"), resources=("EXODkimSigningConfig",), always=("Enabled",),
    ),
    Shape(
        "TransportRule", "TransportRules", TransportRule,
        (
            "SenderAddressLocation", "RuleErrorAction", "StopRuleProcessing", "FromScope", "SentToScope", "Conditions", "Actions",
            "RouteMessageOutboundConnector", "SetAuditSeverity", "RedirectMessageTo", "PrependSubject", "RuleVersion",
            "Mode", "State",
        ),
        "mail flow rules", resources=("EXOTransportRule",), ranked=True, remarks=("Comments",), keeps_not_modelled=True,
        not_modelled=(*NOT_MODELLED, *(EXCEPT_IF + name for name in NOT_MODELLED)),
        silent=("DlpPolicyId",),
        parameters_not=(
            "Guid", "ImmutableId", "DistinguishedName", "OrganizationId", "Description", "Conditions", "Exceptions", "Actions",
            "RuleVersion", "Size", "CreatedBy", "LastModifiedBy", "WhenChanged", "IsValid", "ManuallyModified",
            "IsRuleConfigurationSupported", "State", "Confirm", "WhatIf",
        ),
    ),
)  # fmt: skip
"""Every shape, in the order in which a script makes the objects."""

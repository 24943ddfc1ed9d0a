"""How Exchange Server's cmdlets write its objects: records of Get-, and New- and Set-, in the order of a script.

Receive connectors come before Send connectors: what opens a way before what uses it.
"""

from __future__ import annotations

from simulator.products.exchange_server.receive_connectors import ReceiveConnector
from simulator.products.exchange_server.send_connectors import SendConnector
from simulator.products.exchange_server.settings import AcceptedDomain, RecipientObject, TransportConfig
from simulator.products.shape import Shape

__all__ = ["SHAPES"]

_SWITCHES = ("Client", "Internal", "Internet", "Partner", "Custom", "Confirm", "WhatIf", "Force", "DomainController")
_NOUNS = {
    **dict.fromkeys(("UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "LinkedMailbox"), "Mailbox"),
    **dict.fromkeys(("DistributionGroup", "MailUniversalDistributionGroup", "MailUniversalSecurityGroup"), "DistributionGroup"),
    "MailUser": "MailUser", "MailContact": "MailContact", "RemoteUserMailbox": "RemoteMailbox", "RemoteMailbox": "RemoteMailbox",
}  # fmt: skip

SHAPES = (
    Shape(
        "AcceptedDomain", "AcceptedDomains", AcceptedDomain, ("DomainType", "MailFlowPartner", "PerimeterDuplicateDetected", "UseAddressBook"), "accepted domains", ("DomainName", "Name", "Identity"),
        short="DomainType", always=("DomainType",), parameters_not=("Default",), new_takes=("DomainName", "DomainType"),
        silent=(
            "CatchAllRecipientID", "FederatedOrganizationLink", "MailFlowPartner", "OutboundOnly", "PendingFederatedAccountNamespace",
            "PendingFederatedDomain", "PerimeterDuplicateDetected", "EmailOnly", "ExternallyManaged", "InitialDomain",
            "AuthenticationType", "LiveIdInstanceType", "PendingRemoval", "PendingCompletion", "DualProvisioningEnabled",
            "IsCoexistenceDomain", "UseAddressBook", "IsDefaultFederatedDomain", "EnableNego2Authentication", "RawAuthenticationType",
        ),
    ),
    Shape(
        "ReceiveConnector", "ReceiveConnectors", ReceiveConnector,
        (
            "RemoteIPRanges", "Bindings", "PermissionGroups", "AuthMechanism", "TlsDomainCapabilities", "MaxHopCount", "TransportRole",
            "TarpitInterval", "ChunkingEnabled",
        ),
        "Receive connectors", always=("Bindings", "RemoteIPRanges", "PermissionGroups", "AuthMechanism"),
        remarks=("Comment",), parameters_not=_SWITCHES, silent=("SmtpUtf8Enabled", "BareLinefeedRejectionEnabled", "LiveCredentialEnabled"),
    ),
    Shape(
        "SendConnector", "SendConnectors", SendConnector,
        (
            "AddressSpaces", "SourceTransportServers", "DNSRoutingEnabled", "IgnoreSTARTTLS", "TlsAuthLevel", "SmartHostAuthMechanism",
            "IsScopedConnector", "SmartHostsString", "ForceHELO",
        ),
        "Send connectors", always=("AddressSpaces", "Enabled"), spaces=("AddressSpaces",), remarks=("Comment",), parameters_not=(*_SWITCHES, "ConnectorType"),
        silent=("IsSmtpConnector", "SmartHostsString", "LinkedReceiveConnector", "Region"),
    ),
    Shape(
        "RemoteMailbox", "Recipients", RecipientObject,
        (
            "RemoteRoutingAddress", "RemoteRecipientType", "OnPremisesOrganizationalUnit", "PrimarySmtpAddress", "ExternalEmailAddress",
            "EmailAddresses", "ForwardingSmtpAddress", "DeliverToMailboxAndForward", "RecipientType", "RecipientTypeDetails",
            "WindowsEmailAddress",
        ),
        "recipients", ("PrimarySmtpAddress", "WindowsEmailAddress", "UserPrincipalName", "Identity", "Name"), always=("RecipientType",),
        finer={"RecipientType": "RecipientTypeDetails"},
        words={"RecipientType": {"mailuser": "RemoteUserMailbox"}},
        parameters_not=("RecipientType", "RecipientTypeDetails", "Password", "PrimarySmtpAddress", "Members"),
        new_takes=("RemoteRoutingAddress", "ExternalEmailAddress", "Members"), kinds=_NOUNS,
    ),
    Shape(
        "TransportConfig", "TransportConfig", TransportConfig,
        ("InternalSMTPServers", "TLSReceiveDomainSecureList", "ShadowRedundancyEnabled", "SafetyNetHoldTime"), "transport settings",
        single=" ",
    ),
)  # fmt: skip
"""Every shape, in the order in which a script makes the objects."""

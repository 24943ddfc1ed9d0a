"""Send connectors: the parameters of New-SendConnector, and what the cmdlet objects to.

| asked of TLS                                        | level       |
| --------------------------------------------------- | ----------- |
| IgnoreSTARTTLS                                      | none at all |
| nothing                                             | where it is offered, any certificate |
| RequireTLS, or TlsAuthLevel EncryptionOnly          | required, any certificate |
| CertificateValidation                               | required, a good chain |
| DomainValidation                                    | and a name: TlsDomain, or the recipient's domain |

TlsAuthLevel goes with RequireTLS only; DomainValidation over smart hosts needs TlsDomain (CMD New-SendConnector).
"""

from __future__ import annotations

from simulator.mail.address import parse_domain
from simulator.policy.host import LAB_PASSWORD
from simulator.policy.settings import BadValue, Settings, choice, custom, flag, ignored, number, text, texts
from simulator.products.exchange_notation import lacks
from simulator.products.exchange_server.notation import (
    AddressSpace,
    CertificateName,
    address_space,
    certificate_of,
    name_or_address,
    size_of,
    tls_domain,
)
from simulator.source import Node, ProblemList

__all__ = ["DOWNGRADE_DNS", "SendConnector"]

_CMDLET = "New-SendConnector"
DOWNGRADE_DNS = "DowngradeDnsFailures"
_POLICIES = ("Default", DOWNGRADE_DNS, "DowngradeCustomFailures", "UpgradeCustomFailures")
_TEXT = {"type": ["string", "integer"]}
_USAGES = ("Custom", "Internal", "Internet", "Partner")


def _policy(word: str) -> str:
    found = next((p for p in _POLICIES if p.casefold() == word.casefold()), None)
    if found is None:
        raise BadValue(f"{word} is not an error policy", f"Use {', '.join(_POLICIES)}.")
    return found


def _credential(node: Node) -> tuple[str, str]:
    """`{UserName, Password}`, or the user name alone: passwords are the lab's unless told."""
    if node.is_scalar:
        return node.text.strip(), LAB_PASSWORD
    user, password = node.get("UserName"), node.get("Password")
    unknown = [e.key for e in node.entries if e.key.casefold() not in ("username", "password")]
    if user is None or not user.text.strip() or unknown:
        raise BadValue("a credential has UserName and Password", "Write {UserName: relay@contoso.com, Password: lab}.")
    return user.text.strip(), password.text if password else LAB_PASSWORD


class SendConnector(Settings):
    """What New-SendConnector takes."""

    noun = "a Send connector"
    cmdlet = _CMDLET

    AddressSpaces: tuple[AddressSpace, ...] = texts(
        "the domains that the connector leads to: Type:Space;Cost, such as contoso.com, *.contoso.com;5 or *",
        read=address_space,
    )
    Enabled: bool = flag(True, "a disabled connector takes no mail")
    DNSRoutingEnabled: bool | None = flag(None, "mail goes to the MX of the recipient's domain; true unless told")
    SmartHosts: tuple[str, ...] = texts(
        "host names (MX or address) or IP addresses, tried in turn", read=name_or_address
    )
    Port: int = number("the port of the smart hosts", 25, low=1, high=65535)
    SmartHostAuthMechanism: str | None = choice(
        "how the server logs in at a smart host", "None", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer",
        "ExternalAuthoritative", of=_CMDLET,
    )  # fmt: skip
    AuthenticationCredential: tuple[str, str] | None = custom(
        _credential, None, "user and password for BasicAuth: {UserName, Password}", {"type": ["object", "string"]}
    )
    RequireTLS: bool = flag(False, "mail leaves by TLS or waits")
    IgnoreSTARTTLS: bool = flag(False, "STARTTLS is not used though it is offered")
    TlsAuthLevel: str | None = choice(
        "what is asked of the other side's certificate", "EncryptionOnly", "CertificateValidation", "DomainValidation", of=_CMDLET,
    )  # fmt: skip
    TlsDomain: str = text("the name that DomainValidation asks for: d or *.d", read=tls_domain)
    TlsCertificateName: CertificateName | None = custom(
        certificate_of, None, "the certificate that is shown: <I>issuer<S>subject, one of the server's `certs`", _TEXT
    )
    Fqdn: str = text(
        "the name that EHLO says, and the certificate is chosen by; left out: the server's", read=parse_domain
    )
    CloudServicesMailEnabled: bool = flag(
        False,
        "hybrid: X-MS-Exchange-Organization-* headers are sent as X-MS-Exchange-CrossPremises-*, instead of removed",
    )
    MaxMessageSize: int | None = custom(size_of, None, "the largest message; left out: knob send_connector_size", _TEXT)
    ErrorPolicies: tuple[str, ...] = texts("how errors are treated", ("Default",), read=_policy)
    SourceTransportServers: tuple[str, ...] = texts("the servers that may use the connector; left out: this one")
    IsScopedConnector: bool = flag(False, "used within its own Active Directory site only; a lab's server is in it")
    Usage: str | None = choice("what the connector is for; it sets permissions that play no part", *_USAGES, of=_CMDLET)
    Custom: bool = flag(False, "a switch of the cmdlet: Usage Custom")
    Internal: bool = flag(False, "a switch of the cmdlet: Usage Internal")
    Internet: bool = flag(False, "a switch of the cmdlet: Usage Internet")
    Partner: bool = flag(False, "a switch of the cmdlet: Usage Partner")
    DomainSecureEnabled: object = ignored("mutual TLS with the domains of TLSSendDomainSecureList", usual=("false",))
    ForceHELO: object = ignored("HELO instead of EHLO", usual=("false",))
    SourceIPAddress: object = ignored("the address that an Edge server sends from")
    UseExternalDNSServersEnabled: object = ignored("which DNS servers are asked; a lab has one DNS", silent=True)
    FrontendProxyEnabled: object = ignored("mail leaves through the Front End Transport service", silent=True)
    ConnectorType: object = ignored("Default or XPremises", usual=("Default",))
    ConnectionInactivityTimeOut: object = ignored("how long an idle connection stays open", usual=("00:10:00",))
    SmtpMaxMessagesPerConnection: int = number(
        "messages over a connection; 0 for as many as there are",
        20,
        high=2147483647,
    )
    ProtocolLoggingLevel: object = ignored("None or Verbose", silent=True)
    RequireOorg: object = ignored("reserved", silent=True)
    HomeMTA: object = ignored("metadata of a Get- record", silent=True)
    HomeMtaServerId: object = ignored("metadata of a Get- record", silent=True)
    SourceRoutingGroup: object = ignored("metadata of a Get- record", silent=True)
    ConnectedDomains: object = ignored("metadata of a Get- record", silent=True)
    Comment: object = ignored("a remark", silent=True)
    Name: object = ignored("the name; here it is the key of the map", silent=True)
    Identity: object = ignored("the name again, in a Get- record", silent=True)
    Guid: object = ignored("metadata of a Get- record", silent=True)
    Confirm: object = ignored("a switch of the cmdlet", silent=True)
    Force: object = ignored("a switch of the cmdlet", silent=True)
    WhatIf: object = ignored("a switch of the cmdlet", silent=True)
    DomainController: object = ignored("where the directory is read", silent=True)

    @property
    def by_dns(self) -> bool:
        """True unless told, but false where smart hosts are given and nothing is said."""
        return not self.SmartHosts if self.DNSRoutingEnabled is None else self.DNSRoutingEnabled

    @property
    def logs_in(self) -> bool:
        return self.SmartHostAuthMechanism in ("BasicAuth", "BasicAuthRequireTLS")

    @property
    def waits_for_dns(self) -> bool:
        """ErrorPolicies DowngradeDnsFailures: errors of DNS are transient."""
        return DOWNGRADE_DNS in self.ErrorPolicies

    def check(self, problems: ProblemList) -> None:
        if lacks(self, "AddressSpaces", problems):
            problems.error(self.place, f"{self.name} lacks AddressSpaces.", 'Add AddressSpaces: ["*"].')
        self._check_route(problems)
        self._check_tls(problems)
        used = [u for u in _USAGES if getattr(self, u)]
        if len(used) + (self.Usage is not None) > 1:
            says = f"{' and '.join(used)}{' and Usage' if self.Usage else ''} exclude each other."
            problems.error(self.at(used[-1]), says, "Keep one.")
        odd = [p for p in self.ErrorPolicies if p not in ("Default", DOWNGRADE_DNS)]
        if odd:
            says = f"ErrorPolicies {', '.join(odd)} is understood but not modelled; it changes nothing here"
            problems.warn(self.at("ErrorPolicies"), says)

    def _check_route(self, problems: ProblemList) -> None:
        if self.SmartHosts and self.DNSRoutingEnabled:
            says = "DNSRoutingEnabled must be false where SmartHosts are given."
            problems.error(self.at("DNSRoutingEnabled"), says, "Write DNSRoutingEnabled: $false.")
        elif self.SmartHosts and self.DNSRoutingEnabled is None:
            says = f"{_CMDLET} asks for DNSRoutingEnabled $false beside SmartHosts; it is assumed"
            problems.warn(self.at("SmartHosts"), says)
        if self.DNSRoutingEnabled is False and lacks(self, "SmartHosts", problems):
            says = "DNSRoutingEnabled $false needs SmartHosts."
            problems.error(self.at("DNSRoutingEnabled"), says, "Add SmartHosts: [mail.contoso.com].")
        if self.written("Port") and self.Port != 25 and self.by_dns:
            problems.warn(self.at("Port"), "Port has no effect without SmartHosts")
        for space in self.AddressSpaces:
            if space.kind != "SMTP" and self.by_dns:
                says = f"the address space {space} needs SmartHosts and DNSRoutingEnabled $false."
                problems.error(self.at("AddressSpaces"), says, "Add SmartHosts, or take the space out.")
        if self.logs_in and self.by_dns:
            says = (
                f"SmartHostAuthMechanism {self.SmartHostAuthMechanism} needs SmartHosts and DNSRoutingEnabled $false."
            )
            problems.error(self.at("SmartHostAuthMechanism"), says, "Add SmartHosts.")
        if self.logs_in and lacks(self, "AuthenticationCredential", problems):
            says = f"SmartHostAuthMechanism {self.SmartHostAuthMechanism} needs AuthenticationCredential."
            fix = "Add AuthenticationCredential: {UserName: relay@contoso.com, Password: lab}."
            problems.error(self.at("SmartHostAuthMechanism"), says, fix)
        if self.SmartHostAuthMechanism in ("ExchangeServer", "ExternalAuthoritative"):
            says = f"SmartHostAuthMechanism {self.SmartHostAuthMechanism} is understood but not modelled; it changes nothing here"
            problems.warn(self.at("SmartHostAuthMechanism"), says)

    def _check_tls(self, problems: ProblemList) -> None:
        if self.RequireTLS and self.IgnoreSTARTTLS:
            says = "IgnoreSTARTTLS must be false where RequireTLS is true."
            problems.error(self.at("IgnoreSTARTTLS"), says, "Take one of them out.")
        if self.TlsAuthLevel and (not self.RequireTLS or self.IgnoreSTARTTLS):
            says = "TlsAuthLevel goes with RequireTLS $true and IgnoreSTARTTLS $false only."
            problems.error(self.at("TlsAuthLevel"), says, "Write RequireTLS: $true.")
        if self.TlsDomain and self.TlsAuthLevel != "DomainValidation":
            says = "TlsDomain goes with TlsAuthLevel DomainValidation only."
            problems.error(self.at("TlsDomain"), says, "Write TlsAuthLevel: DomainValidation, or take TlsDomain out.")
        if self.TlsAuthLevel == "DomainValidation" and not self.by_dns and lacks(self, "TlsDomain", problems):
            says = "TlsAuthLevel DomainValidation with SmartHosts needs TlsDomain."
            problems.error(self.at("TlsAuthLevel"), says, "Add TlsDomain: the name that the certificate must have.")

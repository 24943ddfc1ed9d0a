"""Receive connectors: the parameters of New-ReceiveConnector, what the cmdlet objects to, and those that are there anyway.

| usage    | permission groups                    | authentication                                   |
| -------- | ------------------------------------ | ------------------------------------------------ |
| Client   | ExchangeUsers                        | Tls, BasicAuth, BasicAuthRequireTLS, Integrated  |
| Internal | ExchangeServers, ExchangeLegacyServers | Tls, ExchangeServer                            |
| Internet | AnonymousUsers                       | Tls                                              |
| Partner  | Partners                             | Tls                                              |
| Custom   | none                                 | Tls                                              |

Every server has *Default Frontend* (port 25: AnonymousUsers, ExchangeServers, ExchangeLegacyServers) and *Client Frontend*
(port 587: ExchangeUsers) (learn: Receive connectors). A connector whose name begins so changes the one that is there.

ExtendedRights stand here for what Add-ADPermission writes into the directory, of NT AUTHORITY\\ANONYMOUS LOGON unless a map
names another user; `Ms-Exch-SMTP-Accept-Any-Recipient` is anonymous relay (learn: Allow anonymous relay).
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.mail.address import parse_domain
from simulator.policy.settings import BadValue, Settings, choice, custom, flag, ignored, number, text, texts
from simulator.products.exchange_server.notation import (
    EVERYBODY,
    UNLIMITED,
    Capability,
    CertificateName,
    RemoteRange,
    binding,
    capability,
    certificate_of,
    remote_range,
    size_of,
)
from simulator.source import Node, ProblemList

__all__ = [
    "ANY_RECIPIENT",
    "CLIENT_FRONTEND",
    "DEFAULT_FRONTEND",
    "ReceiveConnector",
    "is_default",
]

_CMDLET = "New-ReceiveConnector"
DEFAULT_FRONTEND = "Default Frontend"
CLIENT_FRONTEND = "Client Frontend"
ANY_RECIPIENT = "ms-exch-smtp-accept-any-recipient"
_MB = 2**20

_GROUPS = ("AnonymousUsers", "ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers", "Partners", "Custom", "None")
_MECHANISMS = (
    "None",
    "Tls",
    "Integrated",
    "BasicAuth",
    "BasicAuthRequireTLS",
    "ExchangeServer",
    "ExternalAuthoritative",
)
_USAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Client": (("ExchangeUsers",), ("Tls", "BasicAuth", "BasicAuthRequireTLS", "Integrated")),
    "Internal": (("ExchangeServers", "ExchangeLegacyServers"), ("Tls", "ExchangeServer")),
    "Internet": (("AnonymousUsers",), ("Tls",)),
    "Partner": (("Partners",), ("Tls",)),
    "Custom": ((), ("Tls",)),
}
_DEFAULTS: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = {
    DEFAULT_FRONTEND: (
        25, ("AnonymousUsers", "ExchangeServers", "ExchangeLegacyServers"),
        ("Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer"),
    ),
    CLIENT_FRONTEND: (587, ("ExchangeUsers",), ("Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS")),
}  # fmt: skip
_NO_RELAY_BY = ("nt authority\\anonymous logon", "anonymous logon", "anonymous")


def is_default(name: str) -> str:
    """The connector of every server that a name means, or nothing."""
    return next((known for known in _DEFAULTS if name.casefold().startswith(known.casefold())), "")


def _words(known: tuple[str, ...], what: str) -> Callable[[Node], tuple[str, ...]]:
    def read(node: Node) -> tuple[str, ...]:
        found: list[str] = []
        for word in (w.strip() for item in node.items for w in item.text.split(",")):
            match = next((k for k in known if k.casefold() == word.casefold()), None)
            if match is None:
                raise BadValue(f"{word or 'nothing'} is not {what}", f"Use {', '.join(known)}.")
            found.append(match)
        return tuple(word for word in dict.fromkeys(found) if word != "None")

    return read


def _rights(node: Node) -> tuple[str, ...]:
    """The rights of the anonymous logon, lower case. Those of other users play no part."""
    if node.is_map:
        mine = [e.node for e in node.entries if e.key.casefold() in _NO_RELAY_BY]
        return tuple(right for part in mine for right in _rights(part))
    words = [w.strip() for item in node.items for w in item.text.split(",")]
    if any(not word.casefold().startswith("ms-exch-") for word in words):
        raise BadValue(f"{', '.join(words)} is not an extended right", "Write Ms-Exch-SMTP-Accept-Any-Recipient.")
    return tuple(word.casefold() for word in words)


_LIST = {"type": ["array", "string"], "items": {"type": "string"}}
_TEXT = {"type": ["string", "integer"]}


def _number(node: Node, low: int, high: int) -> int:
    word = node.text.strip()
    if not word.isascii() or not word.isdecimal() or not low <= int(word) <= high:
        raise BadValue(f"{word or 'this'} is not a whole number from {low} to {high}")
    return int(word)


def _errors(node: Node) -> int:
    return UNLIMITED if node.text.strip().casefold() == "unlimited" else _number(node, 0, 2**31)


class ReceiveConnector(Settings):
    """What New-ReceiveConnector takes."""

    noun = "a Receive connector"
    cmdlet = _CMDLET

    Bindings: tuple[int, ...] = texts("local address and port: 0.0.0.0:25; the port counts", read=binding)
    RemoteIPRanges: tuple[RemoteRange, ...] = texts(
        "who the connector is for; the narrowest range wins", read=remote_range
    )
    Enabled: bool = flag(True, "a disabled connector takes no part")
    Usage: str | None = choice("sets permission groups and authentication", *_USAGES, of=_CMDLET)
    Client: bool = flag(False, "a switch of the cmdlet: Usage Client")
    Internal: bool = flag(False, "a switch of the cmdlet: Usage Internal")
    Internet: bool = flag(False, "a switch of the cmdlet: Usage Internet")
    Partner: bool = flag(False, "a switch of the cmdlet: Usage Partner")
    Custom: bool = flag(False, "a switch of the cmdlet: Usage Custom")
    PermissionGroups: tuple[str, ...] | None = custom(
        _words(_GROUPS, "a permission group"), None, "who may submit", _LIST
    )
    AuthMechanism: tuple[str, ...] | None = custom(
        _words(_MECHANISMS, "an authentication mechanism"),
        None,
        "how a client proves who it is",
        _LIST,
    )
    ExtendedRights: tuple[str, ...] = custom(
        _rights, (), "what Add-ADPermission gave NT AUTHORITY\\ANONYMOUS LOGON: Ms-Exch-SMTP-Accept-Any-Recipient lets "
        "strangers relay", {"type": ["array", "string", "object"]},
    )  # fmt: skip
    TransportRole: str = choice(
        "FrontendTransport talks to the world; a HubTransport connector at port 25 or 587 answers 4.3.2", "FrontendTransport",
        "HubTransport", default="FrontendTransport", of=_CMDLET,
    )  # fmt: skip
    RequireTLS: bool = flag(False, "MAIL is refused without TLS")
    TlsCertificateName: CertificateName | None = custom(
        certificate_of, None, "the certificate that is shown: <I>issuer<S>subject, one of the server's `certs`", _TEXT
    )
    TlsDomainCapabilities: tuple[Capability, ...] = texts(
        "hybrid: mail.protection.outlook.com:AcceptCloudServicesMail promotes cross-premises headers of whoever shows a good "
        "certificate for that domain", read=capability,
    )  # fmt: skip
    MaxHopCount: int | None = custom(
        lambda node: _number(node, 1, 500), None, "mail with more Received fields is refused", _TEXT
    )
    MaxLocalHopCount: int | None = custom(
        lambda node: _number(node, 0, 50), None, "mail that passed this server more often is refused; 0: none", _TEXT
    )
    MaxMessageSize: int = custom(size_of, 36 * _MB, "the largest message", _TEXT)
    MaxHeaderSize: int = custom(size_of, 256 * 1024, "the largest header", _TEXT)
    MaxRecipientsPerMessage: int = number("the most recipients of a message", 200, low=1, high=512000)
    SizeEnabled: str = choice(
        "how SIZE is announced", "Enabled", "Disabled", "EnabledWithoutValue", default="Enabled", of=_CMDLET
    )
    Banner: str = text("what stands for the banner, beginning with 220")
    Fqdn: str = text("the name in banner and Received; left out: the server's", read=parse_domain)
    RejectReservedTopLevelRecipientDomains: bool = flag(False, ".test, .example, .invalid and .localhost are refused")
    RejectReservedSecondLevelRecipientDomains: bool = flag(
        False, "example.com, example.net and example.org are refused"
    )
    RejectSingleLabelRecipientDomains: bool = flag(False, "domains of one label are refused")
    EightBitMimeEnabled: bool = flag(True, "8BITMIME is announced")
    BinaryMimeEnabled: bool = flag(True, "BINARYMIME is announced")
    ChunkingEnabled: bool = flag(True, "CHUNKING is announced")
    PipeliningEnabled: bool = flag(True, "PIPELINING is announced")
    DeliveryStatusNotificationEnabled: bool = flag(True, "DSN is announced")
    EnhancedStatusCodesEnabled: bool = flag(True, "ENHANCEDSTATUSCODES is announced")
    SuppressXAnonymousTls: bool = flag(False, "X-ANONYMOUSTLS is not announced")
    DomainSecureEnabled: object = ignored("mutual TLS with the domains of TLSReceiveDomainSecureList", usual=("false",))
    DefaultDomain: object = ignored("the domain that addresses without one get")
    RequireEHLODomain: object = ignored("EHLO must say a domain", usual=("false",))
    MaxInboundConnection: object = ignored("how many clients at once", usual=("5000",))
    MaxInboundConnectionPerSource: object = ignored("how many connections of one client", usual=("20",))
    MaxInboundConnectionPercentagePerSource: object = ignored("how many connections of one client", usual=("2",))
    MessageRateLimit: object = ignored("messages a minute", usual=("unlimited", "600"))
    MessageRateSource: object = ignored("whose messages are counted", usual=("IPAddress", "IP"))
    LongAddressesEnabled: object = ignored("long X.400 addresses", usual=("false",))
    OrarEnabled: object = ignored("ORAR", usual=("false",))
    MaxProtocolErrors: int = custom(
        _errors, 5, "errors that a session may have; with one more it ends; unlimited", _TEXT
    )
    MaxLogonFailures: int = number(
        "failed logins that a session may have; with one more it ends; 0: any number", 3, high=10
    )
    TarpitInterval: object = ignored("how slow refusals are", usual=("00:00:05",))
    AuthTarpitInterval: object = ignored("how slow refusals of a login are", usual=("00:00:05",))
    ConnectionTimeout: object = ignored("how long a session may last", usual=("00:10:00", "00:05:00"))
    ConnectionInactivityTimeout: object = ignored("how long it may be silent", usual=("00:05:00", "00:01:00"))
    MaxAcknowledgementDelay: object = ignored("shadow redundancy", usual=("00:00:30", "00:00:00"))
    AdvertiseClientSettings: object = ignored("what Outlook on the web shows", silent=True)
    ServiceDiscoveryFqdn: object = ignored("what Outlook on the web shows", silent=True)
    EnableAuthGSSAPI: object = ignored("Kerberos", usual=("false",))
    ExtendedProtectionPolicy: object = ignored("Windows authentication", usual=("None",))
    ProtocolLoggingLevel: object = ignored("None or Verbose", silent=True)
    Comment: object = ignored("a remark", silent=True)
    Name: object = ignored("the name; here it is the key of the map", silent=True)
    Identity: object = ignored("the name again, in a Get- record", silent=True)
    Server: object = ignored("the server; here it is the one that it stands under", silent=True)
    Confirm: object = ignored("a switch of the cmdlet", silent=True)
    WhatIf: object = ignored("a switch of the cmdlet", silent=True)
    DomainController: object = ignored("where the directory is read", silent=True)

    @property
    def is_default(self) -> bool:
        return bool(is_default(self.name))

    @property
    def usage(self) -> str:
        return self.Usage or next((u for u in _USAGES if getattr(self, u)), "Custom")

    @property
    def groups(self) -> tuple[str, ...]:
        """Whose sessions may submit."""
        if self.PermissionGroups is not None:
            return self.PermissionGroups
        own = _DEFAULTS.get(is_default(self.name))
        return own[1] if own else _USAGES[self.usage][0]

    @property
    def mechanisms(self) -> tuple[str, ...]:
        if self.AuthMechanism is not None:
            return self.AuthMechanism
        own = _DEFAULTS.get(is_default(self.name))
        return own[2] if own else _USAGES[self.usage][1]

    @property
    def ports(self) -> tuple[int, ...]:
        if self.Bindings:
            return self.Bindings
        own = _DEFAULTS.get(is_default(self.name))
        return (own[0] if own else 587 if self.usage == "Client" else 25,)

    @property
    def ranges(self) -> tuple[RemoteRange, ...]:
        return self.RemoteIPRanges or EVERYBODY

    @property
    def is_hub(self) -> bool:
        return self.TransportRole == "HubTransport"

    @property
    def externally_secured(self) -> bool:
        return "ExternalAuthoritative" in self.mechanisms

    def narrowest(self, peer: str) -> RemoteRange | None:
        """The range that a client is in, the smallest of several."""
        return min((r for r in self.ranges if peer in r), key=lambda r: r.width, default=None)

    def check(self, problems: ProblemList) -> None:
        switches = [u for u in _USAGES if getattr(self, u)]
        if len(switches) + (self.Usage is not None) > 1:
            says = f"{' and '.join(switches)}{' and Usage' if self.Usage else ''} exclude each other."
            problems.error(self.at(switches[-1]), says, "Keep one.")
        if not self.is_default:
            self._check_scope(problems)
        self._check_authentication(problems)
        if self.Banner and not self.Banner.startswith("220"):
            problems.error(self.at("Banner"), "a banner begins with 220.", "Write Banner: 220 mail.contoso.com.")

    def _check_scope(self, problems: ProblemList) -> None:
        needs_ranges = self.usage != "Internet"
        for parameter, needed, value in (
            ("Bindings", self.usage in ("Internet", "Partner", "Custom"), "[0.0.0.0:25]"),
            ("RemoteIPRanges", needs_ranges, "[192.0.2.10]"),
        ):
            if needed and not self.written(parameter):
                says = f"{self.name} lacks {parameter}, which the usage {self.usage} asks for."
                problems.error(self.place, says, f"Add {parameter}: {value}.")
            if not needed and self.written(parameter) and self.usage != "Custom":
                problems.error(
                    self.at(parameter), f"{parameter} cannot be used with the usage {self.usage}.", "Take it out."
                )

    def _check_authentication(self, problems: ProblemList) -> None:
        found, at = self.mechanisms, self.at("AuthMechanism")
        if "BasicAuthRequireTLS" in found and not {"BasicAuth", "Tls"} <= set(found):
            problems.error(at, "BasicAuthRequireTLS also needs BasicAuth and Tls.", "Add BasicAuth and Tls.")
        if self.externally_secured and not set(found) <= {"ExternalAuthoritative", "Tls"}:
            problems.error(at, "only Tls can stand beside ExternalAuthoritative.", "Take the others out.")
        if self.externally_secured and "ExchangeServers" not in self.groups:
            says = "ExternalAuthoritative needs PermissionGroups ExchangeServers."
            problems.error(at, says, "Add PermissionGroups: ExchangeServers.")
        if self.RequireTLS and "Tls" not in found:
            problems.error(self.at("RequireTLS"), "RequireTLS needs Tls in AuthMechanism.", "Add Tls.")
        if self.BinaryMimeEnabled and not self.ChunkingEnabled:
            says = "BinaryMimeEnabled needs ChunkingEnabled."
            problems.error(self.at("ChunkingEnabled"), says, "Write BinaryMimeEnabled: $false.")

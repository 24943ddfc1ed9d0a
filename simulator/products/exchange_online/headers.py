"""What the service writes into a message it takes, removes from it, and does to it when it leaves.

    header firewall   X-MS-Exchange-Organization-*, -CrossTenant-* and -CrossPremises-* from outside are removed
    promotion         with CloudServicesMailEnabled on the inbound connector, CrossPremises-* become Organization-*
    trust             how the message came in decides AuthAs, MessageDirectionality and FromEntityHeader (table below)
    counters          loop counters go up by one                                                      [loops]
    Received          one line a pass (the service writes three; see docs/limits.md)

| came in by                                            | AuthAs    | Directionality | FromEntityHeader |
| ----------------------------------------------------- | --------- | -------------- | ---------------- |
| no connector, Partner connector                       | Anonymous | Incoming       | Internet         |
| OnPremises connector                                  | Anonymous | Originating    | HybridOnPrem     |
| ... and promoted headers say Internal                 | Internal  | Originating    | HybridOnPrem     |
| ... TreatMessagesAsInternal, sender's domain accepted | Internal  | Originating    | HybridOnPrem     |
| a mailbox                                             | Internal  | Originating    | Hosted           |

On the way out the internal headers are stripped again, or demoted to CrossPremises-* where the outbound connector has
CloudServicesMailEnabled.
"""

from __future__ import annotations

from simulator.mail.address import domain_of
from simulator.mail.message import Message, rfc5322_date
from simulator.mail.session import Session
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.identifiers import frontend, guid
from simulator.products.exchange_online.loops import ALL_PASSES, TENANT_PASSES, Passes

__all__ = ["AUTH_AS", "DIRECTIONALITY", "FROM_ENTITY", "is_internal", "outgoing", "stamped"]

_TEST = "tests/products/exchange_online/test_headers.py"
FIREWALL = rule(
    "EXO-HDR-1", "Organization and CrossPremises headers from outside are removed; CloudServicesMailEnabled promotes the latter",
    fidelity="documented", source="CMD New-InboundConnector CloudServicesMailEnabled", test=_TEST,
)  # fmt: skip
TRUST = rule(
    "EXO-HDR-2", "AuthAs, directionality and FromEntityHeader follow from how the message came in", fidelity="observed",
    source="captured headers; CMD New-InboundConnector TreatMessagesAsInternal", test=_TEST,
)  # fmt: skip
DEMOTION = rule(
    "EXO-HDR-3", "Internal headers are stripped on the way out, or sent as CrossPremises headers with CloudServicesMailEnabled",
    fidelity="documented", source="CMD New-OutboundConnector CloudServicesMailEnabled", test=_TEST,
)  # fmt: skip
RECEIVED = rule(
    "EXO-HDR-4", "One Received line a pass; the service writes three", fidelity="not modelled",
    source="captured headers", test=_TEST,
)  # fmt: skip

_ORGANIZATION = "X-MS-Exchange-Organization-"
_CROSS_PREMISES = "X-MS-Exchange-CrossPremises-"
_CROSS_TENANT = "X-MS-Exchange-CrossTenant-"
AUTH_AS = f"{_ORGANIZATION}AuthAs"
DIRECTIONALITY = f"{_ORGANIZATION}MessageDirectionality"
FROM_ENTITY = f"{_CROSS_TENANT}FromEntityHeader"

_VERSION = "15.20.8699.15"
_CIPHERS = {
    "TLSv1.2": "version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLSv1.3": "version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384",
}
"""What the Received line says of TLS. The cipher is the usual one of that version: which one a socket negotiates must not
make a difference to the message."""


def stamped(held: Held, tenant: Profile, connector: InboundConnector | None, at: Moment) -> Message:
    """The message as the tenant keeps it. `connector` is the inbound one that it came over."""
    message = _through_firewall(held.message, connector)
    promoted = _said(message, AUTH_AS) == "internal"
    entity = _entity(held)
    internal = entity == "Hosted" or promoted or _treated_as_internal(held, tenant, connector)
    number = at.turn("network message id")
    host, network_id = frontend(tenant.name), guid(tenant.name, "message", str(number))
    tenant_id = guid(tenant.name)
    passes = Passes.of(message, tenant_id)
    direction = held.facts.get("direction", "Originating")
    counted = [(tenant_id, passes.tenant)] if direction == "Incoming" else []
    written = (
        (ALL_PASSES, str(passes.total)),
        (f"{_ORGANIZATION}Network-Message-Id", network_id),
        (f"{_ORGANIZATION}ExpirationInterval", "1:00:00:00.0000000"),
        (f"{_ORGANIZATION}AuthSource", host),
        (AUTH_AS, "Internal" if internal else "Anonymous"),
        (DIRECTIONALITY, direction),
        (f"{_CROSS_TENANT}Network-Message-Id", network_id),
        (f"{_CROSS_TENANT}Id", tenant_id),
        (f"{_CROSS_TENANT}AuthAs", "Internal" if internal else "Anonymous"),
        (f"{_CROSS_TENANT}OriginalAttributedTenantConnectingIp",
         f"TenantId={tenant_id};Ip=[{held.session.peer}];Helo=[{held.session.helo}]"),
        (FROM_ENTITY, entity),
    )  # fmt: skip
    replaced = {TENANT_PASSES.lower(), *(name.lower() for name, _ in written)}
    passed = ((TENANT_PASSES, f"{whose}:{count}") for whose, count in (*counted, *passes.others))
    received = ("Received", _received(held.session, host, at))
    return message.without(replaced.__contains__).topped(received, *written, *passed)


def _through_firewall(message: Message, connector: InboundConnector | None) -> Message:
    """Without internal headers from outside. Promoted ones replace what claimed to be internal already."""
    promotes = connector is not None and connector.is_on_premises and connector.CloudServicesMailEnabled
    foreign = (_ORGANIZATION, _CROSS_TENANT, *(() if promotes else (_CROSS_PREMISES,)))
    prefixes = tuple(prefix.lower() for prefix in foreign)
    message = message.without(lambda name: name.startswith(prefixes))
    return _renamed(message, _CROSS_PREMISES, _ORGANIZATION)


def _renamed(message: Message, old: str, new: str) -> Message:
    """With another beginning of the field names that begin so."""
    if not message.has(old):
        return message
    fields: list[tuple[str, bytes]] = []
    beginning = old.lower()
    for name, raw in message.fields:
        if name.lower().startswith(beginning):
            now = new + name[len(old) :]
            fields.append((now, now.encode() + raw[len(name) :]))
        else:
            fields.append((name, raw))
    return Message(tuple(fields), message.rest)


def _said(message: Message, name: str) -> str:
    return (message.get(name) or "").strip().lower()


def _entity(held: Held) -> str:
    if held.facts.get("basis") == "mailbox" or held.generated:
        return "Hosted"
    return "HybridOnPrem" if held.facts.get("direction") == "Originating" else "Internet"


def _treated_as_internal(held: Held, tenant: Profile, connector: InboundConnector | None) -> bool:
    if connector is None or not (connector.is_on_premises and connector.TreatMessagesAsInternal):
        return False
    return tenant.domains.accepts(domain_of(held.sender))


def _received(session: Session, host: str, at: Moment) -> str:
    tls = ""
    if session.tls:
        tls = f" ({_CIPHERS.get(session.tls.version, f'version={session.tls.version}')})"
    route = "" if session.auth else " via Frontend Transport"
    return (
        f"from {session.helo or f'[{session.peer}]'} ({session.peer})\n"
        f"by {host} with Microsoft SMTP Server{tls}\n"
        f"id {_VERSION}{route}; {rfc5322_date(at.now)}"
    )


def is_internal(message: Message) -> bool:
    """Whether a message that was stamped here comes from somebody authenticated."""
    return _said(message, AUTH_AS) == "internal"


def outgoing(message: Message, *, keeps_internal: bool) -> Message:
    """As it leaves: internal headers stripped, or demoted where the outbound connector has CloudServicesMailEnabled."""
    if keeps_internal:
        return _renamed(message, _ORGANIZATION, _CROSS_PREMISES)
    internal = _ORGANIZATION.lower()
    return message.without(lambda name: name.startswith(internal))

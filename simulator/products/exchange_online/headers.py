"""What the service writes into a message that it takes, and once more when it delivers or sends it.

taken       firewall [firewall], then on top of what is left:
              Received                         three lines a pass, two for a mailbox's own mail      [received]
              ARC set                          one a pass                                            [verdict_headers]
              Authentication-Results ...       what was found out                                    [verdict_headers]
              Organization-*, CrossTenant-*    whose it is, who vouches for it                       [trust]
              loop counters                    go up by one                                          [loops]
delivered   Received with HTTPS, Return-Path, where it was put (`dest:I`, `dest:J`)
leaves      internal headers stripped or demoted [firewall]; X-LD-Processed for recipients outside   [loops]
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from simulator.mail.address import sender_text
from simulator.mail.message import Message, rfc5322_date
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.firewall import CROSS_TENANT, ORGANIZATION, outgoing, through_firewall
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.identifiers import frontend, guid, mailbox_server
from simulator.products.exchange_online.loops import ALL_PASSES, TENANT_PASSES, Passes, with_external_mark
from simulator.products.exchange_online.received import delivery_line, pass_lines
from simulator.products.exchange_online.trust import AUTH_AS, DIRECTIONALITY, FROM_ENTITY, Trust, is_internal
from simulator.products.exchange_online.verdict_headers import SCL, antispam_report, sealed, verdict_fields

__all__ = ["AUTH_AS", "DIRECTIONALITY", "FROM_ENTITY", "delivered", "is_internal", "sent", "stamped"]

MARKS = rule(
    "EXO-HDR-8", "A message carries ids, times and marks of the pass: Network-Message-Id, ExpirationStartTime, X-OriginatorOrg",
    fidelity="observed", source="captured headers", test="tests/products/exchange_online/test_headers.py",
)  # fmt: skip
DELIVERY = rule(
    "EXO-HDR-9", "Delivery adds a Received line, Return-Path, and the folder in X-Microsoft-Antispam-Mailbox-Delivery",
    fidelity="observed", source="captured headers", test="tests/products/exchange_online/test_headers.py",
)  # fmt: skip

_STAMPED = "X-MS-Exchange-Transport-CrossTenantHeadersStamped"
_ORIGINATOR = "X-OriginatorOrg"
_DELIVERY = "X-Microsoft-Antispam-Mailbox-Delivery"
_LATENCY = "X-MS-Exchange-Transport-EndToEndLatency"
_KEPT_WHERE_PROMOTED = (AUTH_AS, f"{ORGANIZATION}AuthSource", f"{ORGANIZATION}AuthMechanism")


def stamped(held: Held, tenant: Profile, connector: InboundConnector | None, at: Moment) -> Message:
    """The message as the tenant keeps it. `connector` is the inbound one that it came over."""
    host, tenant_id = frontend(tenant.name), guid(tenant.name)
    message = through_firewall(held.message, connector, host)
    trust = Trust.of(held.facts, message, held.sender, tenant.domains, connector, generated=held.generated)
    network_id = guid(tenant.name, "message", str(at.turn("network message id")))
    passes = Passes.of(message, tenant_id)
    counted = [(tenant_id, passes.tenant)] if trust.direction == "Incoming" else []
    written = [
        *verdict_fields(held.facts),
        (ALL_PASSES, str(passes.total)),
        (f"{ORGANIZATION}Network-Message-Id", network_id),
        (f"{ORGANIZATION}ExpirationStartTime", _long_time(at.now)),
        (f"{ORGANIZATION}ExpirationStartTimeReason", "OriginalSubmit"),
        (f"{ORGANIZATION}ExpirationInterval", "1:00:00:00.0000000"),
        (f"{ORGANIZATION}ExpirationIntervalReason", "OriginalSubmit"),
        (f"{ORGANIZATION}AuthSource", host),
        (AUTH_AS, trust.auth_as),
        (DIRECTIONALITY, trust.direction),
        (_STAMPED, mailbox_server(tenant.name).partition(".")[0]),
        (f"{CROSS_TENANT}OriginalArrivalTime", _long_time(at.now)),
        (f"{CROSS_TENANT}Network-Message-Id", network_id),
        (f"{CROSS_TENANT}Id", tenant_id),
        (f"{CROSS_TENANT}AuthSource", host),
        (f"{CROSS_TENANT}AuthAs", trust.auth_as),
        (f"{CROSS_TENANT}OriginalAttributedTenantConnectingIp",
         f"TenantId={tenant_id};Ip=[{held.session.peer}];Helo=[{held.session.helo}]"),
        (FROM_ENTITY, trust.entity),
    ]  # fmt: skip
    if trust.direction == "Originating":
        written.append((_ORIGINATOR, tenant.domains.initial or tenant.domains.default))
    if trust.promoted:  # the own server's word stands
        kept = {name.lower() for name in _KEPT_WHERE_PROMOTED if message.get(name)}
        written = [(name, value) for name, value in written if name.lower() not in kept]
    replaced = {TENANT_PASSES.lower(), *(name.lower() for name, _ in written)}
    passed = ((TENANT_PASSES, f"{whose}:{count}") for whose, count in (*counted, *passes.others))
    message = message.without(replaced.__contains__).topped(*written, *passed)
    return sealed(message, held.facts, held.recipients, at).topped(*pass_lines(held.session, tenant.name, at))


def delivered(held: Held, facts: Mapping[str, str], folder: str, tenant: Profile, at: Moment) -> Message:
    """The message as the mailbox keeps it. `facts` are those of the message with what a mail flow rule made of its SCL."""
    message = held.message
    if "scl" in facts:
        where = "J" if folder == "Junk" else "I"
        message = message.replaced("X-Forefront-Antispam-Report", antispam_report(facts))
        message = message.replaced(SCL, facts["scl"])
        message = message.without(lambda name: name == _DELIVERY.lower())
        message = message.topped((_DELIVERY, f"ucf:0;jmr:0;auth:0;dest:{where};"))
    message = message.without(lambda name: name in ("return-path", _LATENCY.lower()))
    seconds = (at.now - held.arrived).total_seconds()
    latency = f"{int(seconds // 3600):02}:{int(seconds // 60) % 60:02}:{seconds % 60:010.7f}"
    return message.topped(
        delivery_line(tenant.name, at), ("Return-Path", sender_text(held.sender)), (_LATENCY, latency)
    )


def sent(
    message: Message, tenant: Profile, *, keeps_internal: bool, outside: bool, forwarded: bool
) -> Message:  # fmt: skip
    """As it leaves. `outside`: for somebody who is not of the tenant, or by MX; `forwarded`: a mailbox sends it on."""
    message = outgoing(message, keeps_internal=keeps_internal)
    return with_external_mark(message, guid(tenant.name), forwarded=forwarded) if outside else message


def _long_time(when: datetime) -> str:
    """`13 Jul 2026 04:51:53.9880 (UTC)`."""
    return f"{rfc5322_date(when).partition(', ')[2].removesuffix(' +0000')}.{when.microsecond // 100:04} (UTC)"

"""Loop detection: the service counts how often a message was attributed to a tenant, not how far it travelled.

Two counters stand in the message's header, where they survive other hosts (learn: EHLO blog, Loop Prevention in Exchange
Online Demystified; captures of looping mail):

    X-EOPAttributedMessage: n                       every pass, n from 0
    X-EOPTenantAttributedMessage: <tenant-id>:n     passes as Incoming, per tenant

Three passes (n = 0, 1, 2) are taken; the fourth is refused after the final dot, 554 5.4.14:

    Incoming      the fourth time that the same tenant would take it as Incoming
    Originating   when three passes of any kind, at any tenant, went before: only the first counter is written for mail
                  that own servers send, and an own server that returns what it does not know comes in like this

Mail that passes own servers once and comes back (centralised transport, a signature service) has two or three passes.
Mail for somebody outside is marked as well: `X-LD-Processed: <tenant-id>,ExtAddr`, one entry a pass and three at most for a
tenant, `ExtFwd` beside it where a mailbox forwards; and `X-ExternalRecipientOutboundConnectors: <tenant-id>`. Nothing is
decided by these here.

A gateway that strips the header defeats the counters; then only the number of Received fields stops the loop.

Weak spot: the limit of Originating passes is not known, only values 0 and 1 of the counter were captured. It is assumed
to be that of Incoming ones; the knob `originating_attribution_limit` changes it.
"""

from __future__ import annotations

import re

from simulator.mail.message import Message
from simulator.policy.decision import Candidate, Step
from simulator.policy.loops import count_hops
from simulator.policy.rules import rule
from simulator.products.exchange_online.knobs import Knobs
from simulator.value import value

__all__ = ["ALL_PASSES", "TENANT_PASSES", "Passes", "loop_step", "with_external_mark"]

_TEST = "tests/products/exchange_online/test_loops.py"
TENANT_LIMIT = rule(
    "EXO-LOOP-1", "The fourth time that a tenant would take a message as Incoming it is refused as looping",
    fidelity="observed", source="captures of looping mail; learn: Fix NDR 5.4.6 through 5.4.20", test=_TEST,
)  # fmt: skip
RECEIVED_LIMIT = rule(
    "EXO-LOOP-2", "Mail with more than 30 Received fields is refused as looping", fidelity="inferred",
    source="the default of Receive connectors, CMD New-ReceiveConnector MaxHopCount; knob received_limit", test=_TEST,
)  # fmt: skip
ORIGINATING_LIMIT = rule(
    "EXO-LOOP-3", "Originating mail that was taken three times before, in whatever way, is refused as looping",
    fidelity="inferred", source="no page gives the limit; knob originating_attribution_limit", test=_TEST,
)  # fmt: skip

EXTERNAL = rule(
    "EXO-LOOP-4", "Mail for somebody outside is marked with X-LD-Processed, one entry a pass, three at most for a tenant",
    fidelity="observed", source="captures of looping mail; learn: EHLO blog, Loop Prevention in Exchange Online Demystified", test=_TEST,
)  # fmt: skip

_PROCESSED = "X-LD-Processed"
_CONNECTORS = "X-ExternalRecipientOutboundConnectors"
_MOST_MARKS = 3

ALL_PASSES = "X-EOPAttributedMessage"
TENANT_PASSES = "X-EOPTenantAttributedMessage"

_COUNT = re.compile(r"\s*(\d{1,9})\s*\Z", re.A)
_TENANT = re.compile(r"\s*([0-9a-f-]{36})\s*:\s*(\d{1,9})\s*\Z", re.I | re.A)


@value
class Passes:
    """How often a message was attributed before: at all, and to this tenant as Incoming."""

    total: int
    tenant: int
    others: tuple[tuple[str, int], ...] = ()  # other tenants' counters: id, n as it stands

    @classmethod
    def of(cls, message: Message, tenant_id: str) -> Passes:
        """From the header. What is not a counter counts for nothing."""
        counts = [int(m[1]) for value in message.all(ALL_PASSES) if (m := _COUNT.match(value))]
        found = [(m[1].lower(), int(m[2])) for value in message.all(TENANT_PASSES) if (m := _TENANT.match(value))]
        mine = [n for whose, n in found if whose == tenant_id]
        return cls(max(counts, default=-1) + 1, max(mine, default=-1) + 1, tuple(f for f in found if f[0] != tenant_id))


def loop_step(message: Message, tenant_id: str, *, incoming: bool, knobs: Knobs) -> Step:
    """Outcome `within-limit`, or which limit is exceeded."""
    passes = Passes.of(message, tenant_id)
    hops = count_hops(message, knobs.received_limit)
    per_tenant = knobs.tenant_attribution_limit if incoming else 0
    overall = 0 if incoming else knobs.originating_attribution_limit
    counted = (
        (TENANT_PASSES, TENANT_LIMIT, passes.tenant, per_tenant, "tenant_attribution_limit"),
        (ALL_PASSES, ORIGINATING_LIMIT, passes.total, overall, "originating_attribution_limit"),
    )
    candidates: list[Candidate] = []
    stopped: tuple[str, Candidate] | None = None
    for header, rule_id, before, limit, knob in counted:
        over = bool(limit) and before >= limit
        says = (
            f"taken {before} times before, {limit} are allowed"
            if limit
            else f"taken {before} times before, no limit applies"
        )
        candidate = Candidate(header, over, "too-many-passes" if over else "within-limit", says, knobs.at(knob))
        candidates.append(candidate)
        stopped = stopped or ((rule_id, candidate) if over else None)
    received = Candidate("Received", not hops.ok, hops.reason, hops.says, knobs.at("received_limit"))
    candidates.append(received)
    if stopped is None and not hops.ok:
        stopped = (RECEIVED_LIMIT, received)
    if stopped is None:
        return Step(
            "LOOP", TENANT_LIMIT, "within-limit", candidates[0].says if incoming else hops.says, tuple(candidates)
        )
    rule_id, found = stopped
    return Step("LOOP", rule_id, found.reason, f"{found.name}: {found.says}", tuple(candidates), found.at)


def with_external_mark(message: Message, tenant_id: str, *, forwarded: bool) -> Message:
    """As it leaves for somebody outside."""
    values = message.all(_PROCESSED)
    mine = next((value for value in values if value.partition(",")[0].strip().lower() == tenant_id), tenant_id)
    marks = [mark.strip() for mark in mine.split(",")[1:]]
    marks = [*marks, "ExtAddr", *(["ExtFwd"] if forwarded else [])][:_MOST_MARKS]
    others = [value for value in values if value != mine]
    unmarked = message.without(lambda name: name in (_PROCESSED.lower(), _CONNECTORS.lower()))
    return unmarked.topped(
        (_CONNECTORS, tenant_id),
        (_PROCESSED, ",".join([tenant_id, *marks])),
        *((_PROCESSED, other) for other in others),
    )

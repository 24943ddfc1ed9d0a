"""What the service sends to outside for a tenant, and how much: looked at when a copy is about to leave.

| what is wrong | report | knob |
| --- | --- | --- |
| the mailbox is blocked for spam | 550 5.1.8 | blocked_senders |
| the tenant is over the threshold | 550 5.7.705 | tenant_over_threshold |
| mail over a connector with a sender of no accepted domain | 550 5.7.750 | unregistered_domains_blocked |
| senders with an onmicrosoft.com address: 100 recipients in 24 hours | 550 5.7.236 | onmicrosoft_external_recipients_per_day |
| the tenant's limit of recipients in 24 hours | 550 5.7.233, of a trial tenant 5.7.232 | licenses, trial_tenant, external_recipients_per_day |

Recipients count after groups have been expanded, each once for a message however often it is tried. Those that were
returned do not count. Reports of the tenant itself pass. Inside are the tenant's accepted domains.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from simulator.mail.address import Address, domain_of
from simulator.mail.reply import Reply
from simulator.policy.decision import Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Return
from simulator.policy.rules import rule
from simulator.products.exchange_online import notices
from simulator.products.exchange_online.counting import Window
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.service_knobs import terrl
from simulator.products.exchange_online.steps import single
from simulator.value import value

__all__ = ["sending"]

_TEST = "tests/products/exchange_online/test_sending.py"
BLOCKED_SENDER = rule(
    "EXO-SEND-1", "A mailbox that is blocked for spam sends nothing to outside", fidelity="documented",
    source="learn: Remove blocked users from the Restricted entities page; Fix NDR 550 5.1.8", test=_TEST,
)  # fmt: skip
THRESHOLD = rule(
    "EXO-SEND-2", "A tenant whose mail was suspicious is banned from sending, or for sender domains that are not its own",
    fidelity="documented", source="learn: Fix NDR 5.7.700 through 5.7.750", test=_TEST,
)  # fmt: skip
INITIAL_DOMAIN = rule(
    "EXO-SEND-3", "Senders with an onmicrosoft.com address reach 100 recipients outside in 24 hours", fidelity="documented",
    source="learn: EHLO blog, Limiting onmicrosoft domain usage for sending emails", test=_TEST,
)  # fmt: skip
TENANT_LIMIT = rule(
    "EXO-SEND-4", "A tenant reaches a number of recipients outside in 24 hours that follows from its licences",
    fidelity="documented", source="learn: EHLO blog, Exchange Online tenant outbound email limits", test=_TEST,
)  # fmt: skip

_DAY = timedelta(days=1)
_Refusal = tuple[Reply, Step]


@value
class _Count:
    """Something that copies for outside count for: how many there were, how many are allowed, and what says so."""

    window: Window
    limit: int
    knob: str
    rule: str
    reply: Reply

    def step(self, tenant: Profile) -> Step:
        over = self.window.count() >= self.limit
        says = f"{self.window.count()} recipients outside in 24 hours so far, and {self.limit} are allowed"
        return _step(self.rule, "over-limit" if over else "within-limit", says, self.knob, tenant, chosen=over)


def sending(held: Held, target: Address, tenant: Profile, at: Moment) -> tuple[Return | None, tuple[Step, ...]]:
    """The return of a copy that may not leave for `target`; None where it may, and then it is counted."""
    if held.generated or held.facts.get("direction") != "Originating" or tenant.domains.accepts(target.domain):
        return None, ()
    counted: dict[tuple[object, ...], bool] = at.memory.setdefault("sent to outside", {})
    this = (held.arrived, held.sender, held.message.get("Message-ID"), target)
    if this in counted:
        return None, ()  # an attempt before was let go
    for reply, step in _banned(held, tenant):
        return Return(reply), (step,)
    counts, steps = _counts(held, tenant, at), tuple[Step, ...]()
    for count in counts:
        steps = (*steps, count.step(tenant))
        if steps[-1].outcome == "over-limit":
            return Return(count.reply), steps
    counted[this] = True
    for count in counts:
        count.window.add()
    return None, steps


def _banned(held: Held, tenant: Profile) -> Iterator[_Refusal]:
    knobs = tenant.settings.knobs
    if held.sender in knobs.blocked_senders and held.facts.get("basis") == "mailbox":
        says = f"{held.sender} is blocked for spam and may not send to outside"
        yield notices.bad_outbound_sender(), _step(BLOCKED_SENDER, "blocked-sender", says, "blocked_senders", tenant)
    if knobs.tenant_over_threshold:
        says = f"{tenant.name} is banned from sending to outside"
        yield notices.tenant_over_threshold(), _step(THRESHOLD, "threshold", says, "tenant_over_threshold", tenant)
    domain = domain_of(held.sender)
    if knobs.unregistered_domains_blocked and domain and not tenant.domains.accepts(domain):
        says = f"{domain} is no accepted domain of {tenant.name}, which may not send from others"
        name = "unregistered_domains_blocked"
        yield notices.unregistered_domain(), _step(THRESHOLD, "unregistered", says, name, tenant)


def _counts(held: Held, tenant: Profile, at: Moment) -> tuple[_Count, ...]:
    """What a copy counts for."""
    knobs, domain = tenant.settings.knobs, domain_of(held.sender) or ""
    found: list[_Count] = []
    if domain.endswith(".onmicrosoft.com") and tenant.domains.accepts(domain):
        limit, name = knobs.onmicrosoft_external_recipients_per_day, "onmicrosoft_external_recipients_per_day"
        window = Window(at, "outside, from onmicrosoft.com", _DAY)
        found.append(_Count(window, limit, name, INITIAL_DOMAIN, notices.initial_domain_limit()))
    limit, name = terrl(knobs)
    if limit:
        reply = notices.tenant_limit(trial=knobs.trial_tenant)
        found.append(_Count(Window(at, "outside", _DAY), limit, name, TENANT_LIMIT, reply))
    return tuple(found)


def _step(by: str, outcome: str, says: str, name: str, tenant: Profile, *, chosen: bool = True) -> Step:
    return single("LIMIT", by, outcome, says, name=name, chosen=chosen, at=tenant.settings.knobs.at(name))

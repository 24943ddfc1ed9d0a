"""RCPT TO at port 25, before and after attribution: what the connecting address and the recipient's tenant are refused for.

before, whoever it is and wherever it goes:

| what is wrong | reply | knob |
| --- | --- | --- |
| the address is banned | 550 5.7.606, 550 5.7.511 | banned_ips, banned_ips_for_delist |
| the recipient's tenant is in another region than the one that was called | 451 4.4.62 ATTR35 | region |
| more recipients in the transaction than MaxRecipientEnvelopeLimit, or more than 200 of one domain | 452 4.5.3 | recipients_of_one_domain |

after, for mail that would be taken as Incoming over no connector, which the service knows nothing good of:

| what is wrong | reply | knob or setting |
| --- | --- | --- |
| the tenant has no mail-enabled subscription | 451 4.4.4 ATTR5 | mail_enabled_subscriptions |
| the address is throttled | 451 4.7.500 | throttled_ips |
| it came over IPv6, and the domain takes none | 550 5.2.1 | IPv6Status of the accepted domain |
| it came over IPv6 from an address without reverse DNS | 450 4.7.25 | no_reverse_dns |

What the service holds against an address it does in every tenant: the lists of all tenants of the lab count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.decision import Decision, Step
from simulator.policy.rules import rule
from simulator.products.exchange_online import notices
from simulator.products.exchange_online.forest import Forest, Profile
from simulator.products.exchange_online.steps import single

__all__ = ["stopped_after", "stopped_before"]

_TEST = "tests/products/exchange_online/test_edge.py"
BANNED = rule(
    "EXO-EDGE-1", "A banned address is refused at RCPT, whatever connector knows it", fidelity="documented",
    source="learn: Use the delist portal; Non-delivery reports in Exchange Online, 5.7.511 and 5.7.606-649", test=_TEST,
)  # fmt: skip
REGION = rule(
    "EXO-EDGE-2", "Mail for a tenant of another region than the one that was called is put off", fidelity="documented",
    source="learn: Non-delivery reports in Exchange Online, 4.4.62", test=_TEST,
)  # fmt: skip
ENVELOPE = rule(
    "EXO-EDGE-3", "A transaction from outside has at most MaxRecipientEnvelopeLimit recipients, and 200 of one domain",
    fidelity="documented", source="learn: Non-delivery reports in Exchange Online, 4.5.3; CMD Set-TransportConfig", test=_TEST,
)  # fmt: skip
SUBSCRIPTION = rule(
    "EXO-EDGE-4", "Unauthenticated mail for a tenant without mail-enabled subscriptions is put off", fidelity="documented",
    source="learn: Non-delivery reports in Exchange Online, 4.4.4; captured reports", test=_TEST,
)  # fmt: skip
THROTTLED = rule(
    "EXO-EDGE-5", "A throttled address is put off, unless an inbound connector knows it", fidelity="observed",
    source="learn: Fix 451 4.7.500-699; captured sessions. That connectors exempt is documented for the tenant's own servers",
    test=_TEST,
)  # fmt: skip
OVER_IPV6 = rule(
    "EXO-EDGE-6", "Anonymous mail over IPv6 needs a domain that takes it, and reverse DNS", fidelity="documented",
    source="learn: Support for anonymous inbound email messages over IPv6", test=_TEST,
)  # fmt: skip
PROVEN_OVER_IPV6 = rule(
    "EXO-EDGE-7", "Anonymous mail over IPv6 needs SPF or DKIM (4.7.26)", fidelity="not modelled",
    source="learn: Support for anonymous inbound email messages over IPv6", test=_TEST,
)  # fmt: skip

_UNLIMITED = 1000


def stopped_before(
    session: Session, envelope: Envelope, recipient: Address, forest: Forest, called: Profile, tail: str
) -> Decision | None:
    """The refusal of a recipient before anybody asks whose mail it is; None where there is no reason."""
    for name, reply in (("banned_ips", notices.banned_ip), ("banned_ips_for_delist", notices.banned_ip_delist)):
        if (holder := _holding(name, session.peer, forest.tenants)) is not None:
            return _against_address(session.peer, name, holder, BANNED, "banned", reply, tail)
    owner = forest.owner(recipient.domain)
    if owner is not None and (step := _other_region(owner, called)) is not None:
        return Decision(notices.wrong_region(tail), (step,))
    step = _too_many(envelope, recipient, owner or called)
    return Decision(notices.too_many_recipients(tail), (step,), owner.name if owner else "") if step else None


def stopped_after(session: Session, recipient: Address, taken: Decision, forest: Forest, tail: str) -> Decision | None:
    """The refusal of anonymous mail that would have been taken; None where it is not anonymous, or there is no reason."""
    owner = forest.owner(recipient.domain)
    if not taken.ok or owner is None or taken.connector is not None or taken.facts.get("direction") != "Incoming":
        return None
    reply, step = _refusal(session.peer, recipient, owner, forest, tail)
    if reply is None or step is None:
        return None
    return Decision(reply, (*taken.steps, step), taken.owner, facts=taken.facts)


def _refusal(
    peer: str, recipient: Address, owner: Profile, forest: Forest, tail: str
) -> tuple[Reply | None, Step | None]:
    knobs = owner.settings.knobs
    if not knobs.mail_enabled_subscriptions:
        name = "mail_enabled_subscriptions"
        says = f"{owner.name} has no mail-enabled subscription"
        return notices.no_subscription(tail), _step(SUBSCRIPTION, "no-subscription", says, name, owner)
    if (holder := _holding("throttled_ips", peer, forest.tenants)) is not None:
        found = _against_address(peer, "throttled_ips", holder, THROTTLED, "throttled", notices.server_busy, tail)
        return found.reply, found.steps[0]
    if ip_address(peer).version == 4:
        return None, None
    domain = owner.domains.find(recipient.domain)
    if domain is not None and domain.IPv6Status == "Disabled":
        says = f"{peer} is an IPv6 address, and {domain.name} takes no mail over IPv6"
        at = domain.at("IPv6Status")
        step = single("CLIENT", OVER_IPV6, "no-ipv6", says, name="IPv6Status", chosen=False, at=at)
        return notices.no_ipv6(domain.name, tail), step
    if (holder := _holding("no_reverse_dns", peer, forest.tenants)) is not None:
        says = f"{peer} has no reverse DNS record"
        step = _step(OVER_IPV6, "no-reverse-dns", says, "no_reverse_dns", holder)
        return notices.needs_reverse_dns(peer, tail), step
    return None, None


def _holding(name: str, peer: str, tenants: Iterable[Profile]) -> Profile | None:
    """The tenant whose knob lists the address."""
    address = ip_address(peer)
    return next((t for t in tenants if any(address in network for network in getattr(t.settings.knobs, name))), None)


def _against_address(
    peer: str, name: str, holder: Profile, by: str, outcome: str, reply: Callable[[str, str], Reply], tail: str
) -> Decision:
    step = _step(by, outcome, f"{peer} is {outcome} by the service", name, holder)
    return Decision(reply(peer, tail), (step,))


def _other_region(owner: Profile, called: Profile) -> Step | None:
    there, here = ((tenant.settings.knobs.region or "").casefold() for tenant in (owner, called))
    if there == here:
        return None
    says = (
        f"{owner.name} is in region {there or 'unknown'}, and {called.name}, which was called, in {here or 'unknown'}"
    )
    return _step(REGION, "wrong-region", says, "region", owner)


def _too_many(envelope: Envelope, recipient: Address, tenant: Profile) -> Step | None:
    knobs, whole = tenant.settings.knobs, tenant.settings.TransportConfig
    limit = whole.MaxRecipientEnvelopeLimit or _UNLIMITED
    if len(envelope.recipients) >= limit and recipient not in envelope.recipients:
        says = f"the transaction has {len(envelope.recipients)} recipients already, and {limit} are allowed"
        name, at = "MaxRecipientEnvelopeLimit", whole.at("MaxRecipientEnvelopeLimit")
        return single("LIMIT", ENVELOPE, "too-many", says, name=name, chosen=False, at=at)
    same = sum(other.domain == recipient.domain for other in envelope.recipients if other != recipient)
    if same >= knobs.recipients_of_one_domain:
        says = f"the transaction has {same} recipients of {recipient.domain} already"
        return _step(ENVELOPE, "too-many-of-domain", says, "recipients_of_one_domain", tenant, heading="LIMIT")
    return None


def _step(by: str, outcome: str, says: str, name: str, tenant: Profile, *, heading: str = "CLIENT") -> Step:
    at = tenant.settings.knobs.at(name)
    return single(heading, by, outcome, says, name=name, chosen=False, at=at)

"""A mailbox that forwards by itself (ForwardingAddress, ForwardingSmtpAddress), and whether it may.

    where it forwards to                                             AutoForwardingMode On    Off, Automatic (the default)
    a recipient of the tenant, or an address in an accepted domain   forwarded                forwarded
    anybody else; also over a mail user, contact or other mailbox    forwarded                returned, 550 5.7.520

The report goes to the sender of the message, not to the mailbox. What the mailbox keeps (DeliverToMailboxAndForward) it
keeps either way: then only the forwarded copy is returned (learn: EHLO blog, All you need to know about automatic email
forwarding in Exchange Online).

A forwarded copy is told from a direct one by its history: the engine keeps the recipient that a copy began with, and the
directory says whether a mailbox behind that one forwards here. Weak spot: a group that lists an outside address, beside a
mailbox that forwards to the same address and keeps a copy, does not reach it directly either.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.mail.address import Address
from simulator.policy.decision import Step
from simulator.policy.host import Held
from simulator.policy.route import Expand, Return, Routing
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.directory import Directory, Entry
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.steps import single

__all__ = ["blocked_copy", "forwarded"]

_TEST = "tests/products/exchange_online/test_forwarding.py"
FORWARD = rule(
    "EXO-RCPT-3", "A forwarding mailbox sends on, and keeps a copy with DeliverToMailboxAndForward", fidelity="documented",
    source="CMD Set-Mailbox", test=_TEST,
)  # fmt: skip
POLICY = rule(
    "EXO-RCPT-5", "Automatic forwarding to outside is returned with 5.7.520 unless AutoForwardingMode is On",
    fidelity="documented", source="learn: EHLO blog, All you need to know about automatic email forwarding; "
    "CMD Set-HostedOutboundSpamFilterPolicy", test=_TEST,
)  # fmt: skip


def forwarded(entry: Entry, tenant: Profile) -> Routing | None:
    """What a mailbox does with mail for it instead of simply taking it; None where it does not forward."""
    forward = entry.forwards_to
    if forward is None or forward[0] in entry.addresses:
        return None
    target, parameter = forward
    keep = entry.properties.DeliverToMailboxAndForward
    says = f"{entry.address} forwards to {target}{' and keeps a copy' if keep else ''}"
    where = entry.properties.at(parameter)
    step = single("FORWARD", FORWARD, "keeps" if keep else "moves", says, name=parameter, at=where)
    if not keep and _blocked(target, tenant):
        return Routing(Return(wording.external_forwarding()), (step, _policy_step(entry, target, tenant)))
    return Routing(Expand((target,), "forward", keep), (step,))


def blocked_copy(held: Held, recipient: Address, tenant: Profile) -> Routing | None:
    """The end of a copy that a mailbox with a copy of its own forwarded to outside; None for all other mail."""
    if held.original is None or not _blocked(recipient, tenant):
        return None
    for entry in _behind(held.original, tenant.directory):
        forward = entry.forwards_to
        if forward and forward[0] == recipient and entry.properties.DeliverToMailboxAndForward:
            return Routing(Return(wording.external_forwarding()), (_policy_step(entry, recipient, tenant),))
    return None


def _behind(address: Address, directory: Directory) -> Iterator[Entry]:
    """The recipients that an address leads to inside the tenant: itself, members, replacements, forwards."""
    waiting, seen = [address], set[Address]()
    while waiting:
        entry = directory.find(waiting.pop())
        if entry is None or entry.address in seen:
            continue
        seen.add(entry.address)
        yield entry
        external, forward = entry.properties.ExternalEmailAddress, entry.forwards_to
        waiting += [*entry.properties.Members, *([external] if external else []), *([forward[0]] if forward else [])]


def _blocked(target: Address, tenant: Profile) -> bool:
    return not tenant.settings.HostedOutboundSpamFilterPolicy.forwarding_allowed and _is_outside(target, tenant)


def _is_outside(target: Address, tenant: Profile) -> bool:
    """Whether an address is, or stands for, one outside the tenant. Mail users and contacts are where they point to."""
    seen = set[Address]()
    entry = tenant.directory.find(target)
    while entry is not None and entry.kind == "external" and entry.address not in seen:
        seen.add(entry.address)
        assert entry.properties.ExternalEmailAddress is not None  # the settings ask for one
        target = entry.properties.ExternalEmailAddress
        entry = tenant.directory.find(target)
    return entry is None and not tenant.domains.accepts(target.domain)


def _policy_step(entry: Entry, target: Address, tenant: Profile) -> Step:
    policy = tenant.settings.HostedOutboundSpamFilterPolicy
    at = policy.at("AutoForwardingMode") or tenant.settings.place
    says = f"AutoForwardingMode is {policy.AutoForwardingMode}, so {entry.address} may not forward to {target}, which is outside"
    return single("FORWARD", POLICY, "blocked", says, name="AutoForwardingMode", chosen=False, at=at)

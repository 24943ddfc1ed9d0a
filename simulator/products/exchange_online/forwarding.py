"""What a mailbox sends on by itself: its forwarding address, then its inbox rules; and who may stop that.

    ForwardingAddress, else ForwardingSmtpAddress   the mailbox keeps a copy with DeliverToMailboxAndForward only
    inbox rules                                     it always keeps one            [inbox_rules]

Every copy that goes on carries a mark, and the mark is what keeps mail from circling:

| sent on by | mark | what it stops |
| --- | --- | --- |
| mailbox forwarding | X-MS-Exchange-ForwardingLoop: mailbox;tenant | the same mailbox does not forward the message again, and keeps it |
| inbox rule | X-MS-Exchange-Inbox-Rules-Loop: mailbox | no inbox rule anywhere sends it on a second time: that copy is dropped |

A copy that leaves the tenant must be allowed to [leaving]:

| who says no | what becomes of the copy |
| --- | --- |
| remote domain, AutoForwardEnabled false | dropped, nobody is told |
| outbound spam policy, AutoForwardingMode Off or Automatic | returned to the sender of the message with 5.7.520 |

Where a forward leads to a mail user, contact or other mailbox, it is the address in the end that counts. Which of the two
says no first is inferred. What is known of a copy (the keys below) goes with it as facts, from the mailbox to the way out.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.decision import Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Deliver, Discard, Return, Revise, Routing
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.directory import Entry
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.identifiers import guid
from simulator.products.exchange_online.inbox_rules import Verdict, evaluated
from simulator.products.exchange_online.remote_domains import stops_forward
from simulator.products.exchange_online.steps import single
from simulator.products.exchange_online.transport_rules.revision import again
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["BY", "FORWARDER", "SENDS_AS", "leaving", "marked", "sent_on"]

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
FORWARD_ONCE = rule(
    "EXO-RCPT-6", "A mailbox does not forward again what carries its own forwarding mark", fidelity="inferred",
    source="captured headers for the mark; learn: EHLO blog, Loop Prevention in Exchange Online", test=_TEST,
)  # fmt: skip
INBOX_RULE = rule(
    "EXO-RCPT-7", "Inbox rules send copies on; the mailbox keeps its own", fidelity="documented", source="CMD New-InboxRule",
    test=_TEST,
)  # fmt: skip
REDIRECT_ONCE = rule(
    "EXO-RCPT-8", "Mail that one inbox rule has sent on is not sent on by another: the second copy is dropped silently",
    fidelity="documented", source="learn: Exchange Online limits; EHLO blog, Loop Prevention in Exchange Online", test=_TEST,
)  # fmt: skip

FORWARDER = "forwarder"  # the mailbox that sent the copy on last
BY = "forwarded by"  # the parameter that said so: ForwardingSmtpAddress, RedirectTo, ...
SENDS_AS = "sends as"  # the envelope sender that the copy leaves with, where it is not the one it came with
_DONE = "forwards done"  # how many of the mailbox's forwards have been dealt with
_MARKED = "forward marked"
_RULE = "inbox rule"

_FORWARDING_LOOP = "X-MS-Exchange-ForwardingLoop"
_RULES_LOOP = "X-MS-Exchange-Inbox-Rules-Loop"
_OF_MAILBOX = ("ForwardingAddress", "ForwardingSmtpAddress")


@value
class _Send:
    """One forward of a mailbox: the parameter, whom it names, where it stands, and the rule's name."""

    by: str
    to: tuple[Address, ...]
    at: Source
    name: str = ""


def sent_on(
    held: Held, entry: Entry, tenant: Profile, at: Moment, steps: tuple[Step, ...]
) -> Routing | tuple[str, tuple[Step, ...]]:
    """The next forward of a mailbox, or the folder in which it keeps the message when all have been dealt with."""
    done = int(held.facts.get(_DONE, "0")) if held.facts.get(FORWARDER) == str(entry.address) else 0
    forward, verdict = _forwarding(entry), evaluated(entry.addresses, held, tenant.settings.InboxRules)
    sends = [*([forward] if forward else []), *_of_rules(entry, verdict)]
    if done >= len(sends):
        folder = "Deleted Items" if verdict.deleted_by else verdict.folder
        return folder, steps
    send = sends[done]
    facts = {FORWARDER: str(entry.address), BY: send.by, _DONE: str(done + 1), _MARKED: "", _RULE: send.name}
    if send.name:
        says = f"inbox rule {send.name} of {entry.address} sends a copy to {_listed(send.to)} ({send.by})"
        step = single("FORWARD", INBOX_RULE, "inbox-rule", says, name=send.name, at=send.at)
        return Routing(Revise(held.message, facts, also=send.to, why="inbox rule"), (*steps, step))
    return _forward(held, entry, send, facts, tenant, at, steps)


def _forward(
    held: Held,
    entry: Entry,
    send: _Send,
    facts: Mapping[str, str],
    tenant: Profile,
    at: Moment,
    steps: tuple[Step, ...],
) -> Routing:
    keep = entry.properties.DeliverToMailboxAndForward
    target = send.to[0]
    if _was_here(held.message, entry, tenant):
        says = f"{entry.address} has forwarded this message before, and keeps it this time"
        step = single("FORWARD", FORWARD_ONCE, "forwarded-before", says, name=send.by, chosen=False, at=send.at)
        return Routing(Revise(held.message, facts, why="forward"), (*steps, step))
    back = tenant.directory.find(target)
    if not keep and back and _was_here(held.message, back, tenant) and not back.properties.DeliverToMailboxAndForward:
        return _brought_back(held, entry, back, send, at, steps)
    says = f"{entry.address} forwards to {target}{' and keeps a copy' if keep else ''}"
    step = single("FORWARD", FORWARD, "keeps" if keep else "moves", says, name=send.by, at=send.at)
    revised = Revise(held.message, facts, None if keep else send.to, send.to if keep else (), "forward")
    return Routing(revised, (*steps, step))


def _brought_back(held: Held, entry: Entry, back: Entry, send: _Send, at: Moment, steps: tuple[Step, ...]) -> Routing:
    """To a mailbox that has sent the message on without keeping it: it keeps it now, once."""
    says = f"{entry.address} forwards to {back.address}, which has forwarded this message before and keeps it"
    step = single("FORWARD", FORWARD_ONCE, "forwarded-before", says, name=send.by, at=send.at)
    kept: dict[tuple[object, ...], bool] = at.memory.setdefault("brought back", {})
    this = (held.arrived, held.message.get("Message-ID"), back.address)
    if kept.setdefault(this, False):
        return Routing(Discard(f"{back.address} has this message already"), (*steps, step))
    kept[this] = True
    return Routing(Deliver(back.address), (*steps, step))


def marked(held: Held, recipient: Address, tenant: Profile) -> Routing | None:
    """A copy that has just been sent on: marked, or dropped where it was sent on too often. None for all other mail."""
    facts = held.facts
    forwarder = facts.get(FORWARDER, "")
    entry = tenant.directory.find(recipient)
    if not forwarder or facts.get(_MARKED) or (entry and str(entry.address) == forwarder):
        return None
    settled = {_MARKED: "yes", **again(tenant)}
    if facts[BY] in _OF_MAILBOX:
        message = held.message.prepend(_FORWARDING_LOOP, f"{forwarder};{guid(tenant.name)}")
        return Routing(Revise(message, settled, why="forward"))
    if (before := held.message.get(_RULES_LOOP)) is not None:
        says = f"an inbox rule of {before} has sent this message on already, so the copy for {recipient} is dropped"
        by = tenant.settings.InboxRules.get(facts[_RULE])
        at = by.at(facts[BY]) if by else NOWHERE
        step = single("FORWARD", REDIRECT_ONCE, "second-redirect", says, name=facts[BY], chosen=False, at=at)
        return Routing(Discard(f"second automatic redirect, XLoopHeaderCount:1/1, by {forwarder}"), (step,))
    message = held.message.prepend(_RULES_LOOP, forwarder)
    if facts[BY] != "RedirectTo":
        subject = held.message.get("Subject") or ""
        message = message.replaced("From", f"<{forwarder}>").replaced("Subject", f"FW: {subject}".rstrip())
        settled |= {SENDS_AS: forwarder, "message class": "IPM.Note.Forward"}
    return Routing(Revise(message, settled, why="inbox rule"))


def leaving(held: Held, target: Address, tenant: Profile) -> Routing | None:
    """The end of a forwarded copy that may not leave the tenant for `target`; None for all that may."""
    forwarder, by = held.facts.get(FORWARDER, ""), held.facts.get(BY, "")
    if not forwarder or tenant.domains.accepts(target.domain):
        return None
    if by not in _OF_MAILBOX or tenant.settings.knobs.remote_domain_blocks_admin_forwarding:
        step = stops_forward(target, tenant.settings.RemoteDomains)
        if step is not None:
            return Routing(Discard(f"{by} of {forwarder}: {step.candidates[0].name}"), (step,))
    policy = tenant.settings.HostedOutboundSpamFilterPolicy
    if policy.forwarding_allowed:
        return None
    at = policy.at("AutoForwardingMode") or tenant.settings.place
    says = f"AutoForwardingMode is {policy.AutoForwardingMode}, so {forwarder} may not forward to {target}, which is outside"
    step = single("FORWARD", POLICY, "blocked", says, name="AutoForwardingMode", chosen=False, at=at)
    return Routing(Return(wording.external_forwarding()), (step,))


def _forwarding(entry: Entry) -> _Send | None:
    forward = entry.forwards_to
    if forward is None or forward[0] in entry.addresses:
        return None
    target, parameter = forward
    return _Send(parameter, (target,), entry.properties.at(parameter))


def _of_rules(entry: Entry, verdict: Verdict) -> list[_Send]:
    sends = ((one, by, tuple(a for a in to if a not in entry.addresses)) for one, by, to in verdict.sends)
    return [_Send(by, to, one.at(by), one.name) for one, by, to in sends if to]


def _was_here(message: Message, entry: Entry, tenant: Profile) -> bool:
    mark = f"{entry.address};{guid(tenant.name)}"
    return any(found.strip().casefold() == mark.casefold() for found in message.all(_FORWARDING_LOOP))


def _listed(addresses: tuple[Address, ...]) -> str:
    return ", ".join(map(str, addresses))

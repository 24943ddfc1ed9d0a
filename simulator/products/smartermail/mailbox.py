"""The last step into a mailbox: is there room, and does its user forward?

    the recipient has another name of the domain                                 -> the mailbox's own address
    what is in the mailbox and the message are more than Mailbox Size Limit      -> back: The mailbox is full
    the same of all mailboxes of the domain and its Disk Space                   -> back: The domain size limit has been exceeded
    the user forwards                                                            -> on, and a copy stays unless told otherwise
    otherwise                                                                    -> into the mailbox

SmarterMail takes such mail and reports it. What is in a mailbox is Mailbox Size and whatever the flow has delivered to it.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Deliver, Expand, Return, Routing
from simulator.policy.rules import rule
from simulator.products.smartermail.directory import Directory, Place
from simulator.products.smartermail.wording import Wording

__all__ = ["kept"]

FORWARD = rule(
    "SM-FWD-1", "A user's forwarding sends mail on and keeps a copy, unless messages are deleted when forwarded",
    fidelity="documented", source="SmarterMail help: Account Settings, Forwarding", test="tests/products/smartermail/test_forwarding.py",
)  # fmt: skip
FULL = rule(
    "SM-BOX-1", "Mail for a full mailbox, or into a domain that is full, is taken and comes back", fidelity="observed",
    source="hosting providers' pages about SmarterMail bounces: The mailbox is full, The domain size limit has been exceeded",
    test="tests/products/smartermail/test_mailbox.py",
)  # fmt: skip


def kept(held: Held, recipient: Address, place: Place, directory: Directory, words: Wording, at: Moment) -> Routing:
    """What becomes of mail for a mailbox here."""
    home = place.address
    if recipient != home:  # by another name of the domain: who is named by both gets one copy
        return Routing(Expand((home,), "domain alias"), place.steps)
    onward = directory.forwarding(home)
    if onward is None or not onward[0].delete:
        if trouble := _full(held, place, words, at):
            reply, step = trouble
            return Routing(Return(reply), (*place.steps, step))
        boxes: MutableMapping[Address, int] = at.memory.setdefault("octets delivered", {})
        boxes[home] = boxes.get(home, 0) + held.message.size
    if onward is None:
        return Routing(Deliver(home), place.steps)
    forwarding, targets = onward
    says = f"{home} forwards to {', '.join(map(str, targets))}{'' if forwarding.delete else ' and keeps a copy'}"
    why = Candidate("Forwarding", True, "moves" if forwarding.delete else "keeps", says, forwarding.place)
    step = Step("FORWARD", FORWARD, why.reason, says, (why,), why.at)
    return Routing(Expand(targets, "forward", not forwarding.delete), (*place.steps, step))


def _full(held: Held, place: Place, words: Wording, at: Moment) -> tuple[Reply, Step] | None:
    home, domain, size = place.address, place.domain, held.message.size
    if domain is None:
        return None
    delivered: MutableMapping[Address, int] = at.memory.get("octets delivered", {})
    user = domain.user(home)
    if user and user.limit:
        inside = user.size + delivered.get(home, 0)
        if inside + size > user.limit:
            says = f"{home} holds {inside} of {user.limit} octets, and the message has {size}"
            why = Candidate("Mailbox Size Limit", False, "full", says, user.at("limit"))
            return words.say("mailbox-full"), Step("ROOM", FULL, "full", says, (why,), why.at)
    if domain.disk_space:
        inside = sum(u.size for u in domain.users.values())
        inside += sum(octets for box, octets in delivered.items() if box.domain == home.domain)
        if inside + size > domain.disk_space:
            says = f"{domain.name} holds {inside} of {domain.disk_space} octets, and the message has {size}"
            why = Candidate("Disk Space", False, "domain-full", says, domain.at("disk_space"))
            return words.say("domain-full"), Step("ROOM", FULL, "domain-full", says, (why,), why.at)
    return None

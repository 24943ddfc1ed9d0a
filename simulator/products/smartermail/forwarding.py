"""The envelope sender of what a user forwards, and reports that come back to it.

knob forwarding_sender    preserve   the original one: SPF fails at the next host
                          mailbox    the forwarding mailbox: SPF holds, and the user gets the reports
                          srs        SRS0=hash=day=domain=user in the mailbox's domain: SPF holds, and reports find their way back
the null sender           stays in any case (RFC 5321 4.5.5)
mail of a list            leaves as the list's, whatever the knob says
"""

from __future__ import annotations

from simulator.mail.address import Address, Sender
from simulator.policy import srs
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Relay
from simulator.policy.rules import rule
from simulator.products.smartermail.directory import Directory
from simulator.products.smartermail.lists import LIST_SENDER, as_sent

__all__ = ["came_back", "leaving_sender"]

SENDER = rule(
    "SM-FWD-2", "What a user forwards keeps its envelope sender, so SPF fails at the next host", fidelity="inferred",
    source="no page says so; knob forwarding_sender (preserve, mailbox, srs)", test="tests/products/smartermail/test_forwarding.py",
)  # fmt: skip


def leaving_sender(held: Held, relay: Relay, directory: Directory, fqdn: str, at: Moment) -> Sender:
    """The envelope sender with which a message leaves."""
    word = directory.settings.knobs.forwarding_sender
    if held.sender is None or LIST_SENDER in held.facts or word == "preserve":
        return as_sent(held).sender
    forwarder = directory.forwarder(held.original, relay.recipient or held.recipients[0])
    if forwarder is None:
        return held.sender
    if word == "mailbox":
        return forwarder
    return held.sender if directory.domain(held.sender.domain) else srs.rewritten(held.sender, forwarder, fqdn, at.now)


def came_back(recipient: Address, directory: Directory, fqdn: str, at: Moment) -> tuple[Address, Step] | None:
    """Whom a rewritten address of this server stands for."""
    knobs = directory.settings.knobs
    if knobs.forwarding_sender != "srs" or directory.domain(recipient.domain) is None:
        return None
    original = srs.back(recipient, fqdn, at.now)
    if original is None:
        return None
    says, place = f"{recipient} stands for {original}", knobs.at("forwarding_sender")
    why = Candidate("forwarding_sender", True, "back", says, place)
    return original, Step("SRS", SENDER, "back", says, (why,), place)

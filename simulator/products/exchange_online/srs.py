"""SRS: the envelope sender of mail that the tenant forwards or relays for others becomes an address of its own.

    P1 accepted here, null sender, written here       as it is
    over an OnPremises connector                      as it is, unless SenderRewritingEnabled
    by the relay pool                                 as it is                                  [pools]
    forwarded, or sent on by a group or contact       box+SRS=hash=day=domain=user@domain of the box
      ... where that is longer than 64 characters     bounces+SRS=hash=day@default domain
    from the organisation's own server                bounces+SRS=hash=day@default domain
    everything else                                   as it is

The From header stays (learn: Sender Rewriting Scheme in Microsoft 365). A report to the first form goes on to the original
sender; one to the second needs a mailbox `bounces` in the default domain, and is for an unknown recipient without it.

Hash and day have the length and the letters of captured addresses; how the service makes them is not known. Here the hash
is keyed with the tenant's name, so that a made-up address leads nowhere.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from simulator.mail.address import Address, AddressError, Sender
from simulator.policy.decision import Step
from simulator.policy.host import Held
from simulator.policy.route import Expand, Relay, Routing
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import OutboundConnector
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.forwarding import FORWARDER
from simulator.products.exchange_online.pools import leaves_as, pool
from simulator.products.exchange_online.steps import single
from simulator.source import Source
from simulator.value import value

__all__ = ["RETURN", "REWRITE", "Rewriting", "rerouted", "returned", "rewriting"]

_TEST = "tests/products/exchange_online/test_srs.py"
REWRITE = rule(
    "EXO-SRS-1", "Forwarded and relayed mail with a foreign envelope sender leaves with one of the tenant's own",
    fidelity="documented", source="learn: Sender Rewriting Scheme (SRS) in Microsoft 365; CMD New-OutboundConnector "
    "SenderRewritingEnabled", test=_TEST,
)  # fmt: skip
RETURN = rule(
    "EXO-SRS-2", "A report to a rewritten address goes to the original sender, or to the mailbox bounces", fidelity="documented",
    source="learn: Sender Rewriting Scheme (SRS) in Microsoft 365", test=_TEST,
)  # fmt: skip
rule(
    "EXO-SRS-3", "How hash and day of a rewritten address are made", fidelity="inferred", source="captured addresses",
    test=_TEST,
)  # fmt: skip

_LONGEST = 64
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DAYS = 1024
_FORWARDED = re.compile(r"(.+?)\+srs=([a-z2-7]{5})=([a-z2-7]{2})=([^=]+)=(.+)\Z", re.I)
_BOUNCES = re.compile(r"bounces\+srs=([a-z2-7]{5})=([a-z2-7]{2})\Z", re.I)


@value
class Rewriting:
    """The envelope sender with which a message leaves, and why. `outcome` is `forwarded` or `bounces` where it is another."""

    sender: Sender
    outcome: str
    says: str
    at: Source

    @property
    def step(self) -> Step:
        return single("SRS", REWRITE, self.outcome, self.says, name="SRS", chosen=self.is_other, at=self.at)

    @property
    def is_other(self) -> bool:
        return self.outcome in ("forwarded", "bounces")


def rewriting(
    held: Held, relay: Relay, connector: OutboundConnector | None, tenant: Profile, now: datetime
) -> Rewriting | None:
    """What becomes of the sender of mail that leaves by this relay; None where it is nobody else's."""
    sender = leaves_as(held)
    if sender is None or held.generated or tenant.domains.accepts(sender.domain):
        return None
    box = _forwarder(held, relay, tenant)
    relayed = held.connector is not None and held.facts.get("direction") == "Originating"
    if box is None and not relayed:
        return None
    if connector and connector.is_on_premises and not connector.SenderRewritingEnabled:
        says = f"{connector.name} leads to own servers, and SenderRewritingEnabled is false"
        return Rewriting(sender, "own-servers", says, connector.at("SenderRewritingEnabled"))
    if pool(held, connector, tenant).is_relay:
        return Rewriting(sender, "relay-pool", "mail of the relay pool keeps its sender", tenant.domains.at)
    if box and (long := _long(box, sender, tenant.name, now)):
        return Rewriting(
            long, "forwarded", f"{box} forwards mail of {sender}, which leaves as {long}", tenant.domains.at
        )
    short = _short(sender, tenant, now)
    how = "is relayed" if box is None else f"is forwarded by {box}, and its full form is too long"
    return Rewriting(short, "bounces", f"mail of {sender} {how}: it leaves as {short}", tenant.domains.at)


def _forwarder(held: Held, relay: Relay, tenant: Profile) -> Address | None:
    """The recipient here in whose name a message goes on; None for one that nobody here forwards."""
    if forwarder := held.facts.get(FORWARDER):
        return Address.parse(forwarder)
    if relay.recipient:
        return held.recipients[0]  # a mail user or contact, whose external address takes its place
    box = held.original  # a group, or a recipient beside whom a mail flow rule put others
    return box if box and tenant.domains.accepts(box.domain) and box not in held.recipients else None


def returned(recipient: Address, tenant: Profile) -> Address | None:
    """Where mail to a rewritten address goes; None where that is no such address of this tenant."""
    if match := _FORWARDED.match(recipient.local):
        box, mark, day, domain, user = match.groups()
        try:
            sender = Address.parse(f"{user}@{domain}")
        except AddressError:
            return None
        made = _hash(tenant.name, day, f"{box}@{recipient.domain}", sender)
        return sender if made.casefold() == mark.casefold() else None
    if _BOUNCES.match(recipient.local):
        return tenant.directory.mailbox(Address("bounces", recipient.domain))
    return None


def rerouted(recipient: Address, tenant: Profile) -> Routing | None:
    """The route of mail to a rewritten address; None for every other recipient."""
    target = returned(recipient, tenant)
    if target is None:
        return None
    says = f"{recipient} stands for {target}"
    return Routing(Expand((target,), "SRS"), (single("SRS", RETURN, "returned", says, name=str(recipient)),))


def _long(box: Address, sender: Address, tenant: str, now: datetime) -> Address | None:
    """None where it would be too long, or no address at all."""
    day = _day(now)
    local = f"{box.local}+SRS={_hash(tenant, day, str(box), sender)}={day}={sender.domain}={sender.local}"
    try:
        return Address.parse(f"{local}@{box.domain}") if len(local) <= _LONGEST else None
    except AddressError:
        return None


def _short(sender: Address, tenant: Profile, now: datetime) -> Address:
    day = _day(now)
    domain = tenant.domains.default
    return Address(f"bounces+SRS={_hash(tenant.name, day, domain, sender)}={day}", domain)


def _day(now: datetime) -> str:
    """Two letters that come round after 1024 days."""
    number = now.toordinal() % _DAYS
    return _LETTERS[number // 32] + _LETTERS[number % 32]


def _hash(tenant: str, day: str, box: str, sender: Address) -> str:
    """Case does not count: servers on the way may change it."""
    text = f"{day}:{box}:{sender}".casefold()
    digest = hashlib.blake2b(text.encode(), digest_size=5, key=tenant.encode()[:64]).digest()
    return "".join(_LETTERS[octet % 32] for octet in digest)

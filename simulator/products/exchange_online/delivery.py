"""The last step into a mailbox: is it enabled, is there room, has it had too much mail in this hour?

| what is wrong | report |
| --- | --- |
| IsMailboxEnabled false | 550 5.2.1 |
| more than `received_from_one_sender_per_hour` messages of one sender in the last hour | 550 5.2.121 |
| more than `received_per_hour` messages in the last hour | 550 5.2.122 |
| what is in it and the message are more than ProhibitSendReceiveQuota | 554 5.2.2 |

The hour slides. Mail of the tenant's own people is neither counted nor stopped by it (learn: Mailbox receiving limits). What
is in a mailbox is TotalItemSize and whatever this flow has delivered to it.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import timedelta

from simulator.mail.address import Address, sender_text
from simulator.mail.reply import Reply
from simulator.policy.decision import Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Return, Routing
from simulator.policy.rules import rule
from simulator.products.exchange_online import notices
from simulator.products.exchange_online.counting import Window
from simulator.products.exchange_online.directory import Entry
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.headers import is_internal
from simulator.products.exchange_online.placement import placed
from simulator.products.exchange_online.steps import single
from simulator.source import Source

__all__ = ["delivered"]

_TEST = "tests/products/exchange_online/test_delivery.py"
DISABLED = rule(
    "EXO-BOX-1", "A disabled mailbox returns its mail with 5.2.1; the words are this simulator's", fidelity="inferred",
    source="learn: Non-delivery reports in Exchange Online, 5.2.1", test=_TEST,
)  # fmt: skip
FULL = rule(
    "EXO-BOX-2", "A mailbox that would exceed ProhibitSendReceiveQuota returns mail with 5.2.2", fidelity="observed",
    source="CMD Set-Mailbox ProhibitSendReceiveQuota; captured traces", test=_TEST,
)  # fmt: skip
RECEIVING = rule(
    "EXO-BOX-3", "A mailbox takes 3600 messages an hour from outside, a third of them from one sender", fidelity="documented",
    source="learn: Exchange Online limits, receiving limits; Non-delivery reports, 5.2.121 and 5.2.122", test=_TEST,
)  # fmt: skip

_HOUR = timedelta(hours=1)


def delivered(held: Held, entry: Entry, folder: str, tenant: Profile, at: Moment, steps: tuple[Step, ...]) -> Routing:
    """Into the mailbox or public folder, or back to the sender. `folder` is what the inbox rules say; spam goes to Junk."""
    trouble = _trouble(held, entry, tenant, at)
    if trouble is not None:
        reply, step = trouble
        return Routing(Return(reply), (*steps, step))
    kept: MutableMapping[Address, int] = at.memory.setdefault("octets delivered", {})
    kept[entry.address] = kept.get(entry.address, 0) + held.message.size
    here, placed_by = placed(held, entry, folder, tenant, at)
    return Routing(here, (*steps, *placed_by))


def _trouble(held: Held, entry: Entry, tenant: Profile, at: Moment) -> tuple[Reply, Step] | None:
    properties, address = entry.properties, entry.address
    if not properties.IsMailboxEnabled:
        step = _step(
            DISABLED, "disabled", f"{address} is disabled", "IsMailboxEnabled", properties.at("IsMailboxEnabled")
        )
        return notices.mailbox_disabled(), step
    quota = properties.ProhibitSendReceiveQuota
    if quota is not None:
        inside = (properties.TotalItemSize or 0) + at.memory.get("octets delivered", {}).get(address, 0)
        if inside + held.message.size > quota:
            says = f"{address} holds {inside} of {quota} octets, and the message has {held.message.size}"
            at_quota = properties.at("ProhibitSendReceiveQuota")
            return notices.mailbox_full(), _step(FULL, "full", says, "ProhibitSendReceiveQuota", at_quota)
    return None if held.generated or is_internal(held.message) else _too_often(held, entry, tenant, at)


def _too_often(held: Held, entry: Entry, tenant: Profile, at: Moment) -> tuple[Reply, Step] | None:
    """Counts the message as well where the mailbox takes it."""
    knobs, sender = tenant.settings.knobs, sender_text(held.sender)
    for key, name, reply in (
        (f"received by {entry.address} from {sender}", "received_from_one_sender_per_hour", notices.sender_too_often()),
        (f"received by {entry.address}", "received_per_hour", notices.received_too_often()),
    ):
        window, limit = Window(at, key, _HOUR), getattr(knobs, name)
        if window.count() >= limit:
            says = f"{entry.address} has had {window.count()} messages{f' of {sender}' if 'one' in name else ''} in an hour"
            return reply, _step(RECEIVING, "too-many", says, name, knobs.at(name))
    for key in (f"received by {entry.address} from {sender}", f"received by {entry.address}"):
        Window(at, key, _HOUR).add()
    return None


def _step(rule_id: str, outcome: str, says: str, name: str, at: Source) -> Step:
    return single("MAILBOX", rule_id, outcome, says, name=name, chosen=False, at=at)

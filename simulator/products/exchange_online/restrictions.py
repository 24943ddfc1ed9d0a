"""Who may send to a recipient, and how large: the delivery restrictions that are looked at before anything else.

| setting | refused | group | Microsoft 365 group | mailbox | mail user | public folder |
| --- | --- | --- | --- | --- | --- | --- |
| RequireSenderAuthenticationEnabled | anonymous senders | 5.7.133 | 5.7.193 | 5.7.134 | 5.7.136 | 5.7.135 |
| AcceptMessagesOnlyFrom... | whoever is not on the list | 5.7.124 | 5.7.124 | 5.7.129 | 5.7.129 | 5.7.129 |
| RejectMessagesFrom... | whoever is on the list | 5.7.124 | 5.7.124 | 5.7.129 | 5.7.129 | 5.7.129 |
| MaxReceiveSize | larger messages | 5.2.3 | 5.2.3 | 5.2.3 | 5.2.3 | 5.2.3 |

The lists name recipients of the tenant; a group stands for its members, and for theirs. A sender is known by the envelope
sender, which is inferred. Reports are never held back: neither those that the tenant writes nor those with the null sender.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.mail.address import Address
from simulator.policy.decision import Step
from simulator.policy.host import Held
from simulator.policy.route import Return, Routing
from simulator.policy.rules import rule
from simulator.products.exchange_online import notices
from simulator.products.exchange_online.directory import Directory, Entry
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.headers import is_internal
from simulator.products.exchange_online.steps import single

__all__ = ["refused"]

_TEST = "tests/products/exchange_online/test_restrictions.py"
AUTHENTICATED = rule(
    "EXO-RCPT-4", "Groups return mail from senders that are not authenticated, unless told otherwise", fidelity="documented",
    source="CMD Set-DistributionGroup; learn: Fix NDR 550 5.7.133, 5.7.134, 5.7.136 and 5.7.193", test=_TEST,
)  # fmt: skip
ALLOWED = rule(
    "EXO-RCPT-9", "Only senders on the list of allowed senders, and none on the list of rejected ones, may send to a recipient",
    fidelity="documented", source="CMD Set-DistributionGroup AcceptMessagesOnlyFromSendersOrMembers; learn: Fix NDR 550 "
    "5.7.124. 5.7.129 for recipients that are no groups is observed in reports", test=_TEST,
)  # fmt: skip
MAX_RECEIVE = rule(
    "EXO-RCPT-10", "Mail larger than MaxReceiveSize of the recipient is returned", fidelity="documented",
    source="CMD Set-Mailbox MaxReceiveSize; learn: NDRs in Exchange Server, 5.2.3", test=_TEST,
)  # fmt: skip

_ACCEPT = ("AcceptMessagesOnlyFrom", "AcceptMessagesOnlyFromDLMembers", "AcceptMessagesOnlyFromSendersOrMembers")
_REJECT = ("RejectMessagesFrom", "RejectMessagesFromDLMembers", "RejectMessagesFromSendersOrMembers")


def refused(held: Held, entry: Entry, tenant: Profile, steps: tuple[Step, ...]) -> Routing | None:
    """The return of mail that a recipient does not take from this sender, or in this size; None where it does."""
    if held.generated:
        return None
    properties = entry.properties
    if entry.wants_authentication and not is_internal(held.message):
        says = f"{entry.address} takes mail from authenticated senders only, and this one is anonymous"
        name = "RequireSenderAuthenticationEnabled"
        step = single(
            "RECIPIENT", AUTHENTICATED, "not-authenticated", says, name=name, at=properties.at(name) or entry.at
        )
        return Routing(Return(notices.sender_not_authenticated(entry.noun)), (*steps, step))
    if held.sender is not None and (listed := _listed(held.sender, entry, tenant.directory)) is not None:
        return Routing(Return(notices.sender_not_allowed(group=entry.kind == "group")), (*steps, listed))
    limit = properties.MaxReceiveSize
    if limit is not None and held.message.size > limit:
        says = f"the message has {held.message.size} octets, and {entry.address} takes {limit}"
        at = properties.at("MaxReceiveSize")
        step = single("SIZE", MAX_RECEIVE, "too-large", says, name="MaxReceiveSize", chosen=False, at=at)
        return Routing(Return(notices.too_large_for_recipient()), (*steps, step))
    return None


def _listed(sender: Address, entry: Entry, directory: Directory) -> Step | None:
    """The step that refuses a sender by the lists; None where they let it pass."""
    properties = entry.properties
    for name in _REJECT:
        if _is_among(sender, getattr(properties, name), directory):
            says = f"{sender} is on {name} of {entry.address}"
            return single("RECIPIENT", ALLOWED, "rejected-sender", says, name=name, at=properties.at(name))
    written = [name for name in _ACCEPT if getattr(properties, name)]
    if not written or any(_is_among(sender, getattr(properties, name), directory) for name in written):
        return None
    says = f"{sender} is not on {' nor '.join(written)} of {entry.address}"
    at = properties.at(written[0])
    return single("RECIPIENT", ALLOWED, "not-allowed-sender", says, name=written[0], chosen=False, at=at)


def _is_among(sender: Address, listed: Iterable[Address], directory: Directory) -> bool:
    """Whether a list names a sender by any of its addresses, itself or through groups."""
    own = directory.find(sender)
    addresses = set(own.addresses) if own else {sender}
    if own and own.properties.ExternalEmailAddress:
        addresses.add(own.properties.ExternalEmailAddress)
    waiting, seen = list(listed), set[Address]()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        found = directory.find(address)
        known = {address, *(found.addresses if found else ())}
        external = found.properties.ExternalEmailAddress if found else None
        if addresses & (known | ({external} if external else set())):
            return True
        if found and found.kind == "group":
            waiting += found.properties.Members
    return False

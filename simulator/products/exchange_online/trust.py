"""What the way in says about a message: who vouches for it, and whose it is.

| came in by                                            | AuthAs    | Directionality | FromEntityHeader |
| ----------------------------------------------------- | --------- | -------------- | ---------------- |
| no connector, Partner connector                       | Anonymous | Incoming       | Internet         |
| OnPremises connector                                  | Anonymous | Originating    | HybridOnPrem     |
| ... and promoted headers say Internal                 | Internal  | Originating    | HybridOnPrem     |
| ... TreatMessagesAsInternal, sender's domain accepted | Internal  | Originating    | HybridOnPrem     |
| a mailbox                                             | Internal  | Originating    | Hosted           |
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import Sender, domain_of
from simulator.mail.message import Message
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.domains import AcceptedDomains
from simulator.products.exchange_online.firewall import CROSS_TENANT, ORGANIZATION
from simulator.value import value

__all__ = ["AUTH_AS", "DIRECTIONALITY", "FROM_ENTITY", "Trust", "is_internal"]

TRUST = rule(
    "EXO-HDR-2", "AuthAs, directionality and FromEntityHeader follow from how the message came in", fidelity="observed",
    source="captured headers; CMD New-InboundConnector TreatMessagesAsInternal",
    test="tests/products/exchange_online/test_headers.py",
)  # fmt: skip

AUTH_AS = f"{ORGANIZATION}AuthAs"
DIRECTIONALITY = f"{ORGANIZATION}MessageDirectionality"
FROM_ENTITY = f"{CROSS_TENANT}FromEntityHeader"


@value
class Trust:
    """A row of the table. `promoted`: the headers of an own server say Internal, and they are kept."""

    internal: bool
    direction: str
    entity: str
    promoted: bool = False

    @property
    def auth_as(self) -> str:
        return "Internal" if self.internal else "Anonymous"

    @classmethod
    def of(
        cls, facts: Mapping[str, str], message: Message, sender: Sender, domains: AcceptedDomains,
        connector: InboundConnector | None, *, generated: bool = False,
    ) -> Trust:  # fmt: skip
        """`message` has passed the firewall; `facts` are those of RCPT."""
        direction = facts.get("direction", "Originating")
        if facts.get("basis") == "mailbox" or generated:
            return cls(True, direction, "Hosted")
        entity = "HybridOnPrem" if direction == "Originating" else "Internet"
        promoted = is_internal(message)
        treated = (
            connector is not None and connector.is_on_premises and connector.TreatMessagesAsInternal
            and domains.accepts(domain_of(sender))
        )  # fmt: skip
        return cls(promoted or treated, direction, entity, promoted)


def is_internal(message: Message) -> bool:
    """Whether the headers inside the border say that somebody authenticated sent it."""
    return (message.get(AUTH_AS) or "").strip().lower() == "internal"

"""What a decision is: an answer together with every candidate that was looked at and why each lost.

Slugs are stable words for machines and `because:`; the sentence beside them is for people. A `Step` names the
rule that was applied and the setting (file:line:column) that decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from simulator.mail.reply import Reply
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["Candidate", "Connector", "Decision", "Step"]


@value
class Connector:
    """A reference to a connector object: what paths print and reports point at."""

    name: str
    kind: str  # "inbound" or "outbound"
    at: Source = NOWHERE


@value
class Candidate:
    """Something that could have been chosen. `chosen` candidates carry the reason too."""

    name: str
    chosen: bool
    reason: str  # slug: "disabled", "less-specific", "address-not-listed", ...
    says: str = ""  # the sentence for people
    at: Source = NOWHERE  # the setting that decided about this candidate


@value
class Step:
    """One decision in a hop: STEP-NAME, the rule, what came out, and all candidates."""

    name: str  # upper-case heading of `explain`: CONNECTOR, RELAY, DOMAIN, MAILBOX, TLS, ROUTE, ...
    rule: str  # id in the registry
    outcome: str  # slug
    says: str
    candidates: tuple[Candidate, ...] = ()
    at: Source = NOWHERE


@value
class Decision:
    """The answer of a listening host at one SMTP verb.

    `owner` is the host that takes the recipient where that is not the one that was called (the tenants of one
    service share a front door). `facts` are what attribution found (`direction`, `tenant`, `basis`, ...) and stay
    with the copy until it leaves the host.
    """

    reply: Reply
    steps: tuple[Step, ...] = ()
    owner: str = ""
    connector: Connector | None = None
    loop: bool = False  # the refusal is a loop detector's
    facts: Mapping[str, str] = field(default_factory=dict)
    asks: Any = None  # the `Relay` to ask about a recipient before this answer counts; see `policy.host.AsksNext`

    @property
    def ok(self) -> bool:
        return self.reply.ok

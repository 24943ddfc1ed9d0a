"""Outbound delivery pools: from which addresses mail leaves, and so whether the world's SPF checks let it pass.

    over an OnPremises connector, a null sender, written here    regular
    one of these is true                                         regular
      the envelope sender is in an accepted domain
      SPF passed when the message came in
      DKIM of the sender's domain passed when the message came in
    none of them                                                 relay pool, 40.95.0.0/16

Addresses of the relay pool are not in spf.protection.outlook.com, and its mail keeps its sender [srs] (learn: Outbound
delivery pools; Fix NDR 550 5.7.367). The verdicts are facts of the message; one that is missing counts as not passed.

The high-risk pool is not modelled: mail that would go there, reports among it, counts as regular.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

from simulator.mail.address import Address, Sender
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import OutboundConnector
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.forwarding import SENDS_AS
from simulator.products.service_names import relay_address
from simulator.value import value

__all__ = ["POOL", "REGULAR", "RELAY", "Pool", "leaves_as", "pool", "pool_address"]

_TEST = "tests/products/exchange_online/test_pools.py"
POOL = rule(
    "EXO-POOL-1", "Mail with a foreign sender that passed neither SPF nor DKIM leaves from the relay pool", fidelity="documented",
    source="learn: Outbound delivery pools; MC266466", test=_TEST,
)  # fmt: skip
rule(
    "EXO-POOL-2", "Mail over OnPremises connectors leaves from the regular pool, whoever sent it", fidelity="inferred",
    source="no page says so; SRS takes own servers to be inside as well", test=_TEST,
)  # fmt: skip
rule(
    "EXO-POOL-3", "The high-risk pool: spam, reports, sender domains without A and MX", fidelity="not modelled",
    source="learn: Outbound delivery pools",
)  # fmt: skip

RELAY = "RegularRelayOutboundPool"
REGULAR = "RegularOutboundPool"
"""inferred: OutboundIpPoolName of regular mail. That of the relay pool is documented."""


@value
class Pool:
    """The pool that a message leaves from, and how it was found."""

    name: str
    step: Step | None = None  # None where it was never a question

    @property
    def is_relay(self) -> bool:
        return self.name == RELAY


def leaves_as(held: Held) -> Sender:
    """The envelope sender of a message before it is rewritten: what an inbox rule forwards is the mailbox's own mail."""
    own = held.facts.get(SENDS_AS)
    return Address.parse(own) if own else held.sender


def pool(held: Held, connector: OutboundConnector | None, tenant: Profile) -> Pool:
    """The pool for mail that leaves over this connector, or by MX."""
    sender = leaves_as(held)
    if sender is None or held.generated or (connector and connector.is_on_premises):
        return Pool(REGULAR)
    if tenant.domains.accepts(sender.domain):
        return Pool(REGULAR)
    domain = sender.domain
    passed = {check: _passed(held.facts.get(check, "")) for check in ("spf", "dkim")}
    candidates = (
        Candidate("sender domain", False, "not-accepted", f"{domain} is not an accepted domain", tenant.domains.at),
        *(
            Candidate(
                check.upper(), ok, f"{check}-{'pass' if ok else 'not-passed'}",
                f"{check.upper()} {'passed' if ok else 'did not pass'} when the message came in",
            )
            for check, ok in passed.items()
        ),
    )  # fmt: skip
    if any(passed.values()):
        return Pool(REGULAR, Step("POOL", POOL, "regular", f"OutboundIpPoolName={REGULAR}", candidates))
    says = f"OutboundIpPoolName={RELAY}: {domain} is foreign, and neither SPF nor DKIM passed"
    return Pool(RELAY, Step("POOL", POOL, "relay", says, candidates))


def pool_address(address: str, found: Pool) -> str:
    """The address that mail leaves from, where the tenant would use `address`."""
    return relay_address(address) if found.is_relay and isinstance(ip_address(address), IPv4Address) else address


def _passed(verdict: str) -> bool:
    return verdict.strip().casefold().split(" ")[0] == "pass"

"""Criteria based routing: the connector that a mail flow rule chose, and the TLS that one asks for.

the connector is there and enabled    mail goes over it, also mail for a mailbox of the tenant
absent, disabled, in test mode        told, and mail takes its normal route (no source says what happens)
"""

from __future__ import annotations

from dataclasses import replace

from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.rules import rule
from simulator.policy.tls import Demand, Level
from simulator.products.exchange_online.connectors import OutboundConnector
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.transport_rules.lint import unusable
from simulator.products.exchange_online.transport_rules.revision import CONNECTOR, RUN, TLS
from simulator.source import Source

__all__ = ["RULE_TLS", "rule_connector", "with_rule_tls"]

_TEST = "tests/products/exchange_online/transport_rules/test_way.py"
BY_RULE = rule(
    "EXO-RULE-12", "A mail flow rule's connector is used, also for recipients with a mailbox in the tenant", fidelity="documented",
    source="learn: Scenario: Conditional mail routing; for mailboxes: guides of signature services", test=_TEST,
)  # fmt: skip
FALLS_BACK = rule(
    "EXO-RULE-13", "Where a rule's connector is absent or disabled, mail takes its normal route", fidelity="inferred",
    source="no page says so", test=_TEST,
)  # fmt: skip
ORDER = rule(
    "EXO-RULE-14", "A rule's connector goes before centralised transport", fidelity="inferred",
    source="no page says so; knob cbr_over_cmt", test=_TEST,
)  # fmt: skip
RULE_TLS = rule(
    "EXO-RULE-15", "RouteMessageOutboundRequireTls: mail leaves over TLS or not at all", fidelity="documented",
    source="CMD New-TransportRule", test=_TEST,
)  # fmt: skip


def rule_connector(held: Held, tenant: Profile) -> tuple[OutboundConnector | None, tuple[Step, ...]]:
    """The connector that the rules chose for a copy, and how that went; no steps where they chose none."""
    name = held.facts.get(CONNECTOR, "")
    if not name:
        return None, ()
    settings = tenant.settings
    found = next((c for n, c in settings.OutboundConnectors.items() if n.casefold() == name.casefold()), None)
    why = unusable(found)
    if found is not None and not why:
        says = f"{found.name}: a mail flow rule says so"
        candidates = [
            Candidate(c.name, c is found, "rule" if c is found else "rule-first", says if c is found else f"a rule chose {name}", c.place)
            for c in settings.OutboundConnectors.values()
        ]  # fmt: skip
        return found, (Step("CONNECTOR", BY_RULE, "rule", says, tuple(candidates), _place(held, tenant)),)
    state = {"absent": "there is no such connector", "disabled": "it is disabled"}.get(why, "it is in test mode")
    says = f"a mail flow rule chose {name}, but {state}; mail takes its normal route"
    at = found.place if found else _place(held, tenant)
    return None, (Step("CONNECTOR", FALLS_BACK, why, says, (Candidate(name, False, why, state, at),), at),)


def _place(held: Held, tenant: Profile) -> Source:
    """The setting of the rule that chose: the last one that ran and names a connector."""
    ran = held.facts.get(RUN, "").splitlines()
    rules = [tenant.settings.TransportRules[name] for name in ran if name in tenant.settings.TransportRules]
    chose = [one for one in rules if one.RouteMessageOutboundConnector]
    return chose[-1].at("RouteMessageOutboundConnector") if chose else tenant.settings.at("TransportRules")


def with_rule_tls(asked: Demand, held: Held, tenant: Profile) -> Demand:
    """What a hop asks of TLS, with what a mail flow rule asks beside."""
    name = held.facts.get(TLS)
    if not name or asked.level >= Level.ENCRYPTION:
        return asked
    one = tenant.settings.TransportRules.get(name)
    at = one.at("RouteMessageOutboundRequireTls") if one else tenant.settings.at("TransportRules")
    return replace(asked, level=Level.ENCRYPTION, at=at)

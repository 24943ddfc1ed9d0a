"""Rules on the way of a message: evaluated once for every copy, before it is routed.

    groups are expanded, mail users of this tenant resolved      the rules are asked about whom a message really is for
    not asked at all                                             reports, and what this host wrote itself
    not asked again                                              a copy that waits and is tried again; recipients whom a rule added
    asked anew, but for the rules that ran                       the copy for whom a rule or a mailbox redirected it to

What the rules said stays with the copy as facts: `rules`, `rules run` (names, a line each), `rule connector`, `rule tls`
(the name of the rule that asks for it) and `rule scl`.
"""

from __future__ import annotations

from simulator.mail.address import Address
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Revise, Routing
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.transport_rules.case import SCL, Case
from simulator.products.exchange_online.transport_rules.evaluate import evaluate
from simulator.products.exchange_online.transport_rules.kinds import is_report
from simulator.products.exchange_online.transport_rules.lint import ordered

__all__ = ["CONNECTOR", "RUN", "TLS", "again", "revised"]

RULES, RUN, CONNECTOR, TLS = "rules", "rules run", "rule connector", "rule tls"
_DONE, _AGAIN = "done", "again"


def again(tenant: Profile) -> dict[str, str]:
    """Facts of a copy that goes to somebody else from here on: the rules, if there are any, are asked about it anew."""
    return {RULES: _AGAIN} if tenant.settings.TransportRules else {}


def revised(held: Held, recipient: Address, tenant: Profile, at: Moment) -> Routing | None:
    """What the rules do to a copy; None where they are not asked."""
    rules = tenant.settings.TransportRules
    if not rules or held.facts.get(RULES) == _DONE or is_report(Case(held, recipient, tenant, held.message)):
        return None
    before = held.facts.get(RUN, "").splitlines()
    found = evaluate(ordered(rules), held, recipient, tenant, at.now, frozenset(before))
    done = found.done
    if done.end is not None:
        return Routing(done.end, (found.step,))
    facts = {RULES: _DONE, RUN: "\n".join((*before, *found.ran))}
    if done.connector:
        facts[CONNECTOR] = done.connector
    if done.tls:
        facts[TLS] = done.tls
    if done.message.get(SCL) != held.message.get(SCL):
        facts["rule scl"] = done.message.get(SCL) or ""
    if done.instead is None:
        return Routing(Revise(done.message, facts, also=done.also, why="rule"), (found.step,))
    everybody = tuple(dict.fromkeys((*done.instead, *done.also)))
    return Routing(Revise(done.message, {**facts, **again(tenant)}, everybody, why="rule"), (found.step,))

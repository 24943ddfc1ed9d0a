"""What a host's domain asks of those who send to it: MTA-STS and DANE, put on top of what the sender asks itself.

    MTA-STS    the policy of the domain; a host that it does not list is not connected to   [mta_sts]
    DANE       the TLSA records of the host, where its zones are signed                     [dane]
    the sender's own demand stands beside both: neither takes anything from it (RFC 8461 2)

Asked before each connection, because both may differ from host to host and change while mail waits. A sender that does not
look (`Demand.lookups` is None) asks nothing.
"""

from __future__ import annotations

from dataclasses import field, replace

from simulator.policy.asking import Asking
from simulator.policy.attempt import Target
from simulator.policy.dane import DANE, TlsaSet, look_up
from simulator.policy.decision import Candidate, Step
from simulator.policy.moment import Moment
from simulator.policy.mta_sts import ENFORCED, FOUND, Policy, StsCheck, fetch, is_listed
from simulator.policy.tls import Check, Demand, Level, Lookups, Verdict
from simulator.value import value

__all__ = ["Policies", "Secured", "secured"]

Policies = dict[str, Policy | None]
"""The MTA-STS policies that an attempt has found, by domain."""


@value
class Secured:
    """What is asked of the TLS with a host in the end; `refused` where it is not even connected to."""

    demand: Demand
    steps: tuple[Step, ...] = field(default=())
    refused: Verdict | None = None


def secured(demand: Demand, target: Target, port: int, at: Moment, policies: Policies) -> Asking[Secured]:
    """Asks DNS what a host's domain asks. `policies` is filled as domains are looked up, once each."""
    lookups = demand.lookups
    if lookups is None or not target.domain:
        return Secured(demand)
    checks: list[Check] = []
    steps: list[Step] = []
    refused: Verdict | None = None
    if lookups.dane:
        found = yield from look_up(target, port, lookups)
        if isinstance(found, TlsaSet):
            checks.append(found)
        elif not found.ok:
            refused = found
        steps += _dane_step(found, target, lookups)
    if lookups.mta_sts and not refused:
        if target.domain not in policies:
            policies[target.domain] = yield from fetch(target.domain, at)
        policy = policies[target.domain]
        if policy and policy.mode == "enforce":
            verdict = _listed(policy, target)
            refused = None if verdict.ok else verdict
            checks.append(StsCheck(target.name, policy.domain))
        if policy:
            steps.append(_policy_step(policy, target, lookups))
    if refused or not checks:
        return Secured(demand, tuple(steps), refused)
    level = max(demand.level, Level.ENCRYPTION)
    return Secured(replace(demand, level=level, checks=tuple(checks)), tuple(steps), refused)


def _listed(policy: Policy, target: Target) -> Verdict:
    if is_listed(policy, target.name):
        return Verdict(True, "sts-listed", f"{target.name} is one of the MX hosts of the policy")
    return Verdict(False, "sts-mx", f"{target.name} is not among the MX hosts of the policy: {', '.join(policy.mx)}")


def _policy_step(policy: Policy, target: Target, lookups: Lookups) -> Step:
    verdict = _listed(policy, target)
    if policy.mode != "enforce":
        says = f"{policy.domain} has an MTA-STS policy of mode {policy.mode}, which keeps no mail back"
        return Step("MTA-STS", FOUND, policy.mode, says, (), lookups.at)
    why = Candidate(target.name, verdict.ok, verdict.reason, verdict.says)
    return Step("MTA-STS", FOUND if verdict.ok else ENFORCED, verdict.reason, verdict.says, (why,), lookups.at)


def _dane_step(found: TlsaSet | Verdict, target: Target, lookups: Lookups) -> list[Step]:
    """Nothing to tell of a host that has nothing to do with DANE."""
    if isinstance(found, TlsaSet):
        count = len(found.records)
        says = f"{target.name} has {'a signed TLSA record' if count == 1 else f'{count} signed TLSA records'}"
        return [Step("DANE", DANE, "tlsa", says, (), lookups.at)]
    if found.ok and found.reason == "dane-not-signed":
        return []
    why = Candidate(target.name, found.ok, found.reason, found.says)
    return [Step("DANE", DANE, found.reason, found.says, (why,), lookups.at)]

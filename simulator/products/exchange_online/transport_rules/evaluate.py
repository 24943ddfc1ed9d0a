"""Asks a tenant's rules about one message for one recipient, by priority, and carries out those that match.

    disabled, not yet active, expired           it is not asked
    all conditions hold and no exception        it runs: its actions are done, in Audit modes only told
    StopRuleProcessing, or an action that ends  no later rule is asked
    no conditions                               it is for all messages

Everything about every rule is told: one candidate a rule, `chosen` where it ran, with what each condition found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from simulator.mail.address import Address
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.rules import rule
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.transport_rules.actions import Done, carry_out
from simulator.products.exchange_online.transport_rules.asked import Asked
from simulator.products.exchange_online.transport_rules.case import Case
from simulator.products.exchange_online.transport_rules.conditions import EXCEPT_IF, NOT_MODELLED, written
from simulator.products.exchange_online.transport_rules.predicates import PREDICATES
from simulator.products.exchange_online.transport_rules.rule import TransportRule
from simulator.source import Source
from simulator.value import value

__all__ = ["RULES", "Evaluation", "evaluate"]

RULES = "RULES"
"""The name of the step."""

EVALUATE = rule(
    "EXO-RULE-1", "Rules are asked by priority: all conditions and no exception; audit modes change nothing; some end the evaluation",
    fidelity="documented", source="learn: Mail flow rules in Exchange Online; CMD New-TransportRule",
    test="tests/products/exchange_online/transport_rules/test_evaluate.py",
)  # fmt: skip


@value
class Evaluation:
    """What all rules came to: the step that tells it, what is to be done, and the names of those that ran."""

    step: Step
    done: Done
    ran: tuple[str, ...]


@value
class _Judged:
    """One rule in one case; `reason` is empty where it matches."""

    reason: str
    says: str
    at: Source


def evaluate(
    rules: Sequence[TransportRule], held: Held, recipient: Address, tenant: Profile, now: datetime,
    before: frozenset[str] = frozenset(),
) -> Evaluation:  # fmt: skip
    """`rules` in the order in which they are asked; those whose names are in `before` ran on this copy already."""
    case = Case(held, recipient, tenant, held.message)
    done, stopped = Done(held.message), ""
    candidates: list[Candidate] = []
    ran: list[TransportRule] = []
    for one in rules:
        judged = _not_asked(one, now, stopped, before) or _judge(one, case.now(done.message))
        if judged.reason:
            candidates.append(Candidate(one.name, False, judged.reason, judged.says, judged.at))
            continue
        ran.append(one)
        would = carry_out(one, case.now(done.message), done)
        told = "; ".join(would.told) or "it does nothing to the message"
        if not one.enforced:
            says = f"{judged.says}; Mode {one.Mode}: only noted ({told})"
            candidates.append(Candidate(one.name, True, "audit", says, one.at("Mode")))
        else:
            done = would
            candidates.append(Candidate(one.name, True, "matched", f"{judged.says}; {told}", one.place))
        if one.enforced and (done.end is not None or one.StopRuleProcessing):
            stopped = one.name
    step = _step(tuple(candidates), ran, tenant, done)
    return Evaluation(step, replace(done, told=()), tuple(one.name for one in ran if one.enforced))


def _step(candidates: tuple[Candidate, ...], ran: list[TransportRule], tenant: Profile, done: Done) -> Step:
    ended = done.end is not None
    if not ran:
        says = (
            f"none of {len(candidates)} mail flow rules matches"
            if len(candidates) > 1
            else "the mail flow rule does not match"
        )
        return Step(RULES, EVALUATE, "none", says, candidates, tenant.settings.at("TransportRules"))
    by_name = {c.name: c.says for c in candidates}
    says = (
        f"{ran[-1].name}: {by_name[ran[-1].name]}"
        if ended or len(ran) == 1
        else f"{', '.join(r.name for r in ran)} match"
    )
    outcome, by = ("ended", done.by or EVALUATE) if ended else ("matched", EVALUATE)
    return Step(RULES, by, outcome, says, candidates, ran[-1].place)


def _not_asked(one: TransportRule, now: datetime, stopped: str, before: frozenset[str]) -> _Judged | None:
    if not one.enabled:
        return _Judged("disabled", "it is disabled", one.at("State" if one.written("State") else "Enabled"))
    if one.ActivationDate and now < one.ActivationDate:
        return _Judged(
            "not-yet-active", f"it is in force from {one.ActivationDate:%Y-%m-%d %H:%M}", one.at("ActivationDate")
        )
    if one.ExpiryDate and now > one.ExpiryDate:
        return _Judged("expired", f"it was in force until {one.ExpiryDate:%Y-%m-%d %H:%M}", one.at("ExpiryDate"))
    if one.name in before:
        return _Judged("ran-before", "it ran before the recipient was replaced", one.place)
    if stopped:
        return _Judged("stopped", f"{stopped} ended the evaluation", one.at("Priority"))
    return None


def _judge(one: TransportRule, case: Case) -> _Judged:
    found = [(name, *_asked(one, "", name, case)) for name in written(one)]
    lost = [(name, says) for name, holds, says in found if not holds]
    if lost:
        told = "; ".join(f"{name}: {says}" for name, says in lost)
        return _Judged(_slug(lost[0][0]), told, one.at(lost[0][0]))
    for name in written(one, EXCEPT_IF):
        holds, says = _asked(one, EXCEPT_IF, name, case)
        if holds:
            return _Judged(_slug(EXCEPT_IF + name), f"{EXCEPT_IF}{name}: {says}", one.at(EXCEPT_IF + name))
    return _Judged("", "; ".join(f"{name}: {says}" for name, _, says in found) or "it is for all messages", one.place)


def _asked(one: TransportRule, prefix: str, name: str, case: Case) -> tuple[bool, str]:
    if name in NOT_MODELLED:
        return False, "this cannot be judged here"
    return PREDICATES[name](Asked(one, prefix, case), getattr(one, prefix + name))


@lru_cache(256)
def _slug(parameter: str) -> str:
    """`SenderIpRanges` as `sender-ip-ranges`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", parameter).lower()

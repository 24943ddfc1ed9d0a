"""What a tenant's rules are checked for as a whole: limits, and names that lead nowhere.

more than 300 rules; a rule over 8 KB; patterns over 20 KB together     objections of the cmdlet (learn: Exchange Online limits)
RouteMessageOutboundConnector names no connector, or a disabled one     warning: mail takes its normal route
...MemberOf names no group of the tenant                                warning: nobody is a member
a group among those whom a rule adds                                    warning: not supported in Exchange Online
a Priority beyond the number of rules                                   warning: taken as the last
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from simulator.policy.priority import in_order
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import OutboundConnector
from simulator.products.exchange_online.transport_rules.conditions import CONDITIONS, EXCEPT_IF
from simulator.products.exchange_online.transport_rules.patterns import Pattern
from simulator.products.exchange_online.transport_rules.rule import TransportRule
from simulator.source import ProblemList

__all__ = ["check_rules", "ordered", "unusable"]

LIMITS = rule(
    "EXO-RULE-7", "300 rules, 8 KB a rule, 20 KB of patterns", fidelity="documented", source="learn: Exchange Online limits",
    test="tests/products/exchange_online/transport_rules/test_rule.py",
)  # fmt: skip

_MOST_RULES, _LARGEST, _ALL_PATTERNS = 300, 8 * 1024, 20 * 1024
_ADDED: Final = ("RedirectMessageTo", "BlindCopyTo", "CopyTo", "AddToRecipients")


def ordered(rules: Mapping[str, TransportRule]) -> list[TransportRule]:
    """The rules as they are asked."""
    return in_order([(rule, rule.Priority) for rule in rules.values()])


def unusable(connector: OutboundConnector | None) -> str:
    """Why a rule cannot send mail over a connector; empty where it can. A slug."""
    if connector is None:
        return "absent"
    return "disabled" if not connector.Enabled else "test-mode" if connector.TestMode else ""


def check_rules(
    rules: Mapping[str, TransportRule], connectors: Mapping[str, OutboundConnector], groups: frozenset[str], problems: ProblemList
) -> None:  # fmt: skip
    """`groups` are the addresses of the tenant's groups, folded."""
    by_fold = {name.casefold(): connector for name, connector in connectors.items()}
    if len(rules) > _MOST_RULES:
        first = next(iter(rules.values()))
        problems.error(
            first.place, f"{len(rules)} mail flow rules are more than the {_MOST_RULES} that a tenant may have."
        )
    patterns = 0
    for one in rules.values():
        if one.Priority is not None and one.Priority >= len(rules):
            says = f"Priority {one.Priority}: there are {len(rules)} rules, so 0 to {len(rules) - 1} are valid; it is the last"
            problems.warn(one.at("Priority"), says)
        if _weight(one) > _LARGEST:
            problems.error(one.place, f"{one.name} is larger than 8 KB.")
        patterns += sum(len(p.pattern) for key in _keys() for p in _patterns(getattr(one, key)))
        if patterns > _ALL_PATTERNS:
            problems.error(one.place, "the patterns of all mail flow rules are larger than 20 KB together.")
            patterns = 0
        _check_connector(one, by_fold, problems)
        _check_groups(one, groups, problems)


def _check_connector(one: TransportRule, connectors: Mapping[str, OutboundConnector], problems: ProblemList) -> None:
    name = one.RouteMessageOutboundConnector
    if not name:
        return
    why = unusable(connectors.get(name.casefold()))
    if why:
        state = {"absent": f"there is no outbound connector {name}", "disabled": f"{name} is disabled"}
        says = (
            f"RouteMessageOutboundConnector: {state.get(why, f'{name} is in test mode')}; mail takes its normal route"
        )
        problems.warn(one.at("RouteMessageOutboundConnector"), says)


def _check_groups(one: TransportRule, groups: frozenset[str], problems: ProblemList) -> None:
    for key in _keys():
        if "MemberOf" in key:
            for group in getattr(one, key):
                if str(group).casefold() not in groups:
                    problems.warn(one.at(key), f"{key}: {group} is no group of the tenant; nobody is a member")
    for key in _ADDED:
        for who in getattr(one, key):
            if str(who).casefold() in groups:
                problems.warn(one.at(key), f"{key}: {who} is a group, which Exchange Online does not support here")


def _keys() -> tuple[str, ...]:
    return tuple(prefix + name for prefix in ("", EXCEPT_IF) for name in CONDITIONS)


def _patterns(values: Any) -> list[Pattern]:
    found: list[Pattern] = []
    for one in values if isinstance(values, tuple) else ():
        found += [one] if isinstance(one, re.Pattern) else list(getattr(one, "patterns", ()))
    return found


def _weight(one: TransportRule) -> int:
    """About what a rule takes: its parameters and their values as text."""
    total = 0
    for key in one.places:
        values = getattr(one, key)
        each = values if isinstance(values, tuple) else (values,)
        total += len(key) + sum(len(str(getattr(v, "pattern", v))) for v in each)
    return total

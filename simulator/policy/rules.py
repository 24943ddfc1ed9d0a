"""The registry of rules: every decision names one, and the fidelity table is printed from here.

A product registers its rules beside the code that applies them. `fidelity` says how well founded a rule is:
`documented` (the vendor or an RFC says so), `observed` (seen in captures or logs), `inferred` (neither; then a
knob), `not modelled` (listed so that nobody believes otherwise).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FIDELITIES", "Rule", "all_rules", "rule"]

FIDELITIES = ("documented", "observed", "inferred", "not modelled")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: stable id, one sentence, how well founded, where from, and the test that proves it."""

    id: str
    says: str
    fidelity: str
    source: str
    test: str = ""


_RULES: dict[str, Rule] = {}


def rule(id: str, says: str, *, fidelity: str, source: str, test: str = "") -> str:
    """Registers a rule and returns its id, so that the constant is the id."""
    if fidelity not in FIDELITIES:
        raise ValueError(f"{id}: {fidelity!r} is no fidelity")
    if id in _RULES and _RULES[id].says != says:
        raise ValueError(f"rule {id} is registered twice")
    _RULES[id] = Rule(id, says, fidelity, source, test)
    return id


def all_rules() -> tuple[Rule, ...]:
    """Every registered rule, by id."""
    return tuple(_RULES[i] for i in sorted(_RULES))

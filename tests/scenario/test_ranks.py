"""Steps give mail flow rules their place, and keep the others in order."""

from __future__ import annotations

import pytest

from simulator.scenario.load import read_yaml
from simulator.scenario.steps import apply_steps
from simulator.source import Node, ProblemList
from tests.scenario.labs import CONTOSO, told, tree_of

NEW = "".join(f"- New-TransportRule: {{Name: {name}, DeleteMessage: true}}\n" for name in "abcd")


def after(steps: str) -> tuple[str, Node, list[str]]:
    """The names in order, the rules, and what was refused."""
    problems = ProblemList()
    tree = apply_steps(tree_of(CONTOSO), read_yaml(steps, "steps.yaml"), problems)
    server = (tree.get("servers") or Node({})).get("m365") or Node({})
    rules = server.get("TransportRules") or Node({})
    return "".join(entry.key for entry in rules.entries), rules, told(problems)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("", "abcd"),
        ("- New-TransportRule: {Name: e, Priority: 0, DeleteMessage: true}", "eabcd"),
        ("- New-TransportRule: {Name: e, Priority: 4, DeleteMessage: true}", "abcde"),
        ("- New-TransportRule: {Name: e, DeleteMessage: true}", "abcde"),
        ("- Set-TransportRule: {Identity: d, Priority: 1}", "adbc"),
        ("- Set-TransportRule: {Identity: a, Priority: 2}", "bcad"),
        ("- Set-TransportRule: {Identity: d, Priority: 1}\n- Set-TransportRule: {Identity: c, Priority: 1}", "acdb"),
        ("- Set-TransportRule: {Identity: b, Name: z}", "azcd"),
        ("- Set-TransportRule: {Identity: b, Name: z, Priority: 0}", "zacd"),
        ("- Remove-TransportRule: b", "acd"),
        ("- Remove-TransportRule: b\n- Set-TransportRule: {Identity: d, Priority: 0}", "dac"),
        ("- Set-TransportRule: {Identity: b, Quarantine: true}", "abcd"),
    ],
)
def test_a_rule_gets_its_place_and_the_others_keep_their_order(step: str, expected: str) -> None:
    order, _, refused = after(NEW + step)

    assert (expected, []) == (order, refused)


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        ("- Set-TransportRule: {Identity: a, Priority: 4}", "Priority 4 is not valid: with this one there are 4."),
        (
            "- New-TransportRule: {Name: e, Priority: 5, DeleteMessage: true}",
            "Priority 5 is not valid: with this one there are 5.",
        ),
    ],
)
def test_a_place_beyond_the_last_is_refused(step: str, refusal: str) -> None:
    order, _, refused = after(NEW + step)

    assert "abcd" == order
    assert refusal in refused[0]


def test_a_rule_is_switched_however_it_says_whether_it_is_on() -> None:
    _, rules, refused = after(
        "- New-TransportRule: {Name: a, State: Disabled, DeleteMessage: true}\n- Enable-TransportRule: a"
    )
    rule = rules.get("a")

    assert rule is not None
    assert ({"DeleteMessage": "true", "Enabled": "true"}, []) == (rule.plain(), refused)

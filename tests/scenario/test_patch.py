"""`given:`: maps merge, lists and values replace, `remove` deletes, `like` copies a neighbour; places survive."""

from __future__ import annotations

import pytest

from simulator.scenario.load import read_yaml
from simulator.scenario.patch import apply_patch
from simulator.source import Node, ProblemList
from tests.scenario.labs import told

LAB = """\
servers:
  m365:
    AcceptedDomains: {contoso.com: InternalRelay, fabrikam.com: {DomainType: Authoritative}}
    OutboundConnectors:
      To own: {ConnectorType: OnPremises, SmartHosts: [mail.contoso.com], Enabled: true}
      To partner: {ConnectorType: Partner, RecipientDomains: [partner.example]}
"""


def patched(patch: str, lab: str = LAB) -> tuple[Node, list[str]]:
    problems = ProblemList()
    tree = apply_patch(read_yaml(lab, "lab.yaml"), read_yaml(patch, "patch.yaml"), problems)
    return tree, told(problems)


def connectors(patch: str) -> object:
    tree, errors = patched(f"servers: {{m365: {{OutboundConnectors: {patch}}}}}")
    assert [] == errors
    return at(tree, "servers", "m365", "OutboundConnectors").plain()


def at(tree: Node, *keys: str) -> Node:
    for key in keys:
        found = tree.get(key)
        assert found is not None
        tree = found
    return tree


OWN = {"ConnectorType": "OnPremises", "SmartHosts": ["mail.contoso.com"], "Enabled": "true"}
PARTNER = {"ConnectorType": "Partner", "RecipientDomains": ["partner.example"]}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ("{TO OWN: {enabled: false}}", {"To own": {**OWN, "Enabled": "false"}, "To partner": PARTNER}),
        ("{To own: {SmartHosts: [a, b]}}", {"To own": {**OWN, "SmartHosts": ["a", "b"]}, "To partner": PARTNER}),
        ("{To own: {SmartHosts: a}}", {"To own": {**OWN, "SmartHosts": "a"}, "To partner": PARTNER}),
        ("{To own: {SmartHosts: null}}", {"To own": {**OWN, "SmartHosts": None}, "To partner": PARTNER}),
        ("{To own: remove}", {"To partner": PARTNER}),
        ("{To own: {SmartHosts: remove}}", {"To own": {"ConnectorType": "OnPremises", "Enabled": "true"}, "To partner": PARTNER}),
        ('{To own: {Comment: "remove"}}', {"To own": {**OWN, "Comment": "remove"}, "To partner": PARTNER}),
        ("{Third: {Enabled: false}}", {"To own": OWN, "To partner": PARTNER, "Third": {"Enabled": "false"}}),
        ("{Third: {like: to own, Enabled: false}}", {"To own": OWN, "To partner": PARTNER, "Third": {**OWN, "Enabled": "false"}}),
        ("{To partner: {like: To own}}", {"To own": OWN, "To partner": OWN}),
        ("{To own: {Enabled: false}, Third: {like: To own}}",
         {"To own": {**OWN, "Enabled": "false"}, "To partner": PARTNER, "Third": {**OWN, "Enabled": "false"}}),
        ("{To own: remove, Third: {like: To own}}", {"To partner": PARTNER, "Third": OWN}),
        ("{C: {like: B, C: 3}, B: {like: A, B: 2}, A: {A: 1}}",
         {"To own": OWN, "To partner": PARTNER, "C": {"A": "1", "B": "2", "C": "3"}, "B": {"A": "1", "B": "2"}, "A": {"A": "1"}}),
        ("{C: {like: B, X: 3}, B: {like: To own, X: 2}}",
         {"To own": OWN, "To partner": PARTNER, "C": {**OWN, "X": "3"}, "B": {**OWN, "X": "2"}}),
        ("[]", []),
    ],
)  # fmt: skip
def test_a_patch_changes_what_it_says_and_nothing_else(patch: str, expected: object) -> None:
    assert expected == connectors(patch)


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ("{contoso.com: {MatchSubDomains: true}}", {"DomainType": "InternalRelay", "MatchSubDomains": "true"}),
        ("{contoso.com: Authoritative}", "Authoritative"),
        ("{contoso.com: {like: fabrikam.com}}", {"DomainType": "Authoritative"}),
    ],
)
def test_an_accepted_domain_that_is_a_word_can_be_given_further_settings(patch: str, expected: object) -> None:
    tree, errors = patched(f"servers: {{m365: {{AcceptedDomains: {patch}}}}}")
    assert [] == errors
    assert expected == at(tree, "servers", "m365", "AcceptedDomains", "contoso.com").plain()


def test_a_domain_like_one_that_is_a_word_becomes_a_map() -> None:
    tree, _ = patched("servers: {m365: {AcceptedDomains: {x.example: {like: contoso.com, MatchSubDomains: true}}}}")
    expected = {"DomainType": "InternalRelay", "MatchSubDomains": "true"}
    assert expected == at(tree, "servers", "m365", "AcceptedDomains", "x.example").plain()


def test_values_keep_the_place_where_they_were_written() -> None:
    tree, _ = patched("servers:\n  m365:\n    OutboundConnectors:\n      To own: {Enabled: false}\n")
    own = at(tree, "servers", "m365", "OutboundConnectors", "To own")
    assert "patch.yaml:4:25" == str(at(own, "Enabled").at)
    assert "lab.yaml:5:31" == str(at(own, "ConnectorType").at)


def test_a_patched_object_stays_where_it_stood_and_a_copy_stands_where_it_is_made() -> None:
    tree, _ = patched(
        "servers:\n  m365:\n    OutboundConnectors:\n      To own: {Enabled: false}\n      New: {like: To own}\n"
    )
    entries = {e.key: str(e.key_at) for e in at(tree, "servers", "m365", "OutboundConnectors").entries}
    assert {"To own": "lab.yaml:5:7", "To partner": "lab.yaml:6:7", "New": "patch.yaml:5:7"} == entries
    assert "lab.yaml:5:31" == str(at(tree, "servers", "m365", "OutboundConnectors", "New", "ConnectorType").at)


def test_what_a_patch_adds_stands_in_the_patch() -> None:
    tree, _ = patched("dns:\n  contoso.com: {MX: [0 a]}\n")
    assert "patch.yaml:2:16" == str(at(tree, "dns", "contoso.com").at)


def test_neither_tree_nor_patch_is_changed() -> None:
    tree, patch = read_yaml(LAB, "lab.yaml"), read_yaml("servers: {m365: {AcceptedDomains: remove}}", "patch.yaml")
    before = (tree.plain(), patch.plain())
    apply_patch(tree, patch, ProblemList())
    assert before == (tree.plain(), patch.plain())


@pytest.mark.parametrize(
    ("patch", "error"),
    [
        ("{To onw: remove}", "1:39 there is no To onw to remove in OutboundConnectors. | Did you mean To own?"),
        ("{New: {SmartHosts: remove}}", "1:45 there is no SmartHosts to remove in New."),
        ("{New: {like: To onw}}", '1:51 no "To onw" beside New to copy. | Did you mean To own?'),
        ("{A: {like: A}}", "1:49 like goes in a circle: A -> A. | Write one of them out."),
        (
            "{A: {like: b}, B: {like: c}, C: {like: a}}",
            "1:77 like goes in a circle: A -> b -> c -> a. | Write one of them out.",
        ),
    ],
)
def test_what_a_patch_cannot_do_is_an_error(patch: str, error: str) -> None:
    assert [error] == patched(f"servers: {{m365: {{OutboundConnectors: {patch}}}}}")[1]


def test_a_map_replaces_a_value_that_stands_for_nothing_else() -> None:
    tree, errors = patched("people: {Bob: {like: Amy, x: 1}}", "people: {Amy: amy@contoso.com at m365, Bob: b}")
    assert ([], {"x": "1"}) == (errors, at(tree, "people", "Bob").plain())


def test_removing_at_the_top_is_checked_too() -> None:
    assert ["1:1 there is no dns to remove. | Known: servers"] == patched("dns: remove")[1]

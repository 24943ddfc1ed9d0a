"""Why not that connector: every change that is proposed, made to the lab, has the message use it, and less is not enough.

All flows of the vectors and of the older scenarios serve as labs; every connector that a flow's message does not use is asked
about.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import combinations
from pathlib import Path

import pytest

from simulator.cli.explain import planned
from simulator.mail.path import print_path
from simulator.played import Played
from simulator.report.change import Change, ConnectorObject
from simulator.report.whynot import WhyNot, connectors_of, why_not
from simulator.scenario.lab import START, build_lab
from simulator.scenario.model import Flow
from simulator.scenario.scenario import load_scenario
from simulator.source import Node, ProblemList

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = (
    "exchange-online/vectors-inbound.yaml", "exchange-online/vectors-outbound.yaml", "exchange-online.yaml", "failures.yaml",
    "precedence.yaml", "seeds/000-smartermail-over-ip.yaml", "seeds/003-smtp-relay.yaml",
)  # fmt: skip

NOTHING_HELPS = {
    # The null sender has no domain that could be accepted, and the client shows no certificate that could be asked for.
    ("The own address sends a report to the internet (6)", "Own address"),
    ("A report of the own server to Sun", "SmarterMail to M365"),
    # Three changes: the sender's domain and the address, and another connector of the tenant that lists it already.
    ("An address that two tenants list", "own servers to O365"),
}


@cache
def answers(file: str) -> tuple[tuple[Flow, ConnectorObject, WhyNot], ...]:
    """What is said about every connector in every flow of a scenario."""
    scenario = load_scenario(lambda name: Path(name).read_text(encoding="utf-8"), str(FOLDER / file))
    found: list[tuple[Flow, ConnectorObject, WhyNot]] = []
    for flow in scenario.flows:
        if len(flow.send) == 1 and (base := plan(flow.tree, flow)):
            play = partial(plan, flow=flow)
            found += [(flow, c, why_not(flow.tree, c, base, play)) for c in connectors_of(flow.tree)]
    return tuple(found)


def plan(tree: Node, flow: Flow) -> Played | None:
    lab = build_lab(tree, ProblemList(), START, file="lab.yaml")
    return planned(lab, tree, flow.send[0], START)[0] if lab else None


def with_changes(tree: Node, changes: Sequence[Change]) -> Node:
    for change in changes:
        tree = _with(tree, change.where, change.node)
    return tree


def _with(tree: Node, where: Sequence[str], node: Node) -> Node:
    if not where:
        return node
    inner = tree.get(where[0]) or Node.of({})
    return tree.with_entry(where[0], _with(inner, where[1:], node))


def passes(played: Played | None, connector: ConnectorObject) -> bool:
    """Whether the sentence of some copy names the connector. At the hop of a refusal it may have matched without giving a
    right, which is no use of an inbound one."""
    for ending in played.endings if played else ():
        sentence = print_path(ending.path)
        if connector.is_inbound and ending.path.end.word == "REJECTED":
            sentence = sentence.rpartition("]->")[0].rpartition("-[")[0]
        if any(f"{before}{connector.name}{after}" in sentence for before in ("-[", "| ") for after in ("]->", " |")):
            return True
    return False


@pytest.mark.parametrize("file", FILES)
def test_a_change_that_is_proposed_makes_the_connector_win(file: str) -> None:
    told = [(flow, connector, r) for flow, connector, answer in answers(file) for r in answer.remedies]

    assert told
    for flow, connector, remedy in told:
        what = (flow.name, connector.name, [f"{c.owner}: {c.reads}" for c in remedy.changes])
        assert passes(plan(with_changes(flow.tree, remedy.changes), flow), connector), what


@pytest.mark.parametrize("file", FILES)
def test_less_than_a_proposed_change_is_not_enough(file: str) -> None:
    for flow, connector, answer in answers(file):
        for part in (p for r in answer.remedies for p in combinations(r.changes, len(r.changes) - 1)):
            assert not passes(plan(with_changes(flow.tree, part), flow), connector), (flow.name, connector.name)


@pytest.mark.parametrize("file", FILES)
def test_every_connector_that_was_looked_at_and_lost_can_be_made_to_win(file: str) -> None:
    lost = {(flow.name, c.name) for flow, c, answer in answers(file) if answer.reasons and not answer.remedies}

    assert set() == lost - NOTHING_HELPS


@pytest.mark.parametrize(
    ("file", "case", "name", "changes"),
    [
        ("inbound", 5, "Own address", {"m365: AcceptedDomains with other.test"}),
        ("inbound", 10, "Wrong type", {"Wrong type: ConnectorType: OnPremises"}),
        ("inbound", 16, "Shared address of contoso", {"m365: AcceptedDomains with fabrikam.com, which fabrikam gives up"}),
        ("inbound", 17, "Below sub", {"Below sub: TlsSenderCertificateName: *.contoso.com", "m365: AcceptedDomains with sub.contoso.com"}),
        ("outbound", 3, "To SmarterMail", {"To SmarterMail: Enabled: true"}),
        ("outbound", 4, "All our domains", {"contoso.com: DomainType: InternalRelay"}),
        ("outbound", 10, "On trial", {"On trial: TestMode: false"}),
    ],
)  # fmt: skip
def test_the_smallest_changes_are_named(file: str, case: int, name: str, changes: set[str]) -> None:
    (found,) = (
        answer for flow, connector, answer in answers(f"exchange-online/vectors-{file}.yaml")
        if flow.name.endswith(f"({case})") and connector.name == name
    )  # fmt: skip

    assert changes == {" and ".join(f"{c.owner}: {c.reads}" for c in remedy.changes) for remedy in found.remedies}


def test_the_words_of_another_tenant_say_why_a_connector_lost() -> None:
    (found,) = (
        answer for flow, connector, answer in answers("exchange-online/vectors-inbound.yaml")
        if flow.name.endswith("(16)") and connector.name == "Shared address of contoso"
    )  # fmt: skip

    assert "does not accept the sender's domain fabrikam.com" in found.reasons[0][0]
    assert ("Shared address of fabrikam",) == found.instead

"""The Markdown summary: what failed, each cause with story and diagram, and never more than a pipeline takes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from simulator.report.causes import failures
from simulator.report.markdown import CAP, run_markdown
from simulator.report.mermaid import sequence
from simulator.runner import RunResult, ScenarioResult
from tests.report.failing import CONNECTOR_OFF, EXPIRED, a_run


def test_what_passes_is_short() -> None:
    text = run_markdown(a_run())
    assert text.startswith("### mailflow: 7 flows passed\n")
    assert "mermaid" not in text
    assert "| scenarios/flows.yaml | 7 | 0 |" in text


def test_failures_are_a_table_and_causes_have_story_and_diagram() -> None:
    text = run_markdown(a_run(CONNECTOR_OFF))
    assert text.startswith("### mailflow: 3 of 7 flows failed, 1 cause\n")
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| <code>(.+?)</code> \| <code>(.+?)</code> \|$", text, re.M)
    assert ["Bob to John", "Sun to John", "One mail to both"] == [name for name, _, _ in rows]
    assert "Bob -&gt; m365 -[O365 to own servers]-&gt; onprem -&gt; John" == rows[0][1]
    (summary,) = re.findall(r"<summary>(.*?)</summary>", text)
    assert summary.startswith(
        "Bob to John and 2 more: left the expected path at m365: O365 to own servers: it is disabled: Enabled is false"
    )
    assert "(scenarios/labs/contoso.yaml:26:18)" in summary
    assert 1 == text.count("```mermaid\n") == text.count("```text\n")


def test_the_diagram_has_the_hops_what_decided_and_who_waited_in_vain() -> None:
    failure = next(f for f in failures(a_run(CONNECTOR_OFF)) if f.name == "Bob to John")
    assert """\
sequenceDiagram
  participant p0 as Bob
  participant p1 as m365
  participant p2 as onprem
  p0->>p1: hands in
  Note over p1: O365 to own servers: it is disabled: Enabled is false
  p1->>p1: no connector
  p1->>p1: no connector
  p1->>p1: no connector
  p1-xp1: no connector
  Note over p1: LOOP 554 5.4.14
  Note over p2: expected here, never reached""" == sequence(failure)


@pytest.mark.parametrize("change", [CONNECTOR_OFF, EXPIRED])
def test_every_line_of_a_diagram_is_one_that_mermaid_knows(change: tuple[str, str]) -> None:
    line = r"  (participant p\d+ as .+|Note over p\d+: .+|p\d+(->>|-x|-->>)p\d+: .+)"
    for failure in failures(a_run(change)):
        first, *rest = sequence(failure).splitlines()
        assert "sequenceDiagram" == first
        for one in rest:
            assert re.fullmatch(line, one), one
            assert not set(re.sub(r"#\d+;", "", one.partition(":")[2])) & set(";#<>`"), one


def many_failures(count: int) -> RunResult:
    """A run with this many failures, each a cause of its own."""
    run = a_run(EXPIRED)
    (scenario,) = run.scenarios
    flow = next(f for f in scenario.flows if f.flow.name == "John to Bob")
    flows = [replace(flow, flow=replace(flow.flow, name=f"{flow.flow.name} {n} | `x` <b>")) for n in range(count)]
    for number, one in enumerate(flows):  # a wrong sentence that no other has
        wrong = replace(one.differences[0], says=f"connector {number}")
        flows[number] = replace(one, differences=(wrong, *one.differences[1:]))
    return RunResult(run.options, [ScenarioResult(scenario.scenario, tuple(flows))])


def test_two_thousand_failures_stay_under_the_cap_and_say_what_is_left_out() -> None:
    text = run_markdown(many_failures(2000))
    assert len(text.encode()) <= CAP
    assert "2000 of 2000 flows failed" in text
    assert re.search(r"^\d+ causes more are left out here\.$", text, re.M)
    assert text.count("<details>") == text.count("</details>") > 100
    assert text.count("```") % 2 == 0


@pytest.mark.parametrize("cap", [1_000, 5_000, 50_000])
def test_a_smaller_cap_holds_too(cap: int) -> None:
    text = run_markdown(many_failures(60), cap)
    assert len(text.encode()) <= cap
    assert text.startswith("### mailflow: 60 of 60 flows failed")
    assert "left out here" in text


def test_what_a_flow_is_called_cannot_break_the_table() -> None:
    rows = [line for line in run_markdown(many_failures(1)).splitlines() if line.startswith("| **")]
    assert [r"| **John to Bob 0 \| \`x\` \<b\>** "] == [row[: row.index("| <code>")] for row in rows]

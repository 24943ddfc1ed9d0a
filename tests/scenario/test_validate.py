"""The step `validate`: how it is written, which lab it is played on, and what it does to a flow."""

from __future__ import annotations

import pytest

from simulator.scenario.load import read_yaml
from simulator.scenario.scenario import ScenarioFileError
from simulator.scenario.steps import apply_steps
from simulator.scenario.validate import Asked
from simulator.source import ProblemList
from tests.playing import a_scenario, difference, play, run
from tests.scenario.labs import CONTOSO

OWN = "O365 to own servers"
FORMS = [
    f"validate: {{connector: {OWN}, to: John}}",
    f"validate: {{Connector: {OWN}, Recipients: [john@contoso.com]}}",
    f"validate: {OWN}\n  to: John",
    f"Validate: {OWN}\n  Recipients: [John]",
    f"Validate-OutboundConnector: {{Identity: {OWN}, Recipients: john@contoso.com}}",
    f"validate-outboundconnector: {OWN}\n  to: john@contoso.com\n  server: m365",
]


def asked(step: str, lab: str = CONTOSO) -> tuple[list[Asked], list[str]]:
    tree, problems = read_yaml(lab, "lab.yaml"), ProblemList()
    found: list[Asked] = []
    same = apply_steps(tree, read_yaml(f"- {step}\n", "do.yaml"), problems, found)
    assert same is tree
    return found, [f"{p.at.line}:{p.at.column} {p.says}{' | ' + p.fix if p.fix else ''}" for p in problems.items]


@pytest.mark.parametrize("step", FORMS)
def test_every_form_asks_for_the_same(step: str) -> None:
    (found,), problems = asked(step)
    assert [] == problems
    assert ("m365", OWN, ["john@contoso.com"]) == (found.server, found.connector, [str(r) for r in found.recipients])
    assert (False, "") == (found.fails, found.says)


def test_a_step_may_say_that_it_fails_and_how() -> None:
    (inside,), _ = asked(f"validate: {{connector: {OWN}, to: John, result: failed, says: no answer}}")
    (beside,), _ = asked(f"validate: {OWN}\n  to: John\n  result: failed\n  says: no answer")
    assert [(True, "no answer")] * 2 == [(inside.fails, inside.says), (beside.fails, beside.says)]


FIX = "Write  validate: {connector: NAME, to: PERSON}"


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("validate: {to: John}", f"1:3 validate does not say which connector. | {FIX}"),
        (f"validate: {OWN}", f"1:3 validate needs the address of a recipient. | {FIX}"),
        ("validate: {connector: O365 to own server, to: John}", f'1:25 no connector "O365 to own server" in the lab. | Did you mean {OWN}?'),
        (f"validate: {{connector: {OWN}, to: Jon}}", '1:50 no person "Jon" in the lab. | Did you mean John?'),
        (f"validate: {{connector: {OWN}, too: John, to: John}}", "1:46 unknown key too in validate. | Did you mean to?"),
        (f"validate: {{connector: {OWN}, to: John, result: maybe}}", "1:64 result: 'maybe' is not known here. | Write succeeded or failed."),
        (f"validate: {{connector: {OWN}, to: John, server: m356}}", '1:64 no server "m356" in the lab. | Did you mean m365?'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(step: str, error: str) -> None:
    assert ([], [error]) == asked(step)


def test_a_name_that_two_tenants_have_needs_the_server() -> None:
    both = "OutboundConnectors: {Out: {ConnectorType: Partner, RecipientDomains: x.example}}"
    text = f"people: {{Eve: eve@fabrikam.com at fabrikam}}\nservers: {{contoso: {{{both}}}, fabrikam: {{{both}}}}}\n"
    _, problems = asked("validate: {connector: Out, to: a@x.example}", text)
    assert ["1:25 validate: is contoso or fabrikam meant? | Add  server: contoso"] == problems
    (found,), _ = asked("validate: {connector: Out, to: a@x.example, server: Fabrikam}", text)
    assert "fabrikam" == found.server


# What it does to a flow


def test_a_failed_step_fails_the_flow() -> None:
    flow = f"A:\n  do: [{{validate: {{connector: {OWN}, to: Sun}}}}]\n  path: Bob -> m365 -> ... -> John"
    key, expected, got = difference(flow.replace("-> ... -> John", "-> onprem -> John"))
    assert ("validate", f"{OWN} succeeds") == (key, expected)
    assert f"{OWN} fails: The domain of the recipient is not configured as part of connector." == got


def test_a_step_that_must_fail_and_does_not_fails_the_flow() -> None:
    flow = f"A:\n  do: [{{validate: {{connector: {OWN}, to: John, result: failed}}}}]"
    assert ("validate", f"{OWN} fails", f"{OWN} succeeds") == difference(flow)


def test_it_must_fail_for_the_reason_that_is_told() -> None:
    flow = f"A:\n  do: [{{validate: {{connector: {OWN}, to: Sun, result: failed, says: SAYS}}}}]"
    assert "pass" == play(flow.replace("SAYS", "part of connector")).status
    assert "validate" == difference(flow.replace("SAYS", "no answer"))[0]


def test_it_sees_the_lab_as_the_steps_before_it_leave_it() -> None:
    off = f"{{Set-OutboundConnector: {{Identity: {OWN}, Enabled: false}}}}"
    on = f"{{validate: {{connector: {OWN}, to: John}}}}"
    gone = f"{{validate: {{connector: {OWN}, to: John, result: failed}}}}"
    assert "pass" == play(f"A: {{do: [{on}, {off}, {gone}]}}").status


@pytest.mark.parametrize("engine", ["plan", "live", "both"])
def test_each_engine_plays_it(engine: str) -> None:
    flow = f"A: {{do: [{{validate: {{connector: {OWN}, to: John}}}}]}}"
    assert "pass" == play(flow, engine=engine).status


def test_a_step_of_the_file_counts_for_every_flow_of_it() -> None:
    more = f"do: [{{validate: {{connector: {OWN}, to: Sun}}}}]"
    result = run("Bob to John: Bob -> m365 -> onprem -> John\nSun to Bob: Sun -> internet -> m365 -> Bob", more=more)
    assert ["fail", "fail"] == [flow.status for flow in result.flows()]


def test_its_messages_are_no_mail_of_the_flow() -> None:
    flow = f"A:\n  do: [{{validate: {{connector: {OWN}, to: John}}}}]\n  path: Bob -> m365 -> onprem -> John"
    result = play(flow)
    assert "pass" == result.status
    assert ["m-1"] == list(result.played.messages)
    assert 1 == result.played.balance.accepted


def stages(do: str, flows: str) -> str:
    return f"stages:\n  - stage: ready\n    do: [{do}]\n    {flows}\n  - stage: later\n    still: [Bob to John]"


def test_a_step_of_a_stage_counts_for_the_flows_of_that_stage() -> None:
    do = f"{{validate: {{connector: {OWN}, to: Sun}}}}"
    scenario_flows = "Bob to John: Bob -> m365 -> onprem -> John"
    result = run(scenario_flows, more=stages(do, "still: [Bob to John]"))
    assert ["pass", "fail", "pass"] == [flow.status for flow in result.flows()]


def test_a_stage_in_which_nothing_is_played_validates_nothing_and_says_so() -> None:
    do = f"{{validate: {{connector: {OWN}, to: John}}}}"
    found = a_scenario("Bob to John: Bob -> m365 -> onprem -> John", more=stages(do, "about: nothing"))
    assert ["no flow is played in this stage, so nothing is validated"] == [w.says for w in found.warnings]


def test_a_wrong_step_makes_the_file_wrong() -> None:
    with pytest.raises(ScenarioFileError, match="no connector"):
        a_scenario("A: {do: [{validate: {connector: X, to: John}}]}")

"""A run says which reading of the sources it rests on."""

from __future__ import annotations

from simulator.report.readings import knobs_in_force, turned
from simulator.report.run_json import run_document
from simulator.report.run_text import heading
from simulator.scenario.scenario import load_scenario
from tests.playing import CONTOSO, run

FLOW = "Bob to Sun: Bob -> m365 -> internet -> Sun"
LIST = """\
By the list:
  given: {servers: {m365: {knobs: {Selection_Order: doc-list, retry: [20, 40]}}}}
  path: Bob -> m365 -> internet -> Sun
"""


def test_a_run_at_all_defaults_needs_no_second_line() -> None:
    assert 1 == len(heading(run(FLOW)).splitlines())


def test_knobs_that_were_turned_are_said_above_the_flows() -> None:
    result = run(f"{FLOW}\n{LIST}")
    everywhere = run(FLOW, more="given: {servers: {onprem: {knobs: {self_mx: loop}}}}")

    assert (
        "knobs: m365 selection_order doc-list (1 flow), m365 retry 20, 40 (1 flow)" == heading(result).splitlines()[1]
    )
    assert "knobs: onprem self_mx loop" == heading(everywhere).splitlines()[1]


def test_of_many_only_the_names_are_said() -> None:
    flows = "\n".join(
        f"Flow {n}:\n  given: {{servers: {{m365: {{knobs: {{received_limit: {n}}}}}}}}}\n  path: Bob -> m365 -> internet -> Sun"
        for n in range(20, 28)
    )

    assert "knobs turned in 8 flows: received_limit" == heading(run(flows)).splitlines()[1]


def test_of_very_many_only_the_number_is_said() -> None:
    turns = {"attribution_mode": "lenient", "cert_wildcard": "one-label", "received_limit": 9, "queue_life": "48h"}
    more = {"selection_order": "doc-list", "outbound_wildcard": "subdomains_only", "dbeb_on_connector_mail": True}
    written = ", ".join(f"{knob}: {value}" for knob, value in {**turns, **more}.items())
    second = heading(run(FLOW, more=f"given: {{servers: {{m365: {{knobs: {{{written}}}}}}}}}")).splitlines()[1]

    assert "knobs turned in 1 flow: 7 of them, which --json names" == second


def test_writing_the_default_turns_nothing() -> None:
    text = "given: {servers: {m365: {knobs: {selection_order: doc-example, retry: null, blocked_connectors: []}}}}"

    assert 1 == len(heading(run(FLOW, more=text)).splitlines())


def test_the_document_has_every_knob_with_the_value_in_force() -> None:
    document = run_document(run(LIST, more="given: {servers: {m365: {knobs: {received_limit: 20}}}}"))
    (scenario,) = document["scenarios"]

    assert {"20", "strict", "left out", "false"} <= set(scenario["knobs"]["m365"].values())
    assert "20" == scenario["knobs"]["m365"]["received_limit"]
    assert {"m365", "onprem", "internet"} == set(scenario["knobs"])
    expected = {"m365 received_limit": "20", "m365 selection_order": "doc-list", "m365 retry": "20, 40"}
    assert expected == scenario["flows"][0]["knobs"]


def test_a_lab_without_knobs_has_those_of_its_products() -> None:
    tree = load_scenario(
        lambda name: CONTOSO if name == "lab.yaml" else f"lab: lab.yaml\nflows: {{{FLOW}}}\nscenario: x\n", "x.yaml"
    ).tree

    assert {} == turned(tree)
    assert "15, 30, 60, 90" == knobs_in_force(tree)["onprem"]["retry"]

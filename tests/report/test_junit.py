"""JUnit XML: what strict readers accept. The checks below are the common ground of the schemas in use."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, fromstring

from simulator.report.junit import junit_xml
from simulator.runner import RunResult, ScenarioResult
from tests.report.failing import CONNECTOR_OFF, a_run

WHEN = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)

_ATTRIBUTES = {
    "testsuites": set(),
    "testsuite": {"name", "package", "id", "hostname", "timestamp", "tests", "failures", "errors", "time"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "system-out": set(),
    "system-err": set(),
}
_CHILDREN = {  # in this order; * any number, ? none or one
    "testsuites": "(testsuite )*",
    "testsuite": "properties (testcase )*system-out system-err ",
    "properties": "(property )*",
    "testcase": "((failure|error) )?",
}


def faults(element: Element) -> list[str]:
    """What a strict reader would refuse."""
    found = []
    if element.tag not in _ATTRIBUTES or set(element.keys()) != _ATTRIBUTES[element.tag]:
        found.append(f"{element.tag} has {sorted(element.keys())}")
    children = "".join(f"{child.tag} " for child in element)
    if not re.fullmatch(_CHILDREN.get(element.tag, ""), children):
        found.append(f"{element.tag} holds {children}")
    for name in ("tests", "failures", "errors", "id"):
        if name in element.keys() and not element.get(name, "").isdecimal():  # noqa: SIM118 - an Element is no mapping
            found.append(f"{name} is {element.get(name)}")
    if "time" in element.keys() and not re.fullmatch(r"\d+\.\d{3}", element.get("time", "")):  # noqa: SIM118
        found.append(f"time is {element.get('time')}")
    if element.tag == "testsuite" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp", "")):
        found.append("timestamp has a zone or fractions")
    return found + [fault for child in element for fault in faults(child)]


def test_it_is_what_strict_readers_accept() -> None:
    for result in (a_run(), a_run(CONNECTOR_OFF)):
        assert [] == faults(fromstring(junit_xml(result, WHEN)))


def test_a_suite_is_a_file_and_a_case_is_a_flow() -> None:
    root = fromstring(junit_xml(a_run(CONNECTOR_OFF), WHEN))
    (suite,) = root
    assert ("scenarios/flows.yaml", "7", "3", "0") == tuple(
        suite.get(k) for k in ("name", "tests", "failures", "errors")
    )
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert 7 == len(cases)
    assert {"scenarios.flows"} == {case.get("classname") for case in cases.values()}
    failure = cases["Bob to John"].find("failure")
    assert failure is not None
    assert "left the expected path at m365: O365 to own servers: it is disabled: Enabled is false" == failure.get(
        "message"
    )
    assert "scenarios/labs/contoso.yaml:26:18" in (failure.text or "")
    assert "  Sun -> internet -[none]-> m365 -> Bob" in (suite.findtext("system-out") or "")


def test_the_stage_is_in_the_name() -> None:
    flows = (
        "lab: labs/contoso.yaml\nstages:\n  - stage: MX cut\n    flows: {Sun to Bob: Sun -> internet -> m365 -> Bob}\n"
    )
    (case,) = fromstring(junit_xml(a_run(flows=flows), WHEN)).iter("testcase")
    assert "MX cut: Sun to Bob" == case.get("name")


def test_characters_that_xml_cannot_say_are_replaced() -> None:
    run = a_run()
    (scenario,) = run.scenarios
    odd = replace(scenario.flows[0], flow=replace(scenario.flows[0].flow, name="bell \x07 and \ud800 <&>"))
    result = RunResult(run.options, [ScenarioResult(scenario.scenario, (odd,))])
    (case,) = fromstring(junit_xml(result, WHEN).encode()).iter("testcase")
    assert "bell \N{REPLACEMENT CHARACTER} and \N{REPLACEMENT CHARACTER} <&>" == case.get("name")

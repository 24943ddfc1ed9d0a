"""JUnit XML of a run: a suite is a file, a case is a flow and its stage, a failure is its story.

There is no one schema. What is written here is valid under the strict ones (those of Ant's and of Jenkins' readers): the
elements of a suite in a fixed order, no attributes and no properties of our own on a case. So the place of a flow stands in
its story and in the suite's output, which lists the path of every flow.
"""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from simulator.mail.path import print_path
from simulator.report.causes import Failure
from simulator.report.story import full_name, story
from simulator.runner import FlowResult, RunResult, ScenarioResult

__all__ = ["junit_xml"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(result: RunResult, when: datetime) -> str:
    """The document. `when` is the real time at which the run began."""
    root = Element("testsuites")
    for number, scenario in enumerate(result.scenarios):
        root.append(_suite(number, scenario, result, when))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(number: int, played: ScenarioResult, result: RunResult, when: datetime) -> Element:
    flows, file = played.flows, played.scenario.file
    suite = Element("testsuite", {
        "name": _clean(file), "package": _module(file), "id": str(number), "hostname": "localhost",
        "timestamp": f"{when:%Y-%m-%dT%H:%M:%S}", "tests": str(len(flows)),
        "failures": str(sum(f.status == "fail" for f in flows)), "errors": str(sum(f.status == "error" for f in flows)),
        "time": _seconds(sum(f.wall for f in flows)),
    })  # fmt: skip
    properties = SubElement(suite, "properties")
    options = result.options
    for name, value in (("scenario", played.scenario.name), ("engine", options.engine), ("seed", str(options.seed))):
        SubElement(properties, "property", {"name": name, "value": _clean(value)})
    for flow in flows:
        _case(suite, flow, file)
    SubElement(suite, "system-out").text = _clean("\n".join(_paths(f) for f in flows))
    SubElement(suite, "system-err")
    return suite


def _case(suite: Element, flow: FlowResult, file: str) -> None:
    named = {"classname": _module(file), "name": _clean(full_name(flow)), "time": _seconds(flow.wall)}
    case = SubElement(suite, "testcase", named)
    if flow.status != "pass":
        failure = Failure(flow, file)
        told = {"type": failure.kind, "message": _clean(failure.headline)}
        SubElement(case, "error" if flow.status == "error" else "failure", told).text = _clean(story(flow))


def _paths(flow: FlowResult) -> str:
    ends = flow.played.endings
    place = f"{full_name(flow)}  ({flow.flow.at})"
    return "\n".join([place, *(f"  {print_path(e.path)}" for e in ends)])


def _module(file: str) -> str:
    """The file as a name with dots, as readers group by it."""
    return _clean(re.sub(r"\.ya?ml$", "", file).replace("\\", "/").strip("./").replace("/", "."))


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _clean(text: str) -> str:
    """Without the characters that XML cannot say."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)

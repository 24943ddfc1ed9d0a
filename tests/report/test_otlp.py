"""OpenTelemetry: what a collector reads, hops as spans below each other, reports linked to what they are about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.files import find_scenarios, load_all
from simulator.report.otlp import otlp_lines
from simulator.runner import Options, Runner, RunResult
from tests.report.failing import CONNECTOR_OFF, FOLDER, a_run

Span = dict[str, Any]


def requests(result: RunResult) -> list[dict[str, Any]]:
    return [json.loads(line) for line in otlp_lines(result)]


def spans(request: dict[str, Any]) -> Iterator[tuple[str, Span]]:
    """Service and span."""
    for resource in request["resourceSpans"]:
        service = attributes(resource["resource"])["service.name"]
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                yield service, span


def attributes(holder: dict[str, Any]) -> dict[str, Any]:
    return {a["key"]: next(iter(a["value"].values())) for a in holder.get("attributes", ())}


def faults(request: dict[str, Any]) -> list[str]:
    """What the protocol's JSON form does not allow, and what a viewer could not draw."""
    found: list[str] = []
    every = [span for _, span in spans(request)]
    ids = {(s["traceId"], s["spanId"]): s for s in every}
    found += [] if len(ids) == len(every) else ["two spans have one id"]
    for span in every:
        if not re.fullmatch("[0-9a-f]{32}", span["traceId"]) or not re.fullmatch("[0-9a-f]{16}", span["spanId"]):
            found.append("an id is not hexadecimal of its length")
        start, end = span["startTimeUnixNano"], span["endTimeUnixNano"]
        if not (start.isdecimal() and end.isdecimal() and int(start) <= int(end)):
            found.append(f"{span['name']} ends before it begins")
        if "parentSpanId" in span and (span["traceId"], span["parentSpanId"]) not in ids:
            found.append(f"{span['name']} has a parent that is not there")
        if span["kind"] not in (1, 2, 3) or span["status"]["code"] not in (1, 2) or not span["name"]:
            found.append(f"{span['name']} has no kind or status")
        found += [f"{key} of {span['name']} is empty" for key, value in attributes(span).items() if value in ("", None)]
        for event in span.get("events", ()):
            found += [] if event["timeUnixNano"].isdecimal() and event["name"] else ["an event without time or name"]
        for link in span.get("links", ()):
            found += [] if (link["traceId"], link["spanId"]) in ids else ["a link leads nowhere"]
    roots = [s["traceId"] for s in every if "parentSpanId" not in s]
    found += [] if sorted(roots) == sorted({s["traceId"] for s in every}) else ["a trace has not one root"]
    return found


def test_scenarios_of_every_kind_give_traces_that_a_collector_reads() -> None:
    files = find_scenarios([Path(FOLDER)])[::7]  # all of them would take a minute and a half
    result = Runner(Options("plan")).run(load_all(files))
    found = requests(result)
    assert len(found) > 100
    assert {} == {str(n): faults(r) for n, r in enumerate(found) if faults(r)}


def test_a_message_is_one_trace_and_each_hop_a_span_below_the_attempt_that_led_to_it() -> None:
    request = next(r for r in requests(a_run()) if "Sun to John" in json.dumps(r))
    every = {span["spanId"]: (service, span) for service, span in spans(request)}
    assert 1 == len({span["traceId"] for _, span in every.values()})
    (last,) = [s for service, s in every.values() if service == "onprem" and s["kind"] == 2]
    line = [last["name"]]
    while "parentSpanId" in last:
        last = every[last["parentSpanId"]][1]
        line.append(last["name"])
    assert [
        "onprem smtp receive",
        "m365 smtp send mail.contoso.com",
        "m365 smtp receive",
        "internet smtp send contoso-com.mail.protection.outlook.com",
        "internet smtp receive",
        "deliver john@contoso.com",
    ] == line
    (attempt,) = [s for service, s in every.values() if service == "m365" and s["kind"] == 3]
    told = attributes(attempt)
    assert ("O365 to own servers", "trusted", "250") == (
        told["mailflow.connector.name"], told["mailflow.tls"], told["smtp.response.code"],
    )  # fmt: skip


def test_a_decision_has_its_candidates_as_events() -> None:
    request = next(r for r in requests(a_run(CONNECTOR_OFF)) if "Bob to John" in json.dumps(r))
    events = [attributes(e) for _, s in spans(request) for e in s.get("events", ()) if e["name"] == "candidate"]
    off = [e for e in events if e["mailflow.candidate"] == "O365 to own servers"]
    assert ("it is disabled: Enabled is false", False) == (off[0]["mailflow.reason"], off[0]["mailflow.chosen"])
    assert "scenarios/labs/contoso.yaml:26:18" == off[0]["mailflow.at"]


def test_a_report_is_a_trace_of_its_own_linked_to_what_it_is_about() -> None:
    request = next(r for r in requests(a_run(CONNECTOR_OFF)) if "Bob to John" in json.dumps(r))
    roots = {s["name"]: s for _, s in spans(request) if "parentSpanId" not in s}
    assert {"deliver john@contoso.com", "report to bob@contoso.com"} == set(roots)
    (link,) = roots["report to bob@contoso.com"]["links"]
    assert roots["deliver john@contoso.com"]["traceId"] == link["traceId"]
    assert 2 == roots["deliver john@contoso.com"]["status"]["code"]


def test_the_same_run_gives_the_same_bytes() -> None:
    assert [*otlp_lines(a_run())] == [*otlp_lines(Runner(Options("plan")).run([s.scenario for s in a_run().scenarios]))]

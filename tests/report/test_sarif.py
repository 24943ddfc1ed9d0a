"""SARIF: the parts of 2.1.0 that readers insist on, and where a failure is shown."""

from __future__ import annotations

import json
from typing import Any

from simulator.report.sarif import Finding, run_findings, sarif_log
from simulator.source import Source
from tests.report.failing import CONNECTOR_OFF, a_run


def faults(log: dict[str, Any]) -> list[str]:
    """What SARIF 2.1.0 (sections 3.13 to 3.30) requires and is not there."""
    found = [] if ("2.1.0", True) == (log["version"], log["$schema"].startswith("https://")) else ["no version"]
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    found += [] if driver["name"] else ["the tool has no name"]
    ids = [rule["id"] for rule in driver["rules"]]
    found += [] if len(ids) == len(set(ids)) else ["a rule is there twice"]
    for result in run["results"]:
        if ids[result["ruleIndex"]] != result["ruleId"]:
            found.append("ruleIndex and ruleId differ")
        if result["level"] not in ("none", "note", "warning", "error") or not result["message"]["text"]:
            found.append("no level or message")
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            place = location["physicalLocation"]
            region = place["region"]
            if min(region["startLine"], region["startColumn"]) < 1:
                found.append("lines and columns count from 1")
            if region.get("endColumn", region["startColumn"] + 1) <= region["startColumn"]:
                found.append("a region ends before it begins")
            if "\\" in place["artifactLocation"]["uri"] or " " in place["artifactLocation"]["uri"]:
                found.append("a file name is no URI")
    return found


def test_a_run_without_failures_is_a_log_without_results() -> None:
    log = sarif_log(run_findings(a_run()))
    assert [] == faults(log)
    assert [] == log["runs"][0]["results"]


def test_a_failure_is_shown_at_the_setting_that_decided_and_leads_to_the_sentence() -> None:
    log = sarif_log(run_findings(a_run(CONNECTOR_OFF)), "mail/rehearsal")
    assert [] == faults(json.loads(json.dumps(log)))
    results = log["runs"][0]["results"]
    assert 3 == len(results)
    place = results[0]["locations"][0]["physicalLocation"]
    assert "mail/rehearsal/scenarios/labs/contoso.yaml" == place["artifactLocation"]["uri"]
    assert (26, 18) == (place["region"]["startLine"], place["region"]["startColumn"])
    (related,) = results[0]["relatedLocations"]
    assert "mail/rehearsal/scenarios/flows.yaml" == related["physicalLocation"]["artifactLocation"]["uri"]
    assert "Bob to John: left the expected path at m365" in results[0]["message"]["text"]


def test_fingerprints_tell_flows_apart_and_stay_when_lines_move() -> None:
    one = [
        r["partialFingerprints"]["mailflow/1"]
        for r in sarif_log(run_findings(a_run(CONNECTOR_OFF)))["runs"][0]["results"]
    ]
    moved = ("mailflow: 1\n", "\n\n\nmailflow: 1\n")
    other = sarif_log(run_findings(a_run(moved, CONNECTOR_OFF)))["runs"][0]["results"]
    assert 3 == len(set(one))
    assert one == [r["partialFingerprints"]["mailflow/1"] for r in other]
    assert {29} == {r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in other}


def test_other_findings_have_levels_and_no_related_place() -> None:
    log = sarif_log([Finding("MF021", "trusts too many", Source("my labs/a#b.yaml", 3, 5, 8), "trust", "warning")])
    assert [] == faults(log)
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert ("warning", "my%20labs/a%23b.yaml") == (result["level"], place["artifactLocation"]["uri"])
    assert {"startLine": 3, "startColumn": 5, "endColumn": 13} == place["region"]
    assert "relatedLocations" not in result

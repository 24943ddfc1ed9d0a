"""SARIF 2.1.0 of what failed: one result a flow, at the setting that decided or else at the words that did not hold.

A review shows a result only where the change is, and the change is mostly the setting; the expectation is a related
location then. Any command that finds something in files can make its results with `sarif_log`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from simulator import __version__
from simulator.report.causes import Failure, failures
from simulator.runner import RunResult
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["Finding", "run_findings", "sarif_log"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_KINDS: Mapping[str, str] = {
    "path": "Mail did not take the expected path",
    "tls": "A hop was not as well protected as expected",
    "always": "What must hold in every flow did not hold",
    "agreement": "Policy and wire do not agree",
}


@value
class Finding:
    """One thing to be shown at a place in a file. `about` says what its kind means, in one sentence."""

    kind: str
    says: str
    at: Source
    about: str = ""
    level: str = "error"  # or "warning", "note"
    name: str = ""  # what it concerns; with file and kind it tells one finding from another when lines move
    related: Source = NOWHERE
    related_says: str = ""


def run_findings(result: RunResult) -> list[Finding]:
    """The failures of a run."""
    return [_finding(f) for f in failures(result)]


def _finding(failure: Failure) -> Finding:
    says = f"{failure.name}: {failure.headline}"
    about = _KINDS.get(failure.kind, "Something about a message was not as expected")
    setting = failure.setting
    at, related, why = failure.at, NOWHERE, ""
    if setting and setting != at:
        at, related, why = setting, failure.at, "What is expected"
    return Finding(f"mailflow/{failure.kind}", says, at, about, "error", f"{failure.file} {failure.name}", related, why)


def sarif_log(findings: Iterable[Finding], folder: str = "") -> dict[str, Any]:
    """The document. `folder` is where relative file names begin, seen from the root of the repository."""
    found = list(findings)
    kinds = {f.kind: f.about for f in found}
    rules = [{"id": kind, "shortDescription": {"text": about or kind}} for kind, about in sorted(kinds.items())]
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "mailflow", "version": __version__, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(f, index[f.kind], folder) for f in found],
            }
        ],
    }


def _result(finding: Finding, rule: int, folder: str) -> dict[str, Any]:
    mark = hashlib.blake2b(f"{finding.kind} {finding.name}".encode(), digest_size=16).hexdigest()
    result: dict[str, Any] = {
        "ruleId": finding.kind,
        "ruleIndex": rule,
        "level": finding.level,
        "message": {"text": finding.says},
        "locations": [_location(finding.at, folder)],
        "partialFingerprints": {"mailflow/1": mark},
    }
    if finding.related:
        related = {**_location(finding.related, folder), "id": 1, "message": {"text": finding.related_says}}
        result["relatedLocations"] = [related]
    return result


def _location(at: Source, folder: str) -> dict[str, Any]:
    name = at.file.replace("\\", "/")
    uri = name if name.startswith("/") or not folder else f"{folder.rstrip('/')}/{name}"
    region: dict[str, Any] = {"startLine": max(1, at.line), "startColumn": max(1, at.column)}
    if at.width > 1:
        region["endColumn"] = region["startColumn"] + at.width
    return {"physicalLocation": {"artifactLocation": {"uri": quote(uri)}, "region": region}}

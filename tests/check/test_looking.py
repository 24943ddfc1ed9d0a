"""Whole files: the project's own labs and scenarios, what is wrong with files, stages, the registry and its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.check.looking import look
from simulator.check.page import FAMILIES, every_kind, page
from simulator.files import read_text
from simulator.findings import SEVERITIES, kind
from simulator.keyring import KEYRING
from simulator.scenario.model import Flow, Scenario
from simulator.scenario.scenario import load_scenario
from tests.check.ground import LAB

ROOT = Path(__file__).parents[2]
LABS = sorted((ROOT / "scenarios" / "labs").glob("*.yaml"))
SCENARIOS = sorted(p for p in (ROOT / "scenarios").rglob("*.yaml") if "labs" not in p.parts)

MEANT = {
    "reference.yaml": {"MF012"},  # Sam's connector comes with each flow
    "seed-000.yaml": {"MF014"},  # a printed set-up with its gaps, and its scenarios show what comes of them
}
"""Labs that are as wrong as they are meant to be."""


def errors(*files: Path) -> set[str]:
    looked = look(read_text, [str(f) for f in files], keys=KEYRING)
    return {finding.kind.id for finding in looked.findings if finding.level == "error"}


def arrives(flow: Flow) -> bool:
    return (
        all(sentence.end.word == "delivered" for sentence in flow.expected) and not flow.violates and bool(flow.paths)
    )


def is_correct(scenario: Scenario) -> bool:
    """A scenario in which no mail is meant to be refused, returned, kept or to go in circles."""
    return all(arrives(flow) for flow in scenario.flows)


def correct() -> Iterator[Path]:
    for path in SCENARIOS:
        if is_correct(load_scenario(read_text, str(path))):
            yield path


@pytest.mark.parametrize("path", LABS, ids=lambda p: p.name)
def test_no_lab_of_the_project_has_an_error(path: Path) -> None:
    assert MEANT.get(path.name, set()) == errors(path)


def test_no_correct_scenario_of_the_project_has_an_error() -> None:
    files = list(correct())
    assert 2 <= len(files) < len(SCENARIOS)
    assert set() == errors(*files)


def looked_at(**files: str) -> list[tuple[str, str, str]]:
    texts = {f"{name}.yaml": text for name, text in files.items()}
    looked = look(texts.__getitem__, texts, keys=KEYRING)
    return [(f.kind.id, f"{f.at.file}:{f.at.line}", f.where) for f in looked.findings]


def test_a_file_that_cannot_be_used_is_an_error_at_its_line() -> None:
    assert ("MF001", "lab.yaml:11", "") in looked_at(lab=LAB.replace("AcceptedDomains", "AcceptDomains"))


def test_a_setting_without_effect_is_a_warning() -> None:
    lab = LAB.replace("UseMXRecord: false", "UseMXRecord: true")
    assert ("MF002", "lab.yaml:19", "") in looked_at(lab=lab)


def test_a_lab_in_which_nothing_is_odd_has_no_finding() -> None:
    assert [] == looked_at(lab=LAB)


STAGED = """\
scenario: a migration
lab: lab.yaml
flows: {Bob to John: Bob -> m365 -> onprem -> John}
stages:
  - stage: open
    do: [{settings onprem: {Allow Relay: Anyone, Outbound Gateway: null}}]
    flows: {Sun to Bob: Sun -> internet -> m365 -> Bob}
  - stage: still open
    flows: {Sun to John: Sun -> internet -> m365 -> onprem -> John}
"""


def test_a_stage_is_looked_at_as_its_steps_leave_it_and_told_once() -> None:
    told = [f for f in looked_at(lab=LAB, stages=STAGED) if f[0] == "MF020"]
    assert [("MF020", "lab.yaml:25", "stage open of stages.yaml")] == told


def test_what_a_flow_changes_for_itself_is_not_looked_at() -> None:
    flow = "scenario: one\nlab: lab.yaml\nflows:\n  Bob to John: {given: {servers: {onprem: {Allow Relay: Anyone}}}, path: Bob -> m365 -> onprem -> John}\n"
    assert "MF020" not in {f[0] for f in looked_at(lab=LAB, one=flow)}


def test_a_planned_fault_is_no_setting_and_a_server_that_is_stopped_is_gone() -> None:
    flow = "scenario: one\nlab: lab.yaml\ndo: [{0}]\nfaults: [{{at: internet, down: 10m}}]\nflows: {{Bob to Sun: Bob -> ... -> Sun}}\n"
    assert {"MF070"} == {f[0] for f in looked_at(lab=LAB, one=flow.format(""))}
    gone = {f[0] for f in looked_at(lab=LAB, one=flow.format("{stop: onprem}"))}
    assert {"MF054", "MF055", "MF070", "MF083"} == gone


EXTERNAL = """\
mailflow: 1
people: {Jo: jo@west.example at west, Sun: sun@customer.example at internet}
servers:
  west: {is: external, fqdn: mx.west.example, ip: 203.0.113.9, address: "127.0.0.1:2599"}
  internet: {is: internet, fqdn: mx.customer.example, ip: 198.51.100.7}
dns: {west.example: {MX: 10 mx.west.example}, customer.example: {MX: 10 gone.example}}
"""


def test_a_server_that_somebody_else_runs_is_asked_nothing_and_the_rest_is_looked_at() -> None:
    assert [("MF043", "lab.yaml:6", "")] == looked_at(lab=EXTERNAL)


def test_every_id_is_of_a_family_and_is_there_once() -> None:
    kinds = every_kind()
    assert len({k.id for k in kinds}) == len(kinds) >= 28
    assert all(any(k.id.startswith(family) for family in FAMILIES) for k in kinds)
    assert all(k.severity in SEVERITIES for k in kinds)
    with pytest.raises(ValueError, match="MF020 is there already"):
        kind("MF020", "error", "another", about="", fix="", test="")


def test_every_finding_names_a_test_that_asks_for_it() -> None:
    lacking = [k.id for k in every_kind() if k.id not in (ROOT / k.test).read_text(encoding="utf-8")]
    assert [] == lacking


def test_the_page_is_the_one_that_the_registry_makes() -> None:
    assert page() == (ROOT / "docs" / "findings.md").read_text(encoding="utf-8").rstrip("\n")

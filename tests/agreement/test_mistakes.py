"""docs/mistakes.md: every row of the table of mistakes is played, as it is usually done and mended."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from simulator.check.looking import look_at_lab
from simulator.files import load_all
from simulator.findings import Finding
from simulator.keyring import KEYRING
from simulator.scenario.model import Flow

ROOT = Path(__file__).parent.parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "mistakes.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]


def _flows(row: list[str]) -> dict[str, Flow]:
    file = re.search(r"\((.+)\)", row[5])
    assert file, f"row {row[0]} names no scenario"
    return _scenario(str(ROOT / "docs" / file[1]))


@cache
def _scenario(file: str) -> dict[str, Flow]:
    (scenario,) = load_all([file])
    return {flow.name: flow for flow in scenario.flows}


def _found(flow: Flow) -> list[Finding]:
    return look_at_lab(flow.lab, flow.tree, keys=KEYRING)


def _only_in_the_first(row: list[str]) -> list[Finding]:
    """What is found in the lab with the mistake and not in the mended one; notes only where there is nothing else."""
    flows = _flows(row)
    mended = {finding.kind.id for finding in _found(flows[row[7]])}
    found = [finding for finding in _found(flows[row[6]]) if finding.kind.id not in mended]
    return [finding for finding in found if finding.level != "note"] or found


PLACES = {  # what stands where the finding points
    1: ["MF014 Authoritative"], 2: ['MF040 "v=spf1 ip4'], 3: ['MF042 "v=spf1 include'], 4: ['MF041 "v=spf1 include:a.contoso.com'],
    5: ["MF022 Partner", "MF047 External"], 6: ["MF025 203.0.113.25", "MF047 External"], 7: ["MF025 [203.0.113.25, 203.0.113.26]"],
    8: ['MF025 ["2001:db8:25::1"', 'MF040 "v=spf1', "MF047 External"], 9: ["MF013 bob@contoso.com at m365"],
    10: ["MF016 External (use MX record)"], 11: ["MF011 john@contoso.com"], 12: ["MF015 john"],
    13: ["MF047 {bob: [bob@contoso.onmicrosoft.com]}"], 14: ["MF013 bob@contoso.com at m365"], 15: ["MF010 InternalRelay"],
    16: ["MF012 true, SmartHosts: null"], 17: ["MF017 true"], 18: [], 19: ["MF061 true"], 20: ["MF062 true"], 21: [],
    22: ["MF031 CertificateValidation"], 23: ["MF031 true"], 24: ["MF033 contoso-com.mail"], 25: ["MF017 own servers to O365"],
    26: ["MF081 [203.0.113.25]"], 27: ["MF017 contoso.com", "MF043 0 old-front.contoso.com"], 28: ["MF044 {mode: enforce"],
    29: ['MF082 ["v=DMARC1; p=reject"]'], 30: ["MF013 john@contoso.com at onprem"], 31: ["MF080 {sales: [bob@contoso.com]}"], 32: [],
    33: ["MF013 bob@contoso.com at m365"], 34: ["MF014 Authoritative"], 35: ['MF083 "v=spf1', "MF054 [203.0.113.25]"],
    36: ["MF055 mail.contoso.com"], 37: ['MF083 "v=spf1'], 38: ["MF017 true, SenderIPAddresses"],
    39: ["MF017 true", "MF047 External"], 40: ["MF063 External (use host address)"], 41: ["MF014 Authoritative"],
    42: ["MF011 john@contoso.com"], 43: ["MF012 {bob: [bob@contoso.com]}"], 44: ["MF019 External", "MF063 External"],
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_check_finds_the_mistake_at_its_line_and_not_in_the_mended_lab(row: list[str]) -> None:
    found = _only_in_the_first(row)
    assert re.findall(r"MF\d+", row[8]) == sorted({finding.kind.id for finding in found})
    pointed: dict[str, str] = {}
    for finding in found:
        line = Path(finding.at.file).read_text(encoding="utf-8").splitlines()[finding.at.line - 1]
        pointed.setdefault(finding.kind.id, line[finding.at.column - 1 :])
    wanted = {text[:5]: text[6:] for text in PLACES[int(row[0])]}
    assert set(wanted) == set(pointed)
    for id, text in wanted.items():
        assert pointed[id].startswith(text), (id, pointed[id])


def test_a_row_that_check_cannot_know_says_why() -> None:
    page = (ROOT / "docs" / "mistakes.md").read_text(encoding="utf-8")
    reasons = page.partition("What `check` cannot know:")[2]
    for row in ROWS:
        assert ("MF" in row[8]) != (f"* Row {row[0]}: " in reasons), row[0]


def test_every_row_has_its_line() -> None:
    assert [str(number) for number in range(1, 45)] == [row[0] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_flows_of_a_row_exist_and_expect_something_else_of_the_mended_lab(row: list[str]) -> None:
    flows = _flows(row)
    wrong, mended = flows[row[6]], flows[row[7]]
    assert wrong.name.startswith(f"{row[0]} ")
    assert mended.name.startswith(f"{row[0]} mended")
    assert wrong.lab is not mended.lab
    assert [s.text for s in wrong.expected] != [s.text for s in mended.expected] or wrong.expectations


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_symptom_of_a_row_is_what_its_flows_expect(row: list[str]) -> None:
    played = [s.text for flow in _flows(row).values() if flow.name.startswith(f"{row[0]} ") for s in flow.expected]
    for code in re.findall(r"`(\d{3} \d\.\d+\.\d+)`", row[3]):
        assert any(code in sentence for sentence in played), (code, played)

"""docs/mistakes.md: every row of the table of mistakes is played, as it is usually done and mended."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.check.looking import look_at_lab
from simulator.files import load_all
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
    (scenario,) = load_all([str(ROOT / "docs" / file[1])])
    return {flow.name: flow for flow in scenario.flows}


def _found(flow: Flow) -> set[str]:
    return {finding.kind.id for finding in look_at_lab(flow.lab, flow.tree, keys=KEYRING)}


@pytest.mark.parametrize("row", [row for row in ROWS if "MF" in row[8]], ids=lambda row: row[0])
def test_check_finds_the_mistake_and_not_in_the_mended_lab(row: list[str]) -> None:
    flows = _flows(row)
    told = set(re.findall(r"MF\d+", row[8]))
    assert told <= _found(flows[row[6]])
    assert not told & _found(flows[row[7]])


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

"""The cases of who is let in and where mail is sent are all played: `scenarios/exchange-online/vectors-*.yaml`.

A flow's name ends with the number of its case; a letter behind it marks a further half of the same case.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.files import find_scenarios
from simulator.scenario.load import read_yaml

FOLDER = Path(__file__).parents[3] / "scenarios"

CASES = [
    ("vectors-inbound.yaml", [str(n) for n in range(1, 22)]),
    ("vectors-outbound.yaml", [*(str(n) for n in range(1, 11)), "3b"]),
]


@pytest.mark.parametrize(("file", "numbers"), CASES)
def test_every_case_is_played(file: str, numbers: list[str]) -> None:
    path = FOLDER / "exchange-online" / file
    flows = read_yaml(path.read_text(encoding="utf-8"), file).get("flows")
    assert flows
    found = [re.search(r"\((\d+[a-z]?)\)\Z", entry.key) for entry in flows.entries]

    assert all(found), "a flow's name ends with the number of its case"
    there = [match[1] for match in found if match]
    assert [] == [number for number in numbers if number not in there]
    assert len(there) == len(set(there))


def test_they_are_among_the_scenarios_that_both_engines_play() -> None:
    played = {Path(name).name for name in find_scenarios([FOLDER])}

    assert {file for file, _ in CASES} <= played

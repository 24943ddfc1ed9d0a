"""Every scenario of the project, planned and live: as expected, and the same events in both."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulator.files import find_scenarios, load_all
from simulator.report.record import record_text
from simulator.report.run_json import run_document
from simulator.runner import Options, Runner

FOLDER = Path(__file__).parent.parent.parent / "scenarios"
FILES = find_scenarios([FOLDER])


@pytest.mark.parametrize("file", FILES, ids=[Path(f).stem for f in FILES])
def test_a_scenario_holds_and_policy_and_wire_agree(file: str) -> None:
    scenario = load_all([file])[0]
    assert scenario.about, "a scenario says what it shows"
    assert scenario.source, "a scenario says where the case comes from"
    result = Runner(Options()).run([scenario])
    assert [] == [(f.flow.name, d) for f in result.flows() for d in f.differences]


def test_one_loopback_address_is_enough() -> None:
    result = Runner(Options(network="single")).run(load_all([str(FOLDER / "flows.yaml")]))
    assert [] == [(f.flow.name, d) for f in result.flows() for d in f.differences]


def test_a_run_can_be_repeated_to_the_byte() -> None:
    def told() -> str:
        result = Runner(Options(engine="live")).run(load_all(FILES))
        return "".join(record_text(f.played.lab, f.played.log) for f in result.flows())

    assert told() == told()


def test_another_process_with_other_keys_writes_the_same_bytes(tmp_path: Path) -> None:
    def written(name: str) -> dict[str, bytes]:
        files = [str(FOLDER / "flows.yaml"), str(FOLDER / "signatures.yaml")]
        command = [sys.executable, "-m", "simulator", "run", *files, "-q", "--events", str(tmp_path / name)]
        subprocess.run(command, cwd=FOLDER.parent, check=True, capture_output=True)
        return {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}

    one = written("one")
    assert len(one) > 10
    assert one == written("two")


def test_the_conservation_law_holds_in_every_flow() -> None:
    document = run_document(Runner(Options()).run(load_all(FILES)))
    assert "held" == document["invariants"]["nothing lost"]
    sums = document["summary"]
    settled = sums["delivered"] + sums["bounced"] + sums["queued"] + sums["dropped"] + sums["held"]
    assert sums["accepted"] == settled

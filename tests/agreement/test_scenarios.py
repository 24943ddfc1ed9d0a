"""Every scenario of the project, planned and live: as expected, and the same events in both."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from simulator.files import find_scenarios, load_all
from simulator.report.record import record_text
from simulator.report.run_json import run_document
from simulator.runner import Options, Runner, RunResult

FOLDER = Path(__file__).parent.parent.parent / "scenarios"
FILES = find_scenarios([FOLDER])


@dataclass(frozen=True)
class _Told:
    """What a file came to, planned and live: kept for all tests here, where the logs themselves would be too much."""

    differences: list[Any]
    events: str  # a digest of everything that was noted live
    document: dict[str, Any]


@cache
def told(file: str) -> _Told:
    """Playing everything takes most of the time of these tests, so it is done once for what they all want to know."""
    scenario = load_all([file])[0]
    assert scenario.about, "a scenario says what it shows"
    assert scenario.source, "a scenario says where the case comes from"
    result = Runner(Options()).run([scenario])
    differences = [(f.flow.name, d) for f in result.flows() for d in f.differences]
    return _Told(differences, _digest(result), run_document(result))


def _digest(result: RunResult) -> str:
    texts = (record_text(f.played.lab, f.played.log) for f in result.flows())
    return hashlib.sha256("".join(texts).encode()).hexdigest()


@pytest.mark.parametrize("file", FILES, ids=[Path(f).stem for f in FILES])
def test_a_scenario_holds_and_policy_and_wire_agree(file: str) -> None:
    assert [] == told(file).differences


@pytest.mark.parametrize("file", FILES, ids=[Path(f).stem for f in FILES])
def test_a_run_can_be_repeated_to_the_byte(file: str) -> None:
    # Without the planner, too: what it leaves behind must not show on the wire.
    assert told(file).events == _digest(Runner(Options(engine="live")).run(load_all([file])))


def test_one_loopback_address_is_enough() -> None:
    result = Runner(Options(network="single")).run(load_all([str(FOLDER / "flows.yaml")]))
    assert [] == [(f.flow.name, d) for f in result.flows() for d in f.differences]


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
    documents = [told(file).document for file in FILES]
    assert {"held"} == {d["invariants"]["nothing lost"] for d in documents}
    for sums in (d["summary"] for d in documents):
        settled = sums["delivered"] + sums["bounced"] + sums["queued"] + sums["dropped"] + sums["held"]
        assert sums["accepted"] == settled

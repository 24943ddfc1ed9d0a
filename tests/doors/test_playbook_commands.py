"""The playbook of a migration by the commands that an engineer uses on it: one stage, one flow, why, and a sentence accepted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main

ROOT = Path(__file__).parents[2]
STAGES = {
    "variant-1.yaml": ["S0 before", "S1 prepared", "S2 MX at SmarterMail", "S3 MX at Microsoft 365", "S6 cut-over"],
    "variant-2.yaml": ["S0 before", "S1 prepared", "S2 MX at SmarterMail", "S3 MX at Microsoft 365", "S6 cut-over"],
}


@pytest.fixture
def playbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("labs", "migration"):
        shutil.copytree(ROOT / "scenarios" / folder, tmp_path / "scenarios" / folder)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "scenarios" / "migration"


def mailflow(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), prog_name="mailflow")


@pytest.mark.parametrize(("file", "stage"), [(file, stage) for file, stages in STAGES.items() for stage in stages])
def test_explain_tells_at_every_stage_what_run_asserts_there(playbook: Path, file: str, stage: str) -> None:
    path = str(playbook / file)
    played = mailflow("run", path, "--plan", "--stage", stage, "-k", "Sun to Bob", "--json", "-")
    assert 0 == played.exit_code, played.output
    flows = json.loads(played.stdout)["scenarios"][0]["flows"]
    got = {sentence for flow in flows if not flow["name"].endswith("(on the way)") for sentence in flow["got"]}
    told = mailflow("explain", "Sun", "Bob", "--lab", path, "--at", stage)
    assert 0 == told.exit_code, told.output
    assert any(sentence in told.output for sentence in got), (got, told.output[-400:])


def test_k_and_stage_choose_flows(playbook: Path) -> None:
    path = str(playbook / "variant-1.yaml")
    done = mailflow("run", path, "--plan", "--stage", "S3 MX at Microsoft 365", "-k", "Sun to both")
    lines = [line for line in done.output.splitlines() if line.startswith("  pass")]
    assert (0, True) == (done.exit_code, bool(lines))
    assert all("S3 MX at Microsoft 365: Sun to both" in line for line in lines)
    assert 5 == mailflow("run", path, "-k", "no such flow").exit_code


@pytest.mark.parametrize(
    ("file", "old", "wrong"),
    [
        ("variant-1.yaml", "Sun -> internet -[none]-> m365 -[O365 to own servers]-> onprem -> John", "Sun -> internet -> onprem -> John"),
        ("variant-2.yaml", "Bob -> m365 -[O365 to own servers]-> onprem -> John", "Bob -> m365 -> John"),
    ],
)  # fmt: skip
def test_accept_changes_the_sentence_alone_and_keeps_every_comment(
    playbook: Path, file: str, old: str, wrong: str
) -> None:
    path = playbook / file
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, wrong, 1), encoding="utf-8")
    assert 1 == mailflow("run", str(path), "--plan", "-q").exit_code
    done = mailflow("run", str(path), "--plan", "-q", "--accept")
    assert 0 == done.exit_code, done.output
    after = path.read_text(encoding="utf-8")
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    changed = [(one, other) for one, other in pairs if one != other]
    assert len(changed) <= 1, "one line at most is written otherwise than it was"
    assert [one.partition(" #")[2] for one, _ in changed] == [other.partition(" #")[2] for _, other in changed]
    assert 0 == mailflow("run", str(path), "--plan", "-q").exit_code

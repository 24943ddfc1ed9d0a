"""Runs in which something fails: the hybrid rehearsal with a lab that is changed by hand, played by policy."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from simulator.runner import Options, Runner, RunResult
from simulator.scenario.scenario import load_scenario

__all__ = ["CONNECTOR_OFF", "EXPIRED", "a_run"]

FOLDER = Path(__file__).parent.parent.parent / "scenarios"

CONNECTOR_OFF = ("        Enabled: true", "        Enabled: false")
EXPIRED = ("issuer: lab-public-ca, valid: 60d", "issuer: lab-public-ca, defect: expired")


@cache
def a_run(*changes: tuple[str, str], flows: str = "", seed: int = 7) -> RunResult:
    """`scenarios/flows.yaml`, with the first of each text in the lab replaced; `flows` is another scenario's text."""

    def read(name: str) -> str:
        if name == "scenarios/flows.yaml" and flows:
            return flows
        text = (FOLDER.parent / name).read_text(encoding="utf-8")
        for old, new in changes if name.endswith("contoso.yaml") else ():
            assert old in text
            text = text.replace(old, new, 1)
        return text

    return Runner(Options("plan", seed=seed)).run([load_scenario(read, "scenarios/flows.yaml")])

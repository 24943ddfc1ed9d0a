"""Plays a scenario written in a test: the shared lab, some flows, one engine."""

from __future__ import annotations

from pathlib import Path

from simulator.runner import FlowResult, Options, Runner, RunResult
from simulator.scenario.scenario import Scenario, load_scenario

__all__ = ["CONTOSO", "a_scenario", "difference", "play", "run"]

CONTOSO = (Path(__file__).parent.parent / "scenarios" / "labs" / "contoso.yaml").read_text(encoding="utf-8")


def a_scenario(flows: str, *, more: str = "") -> Scenario:
    """A scenario on the contoso lab. `flows` is YAML as it stands under `flows:`, `more` stands before it."""
    body = "\n".join("  " + line for line in flows.strip("\n").splitlines())
    text = f"scenario: test\nlab: lab.yaml\n{more}\nflows:\n{body}\n"
    files = {"test.yaml": text, "lab.yaml": CONTOSO}

    def read(name: str) -> str:
        return files[name]

    return load_scenario(read, "test.yaml")


def run(flows: str, *, more: str = "", engine: str = "plan", **options: object) -> RunResult:
    """The whole result."""
    return Runner(Options(engine=engine, **options)).run([a_scenario(flows, more=more)])  # type: ignore[arg-type]


def play(flows: str, *, more: str = "", engine: str = "plan") -> FlowResult:
    """The result of the one flow."""
    (result,) = run(flows, more=more, engine=engine).flows()
    return result


def difference(flow: str, *, more: str = "", engine: str = "plan") -> tuple[str, str, str]:
    """Key, expected and got of the one difference; three empty texts where the flow passes."""
    found = play(flow, more=more, engine=engine).differences
    assert len(found) <= 1, found
    return (found[0].key, found[0].expected, found[0].got) if found else ("", "", "")

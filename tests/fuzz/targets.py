"""Everything that reads text of users, each as a function that either returns or says with file, line and column what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from simulator.files import read_text
from simulator.importing.assembling import assemble
from simulator.importing.found import Found
from simulator.importing.mapping import mapping_json, mapping_text
from simulator.importing.reading import read_file
from simulator.importing.sorting import sort_records
from simulator.scenario.errors import ScenarioError, render
from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.scenario import load_scenario
from simulator.scenario.sentence import parse
from simulator.source import NOWHERE, ProblemList, Source

__all__ = ["ROOT", "TARGETS", "judged"]

ROOT = Path(__file__).parent.parent.parent
_LABS = ROOT / "scenarios"


def _scenario(text: str, name: str) -> None:
    load_scenario(lambda file: text if file == name else read_text(str(_LABS / file)), name)


def _lab(text: str, name: str) -> None:
    problems = ProblemList()
    build_lab(read_yaml(text, name), problems, file=name)
    if problems.errors:
        raise ScenarioError(problems.errors)


def _sentence(text: str, name: str) -> None:
    parse(text, Source(name, 1, 1))


def _zone(text: str, name: str) -> None:
    """In a lab, where it is text below `dns`."""
    indented = text.replace("\n", "\n  ")
    _lab(
        f"mailflow: 1\nname: z\nservers: {{a: {{is: internet, fqdn: a.example, ip: 192.0.2.1}}}}\ndns: |\n  {indented}\n",
        name,
    )


def _import(text: str, name: str) -> None:
    found, problems = Found(), ProblemList()
    read_file(text, name, found, problems)
    if problems.errors:
        raise ScenarioError(problems.errors)
    objects = sort_records(found)
    mapping_text(objects, found)
    mapping_json(objects, found)
    if objects or found.zones or found.addresses:
        assemble(objects, found, name="fuzz", file="labs/fuzz.yaml", sources=(name,), own="")


TARGETS: Mapping[str, Callable[[str, str], None]] = {
    "scenario": _scenario, "lab": _lab, "sentence": _sentence, "zone": _zone, "import": _import,
}  # fmt: skip


def judged(target: str, text: str, name: str) -> str:
    """What the user reads, "" where the text is good. Fails where something else than a `ScenarioError` comes, or one without a place."""
    try:
        TARGETS[target](text, name)
    except ScenarioError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.at is not NOWHERE, problem
            assert problem.at.file, problem
            assert problem.at.line >= 1, problem
            assert problem.at.column >= 1, problem
            if problem.at.file == name and target != "zone":
                assert problem.at.line <= len(text.splitlines()) + 1, f"{problem}: there is no such line"
        return render(error.problems, {name: text})
    return ""

"""The lab that a command works on: `--lab FILE`, a lab or a scenario, or the only one that is to be found.

Of a scenario it is the lab as the file's own `given` and `do` leave it, with `--at STAGE` as it is after that stage's
steps, with `--flow NAME` as that flow has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from simulator.files import read_text, shortest
from simulator.scenario.errors import ScenarioError, near_miss
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.model import Flow, Send, Stage
from simulator.source import Node, Problem, ProblemList
from simulator.topology import Lab

__all__ = ["ChosenLab", "lab_option", "only_lab", "the_lab"]

_FOLDERS = (Path("scenarios/labs"), Path("labs"))
_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T", Flow, Stage)


def lab_option(command: _F) -> _F:
    """`--lab FILE`, handed to the command as `lab_file`."""
    return click.option(
        "--lab", "lab_file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A lab file or a scenario file; without it the only lab in scenarios/labs or labs.",
    )(command)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChosenLab:
    """A lab, and its tree, so that it can be built for another day or with a setting changed."""

    file: str
    tree: Node
    lab: Lab
    warnings: tuple[Problem, ...] = ()
    begin: datetime = START  # when a message of this lab is sent
    sends: tuple[Send, ...] = ()  # how `--flow` hands in its messages

    def beginning(self, start: datetime) -> Lab:
        """The same lab with another start, from which the dates of its certificates count."""
        return _built(self.tree, self.file, start)[0]

    def changed(self, tree: Node) -> Lab | None:
        """The lab of another tree; None where that is no valid lab."""
        return build_lab(tree, ProblemList(), START, file=self.file)


def the_lab(path: Path | None, *, stage: str = "", flow: str = "") -> ChosenLab:
    """The lab to work on. Raises `click.UsageError` where none or several could be meant."""
    file = shortest(path or only_lab())
    tree = read_yaml(read_text(file), file)
    if any(tree.get(key) is not None for key in ("flows", "stages", "lab")):
        return _of_scenario(file, stage, flow)
    if flow or stage:
        raise click.UsageError(f"{file} is a lab; only a scenario has stages and flows.")
    lab, warnings = _built(tree, file, START)
    return ChosenLab(file, tree, lab, warnings)


def _built(tree: Node, file: str, start: datetime) -> tuple[Lab, tuple[Problem, ...]]:
    problems = ProblemList()
    lab = build_lab(tree, problems, start, file=file)
    if lab is None:
        raise ScenarioError(problems.items)
    return lab, tuple(problems.warnings)


def _of_scenario(file: str, stage: str, flow: str) -> ChosenLab:
    from simulator.scenario.scenario import load_scenario

    scenario = load_scenario(read_text, file)
    flows = scenario.flows
    if stage:
        reached = _named(stage, scenario.stages, f"{file} has no stage")
        flows = reached.flows
        if not flow:
            return ChosenLab(file, reached.tree, _built(reached.tree, file, START)[0], scenario.warnings)
    if flow:
        one = _named(flow, flows, f"{file} has no flow")
        return ChosenLab(file, one.tree, one.lab, scenario.warnings, one.date or START, one.send)
    return ChosenLab(file, scenario.tree, scenario.lab, scenario.warnings)


def _named(name: str, things: Iterable[_T], missing: str) -> _T:
    found = {thing.name: thing for thing in things}
    for known, thing in found.items():
        if known.casefold() == name.casefold():
            return thing
    raise click.UsageError(f"{missing} {name!r}.{near_miss(name, found)}")


def only_lab() -> Path:
    """The only lab in the usual folders. Raises `click.UsageError` where there is none, or several."""
    found = [p for folder in _FOLDERS for p in sorted(folder.glob("*.y*ml"))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.UsageError("there is no lab in scenarios/labs or labs here; say  --lab FILE")
    raise click.UsageError(f"several labs are here; say  --lab {' or --lab '.join(shortest(p) for p in found)}")

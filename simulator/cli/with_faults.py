"""`--with FAULT`: a fault on the command line, written as in a file: `--with "at: onprem, down: 10m"`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import click

from simulator.faults import Fault
from simulator.scenario.errors import ScenarioError
from simulator.scenario.faults import read_faults
from simulator.scenario.load import read_yaml
from simulator.scenario.model import Flow
from simulator.scenario.scenario import Scenario
from simulator.source import Node, Problem, ProblemList
from simulator.topology import Lab

__all__ = ["all_with", "faults_in", "faults_option"]

_F = TypeVar("_F", bound=Callable[..., Any])


def faults_option(command: _F) -> _F:
    """`--with FAULT`, as often as one likes, handed to the command as `with_faults`."""
    return click.option(
        "--with", "with_faults", metavar="FAULT", multiple=True,
        help='What goes wrong besides, as in a file: "at: onprem, down: 10m".',
    )(command)  # fmt: skip


def faults_in(texts: Sequence[str], lab: Lab) -> tuple[Fault, ...]:
    """The faults in this lab. Raises `click.UsageError` with what is wrong and what to write."""
    problems = ProblemList()
    found = tuple(fault for text in texts for fault in _read(text, lab, problems))
    if problems.errors:
        raise click.UsageError("\n".join(f"--with: {p.says} {p.fix}".strip() for p in problems.errors))
    return found


def all_with(texts: Sequence[str], scenarios: Iterable[Scenario]) -> list[Scenario]:
    """The scenarios with these faults in every flow whose lab has the servers that they name."""
    if not texts:
        return list(scenarios)
    wrong: click.UsageError | None = None
    fits = False

    def worse(lab: Lab) -> Lab:
        nonlocal wrong, fits
        try:
            more = faults_in(texts, lab)
        except click.UsageError as error:
            wrong = error
            return lab
        fits = True
        return replace(lab, faults=(*lab.faults, *more))

    def flow_with(flow: Flow) -> Flow:
        return replace(
            flow, lab=worse(flow.lab), later=tuple(replace(c, lab=worse(c.lab)) for c in flow.later),
            pauses=tuple(replace(p, lab=worse(p.lab)) for p in flow.pauses),
        )  # fmt: skip

    found = [replace(s, flows=tuple(flow_with(flow) for flow in s.flows)) for s in scenarios]
    if wrong and not fits:
        raise wrong
    return found


def _read(text: str, lab: Lab, problems: ProblemList) -> tuple[Fault, ...]:
    bare = text.strip()
    try:
        node = read_yaml(bare if bare.startswith("{") else f"{{{bare}}}", "--with")
    except ScenarioError as bad:
        problems.take(Problem(p.at, f"{text!r}: {p.says}", p.fix) for p in bad.problems)
        return ()
    return read_faults(Node((node,), node.at), lab.servers, lab.people.values(), problems)

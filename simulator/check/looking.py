"""All that can be looked for, in labs, scenarios and their stages.

    lab file    the lab as it stands
    scenario    the lab as the file's own `given` and `do` leave it, and as each stage leaves it; what a flow changes for
                itself is that flow's experiment and is not looked at
    both        what the files themselves have wrong (MF001) or without effect (MF002)

A finding that is there in the lab and in a stage again is told once, where it comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from simulator.check.arrivals import backscatter, dead_ends, junk, unanswered
from simulator.check.coverage import passed_over, uncovered
from simulator.check.dns import mta_sts_policies, mx_records, own_mx, spf_records, stale_spf
from simulator.check.ground import LabGround
from simulator.check.loops import loops, split_brain
from simulator.check.records import mx_names, spf_terms
from simulator.check.refusals import refusals
from simulator.check.relays import relays
from simulator.check.tls import certificates_that_end, demands
from simulator.findings import Finding, kind
from simulator.policy.signing import Keys
from simulator.products.registry import PRODUCTS
from simulator.scenario.errors import ScenarioError
from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.model import Scenario
from simulator.scenario.scenario import load_scenario
from simulator.scenario.zonefile import dns_as_map
from simulator.source import Node, Problem, ProblemList
from simulator.topology import Lab

__all__ = ["Looked", "look", "look_at_lab"]

_TEST = "tests/check/test_looking.py"
INVALID = kind(
    "MF001", "error", "a file that cannot be used",
    about="The file is not YAML, or a setting is unknown, lacks a value or has one that the product refuses. No scenario on it runs.",
    fix="Correct the place that the finding names.",
    test=_TEST,
)  # fmt: skip
NO_EFFECT = kind(
    "MF002", "warning", "something that does not do what it looks like",
    about="The file can be used, and this setting has no effect beside the others, or is understood and not modelled.",
    fix="Take it out, or change what keeps it from having an effect.",
    test=_TEST,
)  # fmt: skip

Reader = Callable[[str], str]
LOOKS: Sequence[Callable[[LabGround], Iterator[Finding]]] = (
    loops, split_brain, relays, demands, certificates_that_end, spf_records, spf_terms, stale_spf, mx_records, mx_names, mta_sts_policies,
    own_mx, passed_over, dead_ends, backscatter, unanswered,
)  # fmt: skip


@dataclass
class Looked:
    """What was found, sorted by place, and how much was looked at."""

    findings: list[Finding]
    files: int
    labs: int

    def count(self, level: str) -> int:
        return sum(1 for f in self.findings if f.level == level)


def look_at_lab(lab: Lab, tree: Node, *, keys: Keys) -> list[Finding]:
    """Everything about one lab."""
    ground = LabGround(lab, tree, keys=keys)
    found = [finding for looking in LOOKS for finding in looking(ground)]
    for name, host in lab.hosts.items():
        found += PRODUCTS[lab.servers[name].kind].findings(host, ground)
    found += junk(ground, found)
    return [*found, *refusals(ground, found)]


def look(read: Reader, files: Iterable[str], *, keys: Keys) -> Looked:
    """Everything about labs and scenarios, by file name. `read` gives the text of a file."""
    return _Looking(read, keys).at(files)


class _Looking:
    def __init__(self, read: Reader, keys: Keys) -> None:
        self._read, self._keys = read, keys
        self.found: dict[tuple[str, object, str], Finding] = {}
        self._labs: dict[str, Lab] = {}  # by file
        self._on: dict[str, list[Scenario]] = {}  # scenarios by the file of their lab
        self._trees: set[int] = set()
        self._kept: list[Node] = []  # so that no other tree gets the number of one that was looked at
        self._problems: list[Problem] = []

    def at(self, files: Iterable[str]) -> Looked:
        names = list(files)
        scenarios: list[str] = []
        for name in names:  # labs first: what stands in a lab already is told of the lab
            try:
                tree = read_yaml(self._read(name), name)
                if any(tree.get(key) is not None for key in ("flows", "stages", "lab")):
                    scenarios.append(name)
                else:
                    self._lab_file(name, tree)
            except ScenarioError as error:
                self._problems += error.problems
        for name in scenarios:
            try:
                self._scenario(load_scenario(self._read, name))
            except ScenarioError as error:
                self._problems += error.problems
        for name, lab in self._labs.items():
            if name in self._on:
                self._add(uncovered(lab, self._on[name]))
        places = {f.at for f in self.found.values()}
        for problem in dict.fromkeys(self._problems):
            which = INVALID if problem.level == "error" else NO_EFFECT
            if which is INVALID or problem.at not in places:
                self._add([Finding(which, problem.at, problem.says.rstrip("."), problem.fix)])
        ordered = sorted(self.found.values(), key=lambda f: (f.at, f.kind.id, f.says))
        return Looked(ordered, len(names), len(self._trees))

    def _lab_file(self, name: str, tree: Node) -> None:
        problems = ProblemList()
        tree = dns_as_map(tree, problems)
        lab = build_lab(tree, problems, file=name)
        self._problems += problems.items
        if lab is not None:
            self._labs[name] = lab
            self._lab(lab, tree)

    def _scenario(self, scenario: Scenario) -> None:
        self._problems += scenario.warnings
        self._on.setdefault(scenario.lab.file, []).append(scenario)
        self._lab(scenario.lab, scenario.tree, scenario.file)
        for stage in scenario.stages:
            lab = build_lab(stage.tree, ProblemList(), file=scenario.lab.file)
            if lab is not None:
                self._lab(lab, stage.tree, scenario.file, stage.name)

    def _lab(self, lab: Lab, tree: Node, scenario: str = "", stage: str = "") -> None:
        if id(tree) in self._trees:
            return
        self._trees.add(id(tree))
        self._kept.append(tree)
        for finding in look_at_lab(lab, tree, keys=self._keys):
            where = f"stage {stage}" if stage else ""
            if scenario and finding.at.file != scenario:
                where = f"{where} of {scenario}" if stage else f"with the changes of {scenario}"
            self._add([replace(finding, where=where)])

    def _add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.found.setdefault((finding.kind.id, finding.at, finding.says), finding)

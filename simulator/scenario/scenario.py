"""A scenario file, read and checked as a whole: lab, changes, stages, flows.

Changes apply outside in and in this order:

    lab file -> file given -> file do -> [each stage so far: given -> do] -> flow given -> flow do

(and `faults` before each given)

A flow's own changes end with it; a stage's stay for the stages after it. Nothing is opened here: the caller reads files.
All problems of the scenario and its lab are collected and raised together.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from simulator.mail.path import folded
from simulator.scenario.errors import ScenarioError, near_miss, render
from simulator.scenario.flow import Ground, always_words, changed, play_in, with_tags
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.model import Flow, Scenario, Send, Stage
from simulator.scenario.schema import SCENARIO_WORDS, STAGE_WORDS, Word
from simulator.scenario.stages import rollbacks, with_stale_dns
from simulator.scenario.syntax import hidden_comments
from simulator.scenario.validate import Asked
from simulator.scenario.waiting import Waited
from simulator.scenario.zone_words import longest_ttl
from simulator.scenario.zonefile import dns_as_map
from simulator.source import Entry, Node, Problem, ProblemList, Source
from simulator.topology import Lab

__all__ = ["Flow", "Scenario", "ScenarioFileError", "Send", "Stage", "load_lab", "load_scenario"]

Reader = Callable[[str], str]
_LATER_COMMANDS: Final = frozenset({"whatif", "lesson"})  # assert nothing, so they may stand in a file already


class ScenarioFileError(ScenarioError):
    """A scenario or lab file that cannot be used; `sources` has the texts, and its own text shows the lines."""

    def __init__(self, problems: tuple[Problem, ...], sources: Mapping[str, str]) -> None:
        super().__init__(problems)
        self.sources = dict(sources)

    def __str__(self) -> str:
        return render(self.problems, self.sources)


def load_scenario(read: Reader, file: str, *, start: datetime = START) -> Scenario:
    """The scenario in `file`. `read` gives the text of a file by name.

    Raises `ScenarioFileError` with every problem of the file and of its lab.
    """
    return _Loading(read, file, start).scenario()


def load_lab(read: Reader, file: str, *, start: datetime = START) -> tuple[Lab, tuple[Problem, ...]]:
    """A lab file by itself, and its warnings. Raises `ScenarioFileError`."""
    loading = _Loading(read, file, start)
    tree = loading.parsed(file)
    lab = build_lab(tree, loading.problems, start, file=file) if tree else None
    if lab is None:
        raise loading.failed()
    return lab, tuple(loading.problems.warnings)


class _Loading:
    """One file being read."""

    def __init__(self, read: Reader, file: str, start: datetime) -> None:
        self.file, self.start = file, start
        self.problems = ProblemList()
        self.sources: dict[str, str] = {}
        self.lab_file = file
        self._read = read
        self._labs: dict[int, tuple[Node, Lab | None]] = {}

    def failed(self) -> ScenarioFileError:
        return ScenarioFileError(tuple(sorted(self.problems.items)), self.sources)

    def text(self, name: str) -> str:
        self.sources[name] = text = self._read(name)
        return text

    def parsed(self, name: str, named_at: Source | None = None) -> Node | None:
        """The tree of a file. What is wrong with finding it is said where it is named, if it is named anywhere."""
        try:
            text = self.text(name)
        except (OSError, ScenarioError) as bad:
            why = bad.problems[0].says if isinstance(bad, ScenarioError) else "there is no such file"
            if named_at:
                self.problems.error(named_at, f"{name}: {why}.", "Paths are relative to the file that names them.")
            else:
                self.problems.error(Source(name, 1, 1), why)
            return None
        try:
            return read_yaml(text, name)
        except ScenarioError as bad:
            self.problems.take(bad.problems)
            return None

    def build(self, tree: Node) -> Lab | None:
        """The lab of a tree; flows that change nothing share one."""
        known = self._labs.get(id(tree))
        if known is None:
            known = self._labs[id(tree)] = (tree, build_lab(tree, self.problems, self.start, file=self.lab_file))
        return known[1]

    def scenario(self) -> Scenario:
        root = self.parsed(self.file)
        if root is None:
            raise self.failed()
        if not root.is_map:
            self.problems.error(root.at, "a scenario is a mapping with lab and flows.")
            raise self.failed()
        if root.get("mailflow") is not None and root.get("flows") is None and root.get("stages") is None:
            fix = f"Write a scenario with  lab: {self.file.rpartition('/')[2]}  and flows."
            self.problems.error(root.at, "this is a lab; a scenario names it and says what to play.", fix)
            raise self.failed()
        self._words(root, SCENARIO_WORDS, "a scenario")
        tree = self._lab(root)
        if tree is None:
            raise self.failed()
        self.build(tree)  # what is wrong with the lab itself comes first
        asked: list[Asked] = []
        waits: list[Waited] = []
        tree = changed(tree, root, self.problems, asked, waits)
        lab = self.build(tree)
        ground = self._ground(tree, None, always_words(root.get("always"), self.problems))
        tags = with_tags((), root.get("tags"), self.problems)
        ground = replace(ground, validations=ground.validates(asked), pauses=ground.paused(waits), tags=tags)
        known: dict[str, Entry] = {}
        flows = self._flows(root.get("flows"), ground, known)
        stages = list(self._stages(root.get("stages"), ground, known))
        stages += rollbacks(root.get("rollback"), tuple(stages), self.build, self.problems)
        state = self._one_of(root, "state", ("fresh", "kept"))
        self._one_of(root, "clock", ("virtual",))
        if root.get("flows") is None and root.get("stages") is None:
            self.problems.error(root.at, "a scenario has flows.", "Write  flows: {NAME: Bob -> m365 -> John}")
        warnings = self.problems.warnings
        if self.problems.errors or lab is None:
            raise self.failed()
        return Scenario(
            self.file, self._text(root, "scenario") or self.file, self._text(root, "about"), self._text(root, "source"), lab,
            tree, (*flows, *(f for stage in stages for f in stage.flows)), tuple(stages), ground.always,
            state or "fresh", tuple(warnings), self.sources,
        )  # fmt: skip

    def _words(self, node: Node, words: Mapping[str, Word], where: str) -> None:
        for entry in node.entries:
            word = words.get(entry.key.casefold())
            if word is None:
                self.problems.error(
                    entry.key_at, f"unknown key {entry.key} in {where}.", near_miss(entry.key, words).strip()
                )
            elif not word.built and entry.node.items:
                says = f"{entry.key} is not built yet in this version"
                if entry.key.casefold() in _LATER_COMMANDS:
                    self.problems.warn(entry.key_at, f"{says}; it is read over")
                else:
                    self.problems.error(entry.key_at, f"{says}.")

    def _lab(self, root: Node) -> Node | None:
        node = root.get("lab")
        if node is None or node.is_null:
            self.problems.error(root.at, "a scenario names its lab.", "Write  lab: labs/contoso.yaml")
            return None
        if node.is_map:
            return dns_as_map(node, self.problems)
        if not node.is_scalar:
            self.problems.error(node.at, "lab is the path of one file, or a lab.")
            return None
        here = posixpath.dirname(self.file.replace("\\", "/"))
        self.lab_file = posixpath.normpath(posixpath.join(here, node.text.strip().replace("\\", "/")))
        tree = self.parsed(self.lab_file, node.at)
        if tree is None:
            return None
        if not tree.is_map:
            self.problems.error(tree.at, "a lab is a mapping with people, servers and dns.")
            return None
        return dns_as_map(tree, self.problems)

    def _ground(self, tree: Node, stage: str | None, always: Mapping[str, Source]) -> Ground:
        here = posixpath.dirname(self.file.replace("\\", "/"))
        return Ground(
            tree, self.lab_file, stage, always, self.start, self.build, self._read, f"{here}/" if here else ""
        )

    def _flows(self, node: Node | None, ground: Ground, known: dict[str, Entry]) -> list[Flow]:
        """The flows of a map. `known` keeps them for `still`."""
        if node is None or node.is_null:
            return []
        if not node.is_map:
            self.problems.error(node.at, "flows is a map by name.", "Write  NAME: Bob -> m365 -> John")
        found: list[Flow] = []
        for entry in node.entries:
            words = entry.node.get("send")
            if words:
                self.problems.take(hidden_comments(words, self.sources[self.file]))
            known[folded(entry.key)] = entry
            flow = play_in(ground, entry, self.problems)
            if flow:
                found.append(flow)
        return found

    def _stages(self, node: Node | None, ground: Ground, known: dict[str, Entry]) -> list[Stage]:
        stages: list[Stage] = []
        names: dict[str, Source] = {}
        if node is not None and not node.is_list and not node.is_null:
            self.problems.error(node.at, "stages is a list.", "Write  - stage: NAME")
            return []
        for item in node.items if node else ():
            name = self._stage_name(item, names)
            self._words(item, STAGE_WORDS, "a stage")
            asked: list[Asked] = []
            waits: list[Waited] = []
            before, tree = self.build(ground.tree), changed(ground.tree, item, self.problems, asked, waits)
            ttl = longest_ttl(ground.tree.get("dns"), tree.get("dns"))
            self.build(tree)
            always = {**ground.always, **always_words(item.get("always"), self.problems)}
            ground = replace(ground, tree=tree, stage=name, pauses=(*ground.pauses, *ground.paused(waits)))
            tags = with_tags(ground.tags, item.get("tags"), self.problems)
            here = replace(
                ground, always=always, validations=(*ground.validations, *ground.validates(asked)), tags=tags
            )
            earlier = dict(known)
            flows = self._flows(item.get("meanwhile"), here, {})
            flows = list(with_stale_dns(flows, item, before.zone, self.problems, ttl)) if before else []
            flows += self._flows(item.get("flows"), here, known)
            flows += self._still(item, here, earlier)
            if asked and not flows:
                self.problems.warn(asked[0].at, "no flow is played in this stage, so nothing is validated")
            stages.append(Stage(name, item.at, tree, tuple(flows)))
        return stages

    def _stage_name(self, item: Node, names: dict[str, Source]) -> str:
        node = item.get("stage")
        name = node.text.strip() if node else ""
        if node is None or not name:
            self.problems.error(item.at, "a stage has a name.", "Write  - stage: MX cut")
        elif folded(name) in names:
            says = f'stage "{name}" is there twice (first on line {names[folded(name)].line}).'
            self.problems.error(node.at, says, "Choose another name.")
        else:
            names[folded(name)] = node.at
        return name

    def _still(self, item: Node, ground: Ground, earlier: Mapping[str, Entry]) -> list[Flow]:
        """Earlier flows that hold again: the latest of each name."""
        still, own = item.get("still"), item.get("flows")
        found: list[Flow] = []
        for name in still.items if still else ():
            text = name.text.strip()
            entry = earlier.get(folded(text))
            if entry is None:
                known = [e.key for e in earlier.values()]
                self.problems.error(name.at, f'no earlier flow "{text}".', near_miss(text, known).strip())
            elif own and any(folded(e.key) == folded(text) for e in own.entries):
                self.problems.error(name.at, f'flow "{text}" is already in this stage.', "Leave it out of still.")
            else:
                flow = play_in(ground, entry, self.problems, repeats=True)
                found += [replace(flow, at=name.at)] if flow else []
        return found

    def _one_of(self, root: Node, key: str, words: tuple[str, ...]) -> str:
        node = root.get(key)
        if node is None or node.is_null:
            return ""
        if folded(node.text) not in words:
            self.problems.error(node.at, f"{key}: {node.text!r} is not known here.", f"Write {' or '.join(words)}.")
        return folded(node.text)

    @staticmethod
    def _text(root: Node, key: str) -> str:
        node = root.get(key)
        return " ".join(node.text.split()) if node else ""

"""Plays scenarios: planned, live, or both and then compared; and says which expectations were met.

Every flow starts from the lab's fresh state unless its file says `state: kept`. The plan engine goes first, so that a
disagreement between policy and wire is found on the same flow. Doors call `Runner.run` and format what comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from simulator.keyring import KEYRING
from simulator.live.errors import LabError
from simulator.live.interrupt import interrupted_between_callbacks
from simulator.live.lab import LiveLab
from simulator.plan.compare import first_difference
from simulator.plan.relays import open_relays
from simulator.plan.walk import PlanEngine
from simulator.played import Played
from simulator.scenario.expect import check_values
from simulator.scenario.invariants import check_invariants
from simulator.scenario.judge import judge_paths
from simulator.scenario.judge_validation import validation_differences
from simulator.scenario.lab import START
from simulator.scenario.scenario import Flow, Scenario
from simulator.scenario.timeline import Relab, timeline
from simulator.scenario.wire import Difference
from simulator.source import NOWHERE
from simulator.topology import Lab
from simulator.trace import Log
from simulator.transport import submit
from simulator.validation import Validation, validate
from simulator.world import World

__all__ = ["BEGIN", "FlowResult", "Options", "RunResult", "Runner", "ScenarioResult"]

BEGIN = START
"""Mail time at which a flow begins unless it says `date`: a Thursday morning, the same in every run."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line chose."""

    engine: str = "both"  # "plan", "live" or "both"
    keyword: str = ""  # parts of names, with `and`, `or`, `not`
    fail_fast: bool = False
    seed: int = 7
    network: str = "auto"  # address plan of the live engine


@dataclass(frozen=True)
class FlowResult:
    """One flow: what was expected, what came, and every difference."""

    flow: Flow
    status: str  # "pass", "fail", "error"
    differences: tuple[Difference, ...]
    planned: Played | None
    live: Played | None

    @property
    def played(self) -> Played:
        """The engine whose result counts: the live one where it played."""
        result = self.live or self.planned
        assert result is not None
        return result


@dataclass(frozen=True)
class ScenarioResult:
    scenario: Scenario
    flows: tuple[FlowResult, ...]


@dataclass
class RunResult:
    """Everything that was played, in the order of files and flows."""

    options: Options
    scenarios: list[ScenarioResult] = field(default_factory=list)

    def flows(self) -> Iterator[FlowResult]:
        for scenario in self.scenarios:
            yield from scenario.flows

    def count(self, status: str) -> int:
        return sum(1 for f in self.flows() if f.status == status)

    @property
    def exit_code(self) -> int:
        if not any(True for _ in self.flows()):
            return 5
        return 1 if self.count("fail") or self.count("error") else 0


Progress = Callable[[Scenario, FlowResult], None]


class Runner:
    """Plays the selected flows of scenarios one after the other."""

    def __init__(self, options: Options, progress: Progress | None = None) -> None:
        self.options, self._progress = options, progress
        self._relays: dict[int, list[str]] = {}
        self._validated: dict[tuple[int, str], tuple[Validation, Log]] = {}

    def run(self, scenarios: Iterable[Scenario]) -> RunResult:
        """All of them; raises `LabError` when a lab cannot start."""
        chosen = [(s, [f for f in s.flows if selected(self.options.keyword, s, f)]) for s in scenarios]
        if self.options.engine == "plan":
            return self._run_plan(chosen)
        return asyncio.run(self._run_live(chosen))

    def _run_plan(self, chosen: list[tuple[Scenario, list[Flow]]]) -> RunResult:
        result = RunResult(self.options)
        for scenario, flows in chosen:
            done: list[FlowResult] = []
            kept: World | None = None
            for flow in flows:
                if flow.lab.outsiders:
                    raise LabError(
                        f"{flow.name}: {flow.lab.outsiders[0]} is a server that somebody else runs; nobody can plan what it does",
                        "Play it live: leave out --plan.",
                    )
                planned, kept = self._plan(flow, kept if scenario.keeps_state(flow) else None)
                done.append(self._judge(scenario, flow, planned, None))
                if self._stop(done):
                    break
            if done:
                result.scenarios.append(ScenarioResult(scenario, tuple(done)))
            if self._stop(done):
                break
        return result

    async def _run_live(self, chosen: list[tuple[Scenario, list[Flow]]]) -> RunResult:
        result = RunResult(self.options)
        async with AsyncExitStack() as stack:
            stack.enter_context(interrupted_between_callbacks())
            live: LiveLab | None = None
            for scenario, flows in chosen:
                done: list[FlowResult] = []
                planned_kept: World | None = None
                live_kept: World | None = None
                for flow in flows:
                    keep = scenario.keeps_state(flow)
                    planned = None
                    if self.options.engine == "both" and not flow.lab.outsiders:
                        planned, planned_kept = self._plan(flow, planned_kept if keep else None)
                    if live is None:
                        live = await stack.enter_async_context(
                            LiveLab(flow.lab, start=BEGIN, plan=self.options.network, seed=self.options.seed)
                        )
                    played, live_kept = await self._live(live, flow, live_kept if keep else None)
                    done.append(self._judge(scenario, flow, planned, played))
                    if self._stop(done):
                        break
                if done:
                    result.scenarios.append(ScenarioResult(scenario, tuple(done)))
                if self._stop(done):
                    break
        return result

    def _stop(self, done: list[FlowResult]) -> bool:
        return self.options.fail_fast and bool(done) and done[-1].status != "pass"

    def _world(self, flow: Flow, before: World | None) -> World:
        begin = flow.date or (before.now if before else BEGIN)
        world = World(flow.lab, Log(begin), seed=self.options.seed, keys=KEYRING)
        if before:
            world.remember(before)
        return world

    def _plan(self, flow: Flow, before: World | None) -> tuple[Played, World]:
        for step in flow.validations:
            if (id(step), "plan") not in self._validated and not step.lab.outsiders:
                fresh = World(step.lab, Log(BEGIN), seed=self.options.seed, keys=KEYRING)
                done = PlanEngine(fresh, BEGIN).play(validate(fresh, step.server, step.connector, step.recipients))
                self._validated[id(step), "plan"] = (done, fresh.log)
        world = self._world(flow, before)
        engine = PlanEngine(world, BEGIN)
        for act in timeline(flow, world):
            engine.run(until=act.at)
            if isinstance(act, Relab) and act.idle and not len(world.queue):
                break
            world.now = max(world.now, act.at)
            if isinstance(act, Relab):
                engine.relab(act.lab)
                continue
            journey = submit(world, act.errand, act.target, person=act.person, server=act.server)
            engine.submit(journey, act.certificate)
        engine.run(until=flow.until_time(world.log.begin), first_attempts_only=flow.waits)
        return Played.read(world, "plan"), world

    async def _live(self, live: LiveLab, flow: Flow, before: World | None) -> tuple[Played, World]:
        for step in flow.validations:
            if (id(step), "live") not in self._validated:
                fresh = World(step.lab, Log(BEGIN), seed=self.options.seed, keys=KEYRING)
                await live.begin(fresh)
                done = await live.play(validate(fresh, step.server, step.connector, step.recipients))
                self._validated[id(step), "live"] = (done, fresh.log)
        world = self._world(flow, before)
        await live.begin(world)
        for act in timeline(flow, world):
            await live.run(until=act.at)
            if isinstance(act, Relab) and act.idle and not len(world.queue):
                break
            world.now = max(world.now, act.at)
            if isinstance(act, Relab):
                await live.relab(act.lab)
                continue
            journey = submit(world, act.errand, act.target, person=act.person, server=act.server)
            await live.submit(journey, act.certificate)
        await live.run(until=flow.until_time(world.log.begin), first_attempts_only=flow.waits)
        return Played.read(world, "live"), world

    def _judge(self, scenario: Scenario, flow: Flow, planned: Played | None, live: Played | None) -> FlowResult:
        played = live or planned
        assert played is not None
        found = self._judge_validations(flow)
        found += judge_paths(flow.paths, flow.also, played, flow.at)
        found += check_values(flow.expectations, played)
        found += check_invariants(flow.always, flow.violates, played, lambda: self._open_relays(flow.lab))
        if planned and live and (parted := first_difference(planned.log, live.log)):
            found.append(Difference("agreement", NOWHERE, "policy and wire agree", parted))
        result = FlowResult(flow, "fail" if found else "pass", tuple(found), planned, live)
        if self._progress:
            self._progress(scenario, result)
        return result

    def _judge_validations(self, flow: Flow) -> list[Difference]:
        """A step that failed, or did not fail where it must, fails every flow it was made for."""
        found: list[Difference] = []
        for step in flow.validations:
            played = {engine: self._validated.get((id(step), engine)) for engine in ("plan", "live")}
            done = played["live"] or played["plan"]
            if done is None:
                why = f"{step.lab.outsiders[0]} is a server that somebody else runs; nobody can plan what it does"
                found.append(Difference("validate", step.at, step.connector, why))
                continue
            found += validation_differences(step, done[0])
            if played["plan"] and played["live"]:
                if parted := first_difference(played["plan"][1], played["live"][1]):
                    found.append(Difference("agreement", step.at, "policy and wire agree", parted))
        return found

    def _open_relays(self, lab: Lab) -> list[str]:
        if id(lab) not in self._relays:
            # A host that a fault keeps from answering would seem to be closed.
            self._relays[id(lab)] = open_relays(replace(lab, faults=()), BEGIN, KEYRING)
        return self._relays[id(lab)]


def selected(keyword: str, scenario: Scenario, flow: Flow) -> bool:
    """pytest's `-k`, simply: words and phrases joined by `and`, `or`, `not`, matched within file, scenario and flow."""
    text = f"{scenario.file} {scenario.name} {flow.stage or ''} {flow.name}".casefold()

    def clause(words: str) -> bool:
        words = words.strip()
        if words.startswith("not "):
            return not clause(words[4:])
        return words.casefold() in text

    return not keyword or any(all(clause(c) for c in part.split(" and ")) for part in keyword.split(" or "))

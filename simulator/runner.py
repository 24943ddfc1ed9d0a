"""Plays scenarios: planned, live, or both and then compared; and says which expectations were met.

Every flow starts from the lab's fresh state unless its file says `state: kept`. The plan engine goes first, so that a
disagreement between policy and wire is found on the same flow. Doors call `Runner.run` and format what comes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from types import TracebackType

from simulator.keyring import KEYRING
from simulator.live.errors import LabError
from simulator.live.interrupt import run_interruptibly
from simulator.live.lab import LiveLab
from simulator.mail.path import folded
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
from simulator.stepping_back import Stepped, step_back_differences, stepped_live, stepped_plan, worst
from simulator.topology import Lab
from simulator.trace import Log
from simulator.transport import submit
from simulator.validation import Validation, validate
from simulator.world import World

__all__ = ["BEGIN", "FlowResult", "Options", "Progress", "RunResult", "Runner", "ScenarioResult", "chosen", "selected"]

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
    stage: str = ""  # only the flows of this one


@dataclass(frozen=True)
class FlowResult:
    """One flow: what was expected, what came, and every difference."""

    flow: Flow
    status: str  # "pass", "fail", "error"
    differences: tuple[Difference, ...]
    planned: Played | None
    live: Played | None
    wall: float = 0.0  # real seconds that playing it took

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
    scenarios: list[ScenarioResult] = field(default_factory=list, repr=False)  # asyncio writes reprs nobody sees

    def take(self, scenario: Scenario, flow: FlowResult) -> bool:
        """Adds the next result; whether the run is to stop with it."""
        last = self.scenarios[-1] if self.scenarios else None
        if last and last.scenario is scenario:
            self.scenarios[-1] = ScenarioResult(scenario, (*last.flows, flow))
        else:
            self.scenarios.append(ScenarioResult(scenario, (flow,)))
        return self.options.fail_fast and flow.status != "pass"

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
    """Plays flows one after the other. The flows of a scenario come in their order: later ones may go on from earlier ones.

    As an asynchronous context manager it keeps its servers running between two calls of `play`.
    """

    def __init__(self, options: Options, progress: Progress | None = None) -> None:
        self.options, self._progress = options, progress
        self._relays: dict[int, list[str]] = {}
        self._validated: dict[tuple[int, str], tuple[Validation, Log]] = {}
        self._live_lab: LiveLab | None = None
        self._scenario: Scenario | None = None  # the one that is being played,
        self._kept: dict[str, World] = {}  # and how its last flow left the world, by engine

    def run(self, scenarios: Iterable[Scenario]) -> RunResult:
        """All of them; raises `LabError` when a lab cannot start."""
        selection = chosen(self.options, scenarios)
        if self.options.engine == "plan":
            return self._run_plan(selection)
        return run_interruptibly(lambda: self._run_live(selection))

    def _run_plan(self, selection: list[Scenario]) -> RunResult:
        result = RunResult(self.options)
        for scenario in selection:
            for flow in scenario.flows:
                if result.take(scenario, self.play_planned(scenario, flow)):
                    return result
        return result

    async def _run_live(self, selection: list[Scenario]) -> RunResult:
        result = RunResult(self.options)
        async with self:
            for scenario in selection:
                for flow in scenario.flows:
                    if result.take(scenario, await self.play(scenario, flow)):
                        return result
        return result

    async def __aenter__(self) -> Runner:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        live, self._live_lab = self._live_lab, None
        if live is not None:
            await live.close()

    def play_planned(self, scenario: Scenario, flow: Flow) -> FlowResult:
        """One flow, by policy only."""
        began = time.perf_counter()
        if flow.lab.outsiders:
            raise LabError(
                f"{flow.name}: {flow.lab.outsiders[0]} is a server that somebody else runs; nobody can plan what it does",
                "Play it live: leave out --plan.",
            )
        if flow.back:
            self._kept.clear()  # what comes after a step back begins anew
            return self._judge_steps(
                scenario, flow, stepped_plan(flow, lambda: self._world(flow, None), BEGIN), None, began
            )
        planned, self._kept["plan"] = self._plan(flow, self._before(scenario, flow, "plan"))
        return self._judge(scenario, flow, planned, None, began)

    async def play(self, scenario: Scenario, flow: Flow) -> FlowResult:
        """One flow, as the options say."""
        if self.options.engine == "plan":
            return self.play_planned(scenario, flow)
        began, planned = time.perf_counter(), None
        if self.options.engine == "both" and not flow.lab.outsiders and not flow.back:
            planned, self._kept["plan"] = self._plan(flow, self._before(scenario, flow, "plan"))
        if self._live_lab is None:
            options = self.options
            self._live_lab = LiveLab(flow.lab, start=BEGIN, plan=options.network, seed=options.seed)
            try:
                await self._live_lab.__aenter__()
            except BaseException:
                self._live_lab = None
                raise
        if flow.back:
            return await self._play_back(scenario, flow, self._live_lab, began)
        played, self._kept["live"] = await self._live(self._live_lab, flow, self._before(scenario, flow, "live"))
        return self._judge(scenario, flow, planned, played, began)

    async def _play_back(self, scenario: Scenario, flow: Flow, live: LiveLab, began: float) -> FlowResult:
        """A flow whose lab steps back while its mail is on the way."""
        self._kept.clear()
        steps = None
        if self.options.engine == "both" and not flow.lab.outsiders:
            steps = stepped_plan(flow, lambda: self._world(flow, None), BEGIN)
        tried = await stepped_live(flow, lambda: self._world(flow, None), live)
        return self._judge_steps(scenario, flow, steps, tried, began)

    def _before(self, scenario: Scenario, flow: Flow, engine: str) -> World | None:
        """The world from which a flow goes on, if it does."""
        if scenario is not self._scenario:
            self._scenario = scenario
            self._kept.clear()
        return self._kept.get(engine) if scenario.keeps_state(flow) else None

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

    def _judge(
        self, scenario: Scenario, flow: Flow, planned: Played | None, live: Played | None, began: float
    ) -> FlowResult:
        played = live or planned
        assert played is not None
        found = self._judge_validations(flow)
        found += judge_paths(flow.paths, flow.also, played, flow.at)
        found += check_values(flow.expectations, played)
        found += check_invariants(flow.always, flow.violates, played, lambda: self._open_relays(flow.lab))
        if planned and live and (parted := first_difference(planned.log, live.log)):
            found.append(Difference("agreement", NOWHERE, "policy and wire agree", parted))
        return self._told(scenario, flow, found, planned, live, began)

    def _told(
        self, scenario: Scenario, flow: Flow, found: list[Difference], planned: Played | None, live: Played | None,
        began: float,
    ) -> FlowResult:  # fmt: skip
        wall = time.perf_counter() - began
        result = FlowResult(flow, "fail" if found else "pass", tuple(found), planned, live, wall)
        if self._progress:
            self._progress(scenario, result)
        return result

    def _judge_steps(
        self, scenario: Scenario, flow: Flow, planned: list[Stepped] | None, live: list[Stepped] | None, began: float
    ) -> FlowResult:
        found = step_back_differences(flow, live if live is not None else planned or ())
        for plan, wire in zip(planned or (), live or (), strict=False):
            if parted := first_difference(plan.played.log, wire.played.log):
                found.append(Difference("agreement", NOWHERE, "policy and wire agree", parted))
                break
        none = Played.read(self._world(flow, None), "plan")  # nothing was on the way
        plan_shown, live_shown = (None if s is None else worst(flow, s) or none for s in (planned, live))
        return self._told(scenario, flow, found, plan_shown, live_shown, began)

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


def chosen(options: Options, scenarios: Iterable[Scenario]) -> list[Scenario]:
    """The scenarios with the flows that `-k` selects, without those that have none."""
    stage = folded(options.stage)
    found = [
        (s, tuple(f for f in s.flows if selected(options.keyword, s, f) and stage in ("", folded(f.stage or ""))))
        for s in scenarios
    ]
    return [s if flows == s.flows else replace(s, flows=flows) for s, flows in found if flows]


def selected(keyword: str, scenario: Scenario, flow: Flow) -> bool:
    """pytest's `-k`, simply: words and phrases joined by `and`, `or`, `not`, matched within file, scenario, flow, tags."""
    text = f"{scenario.file} {scenario.name} {flow.stage or ''} {flow.name} {' '.join(flow.tags)}".casefold()

    def clause(words: str) -> bool:
        words = words.strip()
        if words.startswith("not "):
            return not clause(words[4:])
        return words.casefold() in text

    return not keyword or any(all(clause(c) for c in part.split(" and ")) for part in keyword.split(" or "))

"""Plays scenarios in several processes, each with servers of its own, and puts the results together in their order.

    parent   shares out scenarios ------ pickles ----->  worker: a `Runner`, one share after the other
             results by number   <------ pickles -----

A share is a part of a file: flows that go on from each other stay together, others are dealt out some at a time. What
comes back is ordered by file and flow, so a run in eight processes reads like a run in one; with `fail_fast` it ends at
the flow at which one process would have ended.

Workers are new interpreters, never forks. They stand outside the terminal's process group, so Ctrl-C reaches the parent
alone, which ends them; and a worker whose parent is gone finds its input closed and ends by itself.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from simulator.keyring import KEYRING
from simulator.live.errors import LabError
from simulator.played import Played
from simulator.runner import FlowResult, Options, Progress, Runner, RunResult, chosen
from simulator.scenario.scenario import Flow, Scenario
from simulator.topology import Lab
from simulator.trace import Log

__all__ = ["processors", "run_in_processes", "work"]

_MOST_FLOWS = 12  # in one share, where flows stand alone
_LOOK = 0.2  # real seconds after which a wait is interrupted, for systems where Ctrl-C cannot do it


def processors() -> int:
    """How many processes this computer can run at a time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class _Share:
    number: int
    scenario: int  # which of the run
    first: int  # which of the scenario's flows comes first
    part: Scenario


@dataclass(frozen=True)
class _Done:
    """What a worker tells: a flow's result, the end of its share (`index` -1), or what kept it from playing."""

    share: int
    index: int
    told: tuple[Any, ...] = ()
    error: BaseException | None = None


def run_in_processes(
    options: Options, scenarios: Iterable[Scenario], count: int, progress: Progress | None = None
) -> RunResult:
    """As `Runner.run`, in up to `count` processes."""
    selection = chosen(options, scenarios)
    shares = _shares(selection)
    if count < 2 or len(shares) < 2:
        return Runner(options, progress).run(selection)
    crew = _Crew(options, shares, min(count, len(shares)))
    found: dict[tuple[int, int], FlowResult] = {}
    try:
        for done in crew.results():
            share = shares[done.share]
            scenario, number = selection[share.scenario], share.first + done.index
            flow = found[share.scenario, number] = _unpacked(scenario.flows[number], done.told)
            if options.fail_fast and flow.status != "pass":
                crew.stop_after(done.share)
            if progress:
                progress(scenario, flow)
    finally:
        crew.end()
    result = RunResult(options)
    for number, index in sorted(found):
        if result.take(selection[number], found[number, index]):
            break
    return result


def _shares(selection: list[Scenario]) -> list[_Share]:
    shares: list[_Share] = []
    for number, scenario in enumerate(selection):
        together = any(scenario.keeps_state(flow) for flow in scenario.flows)
        step = len(scenario.flows) if together else _MOST_FLOWS
        for first in range(0, len(scenario.flows), step):
            part = replace(scenario, flows=scenario.flows[first : first + step], sources={})
            shares.append(_Share(len(shares), number, first, part))
    return shares


class _Crew:
    """The worker processes. A thread for each writes to it and reads from it, as pipes want it on every system."""

    def __init__(self, options: Options, shares: list[_Share], count: int) -> None:
        self._options, self._shares = options, shares
        self._key = KEYRING.private_bytes()  # so that signatures do not tell who played what
        self._next, self._last, self._lock = 0, len(shares), threading.Lock()
        self._told: queue.Queue[_Done] = queue.Queue()
        self._workers = [_start() for _ in range(count)]
        for worker in self._workers:
            threading.Thread(target=self._drive, args=(worker,), daemon=True).start()

    def results(self) -> Iterable[_Done]:
        """Results as they come, until every share that counts is through. Raises what a worker raised."""
        open_shares = set(range(len(self._shares)))
        while any(number < self._last for number in open_shares):
            try:
                done = self._told.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if done.error is not None and done.share < self._last:
                raise done.error
            if done.index < 0:
                open_shares.discard(done.share)
            else:
                yield done

    def stop_after(self, share: int) -> None:
        """Nothing that comes after this share counts any more."""
        with self._lock:
            self._last = min(self._last, share + 1)

    def end(self) -> None:
        """Ends every worker, whatever it does."""
        self.stop_after(-1)
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.wait()

    def _take(self) -> _Share | None:
        with self._lock:
            if self._next >= self._last:
                return None
            self._next += 1
            return self._shares[self._next - 1]

    def _drive(self, worker: subprocess.Popen[bytes]) -> None:
        to, back = worker.stdin, worker.stdout
        assert to is not None and back is not None
        playing = "something"
        try:
            _put(to, (self._options, self._key))
            while (share := self._take()) is not None:
                playing = share.part.file
                _put(to, share)
                while True:
                    done: _Done = pickle.load(back)
                    self._told.put(done)
                    if done.index < 0:
                        break
        except (EOFError, OSError, pickle.UnpicklingError):
            says = f"a process of this run has ended by itself while it played {playing}"
            fix = "Is there enough memory? Fewer processes (-n) need less."
            self._told.put(_Done(-1, -1, error=LabError(says, fix)))  # nobody reads it where the run is over
        finally:
            for stream in (to, back):
                with suppress(OSError):
                    stream.close()


def _start() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parent.parent)
    code = f"import sys; sys.path[:0] = [{root!r}]; from simulator.parallel import work; work()"
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **apart)


def _put(stream: IO[bytes], thing: object) -> None:
    pickle.dump(thing, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()


# In a worker


def work() -> None:
    """What a worker process does: plays the shares that come in, until no more come."""
    # Its standard output is the way back: what anything else prints goes to standard error.
    source, back = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        options, key = pickle.load(source)
        KEYRING.adopt(key)
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as loop:
            loop.run(_play_all(options, source, back))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # nobody listens any more


async def _play_all(options: Options, source: IO[bytes], back: IO[bytes]) -> None:
    played: list[Scenario] = []  # kept, because the runner remembers labs by their identity
    async with Runner(options) as runner:
        while True:
            try:
                share: _Share = pickle.load(source)
            except EOFError:
                return
            played.append(share.part)
            try:
                for index, flow in enumerate(share.part.flows):
                    result = await runner.play(share.part, flow)
                    _put(back, _Done(share.number, index, _packed(result)))
                    if options.fail_fast and result.status != "pass":
                        break
            except LabError as error:
                _put(back, _Done(share.number, -1, error=error))
                return
            except Exception as error:
                told = RuntimeError(f"{type(error).__name__}: {error}")
                told.add_note("".join(traceback.format_exception(error)))
                _put(back, _Done(share.number, -1, error=told))
                return
            _put(back, _Done(share.number, -1))


# Results on their way: without the flow's lab, which the parent has, and without the contents of messages


def _packed(result: FlowResult) -> tuple[Any, ...]:
    live, planned, lab = result.live, result.planned, result.flow.lab
    if planned and live:  # the live engine's log counts, and it has been compared
        planned = replace(planned, log=Log(planned.log.begin))
    return result.status, result.differences, _light(planned, lab), _light(live, lab), result.wall


def _light(played: Played | None, lab: Lab) -> Played | None:
    if played is None:
        return None
    log = Log(played.log.begin)
    log.events = [
        replace(e, fields={key: e[key] for key in e.fields}) if "headers" in e.fields else e for e in played.log
    ]
    own: Any = played.lab if played.lab is not lab else None  # a flow may end in a lab that it has changed
    return replace(played, lab=own, log=log, deliveries=())


def _unpacked(flow: Flow, told: tuple[Any, ...]) -> FlowResult:
    status, differences, planned, live, wall = told
    whole = [replace(p, lab=p.lab or flow.lab) if p else None for p in (planned, live)]
    return FlowResult(flow, status, differences, whole[0], whole[1], wall)

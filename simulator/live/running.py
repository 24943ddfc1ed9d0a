"""A lab that is kept running and can be spoken to: the operations of `simulator.control`, carried out one at a time.

    running = RunningLab(live, tree, "labs/contoso.yaml")
    await running.work()                        # again and again: moves what is due
    await running.perform("break", {"fault": {"at": "onprem", "down": "10m"}})

The tree of the lab is the truth: a fault or a change is applied to it as a step of a scenario would be, and the lab is
built anew from it. So whatever can be written in a file can be done to servers that run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from simulator.control import Denied
from simulator.faults import Standing
from simulator.live.by_message import ByMessage
from simulator.live.lab import LiveLab
from simulator.live.outages import follow_outages
from simulator.live.told import event_told, server_told, work_told
from simulator.mail.path import print_path
from simulator.paths import Ending
from simulator.queue import NEVER
from simulator.scenario.errors import ScenarioError
from simulator.scenario.flow import changed
from simulator.scenario.handover import hand_over
from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.one_send import one_send
from simulator.scenario.values import duration, moment
from simulator.scenario.zonefile import dns_as_map
from simulator.source import Node, Problem, ProblemList, Source
from simulator.transport import submit
from simulator.world import World

__all__ = ["RunningLab"]

_LOOK = 0.05  # real seconds between two looks for something new
_LONGEST_WAIT = 20.0  # real seconds
_MOST_EVENTS = 1000  # in one answer

Parameters = Mapping[str, Any]


class RunningLab:
    """Servers that run, the tree that they were built from, and what may be done with them."""

    def __init__(self, live: LiveLab, tree: Node, file: str, *, keep: Callable[[], None] = lambda: None) -> None:
        self.live, self.tree, self.file = live, tree, file
        self._keep = keep  # writes down what is new in the log: whoever was told of it may want to read it
        self.mail = ByMessage(live.world.log)
        self._busy = asyncio.Lock()
        self._numbers: dict[Source, int] = {}  # of faults, by the place that each was written at
        self._operations: Mapping[str, Callable[[Parameters], Awaitable[Parameters]]] = {
            "status": self._status, "send": self._send, "break": self._break, "undo": self._undo,
            "faults": self._faults, "clock": self._clock, "connector": self._connector, "events": self._events,
        }  # fmt: skip

    @property
    def world(self) -> World:
        return self.live.world

    async def work(self) -> None:
        """One piece of mail that is due, and what time has brought besides."""
        async with self._busy:
            await follow_outages(self.live)
            await self.live.run(most=1)
            self._keep()

    async def perform(self, do: str, parameters: Parameters) -> Parameters:
        """Carries out an operation. Raises `Denied`. What has happened up to now is written down before."""
        self._keep()
        return await self._operations[do](parameters)

    # what is asked

    async def _status(self, _: Parameters) -> Parameters:
        live, world = self.live, self.world
        live.tick()
        return {
            "name": live.lab.name, "file": self.file, "clock": live.clock.mode, "began": world.log.begin.isoformat(),
            **self._state(), "servers": [server_told(live, name) for name in live.lab.servers],
            "people": {p.name: str(p.address) for p in live.lab.people.values()},
            "dns": list(live.nameserver.endpoint), "plan": live.network.plan,
            "faults": sum(1 for s in world.faults.standing(world.now) if s.active),
        }  # fmt: skip

    def _state(self) -> dict[str, Any]:
        """What time it is, what waits, who holds mail time, and how many events there are."""
        world = self.world
        return {
            "now": world.now.isoformat(), "last": len(world.log.events), "held": len(self.live.holding.sessions),
            "waiting": [work_told(work, world.now) for work in world.queue],
        }  # fmt: skip

    async def _events(self, asked: Parameters) -> Parameters:
        since, msg = max(0, asked.get("since", 0)), asked.get("msg", "")
        until = self.live.clock.wall() + min(max(0.0, float(asked.get("wait", 0))), _LONGEST_WAIT)
        while len(self.world.log.events) <= since and self.live.clock.wall() < until:
            await asyncio.sleep(_LOOK)
        async with self._busy:  # between two pieces of work: nothing is on its way
            self.live.tick()
            self._keep()
            log = self.world.log
            new = log.events[since : since + _MOST_EVENTS]
            told = [event_told(e) for e in new if msg in ("", e.msg)]
            ends = [_ending_told(e) for e in self.mail.endings(msg, self.live.lab)] if msg else []
            upto = since + len(new)
            return {"events": told, "next": upto, "more": upto < len(log.events), "endings": ends, **self._state()}

    # mail

    async def _send(self, asked: Parameters) -> Parameters:
        problems = ProblemList()
        send = one_send(
            asked.get("send", {}), self.tree, self.file, self.live.lab, problems, start=self.live.start,
            read_file=lambda name: Path(name).read_bytes(), at=Source("send", 1, 1),
        )  # fmt: skip
        if send is None:
            raise _denied(problems.errors)
        async with self._busy:
            self.live.tick()
            world = self.world
            since = len(world.log.events)
            handed = hand_over(send, world, world.now)
            journey = submit(world, handed.errand, handed.target, person=handed.person, server=handed.server)
            await self.live.submit(journey, handed.certificate)
            assert handed.errand.passage is not None
            return {"msg": handed.errand.passage.msg, "since": since, "server": handed.server, "from": handed.person}

    # faults

    async def _break(self, asked: Parameters) -> Parameters:
        number = max(self._numbers.values(), default=0) + 1 if self._number_all() else 1
        place = Source("break", number, 1)
        text = asked.get("fault", {})
        try:
            written = read_yaml(_in_braces(text), "break").plain() if isinstance(text, str) else text
        except ScenarioError as bad:
            raise _denied(bad.problems) from None
        if not isinstance(written, dict) or not written:
            raise Denied("a fault is a map.", "Write  at: onprem, down: 10m")
        async with self._busy:
            await self._change(Node.of({"faults": [Node.of(written, place)]}, place))
        return self._told(next(s for s in self._standing() if self._numbers[s.fault.source] == number))

    async def _undo(self, asked: Parameters) -> Parameters:
        known = {number: source for source, number in self._numbers.items()} if self._number_all() else {}
        known = {n: s for n, s in known.items() if any(s == f.source for f in self.live.lab.faults)}
        if asked.get("all"):
            wanted = list(known)
        elif asked.get("number") in known:
            wanted = [asked["number"]]
        else:
            there = f"There are {', '.join(map(str, sorted(known)))}." if known else "Nothing is broken."
            raise Denied(f"there is no fault {asked.get('number', '')}.".replace(" .", "."), there)
        async with self._busy:
            gone = [self._told(s) for s in self._standing() if self._numbers[s.fault.source] in wanted]
            places = {known[number] for number in wanted}
            node = self.tree.get("faults")
            left = tuple(item for item in (node.items if node else ()) if item.at not in places)
            if node is not None:
                self.tree = self.tree.with_entry("faults", Node(left, node.at))
            await self._change(Node.of({}))
        return {"undone": gone}

    async def _faults(self, _: Parameters) -> Parameters:
        self.live.tick()
        return {"faults": [self._told(s) for s in self._standing()], "now": self.world.now.isoformat()}

    def _standing(self) -> list[Standing]:
        self._number_all()
        return list(self.world.faults.standing(self.world.now))

    def _number_all(self) -> bool:
        """Gives every fault its number, which it keeps; whether there are any."""
        for fault in self.live.lab.faults:
            self._numbers.setdefault(fault.source, len(self._numbers) + 1)
        return bool(self._numbers)

    def _told(self, standing: Standing) -> dict[str, Any]:
        fault = standing.fault
        return {
            "number": self._numbers[fault.source], "where": fault.where, "says": fault.says, "text": fault.text,
            "kind": fault.kind, "name": fault.name, "since": standing.since.isoformat(),
            "ends": standing.ends.isoformat() if standing.ends else None, "active": standing.active,
            "struck": standing.strikes, "occasions": standing.occasions, "times": fault.times,
        }  # fmt: skip

    # time

    async def _clock(self, asked: Parameters) -> Parameters:
        if len([key for key in ("advance", "to", "next") if asked.get(key)]) != 1:
            raise Denied("say one of advance, to and next.")
        if self.live.clock.is_real:
            raise Denied("mail time is real here.", "Start the lab with  mailflow up --clock manual  or  --clock auto")
        async with self._busy:
            world = self.world
            before, since = world.now, len(world.log.events)
            target = self._target(asked)
            if target < world.now:
                raise Denied(f"mail time is {world.now:%Y-%m-%d %H:%M:%S}, and it never runs backwards.")
            # What an attempt takes moves mail time on a little: what is due then belongs to it.
            while (due := world.queue.next_due()) is not None and due <= max(target, world.now):
                await self.live.run(until=max(target, world.now), most=1)
            world.now = max(world.now, target)
            await follow_outages(self.live)
            return {"before": before.isoformat(), "since": since, **self._state()}

    def _target(self, asked: Parameters) -> datetime:
        now = self.world.now
        try:
            if asked.get("advance"):
                return now + duration(asked["advance"])
            if asked.get("to"):
                return _later(asked["to"], now)
        except (ValueError, OverflowError) as bad:
            raise Denied(f"{bad}.") from None
        due = self.world.queue.next_due()
        if due is None or due == NEVER:
            raise Denied("nothing waits, so there is no next time.", "Say how far: mailflow clock advance 15m")
        return max(now, due)

    # the lab itself

    async def _connector(self, asked: Parameters) -> Parameters:
        holder = {key: self._node(asked[key], key) for key in ("given", "do") if asked.get(key)}
        if not holder:
            raise Denied("say what is to change, with given or do.")
        async with self._busy:
            await self._change(Node.of(holder))
        return {"name": self.live.lab.name, **self._state()}

    def _node(self, value: Any, name: str) -> Node:
        try:
            return read_yaml(value, name) if isinstance(value, str) else Node.of(value, Source(name, 1, 1))
        except ScenarioError as bad:
            raise _denied(bad.problems) from None

    async def _change(self, holder: Node) -> None:
        """Applies faults, patch and steps, and goes on in the lab that comes of it; or leaves everything as it is."""
        problems = ProblemList()
        tree = changed(dns_as_map(self.tree, problems), holder, problems)
        lab = build_lab(tree, problems, self.live.start, file=self.file)
        if lab is None or problems.errors:
            raise _denied(problems.errors)
        self.live.tick()
        self.tree = tree
        await self.live.relab(lab)
        await follow_outages(self.live)


def _denied(problems: Iterable[Problem]) -> Denied:
    found = list(problems)
    if len(found) == 1:
        return Denied(found[0].says, found[0].fix)
    return Denied(" ".join(" ".join((p.says, p.fix)).strip() for p in found) or "that is no valid lab.")


def _in_braces(text: str) -> str:
    bare = text.strip()
    return bare if bare.startswith("{") else f"{{{bare}}}"


def _later(text: str, now: datetime) -> datetime:
    """`22:30` is the next one of mail time; a date is that one."""
    try:
        of_day = time.fromisoformat(text.strip())
    except ValueError:
        return moment(text)
    found = datetime.combine(now.date(), of_day, tzinfo=now.tzinfo)
    return found if found >= now else found + timedelta(days=1)


def _ending_told(ending: Ending) -> dict[str, Any]:
    return {"rcpt": ending.rcpt, "status": ending.status, "path": print_path(ending.path), "copy": ending.copy}

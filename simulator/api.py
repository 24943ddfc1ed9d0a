"""Mail paths from Python: a lab that runs, messages that are sent in it, and assertions in the words of a scenario.

    async with open_lab("scenarios/labs/contoso.yaml") as lab:
        message = await lab.send("Sun", to=["Bob", "John"], subject="Price list")
        await lab.settle()
        assert_path(message, "Sun -> ... -> Bob", "Sun -> ... -> onprem -> John")

Everything goes over real SMTP on loopback; mail time runs as it does in scenarios, so retries of two days take a moment. A
program under test can be a client: it connects to `lab.endpoint(SERVER)`, and what it hands in is among `lab.messages`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from simulator.files import read_text, shortest
from simulator.keyring import KEYRING
from simulator.live.lab import LiveLab
from simulator.mail.address import Address
from simulator.mail.path import print_path
from simulator.paths import Ending, begun
from simulator.played import Played
from simulator.policy.host import LAB_PASSWORD
from simulator.report.record import Record
from simulator.report.story import difference_lines
from simulator.report.trace_text import trace_text
from simulator.scenario.errors import ScenarioError
from simulator.scenario.flow import changed
from simulator.scenario.handover import hand_over
from simulator.scenario.judge import judge_paths
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.model import Send
from simulator.scenario.names import Names
from simulator.scenario.one_send import one_send
from simulator.scenario.scenario import ScenarioFileError, load_scenario
from simulator.scenario.sentence import ELLIPSIS, Sentence, parse
from simulator.scenario.values import duration
from simulator.scenario.zonefile import dns_as_map
from simulator.source import NOWHERE, Node, Problem, ProblemList, Source
from simulator.topology import Lab
from simulator.trace import Event, Log
from simulator.transport import submit
from simulator.world import Delivery, World

__all__ = ["LAB_PASSWORD", "Message", "OpenLab", "assert_path", "open_lab"]

Change = str | Mapping[str, Any] | None
Steps = str | Iterable[Mapping[str, Any]] | None


@asynccontextmanager
async def open_lab(
    lab: str | os.PathLike[str] | Mapping[str, Any], *, given: Change = None, do: Steps = None, seed: int = 7,
    network: str = "auto",
) -> AsyncIterator[OpenLab]:  # fmt: skip
    """A lab whose servers run until the end of the `async with`.

    `lab` is a lab file, a scenario file, or a lab as data. `given` and `do` change it first, as they do in a scenario;
    both may be YAML text. Raises `ScenarioError` with every problem of these files.
    """
    file, tree, sources = _read(lab)
    tree, topology = _changed(file, tree, given, do, sources)
    async with LiveLab(topology, start=START, plan=network, seed=seed) as live:
        world = World(topology, Log(START), seed=seed, keys=KEYRING)
        await live.begin(world)
        yield OpenLab(live, world, tree, file, sources)


class OpenLab:
    """A lab that runs. Made by `open_lab`."""

    def __init__(self, live: LiveLab, world: World, tree: Node, file: str, sources: dict[str, str]) -> None:
        self._live, self._world, self._tree, self._file, self._sources = live, world, tree, file, sources

    async def send(
        self, sender: str, to: str | Iterable[str], *, subject: str = "", body: str = "", size: str | int = "",
        headers: Mapping[str, str] | None = None, eml: str | os.PathLike[str] = "", as_: str = "", server: str = "",
        port: int = 0, helo: str = "", tls: str = "", cert: str | Mapping[str, Any] | None = None, auth: str = "",
        null_sender: bool = False,
    ) -> Message:  # fmt: skip
        """A client hands in a message; the arguments are the words of `send` in a scenario. `settle` then moves it."""
        words: dict[str, Any] = {
            "from": sender, "to": [to] if isinstance(to, str) else list(to), "subject": subject, "body": body,
            "size": size, "headers": headers, "eml": os.fspath(eml), "as": as_, "server": server, "port": port or "",
            "helo": helo, "tls": tls, "cert": cert, "auth": auth, "null sender": null_sender or "",
        }  # fmt: skip
        send = self._send({key: value for key, value in words.items() if value not in ("", None)})
        world = self._world
        handed = hand_over(send, world, world.now)
        journey = submit(world, handed.errand, handed.target, person=handed.person, server=handed.server)
        await self._live.submit(journey, handed.certificate)
        assert handed.errand.passage is not None
        return Message(self, handed.errand.passage.msg)

    async def settle(self, span: str | timedelta | None = None) -> None:
        """Lets mail move until nothing waits any more; with a span (`10m`, `6h`) until that much mail time has passed."""
        world = self._world
        if span is None:
            await self._live.run()
            return
        until = world.now + (span if isinstance(span, timedelta) else duration(span))
        await self._live.run(until=until)
        world.now = max(world.now, until)

    async def change(self, *, given: Change = None, do: Steps = None) -> None:
        """Changes the lab while it runs, as `given` and `do` of a scenario do; mail that waits meets the new settings."""
        self._tree, lab = _changed(self._file, self._tree, given, do, self._sources)
        await self._live.relab(lab)

    def mailbox(self, who: str) -> tuple[Delivery, ...]:
        """What is in the mailboxes of a person, or in the one of an address: `message`, `folder` and when it came."""
        names = Names.of(self._tree, self._file)
        person, address = names.person(who), names.address(who)
        if not person:
            raise LookupError(f"{who} has no mailbox in {self._file}; there are {', '.join(self.lab.people)}")
        by_address = address is not None and "@" in who
        return tuple(
            d for d in self._world.mailboxes
            if (d.mailbox == address if by_address else self.lab.person_of(d.mailbox, d.host) == person)
        )  # fmt: skip

    def endpoint(self, server: str, port: int = 25) -> tuple[str, int]:
        """The loopback address and the real port at which a program reaches a server; people's password is `lab`."""
        if server not in self.lab.servers:
            raise LookupError(f"no server {server} in {self._file}; there are {', '.join(self.lab.servers)}")
        return self._live.endpoint(server, port)

    @property
    def lab(self) -> Lab:
        """The lab as it is now."""
        return self._world.lab

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message, whoever handed it in or wrote it, in the order in which they began."""
        mine = begun(self._world.log)
        return tuple(Message(self, m) for m in dict.fromkeys(e.msg for e in self._world.log) if m in mine)

    @property
    def events(self) -> tuple[Event, ...]:
        """The event log so far."""
        return tuple(self._world.log)

    def _send(self, words: Mapping[str, Any]) -> Send:
        problems = ProblemList()
        send = one_send(words, self._tree, self._file, self.lab, problems, start=START, read_file=_octets, at=_CALL)
        if send is None:
            raise ValueError(_told(problems.errors))
        return send

    def _played(self) -> Played:
        return Played.read(self._world, "live")


class Message:
    """One message in an open lab; what is asked of it is answered from the event log as it is at that moment."""

    def __init__(self, lab: OpenLab, id: str) -> None:
        self._lab, self.id = lab, id

    def __repr__(self) -> str:
        return f"<Message {self.id}: {'; '.join(self.paths) or 'nothing yet'}>"

    @property
    def path(self) -> str:
        """The sentence of its only copy. Raises `LookupError` where there is none or there are several."""
        paths = self.paths
        if len(paths) != 1:
            told = "; ".join(paths) or "it was not handed in"
            raise LookupError(f"{self.id} has {len(paths)} paths, so say path_to(WHO) or paths: {told}")
        return paths[0]

    @property
    def paths(self) -> tuple[str, ...]:
        """The sentence of every copy."""
        return tuple(print_path(e.path) for e in self._endings())

    def path_to(self, who: str) -> str:
        """The sentence of the copy that was meant for somebody, or ended in their mailbox."""
        names = Names.of(self._lab._tree, self._lab._file)
        person, address = names.person(who) or who, names.address(who)
        ends = self._endings()
        found = [e for e in ends if e.rcpt == str(address)] or [e for e in ends if e.path.end.person == person]
        if len(found) != 1:
            told = "; ".join(self.paths) or "nothing"
            raise LookupError(f"{len(found)} copies of {self.id} are for {who}: {told}")
        return print_path(found[0].path)

    @property
    def trace(self) -> str:
        """The message trace, as `mailflow trace` prints it."""
        return trace_text(Record.of(self._lab.lab, self._lab._world.log), self.id)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events that concern it."""
        return tuple(e for e in self._lab.events if e.msg == self.id)

    def _endings(self) -> tuple[Ending, ...]:
        played = self._lab._played()
        return tuple(e for e in (*played.endings, *played.reports) if e.msg == self.id)


def assert_path(message: Message, *sentences: str) -> None:
    """Asserts on the path of every copy: one sentence for each, in any order; `...` as the last allows others.

    Sentences are those of scenarios: `Bob -> ... -> John`, `Eve -> m365 -> REJECTED 550 5.7.64 for Sun`.
    """
    __tracebackhide__ = True
    lab = message._lab
    played = replace(lab._played(), endings=message._endings(), reports=())
    names = Names.of(lab._tree, lab._file).with_strangers(_addresses(played.endings))
    wanted = tuple(_sentence(text, names) for text in sentences)
    if not wanted:
        raise TypeError("assert_path needs a sentence")
    differences = judge_paths((wanted,), (), played, NOWHERE)
    if differences:
        told = [line for d in differences for line in difference_lines(d, played)]
        raise AssertionError("\n".join((f"{message.id} did not take the expected path", *told)))


def _sentence(text: str, names: Names) -> Sentence:
    problems = ProblemList()
    try:
        sentence = parse(text, people=names.every)
    except ScenarioError as bad:
        raise ValueError(_told(bad.problems)) from None
    if sentence is not ELLIPSIS:
        is_report = bool(names.server(sentence.start.text)) and not names.person(sentence.start.text)
        names.check_sentence(sentence, problems, also=is_report)
    if problems.errors:
        raise ValueError(_told(problems.errors))
    return sentence


def _told(problems: Iterable[Problem]) -> str:
    return "; ".join(" ".join((p.says, p.fix)).strip() for p in problems)


def _addresses(ends: Iterable[Ending]) -> list[Address]:
    """Strangers that sentences may name."""
    return [Address.parse(name) for e in ends for name in (e.path.start, e.rcpt) if "@" in name]


_CALL = Source("send", 1, 1)


def _octets(name: str) -> bytes:
    return Path(name).read_bytes()


def _read(lab: str | os.PathLike[str] | Mapping[str, Any]) -> tuple[str, Node, dict[str, str]]:
    """The file's name for messages, the tree, and the texts of files."""
    if isinstance(lab, Mapping):
        return "the lab", Node.of(lab, Source("the lab", 1, 1)), {}
    file = shortest(Path(lab))
    text = read_text(file)
    tree = read_yaml(text, file)
    if any(tree.get(key) is not None for key in ("flows", "stages", "lab")):
        scenario = load_scenario(read_text, file)
        return file, scenario.tree, dict(scenario.sources)
    return file, tree, {file: text}


def _changed(file: str, tree: Node, given: Change, do: Steps, sources: dict[str, str]) -> tuple[Node, Lab]:
    problems = ProblemList()
    tree = dns_as_map(tree, problems)
    tree = changed(tree, Node.of({"given": _node(given, "given"), "do": _node(do, "do")}), problems)
    lab = build_lab(tree, problems, START, file=file)
    if lab is None or problems.errors:
        raise ScenarioFileError(tuple(problems.errors), sources)
    return tree, lab


def _node(value: Any, name: str) -> Node:
    if isinstance(value, str):
        return read_yaml(value, name)
    return Node.of(list(value) if value is not None and not isinstance(value, Mapping) else value, Source(name, 1, 1))

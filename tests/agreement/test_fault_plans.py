"""Random faults over the project's labs and over every stage of its migrations: each run ends, nothing is lost, and policy and
wire agree. Everything is drawn from the number of the plan, so a plan that fails can be played again alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from simulator.cli.with_faults import all_with
from simulator.faults import KINDS
from simulator.files import load_all, read_text
from simulator.runner import FlowResult, Options, Runner
from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.scenario import Flow, Scenario, load_scenario
from simulator.source import ProblemList
from simulator.topology import Lab
from simulator.trace import Log

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
LABS = sorted((SCENARIOS / "labs").glob("*.yaml"))
PLAYBOOKS = sorted((SCENARIOS / "migration").glob("*.yaml"))
PLANS = 200
PLAYED_LIVE = 24
PLAYBOOKS_LIVE = 8
_SPANS = ("30s", "10m", "1h", "7h", "2d", "6d")
_REPLIES = (
    "421 4.3.2 busy",
    "450 4.2.1 later",
    "451 4.7.1 wait",
    "452 4.5.3 too many",
    "550 5.7.1 no",
    "554 5.0.0 never",
)


@dataclass(frozen=True)
class Fleet:
    """A lab, and what of it a fault may name."""

    file: Path
    lab: Lab

    @property
    def servers(self) -> list[str]:
        return [name for name, host in self.lab.hosts.items() if not host.submission.direct]

    @property
    def people(self) -> list[str]:
        return [p.name for p in self.lab.people.values() if not self.lab.hosts[p.server].submission.direct]


def fleets() -> list[Fleet]:
    found = []
    for file in LABS:
        lab = build_lab(read_yaml(read_text(str(file)), str(file)), ProblemList(), file=str(file))
        assert lab is not None
        if not lab.outsiders:
            found.append(Fleet(file, lab))
    return found


FLEETS = fleets()


def migrating() -> list[tuple[Scenario, Flow]]:
    """Every flow of every stage of the playbooks, with the lab as it is at that stage; it begins with nothing under way."""
    scenarios = load_all(str(file) for file in PLAYBOOKS)
    return [(s, flow) for s in scenarios for flow in s.flows if not (flow.back or flow.lab.outsiders)]


MIGRATING = migrating()


def place(chance: Random, fleet: Fleet) -> str:
    if chance.random() < 0.5:
        return f"at: {chance.choice(fleet.servers)}"
    return f"link: {' -> '.join(chance.sample(fleet.servers, 2))}"


def what(chance: Random, fleet: Fleet) -> str:
    """One fault, without its time."""
    server, where = chance.choice(fleet.servers), place(chance, fleet)
    mail = chance.choice([person for p in fleet.lab.people.values() for person in p.mailboxes])[0]
    name = chance.choice([s.fqdn for s in fleet.lab.servers.values()])
    kinds = [
        f"{where}, down: {chance.choice((*_SPANS, 'forever'))}, how: {chance.choice(('refused', 'silent', 'reset'))}",
        f"{where}, reply: {chance.choice(_REPLIES)}, "
        f"to: {chance.choice(('CONNECT', 'EHLO', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'END'))}",
        f"{where}, cut: {chance.choice(('before', 'during', 'after'))} "
        f"{chance.choice(('CONNECT', 'EHLO', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'END'))}",
        f"{where}, cut: after END",
        f"{where}, strip: {chance.choice(('STARTTLS', 'SIZE', '8BITMIME', 'DSN'))}",
        f"{where}, slow: {chance.choice(('20s', '4m', '30m'))}",
        f"{where}, slow: 20m, to: {chance.choice(('CONNECT', 'RCPT', 'END'))}",
        f"dns: {mail.domain} MX, answer: {chance.choice(('NXDOMAIN', 'SERVFAIL', 'timeout', 'truncated', 'stale'))}",
        f"dns: {name} A, answer: {chance.choice(('SERVFAIL', 'timeout', 'wrong address', '203.0.113.25', 'NXDOMAIN'))}",
        f"at: {server}, full: {chance.choice(('mailbox', 'disk'))}",
        f"at: {server}, clock: {chance.choice(('1h', '-1h', '100d', '-100d'))}",
    ]
    shown = fleet.lab.servers[server].certificate
    if shown:
        kinds.append(f"at: {server}, cert: {chance.choice(('expired', 'self-signed', 'wrong-name', 'untrusted'))}")
    return chance.choice(kinds)


def when(chance: Random, fault: str) -> str:
    """The same with a time, or with a number."""
    words = [fault]
    if "clock" not in fault and chance.random() < 0.4:
        words.append(chance.choice(("nth: 2", "times: 1", "times: 3", "nth: 2, times: 2", "chance: 40%")))
    if "down" not in fault and chance.random() < 0.5:
        words.append(f"for: {chance.choice(_SPANS)}")
    if chance.random() < 0.2:
        words.append(f"from: {chance.choice(_SPANS)}")
    return f"{{{', '.join(words)}}}"


def plan(number: int) -> Scenario:
    """A scenario with one flow that asserts nothing of its own: what must hold always, must hold."""
    chance = Random(number)
    fleet = FLEETS[number % len(FLEETS)]
    people = fleet.people
    to = chance.sample(people, chance.randint(1, min(3, len(people))))
    faults = [when(chance, what(chance, fleet)) for _ in range(chance.randint(1, 4))]
    later = "later: [{after: 3h, do: [{fault: {remove: all}}]}]" if chance.random() < 0.3 else "note: nobody mends it"
    text = (
        f"scenario: plan {number}\nlab: {fleet.file}\nalways: [nothing lost, no duplicates]\nflows:\n  plan {number}:\n"
        f"    faults: [{', '.join(faults)}]\n    send: {{from: {chance.choice(people)}, to: [{', '.join(to)}]}}\n"
        f"    copies: 0..9999\n    {later}\n"
    )
    return load_scenario(lambda name: text if name == "plan.yaml" else read_text(name), "plan.yaml")


def migration_plan(number: int) -> Scenario:
    """A flow of some stage with faults added; what it says of paths need not hold any more, what must hold always must."""
    chance = Random(number)
    scenario, flow = chance.choice(MIGRATING)
    fleet = Fleet(Path(scenario.file), flow.lab)
    faults = [when(chance, what(chance, fleet))[1:-1] for _ in range(chance.randint(1, 4))]
    (worse,) = all_with(faults, [replace(scenario, flows=(flow,))])
    return worse


def ends(log: Log) -> Iterator[str]:
    """The copies that a host is responsible for, and how often it has tried: every ladder ends."""
    tried: dict[str, int] = {}
    for event in log.of("kept"):
        tried[event["copy"]] = tried.get(event["copy"], 0) + 1
    return (copy for copy, times in tried.items() if times > 300)


def told(result: FlowResult) -> list[str]:
    return [f"{d.key}: {d.expected}: {d.got}" for d in result.differences]


def settled(result: FlowResult) -> list[str]:
    """What is wrong with a run whatever its faults: copies lost or doubled for no reason, and ladders without end."""
    balance = result.played.balance
    endless = [f"{copy} is tried without end" for copy in ends(result.played.log)]
    return [
        *(f"{c} is lost" for c in balance.lost),
        *(f"{c} is there twice" for c in balance.unexplained),
        *endless,
    ] or ([] if balance.holds else [str(balance)])


def test_plans_know_every_fault() -> None:
    texts = [fault.text for number in range(PLANS) for flow in plan(number).flows for fault in flow.lab.faults]
    kinds = Counter(kind for text in texts for kind in KINDS if f"{kind}:" in text)
    assert [] == [kind for kind in KINDS if kinds[kind] < 5]
    words = ("refused", "silent", "reset", "NXDOMAIN", "SERVFAIL", "timeout", "truncated", "stale", "wrong address", "mailbox", "disk",
             "before", "during", "after", "link:", "at:", "dns:", "nth:", "times:", "from:", "for:", "chance:")  # fmt: skip
    assert [] == [word for word in words if not any(word in text for text in texts)]


def test_a_migration_loses_nothing_whatever_goes_wrong_at_whatever_stage() -> None:
    struck, stages = Counter[str](), set[tuple[str, str | None]]()
    for number in range(PLANS):
        for result in Runner(Options(engine="plan", seed=number)).run([migration_plan(number)]).flows():
            assert (number, result.flow.name, []) == (number, result.flow.name, settled(result))
            struck.update({event["kind"] for event in result.played.log.of("fault")})
            stages.add((result.flow.at.file, result.flow.stage))
    assert [] == [kind for kind in KINDS if kind != "clock" and not struck[kind]], "every fault has struck"
    assert len(stages) > 25


@pytest.mark.parametrize("start", range(0, PLAYBOOKS_LIVE, 4))
def test_the_wire_loses_nothing_in_a_migration_either(start: int) -> None:
    for number in range(start * 11, (start + 4) * 11, 11):
        for result in Runner(Options(seed=number)).run([migration_plan(number)]).flows():
            agreement = [d.got for d in result.differences if d.key == "agreement"]
            assert (number, result.flow.name, [], []) == (number, result.flow.name, settled(result), agreement)


def test_nothing_is_lost_whatever_goes_wrong_and_every_run_ends() -> None:
    struck = 0
    for result in Runner(Options(engine="plan")).run(plan(number) for number in range(PLANS)).flows():
        assert (result.flow.name, []) == (result.flow.name, told(result))
        assert result.played.balance.holds
        assert [] == list(ends(result.played.log))
        struck += bool(result.played.log.of("fault"))
    assert struck > PLANS / 2, "most plans meet the mail"


@pytest.mark.parametrize("start", range(0, PLAYED_LIVE, 8))
def test_the_wire_obeys_the_same_faults(start: int) -> None:
    numbers = range(start * 7, start * 7 + 56, 7)
    for result in Runner(Options()).run(plan(number) for number in numbers).flows():
        assert (result.flow.name, []) == (result.flow.name, told(result))

"""What lies between the stages of a migration: caches that still have the old DNS, and stepping back.

    stages:
      - stage: MX cut
        do: [{dns: {contoso.com: {MX: [0 contoso-com.mail.protection.outlook.com]}}}]
        stale: [internet]      # who still has the DNS of the stage before; left out: where the flow's senders hand in
        ttl: 1h                # for how long; left out: the TTL that dns has for the name, or as long as the flow plays
        meanwhile:
          Sun to Bob: Sun -> internet -> onprem -> m365 -> Bob
    rollback: {from: MX cut, to: Bob moves first, lost: 0, within: 10m}
    rollback: {from: MX cut, to: Bob moves first, do: [{dns: {...}}, ...]}      # the way back in steps of its own

A flow of `meanwhile` is played in the stage's own lab; only what its senders ask DNS is answered from the lab of the stage
before, as a resolver does that has it in its cache: without asking anybody.

A rollback becomes a stage of its own behind all others. Every flow of the stage `from` whose mail arrives or waits there is
sent again, and while it is on its way, after each of its hops in turn, the lab becomes that of the stage `to`. Its copies
must all arrive, once, not more than `lost` of them failing, `within` a span of mail time. Then the flows of `to` hold again.

With `do` the way back is what its steps make of the later stage, which may be less than the earlier stage was: a runbook takes
back what has to be taken back. Then the flows of `to` that change nothing for themselves must hold in what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from simulator.mail.path import folded
from simulator.scenario.errors import near_miss
from simulator.scenario.model import HOW_PLAYED, Flow, Send, Stage, StepBack
from simulator.scenario.steps import apply_steps
from simulator.scenario.values import duration
from simulator.source import Node, ProblemList, Source
from simulator.topology import Lab
from simulator.zone import Cache, Zone

__all__ = ["ROLLBACK_WORDS", "rollbacks", "with_stale_dns"]

ROLLBACK_WORDS = ("from", "to", "do", "lost", "within", "about", "note")
_FATES = ("delivered", "DEFERRED")
"""The ends of a flow whose mail can be on the way: the rest was refused or returned already."""


def with_stale_dns(
    flows: Iterable[Flow], stage: Node, before: Zone, problems: ProblemList, written: timedelta | None = None
) -> Iterator[Flow]:
    """The flows of `meanwhile`: their senders resolve with the zone of the stage before, for as long as the stage says
    or the records' own time to live (`written`)."""
    ttl = _span(stage.get("ttl"), problems) if stage.get("ttl") else written
    labs: dict[tuple[int, tuple[str, ...]], Lab] = {}
    for flow in flows:
        stale = _named(stage.get("stale"), flow.lab, problems) or tuple(
            dict.fromkeys(s for send in flow.send if (s := _handed_in_at(send, flow.lab)))
        )
        known = (id(flow.lab), stale)
        if known not in labs:
            labs[known] = replace(flow.lab, caches={name: Cache(before, ttl) for name in stale})
        yield replace(flow, lab=labs[known], meanwhile=True)


def _named(node: Node | None, lab: Lab, problems: ProblemList) -> tuple[str, ...]:
    servers = {folded(name): name for name in lab.servers}
    found: list[str] = []
    for item in node.items if node else ():
        name = servers.get(folded(item.text))
        if name is None:
            problems.error(item.at, f'no server "{item.text}" in the lab.', near_miss(item.text, lab.servers).strip())
        else:
            found.append(name)
    return tuple(found)


def _handed_in_at(send: Send, lab: Lab) -> str:
    """The server whose cache counts: the one that takes the message first."""
    if send.server in lab.servers:
        return send.server
    for person in lab.people.values():
        for mailbox, server in person.mailboxes:
            if mailbox == send.sender:
                return server
    return ""


def _span(node: Node | None, problems: ProblemList) -> timedelta | None:
    if node is None or node.is_null:
        return None
    try:
        return duration(node.text)
    except ValueError as bad:
        problems.error(node.at, f"{bad}.")
        return None


def rollbacks(
    node: Node | None, stages: Sequence[Stage], build: Callable[[Node], Lab | None], problems: ProblemList
) -> Iterator[Stage]:
    """Each `rollback` as a stage that is played behind the others."""
    for item in node.items if node else ():
        if not item.is_map:
            problems.error(item.at, "a rollback is a map.", "Write  rollback: {from: STAGE, to: STAGE, lost: 0}")
            continue
        for entry in item.entries:
            if folded(entry.key) not in ROLLBACK_WORDS:
                fix = near_miss(entry.key, ROLLBACK_WORDS).strip()
                problems.error(entry.key_at, f"unknown key {entry.key} in a rollback.", fix)
        known = {folded(s.name): s for s in stages}
        late, early = (_stage(item, key, known, problems) for key in ("from", "to"))
        lost, within = _number(item.get("lost"), problems), _span(item.get("within"), problems)
        if late is None or early is None:
            continue
        if stages.index(early) >= stages.index(late):
            says = f'"{early.name}" is not before "{late.name}".'
            problems.error(item.at, says, "from is the later stage, to the earlier one.")
            continue
        steps = item.get("do")
        tree = early.tree if steps is None or steps.is_null else apply_steps(late.tree, steps, problems)
        lab = build(tree)
        if lab:
            yield _stage_back(item.at, late, early, tree, StepBack(lab, early.name, lost, within))


def _stage_back(at: Source, late: Stage, early: Stage, tree: Node, back: StepBack) -> Stage:
    name = f"back from {late.name} to {early.name}"
    flows = [
        replace(
            flow, stage=name, back=back, lab=flow.lab, expectations={}, validations=(), also=(), until=None, violates={}
        )
        for flow in late.flows
        if not flow.meanwhile and flow.send and any(s.end.word in _FATES for path in flow.paths for s in path)
    ]
    again = [
        replace(
            flow, stage=name, repeats=True, also=(), validations=(), lab=flow.lab if tree is early.tree else back.lab,
            tree=flow.tree if tree is early.tree else tree,
            expectations={key: n for key, n in flow.expectations.items() if key in HOW_PLAYED},
        )
        for flow in early.flows if not flow.meanwhile and (tree is early.tree or flow.tree is early.tree)
    ]  # fmt: skip
    return Stage(name, at, tree, (*flows, *again))


def _stage(item: Node, key: str, known: dict[str, Stage], problems: ProblemList) -> Stage | None:
    node = item.get(key)
    if node is None:
        problems.error(item.at, f"a rollback lacks {key}.", "Write  rollback: {from: STAGE, to: STAGE, lost: 0}")
        return None
    found = known.get(folded(node.text))
    if found is None:
        names = [s.name for s in known.values()]
        problems.error(node.at, f'no stage "{node.text}".', near_miss(node.text, names).strip())
    return found


def _number(node: Node | None, problems: ProblemList) -> int:
    if node is None or node.is_null:
        return 0
    if not node.text.strip().isdecimal():
        problems.error(node.at, f"lost: {node.text!r} is not a number.", "Write  lost: 0")
        return 0
    return int(node.text)

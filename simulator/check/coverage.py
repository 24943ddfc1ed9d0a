"""Mail that no scenario looks at: between which servers somebody writes to somebody, and no flow does.

What `check` itself left out is told here too (MF071).

Every pair of people at two servers is not asked for; every pair of servers is, in both directions, also a server with itself
where two people are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.check.ground import LabGround
from simulator.findings import Finding, kind
from simulator.scenario.model import Scenario
from simulator.source import Source
from simulator.topology import Lab, Person

__all__ = ["passed_over", "uncovered"]

UNCOVERED = kind(
    "MF070", "note", "a way of mail that no scenario looks at",
    about="People of these two servers can write to each other, and no flow of the scenarios on this lab does. What is not asserted can "
    "break unseen.",
    fix="Add a flow; its name, such as `Bob to John`, is enough to say who writes to whom.",
    test="tests/check/test_coverage.py",
)  # fmt: skip


PASSED_OVER = kind(
    "MF071", "note", "not every address was asked for",
    about="Mail is planned from everywhere to everybody. Of the addresses that servers know beside the mailboxes of people, such as mail "
    "users, only the first few hundred are asked for.",
    fix="Name the people who matter in `people`: their mailboxes are always asked for.",
    test="tests/check/test_coverage.py",
)  # fmt: skip


def passed_over(ground: LabGround) -> Iterator[Finding]:
    """MF071."""
    known = len(ground.known)
    if ground.passed_over:
        says = f"{known} addresses were asked for, {ground.passed_over} more that servers know were not"
        yield Finding(PASSED_OVER, ground.tree.at or Source(ground.lab.file, 1, 1), says, PASSED_OVER.fix)


def uncovered(lab: Lab, scenarios: Iterable[Scenario]) -> Iterator[Finding]:
    """MF070, for the scenarios that are played on this lab."""
    seen: set[tuple[str, str]] = set()
    for scenario in scenarios:
        for flow in scenario.flows:
            for send in flow.send:
                sources = {send.server} if send.server in lab.servers else set()
                sources |= {s for p in lab.people.values() for a, s in p.mailboxes if a == send.sender}
                targets = {s for p in lab.people.values() for a, s in p.mailboxes if a in send.to}
                seen |= {(source, target) for source in sources for target in targets}
    told: set[tuple[str, str]] = set()
    for sender in lab.people.values():
        for to in lab.people.values():
            pair = (sender.server, to.server)
            if sender is to or pair in seen or pair in told or not _is_interesting(sender, to, lab):
                continue
            told.add(pair)
            says = f"no scenario covers mail from {pair[0]} to {pair[1]}, such as {sender.name} -> {to.name}"
            yield Finding(UNCOVERED, sender.at, says, f"Add a flow: {sender.name} to {to.name}")


def _is_interesting(sender: Person, to: Person, lab: Lab) -> bool:
    """Strangers among themselves are nobody's concern, and nobody writes to what only sends."""
    direct = lab.hosts[to.server].submission.direct
    both_outside = all(lab.hosts[p.server].submission.anybody for p in (sender, to))
    return not direct and not both_outside

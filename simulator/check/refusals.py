"""Somebody who does not reach somebody, for a reason that no other finding has.

What is left of the mail between the people of a lab when circles, missing TLS, dead MX, relaying and unknown recipients have been told:
a server that asks its own senders to log in, a restriction, a connector that lets nobody past, a filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.check.ground import Asked, LabGround
from simulator.findings import Finding, kind
from simulator.paths import Ending
from simulator.source import Source

__all__ = ["refusals"]

REFUSED = kind(
    "MF017", "warning", "somebody does not reach somebody",
    about="Both have a mailbox in the lab, and mail from the one to the other is refused for good, or returned. It may be meant: "
    "then let a scenario say so.",
    fix="Look at the setting that refuses; `mailflow explain FROM TO` has the whole way.",
    test="tests/check/test_refusals.py",
)  # fmt: skip

_RELAYING = frozenset({"MF022", "MF025"})


def refusals(ground: LabGround, others: Iterable[Finding]) -> Iterator[Finding]:
    """MF017; `others` is what has been told already."""
    known = list(others)
    relaying = any(f.kind.id in _RELAYING for f in known)
    forgotten = " ".join(f.says for f in known if f.kind.id == "MF014")
    told: set[tuple[str, Source]] = set()
    for asked in ground.asked:
        if not _is_mailbox(ground, asked) or str(asked.to) in forgotten or asked.arrives:
            continue
        if asked.played.log.of("unroutable") or any(e["verdict"] for e in asked.played.log.of("attempt")):
            continue
        ending = next((e for e in asked.played.endings if e.path.end.word in ("REJECTED", "NDR")), None)
        if (
            ending is None
            or not ending.path.end.code.startswith("5")
            or (relaying and "5.7.64" in ending.path.end.code)
        ):
            continue
        server = ending.path.legs[-1].server
        at = ending.event.at or ground.lab.servers[server].at
        if (server, at) not in told:
            told.add((server, at))
            yield Finding(REFUSED, at, _says(asked, ending, server), REFUSED.fix)


def _is_mailbox(ground: LabGround, asked: Asked) -> bool:
    homes = [s for p in ground.lab.people.values() for a, s in p.mailboxes if a == asked.to]
    return any(not ground.lab.hosts[s].submission.direct for s in homes)


def _says(asked: Asked, ending: Ending, server: str) -> str:
    verb = "refused" if ending.path.end.word == "REJECTED" else "returned"
    reply = ending.event.get("reply", "") or ending.path.end.code
    return f"mail from {asked.sender.name} to {asked.to} is {verb} by {server}: {reply}"

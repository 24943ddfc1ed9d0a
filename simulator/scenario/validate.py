"""The step `validate`: the two tests of a connector on the lab as the steps before it leave it.

    - validate: {connector: O365 to own servers, to: John}
    - validate: O365 to own servers
      to: [John, jane@contoso.com]
    - Validate-OutboundConnector: {Identity: O365 to own servers, Recipients: john@contoso.com}
      result: failed
      says: 550 5.1.1

A step that fails fails the flows that it was made for, unless it says `result: failed`; `says` is a part of what it must
tell then. It changes nothing in the lab. Words may stand inside or beside, and `server:` says whose connector is meant
where two servers have one of that name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulator.mail.address import Address
from simulator.mail.path import folded
from simulator.scenario.errors import near_miss
from simulator.scenario.names import Names
from simulator.source import Entry, Node, ProblemList, Source

__all__ = ["CMDLET", "Asked", "is_validate", "read_validate"]

CMDLET: Final = "Validate-OutboundConnector"
_STEPS: Final = ("validate", CMDLET.casefold())
_WORDS: Final = {
    "connector": "connector", "identity": "connector", "name": "connector", "to": "to", "recipients": "to",
    "result": "result", "says": "says", "server": "server",
}  # fmt: skip
_RESULTS: Final = {"failed": True, "fails": True, "succeeded": False, "succeeds": False, "passed": False}
_SECTIONS: Final = ("OutboundConnectors", "InboundConnectors")
_FIX: Final = "Write  validate: {connector: NAME, to: PERSON}"


@dataclass(frozen=True)
class Asked:
    """A validation that a step asks for, and the tree of the lab at that moment."""

    tree: Node
    server: str
    connector: str
    recipients: tuple[Address, ...]
    fails: bool
    says: str
    at: Source


def is_validate(step: Node) -> bool:
    return any(folded(e.key) in _STEPS for e in step.entries)


def read_validate(tree: Node, step: Node, problems: ProblemList) -> Asked | None:
    """What a step asks for; None where anything is wrong with it."""
    own = ProblemList()
    found = _read(tree, step, own)
    problems.take(own.items)
    return None if own.errors else found


def _read(tree: Node, step: Node, problems: ProblemList) -> Asked | None:
    entry = next(e for e in step.entries if folded(e.key) in _STEPS)
    words = _words(entry, [e for e in step.entries if e is not entry], problems)
    named = words.get("connector")
    if named is None or not named.text.strip():
        problems.error(entry.key_at, "validate does not say which connector.", _FIX)
        return None
    to = words.get("to")
    if to is None or not to.items:
        problems.error(entry.key_at, "validate needs the address of a recipient.", _FIX)
    names = Names.of(tree, "the lab")
    recipients = [names.check_person(item.text, item.at, problems) for item in (to.items if to else ())]
    server = _server(tree, named, words.get("server"), problems)
    result = words.get("result")
    fails = _RESULTS.get(folded(result.text)) if result else False
    if fails is None and result:
        problems.error(result.at, f"result: {result.text!r} is not known here.", "Write succeeded or failed.")
    says = words.get("says")
    told = " ".join(says.text.split()) if says else ""
    return Asked(tree, server, named.text.strip(), tuple(filter(None, recipients)), bool(fails), told, entry.key_at)


def _words(entry: Entry, beside: list[Entry], problems: ProblemList) -> dict[str, Node]:
    words = {} if entry.node.is_map else {"connector": entry.node}
    for one in (*entry.node.entries, *beside):
        word = _WORDS.get(folded(one.key))
        if word is None:
            problems.error(one.key_at, f"unknown key {one.key} in validate.", near_miss(one.key, _WORDS).strip())
        else:
            words[word] = one.node
    return words


def _server(tree: Node, named: Node, wanted: Node | None, problems: ProblemList) -> str:
    """The server that has a connector of that name."""
    servers = tree.get("servers")
    having: dict[str, list[str]] = {}
    for server in servers.entries if servers else ():
        for section in _SECTIONS:
            objects = server.node.get(section)
            having.setdefault(server.key, []).extend(e.key for e in (objects.entries if objects else ()))
    if wanted is not None and folded(wanted.text) not in map(folded, having):
        problems.error(wanted.at, f'no server "{wanted.text}" in the lab.', near_miss(wanted.text, having).strip())
        return ""
    asked = {s: n for s, n in having.items() if wanted is None or folded(s) == folded(wanted.text)}
    name = named.text.strip()
    found = [s for s, names in asked.items() if folded(name) in map(folded, names)]
    if not found:
        known = [n for names in asked.values() for n in names]
        problems.error(named.at, f'no connector "{name}" in the lab.', near_miss(name, known).strip())
    elif len(found) > 1:
        problems.error(named.at, f"validate: is {' or '.join(found)} meant?", f"Add  server: {found[0]}")
    return found[0] if found else ""

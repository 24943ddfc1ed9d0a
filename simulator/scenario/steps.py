"""`do:`, a list of steps in the words of a runbook, each carried out on the lab's tree.

    do:
      - Set-OutboundConnector: {Identity: O365 to own servers, Enabled: false}
      - Remove-InboundConnector: own servers to O365
      - New-AcceptedDomain: {DomainName: fabrikam.com, DomainType: InternalRelay}
        server: m365
      - dns: {contoso.com: {MX: [10 mail.contoso.com]}}
      - move: {Bob: onprem}
      - settings onprem: {Outbound Gateway: mail.contoso.com}
      - validate: {connector: O365 to own servers, to: John}
      - fault: {at: onprem, down: 1h, name: outage}
      - wait: 10m

A step has one key, or is a command line as it stands in a shell [powershell]; other forms are in [runbook]. A cmdlet finds its server by the object that
it names; where several servers could be meant, `server:` says which. New- refuses an object that is there, Set- and Remove-
one that is not, as the cmdlets do. `validate` changes nothing: it is handed back with the tree of that moment, for whoever
plays it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from simulator.mail.path import folded
from simulator.scenario import cmdlets
from simulator.scenario.errors import near_miss
from simulator.scenario.faultsteps import fault_step
from simulator.scenario.patch import apply_patch
from simulator.scenario.people import MAILBOX_STATES, mailbox_of, moved
from simulator.scenario.powershell import as_step, is_command
from simulator.scenario.runbook import instructions, steps_of
from simulator.scenario.schema import STEP_WORDS
from simulator.scenario.validate import CMDLET, Asked, is_validate, read_validate
from simulator.scenario.waiting import Waited, read_wait
from simulator.scenario.zonefile import dns_as_map
from simulator.source import Entry, Node, ProblemList, Scalar, Source

__all__ = ["apply_step", "apply_steps"]

_OF_A_SERVER: Final = ("settings", "cert")  # the words that a server's name follows


def apply_steps(
    tree: Node, steps: Node | None, problems: ProblemList, asked: list[Asked] | None = None,
    waits: list[Waited] | None = None,
) -> Node:  # fmt: skip
    """The tree after all steps of a list. `asked` collects the validations, `waits` the waits."""
    if steps is None or steps.is_null:
        return tree
    if steps.is_map and len(instructions(steps)) > 1:
        problems.error(
            steps.at, "do is a list of steps.", "Begin every step with a hyphen: - Set-OutboundConnector: {...}"
        )
        return tree
    for step in steps_of(steps):
        span = read_wait(step, problems)
        if span is not None:
            if waits is not None:
                waits.append(Waited(tree, span, step.at))
            continue
        tree = apply_step(tree, step, problems, asked)
    return tree


def apply_step(tree: Node, step: Node, problems: ProblemList, asked: list[Asked] | None = None) -> Node:
    """The tree after one step; the same tree where the step is wrong."""
    if is_validate(step):
        found = read_validate(tree, step, problems)
        if found and asked is not None:
            asked.append(found)
        return tree
    if is_command(step):
        read = as_step(step, problems)
        return apply_step(tree, read, problems, asked) if read is not None else tree
    entries = [e for e in step.entries if e.key != "server"]
    if len(entries) != 1:
        says = "a step is one instruction." if step.is_map else f"{step.text or 'this'!r} is not a step."
        problems.error(
            step.at, says, "Write  - stop: SERVER  or  - Set-OutboundConnector: {Identity: NAME, Enabled: false}"
        )
        return tree
    entry = entries[0]
    word, _, rest = entry.key.strip().partition(" ")
    known = STEP_WORDS.get(word.casefold())
    cmdlet = cmdlets.find(word)
    if known is None and cmdlet is None:
        names = [*cmdlets.names(), CMDLET, *STEP_WORDS]
        problems.error(entry.key_at, f"unknown step {entry.key}.", near_miss(word, names).strip())
        return tree
    if known and not known.built:
        problems.error(entry.key_at, f"the step {word} is not built yet in this version.")
        return tree
    if cmdlet:
        return cmdlets.run(tree, cmdlet, entry, step.get("server"), problems)
    if word.casefold() in _OF_A_SERVER:
        return _of_server(tree, word.casefold(), rest.strip(), entry, problems)
    if rest.strip():
        problems.error(entry.key_at, f"{word} stands alone.", f"Write  {word}: ...")
        return tree
    return _WORDS[word.casefold()](tree, entry, problems)


def _dns(tree: Node, entry: Entry, problems: ProblemList) -> Node:
    # The whole `dns` of a step has the shape of the lab file's, zone-file text included.
    told = dns_as_map(Node({"dns": Entry("dns", entry.key_at, entry.node)}, entry.node.at), problems)
    return apply_patch(dns_as_map(tree, problems), told, problems)


def _of_server(tree: Node, word: str, name: str, entry: Entry, problems: ProblemList) -> Node:
    """`settings SERVER` and `cert SERVER`."""
    at = entry.key_at
    place = Source(at.file, at.line, at.column + len(word) + 1, max(1, len(name))) if at and name else at
    if not name:
        problems.error(at, f"{word} needs a server.", f"Write  {word} SERVER: ...")
        return tree
    found = _server(tree, name, place, problems)
    if found is None:
        return tree
    if word == "cert":
        return _with_server(tree, found, found.node.with_entry("cert", entry.node, at))
    if not entry.node.is_map:
        problems.error(entry.node.at, "settings are a map.", f"Write  settings {name}: {{...}}")
        return tree
    return _with_server(tree, found, apply_patch(found.node, entry.node, problems, path=("servers", found.key)))


def _switch(on: bool) -> Callable[[Node, Entry, ProblemList], Node]:
    def switched(tree: Node, entry: Entry, problems: ProblemList) -> Node:
        for item in entry.node.items:
            found = _server(tree, item.text.strip(), item.at, problems)
            if found is None:
                continue
            stopped = found.node.with_entry("stopped", Node(Scalar("true"), item.at), item.at)
            tree = _with_server(tree, found, found.node.without("stopped") if on else stopped)
        return tree

    return switched


def _move(tree: Node, entry: Entry, problems: ProblemList) -> Node:
    """`move: {Bob: onprem}`: a person's mailbox, or by address one of several.

    With `{Bob: {to: m365, state: both}}` the mailbox is at both servers, as it is between creating the new one and
    the cut: each server delivers to its own. `state: only here` takes the new one back, `moved` takes the old one away.
    """
    if not entry.node.is_map:
        problems.error(entry.node.at, "move says who goes where.", "Write  move: {Bob: onprem}")
    for one in entry.node.entries:
        to, state = one.node, "moved"
        if one.node.is_map:
            to, state = one.node.get("to") or Node.of("", one.node.at), folded(_text(one.node, "state") or "moved")
        for key in one.node.entries:
            if folded(key.key) not in ("to", "state"):
                problems.error(
                    key.key_at, f"unknown key {key.key} in move.", near_miss(key.key, ("to", "state")).strip()
                )
        if state not in MAILBOX_STATES:
            problems.error(one.node.at, f"{state!r} is no state of a mailbox.", f"Write {', '.join(MAILBOX_STATES)}.")
            continue
        server = _server(tree, to.text.strip(), to.at, problems)
        box = mailbox_of(tree, one.key.strip(), one.key_at, problems, besides=server.key if server else "")
        if server and box:
            tree = moved(tree, box, server.key, to.at, state)
    return tree


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    return found.text if found else ""


def _server(tree: Node, name: str, at: Source, problems: ProblemList) -> Entry | None:
    servers = tree.get("servers")
    found = servers.entry(name) if servers else None
    if found is None:
        known = [e.key for e in servers.entries] if servers else []
        problems.error(at, f'no server "{name}" in the lab.', near_miss(name, known).strip())
    return found


def _with_server(tree: Node, server: Entry, node: Node) -> Node:
    servers = tree.get("servers") or Node({})
    return tree.with_entry("servers", servers.with_entry(server.key, node))


_WORDS: Final[Mapping[str, Callable[[Node, Entry, ProblemList], Node]]] = {
    "dns": _dns,
    "move": _move,
    "stop": _switch(False),
    "start": _switch(True),
    "fault": fault_step,
    "wait": lambda tree, entry, problems: tree,
}

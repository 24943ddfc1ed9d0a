"""Steps in the other forms that people write them in, as the one form that `steps` carries out.

| written | read as |
| --- | --- |
| `do: {stop: onprem}`, `do: Set-OutboundConnector -Identity A -Enabled $false` | a list of that one step |
| `do: \\|` and several lines | a step a line; ` at the end of a line goes on in the next, # begins a comment |
| `- stop onprem`, `- wait 10m`, `- move Bob to onprem`, `- cert onprem expired` | `- stop: onprem` and so on |
| `- settings: {onprem: {...}}`, `- cert: {onprem: expired}` | `- settings onprem: {...}`, a step for each server |
| `- dns contoso.com: {MX: [...]}` | `- dns: {contoso.com: {MX: [...]}}` |
| `- move: Bob to onprem`, `- move: [{Bob: onprem}, {Amy: onprem}]` | `- move: {Bob: onprem, Amy: onprem}` |
| `- validate CONNECTOR: {to: John}`, `- validate CONNECTOR to John` | `- validate: {connector: CONNECTOR, to: John}` |
| `- Set-OutboundConnector NAME: {...}` | `- Set-OutboundConnector: {Identity: NAME, ...}` |
| `- Set-OutboundConnector: -Identity NAME -Enabled $false` | the command line [powershell] |
| `- New-OutboundConnector: [{...}, {...}]`, `- fault: [{...}, {...}]` | a step for each |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from simulator.scenario import cmdlets
from simulator.scenario.powershell import is_command
from simulator.scenario.schema import STEP_WORDS
from simulator.source import Entry, Node, Scalar, Source

__all__ = ["instructions", "spelled_out", "steps_of"]

_PARAMETER: Final = re.compile(r"(?:^|\s)-[A-Za-z]\w*(?=[\s:]|\Z)")
_TO: Final = re.compile(r"(?P<who>.+?)\s+(?:to|->)\s+(?P<where>.+)", re.I | re.S)


def steps_of(steps: Node) -> tuple[Node, ...]:
    """The steps of a `do`, each in its one form."""
    listed = steps.items
    if steps.is_scalar:
        listed = tuple(_lines(steps))
    return tuple(one for step in listed for one in spelled_out(step))


def spelled_out(step: Node) -> tuple[Node, ...]:
    """The steps that one entry of the list stands for; itself where it is in that form already, or in none."""
    if step.is_scalar:
        return () if step.text.lstrip().startswith("#") else (_said(step),)
    named = instructions(step)
    if len(named) != 1:
        return (step,)
    entry = named[0]
    word, _, rest = entry.key.strip().partition(" ")
    if (cmdlet := cmdlets.find(word)) is not None:
        return _of_cmdlet(step, entry, cmdlet, rest.strip())
    read = _WORDS.get(word.casefold())
    return read(step, entry, rest.strip()) if read else (step,)


_BESIDE: Final = ("server", "to", "result", "says", "recipients")


def instructions(step: Node) -> tuple[Entry, ...]:
    """The entries of a step that say what is done; the others stand beside one."""
    return tuple(e for e in step.entries if e.key.strip() and e.key.casefold() not in _BESIDE)


def _lines(steps: Node) -> Iterator[Node]:
    """The lines of a block, joined where one goes on in the next."""
    at, begun = steps.text_at, ""
    for number, line in enumerate(steps.text.splitlines()):
        line = f"{begun} {line.strip()}".strip()
        begun = line[:-1].rstrip() if line.endswith("`") else ""
        if line and not begun:
            place = at if not at or number == 0 else Source(at.file, at.line + number, at.column, len(line))
            yield Node(Scalar(line, quoted=True), place)


def _said(step: Node) -> Node:
    """`stop onprem`: the word of a step and what follows it, without a colon."""
    word, _, rest = step.text.strip().partition(" ")
    told, word = rest.strip(), word.rstrip(":").casefold()
    if not told or is_command(step) or word not in STEP_WORDS or word in ("dns", "settings", "fault"):
        return step
    at = step.text_at
    value = Node(Scalar(_unquoted(told)), _place(at, step.text.find(told), len(told)))
    if word == "cert":
        server, _, which = told.partition(" ")
        return _one(f"cert {server.rstrip(':')}", Node(Scalar(which.strip()), value.at), at) if which else step
    if word == "validate":
        connector, to, whom = told.rpartition(" to ")
        words = {"connector": _unquoted(connector), "to": whom.strip()} if to else {"connector": _unquoted(told)}
        return _one(word, Node.of(words, value.at), at)
    return _one(word, _moves(value) if word == "move" else value, at)


def _of_cmdlet(step: Node, entry: Entry, cmdlet: cmdlets.Cmdlet, rest: str) -> tuple[Node, ...]:
    node, by = entry.node, "Name" if cmdlet.verb == "New" and "Name" in cmdlet.noun.by else cmdlet.noun.by[0]
    name = _unquoted(rest)
    written = str(cmdlet) if not rest else entry.key.strip().partition(" ")[0]
    if name and not cmdlet.noun.single:
        who = Node(Scalar(name, quoted=True), _place(entry.key_at, len(written) + 1, len(rest)))
        if node.is_null:
            node = who if cmdlet.verb == "Remove" else Node.of({by: who}, node.at)
        elif node.is_map and not any(node.entry(key) for key in cmdlet.noun.by):
            node = node.with_entry(by, who)
        return (_instead(step, entry, Entry(written, entry.key_at, node)),)
    if node.is_list and node.items and all(item.is_map for item in node.items):
        return tuple(_instead(step, entry, replace(entry, node=item)) for item in node.items)
    plain = node.is_scalar and not (isinstance(node.value, Scalar) and node.value.quoted)
    if plain and (node.text.startswith("-") or (cmdlet.verb != "Remove" and _PARAMETER.search(node.text))):
        at = node.text_at
        before = len(written) + 1  # the command line begins where its first word would stand
        begins = Source(at.file, at.line, max(1, at.column - before), at.width + before) if at else at
        command = Node(Scalar(f"{written} {node.text}", quoted=True), begins)
        server = step.get("server")
        if server is not None:
            command = Node(Scalar(f'{written} {node.text} -server "{server.text}"', quoted=True), begins)
        return (command,)
    return (step,)


def _of_servers(step: Node, entry: Entry, rest: str) -> tuple[Node, ...]:
    """`settings: {onprem: {...}}`, and the same of `cert`."""
    if rest or not entry.node.entries:
        return (step,)
    return tuple(_one(f"{entry.key.strip()} {e.key.strip()}", e.node, e.key_at) for e in entry.node.entries)


def _of_name(step: Node, entry: Entry, rest: str) -> tuple[Node, ...]:
    """`dns contoso.com: {...}`"""
    return (
        (_one("dns", Node({}, entry.node.at).with_entry(rest, entry.node, entry.key_at), step.at),) if rest else (step,)
    )


def _of_move(step: Node, entry: Entry, rest: str) -> tuple[Node, ...]:
    node = _moves(entry.node)
    if rest and not node.is_null:  # move Bob: onprem
        node = Node({}, node.at).with_entry(rest, node, entry.key_at)
    return (_instead(step, entry, Entry("move", entry.key_at, node)),)


def _of_switch(step: Node, entry: Entry, rest: str) -> tuple[Node, ...]:
    if not rest or not entry.node.is_null:
        return (step,)
    word = entry.key.strip().partition(" ")[0]
    return (_one(word, Node(Scalar(rest), entry.key_at), step.at),)


def _of_validate(step: Node, entry: Entry, rest: str) -> tuple[Node, ...]:
    if not rest or not (entry.node.is_map or entry.node.is_null):
        return (step,)
    words = entry.node if entry.node.is_map else Node({}, entry.node.at)
    named = Node(Scalar(_unquoted(rest), quoted=True), entry.key_at)
    return (_instead(step, entry, Entry("validate", entry.key_at, words.with_entry("connector", named))),)


def _of_faults(step: Node, entry: Entry, rest: str) -> tuple[Node, ...]:
    if rest or not entry.node.is_list:
        return (step,)
    return tuple(_one(entry.key.strip(), item, item.at) for item in entry.node.items)


_WORDS: Final[Mapping[str, Callable[[Node, Entry, str], tuple[Node, ...]]]] = {
    "settings": _of_servers, "cert": _of_servers, "dns": _of_name, "move": _of_move, "stop": _of_switch,
    "start": _of_switch, "wait": _of_switch, "validate": _of_validate, "fault": _of_faults,
}  # fmt: skip


def _moves(node: Node) -> Node:
    """`Bob to onprem`, or a list of moves, as the map by person."""
    made = Node({}, node.at)
    parts = node.items if node.is_list else tuple(_parts(node)) if node.is_scalar else ()
    for part in parts:
        found = _TO.fullmatch(part.text.strip())
        if part.is_map:
            for entry in part.entries:
                made = made.with_entry(entry.key, entry.node, entry.key_at)
        elif found:
            where = Node(Scalar(found["where"].strip()), part.at)
            made = made.with_entry(found["who"].strip(), where, part.at)
        else:
            return node
    return made if parts else node


def _parts(node: Node) -> Iterator[Node]:
    for part in node.text.split(","):
        yield Node(Scalar(part.strip()), node.at)


def _one(word: str, node: Node, at: Source) -> Node:
    return Node({word.casefold(): Entry(word, at, node)}, at)


def _instead(step: Node, entry: Entry, other: Entry) -> Node:
    """The step with another entry in the place of one."""
    kept = (e if e is not entry else other for e in step.entries)
    return Node({e.key.casefold(): e for e in kept}, step.at)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _place(at: Source, offset: int, width: int) -> Source:
    return Source(at.file, at.line, at.column + max(0, offset), max(1, width)) if at else at

"""Faults in the lab's tree: how file, stage, flow and the step `fault` add them, and how the step takes them away.

| step | mends |
| --- | --- |
| `fault: {remove: NAME}` | the fault of that name |
| `fault: {remove: all}`, `fault: none` | every fault |
| `fault: {at: onprem, remove: true}` | every fault at that place; the same with `link` and `dns` |
| `fault: {at: onprem, down: none}` | the faults of that kind at that place; `off`, `no`, `false` and `remove` say the same |
"""

from __future__ import annotations

from typing import Final

from simulator.faults import KINDS
from simulator.mail.path import folded
from simulator.scenario.errors import near_miss
from simulator.scenario.faults import AS_IT_WAS
from simulator.scenario.lab import build_lab
from simulator.source import Entry, Node, ProblemList

__all__ = ["fault_step", "with_faults"]

_KEY: Final = "faults"
_WHERE: Final = ("at", "link", "dns")
_NO_MORE: Final = ("none", "off", "no", "false", "remove", "all")


def with_faults(tree: Node, faults: Node | None, problems: ProblemList) -> Node:
    """The tree with the faults of a list beside those that it has."""
    if faults is None or faults.is_null:
        return tree
    for fault in faults.items:
        tree = _added(tree, fault, problems)
    return tree


def fault_step(tree: Node, entry: Entry, problems: ProblemList) -> Node:
    """`fault: {...}` brings one, `fault: {remove: NAME}` mends it, `fault: {remove: all}` mends all."""
    node = entry.node
    if node.is_scalar and folded(node.text) in _NO_MORE:
        return tree.without(_KEY)
    if not node.is_map:
        problems.error(node.at, "a fault is a map.", "Write  fault: {at: SERVER, down: 10m}")
        return tree
    remove = node.get("remove")
    ended = [e for e in node.entries if e.key.casefold() in KINDS and folded(e.node.text) in _NO_MORE]
    if remove is None and not ended:
        return _added(tree, node, problems)
    if ended or (remove is not None and len(node.entries) > 1 and folded(remove.text) in (*_NO_MORE, "true", "yes")):
        return _mended(tree, node, problems)
    if remove is None or len(node.entries) > 1:
        problems.error(node.at, "remove stands alone.", "Write  fault: {remove: NAME}")
        return tree
    here = _here(tree)
    left = tuple(f for f in here if folded(remove.text) != "all" and folded(_name(f)) != folded(remove.text))
    if len(left) == len(here):
        names = [name for f in here if (name := _name(f))]
        fix = near_miss(remove.text, names).strip() or "A fault is removed by its name: give it one, or remove all."
        problems.error(remove.at, f'there is no fault "{remove.text}" to remove.', fix)
        return tree
    return tree.with_entry(_KEY, Node(left, node.at))


def _mended(tree: Node, like: Node, problems: ProblemList) -> Node:
    """The tree without the faults that are where `like` says, and of its kind if it names one."""
    kinds = [e.key.casefold() for e in like.entries if e.key.casefold() in KINDS]
    where = [(e.key, _place(e.node)) for e in like.entries if e.key.casefold() in _WHERE]
    here = _here(tree)
    left = tuple(
        fault for fault in here
        if any((node := fault.get(key)) is None or _place(node) != place for key, place in where)
        or (kinds and not any(fault.get(kind) for kind in kinds))
    )  # fmt: skip
    if not where or len(left) == len(here):
        problems.error(like.at, "there is no such fault to mend.", "Say where it is, as the fault itself does.")
        return tree
    return tree.with_entry(_KEY, Node(left, like.at))


def _place(node: Node) -> str:
    return "".join(node.text.casefold().split())


def _added(tree: Node, fault: Node, problems: ProblemList) -> Node:
    here = _here(tree)
    name = _name(fault)
    if name and any(folded(_name(f)) == folded(name) for f in here):
        problems.error(fault.at, f'a fault "{name}" is there already.', "Choose another name.")
        return tree
    answer, asked = fault.get("answer"), fault.get("dns")
    if answer and asked and folded(answer.text) == "stale":
        fault = fault.with_entry(AS_IT_WAS, Node.of(_answers(tree, asked.text), fault.at))
    return tree.with_entry(_KEY, Node((*here, fault), fault.at))


def _here(tree: Node) -> tuple[Node, ...]:
    node = tree.get(_KEY)
    return node.items if node else ()


def _name(fault: Node) -> str:
    node = fault.get("name")
    return node.text.strip() if node else ""


def _answers(tree: Node, question: str) -> list[str]:
    """What DNS says now; nothing where the lab is wrong, which is told when it is built."""
    name, _, type_ = question.strip().partition(" ")
    lab = build_lab(tree, ProblemList(), file="lab")
    return list(lab.zone.records.get((name.lower().removesuffix("."), type_.strip().upper()), ())) if lab else []

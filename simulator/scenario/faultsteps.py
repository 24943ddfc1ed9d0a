"""Faults in the lab's tree: how file, stage, flow and the step `fault` add them, and how the step takes them away."""

from __future__ import annotations

from typing import Final

from simulator.mail.path import folded
from simulator.scenario.errors import near_miss
from simulator.scenario.faults import AS_IT_WAS
from simulator.scenario.lab import build_lab
from simulator.source import Entry, Node, ProblemList

__all__ = ["fault_step", "with_faults"]

_KEY: Final = "faults"


def with_faults(tree: Node, faults: Node | None, problems: ProblemList) -> Node:
    """The tree with the faults of a list beside those that it has."""
    if faults is None or faults.is_null:
        return tree
    if not faults.is_list:
        problems.error(faults.at, "faults is a list.", "Begin every fault with a hyphen: - {at: SERVER, down: 10m}")
        return tree
    for fault in faults.items:
        tree = _added(tree, fault, problems)
    return tree


def fault_step(tree: Node, entry: Entry, problems: ProblemList) -> Node:
    """`fault: {...}` brings one, `fault: {remove: NAME}` mends it, `fault: {remove: all}` mends all."""
    node = entry.node
    if not node.is_map:
        problems.error(node.at, "a fault is a map.", "Write  fault: {at: SERVER, down: 10m}")
        return tree
    remove = node.get("remove")
    if remove is None:
        return _added(tree, node, problems)
    if len(node.entries) > 1:
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

"""Messages as they would be saved from a mailbox of a lab that is not quite the one at hand."""

from __future__ import annotations

from pathlib import Path

import simulator
from simulator.cli.which_lab import ChosenLab, the_lab
from simulator.mail.address import Address
from simulator.plan.messages import planned_message
from simulator.played import Played
from simulator.scenario.load import read_yaml
from simulator.scenario.model import Send
from simulator.scenario.patch import apply_patch
from simulator.source import Node, ProblemList

__all__ = ["CONTOSO", "as_saved", "contoso", "planned", "saved", "send"]

CONTOSO = Path(simulator.__file__).parents[1] / "scenarios" / "labs" / "contoso.yaml"


def contoso() -> ChosenLab:
    return the_lab(CONTOSO)


def send(chosen: ChosenLab, who: str, to: str) -> Send:
    people = chosen.lab.people
    address: Address = people[to].address
    return Send(people[who].address, (address,), who)


def planned(chosen: ChosenLab, one: Send, tree: Node | None = None) -> Played | None:
    lab = chosen.lab if tree is None else chosen.changed(tree)
    return planned_message(lab, tree or chosen.tree, (one,), chosen.begin) if lab else None


def saved(who: str, to: str, patch: str = "") -> bytes:
    """The message where it ended, in the contoso lab with a patch."""
    chosen = contoso()
    tree = chosen.tree
    if patch:
        problems = ProblemList()
        tree = apply_patch(tree, read_yaml(patch, "patch"), problems)
        assert [] == problems.items
    played = planned(chosen, send(chosen, who, to), tree)
    assert played is not None
    return as_saved(played)


def as_saved(played: Played) -> bytes:
    """The message as the last server that accepted it has it."""
    last = played.of("accepted")[-1]
    lines = [f"Return-Path: <{last['sender']}>", *last["headers"], "", "Hello", ""]
    return "\r\n".join(lines).encode()

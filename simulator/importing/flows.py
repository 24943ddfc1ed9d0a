"""Today's flows of an imported lab: who writes to whom between all places, as the plan engine plays it.

    one person of every place to one of every other, and within the tenant and the own server
    the internet to groups and to mailboxes that forward

The sentences say what happens, not what should: a flow that ends in LOOP or NDR is told in the report.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.importing.assembling import Assembled
from simulator.importing.found import Found, Note
from simulator.importing.people import Resident
from simulator.mail.address import Address, AddressError
from simulator.mail.path import print_path
from simulator.plan.messages import planned_message
from simulator.scenario.lab import START
from simulator.scenario.model import Send
from simulator.scenario.writing import Page, inline, scalar

__all__ = ["Today", "scenario_text", "todays_flows"]

_MOST = 3  # groups, and mailboxes that forward


@dataclass(frozen=True)
class Today:
    """One flow: its name, who sends to whom, and the sentences that come of it."""

    name: str
    sender: str
    recipient: str
    sentences: tuple[str, ...]

    @property
    def arrives(self) -> bool:
        return all(
            sentence.rpartition("-> ")[2].split()[0] not in ("REJECTED", "NDR", "LOOP", "DEFERRED")
            for sentence in self.sentences
        )


def todays_flows(made: Assembled, found: Found) -> list[Today]:
    """The flows, each planned. One that does not arrive has a note."""
    flows: list[Today] = []
    names: set[str] = set()
    for sender, name, to in _pairs(made):
        title = f"{sender.name} to {name}"
        if title.casefold() in names:
            continue
        names.add(title.casefold())
        sentences = _played(made, sender, to)
        if not sentences:
            continue
        flow = Today(title, sender.name, name if name != str(to) else str(to), sentences)
        flows.append(flow)
        if not flow.arrives:
            found.notes.append(
                Note("guessed", "flow", title, sentences[0], "this is what happens today, or a guess above is wrong")
            )
    return flows


def _pairs(made: Assembled) -> Iterator[tuple[Resident, str, Address]]:
    first: dict[str, Resident] = {}
    second: dict[str, Resident] = {}
    for one in made.people:
        if one.place.name in first:
            second.setdefault(one.place.name, one)
        first.setdefault(one.place.name, one)
    own = [p.name for p in (made.around.cloud, made.around.own) if p is not None]
    for here in first.values():
        for there in first.values():
            if here is not there and (here.place.name in own or there.place.name in own):
                yield here, there.name, Address.parse(there.address)
    for place in own:
        if place in second:
            yield first[place], second[place].name, Address.parse(second[place].address)
    outside = first.get("internet")
    residents = {one.address.casefold(): one for one in made.people}
    for sender in [outside] if outside else []:
        for address in _special(made):
            there_ = residents.get(str(address).casefold())
            yield sender, there_.name if there_ else str(address), address


def _special(made: Assembled) -> Iterator[Address]:
    """Groups, and mailboxes that send on."""
    count = 0
    for one in made.objects:
        if one.shape.section == "Recipients" and {"Members", "ForwardingSmtpAddress", "ForwardingAddress"} & set(
            one.settings
        ):
            try:
                yield Address.parse(one.name)
            except AddressError:
                continue
            count += 1
            if count == _MOST:
                return


def _played(made: Assembled, sender: Resident, to: Address) -> tuple[str, ...]:
    send = Send(Address.parse(sender.address), (to,), sender.name)
    played = planned_message(made.lab, made.tree, (send,), START)
    return tuple(print_path(ending.path) for ending in played.endings)


def scenario_text(name: str, flows: list[Today], lab_file: str, scenario_file: str, sources: tuple[str, ...]) -> str:
    """The scenario file."""
    page = Page()
    page.say(0, f"Made by mailflow import from {', '.join(sources)}.")
    page.say(
        0, "Each sentence is what the imported configuration does today, as planned. Change what should be otherwise."
    )
    page.entry(0, "scenario", f"Today's flows of {name}")
    page.entry(0, "lab", posixpath.relpath(lab_file, posixpath.dirname(scenario_file) or "."))
    page.line(0, "")
    page.line(0, "flows:")
    for flow in flows:
        simple = len(flow.sentences) == 1 and flow.sentences[0].startswith(f"{flow.sender} ->")
        simple = (simple or flow.sentences[0].startswith(f"{flow.sender} -[")) and flow.sentences[0].endswith(
            f"-> {flow.recipient}"
        )
        if simple and len(flow.sentences) == 1:
            page.line(1, f"{scalar(flow.name)}: {_sentence(flow.sentences[0])}")
            continue
        page.line(1, f"{scalar(flow.name)}:")
        page.line(2, f"send: {inline({'from': flow.sender, 'to': flow.recipient})}")
        if len(flow.sentences) == 1:
            page.line(2, f"path: {_sentence(flow.sentences[0])}")
        else:
            page.line(2, "path:")
            for sentence in flow.sentences:
                page.line(3, f"- {_sentence(sentence)}")
    return page.text()


def _sentence(text: str) -> str:
    """Sentences stand as they are where YAML lets them."""
    harmless = not any(mark in text for mark in (": ", " #", '"', "'")) and text[0].isalnum() and not text.endswith(":")
    return text if harmless and text.isprintable() else scalar(text)

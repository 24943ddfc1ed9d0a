"""Who wrote to whom, as far as the header of a saved message tells, and where the plan of it begins.

| | is taken from, the first that says something |
| --- | --- |
| sender | Return-Path, From, Sender |
| recipient | the report's Final-Recipient, Delivered-To and its like, `for` in Received, To, Cc: a person of the lab before a domain of it |
| where it begins | the sender's server; of a stranger the first server of the lab that a Received field names, from the address there |
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.mail.address import Address, AddressError
from simulator.mail.message import Message
from simulator.mail.received import received_lines
from simulator.report.real_path import KnownNames
from simulator.scenario.errors import near_miss
from simulator.scenario.model import Send
from simulator.scenario.names import Names
from simulator.source import Node
from simulator.topology import Lab

__all__ = ["NotSaid", "RealEnvelope", "real_envelope"]

_MAILBOX = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
_TO = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-MS-Exchange-Organization-OriginalEnvelopeRecipients",
)


class NotSaid(ValueError):
    """What the header does not say, and how to say it."""


@dataclass(frozen=True)
class RealEnvelope:
    """The message as the lab's planner is to send it. `told` are the assumptions, for the reader."""

    send: Send
    sender: str
    recipient: str
    told: tuple[str, ...]


def real_envelope(
    message: Message,
    report: Message | None,
    lab: Lab,
    tree: Node,
    known: KnownNames,
    sender: str = "",
    recipient: str = "",
) -> RealEnvelope:
    """Of a message, and of the report that brought it; `sender` and `recipient` are what the user says of them."""
    names = Names.of(tree, lab.file)
    told: list[str] = []
    who = _named(names, sender, "--from") if sender else _from(message)
    to = _named(names, recipient, "--to") if recipient else _to(message, report, lab)
    if who is None or to is None:
        missing = "--from WHO" if who is None else "--to WHO"
        raise NotSaid(f"the header does not say {'from whom' if who is None else 'to whom'}; say  {missing}")
    if not recipient:
        told.append(
            f"Planned from {names.person(str(who)) or who} to {names.person(str(to)) or to}, as the header says."
        )
    null = not sender and (message.get("Return-Path") or "").strip() == "<>"
    person = names.person(str(who))
    if person:
        return RealEnvelope(Send(who, (to,), person, null_sender=null), str(who), str(to), tuple(told))
    server, source, helo = _handed_in(message, lab, known)
    told.append(f"{who} has no mailbox in the lab; the plan begins at {server}{f', from {source}' if source else ''}.")
    send = Send(who, (to,), source=source, server=server, helo=helo, null_sender=null)
    return RealEnvelope(send, str(who), str(to), tuple(told))


def _named(names: Names, text: str, option: str) -> Address:
    found = names.address(text)
    if found is None:
        what = "is not a mail address" if "@" in text else f"is nobody in {names.file}"
        raise NotSaid(f"{option}: {text!r} {what}.{near_miss(text, [n for n, _ in names.people.values()])}")
    return found


def _addresses(text: str) -> list[Address]:
    found = []
    for match in _MAILBOX.findall(text):
        try:
            found.append(Address.parse(match))
        except AddressError:
            continue
    return found


def _from(message: Message) -> Address | None:
    for name in ("Return-Path", "From", "Sender"):
        if found := _addresses(message.get(name) or ""):
            return found[0]
    return None


def _to(message: Message, report: Message | None, lab: Lab) -> Address | None:
    """The first that the lab knows, or else one of a domain of the lab, or else the first."""
    texts = [message.get(name) or "" for name in _TO]
    if report is not None:
        final = re.search(rb"^final-recipient:[^;\r\n]*;([^\r\n]*)", report.rest, re.I | re.M)
        texts.insert(0, final[1].decode("utf-8", "replace") if final else "")
    texts += [line.rcpt for line in reversed(received_lines(message))]
    texts += [value for name in ("To", "Cc") for value in message.all(name)]
    found = list(dict.fromkeys(address for text in texts for address in _addresses(text)))
    people = {box for person in lab.people.values() for box, _ in person.mailboxes}
    domains = {box.domain for box in people}
    for wanted in (lambda a: a in people, lambda a: a.domain in domains, lambda a: True):
        if known := next(filter(wanted, found), None):
            return known
    return None


def _handed_in(message: Message, lab: Lab, known: KnownNames) -> tuple[str, str, str]:
    """Where a stranger's message first came to a server of the lab: the server, the address it came from, its name."""
    for line in received_lines(message):
        server, _ = known.find(line.by)
        if server:
            before, _ = known.find(line.helo, line.address)
            return server, "" if before else line.address, "" if before else line.helo
    return next(iter(lab.servers)), "", ""

"""`mailflow headers`: the way of a real message, and where it left the one that the rules expect."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from simulator.cli.which_lab import ChosenLab, lab_option, only_lab, the_lab
from simulator.mail.address import Address, AddressError
from simulator.mail.message import Message
from simulator.mail.mime import decoded
from simulator.mail.received import embedded_header, received_lines, the_header
from simulator.played import Played
from simulator.report.real_path import Compared, Hop, KnownNames, compare, real_hops
from simulator.report.real_path_text import (
    clean,
    compared_json,
    compared_text,
    hops_json,
    hops_text,
    report_text,
)  # fmt: skip
from simulator.scenario.errors import near_miss
from simulator.scenario.model import Send
from simulator.scenario.names import Names
from simulator.source import Node

__all__ = ["headers"]

_LARGEST = 64 * 2**20
_MAILBOX = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
_TO = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-MS-Exchange-Organization-OriginalEnvelopeRecipients",
)


@click.command(short_help="The way of a real message, beside the way that the rules expect.")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), metavar="FILE")
@lab_option
@click.option("--at", "stage", default="", metavar="STAGE", help="The lab as it is in this stage of a scenario file.")
@click.option("--from", "sender", default="", metavar="WHO", help="The sender, where the header does not tell.")
@click.option("--to", "recipient", default="", metavar="WHO", help="The recipient, where the header does not tell.")
@click.option("--no-lab", is_flag=True, help="Only the hops of the header.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def headers(
    file: Path, lab_file: Path | None, stage: str, sender: str, recipient: str, no_lab: bool, as_json: bool
) -> int:
    """Read the Received fields of a message as it was saved, and say where it left the expected path.

    \b
    mailflow headers bounced.eml --lab labs/contoso.yaml
    mailflow headers "pasted header.txt" --lab labs/contoso.yaml --to John --json
    mailflow headers message.eml --no-lab

    FILE is a message or its header alone; - is standard input. Of a delivery report the header of the message that it is
    about is read. Exit code 1: the message left the expected path.
    """
    whole = the_header(_octets(file))
    inner = embedded_header(whole)
    message = inner or whole
    chosen = None if no_lab else _lab(lab_file, stage)
    known = _known(chosen) if chosen else None
    hops = real_hops(message, known) if known else _hops_alone(message)
    envelope = _envelope(message, whole if inner else None, chosen, sender, recipient) if chosen else None
    document = {"schema": "mailflow/headers/1", "file": str(file), "report": bool(inner), "hops": hops_json(hops)}
    if not as_json:
        _print_head(file, message, whole if inner else None, hops)
        click.echo(hops_text(hops, lab=chosen is not None))
    if chosen is None or envelope is None or not hops:
        if as_json:
            click.echo(json.dumps(document, indent=2, ensure_ascii=True))
        elif not no_lab and chosen is None:
            click.echo("\nnot compared with a lab; say  --lab FILE", err=True)
        return 0
    found = _compared(message, hops, chosen, envelope)
    if as_json:
        document |= {"lab": chosen.file, "from": envelope.sender, "to": envelope.recipient, **compared_json(found)}
        click.echo(json.dumps(document, indent=2, ensure_ascii=True))
    else:
        click.echo("\n" + compared_text(found, envelope.recipient, envelope.told).lstrip("\n"))
    return 0 if found.left is None else 1


@dataclass(frozen=True)
class _Envelope:
    """The message as the lab's planner is to send it."""

    send: Send
    sender: str
    recipient: str
    told: tuple[str, ...]


def _octets(file: Path) -> bytes:
    try:
        octets = sys.stdin.buffer.read(_LARGEST) if str(file) == "-" else _read(file)
    except OSError as bad:
        raise click.UsageError(f"cannot read {file}: {bad.strerror or bad}") from None
    if not octets.strip():
        raise click.UsageError(f"{file} is empty")
    return octets


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_LARGEST)


def _lab(lab_file: Path | None, stage: str) -> ChosenLab | None:
    """The lab that is meant; None where none was named and none is the only one."""
    if lab_file is None:
        try:
            only_lab()
        except click.UsageError:
            return None
    chosen = the_lab(lab_file, stage=stage)
    if chosen.lab.outsiders:
        raise click.UsageError(
            f"{chosen.lab.outsiders[0]} is a server that somebody else runs; nobody can plan what it does"
        )
    return chosen


def _planned(chosen: ChosenLab, send: Send, tree: Node | None = None) -> Played | None:
    from simulator.plan.messages import planned_message

    if tree is None:
        return planned_message(chosen.lab, chosen.tree, (send,), chosen.begin)
    try:
        lab = chosen.changed(tree)
        return planned_message(lab, tree, (send,), chosen.begin) if lab else None
    except Exception:  # a tree that nobody wrote: whatever a product says of it, it is no lab
        return None


def _known(chosen: ChosenLab) -> KnownNames:
    from simulator.plan.messages import between_servers

    plans = [
        _planned(chosen, Send(who.address, (to,), who.name)) for who, _, to in list(between_servers(chosen.lab))[:30]
    ]
    return KnownNames.of(chosen.lab, *(p for p in plans if p))


def _hops_alone(message: Message) -> list[Hop]:
    return [Hop("", line.by or "(not said)", "", [line]) for line in received_lines(message)]


def _print_head(file: Path, message: Message, report: Message | None, hops: list[Hop]) -> None:
    times = [line.when for hop in hops for line in hop.lines if line.when]
    from simulator.report.hops import span

    took = f" in {span((max(times) - min(times)).total_seconds())}" if len(times) > 1 else ""
    subject = clean(decoded(message.get("Subject") or "(no subject)"), 60)
    count = f"{len(hops)} hop{'' if len(hops) == 1 else 's'}"
    click.echo(f"{clean(str(file))}: {count}{took}, {subject}")
    if report is not None:
        lines = report_text(report)
        click.echo(
            "\nA delivery report; this is the message that it is about." + ("\nThe report says:" if lines else "")
        )
        for line in lines:
            click.echo(line)
    click.echo()


# The envelope


def _envelope(
    message: Message, report: Message | None, chosen: ChosenLab, sender: str, recipient: str
) -> _Envelope | None:
    names = Names.of(chosen.tree, chosen.file)
    told: list[str] = []
    who = _named(names, sender, "--from") if sender else _from(message)
    to = _named(names, recipient, "--to") if recipient else _to(message, report, chosen)
    if who is None or to is None:
        missing = "--from WHO" if who is None else "--to WHO"
        raise click.UsageError(f"the header does not say {'from whom' if who is None else 'to whom'}; say  {missing}")
    if not recipient:
        told.append(
            f"Planned from {names.person(str(who)) or who} to {names.person(str(to)) or to}, as the header says."
        )
    null = not sender and (message.get("Return-Path") or "").strip() == "<>"
    person = names.person(str(who))
    if person:
        return _Envelope(Send(who, (to,), person, null_sender=null), str(who), str(to), tuple(told))
    server, source, helo = _handed_in(message, chosen)
    told.append(f"{who} has no mailbox in the lab; the plan begins at {server}{f', from {source}' if source else ''}.")
    send = Send(who, (to,), source=source, server=server, helo=helo, null_sender=null)
    return _Envelope(send, str(who), str(to), tuple(told))


def _named(names: Names, text: str, option: str) -> Address:
    found = names.address(text)
    if found is None:
        what = "is not a mail address" if "@" in text else f"is nobody in {names.file}"
        raise click.UsageError(f"{option}: {text!r} {what}.{near_miss(text, [n for n, _ in names.people.values()])}")
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


def _to(message: Message, report: Message | None, chosen: ChosenLab) -> Address | None:
    """The first that the lab knows, or else one of a domain of the lab, or else the first."""
    texts = [message.get(name) or "" for name in _TO]
    if report is not None:
        final = re.search(rb"^final-recipient:[^;\r\n]*;([^\r\n]*)", report.rest, re.I | re.M)
        texts.insert(0, final[1].decode("utf-8", "replace") if final else "")
    texts += [line.rcpt for line in reversed(received_lines(message))]
    texts += [value for name in ("To", "Cc") for value in message.all(name)]
    found = list(dict.fromkeys(address for text in texts for address in _addresses(text)))
    people = {box for person in chosen.lab.people.values() for box, _ in person.mailboxes}
    domains = {box.domain for box in people}
    for wanted in (lambda a: a in people, lambda a: a.domain in domains, lambda a: True):
        if known := next(filter(wanted, found), None):
            return known
    return None


def _handed_in(message: Message, chosen: ChosenLab) -> tuple[str, str, str]:
    """Where a stranger's message first came to a server of the lab: the server, the address it came from, its name."""
    known = _known(chosen)
    for line in received_lines(message):
        server, _ = known.find(line.by)
        if server:
            before, _ = known.find(line.helo, line.address)
            return server, "" if before else line.address, "" if before else line.helo
    return next(iter(chosen.lab.servers)), "", ""


def _compared(message: Message, hops: list[Hop], chosen: ChosenLab, envelope: _Envelope) -> Compared:
    played = _planned(chosen, envelope.send)
    assert played is not None
    return compare(message, hops, played, chosen.tree, lambda tree: _planned(chosen, envelope.send, tree))

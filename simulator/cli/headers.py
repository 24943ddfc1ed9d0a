"""`mailflow headers`: the way of a real message, and where it left the one that the rules expect."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from simulator.cli.which_lab import ChosenLab, lab_option, only_lab, the_lab
from simulator.mail.message import Message
from simulator.mail.mime import decoded
from simulator.mail.received import embedded_header, received_lines, the_header
from simulator.played import Played
from simulator.report.real_envelope import NotSaid, RealEnvelope, real_envelope
from simulator.report.real_path import Compared, Hop, KnownNames, compare, real_hops
from simulator.report.real_path_text import (
    clean,
    compared_json,
    compared_text,
    hops_json,
    hops_text,
    report_text,
)  # fmt: skip
from simulator.scenario.model import Send
from simulator.source import Node

__all__ = ["headers"]

_LARGEST = 64 * 2**20


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
    document = {"schema": "mailflow/headers/1", "file": str(file), "report": bool(inner), "hops": hops_json(hops)}
    if not as_json:
        _print_head(file, message, whole if inner else None, hops)
        click.echo(hops_text(hops, lab=chosen is not None))
    if chosen is None or known is None or not hops:
        if as_json:
            click.echo(json.dumps(document, indent=2, ensure_ascii=True))
        elif not no_lab and chosen is None:
            click.echo("\nnot compared with a lab; say  --lab FILE", err=True)
        return 0
    try:
        envelope = real_envelope(message, whole if inner else None, chosen.lab, chosen.tree, known, sender, recipient)
    except NotSaid as missing:
        raise click.UsageError(str(missing)) from None
    found = _compared(message, hops, chosen, envelope)
    if as_json:
        document |= {"lab": chosen.file, "from": envelope.sender, "to": envelope.recipient, **compared_json(found)}
        click.echo(json.dumps(document, indent=2, ensure_ascii=True))
    else:
        click.echo("\n" + compared_text(found, envelope.recipient, envelope.told).lstrip("\n"))
    return 0 if found.left is None else 1


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


def _compared(message: Message, hops: list[Hop], chosen: ChosenLab, envelope: RealEnvelope) -> Compared:
    played = _planned(chosen, envelope.send)
    assert played is not None
    return compare(message, hops, played, chosen.tree, lambda tree: _planned(chosen, envelope.send, tree))

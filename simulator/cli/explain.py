"""`mailflow explain`: asks the rules where a message would go, and why. Sends nothing and opens no socket."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from simulator.cli.which_lab import ChosenLab, lab_option, the_lab
from simulator.cli.with_faults import faults_in, faults_option
from simulator.keyring import KEYRING
from simulator.mail.address import Address
from simulator.plan import PlanEngine
from simulator.played import Played
from simulator.report.explanation import explanation, explanation_json
from simulator.scenario.errors import near_miss
from simulator.scenario.handover import handovers
from simulator.scenario.lab import START
from simulator.scenario.model import Flow, Send
from simulator.scenario.names import Names
from simulator.scenario.values import ip
from simulator.source import NOWHERE, Node
from simulator.topology import Lab
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import World

__all__ = ["explain", "message_of", "planned"]


@click.command(short_help="The way a message would take, and why; sends nothing.")
@click.argument("sender", metavar="FROM")
@click.argument("recipient", metavar="TO")
@lab_option
@click.option("--at", "stage", default="", metavar="STAGE", help="The lab as it is in this stage of a scenario file.")
@click.option("--flow", default="", metavar="NAME", help="The lab as this flow of a scenario file has it.")
@click.option("--why-not", "connector", metavar="CONNECTOR", help="Why it is not used, and what would change that.")
@click.option("--as", "source", default="", metavar="IP", help="The address that the message comes from.")
@click.option("--server", default="", metavar="HOST", help="Where it is handed in: a server of the lab or a host name.")
@click.option("--helo", default="", metavar="NAME", help="The name that the client says.")
@click.option("--tls", type=click.Choice(["on", "off"]), help="Whether the client uses STARTTLS.")
@faults_option
@click.option("--null-sender", is_flag=True, help="The envelope says <>, as a report's does.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def explain(
    sender: str, recipient: str, lab_file: Path | None, stage: str, flow: str, connector: str | None, source: str, server: str,
    helo: str, tls: str | None, with_faults: tuple[str, ...], null_sender: bool, as_json: bool,
) -> None:  # fmt: skip
    """Say which way a message from FROM to TO would take, and why.

    FROM and TO are people of the lab or addresses. Nothing is sent: the rules are asked.

    \b
    mailflow explain Sun John
    mailflow explain Sun John --why-not "O365 to own servers"
    mailflow explain eve@evil.example Sun --server m365 --as 192.0.2.66
    mailflow explain Sun John --with "at: onprem, down: 3d"
    """
    chosen = the_lab(lab_file, stage=stage, flow=flow)
    more = faults_in(with_faults, chosen.lab)
    chosen = replace(chosen, lab=replace(chosen.lab, faults=(*chosen.lab.faults, *more)))
    for warning in chosen.warnings:
        click.echo(f"{warning.at}  warning: {warning.says}", err=True)
    send = message_of(chosen, sender, (recipient,), source, server, helo, tls or "", null_sender)
    played, later = planned(chosen.lab, chosen.tree, send, chosen.begin)
    if connector is not None:
        _why_not(chosen, send, played, connector, as_json)
    elif as_json:
        click.echo(json.dumps(explanation_json(played, later), indent=2, ensure_ascii=True))
    else:
        click.echo(explanation(played, later))


def planned(lab: Lab, tree: Node, send: Send, begin: datetime) -> tuple[Played, Played | None]:
    """The message up to its first attempts, and where it then waits once more after all retries."""
    flow = Flow("explain", NOWHERE, None, lab, tree, (send,), ())
    world = World(lab, Log(begin), keys=KEYRING)
    engine = PlanEngine(world, START)
    for handover in handovers(flow, world):
        journey = submit(world, handover.errand, handover.target, person=handover.person, server=handover.server)
        engine.submit(journey, handover.certificate)
    engine.run(first_attempts_only=True)
    first = Played.read(world, "plan")
    if not len(world.queue):
        return first, None
    kept = Log(begin)
    kept.events = list(world.log.events)
    engine.run()
    return Played(
        first.engine, lab, kept, first.endings, first.reports, first.deliveries, first.balance, first.took
    ), Played.read(world, "plan")


def message_of(
    chosen: ChosenLab, sender: str, recipients: tuple[str, ...], source: str = "", server: str = "", helo: str = "",
    tls: str = "", null_sender: bool = False,
) -> Send:  # fmt: skip
    """The message that a command line describes. Raises `click.UsageError` where it cannot be handed in."""
    names = Names.of(chosen.tree, chosen.file)
    who, to = _address(names, sender), tuple(_address(names, recipient) for recipient in recipients)
    if len(chosen.sends) == 1 and not (source or server or helo or tls or null_sender):
        (one,) = chosen.sends  # as the flow hands it in: from where, to which server, with what
        if one.sender == who and set(to) <= set(one.to):
            return replace(one, to=to)
    if server and not names.server(server) and "." not in server:
        raise click.UsageError(f"no server {server!r} in {chosen.file}.{near_miss(server, names.servers.values())}")
    if not server and not names.person(sender):
        known = ", ".join(names.servers.values())
        raise click.UsageError(f"{who} has no mailbox in {chosen.file}; say where it hands in mail: --server ({known})")
    try:
        source = ip(source) if source else ""
    except ValueError as bad:
        raise click.UsageError(f"--as: {bad}.") from None
    return Send(
        who, to, names.person(sender), source=source, server=names.server(server) or server, helo=helo, tls=tls,
        null_sender=null_sender,
    )  # fmt: skip


def _address(names: Names, text: str) -> Address:
    found = names.address(text)
    if found is None:
        people = [name for name, _ in names.people.values()]
        what = "is not a mail address" if "@" in text else f"is nobody in {names.file}"
        raise click.UsageError(f"{text!r} {what}.{near_miss(text, people)}")
    return found


def _why_not(chosen: ChosenLab, send: Send, played: Played, name: str, as_json: bool) -> None:
    from simulator.report.whynot import connectors_of, why_not
    from simulator.report.whynot_text import why_not_json, why_not_text

    def play(tree: Node) -> Played | None:
        try:
            lab = chosen.changed(tree)
        except Exception:  # a tree that nobody wrote: whatever a product says of it, it is no lab
            return None
        return planned(lab, tree, send, chosen.begin)[0] if lab else None

    known = connectors_of(chosen.tree)
    meant = [c for c in known if c.name.casefold() == name.casefold()]
    if not meant:
        names = [c.name for c in known]
        raise click.UsageError(f"no connector {name!r} in {chosen.file}.{near_miss(name, names)}")
    answers = [why_not(chosen.tree, connector, played, play) for connector in meant]
    if as_json:
        click.echo(json.dumps(why_not_json(played, answers), indent=2, ensure_ascii=True))
    else:
        click.echo("\n\n".join(why_not_text(played, answer) for answer in answers))

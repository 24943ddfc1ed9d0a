"""`mailflow validate`: the two tests of a connector, with their sub-steps."""

from __future__ import annotations

import json
from pathlib import Path

import click

from simulator.cli.last import remember
from simulator.cli.which_lab import ChosenLab, lab_option, the_lab
from simulator.keyring import KEYRING
from simulator.mail.address import Address
from simulator.report.validation import validation_json, validation_text
from simulator.scenario.names import Names
from simulator.scenario.validate import read_validate
from simulator.source import Node, ProblemList
from simulator.trace import Log
from simulator.validation import Validation
from simulator.validation import validate as script
from simulator.world import World

__all__ = ["validate"]


@click.command(short_help="The two tests of a connector, with their sub-steps.")
@click.argument("connector")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    required=True,
    metavar="ADDRESS",
    help="Who gets a test message; may be repeated.",
)
@lab_option
@click.option("--at", "stage", default="", metavar="STAGE", help="The lab as it is in this stage of a scenario file.")
@click.option("--flow", default="", metavar="NAME", help="The lab as this flow of a scenario file has it.")
@click.option("--server", default="", metavar="NAME", help="Whose connector, where two servers have one of that name.")
@click.option("--plan", is_flag=True, help="Computed: nothing is sent.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--network", type=click.Choice(["auto", "loopback-net", "single"]), default="auto", hidden=True)
def validate(
    connector: str, recipients: tuple[str, ...], lab_file: Path | None, stage: str, flow: str, server: str, plan: bool,
    as_json: bool, network: str,
) -> None:  # fmt: skip
    """Validate CONNECTOR as the admin centre does: connectivity to its smart hosts, then a test message.

    \b
    mailflow validate "O365 to own servers" --to john@contoso.com
    mailflow validate "O365 to own servers" --to John --to nobody@contoso.com --json
    mailflow validate "O365 to own servers" --to John --plan

    The sessions and the message are real ones in a lab of their own, on this computer. A failed task is exit code 1.
    Only connectors from Office 365 can be validated. Neither the cmdlet nor this command sets IsValidated or
    LastValidationTimestamp; Set-OutboundConnector does. A test message that waits after its first attempt has failed.
    `mailflow trace last` shows the test messages in the message trace.
    """
    chosen = the_lab(lab_file, stage=stage, flow=flow)
    for warning in chosen.warnings:
        click.echo(f"{warning.at}  warning: {warning.says}", err=True)
    if plan and chosen.lab.outsiders:
        raise click.UsageError(
            f"{chosen.lab.outsiders[0]} is a server that somebody else runs; nobody can plan what it does. Leave out --plan."
        )
    where, name, to = _meant(chosen, connector, recipients, server)
    world = World(chosen.lab, Log(chosen.begin), seed=7, keys=KEYRING)
    done = _planned(world, where, name, to) if plan else _over_the_wire(world, where, name, to, network)
    remember(world.lab, world.log)
    if as_json:
        click.echo(json.dumps(validation_json(done, "plan" if plan else "live"), indent=2, ensure_ascii=True))
    else:
        click.echo(validation_text(done))
    if not done.ok:
        raise SystemExit(1)


def _meant(
    chosen: ChosenLab, connector: str, recipients: tuple[str, ...], server: str
) -> tuple[str, str, tuple[Address, ...]]:
    """Which server and connector, and whose addresses: as a step of a scenario says it."""
    names = Names.of(chosen.tree, chosen.file)
    if server and not names.server(server):
        from simulator.scenario.errors import near_miss

        raise click.UsageError(f"no server {server!r} in {chosen.file}.{near_miss(server, names.servers.values())}")
    words = {"connector": connector, "to": list(recipients), **({"server": server} if server else {})}
    problems = ProblemList()
    asked = read_validate(chosen.tree, Node.of({"validate": words}), problems)
    if asked is None:
        problem = problems.errors[0]
        raise click.UsageError(f"{problem.says} {problem.fix}".strip())
    return asked.server, asked.connector, asked.recipients


def _planned(world: World, server: str, connector: str, to: tuple[Address, ...]) -> Validation:
    from simulator.plan import PlanEngine
    from simulator.scenario.lab import START

    return PlanEngine(world, START).play(script(world, server, connector, to))


def _over_the_wire(world: World, server: str, connector: str, to: tuple[Address, ...], network: str) -> Validation:
    from simulator.live.interrupt import run_interruptibly
    from simulator.live.lab import LiveLab
    from simulator.scenario.lab import START

    async def played() -> Validation:
        async with LiveLab(world.lab, start=START, plan=network, seed=world.seed) as live:
            await live.begin(world)
            return await live.play(script(world, server, connector, to))

    return run_interruptibly(played)

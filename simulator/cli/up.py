"""`mailflow up`: keeps a lab's servers running for other programs, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from simulator.cli import running_lab
from simulator.cli.last import Keeper
from simulator.cli.running_lab import AnotherRuns, RunningLabFile, registered
from simulator.cli.wall_clock import today
from simulator.cli.which_lab import ChosenLab, lab_option, the_lab
from simulator.keyring import KEYRING
from simulator.live.addresses import HOME, best_plan
from simulator.live.control import ControlServer
from simulator.live.interrupt import run_interruptibly
from simulator.live.lab import LiveLab
from simulator.live.running import RunningLab
from simulator.mail.path import print_path
from simulator.policy.host import LAB_PASSWORD
from simulator.trace import Log
from simulator.world import World

__all__ = ["up"]

_LOOK = 0.05  # real seconds between two looks at the queue
_DOORS = 100  # from the first port to the first door


@click.command(short_help="Keep a lab's servers running.")
@click.argument("lab", required=False, metavar="[LAB]", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@lab_option
@click.option("--port", default=2525, show_default=True, type=click.IntRange(1, 65000), help="The first port to use.")
@click.option(
    "--clock", type=click.Choice(["real", "auto", "manual"]), default="real", show_default=True,
    help="Mail time: as on the wall; jumping to what is due next; or standing still until `mailflow clock`.",
)  # fmt: skip
@click.option("--network", type=click.Choice(["auto", "loopback-net", "single"]), default="auto", hidden=True)
def up(lab: Path | None, lab_file: Path | None, port: int, clock: str, network: str) -> None:
    """Keep the servers of a lab running on loopback, until Ctrl-C.

    \b
    mailflow up --lab scenarios/labs/contoso.yaml
    mailflow send --from Sun --to Bob                       in another terminal
    mailflow break onprem down 10m
    swaks --server ADDRESS:PORT --from sun@customer.example --to bob@contoso.com

    A client that binds the loopback address of a server is taken for that server (swaks --local-interface); any other
    one is a stranger. Where there is one address only, a server has a port for each host that a client may be.
    """
    if lab and lab_file:
        raise click.UsageError("say which lab once: LAB or --lab FILE")
    chosen = the_lab(lab or lab_file)
    run_interruptibly(lambda: _serve(chosen, port, network, clock))


async def _serve(chosen: ChosenLab, port: int, network: str, clock: str) -> None:
    start = today()
    lab = chosen.beginning(start)
    plan = best_plan() if network == "auto" else network
    ports = _ports(lab.servers, port, one_address=plan == "single")
    first_door = port + _DOORS if plan == "single" else None
    async with LiveLab(lab, start=start, plan=plan, fixed_ports=ports, mode=clock, first_door=first_door) as live:
        world = World(lab, Log(start), keys=KEYRING)
        await live.begin(world)
        running = RunningLab(live, chosen.tree, chosen.file, keep=Keeper(lab, world.log).write)
        async with ControlServer(running.perform) as door:
            with _registered(RunningLabFile(HOME, door.port, door.token, os.getpid(), chosen.file, clock)):
                _tell(await running.perform("status", {}))
                await _work(running)


async def _work(running: RunningLab) -> None:
    """Moves mail and says what became of it, for ever."""
    world, told = running.world, set[str]()
    while True:
        before = len(world.log.events)
        await running.work()
        for msg in running.mail.news():
            for ending in running.mail.endings(msg, running.live.lab):
                key = f"{msg} {ending.copy} {ending.rcpt} {ending.path}"
                if key not in told and ending.event.type != "accepted":
                    told.add(key)
                    click.echo(f"{world.now:%H:%M:%S}  {msg}  {print_path(ending.path)}")
        await asyncio.sleep(0 if len(world.log.events) > before else _LOOK)


@contextlib.contextmanager
def _registered(found: RunningLabFile) -> Iterator[None]:
    """Lets other commands find this lab; where that cannot be, says so and goes on without."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(registered(found))
        except (AnotherRuns, OSError, running_lab.NoRunningLab) as why:
            click.echo(f"mailflow: send, break and clock will not find this lab: {why}", err=True)
        yield


def _ports(servers: Iterable[str], first: int, *, one_address: bool) -> dict[tuple[str, int], int]:
    """A real port for each server's 25 and 587: the same two everywhere, or consecutive ones on one address."""
    step = 2 if one_address else 0
    return {(n, p): first + i * step + o for i, n in enumerate(servers) for o, p in enumerate((25, 587))}


def _tell(status: Mapping[str, Any]) -> None:
    click.echo(f"{status['name']} is running. Nothing here can send mail outside this computer.\n")
    for server in status["servers"]:
        if not server["ports"] or server["down"]:
            continue
        where = "  ".join(f"{p} -> {ip}:{real}" for p, (ip, real) in server["ports"].items())
        tls = "STARTTLS" if server["tls"] else "no TLS"
        click.echo(f"  {server['name']:<10} {server['product']:<16} {server['fqdn']:<42} {where}   {tls}")
    _tell_who_is_who(status["servers"])
    ip, dns = status["dns"]
    domain = next((address.partition("@")[2] for address in status["people"].values()), "example.com")
    click.echo(f"\n  DNS        dig -p {dns} @{ip} {domain} MX")
    click.echo(f"  login      a person's address, password {LAB_PASSWORD}, on 587")
    first, *others = status["people"] or ["somebody@example.com"]
    click.echo(f"  try        mailflow send --from {first} --to {(others or [first])[0]}")
    click.echo(f"  clock      {_CLOCKS[status['clock']]}\n\nCtrl-C stops it.")


def _tell_who_is_who(servers: Sequence[Mapping[str, Any]]) -> None:
    """How a client appears as which host."""
    if any(server["doors"] for server in servers):
        click.echo("\n  a client is a stranger, or at one of these ports")
        for server in servers:
            ports = "  ".join(f"{client} {ip}:{port}" for client, (ip, port) in server["doors"].items())
            click.echo(f"    to {server['name']:<10} {ports}" if ports else "", nl=bool(ports))
    else:
        hosts = "  ".join(f"{server['name']} {server['source']}" for server in servers)
        click.echo(f"\n  a client is a stranger, or binds  {hosts}")


_CLOCKS = {
    "real": "real: mail time goes as fast as yours",
    "auto": "auto: mail time jumps to what is due next when no client is connected",
    "manual": "manual: mail time stands still;  mailflow clock advance 15m,  clock to 22:30,  clock next",
}

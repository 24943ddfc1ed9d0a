"""`mailflow up`: keeps a lab's servers running for other programs, until Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import click

from simulator.cli.last import Keeper
from simulator.cli.wall_clock import today
from simulator.cli.which_lab import ChosenLab, lab_option, the_lab
from simulator.keyring import KEYRING
from simulator.live.addresses import best_plan
from simulator.live.interrupt import run_interruptibly
from simulator.live.lab import LiveLab
from simulator.mail.path import print_path
from simulator.paths import endings
from simulator.policy.host import LAB_PASSWORD
from simulator.trace import Log
from simulator.world import World

__all__ = ["up"]

_LOOK = 0.1  # real seconds between two looks at the queue


@click.command(short_help="Keep a lab's servers running.")
@lab_option
@click.option("--port", default=2525, show_default=True, type=click.IntRange(1, 65000), help="The first port to use.")
@click.option("--network", type=click.Choice(["auto", "loopback-net", "single"]), default="auto", hidden=True)
def up(lab_file: Path | None, port: int, network: str) -> None:
    """Keep the servers of a lab running on loopback, until Ctrl-C.

    \b
    mailflow up --lab scenarios/labs/contoso.yaml
    swaks --server ADDRESS:PORT --from sun@customer.example --to bob@contoso.com

    A client that binds the loopback address of a server is taken for that server; any other one is a stranger.
    """
    chosen = the_lab(lab_file)
    run_interruptibly(lambda: _serve(chosen, port, network))


async def _serve(chosen: ChosenLab, port: int, network: str) -> None:
    start = today()
    lab = chosen.beginning(start)
    plan = best_plan() if network == "auto" else network
    ports = _ports(lab.servers, port, one_address=plan == "single")
    async with LiveLab(lab, start=start, plan=plan, fixed_ports=ports, mode="real") as live:
        world = World(lab, Log(start), keys=KEYRING)
        await live.begin(world)
        _tell(live)
        told: set[str] = set()
        keeper = Keeper(lab, world.log)
        while True:
            await live.run()
            keeper.write()
            for ending in endings(world.log, lab):
                key = f"{ending.msg} {ending.copy} {ending.path}"
                if key not in told and ending.event.type != "accepted":
                    told.add(key)
                    click.echo(f"{world.now:%H:%M:%S}  {ending.msg}  {print_path(ending.path)}")
            await asyncio.sleep(_LOOK)


def _ports(servers: Iterable[str], first: int, *, one_address: bool) -> dict[tuple[str, int], int]:
    """A real port for each server's 25 and 587: the same two everywhere, or consecutive ones on one address."""
    step = 2 if one_address else 0
    return {(n, p): first + i * step + o for i, n in enumerate(servers) for o, p in enumerate((25, 587))}


def _tell(live: LiveLab) -> None:
    click.echo(f"{live.lab.name} is running. Nothing here can send mail outside this computer.\n")
    for server in live.lab.servers.values():
        if server.name not in live.lab.hosts or server.name in live.lab.down:
            continue
        where = "  ".join(f"{p} -> {ip}:{real}" for p in (25, 587) for ip, real in [live.endpoint(server.name, p)])
        product = live.lab.hosts[server.name].product
        tls = "STARTTLS" if server.certificate else "no TLS"
        click.echo(f"  {server.name:<10} {product:<16} {server.fqdn:<42} {where}   {tls}")
    ip, dns = live.nameserver.endpoint
    click.echo(f"\n  DNS        dig -p {dns} @{ip} contoso.com MX".replace("contoso.com", _some_domain(live)))
    click.echo(f"  login      a person's address, password {LAB_PASSWORD}, on 587\n\nCtrl-C stops it.")


def _some_domain(live: LiveLab) -> str:
    return next((p.address.domain for p in live.lab.people.values()), "example.com")

"""`mailflow relays`: who can send through each server of a lab, as whom, to whom."""

from __future__ import annotations

import json
from pathlib import Path

import click

from simulator.cli.which_lab import lab_option, the_lab
from simulator.keyring import KEYRING
from simulator.plan.relays import relay_matrix
from simulator.report.relay_text import relay_json, relay_text

__all__ = ["relays"]


@click.command(short_help="Who can send through each server, as whom, to whom.")
@lab_option
@click.option("--at", "stage", default="", metavar="STAGE", help="The lab as it is in this stage of a scenario file.")
@click.option("--flow", default="", metavar="NAME", help="The lab as this flow of a scenario file has it.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, every single question with the server's answer.")
def relays(lab_file: Path | None, stage: str, flow: str, as_json: bool) -> None:
    """Ask every server of a lab to pass mail on, in the name of everybody who could; nothing is sent.

    \b
    mailflow relays
    mailflow relays --lab scenarios/labs/gateway.yaml --json

    A client is a stranger, a stranger with a forged certificate, another server by its address or its certificate, or
    somebody who logged in. `-` was refused. OPEN is mail to others from somebody who has no right to that; it is exit code 1.
    The invariant `no open relay` asks the same.
    """
    chosen = the_lab(lab_file, stage=stage, flow=flow)
    cells = relay_matrix(chosen.lab, chosen.begin, KEYRING)
    wrong = sum(1 for cell in cells if cell.is_unexpected)
    if as_json:
        click.echo(json.dumps(relay_json(cells), indent=1))
    else:
        click.echo(relay_text(cells))
        click.echo(f"\n{len(cells)} questions, {wrong} open that should not be")
    if wrong:
        raise SystemExit(1)

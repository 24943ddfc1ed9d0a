"""`mailflow import`: a lab and the flows of today from what a tenant, a server or a name server exports."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import click

from simulator.files import UnreadableFiles, read_text, shortest
from simulator.importing.assembling import Assembled, assemble
from simulator.importing.flows import Today, scenario_text, todays_flows
from simulator.importing.found import Found, Note, Object
from simulator.importing.mapping import mapping_json, mapping_lines, mapping_text
from simulator.importing.reading import read_file
from simulator.importing.sorting import sort_records
from simulator.products.places import OWN_KINDS
from simulator.scenario.errors import ScenarioError, render
from simulator.source import Problem, ProblemList, Source

__all__ = ["import_"]


@click.command("import", short_help="A lab and its flows from a tenant's export, zone files, addresses.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path), default=".", help="Where to write (here)."
)
@click.option("--name", default="", metavar="NAME", help="What the lab is called; left out: by its default domain.")
@click.option(
    "--onprem", type=click.Choice(OWN_KINDS), help="What the organisation's own server is, where no record says."
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def import_(files: tuple[Path, ...], folder: Path, name: str, onprem: str | None, force: bool, as_json: bool) -> None:
    """Make a lab of FILES, a scenario of today's flows, and a report of what became of every setting.

    \b
    Get-InboundConnector  | ConvertTo-Json -Depth 5 | Out-File in.json
    Get-OutboundConnector -IncludeTestModeConnectors $true | ConvertTo-Json -Depth 5 | Out-File out.json
    Get-AcceptedDomain    | ConvertTo-Json -Depth 5 | Out-File domains.json
    mailflow import in.json out.json domains.json
    mailflow import tenant.ps1 contoso.com.zone people.csv --out rehearsal --onprem smartermail

    Read are records of Get-InboundConnector, Get-OutboundConnector, Get-AcceptedDomain, Get-RemoteDomain, Get-TransportRule,
    Get-Recipient, Get-Mailbox, Get-MailUser, Get-SendConnector, Get-ReceiveConnector, Get-RemoteMailbox and tenant-wide
    settings, as JSON or CLIXML; Microsoft365DSC; SmarterMail's domain settings; zone files; addresses as CSV; and what
    mailflow export --powershell wrote. Files may be called as they like.

    What decides is kept under its own name. What is not modelled or not known is kept as a comment, and told. What no
    record says, such as what the own server is, is guessed, and told. Nothing is asked of the tenant.
    """
    found, sources = _found(files)
    objects = sort_records(found)
    if not objects and not found.zones and not found.addresses:
        told = mapping_text(objects, found)
        raise ScenarioError(
            [Problem(n.at, n.why or told) for n in found.notes if n.at]
            or [Problem(_beginning(files[0]), "nothing is in it")]
        )
    title = re.sub(r"[^\w .-]+", "-", name).strip(" .-")[:64] or _title(objects, found)
    lab_file, scenario_file, report_file = (
        folder / part for part in (f"labs/{title}.yaml", "scenarios/as-is.yaml", "import-report.txt")
    )
    for path in (lab_file, scenario_file, report_file):
        if path.exists() and not force:
            raise click.UsageError(f"{shortest(path)} is there already; --force writes over it")
    made = assemble(objects, found, name=title, file=shortest(lab_file), sources=sources, own=onprem or "")
    flows = todays_flows(made, found)
    written = {
        lab_file: made.text,
        scenario_file: scenario_text(title, flows, lab_file.as_posix(), scenario_file.as_posix(), sources),
        report_file: mapping_lines(found),
    }
    for path, text in written.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as bad:
            raise click.UsageError(f"{path} cannot be written: {bad.strerror}") from None
    names = [shortest(path) for path in written]
    if as_json:
        told_flows = [{"name": f.name, "path": list(f.sentences), "arrives": f.arrives} for f in flows]
        document = {
            "schema": "mailflow/import/1",
            "files": names,
            **mapping_json(objects, found),
            "flows": told_flows,
            "warnings": made.warnings,
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=True))
        return
    click.echo(mapping_text(objects, found))
    for warning in made.warnings:
        click.echo(f"  warning       {warning}")
    _next(made, flows, names, folder)


def _next(made: Assembled, flows: list[Today], names: list[str], folder: Path) -> None:
    click.echo(f"wrote {names[0]} ({len(made.lab.servers)} servers, {len(made.people)} people)")
    failing = sum(1 for flow in flows if not flow.arrives)
    note = f", {failing} of them not delivered" if failing else ""
    click.echo(f"      {names[1]} ({len(flows)} flows as they are today{note})")
    click.echo(f"      {names[2]} (what became of every setting)")
    click.echo(f"next: {'' if folder == Path() else f'cd {folder.as_posix()}; '}mailflow run")


def _found(files: Sequence[Path]) -> tuple[Found, tuple[str, ...]]:
    """What all files hold; the problems of all of them at once."""
    found, problems, texts = Found(), ProblemList(), dict[str, str]()
    names = tuple(shortest(path) for path in files)
    for name in names:
        try:
            texts[name] = read_text(name)
            read_file(texts[name], name, found, problems)
        except ScenarioError as bad:
            problems.take(bad.problems)
    if problems.errors:
        raise UnreadableFiles(problems.items, render(problems.items, texts))
    found.notes += [Note("not read", "", "", why=problem.says, at=problem.at) for problem in problems.warnings]
    return found, tuple(re.split(r"[\\/]", name)[-1] for name in names)


def _beginning(path: Path) -> Source:
    """The beginning of a file."""
    return Source(shortest(path), 1, 1)


def _title(objects: list[Object], found: Found) -> str:
    """A name for the files: of the default domain, or the first that is not the service's."""
    domains = [o for o in objects if o.shape.section in ("AcceptedDomains", "Domains")]
    marked = [o for o in domains if (node := o.settings.get("Default")) and node.text.casefold() in ("true", "$true")]
    custom = [o for o in domains if not o.name.lower().endswith(".onmicrosoft.com")]
    zones = [owner.key for zone in found.zones for owner in zone.entries if owner.node.get("MX")]
    name = (marked or custom or domains)[0].name if domains else next(iter(zones), "imported")
    return re.sub(r"[^a-z0-9-]+", "-", name.lower().partition(".")[0]).strip("-") or "imported"

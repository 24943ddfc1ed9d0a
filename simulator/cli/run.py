"""`mailflow run`: plays scenarios over real SMTP and asserts on their paths."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from simulator.cli.last import remember
from simulator.cli.outputs import Outputs, output_options
from simulator.cli.progress import Progress
from simulator.cli.wall_clock import today
from simulator.cli.with_faults import all_with, faults_option
from simulator.cli.writing import CannotWrite, write_all
from simulator.files import NothingFound, find_scenarios, load_all
from simulator.mail.path import folded
from simulator.parallel import processors, run_in_processes
from simulator.report.artifacts import stem
from simulator.report.record import record_text
from simulator.report.run_text import failures, heading, lines, summary
from simulator.runner import Options, RunResult
from simulator.scenario.errors import near_miss
from simulator.scenario.scenario import Scenario

__all__ = ["run"]

_MOST_PROCESSES = 64


def _count(ctx: click.Context, param: click.Parameter, value: str) -> int:
    if value == "auto":
        return processors()
    if not value.isdecimal() or not 0 < int(value) <= _MOST_PROCESSES:
        raise click.BadParameter(f"write a number from 1 to {_MOST_PROCESSES}, or auto")
    return int(value)


@click.command(short_help="Play scenarios over real SMTP and assert on their paths.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-k", "keyword", default="", help="Only flows whose file, scenario, name or tags hold this (and, or, not)."
)
@click.option("--stage", default="", metavar="NAME", help="Only the flows of this stage.")
@click.option(
    "--accept", "accepting", is_flag=True, help="Write what was played into the files where sentences differ."
)
@click.option("-x", "fail_fast", is_flag=True, help="Stop at the first failure.")
@click.option(
    "-n",
    "processes",
    default="1",
    metavar="N",
    callback=_count,
    help="Play in N processes; auto: one for each processor.",
)
@click.option("--plan", "engine", flag_value="plan", help="Policy only: nothing is sent.")
@click.option("--live", "engine", flag_value="live", help="Real SMTP only.")
@click.option("--both", "engine", flag_value="both", default=True, help="Both, and they must agree (default).")
@output_options
@click.option("--events", type=click.Path(file_okay=False, path_type=Path), help="Write each flow's event log there.")
@faults_option
@click.option("--seed", default=7, show_default=True, help="Decides every choice that a product leaves to chance.")
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1), help="Play everything N times.")
@click.option("-q", "--quiet", is_flag=True, help="Only failures and the summary.")
@click.option("--network", type=click.Choice(["auto", "loopback-net", "single"]), default="auto", hidden=True)
def run(
    paths: tuple[Path, ...], keyword: str, fail_fast: bool, processes: int, engine: str, events: Path | None,
    with_faults: tuple[str, ...], seed: int, repeat: int, quiet: bool, network: str, stage: str, accepting: bool,
    **files: Any,
) -> None:  # fmt: skip
    """Play scenarios over real SMTP and assert on their paths.

    PATHS are scenario files or folders; without any, ./scenarios.

    \b
    mailflow run                                everything under ./scenarios
    mailflow run scenarios/flows.yaml -k Sun    the flows with Sun
    mailflow run --plan                         policy only, in a fraction of the time
    mailflow run -n auto --junit junit.xml --artifacts out    in a pipeline
    mailflow run --json - | jq .summary         for scripts
    mailflow run --with "at: onprem, down: 1h"  what holds when something goes wrong
    """
    began, when = time.perf_counter(), today()
    outputs = Outputs(**files)
    outputs.check()
    try:
        scenarios = all_with(with_faults, load_all(find_scenarios(paths)))
    except NothingFound as nothing:
        click.echo(str(nothing), err=True)
        sys.exit(5)
    if stage:
        _check_stage(stage, scenarios)
    options = Options(engine, keyword, fail_fast, seed, network, stage)
    result, complaints = RunResult(options), list[str]()
    with Progress(sum(len(s.flows) for s in scenarios) * repeat) as progress:
        for turn in range(repeat):
            result = run_in_processes(options, scenarios, processes, progress.told)
            if events:
                try:
                    write_all(events / f"run-{turn + 1}" if repeat > 1 else events, _events(result))
                except CannotWrite as bad:  # what was played is told nevertheless
                    complaints.append(bad.message)
            if result.exit_code or complaints:
                break
    if result.exit_code == 5:
        click.echo(f"no flow is selected by -k {keyword!r}" if keyword else "no flow was found", err=True)
        sys.exit(5)
    kept = next((f for f in result.flows() if f.status != "pass"), [*result.flows()][-1]).played
    remember(kept.lab, kept.log)
    complaints += outputs.write(result, when)  # before anything is printed, which may fail as well
    _print(result, scenarios, quiet=quiet, err=outputs.is_json_on_stdout)
    for mark in outputs.marks(result):
        click.echo(mark, err=outputs.is_json_on_stdout)
    click.echo(f"\n{summary(result, time.perf_counter() - began)}", err=outputs.is_json_on_stdout)
    if accepting and result.exit_code:
        from simulator.cli.accept import accept

        accepted = accept(result)
        click.echo("\n".join(accepted.lines), err=outputs.is_json_on_stdout)
        _leave(0 if accepted.all else 1, complaints)
    _leave(result.exit_code, complaints)


def _leave(code: int, complaints: list[str]) -> NoReturn:
    """What failed counts more than what could not be written; that is never a success."""
    for complaint in complaints:
        click.echo(f"mailflow: {complaint}", err=True)
    sys.exit(code or (CannotWrite.exit_code if complaints else 0))


def _check_stage(name: str, scenarios: list[Scenario]) -> None:
    known = [stage.name for scenario in scenarios for stage in scenario.stages]
    if folded(name) not in map(folded, known):
        raise click.UsageError(f"no stage {name!r}.{near_miss(name, known)}")


def _print(result: RunResult, scenarios: list[Scenario], *, quiet: bool, err: bool) -> None:
    click.echo(heading(result), err=err)
    for scenario in scenarios:
        for warning in scenario.warnings:
            click.echo(f"{warning.at}  warning: {warning.says}", err=True)
    if not quiet:
        for played in result.scenarios:
            click.echo("\n" + lines(played), err=err)
    told = failures(result)
    if told:
        click.echo("\n" + told, err=err)


def _events(result: RunResult) -> Iterator[tuple[str, str]]:
    for scenario in result.scenarios:
        for number, flow in enumerate(scenario.flows, 1):
            name = f"{stem(scenario.scenario.file)}.{number:03}.jsonl"
            yield name, record_text(flow.played.lab, flow.played.log)

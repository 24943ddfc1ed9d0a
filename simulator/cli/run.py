"""`mailflow run`: plays scenarios over real SMTP and asserts on their paths."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from simulator.cli.last import remember
from simulator.cli.with_faults import all_with, faults_option
from simulator.files import NothingFound, find_scenarios, load_all
from simulator.report.record import record_text
from simulator.report.run_json import run_document
from simulator.report.run_text import failures, heading, lines, summary
from simulator.runner import FlowResult, Options, Runner, RunResult
from simulator.scenario.scenario import Scenario

__all__ = ["run"]

_PATIENCE = 0.4  # seconds before progress is shown


@click.command(short_help="Play scenarios over real SMTP and assert on their paths.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("-k", "keyword", default="", help="Only flows whose file, scenario or name holds this (and, or, not).")
@click.option("-x", "fail_fast", is_flag=True, help="Stop at the first failure.")
@click.option("--plan", "engine", flag_value="plan", help="Policy only: nothing is sent.")
@click.option("--live", "engine", flag_value="live", help="Real SMTP only.")
@click.option("--both", "engine", flag_value="both", default=True, help="Both, and they must agree (default).")
@click.option("--json", "json_file", type=click.Path(dir_okay=False), help="Write one JSON document; - for stdout.")
@click.option("--events", type=click.Path(file_okay=False, path_type=Path), help="Write each flow's event log there.")
@faults_option
@click.option("--seed", default=7, show_default=True, help="Decides every choice that a product leaves to chance.")
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1), help="Play everything N times.")
@click.option("-q", "--quiet", is_flag=True, help="Only failures and the summary.")
@click.option("--network", type=click.Choice(["auto", "loopback-net", "single"]), default="auto", hidden=True)
def run(
    paths: tuple[Path, ...], keyword: str, fail_fast: bool, engine: str, json_file: str | None, events: Path | None,
    with_faults: tuple[str, ...], seed: int, repeat: int, quiet: bool, network: str,
) -> None:  # fmt: skip
    """Play scenarios over real SMTP and assert on their paths.

    PATHS are scenario files or folders; without any, ./scenarios.

    \b
    mailflow run                                everything under ./scenarios
    mailflow run scenarios/flows.yaml -k Sun    the flows with Sun
    mailflow run --plan                         policy only, in a fraction of the time
    mailflow run --json - | jq .summary         for scripts
    mailflow run --with "at: onprem, down: 1h"  what holds when something goes wrong
    """
    began = time.perf_counter()
    if json_file and json_file != "-" and not Path(json_file).absolute().parent.is_dir():
        raise click.UsageError(f"cannot write {json_file}: there is no such folder")
    try:
        scenarios = all_with(with_faults, load_all(find_scenarios(paths)))
    except NothingFound as nothing:
        click.echo(str(nothing), err=True)
        sys.exit(5)
    chatter = json_file == "-"
    options = Options(engine, keyword, fail_fast, seed, network)
    result = RunResult(options)
    progress = _Progress(sum(len(s.flows) for s in scenarios) * repeat)
    for turn in range(repeat):
        result = Runner(options, progress.told).run(scenarios)
        if events:
            _write_events(events / f"run-{turn + 1}" if repeat > 1 else events, result)
        if result.exit_code:
            break
    progress.clear()
    if result.exit_code == 5:
        click.echo(f"no flow is selected by -k {keyword!r}" if keyword else "no flow was found", err=True)
        sys.exit(5)
    kept = next((f for f in result.flows() if f.status != "pass"), [*result.flows()][-1]).played
    remember(kept.lab, kept.log)
    _print(result, scenarios, time.perf_counter() - began, quiet=quiet, err=chatter)
    if json_file:
        text = json.dumps(run_document(result), indent=1, ensure_ascii=False)
        if chatter:
            click.echo(text)
        else:
            _write(Path(json_file), text + "\n")
    sys.exit(result.exit_code)


class _Progress:
    """One line on a terminal's stderr, once a run takes longer than people like to wait; never in a log."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.width = total, 0, 0
        self.began = time.perf_counter()

    def told(self, scenario: Scenario, result: FlowResult) -> None:
        self.done += 1
        if sys.stderr.isatty() and time.perf_counter() - self.began > _PATIENCE:
            line = f"{self.done}/{self.total}  {scenario.name}: {result.flow.name}"[:78]
            click.echo(f"\r{line:<{self.width}}", nl=False, err=True)
            self.width = len(line)

    def clear(self) -> None:
        if self.width:
            click.echo(f"\r{'':<{self.width}}\r", nl=False, err=True)


def _print(result: RunResult, scenarios: list[Scenario], wall: float, *, quiet: bool, err: bool) -> None:
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
    click.echo(f"\n{summary(result, wall)}", err=err)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as bad:
        raise click.UsageError(f"cannot write {path}: {bad.strerror}") from None


def _write_events(folder: Path, result: RunResult) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as bad:
        raise click.UsageError(f"cannot make {folder}: {bad.strerror}") from None
    for scenario in result.scenarios:
        stem = (
            scenario.scenario.file.replace("\\", "/")
            .removesuffix(".yaml")
            .removesuffix(".yml")
            .replace("/", ".")
            .strip(".")
        )
        for number, flow in enumerate(scenario.flows, 1):
            _write(folder / f"{stem}.{number:03}.jsonl", record_text(flow.played.lab, flow.played.log))

"""The files that `run` is asked to write, and what a pipeline gets without being asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from simulator.cli.pipeline import folder_in_repository, service, step_summary
from simulator.cli.writing import CannotWrite, write_all, write_file
from simulator.runner import RunResult

__all__ = ["Outputs", "output_options"]

_F = TypeVar("_F", bound=Callable[..., Any])
_ROOM = 20_000  # octets that a step's summary must have left for one more run


@dataclass(frozen=True)
class Outputs:
    """What is to be written. The modules that make it are imported when it is."""

    json: str | None
    junit: Path | None
    markdown: Path | None
    sarif: Path | None
    otlp: Path | None
    artifacts: Path | None
    ci: str  # "auto", "github", "azure", "none"

    @property
    def is_json_on_stdout(self) -> bool:
        return self.json == "-"

    def check(self) -> None:
        """Before a long run: whether the folders are there. Raises `click.UsageError`."""
        for file in (self.json, self.junit, self.markdown, self.sarif, self.otlp):
            if file and file != "-" and not Path(file).absolute().parent.is_dir():
                raise click.UsageError(f"cannot write {file}: there is no such folder")

    def write(self, result: RunResult, when: datetime) -> list[str]:
        """Every file that can be written, and why the others cannot; `when` is the real time at which the run began."""
        wanted: list[Callable[[], None]] = [
            lambda: self._write_json(result), lambda: self._write_junit(result, when), lambda: self._write_sarif(result),
            lambda: self._write_otlp(result), lambda: self._write_artifacts(result), lambda: self._write_markdown(result),
        ]  # fmt: skip
        complaints = []
        for write in wanted:
            try:
                write()
            except CannotWrite as bad:
                complaints.append(bad.message)
        return complaints

    def _write_json(self, result: RunResult) -> None:
        if not self.json:
            return
        from simulator.report.run_json import run_document

        text = json.dumps(run_document(result), indent=1, ensure_ascii=False)
        if self.is_json_on_stdout:
            click.echo(text)
        else:
            write_file(Path(self.json), text + "\n")

    def _write_junit(self, result: RunResult, when: datetime) -> None:
        if self.junit:
            from simulator.report.junit import junit_xml

            write_file(self.junit, junit_xml(result, when))

    def _write_sarif(self, result: RunResult) -> None:
        if self.sarif:
            from simulator.report.sarif import run_findings, sarif_log

            log = sarif_log(run_findings(result), folder_in_repository())
            write_file(self.sarif, json.dumps(log, indent=1, ensure_ascii=False) + "\n")

    def _write_otlp(self, result: RunResult) -> None:
        if self.otlp:
            from simulator.report.otlp import otlp_lines

            write_file(self.otlp, "".join(otlp_lines(result)))

    def _write_artifacts(self, result: RunResult) -> None:
        if self.artifacts:
            from simulator.report.artifacts import artifacts

            write_all(self.artifacts, artifacts(result))

    def _write_markdown(self, result: RunResult) -> None:
        page = step_summary() if self._service == "github" else None
        if not (self.markdown or page):
            return
        from simulator.report.markdown import CAP, run_markdown

        if self.markdown:
            write_file(self.markdown, run_markdown(result))
        if page:  # what earlier commands of this step have written there counts against its size
            room = CAP - (page.stat().st_size if page.exists() else 0)
            if room > _ROOM:
                write_file(page, run_markdown(result, room), append=True)

    def marks(self, result: RunResult) -> list[str]:
        """Lines for the log, from which the service marks lines of the change."""
        if not self._service:
            return []
        from simulator.report.annotations import marks

        lines = marks(result, self._service, folder_in_repository())
        if self._service == "azure" and self.markdown:
            lines.append(f"##vso[task.uploadsummary]{self.markdown.resolve()}")
        return lines

    @property
    def _service(self) -> str:
        return service() if self.ci == "auto" else "" if self.ci == "none" else self.ci


def output_options(command: _F) -> _F:
    """The options, each handed to the command by the name of its field."""
    file = click.Path(dir_okay=False, path_type=Path)
    options = (
        click.option("--json", "json", metavar="FILE", help="Write one JSON document; - for stdout."),
        click.option("--junit", metavar="FILE", type=file, help="Write JUnit XML: a suite for each file."),
        click.option("--markdown", metavar="FILE", type=file, help="Write a summary with a diagram of each cause."),
        click.option("--sarif", metavar="FILE", type=file, help="Write what failed as SARIF, for code scanning."),
        click.option("--otlp", metavar="FILE", type=file, help="Write messages as OpenTelemetry traces (OTLP JSON lines)."),
        click.option(
            "--artifacts", metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
            help="Keep of what failed: story, events, SMTP conversation, trace.",
        ),
        click.option(
            "--ci", type=click.Choice(["auto", "github", "azure", "none"]), default="auto", show_default=True,
            help="Mark failures in the change, and write the step's summary.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command

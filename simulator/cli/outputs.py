"""The files that `run` is asked to write, and what a pipeline gets without being asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from simulator.cli.pipeline import folder_in_repository, service, step_summary
from simulator.runner import RunResult

__all__ = ["Outputs", "output_options", "write_all"]

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

    def write(self, result: RunResult, when: datetime) -> None:
        """Every file; `when` is the real time at which the run began."""
        if self.json:
            from simulator.report.run_json import run_document

            text = json.dumps(run_document(result), indent=1, ensure_ascii=False)
            if self.is_json_on_stdout:
                click.echo(text)
            else:
                _write(Path(self.json), text + "\n")
        if self.junit:
            from simulator.report.junit import junit_xml

            _write(self.junit, junit_xml(result, when))
        if self.sarif:
            from simulator.report.sarif import run_findings, sarif_log

            log = sarif_log(run_findings(result), folder_in_repository())
            _write(self.sarif, json.dumps(log, indent=1, ensure_ascii=False) + "\n")
        if self.otlp:
            from simulator.report.otlp import otlp_lines

            _write(self.otlp, "".join(otlp_lines(result)))
        if self.artifacts:
            _write_artifacts(self.artifacts, result)
        self._write_markdown(result)

    def _write_markdown(self, result: RunResult) -> None:
        page = step_summary() if self._service == "github" else None
        if not (self.markdown or page):
            return
        from simulator.report.markdown import CAP, run_markdown

        if self.markdown:
            _write(self.markdown, run_markdown(result))
        if page:  # what earlier commands of this step have written there counts against its size
            room = CAP - (page.stat().st_size if page.exists() else 0)
            if room > _ROOM:
                _write(page, run_markdown(result, room), append=True)

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


def _write(path: Path, text: str, *, append: bool = False) -> None:
    """Raises `click.UsageError` where that is impossible."""
    try:
        with path.open("a" if append else "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as bad:
        raise click.UsageError(f"cannot write {path}: {bad.strerror}") from None


def write_all(folder: Path, files: Iterable[tuple[str, str]]) -> None:
    """Files below a folder, which is made for the first of them."""
    for name, text in files:
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as bad:
            raise click.UsageError(f"cannot make {path.parent}: {bad.strerror}") from None
        _write(path, text)


def _write_artifacts(folder: Path, result: RunResult) -> None:
    from simulator.report.artifacts import artifacts

    write_all(folder, artifacts(result))

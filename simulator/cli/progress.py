"""How far a run is: one line that replaces itself on a terminal, a sign of life every half minute in a pipeline's log."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType

import click

from simulator.cli.pipeline import is_pipeline
from simulator.runner import FlowResult
from simulator.scenario.scenario import Scenario

__all__ = ["Progress"]

_PATIENCE = 0.4  # seconds before a terminal shows anything
_HEARTBEAT = 30.0  # seconds between two lines of a log, which some services need to see that a job lives


class Progress:
    """Tells on stderr. As a context manager it stops and cleans up."""

    def __init__(self, total: int, *, heartbeat: float = _HEARTBEAT) -> None:
        self.total, self.done, self.failed, self.width = total, 0, 0, 0
        self.began = time.perf_counter()
        self._over = threading.Event()
        if is_pipeline() and not sys.stderr.isatty():
            threading.Thread(target=self._beat, args=(heartbeat,), daemon=True).start()

    def told(self, scenario: Scenario, result: FlowResult) -> None:
        """One more flow is through."""
        self.done += 1
        self.failed += result.status != "pass"
        if sys.stderr.isatty() and time.perf_counter() - self.began > _PATIENCE:
            failed = f"  {self.failed} failed" if self.failed else ""
            line = f"{self.done}/{self.total}{failed}  {scenario.name}: {result.flow.name}"
            # A line that wraps could not be replaced.
            line = line[: max(10, min(79, shutil.get_terminal_size((80, 24)).columns) - 1)]
            click.echo(f"\r{line:<{self.width}}", nl=False, err=True)
            self.width = len(line)

    def _beat(self, heartbeat: float) -> None:
        while not self._over.wait(heartbeat):
            seconds = time.perf_counter() - self.began
            click.echo(f"{self.done} of {self.total} flows, {self.failed} failed, {seconds:.0f} s", err=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self.width:
            click.echo(f"\r{'':<{self.width}}\r", nl=False, err=True)
            self.width = 0

"""pytest: every flow of a scenario file is a test, and tests in Python have a lab to send mail in.

    pytest scenarios                    *.mailflow.yaml there, and whatever `mailflow_paths` of pytest's configuration names
    pytest -k "Sun to John" -m smoke    by name; by tag, which is a marker

This module is imported in every run of pytest wherever mailflow is installed, so it imports nothing but pytest itself; the
rest is imported with the first scenario that is collected, or the first lab that is opened.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import asyncio
    from contextlib import AbstractAsyncContextManager

    from simulator.api import OpenLab
    from simulator.runner import FlowResult, Runner
    from simulator.scenario.scenario import Flow, Scenario

__all__ = ["FlowFailed", "FlowItem", "MailflowWarning", "ScenarioFile"]

_NAMES = (".mailflow.yaml", ".mailflow.yml")
_ENGINES = ("both", "live", "plan")


class MailflowWarning(pytest.PytestWarning):
    """What a scenario file says that has no effect, or probably not the one that was meant."""


class FlowFailed(Exception):
    """A flow did not do what its file says. The text is the story."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mailflow", "mail flow scenarios")
    group.addoption("--mailflow-engine", choices=_ENGINES, help="Play flows by policy, over SMTP, or both (default).")
    group.addoption("--mailflow-seed", type=int, default=7, help="Decides what products leave to chance (default: 7).")
    parser.addini("mailflow_paths", "folders whose *.yaml are scenarios, and scenario files", type="paths", default=[])
    parser.addini("mailflow_engine", "as --mailflow-engine", default="both")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mailflow: a flow of a mailflow scenario")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if _is_scenario(file_path, parent.config):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


def _is_scenario(path: Path, config: pytest.Config) -> bool:
    if path.name.endswith(_NAMES):
        return True
    if path.suffix not in (".yaml", ".yml"):
        return False
    places: list[Path] = config.getini("mailflow_paths")
    return any(
        path == place or (path.is_relative_to(place) and "labs" not in path.relative_to(place).parts)
        for place in places
    )


class ScenarioFile(pytest.File):
    """A scenario file. Its servers start with its first flow and stop after its last."""

    _scenario: Scenario
    _loop: asyncio.Runner | None = None
    _runner: Runner | None = None

    def collect(self) -> Iterator[FlowItem]:
        from simulator.files import load_all, shortest
        from simulator.scenario.errors import ScenarioError

        try:
            (self._scenario,) = load_all([shortest(self.path)])
        except ScenarioError as bad:
            raise self.CollectError(str(bad)) from None
        for problem in self._scenario.warnings:
            warnings.warn_explicit(
                f"{problem.says} {problem.fix}".strip(), MailflowWarning, str(self.path), problem.at.line
            )
        self._played: dict[int, FlowResult] = {}
        for number, flow in enumerate(self._scenario.flows):
            name = f"{flow.stage}: {flow.name}" if flow.stage else flow.name
            item: FlowItem = FlowItem.from_parent(self, name=name, number=number, flow=flow)
            yield item

    def play(self, number: int) -> FlowResult:
        """A flow; those that it goes on from are played before it, if they have not been yet."""
        scenario = self._scenario
        if not any(scenario.keeps_state(flow) for flow in scenario.flows):
            return self._play(scenario.flows[number])
        for n in range(len(self._played), number + 1):
            self._played[n] = self._play(scenario.flows[n])
        return self._played[number]

    def _play(self, flow: Flow) -> FlowResult:
        import asyncio

        from simulator.runner import Options, Runner

        if self._runner is None or self._loop is None:
            engine = self.config.getoption("mailflow_engine") or self.config.getini("mailflow_engine")
            self._runner = Runner(Options(engine, seed=self.config.getoption("mailflow_seed")))
            self._loop = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        return self._loop.run(self._runner.play(self._scenario, flow))

    def teardown(self) -> None:
        if self._loop is not None and self._runner is not None:
            self._loop.run(self._runner.__aexit__(None, None, None))
            self._loop.close()
        self._loop = self._runner = None


class FlowItem(pytest.Item):
    """One flow."""

    parent: ScenarioFile

    def __init__(self, *, number: int, flow: Flow, **more: Any) -> None:
        super().__init__(**more)
        self._number, self._flow = number, flow
        self.add_marker("mailflow")
        for tag in flow.tags:
            line = f"{tag}: flows that their scenario tags so"
            if line not in self.config.getini("markers"):
                self.config.addinivalue_line("markers", line)  # `--strict-markers` knows what a file declares
            self.add_marker(tag)

    def runtest(self) -> None:
        from simulator.mail.path import print_path
        from simulator.report.story import story

        result = self.parent.play(self._number)
        self.user_properties += [("path", print_path(e.path)) for e in result.played.endings]
        if result.status != "pass":
            raise FlowFailed(story(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, FlowFailed) or type(excinfo.value).__name__ == "LabError":
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._flow.at.line - 1, self.name


@pytest.fixture
def mailflow_lab(request: pytest.FixtureRequest) -> Callable[..., AbstractAsyncContextManager[OpenLab]]:
    """Opens labs: `async with mailflow_lab("labs/contoso.yaml") as lab: ...`.

    A file name is looked for beside the test, and in the root folder of the tests. It is an ordinary function that returns
    an asynchronous context manager, so it works in every kind of asynchronous test, and in `asyncio.run`.
    """
    folders = (request.path.parent, request.config.rootpath)

    def opened(lab: Any, **options: Any) -> AbstractAsyncContextManager[OpenLab]:
        from simulator.api import open_lab

        if isinstance(lab, (str, Path)):
            lab = next((folder / lab for folder in folders if (folder / lab).exists()), lab)
        return open_lab(lab, **options)

    return opened

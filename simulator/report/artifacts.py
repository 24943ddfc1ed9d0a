"""What is kept of a failed flow: its story, its event log, what was said over SMTP, and the message trace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.report.record import Record, record_text
from simulator.report.story import story
from simulator.report.trace_text import trace_text
from simulator.report.trace_wire import smtp_text
from simulator.runner import RunResult

__all__ = ["artifacts", "stem"]


def artifacts(result: RunResult) -> Iterator[tuple[str, str]]:
    """File names with folders, and texts; nothing of flows that passed."""
    for scenario in result.scenarios:
        for number, flow in enumerate(scenario.flows, 1):
            if flow.status == "pass":
                continue
            folder = f"{stem(scenario.scenario.file)}.{number:03}"
            record = Record.of(flow.played.lab, flow.played.log)
            yield f"{folder}/story.txt", f"{story(flow)}\n"
            yield f"{folder}/events.jsonl", record_text(flow.played.lab, flow.played.log)
            yield f"{folder}/smtp.txt", f"{smtp_text(record)}\n"
            yield f"{folder}/trace.txt", f"{trace_text(record)}\n"


def stem(file: str) -> str:
    """A scenario file's name as part of a file name."""
    return re.sub(r"\.ya?ml$", "", file).replace("\\", "/").replace("/", ".").replace(":", "").strip(".")

"""`mailflow run --accept`: the sentences of the files become what was played; says what it changed, asks nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.cli.writing import CannotWrite, replace_file
from simulator.mail.path import print_path
from simulator.report.story import full_name
from simulator.runner import FlowResult, RunResult
from simulator.scenario.accepting import Change, Refused, rewritten
from simulator.scenario.sentence import ELLIPSIS
from simulator.source import Source

__all__ = ["Accepted", "accept"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was changed and what was not, as lines for the reader; `all` when nothing is left that failed."""

    lines: tuple[str, ...]
    all: bool


def accept(result: RunResult) -> Accepted:
    """Rewrites the files whose sentences differ from what was played."""
    lines: list[str] = []
    left = False
    by_file: dict[str, list[tuple[FlowResult, Change]]] = defaultdict(list)
    replaced: set[tuple[Source, str]] = set()
    failed = [flow for flow in result.flows() if flow.status != "pass"]
    for flow in sorted(failed, key=lambda flow: flow.flow.repeats):  # what repeats a sentence comes behind it
        left = left or any(d.key != "path" for d in flow.differences)
        try:
            change = _change(flow)
            if change is None or (flow.flow.repeats and _comes_to(change, replaced)):
                continue
            if flow.flow.repeats:
                raise Refused("it repeats the sentence of an earlier stage; write it among the flows of this one")
            by_file[flow.flow.at.file].append((flow, change))
            replaced |= set(change.replace)
        except Refused as why:
            left = True
            lines.append(f"{flow.flow.at}  not accepted: {full_name(flow)}: {why}")
    for file, wanted in by_file.items():
        done, refused = _rewrite(Path(file), wanted)
        lines += [*done, *refused]
        left = left or bool(refused)
    return Accepted(tuple(lines), not left)


def _comes_to(change: Change, replaced: set[tuple[Source, str]]) -> bool:
    """Whether the earlier stage's own sentences become what a repetition of them needs."""
    return not change.add and not change.remove and set(change.replace) <= replaced


def _change(result: FlowResult) -> Change | None:
    """What the flow's path should become; None where the path is as it should be."""
    flow = result.flow
    differences = [d for d in result.differences if d.key == "path"]
    if not differences:
        return None
    if flow.back:
        raise Refused("mail on the way while stepping back has no sentence")
    if len(flow.paths) != 1:
        raise Refused("its path has alternatives")
    wanted = [s for s in flow.paths[0] if s is not ELLIPSIS]
    replace, add, remove = [], [], []
    for difference in differences:
        sentence = next((s for s in wanted if s.text == difference.expected), None)
        if sentence is None and difference.ending:
            add.append(print_path(difference.ending.path))
        elif sentence and difference.ending:
            wanted.remove(sentence)
            replace.append((sentence.at, print_path(difference.ending.path)))
        elif sentence:
            wanted.remove(sentence)
            remove.append(sentence.at)
    return Change(flow.at, tuple(replace), tuple(add), tuple(remove))


def _rewrite(path: Path, wanted: list[tuple[FlowResult, Change]]) -> tuple[list[str], list[str]]:
    """Writes one file; the lines of what was done and of what was refused."""
    try:
        octets = path.read_bytes()
        mark = b"\xef\xbb\xbf" if octets.startswith(b"\xef\xbb\xbf") else b""
        text = octets[len(mark) :].decode("utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        return [], [f"{path}  not accepted: {bad}"]
    done: list[str] = []
    refused: list[str] = []
    good: list[Change] = []
    for result, change in wanted:
        try:
            rewritten(text, [*good, change])
        except Refused as why:
            refused.append(f"{result.flow.at}  not accepted: {full_name(result)}: {why}")
            continue
        good.append(change)
        done += [f"{result.flow.at}  accepted: {full_name(result)}", *_told(result, change)]
    if good:
        try:
            replace_file(path, mark + rewritten(text, good).encode("utf-8"))
        except CannotWrite as bad:
            return [], [*refused, f"{path}  not accepted: {bad.message}"]
    return done, refused


def _told(result: FlowResult, change: Change) -> Iterator[str]:
    texts = {s.at: s.text for s in result.flow.paths[0]}
    for at, new in change.replace:
        yield f"    was  {texts[at]}"
        yield f"    now  {new}"
    for new in change.add:
        yield f"    and  {new}"
    for at in change.remove:
        yield f"    gone {texts[at]}"

"""What `mailflow explain` says: hop by hop every decision with all its candidates, and last the sentence.

    bob@contoso.com -> john@contoso.com                                       rules only, nothing is sent

    1 m365     ACCEPT     submitted by Bob
               CONNECTOR  the most specific match wins                        contoso.yaml:21:7  EXO-CONN-1 [doc]
                 chosen   O365 to own servers  all accepted domains           contoso.yaml:23:30
                 not      To Fabrikam          contoso.com is not covered     contoso.yaml:30:26
    2 onprem   ...

    Bob -> m365 -[O365 to own servers]-> onprem -> John
    delivered: 2 hops, 1 connector, TLS on every hop

A function of the log alone, so it tells a planned and a real message alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.mail.path import print_path
from simulator.paths import Ending
from simulator.played import Played
from simulator.policy.rules import all_rules
from simulator.report.hops import Block, Line, blocks, span

__all__ = ["ending_line", "explanation", "explanation_json", "mark"]

_MARKS = {"documented": "doc", "observed": "obs", "inferred": "inf", "not modelled": "not"}
_STEP, _VERDICT, _WHERE, _WIDE = 11, 9, 80, 120


def mark(rule: str) -> str:
    """`EXO-CONN-1 [doc]`: a rule and how well founded it is."""
    known = {r.id: r.fidelity for r in all_rules()}
    return f"{rule} [{_MARKS[known[rule]]}]" if rule in known else rule


def explanation(played: Played, later: Played | None = None) -> str:
    """The whole text. `later` is the same flow after all retries, where mail still waits in `played`."""
    began = next(iter(played.log.of("submitted")), None)
    head = f"{began['sender']} -> {', '.join(began['rcpts'])}" if began else played.lab.name
    lines = [f"{head:<{_WHERE}}rules only, nothing is sent".rstrip(), ""]
    found = blocks(played)
    gutter = max((len(f"{n} {b.host}") for n, b in enumerate(found, 1)), default=0) + 2
    for number, block in enumerate(found, 1):
        lines += _block(f"{number} {block.host}", block, gutter)
    lines.append("")
    for ending in played.reports:
        lines.append(f"report  {print_path(ending.path)}")
    for ending in played.endings:
        lines.append(print_path(ending.path))
        lines.append(ending_line(ending, played))
    return "\n".join([*lines, *_later(played, later)])


def explanation_json(played: Played, later: Played | None = None) -> dict[str, Any]:
    """The same for programs."""
    began = next(iter(played.log.of("submitted")), None)
    return {
        "schema": "mailflow/explain/1",
        "lab": played.lab.name,
        "from": began["sender"] if began else "",
        "to": list(began["rcpts"]) if began else [],
        "path": [print_path(e.path) for e in played.endings],
        "dispositions": [e.status for e in played.endings],
        "summary": [ending_line(e, played) for e in played.endings],
        "reports": [print_path(e.path) for e in played.reports],
        "later": [print_path(e.path) for e in later.endings] if later else [],
        "hops": [
            {
                "host": block.host,
                "steps": [_step_json(line) for line in block.lines],
            }
            for block in blocks(played)
        ],
    }


def _step_json(line: Line) -> dict[str, Any]:
    candidates = [dict(c) for c in line.candidates]
    return {"step": line.step, "says": line.says, "at": line.at, "rule": line.rule, "candidates": candidates}


# How it ended


def ending_line(ending: Ending, played: Played) -> str:
    """`delivered: 2 hops, 1 connector, TLS on every hop`, or how else it ended and the reply that says why."""
    path, event = ending.path, ending.event
    if path.end.word != "delivered":
        said = str(event.get("reply") or event.get("reason") or event.get("why") or "")
        at = path.legs[-1].server if path.legs else path.start
        return f"{_WORDS[path.end.word]} {at}: {said}".rstrip(": ")
    connectors = sum(len(leg.connectors) for leg in path.legs)
    return f"delivered: {_count(len(path.legs), 'hop')}, {_count(connectors, 'connector')}, {_tls(ending, played)}"


_WORDS = {
    "REJECTED": "refused by", "NDR": "returned by", "DEFERRED": "waits at", "LOOP": "a loop, stopped by",
    "HELD": "held by", "DROPPED": "dropped by",
}  # fmt: skip


def _tls(ending: Ending, played: Played) -> str:
    """Whether every hop of the path was encrypted, and which were not."""
    clear: list[str] = []
    legs = ending.path.legs
    for number, leg in enumerate(legs, 1):
        into = [
            e for e in played.log.of("accepted") if e.msg == ending.msg and e.hop == number and e.host == leg.server
        ]
        if into and not into[0]["tls"]:
            clear.append(f"{legs[number - 2].server if number > 1 else ending.path.start} -> {leg.server}")
    return f"clear text {', '.join(clear)}" if clear else "TLS on every hop"


def _later(played: Played, later: Played | None) -> list[str]:
    if later is None:
        return []
    attempts = max((e["attempts"] for e in later.of("kept")), default=0)
    first: dict[str, Ending] = {}
    for ending in later.endings:
        first.setdefault(print_path(ending.path), ending)
    number = {path: sum(1 for e in later.endings if print_path(e.path) == path) for path in first}
    return [
        f"in the end, after {span(e.event.t)} and {_count(attempts + 1, 'attempt')}: {path}"
        + (f" ({number[path]} copies)" if number[path] > 1 else "")
        for path, e in first.items()
    ]  # fmt: skip


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


# How it is set out


def _block(label: str, block: Block, gutter: int) -> list[str]:
    lines: list[str] = []
    for line in block.lines:
        told = f"{line.at}  {mark(line.rule)}" if line.at and line.rule else line.at or mark(line.rule)
        lines += _placed(f"{label if not lines else '':<{gutter}}{line.step:<{_STEP}}{line.says}", told)
        wide = max((len(str(c["name"])) for c in line.candidates), default=0)
        for candidate in _ranked(line):
            verdict = "chosen" if candidate["chosen"] else "not"
            why = candidate["says"] or candidate["reason"]
            text = f"{'':<{gutter}}  {verdict:<{_VERDICT}}{candidate['name']:<{wide}}  {why}"
            lines += _placed(text, str(candidate["at"]))
    return lines


def _ranked(line: Line) -> list[Mapping[str, Any]]:
    """The chosen candidate first; none where it stands alone and would only say again what the step says."""
    if len(line.candidates) == 1 and line.candidates[0]["chosen"] and line.candidates[0]["says"] in line.says:
        return []
    return sorted(line.candidates, key=lambda c: not c["chosen"])


def _placed(text: str, where: str) -> list[str]:
    """`where` to the right of the text; on a line of its own where there is no room."""
    if not where:
        return [text.rstrip()]
    if max(len(text) + 2, _WHERE) + len(where) <= _WIDE or len(text) < _WHERE:
        return [f"{text:<{_WHERE - 2}}  {where}"]
    return [text, f"{'':<{_WHERE}}{where}"]

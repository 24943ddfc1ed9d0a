"""How `--why-not` is told, to people and to programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.mail.path import print_path
from simulator.played import Played
from simulator.report.change import Change
from simulator.report.whynot import Remedy, WhyNot

__all__ = ["why_not_json", "why_not_text"]

_WHERE = 80
_ONE = "It would be chosen if ONE of these were true:"
_PAIRS = "No single change is enough. It would be chosen if BOTH changes of one of these pairs were made:"


def why_not_text(played: Played, answer: WhyNot) -> str:
    """The reason, the changes that would help, and the path as it is."""
    connector = answer.connector
    kind = "inbound" if connector.is_inbound else "outbound"
    path = [print_path(e.path) for e in played.endings]
    if answer.used:
        return "\n".join([f'"{connector.name}" is used:', *path])
    lines = [_placed(f'"{connector.name}", {kind} connector of {connector.server}, is not used.', str(connector.at))]
    lines += [_placed(f"  why      {says}", at) for says, at in answer.reasons]
    if not answer.reasons:
        lines.append(f"  why      {_never_looked_at(answer)}")
    if answer.instead:
        lines.append(f"  instead  {', '.join(answer.instead)}")
    lines += [f"  now      {sentence}" for sentence in path]
    lines.append("")
    lines += _remedies(answer)
    return "\n".join(lines)


def _never_looked_at(answer: WhyNot) -> str:
    server = answer.connector.server
    if not answer.passed:
        return f"the message does not come to {server}"
    return f"{server} decides about this message without looking at it"


def _remedies(answer: WhyNot) -> list[str]:
    if not answer.remedies:
        return [f"None of the {answer.tried} changes that were tried makes it be chosen."]
    single = len(answer.remedies[0].changes) == 1
    wide = max(len(c.owner) for r in answer.remedies for c in r.changes)
    lines = [_ONE if single else _PAIRS]
    for remedy in answer.remedies:
        for number, change in enumerate(remedy.changes):
            joined = "and " if number else ""
            text = f"  {joined}{change.owner:<{wide}}  {change.reads}   (now {change.now})"
            lines.append(_placed(text, str(change.at)))
        if not remedy.delivers:
            lines += [f"      then  {sentence}" for sentence in remedy.path]
    return lines


def _placed(text: str, where: str) -> str:
    return f"{text:<{_WHERE - 2}}  {where}"


def why_not_json(played: Played, answers: Sequence[WhyNot]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": "mailflow/why-not/1",
        "path": [print_path(e.path) for e in played.endings],
        "connectors": [
            {
                "name": a.connector.name, "server": a.connector.server, "at": str(a.connector.at), "used": a.used,
                "why": [{"says": says, "at": at} for says, at in a.reasons], "instead": list(a.instead),
                "remedies": [_remedy(r) for r in a.remedies], "tried": a.tried,
            }
            for a in answers
        ],
    }  # fmt: skip


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {"changes": [_change(c) for c in remedy.changes], "path": list(remedy.path)}


def _change(change: Change) -> dict[str, str]:
    return {"of": change.owner, "setting": change.reads, "now": change.now, "at": str(change.at)}

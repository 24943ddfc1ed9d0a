"""A failed flow as a Mermaid sequence diagram: the hops that were taken, what decided, and who waited in vain.

sequenceDiagram
  participant p0 as Sun
  participant p1 as internet
  participant p2 as m365
  participant p3 as onprem
  p0->>p1: hands in
  p1->>p2: no connector
  Note over p2: O365 to own servers: it is disabled: Enabled is false
  p2->>p2: no connector
  p2--xp2: LOOP 554 5.4.14
  Note over p3: expected here, never reached
"""

from __future__ import annotations

from simulator.mail.path import End, Leg, Path
from simulator.paths import Ending
from simulator.report.causes import Failure

__all__ = ["sequence"]

_LONGEST = 120  # characters of a text


def sequence(failure: Failure) -> str:
    """The diagram; empty where nothing was sent."""
    ending = _ending(failure)
    if ending is None:
        return ""
    path = ending.path
    missing = _missing(failure, path)
    names = list(dict.fromkeys([path.start, *(leg.server for leg in path.legs), *missing]))
    who = {name: f"p{number}" for number, name in enumerate(names)}
    lines = ["sequenceDiagram", *(f"  participant {key} as {_text(name)}" for name, key in who.items())]
    says = _text(failure.culprit.says) if failure.culprit else ""
    before = path.start
    for number, leg in enumerate(path.legs):
        refused = path.end.word in ("REJECTED", "LOOP") and number == len(path.legs) - 1
        if says and failure.culprit and failure.culprit.hop == number:
            lines.append(f"  Note over {who[before]}: {says}")
            says = ""
        lines.append(f"  {who[before]}{'-x' if refused else '->>'}{who[leg.server]}: {_text(_link(leg, number))}")
        before = leg.server
    if says and path.legs:
        lines.append(f"  Note over {who[before]}: {says}")
    lines.append(_end(path.end, who, before, path.start))
    lines += [f"  Note over {who[name]}: expected here, never reached" for name in missing]
    return "\n".join(lines)


def _ending(failure: Failure) -> Ending | None:
    first = failure.first
    if first is not None and first.ending is not None:
        return first.ending
    return next(iter(failure.result.played.endings), None)


def _missing(failure: Failure, path: Path) -> list[str]:
    """Servers that the sentence names and the message did not reach."""
    reached = {leg.server for leg in path.legs}
    first = failure.first
    for sentence in failure.result.flow.expected:
        if first is not None and sentence.text == first.expected:
            return [hop.server.text for hop in sentence.hops if hop.server and hop.server.text not in reached]
    return []


def _link(leg: Leg, number: int) -> str:
    if leg.connectors:
        return " and ".join(leg.connectors)
    return "no connector" if leg.any_connectors else "hands in" if not number else "hands on"


def _end(end: End, who: dict[str, str], last: str, start: str) -> str:
    here, word = who[last], _text(f"{end.word} {end.code or end.reason}".strip())
    if end.word == "delivered":
        return f"  Note over {here}: {_text(f'delivered to {end.person}')}"
    if end.word == "NDR" and last != start:
        return f"  {here}-->>{who[start]}: {word}"
    return f"  Note over {here}: {word}"


def _text(text: str) -> str:
    """Without what has a meaning in a diagram: Mermaid knows #NUMBER; for any character."""
    short = " ".join(text.split())[:_LONGEST]
    return "".join(f"#{ord(c)};" if c in "#;<>&\"'`{}[]()|\\" else c for c in short)

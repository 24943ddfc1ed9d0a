"""What `mailflow headers` says: the hops of a real message, and where it left the way that the rules expect.

bounced.eml: 3 hops in 2.4 s, from john@contoso.com to bob@contoso.com

  1  onprem   mail.contoso.com                            from [192.168.1.20]                  in clear text
  2  m365     BN8NAM11FT913.mail.protection.outlook.com   from mail.contoso.com [203.0.113.25] TLS 1.3        +2 s

real      onprem -> m365
expected  John -> onprem -[own servers to O365]-> m365 -> Bob
The header says the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.mail.message import Message
from simulator.mail.path import print_path
from simulator.mail.received import Received
from simulator.report.change import Change
from simulator.report.hops import span
from simulator.report.real_path import Compared, Hop
from simulator.trace import Event

__all__ = ["clean", "compared_json", "compared_text", "hops_json", "hops_text", "report_text"]

_HOW = {
    "name": "", "address": "known by its address", "domain": "guessed by its domain", "unknown": "no server of the lab",
    "named by the next": "left no line of its own; the next server names it", "stands for it": "stands for it",
}  # fmt: skip
_REPORT = ("Reporting-MTA", "Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code")


def clean(text: str, most: int = 300) -> str:
    """Text of a stranger, safe for a terminal."""
    shown = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


def hops_text(hops: Sequence[Hop], lab: bool = True) -> str:
    """A line for each hop."""
    if not hops:
        return "No Received field: the header does not say which way the message took."
    rows = []
    last = None
    for number, hop in enumerate(hops, 1):
        first = hop.first
        when = next((line.when for line in hop.lines if line.when), None)
        delay = f"{'+' if when >= last else '-'}{span(abs((when - last).total_seconds()))}" if when and last else ""
        last = max((line.when for line in hop.lines if line.when), default=last)
        how = _HOW.get(hop.how, "") if lab else ""
        lines = f"{len(hop.lines)} lines" if len(hop.lines) > 1 else ""
        again = f"passed {hop.passes} times" if hop.passes > 1 else ""
        notes = ", ".join(n for n in (how, lines, again) if n)
        rows.append((
            f"{number}", clean(hop.server or "?", 30) if lab else "", clean(hop.name, 60), _from(first), _tls(first), delay, notes,
        ))  # fmt: skip
    wide = [max(len(row[n]) for row in rows) for n in range(7)]
    return "\n".join(
        "  " + "  ".join(f"{c:<{w}}" for c, w in zip(row, wide, strict=True) if w).rstrip() for row in rows
    )


def _from(line: Received | None) -> str:
    if line is None:
        return ""
    name = clean(line.helo or line.name, 60)
    address = f"[{line.address}]" if line.address and line.address not in name else ""
    return f"from {' '.join(w for w in (name, address) if w)}" if name or address else ""


def _tls(line: Received | None) -> str:
    return "" if line is None else line.tls or ("in clear text" if line.protocol else "")


def report_text(message: Message) -> list[str]:
    """What a delivery report says of itself."""
    text = message.rest[:200_000].decode("utf-8", "replace")
    found = []
    for name in _REPORT:
        start = text.casefold().find(f"\n{name.casefold()}:")
        if start >= 0:
            found.append(f"  {name}: {clean(text[start + len(name) + 2 :].splitlines()[0])}")
    return found


def compared_text(found: Compared, to: str, told: Sequence[str] = ()) -> str:
    """The comparison with the plan. `told` are assumptions that were made."""
    if not found.real:
        return "There is nothing to compare."
    lines = list(told)
    if found.stand_in:
        lines.append(f"Unknown hosts before the first server of the lab are taken for {found.stand_in}.")
    lines += ["", f"real      {' -> '.join(map(clean, found.real))}"]
    planned = print_path(found.ending.path) if found.ending else "(nothing)"
    lines += [f"expected  {planned}", ""] if planned else [""]
    lines += _verdict(found, to)
    if found.left is not None and found.decided:
        lines += [
            "",
            f"what {found.expected[max(0, found.left - 1)]} decides by the rules:",
            *_decisions(found.decided),
        ]
    if found.differs:
        lines += ["", "the header says another thing than expected:"]
        wide = max(len(name) for name, _, _ in found.differs)
        lines += [
            f"  {name:<{wide}}  {clean(real, 60)}, expected {clean(ours, 60)}" for name, real, ours in found.differs
        ]
    if found.tried:
        lines += ["", *_remedies(found)]
    return "\n".join(lines).strip("\n")


def _verdict(found: Compared, to: str) -> list[str]:
    if found.left is not None:
        there = clean(found.real[found.left]) if found.left < len(found.real) else "nowhere"
        wanted = found.expected[found.left] if found.left < len(found.expected) else _end(found)
        if found.left == 0:
            return [f"The message began elsewhere: at {there}, expected at {wanted}."]
        after = found.real[found.left - 1]
        hop = sum(1 for h in found.hops[: found.left]) or found.left
        return [
            f"The message left the expected path behind {after} (hop {hop}): it went to {there}, expected {wanted}."
        ]
    if found.stopped:
        rest = found.expected[len(found.real)]
        return [f"The header goes the expected way up to {found.real[-1]} and ends there; next would be {rest}.",
                "The message was saved there, or it was stopped between the two."]  # fmt: skip
    if found.ending and found.ending.path.end.word != "delivered":
        return [f"The same way, but {found.real[-1]} was expected to end it: {_end(found)}."]
    return [f"The same way as expected for {to}."]


def _end(found: Compared) -> str:
    end = found.ending.path.end if found.ending else None
    if end is None:
        return "nothing"
    if end.word == "delivered":
        return f"delivery to {end.person}"
    return " ".join(w for w in (end.word, end.code, end.reason) if w)


def _decisions(events: Sequence[Event]) -> list[str]:
    lines = []
    for event in events:
        if event.type == "refused":
            lines.append(f"  {'REFUSE':<10} {event['reply']}")
            continue
        lines.append(f"  {event['step']:<10} {event['says']}{f'    {event.at}' if event.at else ''}")
        for one in event["candidates"]:
            word = "chosen" if one["chosen"] else "not"
            lines.append(f"  {'':<10}   {word:<7} {one['name']}: {one['says'] or one['reason']}{_at(one['at'])}")
    return lines


def _at(place: str) -> str:
    return f"    {place}" if place else ""


def _remedies(found: Compared) -> list[str]:
    if not found.remedies:
        does = "take the real way" if found.left is not None else "say the same"
        return [
            f"None of {found.tried} single changes of the lab makes the rules {does}: more than one thing differs, "
            "or something that the lab does not know (a server, a rule, an outage)."
        ]
    lines = [
        f"Each of these alone makes the rules do the same (tried, {found.tried} changes); look whether it is so in reality:"
    ]
    return [*lines, *(f"  {c.owner}: {c.reads}    now {c.now}{f'    {c.at}' if c.at else ''}" for c in found.remedies)]


# For programs


def hops_json(hops: Sequence[Hop]) -> list[dict[str, Any]]:
    return [
        {
            "server": hop.server or None, "name": hop.name, "known_by": hop.how,
            "received": [
                {"helo": r.helo, "name": r.name, "address": r.address, "by": r.by, "with": r.protocol, "tls": r.tls,
                 "for": r.rcpt, "at": r.when.isoformat() if r.when else None, "line": r.line}
                for r in hop.lines
            ],
        }
        for hop in hops
    ]  # fmt: skip


def compared_json(found: Compared) -> dict[str, Any]:
    return {
        "real": list(found.real), "expected": list(found.expected),
        "path": print_path(found.ending.path) if found.ending else None,
        "left": None if found.left is None else {
            "hop": found.left,
            "after": found.real[found.left - 1] if found.left else None,
            "went_to": found.real[found.left] if found.left < len(found.real) else None,
            "expected": found.expected[found.left] if found.left < len(found.expected) else None,
        },
        "ends_early": found.stopped, "stands_in": found.stand_in or None,
        "decisions": [
            {"step": e["step"], "says": e["says"], "rule": e.because, "at": str(e.at) if e.at else None, "candidates": e["candidates"]}
            for e in found.decided if e.type == "decision"
        ],
        "differs": [{"header": name, "real": real, "expected": ours} for name, real, ours in found.differs],
        "would_explain": [_change(c) for c in found.remedies], "tried": found.tried,
    }  # fmt: skip


def _change(change: Change) -> dict[str, Any]:
    return {
        "object": change.owner,
        "setting": change.reads,
        "now": change.now,
        "at": str(change.at) if change.at else None,
    }

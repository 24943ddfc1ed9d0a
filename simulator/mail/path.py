"""Delivery paths as facts: which hosts held one copy of a message, over which connectors, and how it ended.

A `Path` is what happened (or what the planner says would happen) to one copy. `print_path` gives it as the sentence

    John -> onprem -[own servers to O365]-> m365 -> internet -> Sun

that `simulator.scenario.sentence` reads and `simulator.scenario.match` compares. A printed sentence always says which
connectors a hop used; it says `-[none]->` when none was used although one of the two sides has connectors at all.

`spans` says where in the printed sentence each part stands, so that a view can point below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "END_WORDS",
    "End",
    "Leg",
    "Outcome",
    "Part",
    "Path",
    "Span",
    "folded",
    "plain_reason",
    "print_path",
    "printed",
]

Outcome = Literal["delivered", "REJECTED", "NDR", "DEFERRED", "LOOP", "HELD", "DROPPED"]
Part = Literal["start", "link", "server", "word", "code", "to", "for", "folder", "reason"]

END_WORDS: Final[dict[str, Outcome]] = {
    "REJECTED": "REJECTED",
    "NDR": "NDR",
    "DEFERRED": "DEFERRED",
    "LOOP": "LOOP",
    "HELD": "HELD",
    "DROPPED": "DROPPED",
}


def folded(text: str) -> str:
    """Text in the form in which names are compared: without regard to case and spacing."""
    return " ".join(text.split()).casefold()


@dataclass(frozen=True, slots=True)
class Leg:
    """One hop: the server that was reached and the connectors that the hop into it used.

    `connectors` has the sender's outbound one first and the receiver's inbound one second, as far as there were any.
    `any_connectors` says whether one of the two sides has connectors at all. On a refused hop the connector is the
    one that the refusing server matched.
    """

    server: str
    connectors: tuple[str, ...] = ()
    any_connectors: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """How it ended. `person` is where the copy was delivered, otherwise whom it was meant for (or empty).

    `code` is a reply code, an enhanced status code, or both (`550 5.7.64`). `to` is who got the NDR, `reason` why
    mail was HELD, `attempted` the connectors of the last attempt of a message that is DEFERRED or given up.
    """

    word: Outcome
    code: str = ""
    person: str = ""
    folder: str = "Inbox"
    to: str = ""
    reason: str = ""
    attempted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """What happened to one copy: who sent it (for a server's own messages the server), the hops, the ending."""

    start: str
    legs: tuple[Leg, ...]
    end: End


@dataclass(frozen=True, slots=True)
class Span:
    """Where a part of hop number `hop` stands in the printed sentence; the ending is hop number `len(legs)`."""

    hop: int
    part: Part
    start: int
    stop: int


class _Printer:
    """Text that remembers where its parts begin and end."""

    def __init__(self) -> None:
        self.text = ""
        self.spans: list[Span] = []

    def add(self, hop: int, part: Part, text: str, before: str = " ") -> None:
        """Appends `text`; a part that comes to nothing takes no room and has no span."""
        text = " ".join(text.split())
        if not text:
            return
        start = len(self.text) + len(before)
        self.text += before + text
        self.spans.append(Span(hop, part, start, start + len(text)))


def printed(path: Path) -> tuple[str, tuple[Span, ...]]:
    """The sentence and where its parts stand."""
    out = _Printer()
    out.add(-1, "start", path.start, "")
    for number, leg in enumerate(path.legs):
        out.add(number, "link", _link(leg.connectors, leg.any_connectors))
        out.add(number, "server", leg.server)
    _add_end(out, len(path.legs), path.end)
    return out.text, tuple(out.spans)


def print_path(path: Path) -> str:
    """The path as a sentence that can be pasted into a scenario and holds there."""
    return printed(path)[0]


def _link(connectors: tuple[str, ...], any_connectors: bool) -> str:
    if connectors:
        return f"-[{' | '.join(_escaped(name) for name in connectors)}]->"
    return "-[none]->" if any_connectors else "->"


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace("|", "\\|").replace("]", "\\]")


def plain_reason(reason: str) -> str:
    """A reason without the marks that would read as a link (the names of transport rules may have them)."""
    return reason.replace("->", ">").replace("-[", "[")


def _add_end(out: _Printer, hop: int, end: End) -> None:
    out.add(hop, "link", _link(end.attempted, False))
    if end.word == "delivered":
        out.add(hop, "word", end.person)
        if folded(end.folder) != "inbox":
            out.add(hop, "folder", end.folder, " in ")
        return
    out.add(hop, "word", end.word)
    if end.word == "HELD":
        out.add(hop, "reason", plain_reason(end.reason) or "*")
    elif end.word != "DROPPED":
        out.add(hop, "code", end.code)
    if end.word == "NDR":
        out.add(hop, "to", end.to, " to ")
    out.add(hop, "for", end.person, " for ")

"""Diagrams in Mermaid: the servers of a lab with the ways that mail takes between them, and the path of a message.

    flowchart LR                                     sequenceDiagram
      m365["m365<br>Exchange Online<br>Bob"]           participant Bob
      m365 -->|O365 to own servers| onprem             Bob->>m365: hands in
                                                       m365->>onprem: O365 to own servers
                                                       onprem->>John: delivered

The arrows of a lab are the hops of real paths: of every message from a person of one server to a person of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from simulator.mail.path import Path
from simulator.products.registry import PRODUCTS
from simulator.topology import Lab

__all__ = ["flow_diagram", "lab_diagram"]

_MOST_PEOPLE = 4


def lab_diagram(lab: Lab, paths: Iterable[Path]) -> str:
    """Servers, who is there, and which server sends to which, over which connectors."""
    ids = _ids(list(lab.servers))
    lines = ["flowchart LR"]
    for server in lab.servers.values():
        there = [
            person.name for person in lab.people.values() if any(where == server.name for _, where in person.mailboxes)
        ]
        people = ", ".join(there[:_MOST_PEOPLE]) + (
            f" and {len(there) - _MOST_PEOPLE} more" if len(there) > _MOST_PEOPLE else ""
        )
        title = PRODUCTS[server.kind].title if server.kind in PRODUCTS else server.kind
        lines.append(
            f'  {ids[server.name]}["{"<br>".join(_label(part) for part in (server.name, title, people) if part)}"]'
        )
    edges: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        for here, there_ in zip(path.legs, path.legs[1:], strict=False):
            if here.server in ids and there_.server in ids:
                names = edges.setdefault((here.server, there_.server), [])
                words = " + ".join(there_.connectors)
                if words and words not in names:
                    names.append(words)
    for (start, stop), names in edges.items():
        label = f"|{'<br>'.join(map(_label, names))}|" if names else ""
        lines.append(f"  {ids[start]} -->{label} {ids[stop]}")
    return "\n".join(lines) + "\n"


def flow_diagram(paths: Sequence[Path]) -> str:
    """The copies of a message: who hands it on to whom, over which connector, and how it ends."""
    actors: list[str] = []
    for path in paths:
        actors += [path.start, *(leg.server for leg in path.legs)]
        if path.end.word == "delivered":
            actors.append(path.end.person)
    ids = _ids(list(dict.fromkeys(actors)))
    lines = ["sequenceDiagram", *(f"  participant {short} as {_label(name)}" for name, short in ids.items())]
    told: set[str] = set()
    for path in paths:
        here = path.start
        for number, leg in enumerate(path.legs):
            words = " + ".join(leg.connectors) or (
                "hands in" if number == 0 else "no connector" if leg.any_connectors else "sends"
            )
            _add(lines, told, f"  {ids[here]}->>{ids[leg.server]}: {_label(words)}", repeats=number)
            here = leg.server
        end = path.end
        if end.word == "delivered":
            folder = f" in {end.folder}" if end.folder != "Inbox" else ""
            lines.append(f"  {ids[here]}->>{ids[end.person]}: delivered{_label(folder)}")
        else:
            words = " ".join(
                part for part in (end.word, end.code, end.reason, f"for {end.person}" if end.person else "") if part
            )
            lines.append(f"  Note over {ids[here]}: {_label(words)}")
    return "\n".join(lines) + "\n"


def _add(lines: list[str], told: set[str], line: str, *, repeats: int) -> None:
    """Hops that several copies share are drawn once."""
    key = f"{repeats}{line}"
    if key not in told:
        lines.append(line)
        told.add(key)


def _ids(names: list[str]) -> dict[str, str]:
    """Identifiers that Mermaid takes; `end` is a word of its own."""
    made: dict[str, str] = {}
    for name in names:
        base = re.sub(r"\W+", "_", name, flags=re.A).strip("_") or "n"
        short = base if base.casefold() != "end" and base[0].isalpha() else f"n_{base}"
        number = 1
        while short in made.values():
            number += 1
            short = f"{base}_{number}"
        made[name] = short
    return made


def _label(text: str) -> str:
    """Text without what Mermaid obeys."""
    escaped = {
        '"': "#quot;",
        "|": "#124;",
        ";": "#59;",
        "#": "#35;",
        "<": "#lt;",
        ">": "#gt;",
        "[": "#91;",
        "]": "#93;",
    }
    return "".join(escaped.get(char, char if char.isprintable() else " ") for char in text)

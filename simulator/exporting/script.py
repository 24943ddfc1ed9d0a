"""A lab, or the way from one to another, as a PowerShell script: commands under headings, each with its undo as a comment.

What no cmdlet does stands there as a comment, at its place: servers of other products before the tenant's rules use them
would be guesswork, so people, other products and DNS come last, in the order in which they are changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.exporting.changes import Change, changes
from simulator.exporting.objects import kind_of, shapes_of
from simulator.exporting.remarks import other_settings, remarks
from simulator.products.registry import PRODUCTS
from simulator.source import Node

__all__ = ["Part", "parts", "script"]

_SESSIONS = {True: "Connect-ExchangeOnline", False: "the Exchange Management Shell"}


class Part:
    """One server's commands, or the comments on one subject."""

    def __init__(self, title: str, found: list[Change]) -> None:
        self.title, self.changes = title, found


def parts(before: Node | None, after: Node, server: str = "") -> list[Part]:
    """Everything that leads from `before` (None: nothing) to `after`, by server. `server` picks one."""
    old, new = _servers(before), _servers(after)
    found: list[Part] = []
    others: list[Change] = []
    for name, node in new.items():
        if server and name.casefold() != server.casefold():
            continue
        kind = kind_of(node)
        was = old.get(name)
        was = was if was is not None and kind_of(was) == kind else None
        title = f"{name} ({PRODUCTS[kind].title})" if kind in PRODUCTS else name
        if _is_scripted(kind):
            had = _mailboxes(before, name) if before is not None else frozenset[str]()
            found.append(Part(title, changes(was, node, _mailboxes(after, name), had)))
        others += [
            Change(title, "", remark=text) for text in other_settings(was if before is not None else None, node, kind)
        ]
    others += [Change(name, "", remark="the server goes") for name in old if name not in new and not server]
    last = [Part("what no cmdlet does", others)] if others else []
    if not server:
        last += [Part("", [Change(heading, "", remark=text) for heading, text in remarks(before, after)])]
    return [part for part in (*found, *last) if part.changes]


def script(found: list[Part], title: str) -> str:
    """The text of a script."""
    lines = [f"# {title}"]
    if not found:
        return "\n".join([*lines, "# nothing is to be done", ""])
    lines.append("# Each command can be run again; what undoes it stands below it. Read it before you run it.")
    for part in found:
        if part.title:
            lines += ["", f"# === {part.title}"]
        heading = ""
        for change in part.changes:
            if change.section != heading:
                heading = change.section
                lines += ["", f"# {heading}"]
            lines += _lines(change)
    return "\n".join([*lines, ""])


def _lines(change: Change) -> Iterator[str]:
    if change.remark:
        yield f"#   {_one_line(change.remark)}"
    if change.line:
        yield change.line
        if change.undo:
            yield from (
                f"# {'undo:' if number == 0 else '     '} {row}" for number, row in enumerate(change.undo.split("\n"))
            )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _servers(tree: Node | None) -> dict[str, Node]:
    node = tree.get("servers") if tree is not None else None
    return {entry.key: entry.node for entry in node.entries} if node is not None else {}


def _is_scripted(kind: str) -> bool:
    return any(shape.settings.cmdlet for shape in shapes_of(kind))


def _mailboxes(tree: Node, server: str) -> frozenset[str]:
    """The addresses of the people of a server, folded."""
    people = tree.get("people")
    found = set()
    for entry in people.entries if people is not None else ():
        for item in entry.node.items:
            address, _, where = item.text.partition(" at ")
            if where.strip().casefold() == server.casefold():
                found.add(address.strip().casefold())
    return frozenset(found)

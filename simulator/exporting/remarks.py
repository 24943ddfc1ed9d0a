"""What no cmdlet does, as comments: DNS, people who move, servers of other products, names, addresses, certificates."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.exporting.objects import shapes_of
from simulator.source import Node

__all__ = ["other_settings", "remarks"]

_OF_PEOPLE = "people"


def remarks(before: Node | None, after: Node) -> list[tuple[str, str]]:
    """Heading and text, without `#`."""
    found: list[tuple[str, str]] = []
    found += [("people", text) for text in _people(before, after)]
    found += [("DNS", text) for text in _dns(before, after)]
    return found


def _people(before: Node | None, after: Node) -> Iterator[str]:
    was, now = _homes(before), _homes(after)
    for name, home in now.items():
        old = was.get(name)
        if old is None and before is not None:
            yield f"{name}: {home} is new"
        elif old is not None and old != home:
            yield f"{name} moves: {home} (was {old})"
    yield from (f"{name}: {home} goes" for name, home in was.items() if name not in now)


def _homes(tree: Node | None) -> dict[str, str]:
    people = tree.get("people") if tree is not None else None
    return {e.key: ", ".join(" ".join(i.text.split()) for i in e.node.items) for e in people.entries} if people else {}


def _dns(before: Node | None, after: Node) -> Iterator[str]:
    was, now = _records(before), _records(after)
    for name, data in now.items():
        if was.get(name) != data:
            owner, kind = name
            old = was.get(name)
            undo = f" (was {'; '.join(old)})" if old else " (undo: delete it)" if before is not None else ""
            yield f"{owner} {kind} {'; '.join(data) or '(none)'}{undo}"
    yield from (
        f"{owner} {kind} is deleted (was {'; '.join(data)})"
        for (owner, kind), data in was.items()
        if (owner, kind) not in now
    )


def _records(tree: Node | None) -> dict[tuple[str, str], tuple[str, ...]]:
    dns = tree.get("dns") if tree is not None else None
    return {
        (owner.key.lower(), kind.key.upper()): tuple(" ".join(i.text.split()) for i in kind.node.items)
        for owner in (dns.entries if dns is not None else ())
        for kind in owner.node.entries
    }


def other_settings(before: Node | None, after: Node | None, kind: str) -> list[str]:
    """Settings of a server that no cmdlet here sets, one line each: as they are, and as they were."""
    sections = {shape.section.casefold() for shape in shapes_of(kind) if _has_cmdlets(kind)}
    was = dict(_leaves(before, sections)) if before is not None else {}
    now = dict(_leaves(after, sections)) if after is not None else {}
    found = []
    for path, value in now.items():
        if path not in was:
            found.append(f"{path}: {value}" + (" (new)" if before is not None else ""))
        elif was[path] != value:
            found.append(f"{path}: {value} (was {was[path]})")
    return found + [f"{path}: gone (was {value})" for path, value in was.items() if path not in now]


def _has_cmdlets(kind: str) -> bool:
    return any(shape.settings.cmdlet if hasattr(shape.settings, "cmdlet") else "" for shape in shapes_of(kind))


def _leaves(node: Node, skipped: set[str], path: str = "") -> Iterator[tuple[str, str]]:
    for entry in node.entries:
        here = f"{path} / {entry.key}" if path else entry.key
        if not path and entry.key.casefold() in skipped:
            continue
        if entry.node.is_map and entry.node.entries:
            yield from _leaves(entry.node, skipped, here)
        else:
            yield here, ", ".join(item.text or str(item.plain()) for item in entry.node.items) or "(nothing)"

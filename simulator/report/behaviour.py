"""Two `run --json` documents compared: which flows behave differently, although each run may be green by itself.

| kind     | what differs |
| -------- | ------------ |
| vanished | a flow was played before, and is not any more |
| appeared | the other way round |
| status   | it passed before, and fails now, or the other way round |
| path     | hops, connectors, the person or the kind of end of a copy |
| code     | the code of an end alone |
| tls      | what protected a hop that is on both paths |
| deferral | mail had to wait elsewhere, with another code, or more or less often |

Flows are told apart by file, stage and name; a file that was renamed is found by its scenario's name. Documents of older
versions lack some facts; what one side does not know is not compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.value import value

__all__ = ["Behaviour", "Change", "NoRun", "behaviour", "behaviour_json", "behaviour_text", "read_run"]

_SCHEMA = "mailflow/run/1"
_CODE = re.compile(r"(?<=-> )(REJECTED|NDR|DEFERRED|LOOP)((?: [2-5]\d\d)?(?: [245]\.\d+\.\d+)?)")

Key = tuple[str, str, str]  # file, stage, name


class NoRun(ValueError):
    """A document that no `run --json` has written."""

    exit_code = 3


@value
class Change:
    """One flow that differs in one respect. `was` and `now` are lines, what both have left out."""

    kind: str
    file: str
    stage: str
    name: str
    line: int
    was: tuple[str, ...] = ()
    now: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.stage}: {self.name}" if self.stage else self.name


@value
class Behaviour:
    """What differs between two runs, and how many flows both have."""

    changes: tuple[Change, ...]
    compared: int
    notes: tuple[str, ...] = ()  # what makes the two hard to compare

    @property
    def flows(self) -> int:
        """How many flows differ."""
        return len({(c.file, c.stage, c.name) for c in self.changes})

    @property
    def broke(self) -> int:
        """How many passed before and do not any more."""
        return sum(1 for c in self.changes if c.kind == "status" and c.was == ("pass",))


def read_run(document: object, name: str) -> Mapping[str, Any]:
    """Checks that a document is one. Raises `NoRun`."""
    if not isinstance(document, Mapping) or document.get("schema") != _SCHEMA:
        raise NoRun(f"{name} is not a document of run --json ({_SCHEMA})")
    scenarios = document.get("scenarios")
    if not isinstance(scenarios, list) or not all(
        isinstance(s, Mapping) and isinstance(s.get("flows"), list) for s in scenarios
    ):
        raise NoRun(f"{name} has no scenarios with flows")
    for flow in (f for s in scenarios for f in s["flows"]):
        if not isinstance(flow, Mapping) or not {"name", "status", "got"} <= set(flow):
            raise NoRun(f"{name} has a flow without name, status and got")
    return document


def behaviour(base: Mapping[str, Any], head: Mapping[str, Any]) -> Behaviour:
    """The changes from `base` to `head`, in the order of `head`, what vanished last."""
    before, after = _flows(base), _flows(head)
    moved = _moved(before, after)
    changes: list[Change] = []
    compared = 0
    for key, flow in after.items():
        was = before.get(moved.get(key, key))
        if was is None:
            changes.append(_change("appeared", key, flow, (), flow["got"]))
        else:
            compared += 1
            changes += _changes(key, was, flow)
    gone = [key for key in before if key not in after and key not in moved.values()]
    changes += [_change("vanished", key, before[key], before[key]["got"], ()) for key in gone]
    notes = [
        f"{what} differs: {base.get(what)} and {head.get(what)}"
        for what in ("engine", "seed")
        if base.get(what) != head.get(what)
    ]
    return Behaviour(tuple(changes), compared, tuple(notes))


def _flows(document: Mapping[str, Any]) -> dict[Key, Mapping[str, Any]]:
    return {
        (str(s.get("file", "")), str(f.get("stage") or ""), str(f["name"])): {**f, "scenario": s.get("scenario", "")}
        for s in document["scenarios"]
        for f in s["flows"]
    }


def _moved(before: Mapping[Key, Mapping[str, Any]], after: Mapping[Key, Mapping[str, Any]]) -> dict[Key, Key]:
    """Flows of files that have another name now: new key -> old key."""
    gone = {(f["scenario"], key[1], key[2]): key for key, f in before.items() if key not in after}
    return {
        key: gone[f["scenario"], key[1], key[2]]
        for key, f in after.items()
        if key not in before and (f["scenario"], key[1], key[2]) in gone
    }


def _changes(key: Key, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    if was["status"] != now["status"]:
        yield _change("status", key, now, (was["status"],), (now["status"],))
    lost, new = _apart(was["got"], now["got"])
    if lost or new:
        same = [_CODE.sub(r"\1", s) for s in lost] == [_CODE.sub(r"\1", s) for s in new]
        yield _change("code" if same else "path", key, now, lost, new)
    if "hops" in was and "hops" in now:
        yield from _protection(key, was, now)
    if "deferrals" in was and "deferrals" in now:
        lost, new = _apart([_wait(d) for d in was["deferrals"]], [_wait(d) for d in now["deferrals"]])
        if lost or new:
            yield _change("deferral", key, now, lost, new)


def _protection(key: Key, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    """TLS of the links that both have; that a link is new is told by the path."""
    before, after = _links(was["hops"]), _links(now["hops"])
    both = [link for link in after if link in before and before[link] != after[link]]
    if both:
        lines = [tuple(f"{a} -> {b}: {', '.join(side[a, b])}" for a, b in both) for side in (before, after)]
        yield _change("tls", key, now, *lines)


def _links(hops: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for hop in hops:
        grade = " ".join(w for w in (hop["tls"] or "unknown", hop["version"]) if w)
        theirs = found.setdefault((hop["from"], hop["to"]), [])
        if grade not in theirs:
            theirs.append(grade)
    return {link: sorted(grades) for link, grades in found.items()}


def _wait(deferral: Mapping[str, Any]) -> str:
    times, to = deferral["times"], f" for {deferral['to']}" if deferral["to"] else ""
    return f"waits at {deferral['at']}{to}: {deferral['code']}, {times} time{'' if times == 1 else 's'}"


def _apart(was: Sequence[str], now: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What only one side has; the order of copies says nothing."""
    lost, new = Counter(was) - Counter(now), Counter(now) - Counter(was)
    return tuple(sorted(lost.elements())), tuple(sorted(new.elements()))


def _change(kind: str, key: Key, flow: Mapping[str, Any], was: Sequence[str], now: Sequence[str]) -> Change:
    return Change(kind, *key, int(flow.get("line") or 0), tuple(was), tuple(now))


def behaviour_text(found: Behaviour) -> str:
    """What people read; one line where nothing differs."""
    lines: list[str] = []
    for change in found.changes:
        at = f"{change.file}:{change.line}" if change.line else change.file
        lines.append(f"{change.kind:<9} {change.full_name}  ({at})")
        lines += [f"    - {line}" for line in change.was]
        lines += [f"    + {line}" for line in change.now]
        lines.append("")
    if not found.changes:
        return f"{_count(found.compared)} compared: none behaves differently"
    kinds = Counter(c.kind for c in found.changes)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    lines.append(f"{found.flows} of {_count(found.compared)} behave differently ({told}), {found.broke} broke")
    if any(kind in kinds for kind in ("appeared", "vanished")):
        lines[-1] = f"{_count(found.flows)} differ, {found.compared} are in both ({told}), {found.broke} broke"
    return "\n".join(lines)


def behaviour_json(found: Behaviour) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": "mailflow/diff/1",
        "compared": found.compared,
        "flows": found.flows,
        "broke": found.broke,
        "notes": list(found.notes),
        "changes": [
            {"kind": c.kind, "file": c.file, "stage": c.stage or None, "name": c.name, "line": c.line,
             "was": list(c.was), "now": list(c.now)}
            for c in found.changes
        ],
    }  # fmt: skip


def _count(number: int) -> str:
    return f"{number} flow{'' if number == 1 else 's'}"

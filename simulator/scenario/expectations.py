"""The keys of a flow's long form beside the path, checked in form: what they may hold, and whom they name.

Whether they are met is judged elsewhere; here a misspelt fact, link or server is found before anything is played.
Wherever one value stands, `any of: [...]` allows several.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from simulator.mail.dsn import ACTIONS
from simulator.mail.path import folded
from simulator.scenario.compare import alternatives, in_range
from simulator.scenario.errors import near_miss
from simulator.scenario.names import Names
from simulator.scenario.schema import INVARIANT_WORDS
from simulator.scenario.values import duration, moment, part
from simulator.source import Entry, Node, ProblemList

__all__ = ["FACTS", "check_expectation", "invariants"]

FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "reply": ("at", "code", "says"),
    "deferred": ("at", "code", "says", "remote"),
    "ndr": (
        *("to", "by", "remote", "code", "says", "remote says", "lacks", "headers"),
        *("action", "about", "original", "envid", "returned"),
    ),
    "auth": ("at", "spf", "dkim", "dmarc", "arc", "compauth", "scl", "ip"),
    "attributed": ("tenant", "direction", "connector"),
    "session": ("ehlo has", "ehlo lacks", "commands", "never", "replies", "count"),
    "loop": ("between", "by"),
}
"""The facts that may be asked under each key."""

_GRADES = ("none", "encrypted", "trusted", "verified", "any")
_SERVERS = frozenset({("deferred", "at"), ("ndr", "by"), ("ndr", "remote"), ("auth", "at"), ("attributed", "tenant"),
                      ("loop", "between"), ("loop", "by")})  # fmt: skip
_CODE = re.compile(r"(?:[245](?:\d\d|xx))?(?:(?:^|\s+)[245x*](?:\.[\dx*]+){1,2})?\Z|\*\Z", re.I)
_KEYED = ("reply", "deferred", "auth")  # may be keyed by person, server or link


@dataclass(frozen=True, slots=True)
class _Reading:
    key: str
    names: Names
    problems: ProblemList


_VERBS: Final = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END")


def check_expectation(key: str, node: Node, names: Names, problems: ProblemList) -> None:
    """Reports what is wrong in the form of one key's value. `key` is folded."""
    check = _CHECKS.get(key)
    if not alternatives(node):
        problems.error(node.at, "any of: nothing is named.", "Write  any of: [...]")
    elif check:
        check(node, _Reading(key, names, problems))
    _check_patterns(node, problems)


def _check_patterns(node: Node, problems: ProblemList) -> None:
    """Every `/.../` is a regular expression that can be compiled."""
    text = node.text.strip()
    if len(text) > 1 and text[0] == text[-1] == "/":
        try:
            re.compile(text[1:-1])
        except re.error as bad:
            problems.error(node.at, f"{text} is not a regular expression: {bad}.")
    for child in (*(e.node for e in node.entries), *(node.items if node.is_list else ())):
        _check_patterns(child, problems)


def invariants(key: str, node: Node, problems: ProblemList) -> list[Node]:
    """The known words of `always` or `violates`, each with its place."""
    found: list[Node] = []
    for item in node.items:
        if item.is_scalar and folded(item.text) in INVARIANT_WORDS:
            found.append(item)
        else:
            says = f"{key}: {item.text!r} is not an invariant." if item.is_scalar else f"{key} is a list of words."
            problems.error(item.at, says, near_miss(item.text, INVARIANT_WORDS).strip())
    return found


def _facts(node: Node, reading: _Reading) -> None:
    key, allowed = reading.key, FACTS[reading.key]
    if node.is_scalar and key in ("ndr", "loop") and folded(node.text) == "none":
        return
    if key == "ndr" and node.is_list and node.items:  # one for each of several reports
        for item in node.items:
            _facts(item, reading)
        return
    if not node.is_map:
        none = "none, or " if key in ("ndr", "loop") else ""
        reading.problems.error(node.at, f"{key}: a map is expected.", f"Write {none}{{{allowed[0]}: ...}}")
        return
    if len(node.entries) == 1 and node.entry("any of"):
        for choice in alternatives(node):
            _facts(choice, reading)
        return
    for entry in node.entries:
        if folded(entry.key) in allowed:
            _fact(entry, reading)
        elif key in _KEYED and entry.node.is_map and _subject(entry, reading):
            _facts(entry.node, reading)
        elif not (key in _KEYED and entry.node.is_map):
            says = f"unknown fact {entry.key} in {key}."
            fix = (
                "Put a text that holds a comma in quotes."
                if entry.node.is_null
                else near_miss(entry.key, allowed).strip()
            )
            reading.problems.error(entry.key_at, says, fix)


def _fact(entry: Entry, reading: _Reading) -> None:
    fact = folded(entry.key)
    if fact == "headers" and not entry.node.is_map:
        reading.problems.error(entry.node.at, "headers: a map is expected.", "Write  {Subject: text}")
    for choice in alternatives(entry.node):
        for item in choice.items:
            text = item.text.strip()
            if fact == "code" and item.is_scalar and not _CODE.match(text):
                fix = "Write 550, 550 5.7.64, 5.7.64, 5.7.*, 4xx or *."
                reading.problems.error(item.at, f"{text!r} is not a code.", fix)
            elif (reading.key, fact) == ("reply", "at") and text.upper() not in _VERBS:
                reading.problems.error(item.at, f"{text!r} is no SMTP verb.", near_miss(text, _VERBS).strip())
            elif (reading.key, fact) == ("attributed", "direction") and folded(text) not in ("originating", "incoming"):
                reading.problems.error(item.at, f"{text!r} is no direction.", "Write Originating or Incoming.")
            elif (reading.key, fact) in _SERVERS and item.is_scalar and not _is_host(text):
                reading.names.check_server(text, item.at, reading.problems)
            elif (reading.key, fact) == ("ndr", "action") and folded(text) not in ACTIONS:
                reading.problems.error(item.at, f"{text!r} is no action of a report.", near_miss(text, ACTIONS).strip())
            elif (reading.key, fact) == ("ndr", "returned") and folded(text) not in ("full", "headers", "none"):
                reading.problems.error(item.at, f"{text!r} is not full, headers or none.")
            elif reading.key == "ndr" and fact in ("to", "about") and item.is_scalar:
                reading.names.check_person(text, item.at, reading.problems)


def _is_host(text: str) -> bool:
    """A host name or address, as a remote side may be called."""
    return "." in text or ":" in text


def _subject(entry: Entry, reading: _Reading) -> bool:
    """A person, a server or a link as a key."""
    if "->" in entry.key:
        return _link(entry, reading)
    known = reading.names.server(entry.key) or reading.names.address(entry.key)
    if not known:
        names = [*reading.names.servers.values(), *(name for name, _ in reading.names.people.values())]
        says = f"{reading.key}: {entry.key!r} is neither a fact nor a person, server or link."
        reading.problems.error(entry.key_at, says, near_miss(entry.key, [*FACTS[reading.key], *names]).strip())
    return bool(known)


def _link(entry: Entry, reading: _Reading) -> bool:
    """`a -> b`: a server or person, and the server that it speaks to."""
    a, arrow, b = (side.strip() for side in entry.key.partition("->"))
    if not arrow or not a or not b:
        reading.problems.error(entry.key_at, f"{reading.key}: {entry.key!r} is not a link.", "Write  a -> b: ...")
        return False
    key = Node.of(entry.key, entry.key_at)
    if not reading.names.server(a) and not reading.names.address(a):
        reading.names.check_server(a, part(key, entry.key.index(a), len(a)), reading.problems)
        return False
    return bool(reading.names.check_server(b, part(key, entry.key.rindex(b), len(b)), reading.problems))


def _links(node: Node, reading: _Reading) -> None:
    """`tls` and `session`: a map by link."""
    if not node.is_map:
        reading.problems.error(node.at, f"{reading.key}: a map of links is expected.", "Write  {a -> b: ...}")
    for entry in node.entries:
        _link(entry, reading)
        if reading.key == "session":
            _facts(entry.node, reading)
            continue
        for choice in alternatives(entry.node):
            grade = folded(choice.text).removeprefix("at least ")
            if grade not in _GRADES:
                says = f"tls: {choice.text!r} is not a grade."
                reading.problems.error(choice.at, says, near_miss(choice.text, _GRADES).strip())


def _map(node: Node, reading: _Reading) -> None:
    if not node.is_map:
        reading.problems.error(node.at, f"{reading.key}: a map is expected.", "Write  {NAME: ...}")


def _rules(node: Node, reading: _Reading) -> None:
    for one in alternatives(node):
        _map(one, reading)
        for entry in one.entries:
            for choice in alternatives(entry.node):
                if folded(choice.text) not in ("run", "not run"):
                    says = f"rules: {choice.text!r} is not known here."
                    reading.problems.error(choice.at, says, "Write run or not run.")


def _never(node: Node, reading: _Reading) -> None:
    for item in node.items:
        text = item.text.strip()
        if not reading.names.server(text) and not reading.names.address(text):
            known = [*reading.names.servers.values(), *(name for name, _ in reading.names.people.values())]
            says = f'never: no server or person "{text}" in {reading.names.file}.'
            reading.problems.error(item.at, says, near_miss(text, known).strip())


def _number(node: Node, reading: _Reading) -> None:
    for choice in alternatives(node):
        if in_range(choice.text, 0) is None:
            reading.problems.error(
                choice.at, f"{reading.key}: {choice.text!r} is not a number or range.", "Write 2 or 1..4."
            )


def _time(node: Node, reading: _Reading) -> None:
    for choice in alternatives(node):
        if in_range(choice.text, 0) is None:
            says = f"{reading.key}: {choice.text!r} is not a span of time."
            reading.problems.error(choice.at, says, "Write 30s, 10m, 22h30m or 2d.")


def _one(convert: Callable[[str], object]) -> Callable[[Node, _Reading], None]:
    """`until` and `date` have one value."""

    def check(node: Node, reading: _Reading) -> None:
        try:
            convert(node.text)
        except ValueError as bad:
            reading.problems.error(node.at, f"{reading.key}: {bad}.")

    return check


def _violates(node: Node, reading: _Reading) -> None:
    invariants("violates", node, reading.problems)


_CHECKS: Final[Mapping[str, Callable[[Node, _Reading], None]]] = {
    **dict.fromkeys(("reply", "deferred", "ndr", "auth", "attributed", "loop"), _facts),
    **dict.fromkeys(("tls", "session"), _links),
    **dict.fromkeys(("headers", "because"), _map),
    **dict.fromkeys(("retries", "attempts", "copies"), _number),
    **dict.fromkeys(("within", "not before"), _time),
    "rules": _rules,
    "never": _never,
    "violates": _violates,
    "until": _one(duration),
    "date": _one(moment),
}

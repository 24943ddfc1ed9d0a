"""What may be said to a lab that runs: one request and one answer at a time, each a line of JSON.

    -> {"token": "...", "do": "break", "with": {"fault": {"at": "onprem", "down": "10m"}}}
    <- {"ok": true, "answer": {"number": 1, ...}}
    <- {"ok": false, "says": "no server \\"onprm\\" in the lab.", "fix": "Did you mean onprem?"}

`OPERATIONS` is the whole of it: whoever speaks to a lab, a command or a page, uses these. The token keeps out who cannot read
the file that it stands in. Nothing here opens anything.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from simulator.value import value

__all__ = ["LONGEST", "OPERATIONS", "Answer", "Denied", "Operation", "Request", "parse_answer", "parse_request"]

LONGEST: Final = 2**20
"""Octets of a request. An answer may be longer: it says what the lab did."""


@value
class Operation:
    """One thing that may be asked of a lab: what it does, and the kinds of its parameters. Every one may be left out."""

    says: str
    parameters: Mapping[str, tuple[type, ...]]


_TEXT, _NUMBER, _SWITCH, _MAP, _STEPS = (str,), (int, float), (bool,), (dict,), (str, list)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "status": Operation("what runs, where clients connect, what time it is, and what waits", {}),
    "send": Operation("a client hands in one message, in the words of send: of a scenario", {"send": _MAP}),
    "break": Operation("brings a fault, in the words of a scenario", {"fault": (dict, str)}),
    "undo": Operation("mends a fault by its number, or all", {"number": (int,), "all": _SWITCH}),
    "faults": Operation("the faults, how often each struck, and when it ends", {}),
    "clock": Operation(
        "moves mail time: on by a span, to a time, or to what is due next",
        {"advance": _TEXT, "to": _TEXT, "next": _SWITCH},
    ),
    "connector": Operation(
        "changes the lab by a patch and by steps, as given and do of a scenario", {"given": (dict, str), "do": _STEPS}
    ),
    "events": Operation(
        "what happened since an event, to one message or to all; waits so many seconds for something to happen",
        {"since": (int,), "msg": _TEXT, "wait": _NUMBER},
    ),
}
"""Name -> what it does."""


class Denied(Exception):
    """Why a request is not carried out, and what to do instead."""

    def __init__(self, says: str, fix: str = "") -> None:
        super().__init__(" ".join((says, fix)).strip())
        self.says, self.fix = says, fix


@value
class Request:
    """One request."""

    token: str
    do: str
    parameters: Mapping[str, Any]

    def line(self) -> bytes:
        return _line({"token": self.token, "do": self.do, "with": dict(self.parameters)})


@value
class Answer:
    """What came of a request: the answer, or why there is none."""

    ok: bool
    answer: Mapping[str, Any]
    says: str = ""
    fix: str = ""

    def line(self) -> bytes:
        if self.ok:
            return _line({"ok": True, "answer": dict(self.answer)})
        return _line({"ok": False, "says": self.says, "fix": self.fix})

    @staticmethod
    def no(denied: Denied) -> Answer:
        return Answer(False, {}, denied.says, denied.fix)


def parse_request(line: bytes, token: str) -> Request:
    """A request as it came. Raises `Denied`: who does not know the token is told nothing else."""
    plain = _object(line)
    given, do, asked = plain.get("token"), plain.get("do"), plain.get("with", {})
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        raise Denied("the token is wrong.", "It stands in .mailflow/running.json of the lab's folder.")
    if not isinstance(do, str) or do not in OPERATIONS:
        raise Denied(f"there is no operation {str(do)[:40]!r}.", f"There are {', '.join(OPERATIONS)}.")
    if not isinstance(asked, dict):
        raise Denied("with: is an object of parameters.")
    known = OPERATIONS[do].parameters
    for name, found in asked.items():
        if name not in known:
            raise Denied(f"{do} has no parameter {name[:40]!r}.", f"It has {', '.join(known) or 'none'}.")
        # A boolean is a number to Python, and to nobody else.
        if not isinstance(found, known[name]) or (isinstance(found, bool) and bool not in known[name]):
            kinds = " or ".join(_KINDS[kind] for kind in known[name])
            raise Denied(f"{do}: {name} is {kinds}.")
    return Request(given, do, asked)


def parse_answer(line: bytes) -> Answer:
    """An answer as it came. Raises `Denied` where it is none."""
    plain = _object(line)
    if plain.get("ok") is True and isinstance(plain.get("answer"), dict):
        return Answer(True, plain["answer"])
    if plain.get("ok") is False:
        return Answer(False, {}, str(plain.get("says", "")), str(plain.get("fix", "")))
    raise Denied("that is no answer of a lab.")


_KINDS: Final = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false", dict: "an object", list: "a list",
}  # fmt: skip


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST * 64:
        raise Denied("the line is too long.")
    try:
        plain = json.loads(line)
    except (ValueError, RecursionError):
        raise Denied("that is not a line of JSON.", 'Write {"token": "...", "do": "status"}') from None
    if not isinstance(plain, dict):
        raise Denied("a request is an object.", 'Write {"token": "...", "do": "status"}')
    return plain


def _line(plain: dict[str, Any]) -> bytes:
    return json.dumps(plain, ensure_ascii=True).encode() + b"\n"

"""`faults:` and the step `fault`: each a map of where, what and when, read into `simulator.faults`.

    faults:
      - {at: onprem, down: 10m}                                     nobody gets through, and it sends nothing, for ten minutes
      - {at: onprem, reply: 452 4.5.3 too many, to: RCPT, nth: 3}   the third RCPT only
      - {link: m365 -> onprem, cut: after DATA, times: 1}           taken, and the 250 is lost
      - {dns: customer.example MX, answer: SERVFAIL, from: 5m, for: 1h}
      - {at: John, full: mailbox, name: quota}                      mended by the step  fault: {remove: quota}

Faults belong to the lab's tree, as `stopped` does: file, stage and flow add theirs, and a step holds from there on. A stale
answer is what DNS says where the fault is written: a flow's faults stand before its own changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final

from simulator.faults import KINDS, VERBS, Fault
from simulator.mail.address import Address
from simulator.mail.path import folded
from simulator.mail.reply import Reply
from simulator.scenario.compare import shown
from simulator.scenario.errors import near_miss
from simulator.scenario.schema import FAULT_WORDS
from simulator.scenario.values import duration
from simulator.source import Node, ProblemList
from simulator.topology import DEFECTS, Person, Server
from simulator.zone import TYPES

__all__ = ["AS_IT_WAS", "read_faults"]

AS_IT_WAS: Final = "records as they were"
"""The key under which a stale answer keeps what it is; not for writing."""

NOBODY: Final = {"A": "192.0.2.254", "AAAA": "2001:db8:ffff::fe"}
"""What `wrong address` gives: documentation addresses (RFC 5737, RFC 3849) that no server of a lab should have."""

_HOW: Final = ("refused", "silent", "reset")
_ANSWERS: Final = ("nxdomain", "servfail", "timeout", "truncated", "stale", "wrong address")
_FOREVER: Final = ("forever", "true", "yes", "on")
_WORDS_OF_VERBS: Final = {"rcpt to": "RCPT", "mail from": "MAIL", "helo": "EHLO", "final dot": "END"}
_KEYWORDS: Final = (
    "STARTTLS", "AUTH", "SIZE", "PIPELINING", "DSN", "8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8", "ENHANCEDSTATUSCODES",
    "REQUIRETLS", "DELIVERBY", "MT-PRIORITY", "LIMITS", "ETRN", "HELP", "VRFY", "EXPN", "TURN", "CHECKPOINT", "NO-SOLICITING",
)  # fmt: skip
"""What EHLO may announce (IANA, SMTP service extensions); X words are anybody's own."""
_WITH_VERB: Final = ("reply", "slow", "full")


class _Wrong(ValueError):
    """Why a value will not do, and what to write; told with the place of the value."""

    def __init__(self, says: str, fix: str = "") -> None:
        super().__init__(says)
        self.fix = fix


def read_faults(
    node: Node | None, servers: Mapping[str, Server], people: Iterable[Person], problems: ProblemList
) -> tuple[Fault, ...]:
    """The faults of a lab's tree. What is wrong with one is told with its place."""
    if node is None or node.is_null:
        return ()
    known = {folded(name): server for name, server in servers.items()}
    mailboxes = {folded(person.name): person.mailboxes for person in people}
    found: list[Fault] = []
    for item in node.items:
        if not item.is_map:
            problems.error(item.at, "a fault is a map.", "Write  - {at: SERVER, down: 10m}")
            continue
        before = len(problems.errors)
        fault = _Reading(item, known, mailboxes, problems).fault()
        if fault and len(problems.errors) == before:
            found.append(fault)
    return tuple(found)


class _Reading:
    """One fault being read."""

    def __init__(
        self, node: Node, servers: Mapping[str, Server], people: Mapping[str, tuple[tuple[Address, str], ...]],
        problems: ProblemList,
    ) -> None:  # fmt: skip
        self.node, self.servers, self.people, self.problems = node, servers, people, problems
        self.made: dict[str, Any] = {"text": shown(node.without(AS_IT_WAS)), "source": node.at}

    def fault(self) -> Fault | None:
        words = {**FAULT_WORDS, AS_IT_WAS: None}
        for entry in self.node.entries:
            if entry.key.casefold() not in words:
                fix = near_miss(entry.key, FAULT_WORDS).strip()
                self.problems.error(entry.key_at, f"unknown key {entry.key} in a fault.", fix)
        kinds = [kind for kind in KINDS if self.node.get(kind) is not None]
        if len(kinds) != 1:
            says = "a fault says what goes wrong." if not kinds else f"a fault is one thing, not {' and '.join(kinds)}."
            self.problems.error(self.node.at, says, f"Write one of {', '.join(KINDS)}.")
            return None
        self.made["kind"] = kinds[0]
        self._where()
        self._what(kinds[0])
        self._when()
        return Fault(**self.made)

    def _take(self, key: str, read: Callable[[Node], None]) -> bool:
        """Reads a key if it is there; what is wrong with its value is told at the value."""
        node = self.node.get(key)
        if node is None:
            return False
        try:
            if not node.is_scalar:
                raise _Wrong("one value is expected")
            read(node)
        except ValueError as bad:
            self.problems.error(node.at, f"{key}: {bad}.", getattr(bad, "fix", ""))
        return True

    # where

    def _where(self) -> None:
        kind = self.made["kind"]
        given = [key for key in ("at", "link", "dns") if self.node.get(key) is not None]
        asked = ("dns", "at") if kind == "answer" else ("at",) if kind in ("full", "clock") else ("at", "link")
        wrong = [key for key in given if key not in asked]
        if wrong or not given or (kind == "answer" and "dns" not in given) or ("at" in given and "link" in given):
            forms = {"dns": "dns: NAME TYPE", "at": "at: SERVER", "link": "link: SERVER -> SERVER"}
            fix = f"Write  {' or '.join(forms[key] for key in asked if key != 'at' or kind != 'answer')}"
            self.problems.error(self.node.at, f"{kind} needs one place where it happens.", fix)
            return
        self._take("at", self._at)
        self._take("link", self._link)
        self._take("dns", self._dns)

    def _at(self, node: Node) -> None:
        boxes = self.people.get(folded(node.text)) if self.made["kind"] == "full" else None
        if boxes:
            self.made["at"] = boxes[0][1]
            self.made["mailboxes"] = frozenset(address for address, server in boxes if server == boxes[0][1])
        else:
            self.made["at"] = self._server(node.text).name

    def _link(self, node: Node) -> None:
        one, arrow, other = node.text.partition("->")
        if not arrow:
            raise _Wrong("a link has two ends", "Write  link: m365 -> onprem")
        self.made["link"] = (self._server(one).name, self._server(other).name)

    def _server(self, text: str) -> Server:
        found = self.servers.get(folded(text))
        if found is None:
            names = [server.name for server in self.servers.values()]
            raise _Wrong(f'no server "{text.strip()}" in the lab', near_miss(text.strip(), names).strip())
        return found

    def _dns(self, node: Node) -> None:
        name, *type_ = node.text.split() or [""]
        asked = " ".join(type_).upper() or "*"
        if not name or asked not in (*TYPES, "*"):
            raise _Wrong(f"{node.text!r} is no question", "Write  dns: customer.example MX")
        self.made["dns"] = (name.lower().removesuffix("."), asked)

    # what

    def _what(self, kind: str) -> None:
        self._take(kind, getattr(self, f"_{kind}"))
        if self.node.get("how") is not None and kind != "down":
            self.problems.error(self.node.get("how").at, "how: belongs to down.")  # type: ignore[union-attr]

    def _down(self, node: Node) -> None:
        if node.text.strip().casefold() not in _FOREVER:
            self.made["lasts"] = duration(node.text)
            span = self.node.get("for")
            if span and duration(span.text) != self.made["lasts"]:
                raise _Wrong("it already says how long", "Leave out for.")
        self.made["how"] = "refused"
        self._take("how", lambda how: self.made.update(how=_one_of(how, _HOW)))

    def _reply(self, node: Node) -> None:
        reply = Reply.parse(node.text)
        if not 400 <= reply.code < 600:
            raise _Wrong(
                f"{reply.code} refuses nothing", "Write a 4xx or 5xx reply, such as 452 4.5.3 too many recipients."
            )
        self.made["reply"] = reply

    def _cut(self, node: Node) -> None:
        when, _, verb = node.text.strip().partition(" ")
        fix = "Write  cut: before, during or after VERB, such as  cut: after DATA"
        if folded(when) not in ("before", "during", "after") or not verb:
            raise _Wrong(f"{node.text!r} does not say when", fix)
        when, verb = folded(when), _verb(verb)
        if (when, verb) == ("after", "DATA"):
            verb = "END"  # the final dot belongs to it
        if when == "during" and verb not in ("DATA", "STARTTLS"):
            when = "before"  # half a command is none
        self.made.update(how=when, verb=verb)

    def _strip(self, node: Node) -> None:
        word = node.text.strip().upper()
        if word.partition(" ")[0] not in _KEYWORDS and not word.startswith("X"):
            raise _Wrong(f"{node.text!r} is no keyword of EHLO", near_miss(word, _KEYWORDS).strip())
        self.made["how"] = word

    def _cert(self, node: Node) -> None:
        self.made["how"] = _one_of(node, DEFECTS)
        server = self.servers.get(folded(self.made.get("at") or self.made.get("link", ("", ""))[1]))
        if server and server.certificate is None:
            raise _Wrong(f"{server.name} has no certificate", f"Give it one: cert {server.name}: good")

    def _slow(self, node: Node) -> None:
        self.made["span"] = duration(node.text)

    def _clock(self, node: Node) -> None:
        text = node.text.strip()
        span = duration(text.lstrip("+-"))
        self.made["span"] = -span if text.startswith("-") else span

    def _full(self, node: Node) -> None:
        self.made["how"] = _one_of(node, ("mailbox", "disk"))
        if self.made["how"] == "disk":
            self.made["verb"] = "MAIL"
            if self.made.get("mailboxes"):
                raise _Wrong("a person has a mailbox, a server has a disk", "Write  at: SERVER")

    def _answer(self, node: Node) -> None:
        name, type_ = self.made.get("dns", ("", "*"))
        records: tuple[str, ...]
        try:
            word, records = "wrong address", (str(ip_address(node.text.strip())),)
        except ValueError:
            word = _one_of(node, _ANSWERS)
            records = (NOBODY.get(type_, ""),)
        if word == "stale":
            was = self.node.get(AS_IT_WAS)
            records = tuple(item.text for item in was.items) if was else ()
            if type_ == "*":
                raise _Wrong("a stale answer is one to a question", f"Write  dns: {name} MX")
        elif word == "wrong address" and type_ not in NOBODY:
            raise _Wrong(f"the answer to {type_} is no address", f"Write  dns: {name} A")
        elif word not in ("stale", "wrong address"):
            self.made["how"] = word
            return
        self.made.update(how="records" if word == "stale" else "forged", records=records)

    # when

    def _when(self) -> None:
        kind, made = self.made["kind"], self.made
        if self._take("to", lambda node: made.update(verb=_verb(node.text))):
            if kind not in _WITH_VERB or made.get("mailboxes") or (kind == "full" and made.get("how") == "mailbox"):
                self.problems.error(self.node.get("to").at, f"to: says nothing about {kind}.", "Leave it out.")  # type: ignore[union-attr]
        elif kind == "reply":
            reply = made.get("reply")  # a server that closes says so when it greets; most refusals are of a recipient
            made["verb"] = "CONNECT" if reply and reply.code == 421 else "RCPT"
        counted = self._take("nth", lambda node: made.update(nth=_number(node)))
        if not self._take("times", lambda node: made.update(times=_number(node))) and counted:
            made["times"] = 1
        chance = self._take("chance", lambda node: made.update(chance=_percent(node)))
        if kind == "clock" and (counted or chance or made.get("times")):
            self.problems.error(
                self.node.at, "a clock is wrong for a time, not a number of times.", "Use from and for."
            )
        self._take("from", lambda node: made.update(begins=duration(node.text)))
        if kind != "down" or "lasts" not in made:  # down: 10m says it already, down: forever does not
            self._take("for", lambda node: made.update(lasts=duration(node.text)))
        self._take("name", lambda node: made.update(name=node.text.strip()))
        if made.get("span") == timedelta(0):
            self.problems.error(self.node.at, f"{kind} for no time is no fault.")


def _verb(text: str) -> str:
    word = _WORDS_OF_VERBS.get(folded(text), text.strip().upper())
    if word not in VERBS:
        raise _Wrong(f"{text.strip()!r} is no verb", f"Write one of {', '.join(VERBS)}.")
    return word


def _one_of(node: Node, words: tuple[str, ...]) -> str:
    word = folded(node.text)
    if word not in words:
        raise _Wrong(f"{node.text!r} is not known here", near_miss(node.text, words).strip())
    return word


def _number(node: Node) -> int:
    text = node.text.strip()
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise _Wrong(f"{text!r} is not a number from 1 on")
    return int(text)


def _percent(node: Node) -> int:
    number = _number(Node.of(node.text.strip().removesuffix("%").strip()))
    if number > 100:
        raise _Wrong("a chance is from 1% to 100%")
    return number

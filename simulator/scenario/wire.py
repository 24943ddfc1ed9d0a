"""Expectations about what was on the wire: TLS of a link, what was said in a session, headers of what arrived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.path import folded
from simulator.mail.reply import Reply
from simulator.paths import Ending
from simulator.played import Played
from simulator.scenario.compare import alternatives, in_range, says_fits, shown
from simulator.scenario.match import code_fits
from simulator.source import Entry, Node, Source
from simulator.trace import Event
from simulator.world import Delivery

__all__ = ["Difference", "check_headers", "check_session", "check_tls", "header_differences", "is_about", "opener"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that was not met."""

    key: str  # "path", "tls", "because", "always", ...
    at: Source
    expected: str
    got: str
    says: str = ""
    hop: int = -1  # of a path: the leg at which it leaves the sentence,
    offset: int = -1  # where that part stands in `got`,
    width: int = 1
    ending: Ending | None = None  # and the copy whose path it is


def check_headers(node: Node, played: Played) -> Iterable[Difference]:
    """Headers of every delivered message, or of those that a person, a server or a link stands for."""
    mine = [d for d in played.deliveries if d.msg in played.messages]
    subjects = [e for e in node.entries if e.node.is_map and e.node.entry("any of") is None]
    for entry in subjects:
        theirs = [d for d in mine if _concerns(d, entry.key, played)]
        if not theirs:
            yield Difference(f"headers {entry.key}", entry.key_at, shown(entry.node), "got no message")
        for delivery in theirs:
            yield from header_differences(entry.node, delivery.message, f"headers {entry.key}")
    for entry in subjects:
        node = node.without(entry.key)
    if node.entries and not mine:
        yield Difference("headers", node.at, shown(node), "nothing was delivered")
    for delivery in mine:
        yield from header_differences(node, delivery.message, "headers")


def _concerns(delivery: Delivery, subject: str, played: Played) -> bool:
    """Whether a message was delivered to a person, at a server, or came over a link."""
    a, arrow, b = (folded(part) for part in subject.partition("->"))
    if not arrow:
        person = played.lab.person_of(delivery.mailbox, delivery.host)
        return a in (folded(person), folded(str(delivery.mailbox)), folded(delivery.host))
    path = next((e.path for e in played.endings if e.copy == delivery.copy), None)
    way = [folded(path.start), *(folded(leg.server) for leg in path.legs)] if path else []
    return (a, b) in pairwise(way)


def header_differences(node: Node, message: Message, name: str) -> Iterable[Difference]:
    for entry in node.entries:
        values = message.all(entry.key)
        if not any(_header_fits(choice.text, values) for choice in alternatives(entry.node)):
            yield Difference(f"{name} {entry.key}", entry.node.at, shown(entry.node), "; ".join(values) or "absent")


def _header_fits(want: str, values: list[str]) -> bool:
    words = folded(want).split()
    if words in (["present"], ["absent"]):
        return bool(values) == (words == ["present"])
    if len(words) == 2 and words[1] in ("hop", "hops") and words[0].isdecimal():
        return len(values) == int(words[0])
    return any(says_fits(want, value) for value in values)


_GRADES = ("none", "encrypted", "trusted", "verified")


def check_tls(node: Node, played: Played) -> Iterable[Difference]:
    for entry in node.entries:
        grades = _grades(entry.key, played)
        if not grades:
            yield Difference(f"tls {entry.key}", entry.key_at, shown(entry.node), "no message went that way")
        for grade in dict.fromkeys(grades):
            if not any(_grade_fits(choice.text, grade) for choice in alternatives(entry.node)):
                yield Difference(f"tls {entry.key}", entry.node.at, shown(entry.node), grade)


_BEFORE_TLS = ("CONNECT", "BANNER", "EHLO", "STARTTLS")
"""Where an attempt may end before anybody knows with how much TLS the mail would have gone."""


def _grades(link: str, played: Played) -> list[str]:
    a, _, b = (folded(part) for part in link.partition("->"))
    found = [
        e["grade"]
        for e in played.of("attempt")
        if folded(e.host) == a and folded(e["server"]) == b and e["grade"] and e["stage"] not in _BEFORE_TLS
    ]
    began = {e.msg: e for e in played.of("submitted")}
    for event in played.of("client"):
        if folded(began[event.msg]["person"]) == a and folded(event.host) == b and event["grade"]:
            found.append(event["grade"])
    return found


def _grade_fits(want: str, grade: str) -> bool:
    words = folded(want)
    if words == "any":
        return True
    if words.startswith("at least ") and words[9:] in _GRADES:
        return _GRADES.index(grade) >= _GRADES.index(words[9:])
    return words == grade


def check_session(node: Node, played: Played) -> Iterable[Difference]:
    for entry in node.entries:
        a, _, b = (folded(part) for part in entry.key.partition("->"))
        sessions = [
            e["session"] for e in played.log.of("session.open")
            if folded(e.host) == b and a == folded(e["client"] or opener(e, played))
        ]  # fmt: skip
        said = [e for e in played.log.of("smtp") if e["session"] in sessions]
        if not sessions and not (entry.node.get("count") and shown(entry.node.get("count") or entry.node) == "0"):
            yield Difference(f"session {entry.key}", entry.key_at, shown(entry.node), "they did not speak")
            continue
        for asked in entry.node.entries:
            yield from _session_fact(entry.key, asked, said, len(sessions))


def opener(event: Event, played: Played) -> str:
    """The person who handed in the message of an event: the client where no server is one."""
    began = next((e for e in played.log.of("submitted") if e.msg == event.msg), None)
    return str(began["person"]) if began else ""


def _is_said(wanted: str, line: str) -> bool:
    """Whether a command is the one meant: by its verb, its beginning (`MAIL FROM:<bob`), or one of its parameters."""
    if wanted.startswith("/"):
        return says_fits(wanted, line)
    want, said = folded(wanted), folded(line)
    begins = said.startswith(want) and not said[len(want) : len(want) + 1].isalnum()
    return begins or any(token == want or token.startswith(f"{want}=") for token in said.split()[1:])


def _session_fact(link: str, asked: Entry, said: list[Event], count: int) -> Iterable[Difference]:
    keywords = {k.upper() for e in said for k in e.get("keywords", ())}
    lines = [f"{e['verb']} {e['line']}".strip() for e in said]
    replies = [e["reply"] for e in said]
    name, node = f"session {link} {asked.key}", asked.node
    key = folded(asked.key)
    if key in ("ehlo has", "ehlo lacks"):
        for item in node.items:
            has = any(k == item.text.upper() or k.startswith(item.text.upper() + " ") for k in keywords)
            if has != (key == "ehlo has"):
                yield Difference(name, item.at, item.text, ", ".join(sorted(keywords)))
    elif key in ("commands", "never"):
        for item in node.items:
            if any(_is_said(item.text, line) for line in lines) != (key == "commands"):
                yield Difference(name, item.at, item.text, "; ".join(lines))
    elif key == "replies":
        for item in node.items:
            if not any(says_fits(item.text, r) or code_fits(item.text, Reply.parse(r).codes) for r in replies):
                yield Difference(name, item.at, item.text, "; ".join(replies))
    elif key == "count":
        if not in_range(node.text, count):
            yield Difference(name, node.at, node.text, str(count))
    else:
        yield Difference(
            name, asked.key_at, shown(node), "unknown; use ehlo has, ehlo lacks, commands, never, replies, count"
        )


def is_about(event: Event, key: str, played: Played) -> bool:
    """Whether an event is about a server, a link `a -> b`, or a recipient by name or address."""
    a, arrow, b = (folded(part) for part in key.partition("->"))
    if arrow and event.type == "kept":
        return (folded(event.host), folded(event["to"])) == (a, b)
    if arrow:
        return folded(event.get("client") or opener(event, played)) == a and folded(event.host) == b
    rcpt = event.get("rcpt", "")
    return a in (folded(event.host), folded(rcpt), folded(played.lab.person_of(Address.parse(rcpt)) if rcpt else ""))

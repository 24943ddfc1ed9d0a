"""`send:` of a flow, as far as it says itself who hands in what, to whom, and how.

The rest follows from the flow's sentences and name (`simulator.scenario.sender`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.mail.address import Address, AddressError, parse_domain
from simulator.policy.settings import read_bool
from simulator.scenario.asking import Asked, asked_of_reports, envid, ret
from simulator.scenario.certificate import read_certificate
from simulator.scenario.errors import ScenarioError, near_miss
from simulator.scenario.names import Names
from simulator.scenario.schema import SEND_WORDS
from simulator.scenario.values import duration, ip, size
from simulator.source import NOWHERE, Node, ProblemList, Source

__all__ = ["Draft", "drafts"]

_TLS = ("on", "off", "required", "1.0", "1.1", "1.2", "1.3")
_SWITCHED = {"true": "on", "yes": "on", "false": "off", "no": "off"}


@dataclass
class Draft:
    """A `send` as far as it says itself."""

    at: Source = NOWHERE
    sender: Address | None = None
    person: str = ""
    to: list[Address] = field(default_factory=list)
    says_from: bool = False
    says_to: bool = False
    values: dict[str, Any] = field(default_factory=dict)  # fields of `Send`
    server_at: Source = NOWHERE
    certificate_of: str = ""  # the server whose certificate the client shows
    asked: dict[str, Asked] = field(default_factory=dict)  # parameters of RCPT

    @property
    def addresses(self) -> list[Address]:
        """Everybody it names; sentences may call strangers among them by the part before the `@`."""
        return [*([self.sender] if self.sender else []), *self.to]


@dataclass(frozen=True, slots=True)
class _Reading:
    names: Names
    problems: ProblemList
    start: datetime
    read_file: Callable[[str], bytes | str]
    base: str


def drafts(
    node: Node | None, names: Names, problems: ProblemList, *, start: datetime,
    read_file: Callable[[str], bytes | str], base: str = "",
) -> list[Draft]:  # fmt: skip
    """The messages of a flow; one that says nothing where there is no `send`."""
    if node is None or node.is_null:
        return [Draft()]
    return [_draft(item, _Reading(names, problems, start, read_file, base)) for item in node.items] or [Draft()]


def _draft(node: Node, reading: _Reading) -> Draft:
    draft = Draft(node.at)
    if not node.is_map:
        reading.problems.error(node.at, "send is a map.", "Write  send: {from: Sun, to: [Bob, John]}")
    for entry in node.entries:
        key, value = entry.key.casefold(), entry.node
        if key not in SEND_WORDS:
            says = f"unknown key {entry.key} in send."
            reading.problems.error(entry.key_at, says, near_miss(entry.key, SEND_WORDS).strip())
        elif key not in ("to", "headers", "cert", "notify", "orcpt") and not value.is_scalar:
            reading.problems.error(value.at, f"{key}: one value is expected.")
        else:
            _KEYS[key](draft, value, reading)
    return draft


def _from(draft: Draft, node: Node, reading: _Reading) -> None:
    draft.says_from = True
    if node.text.strip() == "<>":
        draft.values["null_sender"] = True
        return
    draft.sender = reading.names.check_person(node.text.strip(), node.at, reading.problems)
    draft.person = reading.names.person(node.text.strip())


def _to(draft: Draft, node: Node, reading: _Reading) -> None:
    draft.says_to = True
    for item in node.items:
        found = reading.names.check_person(item.text.strip(), item.at, reading.problems)
        if found:
            draft.to.append(found)
    if not node.items:
        reading.problems.error(node.at, "to: nobody is named.", "Write  to: [Bob, John]")


def _headers(draft: Draft, node: Node, reading: _Reading) -> None:
    if not node.is_map:
        reading.problems.error(node.at, "headers is a map.", 'Write  headers: {X-Test: "1"}')
    for entry in node.entries:
        if not entry.node.is_scalar:
            reading.problems.error(entry.node.at, f"headers: {entry.key} is one value.")
    draft.values["headers"] = {e.key: "" if e.node.is_null else e.node.text for e in node.entries if e.node.is_scalar}


def _cert(draft: Draft, node: Node, reading: _Reading) -> None:
    server = reading.names.server(node.text.strip()) if node.is_scalar else ""
    if server:
        draft.certificate_of = server
        return
    fqdn = str(draft.values.get("helo") or "client.invalid")
    draft.values["certificate"] = read_certificate(node, reading.problems, fqdn=fqdn, start=reading.start)


def _server(draft: Draft, node: Node, reading: _Reading) -> None:
    text, draft.server_at = node.text.strip(), node.at
    if "." in text and not reading.names.server(text):
        try:
            draft.values["server"] = parse_domain(text)
        except AddressError as bad:
            reading.problems.error(node.at, f"server: {bad}.")
        return
    draft.values["server"] = reading.names.check_server(text, node.at, reading.problems)


def _auth(draft: Draft, node: Node, reading: _Reading) -> None:
    text = node.text.strip()
    found = reading.names.check_person(text, node.at, reading.problems)
    person = reading.names.person(text)
    if found and not person:
        known = [name for name, _ in reading.names.people.values()]
        reading.problems.error(node.at, f'auth: "{text}" has no mailbox in the lab.', near_miss(text, known).strip())
    draft.values["auth"] = person


def _eml(draft: Draft, node: Node, reading: _Reading) -> None:
    if "\n" in node.text:  # several lines are the message itself, not the name of a file
        draft.values["content"] = node.text.encode().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return
    draft.values["eml"] = name = f"{reading.base}{node.text.strip()}"
    try:
        content = reading.read_file(name)
    except (OSError, ScenarioError) as bad:
        why = bad.problems[0].says if isinstance(bad, ScenarioError) else "there is no such file"
        reading.problems.error(node.at, f"eml: {name}: {why}.")
        return
    octets = content if isinstance(content, bytes) else content.encode()
    draft.values["content"] = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _text(field: str) -> Callable[[Draft, Node, _Reading], None]:
    def read(draft: Draft, node: Node, reading: _Reading) -> None:
        draft.values[field] = node.text

    return read


def _value(field: str, key: str, convert: Callable[[str], Any]) -> Callable[[Draft, Node, _Reading], None]:
    def read(draft: Draft, node: Node, reading: _Reading) -> None:
        try:
            draft.values[field] = convert(node.text)
        except ValueError as bad:
            reading.problems.error(node.at, f"{key}: {bad}.")

    return read


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError(f"{text!r} is not a port; write 25, 465 or 587")
    return int(text)


def _hello(text: str) -> str:
    """Anything that fits on the line: clients do say odd names. RFC 5321 4.5.3.1.2 has 255 octets for one."""
    if not text.isprintable():
        raise ValueError(f"{text!r} cannot be said: it has control characters")
    if len(text.encode()) > 255:
        raise ValueError("the name is longer than 255 octets")
    return text


def _tls(text: str) -> str:
    word = _SWITCHED.get(text.strip().casefold(), text.strip().casefold())
    if word not in _TLS:
        raise ValueError(f"{text!r} is not one of {', '.join(_TLS)}")
    return word


def _null(draft: Draft, node: Node, reading: _Reading) -> None:
    try:
        draft.values["null_sender"] = read_bool(node)
    except ValueError as bad:
        reading.problems.error(node.at, f"null sender: {bad}.", "Write true or false.")


def _asks(key: str) -> Callable[[Draft, Node, _Reading], None]:
    def read(draft: Draft, node: Node, reading: _Reading) -> None:
        draft.asked[key] = asked_of_reports(key, node, reading.names, reading.problems)

    return read


def _parameter(key: str, convert: Callable[[str], str]) -> Callable[[Draft, Node, _Reading], None]:
    def read(draft: Draft, node: Node, reading: _Reading) -> None:
        try:
            draft.values.setdefault("parameters", {})[key.upper()] = convert(node.text)
        except ValueError as bad:
            reading.problems.error(node.at, f"{key}: {bad}.")

    return read


_KEYS: Mapping[str, Callable[[Draft, Node, _Reading], None]] = {
    "from": _from,
    "to": _to,
    "subject": _text("subject"),
    "size": _value("size", "size", size),
    "body": _text("body"),
    "headers": _headers,
    "eml": _eml,
    "as": _value("source", "as", ip),
    "server": _server,
    "port": _value("port", "port", _port),
    "helo": _value("helo", "helo", _hello),
    "tls": _value("tls", "tls", _tls),
    "cert": _cert,
    "auth": _auth,
    "password": _text("password"),
    "null sender": _null,
    "notify": _asks("notify"),
    "ret": _parameter("ret", ret),
    "envid": _parameter("envid", envid),
    "orcpt": _asks("orcpt"),
    "after": _value("after", "after", duration),
}

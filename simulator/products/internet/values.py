"""What an internet host's settings hold: refusals, forwards, answers to recipients, and whom it takes mail from.

refuses: {spf: fail, with: 550 5.7.23}                    one refusal, or a list of them; all results of one must be there
refuses: [{spf: [fail, softfail]}, {dkim: none, dmarc: none, with: 550 5.7.26 Not authenticated}]
forwards: {Sun: {to: bob@contoso.com, keep copy: true, srs: true}}     or  Sun: bob@contoso.com
answers: {Sun: 452 4.2.2 Mailbox full, "*": 550 5.7.1 No}
accepts from: [198.51.100.0/24, mail.contoso.com]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from simulator.mail.address import Address, AddressError, parse_domain
from simulator.mail.path import folded
from simulator.mail.reply import Reply
from simulator.policy.ranges import IpRange, read_range
from simulator.policy.settings import BadValue, Settings, flag, nearest, text
from simulator.source import NOWHERE, Node, ProblemList, Source
from simulator.topology import Person

__all__ = [
    "RESULTS",
    "Answered",
    "Clients",
    "Forward",
    "Names",
    "Refusal",
    "read_answer",
    "read_clients",
    "read_refusals",
]

RESULTS: Mapping[str, tuple[str, ...]] = {
    "spf": ("pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"),
    "dkim": ("pass", "fail", "none", "temperror"),
    "dmarc": ("pass", "fail", "none", "temperror", "permerror"),
}
"""What can be refused, and the results it can have (RFC 8601 2.7); of several signatures the best one counts."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Results that are refused together, and with what; None leaves the reply to the host."""

    results: Mapping[str, tuple[str, ...]]
    reply: Reply | None = None
    at: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said at RCPT to one recipient, or to all."""

    reply: Reply
    at: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Clients:
    """Addresses, and names that stand for the addresses they have in DNS."""

    ranges: tuple[IpRange, ...] = ()
    names: tuple[str, ...] = ()


class Forward(Settings):
    """Where a person's mail goes on to. The envelope sender stays unless `srs` rewrites it."""

    noun = "a forward"

    to: str = text("the address, or a person of the lab", required=True)
    keep_copy: bool = flag(False, "the mailbox keeps a copy", label="keep copy")
    srs: bool = flag(False, "the envelope sender becomes an address of this host that leads back to the original one")

    @classmethod
    def read_entry(cls, name: str, node: Node, problems: ProblemList) -> Forward:
        """A map, or the target alone."""
        return cls.read(Node.of({"to": node}, node.at) if node.is_scalar else node, problems, name=name, at=node.at)


def read_refusals(node: Node) -> tuple[Refusal, ...]:
    """One map, or a list of them."""
    return tuple(_refusal(item) for item in node.items)


def _refusal(node: Node) -> Refusal:
    if not node.is_map:
        raise BadValue("a refusal is a map", "Write  {spf: fail, with: 550 5.7.23}")
    results: dict[str, tuple[str, ...]] = {}
    reply: Reply | None = None
    for entry in node.entries:
        key = entry.key.casefold()
        if key == "with":
            reply = _refusing(entry.node)
        elif key in RESULTS:
            results[key] = tuple(_result(key, item) for item in entry.node.items)
        else:
            raise BadValue(f"{entry.key} is nothing that can be refused", nearest(entry.key, [*RESULTS, "with"]))
    if not results:
        raise BadValue("a refusal names at least one result", "Write  {spf: fail, with: 550 5.7.23}")
    return Refusal(results, reply, node.at)


def _result(key: str, node: Node) -> str:
    word = node.text.strip().casefold()
    if not node.is_scalar or word not in RESULTS[key]:
        raise BadValue(f"{word or 'this'} is no result of {key}", nearest(word, list(RESULTS[key])))
    return word


def _refusing(node: Node) -> Reply:
    try:
        reply = Reply.parse(node.text) if node.is_scalar else None
    except ValueError:
        reply = None
    if reply is None or not (reply.transient or reply.permanent):
        raise BadValue(f"{node.text!r} is no refusal", "Write  550 5.7.1 TEXT  or  452 4.2.2 TEXT")
    return reply


def read_answer(_: str, node: Node, problems: ProblemList) -> Answered | None:
    """The reply to a recipient: a 4xx or 5xx, with its enhanced code and text."""
    try:
        return Answered(_refusing(node), node.at)
    except BadValue as bad:
        problems.error(node.at, f"answers: {bad.says}.", bad.fix)
        return None


def read_clients(node: Node) -> Clients:
    """Addresses, ranges, networks, and host names."""
    ranges: list[IpRange] = []
    names: list[str] = []
    for item in node.items:
        word = item.text.strip()
        try:
            if _is_address(word):
                ranges.append(read_range(word))
            else:
                names.append(parse_domain(word))
        except ValueError as bad:
            raise BadValue(str(bad), "Write an address, a network (192.0.2.0/24) or a host name.") from None
    return Clients(tuple(ranges), tuple(names))


def _is_address(word: str) -> bool:
    try:
        ip_address(word.partition("/")[0].partition("-")[0].strip())
    except ValueError:
        return "/" in word
    return True


@dataclass(frozen=True, slots=True)
class Names:
    """Who is meant by a word of the settings: a person of the lab, or an address."""

    people: Mapping[str, tuple[tuple[Address, str], ...]] = field(default_factory=dict)  # folded name -> mailboxes

    @classmethod
    def of(cls, people: Iterable[Person]) -> Names:
        return cls({folded(person.name): person.mailboxes for person in people})

    def find(self, word: str, server: str = "") -> Address | None:
        """The person's mailbox at `server` (anywhere unless given), or the address; None for neither."""
        for address, where in self.people.get(folded(word), ()):
            if not server or where == server:
                return address
        try:
            return Address.parse(word)
        except AddressError:
            return None

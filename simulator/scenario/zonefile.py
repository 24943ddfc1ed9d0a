"""Zone-file text (RFC 1035 5.1) as the mapping that `dns:` otherwise is.

    dns: |                                          dns:
      $ORIGIN contoso.com.                            contoso.com: |
      @       3600 IN MX  10 mail                       @     MX  10 mail
      mail         IN A   203.0.113.25                  mail  A   203.0.113.25

Each record becomes a node at its own line, so patches and errors work as they do for the mapping. Names without a final
dot belong to the origin; where there is none yet they are whole names. Times to live and classes are read over: lab DNS
has no age. Text in brackets may go over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.scenario.errors import near_miss
from simulator.source import Node, ProblemList, Scalar, Source
from simulator.zone import TYPES

__all__ = ["dns_as_map"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;.*|[()]|(?:\\.|[^\s;()"\\])+')
_TTL = re.compile(r"\d+[smhdwSMHDW]?\Z")
_NAMED = frozenset({"CNAME", "MX", "NS", "PTR", "SRV"})  # types whose data ends in a name
_IGNORED = frozenset(
    {
        "SOA", "CAA", "HINFO", "DNSKEY", "DS", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY", "SPF", "HTTPS", "SVCB", "SSHFP",
        "NAPTR", "LOC", "DNAME", "RP", "URI", "OPENPGPKEY", "SMIMEA", "CERT", "AFSDB", "APL", "WKS", "WINS", "WINSR",
    }
)  # fmt: skip
"""Types that take no part in mail flow here."""
_UNNAMED = re.compile(r"TYPE\d{1,5}\Z")  # RFC 3597
PassedOver = Callable[[Source, str, str], None]
"""Told of what is read over: where, what it is, its text."""


def dns_as_map(tree: Node, problems: ProblemList, passed_over: PassedOver | None = None) -> Node:
    """A lab (or a patch of one) whose `dns` is a mapping by name and type throughout.

    With `passed_over` no line is an error: what cannot be used is told there, and the rest counts.
    """
    dns = tree.get("dns")
    if dns is None or dns.is_list:
        return tree
    if dns.is_scalar:
        return (
            tree if _is_word(dns) else tree.with_entry("dns", _added(Node({}, dns.at), dns, "", problems, passed_over))
        )
    result = Node({}, dns.at)
    for entry in dns.entries:
        if entry.node.is_scalar and not _is_word(entry.node):
            result = _added(result, entry.node, entry.key.removesuffix("."), problems, passed_over)
        else:
            key = entry.key.removesuffix(".")
            was = result.get(key)
            node = _joined(was, entry.node) if was else entry.node
            result = result.with_entry(key, node, entry.key_at)
    return tree.with_entry("dns", result)


def _is_word(node: Node) -> bool:
    """`null` and `remove` are left for the patch; text of a zone has at least an owner, a type and data."""
    return node.is_null or (node.is_scalar and len(node.text.split()) < 2)


def _joined(was: Node, more: Node) -> Node:
    for entry in more.entries:
        old = was.get(entry.key)
        both = Node((*old.items, *entry.node.items), old.at) if old else entry.node
        was = was.with_entry(entry.key, both, entry.key_at)
    return was


@dataclass(frozen=True, slots=True)
class _Line:
    """A logical line: its tokens, whether it begins with a blank (same owner as before), and its place."""

    tokens: tuple[str, ...]
    continues: bool
    at: Source


def _added(result: Node, text: Node, origin: str, problems: ProblemList, passed_over: PassedOver | None) -> Node:
    owner = origin
    for line in _lines(text, problems):
        tokens = list(line.tokens)
        if tokens[0].upper() == "$ORIGIN":
            origin = tokens[1].removesuffix(".") if len(tokens) > 1 else ""
            owner = origin
            continue
        if tokens[0].startswith("$"):
            if tokens[0].upper() != "$TTL" and passed_over:
                passed_over(line.at, tokens[0], " ".join(tokens[1:]))
            elif tokens[0].upper() != "$TTL":
                problems.error(line.at, f"{tokens[0]} is not read here.", "Use $ORIGIN, or write the records out.")
            continue
        if not line.continues:
            owner = _absolute(tokens.pop(0), origin, line.at, problems)
        while tokens and (_TTL.match(tokens[0]) or tokens[0].upper() in ("IN", "CH", "HS")):
            tokens.pop(0)
        kind, data = (tokens[0].upper() if tokens else ""), tokens[1:]
        if kind in _IGNORED or _UNNAMED.match(kind):
            if passed_over:
                passed_over(line.at, f"{owner} {kind}", " ".join(data))
            continue
        if kind not in TYPES or not data or not owner:
            if passed_over:
                passed_over(line.at, f"{owner} {kind}".strip(), " ".join(data))
                continue
            fix = near_miss(kind, TYPES).strip() if kind and kind not in TYPES else ""
            problems.error(line.at, "this is not a record of a zone file.", fix or "Write  mail A 203.0.113.25")
            continue
        if kind == "TXT":
            data = [word if word.startswith('"') else re.sub(r"\\(.)", r"\1", word) for word in data]
        if kind in _NAMED and data[-1] != ".":
            data[-1] = _absolute(data[-1], origin, line.at, problems)
        result = _with_record(result, owner, kind, Node(Scalar(" ".join(data), quoted=kind == "TXT"), line.at))
    return result


def _with_record(result: Node, owner: str, kind: str, record: Node) -> Node:
    sets = result.get(owner) or Node({}, record.at)
    was = sets.get(kind)
    records = Node((*(was.items if was else ()), record), was.at if was else record.at)
    return result.with_entry(owner, sets.with_entry(kind, records))


def _absolute(name: str, origin: str, at: Source, problems: ProblemList) -> str:
    if name == "@":
        return origin
    if name.endswith("."):
        return name[:-1]
    if not origin:
        return name
    if name.casefold() == origin.casefold() or name.casefold().endswith(f".{origin.casefold()}"):
        says = f"{name} lacks its final dot; a name server would read {name}.{origin}"
        problems.warn(at, says, f"Write {name}.")  # nobody means that, so it is taken as a whole name
        return name
    return f"{name}.{origin}"


def _lines(text: Node, problems: ProblemList) -> Iterator[_Line]:
    """Logical lines: comments gone, brackets joined."""
    rows = text.text.split("\n")
    first = next((i for i, row in enumerate(rows) if row.strip()), 0)
    indent = len(rows[first]) - len(rows[first].lstrip())
    tokens: list[str] = []
    depth, begun, continues = 0, text.at, False
    for number, row in enumerate(rows):
        found = [t for t in _TOKEN.findall(row) if not t.startswith(";")]
        if not found:
            continue
        if not depth:
            blank = len(row) - len(row.lstrip())
            at = text.at
            begun = (
                Source(at.file, at.line + number - first, max(1, at.column + blank - indent), len(row.strip()))
                if at
                else at
            )
            continues, tokens = row[0] in " \t", []
        depth += found.count("(") - found.count(")")
        tokens += [t for t in found if t not in "()"]
        if depth <= 0 and tokens:
            yield _Line(tuple(tokens), continues, begun)
    if depth > 0:
        problems.error(begun, "this ( is never closed.", "Add )")

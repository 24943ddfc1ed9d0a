"""The text of an SPF record as terms (RFC 7208 4.6.1 and 12), or the first thing in it that is wrong.

    v=spf1 ip4:203.0.113.0/24 include:spf.example.net ~all exp=why.example.com
           directive          directive               directive  modifier

    directive  = [ + - ~ ? ] mechanism       a match means pass, fail, softfail, neutral; pass unless said
    mechanism  = all | include:NAME | exists:NAME | a[:NAME][/N][//N] | mx[:NAME][/N][//N] | ptr[:NAME]
               | ip4:ADDRESS[/N] | ip6:ADDRESS[/N]
    modifier   = redirect=NAME | exp=NAME    each at most once; other words before = are ignored

Terms are separated by blanks and nothing else; names and words are alike in capitals. A mistake anywhere makes the whole
record a permerror, even behind a term that would have matched, so records are read whole, once each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from simulator.policy.rules import rule
from simulator.policy.spf_macro import is_domain_spec, is_macro_string
from simulator.value import value

__all__ = ["ONE_RECORD", "SYNTAX", "Record", "RecordError", "Term", "is_spf", "parse_record"]

ONE_RECORD = rule(
    "SPF-RECORD", "A domain's SPF record is its one TXT record that begins with v=spf1: no such record is none, two are permerror",
    fidelity="documented", source="RFC 7208 3.2, 4.5", test="tests/policy/test_rfc7208_suite.py",
)  # fmt: skip
SYNTAX = rule(
    "SPF-SYNTAX", "A mistake anywhere in an SPF record makes permerror, even behind a term that would match",
    fidelity="documented", source="RFC 7208 4.6", test="tests/policy/test_rfc7208_suite.py",
)  # fmt: skip

Network = IPv4Network | IPv6Network
_RESULTS = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<spec>.*)\Z", re.ASCII | re.IGNORECASE)
_DIRECTIVE = re.compile(r"(?P<qualifier>[-+~?]?)(?P<name>[a-z][a-z0-9]*)(?P<rest>[:/].*)?\Z", re.ASCII | re.IGNORECASE)
_PREFIXES = re.compile(r"(?P<spec>.*?)(?:/(?P<four>[0-9]+))?(?://(?P<six>[0-9]+))?\Z")
_VISIBLE = re.compile(r"[!-~]+\Z")
_NO_MACRO = "it has a % that begins no macro allowed there"
_LENGTH = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z")


@value
class Term:
    """A directive. An empty `spec` stands for the domain whose record this is."""

    text: str  # as written
    result: str  # what a match means
    name: str  # the mechanism, in lower case
    spec: str = ""  # domain-spec, macros and all
    network: Network | None = None  # of ip4 and ip6
    prefix4: int = 32  # of a and mx
    prefix6: int = 128


@value
class Record:
    """A record that can be evaluated. `ignored` are its modifiers that mean nothing here."""

    terms: tuple[Term, ...]
    redirect: str = ""
    exp: str = ""
    ignored: tuple[str, ...] = ()


@value
class RecordError:
    """The first term that is wrong, and why."""

    term: str
    says: str


class _Wrong(Exception):
    """Why a term is none."""


def is_spf(text: str) -> bool:
    """Whether TXT data is an SPF record of this version (RFC 7208 4.5)."""
    return text[:6].lower() == "v=spf1" and text[6:7] in ("", " ")


@lru_cache(1024)
def parse_record(text: str) -> Record | RecordError:
    """Reads a text for which `is_spf` holds."""
    terms: list[Term] = []
    known: dict[str, str] = {}
    ignored: list[str] = []
    for written in filter(None, text[6:].split(" ")):
        try:
            if not _VISIBLE.match(written):  # RFC 7208 3.1
                raise _Wrong("it holds a character that is not visible ASCII")
            modifier = _MODIFIER.match(written)
            if modifier is None:
                terms.append(_directive(written))
            elif (name := modifier["name"].lower()) in ("redirect", "exp"):
                if name in known:
                    raise _Wrong(f"{name}= may stand in a record only once")
                known[name] = _name(modifier["spec"])
            elif is_macro_string(modifier["spec"]):
                ignored.append(written)
            else:
                raise _Wrong(_NO_MACRO)
        except _Wrong as why:
            return RecordError(written, str(why))
    return Record(tuple(terms), known.get("redirect", ""), known.get("exp", ""), tuple(ignored))


def _directive(written: str) -> Term:
    parts = _DIRECTIVE.match(written)
    if parts is None:
        raise _Wrong("it is no SPF term")
    name = parts["name"].lower()
    if name in ("redirect", "exp"):
        raise _Wrong(f"{name} is a modifier and takes =")
    if name not in _READERS:
        near = get_close_matches(name, _READERS, 1)
        raise _Wrong(f"{name} is no SPF mechanism" + (f"; {near[0]} is one" if near else ""))
    return _READERS[name](Term(written, _RESULTS[parts["qualifier"]], name), parts["rest"] or "")


def _all(term: Term, rest: str) -> Term:
    if rest:
        raise _Wrong("all stands alone")
    return term


def _named(term: Term, rest: str) -> Term:
    """`include:NAME` and `exists:NAME`."""
    if not rest:
        raise _Wrong(f"{term.name} needs a name behind a colon")
    return _about(term, rest)


def _about(term: Term, rest: str, prefix4: int = 32, prefix6: int = 128) -> Term:
    """With the name behind the colon, if there is one."""
    if rest and rest[0] != ":":
        raise _Wrong(f"{term.name} takes no {rest}")
    return Term(term.text, term.result, term.name, _name(rest[1:]) if rest else "", None, prefix4, prefix6)


def _hosts(term: Term, rest: str) -> Term:
    """`a` and `mx`: a name and prefix lengths, all of which may be missing."""
    parts = _PREFIXES.match(rest)
    assert parts is not None
    return _about(term, parts["spec"], _length(parts["four"], 32), _length(parts["six"], 128))


def _addresses(term: Term, rest: str) -> Term:
    """`ip4` and `ip6`."""
    address, slash, length = rest[1:].partition("/")
    if rest[:1] != ":" or not address:
        raise _Wrong(f"{term.name} needs an address behind a colon")
    try:
        if term.name == "ip4":
            network: Network = IPv4Network((IPv4Address(address), _length(length if slash else None, 32)), strict=False)
        else:
            # ipaddress takes a zone id behind a percent sign, RFC 4291 2.2 has none.
            bare = address.replace("%", "zone")
            network = IPv6Network((IPv6Address(bare), _length(length if slash else None, 128)), strict=False)
    except ValueError:
        raise _Wrong(f"{address} is no IPv{term.name[-1]} address") from None
    return Term(term.text, term.result, term.name, network=network)


_READERS: Mapping[str, Callable[[Term, str], Term]] = {
    "all": _all, "include": _named, "exists": _named, "a": _hosts, "mx": _hosts, "ptr": _about,
    "ip4": _addresses, "ip6": _addresses,
}  # fmt: skip


def _name(spec: str) -> str:
    if not spec:
        raise _Wrong("the name is missing")
    if is_domain_spec(spec):
        return spec
    if re.fullmatch(r"[0-9.]+", spec):
        raise _Wrong(f"{spec} is no domain name; an address is written ip4:{spec}")
    raise _Wrong(f"{spec} is no full domain name" if is_macro_string(spec) else _NO_MACRO)


def _length(written: str | None, longest: int) -> int:
    if written is None:
        return longest
    if not _LENGTH.match(written) or int(written) > longest:
        raise _Wrong(f"/{written} is no prefix length from 0 to {longest}")
    return int(written)

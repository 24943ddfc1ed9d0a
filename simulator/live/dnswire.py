"""The zone's values as DNS messages and back (RFC 1035 4): what the nameserver says and the resolver understands.

`answer_message` and `read_answer` are each other's inverse: what `Zone.lookup` returns comes out at the other end
unchanged, as long as record data is written as the lab's loader writes it (canonical addresses, numbers without
leading zeros, hexadecimal in lower case). So a courier that asks over the wire and a planner that asks the zone
decide on the same facts.

| answer    | RCODE    | answer section                | authority section |
| --------- | -------- | ----------------------------- | ----------------- |
| ok        | NOERROR  | CNAMEs, then the records      |                   |
| nodata    | NOERROR  | CNAMEs                        | SOA (RFC 2308 2.2)|
| nxdomain  | NXDOMAIN | CNAMEs                        | SOA (RFC 2308 2.1)|
| servfail  | SERVFAIL | CNAMEs                        |                   |
| timeout   | no message at all                                               |

An answer from signed zones has AD set where the query asks for it (RFC 6840 5.7); a bogus one says so as an extended
error (RFC 8914 4.7). There are no signatures to look at: the lab's nameserver is a resolver that has validated.

The zone of a lab is the whole name space, so the SOA is the root's and every answer is authoritative.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from simulator.zone import Answer, Question

__all__ = ["PAYLOAD", "answer_message", "query_message", "question_of", "read_answer", "to_wire", "truncated"]

PAYLOAD = 1232
"""Octets of a UDP answer that are sure to arrive in one piece (the EDNS size that DNS flag day 2020 agreed on)."""

_TTL = 300
_LONGEST_CHAIN = 8  # CNAMEs that are followed, as in `simulator.zone`
_IN = dns.rdataclass.IN
_SOA = dns.rdata.from_text(_IN, dns.rdatatype.SOA, "ns.lab.invalid. hostmaster.lab.invalid. 1 3600 600 86400 60")
_RCODES = {"ok": dns.rcode.NOERROR, "nodata": dns.rcode.NOERROR, "nxdomain": dns.rcode.NXDOMAIN}


def query_message(question: Question, id_: int) -> dns.message.Message:
    """A query with EDNS (RFC 6891). Raises `DNSException` for text that cannot be a name."""
    wanted = dns.rdatatype.from_text(question.type)
    query = dns.message.make_query(_wire(question.name.lower()), wanted, id=id_, use_edns=0, payload=PAYLOAD)
    query.flags |= dns.flags.AD
    return query


def question_of(query: dns.message.Message) -> Question:
    """What is asked; types without a name are `TYPE65280` and the like."""
    asked = query.question[0]
    return Question(_text(asked.name).lower(), dns.rdatatype.to_text(asked.rdtype))


def answer_message(query: dns.message.Message, answer: Answer) -> dns.message.Message:
    """The response to a query with exactly one question. Raises for record data that does not fit its type."""
    response = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
    response.flags |= dns.flags.AA
    response.set_rcode(_RCODES.get(answer.status, dns.rcode.SERVFAIL))
    if answer.authenticated and (query.flags & dns.flags.AD or query.ednsflags & dns.flags.DO):
        response.flags |= dns.flags.AD
    if answer.bogus and query.edns >= 0:
        response.use_edns(payload=PAYLOAD, options=[dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS)])
    asked = query.question[0]
    owner = asked.name
    for alias, target in dict.fromkeys(answer.chain):  # a chain without end comes round again
        response.answer.append(_rrset(_wire(alias), dns.rdatatype.CNAME, (target,)))
        owner = _wire(target)
    if answer.records:
        response.answer.append(_rrset(owner, asked.rdtype, answer.records))
    if answer.status in ("nodata", "nxdomain"):
        response.authority.append(dns.rrset.from_rdata(dns.name.root, _TTL, _SOA))
    return response


def to_wire(response: dns.message.Message, limit: int) -> bytes:
    """The octets; without its records and marked as truncated where it is longer than `limit` (RFC 2181 9)."""
    try:
        return response.to_wire(max_size=limit, want_shuffle=False)  # records keep the order of the zone
    except dns.exception.TooBig:
        return truncated(response, limit)


def truncated(response: dns.message.Message, limit: int) -> bytes:
    """The octets of a response without its records, marked as truncated."""
    response.answer.clear()
    response.authority.clear()
    response.flags |= dns.flags.TC
    return response.to_wire(max_size=limit)


def read_answer(question: Question, response: dns.message.Message) -> Answer:
    """What a response says about a question, following its CNAMEs."""
    wanted = dns.rdatatype.from_text(question.type)
    aliases: dict[str, str] = {}
    records: dict[str, tuple[str, ...]] = {}
    for rrset in response.answer:
        owner = _text(rrset.name).lower()
        if rrset.rdtype == wanted:
            records[owner] = tuple(_data(rdata) for rdata in rrset)
        elif rrset.rdtype == dns.rdatatype.CNAME:
            aliases[owner] = _data(rrset[0]).lower().removesuffix(".")
    name = question.name.lower().removesuffix(".")
    chain: list[tuple[str, str]] = []
    while name not in records and name in aliases and len(chain) < _LONGEST_CHAIN:
        chain.append((name, aliases[name]))
        name = aliases[name]
    authenticated = bool(response.flags & dns.flags.AD)
    if response.rcode() == dns.rcode.NXDOMAIN:
        return Answer("nxdomain", (), tuple(chain), authenticated)
    if response.rcode() != dns.rcode.NOERROR:
        return Answer("servfail", (), tuple(chain), bogus=any(_is_bogus(option) for option in response.options))
    found = records.get(name, ())
    return Answer("ok" if found else "nodata", found, tuple(chain), authenticated)


def _is_bogus(option: dns.edns.Option) -> bool:
    return isinstance(option, dns.edns.EDEOption) and option.code == dns.edns.EDECode.DNSSEC_BOGUS


def _wire(name: str) -> dns.name.Name:
    # Labels are octets (RFC 2181 11); names that are not ASCII go as UTF-8, the form in which the lab holds them.
    labels = [label.encode("utf-8", "surrogateescape") for label in name.removesuffix(".").split(".")]
    return dns.name.Name([*labels, b""] if name.removesuffix(".") else [b""])


def _text(name: dns.name.Name) -> str:
    return ".".join(label.decode("utf-8", "surrogateescape") for label in name.labels if label)


def _rrset(owner: dns.name.Name, type_: dns.rdatatype.RdataType, records: tuple[str, ...]) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(owner, _TTL, [_rdata(type_, text) for text in records])


def _rdata(type_: dns.rdatatype.RdataType, text: str) -> dns.rdata.Rdata:
    if type_ == dns.rdatatype.TXT:
        octets = text.encode("utf-8", "surrogateescape")
        strings = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]  # RFC 1035 3.3.14
        return _from_octets(type_, _counted(strings))
    if type_ in _HOSTS:
        *numbers, host = text.split()
        return _from_octets(type_, b"".join(int(n).to_bytes(2, "big") for n in numbers) + _counted(_wire(host).labels))
    return dns.rdata.from_text(_IN, type_, text)


def _counted(strings: Iterable[bytes]) -> bytes:
    """Each behind its length: the form of labels and of TXT strings."""
    return b"".join(bytes((len(string),)) + string for string in strings)


def _from_octets(type_: dns.rdatatype.RdataType, octets: bytes) -> dns.rdata.Rdata:
    return dns.rdata.from_wire(_IN, type_, octets, 0, len(octets))


def _data(rdata: Any) -> str:
    """Presentation text, as the zone has it."""
    if rdata.rdtype == dns.rdatatype.TXT:
        return str(b"".join(rdata.strings).decode("utf-8", "surrogateescape"))
    if rdata.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
        return str(ip_address(rdata.address))
    if rdata.rdtype == dns.rdatatype.TLSA:
        return f"{rdata.usage} {rdata.selector} {rdata.mtype} {rdata.cert.hex()}"
    fields = _HOSTS.get(rdata.rdtype)
    if fields is None:
        return str(rdata.to_text())
    *numbers, host = (getattr(rdata, field) for field in fields)
    return " ".join([*map(str, numbers), _text(host) or "."])


_HOSTS: dict[dns.rdatatype.RdataType, tuple[str, ...]] = {
    dns.rdatatype.CNAME: ("target",),
    dns.rdatatype.NS: ("target",),
    dns.rdatatype.PTR: ("target",),
    dns.rdatatype.MX: ("preference", "exchange"),
    dns.rdatatype.SRV: ("priority", "weight", "port", "target"),
}
"""Types whose data ends in a host name, by the names of their fields."""

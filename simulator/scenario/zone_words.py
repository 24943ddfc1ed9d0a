"""Words under a name in `dns:` that are no record types: whether the zone is signed, its MTA-STS policy, its time to live.

    customer.example:
      TTL: 1h
      DNSSEC: signed                                             # or unsigned (the default), bogus
      MTA-STS: {mode: enforce, mx: [mx.customer.example, "*.customer.example"], max_age: 7d}

DNSSEC counts for the name and everything below it, up to a name that has its own word. MTA-STS writes two records, as RFC
8461 does in two places: the TXT record at `_mta-sts`, and the policy, which senders fetch over HTTPS in the world and as
text at `policy._mta-sts` in a lab (docs/limits.md). A TXT record without a policy is a policy that cannot be fetched.
The time to live is how long caches keep a name's records as they were when a stage changes them (`meanwhile`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta

from simulator.mail.address import AddressError, parse_domain
from simulator.policy.mta_sts import MODES, announcement_name, policy_name
from simulator.scenario.errors import near_miss
from simulator.scenario.values import duration
from simulator.source import Entry, Node, ProblemList
from simulator.zone import SIGNATURES

__all__ = ["WORD_FORMS", "longest_ttl", "read_dnssec", "read_mta_sts", "read_ttl"]

WORD_FORMS: Mapping[str, Mapping[str, object]] = {
    "TTL": {"type": ["string", "integer"], "examples": ["1h", 3600], "description": "how long caches keep the records"},
    "DNSSEC": {"enum": list(SIGNATURES), "description": "whether the zone that begins here is signed"},
    "MTA-STS": {
        "type": "object",
        "description": "the MTA-STS policy of the domain (RFC 8461)",
        "properties": {
            "mode": {"enum": list(MODES)},
            "mx": {"type": ["array", "string"], "items": {"type": "string"}},
            "max_age": {"type": ["string", "integer"], "examples": ["7d"]},
        },
        "additionalProperties": False,
    },
}
"""Each word and the form of its value, for the schema."""

_KEYS = ("mode", "mx", "max_age")
_LONGEST = 31_557_600  # RFC 8461 3.2


def read_ttl(node: Node, problems: ProblemList) -> timedelta | None:
    """How long caches keep the records of a name; None where the value is none, which is told."""
    try:
        return duration(node.text)
    except ValueError as bad:
        problems.error(node.at, f"TTL: {bad}.")
        return None


def longest_ttl(was: Node | None, now: Node | None) -> timedelta | None:
    """The longest time to live among the names whose records have changed; None where none is written."""
    found = []
    for entry in was.entries if was else ():
        ttl = entry.node.get("TTL")
        other = now.get(entry.key) if now else None
        if ttl and (other is None or other.without("TTL").plain() != entry.node.without("TTL").plain()):
            found.append(read_ttl(ttl, ProblemList()))
    return max(filter(None, found), default=None)


def read_dnssec(entry: Entry, problems: ProblemList) -> str:
    """`signed`, `unsigned` or `bogus`."""
    word = entry.node.text.strip().casefold() if entry.node.is_scalar else ""
    if word not in SIGNATURES:
        what = repr(entry.node.text) if entry.node.is_scalar else "this"
        problems.error(entry.node.at, f"DNSSEC: {what} is not a state of a zone.", near_miss(word, SIGNATURES).strip())
        return SIGNATURES[0]
    return word


def read_mta_sts(owner: str, entry: Entry, problems: ProblemList) -> dict[tuple[str, str], tuple[str, ...]]:
    """The two records that a policy is."""
    node = entry.node
    if not node.is_map:
        fix = "Write  MTA-STS: {mode: enforce, mx: [mx.customer.example], max_age: 7d}"
        problems.error(node.at, "MTA-STS is a mapping of mode, mx and max_age.", fix)
        return {}
    for part in node.entries:
        if part.key.casefold() not in _KEYS:
            fix = near_miss(part.key, _KEYS).strip()
            problems.error(part.key_at, f"unknown key {part.key} in an MTA-STS policy.", fix)
    mode = _mode(node, problems)
    mx = node.get("mx")
    hosts = [host for item in (mx.items if mx else ()) if (host := _host(item, problems))]
    if not hosts and mode != "none" and not problems.errors:
        problems.error(
            node.at, "MTA-STS: a policy names the MX hosts that it is for.", "Add  mx: [mx.customer.example]"
        )
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts), f"max_age: {_age(node, problems)}"]
    text = "\n".join(lines) + "\n"
    mark = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()  # a changed policy has another id
    return {
        (announcement_name(owner), "TXT"): (f"v=STSv1; id={mark};",),
        (policy_name(owner), "TXT"): (text,),
    }


def _mode(node: Node, problems: ProblemList) -> str:
    found = node.get("mode")
    word = found.text.strip().casefold() if found and found.is_scalar else "enforce"
    if word not in MODES:
        assert found is not None
        problems.error(found.at, f"MTA-STS: {word!r} is not a mode.", near_miss(word, MODES).strip())
    return word


def _host(node: Node, problems: ProblemList) -> str:
    text = node.text.strip()
    try:
        return f"*.{parse_domain(text[2:])}" if text.startswith("*.") else parse_domain(text)
    except AddressError as bad:
        problems.error(node.at, f"MTA-STS: {bad}.")
        return ""


def _age(node: Node, problems: ProblemList) -> int:
    found = node.get("max_age")
    if found is None:
        return 7 * 86400
    try:
        seconds = int(duration(found.text).total_seconds())
    except ValueError as bad:
        problems.error(found.at, f"max_age: {bad}.")
        return 0
    if seconds > _LONGEST:
        problems.error(found.at, "max_age: a policy is kept for a year at most (RFC 8461 3.2).", "Write 7d.")
    return seconds

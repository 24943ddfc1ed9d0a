"""What a signature field says, checked as far as the field alone allows (RFC 6376 3.5 and 6.1.1).

    v= 1 (not in ARC)      a= rsa-sha256, ed25519-sha256      b= bh= base64        c= header/body form, simple unless told
    d= domain              s= selector                        h= names with From    i= below d=
    l= octets of the body  t= when signed, x= until when      q= dns/txt            others are not looked at

Each fault has a reason of its own. rsa-sha1 has failed by definition (RFC 8301 3.1); any other fault of form makes the
result neutral (RFC 8601 2.7.1).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime

from simulator.mail.address import AddressError, parse_domain
from simulator.policy.dkim.canonical import FORMS
from simulator.policy.dkim.tags import Flaw
from simulator.value import value

__all__ = ["ALGORITHMS", "Claims", "octets", "read_claims", "signed_by"]

ALGORITHMS: Mapping[str, str] = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
"""What a= can be, and the k= of the key that it needs (RFC 8301, RFC 8463)."""

_REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")
_DRIFT = 300  # seconds that a signer's clock may be ahead
_QUOTED = re.compile(r"=([0-9A-F]{2})")
_DIGITS = re.compile(r"[0-9]{1,76}\Z")


@value
class Claims:
    """A signature field that is well formed."""

    domain: str
    selector: str
    algorithm: str
    header_form: str
    body_form: str
    names: tuple[str, ...]  # h=, in lower case
    length: int | None  # l=
    body_hash: bytes
    signature: bytes
    identity: str


def read_claims(tags: Mapping[str, str], now: datetime, *, arc: bool = False) -> Claims:
    """The claims; raises `Flaw`. An ARC-Message-Signature has no v=, and its i= is another thing."""
    for name in _REQUIRED[arc:]:
        if not tags.get(name):
            raise _wrong("tag-missing", f"the signature lacks {name}=")
    if not arc and tags["v"] != "1":
        raise _wrong("version", f"v={tags['v']} is not a version of DKIM")
    domain, selector = signed_by(tags)
    algorithm = read_algorithm(tags)
    header_form, body_form = _forms(tags.get("c", "simple"))
    names = tuple(name.strip().lower() for name in tags["h"].split(":"))
    if "from" not in names:
        raise _wrong("from-unsigned", "h= does not list From")
    if "q" in tags and "dns/txt" not in [method.strip() for method in tags["q"].split(":")]:
        raise _wrong("query-method", f"q={tags['q']} is not a way to ask for a key here")
    identity = f"@{domain}" if arc else _identity(tags.get("i"), domain)
    _in_time(_number(tags, "t"), _number(tags, "x"), now)
    return Claims(
        domain, selector, algorithm, header_form, body_form, names, _number(tags, "l"), octets(tags, "bh"),
        octets(tags, "b"), identity,
    )  # fmt: skip


def signed_by(tags: Mapping[str, str]) -> tuple[str, str]:
    """d= and s=."""
    try:
        return parse_domain(tags["d"]), parse_domain(tags["s"])
    except AddressError as bad:
        raise _wrong("domain", f"d= or s= is wrong: {bad}") from None


def read_algorithm(tags: Mapping[str, str]) -> str:
    """a=."""
    algorithm = tags["a"].lower()
    if algorithm == "rsa-sha1":
        raise Flaw("permerror", "algorithm-historic", "rsa-sha1 is no longer a signature (RFC 8301)")
    if algorithm not in ALGORITHMS:
        raise _wrong("algorithm", f"a={tags['a']} is not an algorithm that is known here")
    return algorithm


def octets(tags: Mapping[str, str], name: str) -> bytes:
    """The value of a base64 tag."""
    try:
        return base64.b64decode("".join(tags[name].split()), validate=True)
    except (ValueError, binascii.Error):
        raise _wrong("base64", f"{name}= is not base64") from None


def _wrong(reason: str, says: str) -> Flaw:
    return Flaw("neutral", reason, says)


def _forms(c: str) -> tuple[str, str]:
    header, _, body = c.lower().partition("/")
    body = body or "simple"
    if header not in FORMS or body not in FORMS:
        raise _wrong("canonicalization", f"c={c} is not a pair of simple and relaxed")
    return header, body


def _identity(i: str | None, domain: str) -> str:
    """i=, which must be of the signing domain or below it."""
    if i is None:
        return f"@{domain}"
    plain = _QUOTED.sub(lambda found: chr(int(found[1], 16)), "".join(i.split()))
    at = plain.rpartition("@")
    whose = at[2].lower().removesuffix(".")
    if not at[1] or not (whose == domain or whose.endswith(f".{domain}")):
        raise _wrong("identity", f"i={plain} is not of d={domain}")
    return plain


def _number(tags: Mapping[str, str], name: str) -> int | None:
    text = tags.get(name)
    if text is None:
        return None
    if not _DIGITS.match(text):
        raise _wrong("number", f"{name}={text[:40]} is not a number")
    return int(text)


def _in_time(signed: int | None, ends: int | None, now: datetime) -> None:
    """t= and x=. Whether they count is the verifier's choice (RFC 6376 3.5), so the result is `policy`."""
    if signed is not None and ends is not None and ends <= signed:
        raise _wrong("expires-before", "x= is not after t=")
    at = now.timestamp()
    if ends is not None and ends < at:
        raise Flaw("policy", "expired", "the signature has expired (x=)")
    if signed is not None and signed > at + _DRIFT:
        raise Flaw("policy", "from-the-future", "the signature is from the future (t=)")

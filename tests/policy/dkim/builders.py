"""Signed messages, valid by default, and any kind of message for another implementation to agree about."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import strategies as st

from simulator.keyring import KEYRING
from simulator.mail.message import Message
from simulator.policy import dkim
from simulator.policy.dkim.canonical import canonical_body, canonical_field, picked
from simulator.policy.dkim.making import signed_field
from simulator.zone import Answer, Zone
from tests.policy.builders import answer

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
KEY_NAME = "s1._domainkey.contoso.com"
KEY = {KEY_NAME: "dkim-key:contoso.com"}
FORMS = [(header, body) for header in ("simple", "relaxed") for body in ("simple", "relaxed")]


def a_message(body: str = "Hello.\r\n", *, more: str = "") -> Message:
    head = "From: Bob <bob@contoso.com>\r\nTo: sun@customer.example\r\nSubject: Quarter  figures\r\n"
    return Message.parse(f"{head}{more}\r\n{body}".encode())


def signed(message: Message | None = None, **how: object) -> Message:
    """By contoso.com with selector s1."""
    names: dict[str, object] = {
        "domain": "contoso.com",
        "selector": "s1",
        "owner": "contoso.com",
        "keys": KEYRING,
        "now": NOW,
    }
    return dkim.sign(message or a_message(), **{**names, **how})  # type: ignore[arg-type]


def crafted(message: Message | None = None, **changes: str | None) -> Message:
    """With a signature of these tags, which is right in all that they do not say otherwise; None leaves a tag out."""
    message = message or a_message()
    tags: dict[str, str | None] = {"v": "1", "a": "rsa-sha256", "c": "relaxed/simple", "d": "contoso.com", "s": "s1",
                                   "h": "from:to:subject"}  # fmt: skip
    tags |= changes
    header, _, body = (tags["c"] or "simple").partition("/")
    length = int(tags["l"]) if (tags.get("l") or "").isdecimal() else None  # type: ignore[arg-type]
    digest = hashlib.sha256(canonical_body(message.rest, body if body == "relaxed" else "simple")[:length]).digest()
    tags.setdefault("bh", base64.b64encode(digest).decode())
    form = "relaxed" if header == "relaxed" else "simple"
    names = [name.strip().lower() for name in (tags["h"] or "").split(":")]
    before = b"".join(canonical_field(raw, form) for raw in picked(message.fields, names))
    lead = "; ".join(f"{name}={value}" for name, value in tags.items() if value is not None) + ";"
    return message.topped(signed_field("DKIM-Signature", lead, before, form, "contoso.com", KEYRING))


def verified(
    message: Message, records: Mapping[str, str] = KEY, *, now: datetime = NOW, failing: str = ""
) -> tuple[dkim.Signature, ...]:
    """What comes out with these key records. `failing` is how the question for the usual key fails."""
    zone = Zone.of([(name, "TXT", text) for name, text in records.items()])
    zone = Zone(zone.records, {(KEY_NAME, "TXT"): failing} if failing else {}).with_keys(KEYRING)
    found: tuple[dkim.Signature, ...] = answer(dkim.verify(message, KEYRING, now), zone)[0]
    return found


def outcome(
    message: Message, records: Mapping[str, str] = KEY, *, now: datetime = NOW, failing: str = ""
) -> tuple[str, str]:
    """Result and reason of the topmost signature."""
    first = verified(message, records, now=now, failing=failing)[0]
    return first.result, first.reason


def no_answer() -> Answer:
    return Answer("timeout")


_words = st.text(st.sampled_from("abcXYZ019.,:;=-_()<>@é"), max_size=12)
_blanks = st.text(" \t", min_size=1, max_size=4)
_line = st.builds(
    lambda parts, end: "".join(a + b for a, b in parts) + end, st.lists(st.tuples(_words, _blanks), max_size=4), _words
)
_fold = st.builds(
    lambda blank, text: blank + text, _blanks, st.text("abcXYZ01 ", min_size=1, max_size=12).filter(str.strip)
)
_name = st.sampled_from(
    ("To", "Subject", "SUBJECT", "Received", "X-Long-Name", "Date", "Message-ID", "MIME-Version", "Content-Type")
)


@st.composite
def fields(draw: st.DrawFn) -> str:
    """A header field, often folded."""
    lines = [draw(_line), *draw(st.lists(_fold, max_size=2))]
    return f"{draw(_name)}:{draw(st.sampled_from(['', ' ', '  ']))}" + "\r\n".join(lines) + "\r\n"


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message with one From somewhere, and a body with every kind of blank and of empty line, ended by a line end."""
    header = draw(st.lists(fields(), max_size=5))
    header.insert(draw(st.integers(0, len(header))), "From: Bob  <bob@contoso.com>\r\n")
    body = draw(st.lists(st.one_of(_line, st.sampled_from(["", "", " ", "\t ", "."])), max_size=6))
    return ("".join(header) + "\r\n" + "".join(f"{line}\r\n" for line in body)).encode()

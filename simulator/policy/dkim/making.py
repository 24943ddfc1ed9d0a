"""Signs: the DKIM-Signature field with which a message leaves (RFC 6376 5).

The field is written in lines of one purpose each, as large senders do:

    DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=contoso.com; s=selector1;
     h=From:Date:Subject;
     bh=...;
     b=...

All keys of a lab have one size, so the field is as long in every run.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from simulator.mail.message import Message
from simulator.policy.dkim.canonical import body_digest, canonical_field, picked, unsigned
from simulator.policy.signing import Keys

__all__ = ["RECOMMENDED", "body_hash", "present", "sign", "signed_field"]

RECOMMENDED = (
    "From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "To", "Cc", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "In-Reply-To", "References", "List-Id", "List-Unsubscribe",
)  # fmt: skip
"""What RFC 6376 5.4.1 says to sign, as far as it is there."""

_LINE = 72


def sign(
    message: Message, *, domain: str, selector: str, owner: str, keys: Keys, now: datetime | None = None,
    fields: Sequence[str] | None = None, forms: tuple[str, str] = ("relaxed", "relaxed"),
) -> Message:  # fmt: skip
    """With a DKIM-Signature on top, by rsa-sha256. `now` becomes t=; without it there is none.

    `fields` are h= as it is written: a name more often than the message has it guards against adding one. Left out: the
    recommended ones that the message has.
    """
    names = present(message, RECOMMENDED) if fields is None else fields
    header_form, body_form = forms
    stamp = f" t={int(now.timestamp())};" if now else ""
    lead = (
        f"v=1; a=rsa-sha256; c={header_form}/{body_form}; d={domain}; s={selector};{stamp}\n"
        f"h={':'.join(names)};\nbh={body_hash(message, body_form)};"
    )
    wanted = picked(message.fields, [name.lower() for name in names])
    before = b"".join(canonical_field(raw, header_form) for raw in wanted)
    return message.topped(signed_field("DKIM-Signature", lead, before, header_form, owner, keys))


def present(message: Message, names: Sequence[str]) -> list[str]:
    """Those of `names` that a message has, once for every time."""
    having = [name.lower() for name, _ in message.fields]
    return [name for name in names for _ in range(having.count(name.lower()))]


def body_hash(message: Message, form: str) -> str:
    return base64.b64encode(body_digest(message.rest, form)[0]).decode("ascii")


def signed_field(name: str, lead: str, before: bytes, form: str, owner: str, keys: Keys) -> tuple[str, str]:
    """A field that signs itself and what stands `before` it (canonical already); `lead` are its other tags."""
    value = f"{lead}\nb="
    ((_, bare),) = Message((), b"").topped((name, value)).fields
    data = before + canonical_field(unsigned(bare), form).removesuffix(b"\r\n")
    text = base64.b64encode(keys.sign(owner, data)).decode("ascii")
    return name, value + "\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))

"""A plain message written from a few words: what a person's mail program hands in when a scenario says nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from simulator.mail.address import Address, Sender
from simulator.mail.message import rfc5322_date

__all__ = ["compose"]


def compose(
    *,
    sender: Sender,
    to: tuple[Address, ...],
    date: datetime,
    message_id: str,
    subject: str = "",
    body: str = "",
    size: int = 0,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The message with CRLF line ends, padded to `size` octets as RFC 1870 counts them (never cut).

    `headers` replace or add fields; an empty value leaves the field out.
    """
    fields = {
        "From": f"<{sender}>" if sender else "<MAILER-DAEMON@localhost.invalid>",
        "To": ", ".join(f"<{a}>" for a in to),
        "Subject": subject or "Test message",
        "Date": rfc5322_date(date),
        "Message-ID": message_id,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    names = {name.lower(): name for name in fields}
    for name, value in (headers or {}).items():
        fields[names.get(name.lower(), name)] = value
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    lines = (body or "Hello.").replace("\r\n", "\n").split("\n")
    octets = (head + "\r\n" + "\r\n".join(lines) + "\r\n").encode()
    return octets + _padding(size - len(octets))


def _padding(wanted: int) -> bytes:
    """Exactly that many octets in lines of at most 78."""
    if wanted <= 0:
        return b""
    if wanted < 2:
        return b"\n"
    whole, left = divmod(wanted, 78)
    last = b"" if not left else b"\n" if left == 1 else b"x" * (left - 2) + b"\r\n"
    return (b"x" * 76 + b"\r\n") * whole + last

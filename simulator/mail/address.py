"""Mail addresses and domains, made once at the edge so that nothing further in compares raw strings.

A sender is `Address | None`; `None` is the null reverse-path `<>` (RFC 5321 4.5.5).
Domains are plain `str` in lower case without a final dot.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache

from simulator.value import value

__all__ = [
    "Address",
    "AddressError",
    "Sender",
    "covers",
    "domain_of",
    "parse_domain",
    "parse_sender",
    "readable",
    "sender_text",
]

# RFC 5321 4.1.2 in the tolerant form real hosts accept: dot-atoms or a quoted string, UTF-8 allowed (RFC 6531).
_LOCAL = re.compile(r'(?:[^\s"()<>@,;:\\\[\]\x00-\x1f\x7f]+|"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*")\Z')
_LITERAL = re.compile(r"\[[!-Z^-~]+\]\Z")
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?\Z|_[\w-]+\Z")


class AddressError(ValueError):
    """Text that is not a mail address or domain; the message says why."""


def parse_domain(text: str) -> str:
    """A domain name in the form everything compares: lower case, no final dot.

    Raises `AddressError` for empty labels, labels over 63 or names over 253 characters, or blanks.
    """
    name = text.strip().lower().removesuffix(".")
    if not name or len(name) > 253:
        raise AddressError(f"{text!r} is not a domain name")
    for label in name.split("."):
        if not label or len(label) > 63 or not _LABEL.match(label):
            raise AddressError(f"{text!r} is not a domain name: {label!r} is not a label")
    return name


@value
class Address:
    """A mailbox address. Equality ignores the case of the local part, as every product here does."""

    local: str = field(compare=False)
    domain: str
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.local.casefold()}@{self.domain}")

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises `AddressError` when `text` is not `local@domain`."""
        return _parse(text)

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


@lru_cache(4096)
def _parse(text: str) -> Address:
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or len(local.encode()) > 64 * 4 or not _LOCAL.match(local):
        raise AddressError(f"{text!r} is not a mail address")
    if _LITERAL.match(domain):  # address literal, RFC 5321 4.1.3
        return Address(local, domain.lower())
    return Address(local, parse_domain(domain))


Sender = Address | None


def parse_sender(text: str) -> Sender:
    """`<>` and the empty text are the null sender."""
    text = text.strip().removeprefix("<").removesuffix(">")
    return Address.parse(text) if text else None


def sender_text(sender: Sender) -> str:
    """The address, or `<>`."""
    return str(sender) if sender else "<>"


def readable(name: str) -> str:
    """A host or domain name with its A-labels (xn--, RFC 5890) as the letters that they stand for."""
    if "xn--" not in name:
        return name
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return name


def domain_of(sender: Sender) -> str | None:
    """The sender's domain; None for the null sender."""
    return sender.domain if sender else None


def covers(pattern: str, domain: str, *, apex: bool = True) -> bool:
    """Whether a domain pattern (`*`, `*.d`, `d`) covers `domain`.

    `apex` says whether `*.d` covers `d` itself; the cmdlet pages word it so, one example differs.
    """
    pattern = pattern.lower()
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return domain.endswith(pattern[1:]) or (apex and domain == pattern[2:])
    return domain == pattern

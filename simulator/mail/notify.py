"""What a sender asks of reports: the parameters of RFC 3461 section 4, checked, written and read.

| parameter | of | form | means |
| --- | --- | --- | --- |
| RET | MAIL | FULL or HDRS | how much of the message a report of failure gives back |
| ENVID | MAIL | xtext, at most 100 letters | the sender's own name for the transaction |
| NOTIFY | RCPT | NEVER alone, or SUCCESS, FAILURE, DELAY | which reports are wanted; left out: FAILURE, perhaps DELAY |
| ORCPT | RCPT | type;xtext, at most 500 letters | whom the sender wrote to, when the address is changed on the way |

xtext writes `+`, `=` and everything but printable ASCII as `+` and two hexadecimal digits (RFC 3461 4). What it stands for
has to be printable, so that nobody puts a line end into a report. ORCPT of the type utf-8 may hold letters outside ASCII,
as they are or as `\\x{E9}` (RFC 6533 3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from simulator.mail.address import Address
from simulator.mail.envelope import Parameters

__all__ = [
    "DELAY",
    "FAILURE",
    "SUCCESS",
    "handed_down",
    "is_envid",
    "is_notify",
    "is_orcpt",
    "is_wanted",
    "orcpt_of",
    "original_recipient",
    "unxtext",
    "xtext",
]  # fmt: skip

SUCCESS, FAILURE, DELAY = "SUCCESS", "FAILURE", "DELAY"

OF_DSN = ("RET", "ENVID", "NOTIFY", "ORCPT")
"""The parameters that belong to the extension."""

_NOTIFY = re.compile(r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*", re.I | re.A)
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_HEX = re.compile(r"\+([0-9A-F]{2})")
_TYPE = re.compile(r"[A-Za-z0-9-]+")
_EMBEDDED = re.compile(r"\\x\{([0-9A-F]{2,6})\}")
_LONGEST_ENVID, _LONGEST_ORCPT = 100, 500  # RFC 3461 4.4 and 4.2


def xtext(text: str) -> str:
    """Text as the value of a parameter."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else "".join(f"+{b:02X}" for b in c.encode()) for c in text)


def unxtext(text: str) -> str:
    """What xtext stands for; what is none is taken as it stands. Never longer, never with a control character."""
    if "+" not in text or _XTEXT.fullmatch(text) is None:
        return _printable(text)
    octets = _HEX.sub(lambda found: chr(int(found[1], 16)), text).encode("latin-1", "replace")
    return _printable(octets.decode("utf-8", "replace"))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _is_good(text: str) -> bool:
    """Whether it is xtext for something that can be printed in ASCII."""
    if not text or _XTEXT.fullmatch(text) is None:
        return False
    return all(0x20 <= int(octet, 16) < 0x7F for octet in _HEX.findall(text))


def is_notify(text: str) -> bool:
    return _NOTIFY.fullmatch(text) is not None


def is_envid(text: str) -> bool:
    return len(text) <= _LONGEST_ENVID and _is_good(text)


def is_orcpt(text: str) -> bool:
    kind, _, address = text.partition(";")
    if len(text) > _LONGEST_ORCPT or _TYPE.fullmatch(kind) is None:
        return False
    if kind.casefold() != "utf-8":
        return _is_good(address)
    plain = "".join(c for c in _EMBEDDED.sub("x", address) if c.isascii())
    return bool(address) and address.isprintable() and (not plain or _is_good(plain))


def is_wanted(asked: Parameters, about: str) -> bool:
    """Whether the sender wants a report about a recipient's SUCCESS, FAILURE or DELAY."""
    return about in (asked.get("NOTIFY") or f"{FAILURE},{DELAY}").upper().split(",")


def orcpt_of(address: Address) -> str:
    """The value of ORCPT for an address."""
    text = str(address)
    return f"rfc822;{xtext(text)}" if text.isascii() else f"utf-8;{_utf8_xtext(text)}"


def _utf8_xtext(text: str) -> str:
    r"""RFC 6533 3, utf-8-addr-xtext: `+`, `=`, `\` and what is not ASCII are written as \x{...}."""
    return "".join(c if "!" <= c <= "~" and c not in "+=\\" else f"\\x{{{ord(c):02X}}}" for c in text)


def original_recipient(orcpt: str) -> str:
    """The field Original-Recipient for an ORCPT: its type, and the address that the xtext stands for."""
    kind, _, address = orcpt.partition(";")
    if kind.casefold() == "utf-8":
        return f"{_printable(kind)};{_printable(_EMBEDDED.sub(_letter, address))}"
    return f"{_printable(kind)};{unxtext(address)}"


def _letter(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "?"


def handed_down(
    told: Mapping[Address, Parameters], recipient: Address, to: tuple[Address, ...], what: str
) -> Mapping[Address, Parameters]:
    """What is asked for the addresses that take a recipient's place (RFC 3461 5.2.7).

    | what | for | they inherit |
    | --- | --- | --- |
    | all | an alias of one address | everything |
    | less | several addresses | all but SUCCESS, which is answered where they are put in; the recipient's own copy keeps it |
    | nothing | a mailing list with a sender of its own | nothing: for the sender it ends here |
    """
    asked = told.get(recipient)
    if not asked:
        return told
    if what == "nothing":
        return {who: parameters for who, parameters in told.items() if who != recipient}
    named = {"ORCPT": orcpt_of(recipient), **asked}
    notify = [word for word in (asked.get("NOTIFY") or "").upper().split(",") if word != SUCCESS]
    fewer = {**named, "NOTIFY": ",".join(notify) or "NEVER"} if "NOTIFY" in asked else named
    return {**told, **{a: asked if a == recipient else named if what == "all" else fewer for a in to}}

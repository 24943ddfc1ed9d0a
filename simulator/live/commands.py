"""The lines a client sends, read strictly where it matters: MAIL and RCPT with their ESMTP parameters.

A path stands in angle brackets (RFC 5321 4.1.2); the null reverse-path `<>` is the sender None; a source route is
read and dropped (RFC 5321 appendix C). Parameter names are taken in any case, their values keep the case they came
with. What does not fit becomes the `Reply` to give, so that the listener only has to pass it on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.mail.address import Address, AddressError, Sender
from simulator.mail.envelope import Parameters
from simulator.mail.notify import OF_DSN, is_envid, is_notify, is_orcpt
from simulator.mail.reply import Reply

__all__ = ["MAIL_KEYWORDS", "RCPT_KEYWORDS", "Plea", "announced", "is_binary", "is_count", "read_mail", "read_rcpt"]

_PATH = re.compile(r'<(?:@[^:<>"]*:)?((?:"(?:[^"\\]|\\.)*"|[^"<>])*)>(?:[ \t]+(.*))?', re.S)
# RFC 5321 4.1.2 esmtp-param; values may be UTF-8 once SMTPUTF8 is spoken (RFC 6531 3.3).
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f][^\x00-\x20\x7f]*))?")

_ANY = ".+"
_NONE = ""
MAIL_KEYWORDS = {
    "SIZE": r"\d{1,20}",  # RFC 1870
    "BODY": "7BIT|8BITMIME|BINARYMIME",  # RFC 6152, RFC 3030
    "SMTPUTF8": _NONE,  # RFC 6531
    "RET": "FULL|HDRS",  # RFC 3461 4.3
    "ENVID": _ANY,  # RFC 3461 4.4
    "AUTH": _ANY,  # RFC 4954 5
    "XOORG": _ANY,  # Exchange: the originating organisation
}
# REQUIRETLS (RFC 8689) is left out on purpose: nobody here keeps that promise, so whoever asks for it is told 555.
RCPT_KEYWORDS = {
    "NOTIFY": "NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*",  # RFC 3461 4.1
    "ORCPT": "[^;]+;.+",  # RFC 3461 4.2
}


@dataclass(frozen=True, slots=True)
class Plea:
    """What MAIL or RCPT asks: an address (None is the null sender) and parameters."""

    address: Sender
    parameters: Parameters


def read_mail(arg: str, *, extended: bool = True) -> Plea | Reply:
    """The argument of MAIL."""
    return _read(arg, "FROM:", MAIL_KEYWORDS, extended, utf8=None)


def read_rcpt(arg: str, *, extended: bool = True, utf8: bool = False) -> Plea | Reply:
    """The argument of RCPT; `utf8` says whether MAIL came with SMTPUTF8."""
    plea = _read(arg, "TO:", RCPT_KEYWORDS, extended, utf8=utf8)
    if isinstance(plea, Plea) and plea.address is None:
        return Reply(501, "5.1.3", "There is no null recipient")
    return plea


def announced(plea: Plea | Reply, keywords: Sequence[str]) -> Plea | Reply:
    """The same, or 555 where the message needs an extension that EHLO did not announce (RFC 5321 4.1.1.11)."""
    if isinstance(plea, Reply):
        return plea
    offered = {keyword.partition(" ")[0].upper() for keyword in keywords}
    body = (plea.parameters.get("BODY") or "7BIT").upper()
    if body not in ("7BIT", *offered):  # RFC 6152 and RFC 3030 name the extension as the value
        return Reply(555, "5.5.4", f"Unsupported option: BODY={body}")
    needs = {"SMTPUTF8": "SMTPUTF8", **dict.fromkeys(OF_DSN, "DSN")}
    strange = next((name for name in plea.parameters if needs.get(name, "") not in ("", *offered)), "")
    return Reply(555, "5.5.4", f"Unsupported option: {strange}") if strange else plea


def is_binary(parameters: Parameters) -> bool:
    """Whether MAIL declared content that only BDAT can carry (RFC 3030 3)."""
    return (parameters.get("BODY") or "").upper() == "BINARYMIME"


def is_count(text: str) -> bool:
    """Whether this is a number of octets as SIZE and BDAT write it (RFC 1870 4, RFC 3030 2)."""
    return text.isascii() and text.isdigit() and len(text) <= 20


def _read(arg: str, word: str, known: dict[str, str], extended: bool, utf8: bool | None) -> Plea | Reply:
    verb = "MAIL" if word == "FROM:" else "RCPT"
    match = _PATH.fullmatch(arg[len(word) :].strip(" \t")) if arg[: len(word)].upper() == word else None
    if match is None:
        return Reply(501, "5.5.4", f"Syntax: {verb} {word}<address>")
    parameters: dict[str, str | None] = {}
    for text in (match[2] or "").split():
        one = _PARAMETER.fullmatch(text)
        if one is None or one[1].upper() in parameters:
            return Reply(501, "5.5.4", f"Invalid parameter {text}")
        parameters[one[1].upper()] = one[2]
    # RFC 5321 4.1.1.11: 555 for parameters that are not known; without EHLO none is.
    strange = [name for name in parameters if name not in known or not extended]
    if strange:
        return Reply(555, "5.5.4", f"Unsupported option: {strange[0]}")
    for name, value in parameters.items():
        if re.fullmatch(known[name], value or "", re.IGNORECASE) is None or (value is None) != (known[name] == _NONE):
            return Reply(501, "5.5.4", f"Invalid value for {name}")
        if name in _STRICTLY and not _STRICTLY[name](value or ""):
            return Reply(501, "5.5.4", f"Invalid value for {name}")
    return _addressed(match[1], parameters, verb, "SMTPUTF8" in parameters if utf8 is None else utf8)


_STRICTLY = {"ENVID": is_envid, "NOTIFY": is_notify, "ORCPT": is_orcpt}
"""Where a pattern does not tell all (RFC 3461 4)."""


def _addressed(text: str, parameters: Parameters, verb: str, utf8: bool) -> Plea | Reply:
    if not text:
        return Plea(None, parameters)
    if not text.isascii() and not utf8:
        return Reply(553, "5.6.7", "The address is not ASCII and SMTPUTF8 was not asked for")  # RFC 6531 3.5
    try:
        return Plea(Address.parse(text), parameters)
    except AddressError:
        return Reply(501, "5.1.7" if verb == "MAIL" else "5.1.3", "Invalid address")

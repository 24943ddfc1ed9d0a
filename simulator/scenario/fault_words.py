"""A fault said in words, as on a command line: WHERE, then WHAT and WHEN, with the keys of a fault in a file.

    onprem down 10m                                      {at: onprem, down: 10m}
    onprem down silent                                   {at: onprem, down: forever, how: silent}
    m365 -> onprem reply 452 4.5.3 slow down to RCPT     {link: m365 -> onprem, reply: 452 4.5.3 slow down, to: RCPT}
    dns customer.example MX SERVFAIL for 1h              {dns: customer.example MX, answer: SERVFAIL, for: 1h}
    John full mailbox                                    {at: John, full: mailbox}

A word that is a key begins the next part, unless a reply's text is in quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.faults import KINDS
from simulator.scenario.errors import near_miss
from simulator.scenario.schema import FAULT_WORDS
from simulator.zone import TYPES

__all__ = ["fault_of"]

_PLACES: Final = ("at", "link", "dns")
_KEYS: Final = tuple(key for key in FAULT_WORDS if key not in _PLACES)
_HOW: Final = ("refused", "silent", "reset")
_FORM: Final = "Write WHERE WHAT, such as  onprem down 10m"


def fault_of(words: Sequence[str]) -> dict[str, str]:
    """The fault as a map of a file. Raises `ValueError` with what is wrong; its values are read where files are."""
    parts = [word for one in words for word in (one.split() if _is_place(one) else [one])]
    where: list[str] = []
    while parts and parts[0].casefold() not in _KEYS:
        where.append(parts.pop(0))
    found = _where(where)
    key = ""
    for word in parts:
        if word.casefold() in _KEYS:
            key = word.casefold()
            if key in found:
                raise ValueError(f"{key} is said twice.")
            found[key] = ""
        else:
            found[key] = f"{found[key]} {word}".strip()
    if found.get("down") is not None:
        _down(found)
    empty = [key for key, text in found.items() if not text]
    if empty:
        raise ValueError(f"{empty[0]} needs a word after it. {FAULT_WORDS[empty[0]].doc}.")
    if not any(kind in found for kind in KINDS):
        raise ValueError(f"a fault says what goes wrong: {', '.join(KINDS)}. {_FORM}")
    return found


def _is_place(word: str) -> bool:
    return "->" in word or word.casefold().startswith(("dns ", "link ", "at "))


def _where(words: list[str]) -> dict[str, str]:
    """The place; with DNS also what is answered, which needs no key of its own."""
    if not words:
        raise ValueError(f"a fault has a place. {_FORM}")
    first, *rest = words
    if first.casefold() == "dns":
        if not rest:
            raise ValueError("dns needs a name. Write  dns mail.contoso.com A NXDOMAIN")
        type_ = [rest[1]] if len(rest) > 1 and rest[1].upper() in TYPES else []
        answer = " ".join(rest[1 + len(type_) :])
        return {"dns": " ".join((rest[0], *type_)), **({"answer": answer} if answer else {})}
    named = rest if first.casefold() in ("at", "link") and rest else words
    text = " ".join(named)
    if "->" in text:
        return {"link": text}
    if len(named) > 1:
        raise ValueError(f"{named[1]!r} is not known here.{near_miss(named[1], _KEYS)}")
    return {"at": text}


def _down(found: dict[str, str]) -> None:
    """`down silent` is down for good, and how."""
    words = found["down"].split()
    for word in list(words):
        if word.casefold() in _HOW and "how" not in found:
            found["how"] = word.casefold()
            words.remove(word)
    found["down"] = " ".join(words) or "forever"

"""Tag lists: `v=1; a=rsa-sha256; ...`, the form of signatures and of key records (RFC 6376 3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["Flaw", "read_tags"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_FOLD = re.compile(r"\r?\n")


class Flaw(Exception):
    """Why a signature does not count: the result, a slug, and the sentence. It never leaves `verify`."""

    def __init__(self, result: str, reason: str, says: str) -> None:
        super().__init__(says)
        self.result, self.reason, self.says = result, reason, says


def read_tags(text: str, *, result: str = "neutral", what: str = "the signature") -> Mapping[str, str]:
    """The tags by name, values without blanks around them. Raises `Flaw` with that `result`."""
    found: dict[str, str] = {}
    parts = _FOLD.sub("", text).split(";")
    if not parts[-1].strip():
        parts.pop()  # the last semicolon may stand at the end
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not _NAME.match(name):
            raise Flaw(result, "syntax", f"{what} is no tag list: {part.strip()[:40]!r} is no tag")
        if name in found:
            raise Flaw(result, "duplicate-tag", f"{what} has {name}= twice")
        found[name] = value.strip()
    return found

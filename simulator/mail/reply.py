"""An SMTP reply: code, enhanced status code and text (RFC 5321 4.2, RFC 3463)."""

from __future__ import annotations

import re

from simulator.value import value

__all__ = ["Reply"]

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)")
_WIRE = re.compile(r"(\d{3})[ -]?(.*)\Z", re.S)


@value
class Reply:
    """One reply. `text` may hold several lines; `enhanced` is empty where the host sends none."""

    code: int
    enhanced: str = ""
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Reply:
        """From `550 5.7.64 words` as it stands on the wire; raises `ValueError` without a three-digit code."""
        match = _WIRE.match(text.strip())
        if not match:
            raise ValueError(f"{text!r} is not an SMTP reply")
        return cls.of(int(match[1]), match[2])

    @classmethod
    def of(cls, code: int, message: str) -> Reply:
        """From a code and the text after it; the enhanced code repeated on every line is taken off."""
        match = _ENHANCED.match(message)
        if not match:
            return cls(code, "", message)
        enhanced = match[0]
        lines = [line.removeprefix(enhanced).removeprefix(" ") for line in message.splitlines() or [""]]
        return cls(code, enhanced, "\n".join(lines))

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 400

    @property
    def transient(self) -> bool:
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        return 500 <= self.code < 600

    @property
    def codes(self) -> str:
        """`550 5.7.64`, or `550` where there is no enhanced code."""
        return f"{self.code} {self.enhanced}" if self.enhanced else str(self.code)

    def lines(self) -> list[str]:
        """The lines to send, without line ends."""
        parts = self.text.split("\n") if self.text else [""]
        body = [f"{self.enhanced} {p}".strip() if self.enhanced else p for p in parts]
        return [f"{self.code}{'-' if i + 1 < len(body) else ' '}{p}".rstrip() for i, p in enumerate(body)]

    def __str__(self) -> str:
        text = self.text.replace("\n", " ")
        return f"{self.codes} {text}" if text else self.codes

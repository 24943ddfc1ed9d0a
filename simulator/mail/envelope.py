"""An SMTP transaction: sender, recipients and the parameters that came with MAIL and RCPT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache

from simulator.mail.address import Address, Sender
from simulator.value import value

__all__ = ["Envelope", "Parameters", "announced_size", "told"]

Parameters = Mapping[str, str | None]
"""ESMTP parameters as sent, keys in upper case, None for a keyword without value."""


def told(parameters: Parameters) -> str:
    """Parameters as they stand behind an address."""
    return "".join(f" {name}" if given is None else f" {name}={given}" for name, given in parameters.items())


@lru_cache(256)
def announced_size(keywords: tuple[str, ...]) -> int | None:
    """The most octets that EHLO announced; None where it named no number, or 0, which means no limit (RFC 1870 4)."""
    words = next((k.split() for k in keywords if k.upper().startswith("SIZE ")), [])
    return int(words[1]) or None if words[1:] and words[1].isdigit() else None


@value
class Envelope:
    """Who sent it and whom it is for. Values of parameters keep their case."""

    sender: Sender
    recipients: tuple[Address, ...] = ()
    parameters: Parameters = field(default_factory=dict)
    recipient_parameters: Mapping[Address, Parameters] = field(default_factory=dict)

    def plus(self, recipient: Address, parameters: Parameters | None = None) -> Envelope:
        """With one more recipient; one that is named twice counts once."""
        if recipient in self.recipients:
            return self
        told = {**self.recipient_parameters, recipient: parameters} if parameters else self.recipient_parameters
        return Envelope(self.sender, (*self.recipients, recipient), self.parameters, told)

    def only(self, recipients: tuple[Address, ...]) -> Envelope:
        """The same transaction for some of its recipients."""
        told = {r: p for r, p in self.recipient_parameters.items() if r in recipients}
        return Envelope(self.sender, recipients, self.parameters, told)

"""One condition of one rule, asked in one case; and how the answer is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.mail.address import Address
from simulator.products.exchange_online.transport_rules.case import Case
from simulator.products.exchange_online.transport_rules.rule import TransportRule

__all__ = ["Asked", "Found", "Predicate", "any_of", "shown"]

Found = tuple[bool, str]
"""Whether it holds, and what was found."""


class Asked:
    """One condition of one rule in one case."""

    def __init__(self, rule: TransportRule, prefix: str, case: Case) -> None:
        self.rule, self.prefix, self.case = rule, prefix, case

    def also(self, parameter: str) -> Any:
        """The value of a parameter that completes the condition."""
        return getattr(self.rule, self.prefix + parameter)

    @property
    def senders(self) -> tuple[Address, ...]:
        return self.case.senders(self.rule.SenderAddressLocation)

    @property
    def recipient(self) -> Address:
        return self.case.addressed(self.rule.RecipientAddressType)


Predicate = Callable[[Asked, Any], Found]


def shown(values: Any) -> str:
    """Values for people; none is told as such."""
    if isinstance(values, (list, tuple)):
        return ", ".join(str(v) for v in values) or "none"
    return str(values) if values not in (None, "") else "none"


def any_of(fits: Callable[[Any, str], bool], wanted: Any, texts: tuple[str, ...], what: str) -> Found:
    for one in wanted:
        if any(fits(one, text) for text in texts):
            return True, f"{getattr(one, 'pattern', one)} is in {what}"
    short = shown(tuple(t if len(t) <= 60 else f"{t[:60]}..." for t in texts))
    return False, f"{what} is {short}" if len(short) <= 80 else f"nothing of it is in {what}"

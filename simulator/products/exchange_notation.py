"""What Exchange Online and Exchange Server have in common in writing: addresses, and parameters that lack."""

from __future__ import annotations

from simulator.mail.address import Address, AddressError
from simulator.policy.settings import BadValue, Settings
from simulator.source import Node, ProblemList

__all__ = ["lacks", "proxies", "recipient"]


def recipient(text: str) -> Address:
    """An SMTP address, `SMTP:` in front or not."""
    kind, colon, rest = text.strip().partition(":")
    try:
        return Address.parse(rest if colon and kind.casefold() == "smtp" else text)
    except AddressError as bad:
        raise BadValue(str(bad), "Write john@contoso.com.") from None


def proxies(node: Node) -> tuple[Address, ...]:
    """EmailAddresses: SMTP ones count, X500 and the like are left out."""
    words = [item.text.strip() for item in node.items]
    kinds = [word.partition(":")[0].casefold() if ":" in word else "smtp" for word in words]
    return tuple(recipient(word) for word, kind in zip(words, kinds, strict=True) if kind == "smtp")


def lacks(owner: Settings, parameter: str, problems: ProblemList) -> bool:
    """Whether a parameter has no value although none was refused: one objection to a value is enough."""
    refused = f"{parameter.casefold()}: "
    told = any(p.at == owner.at(parameter) and p.says.casefold().startswith(refused) for p in problems.errors)
    return not getattr(owner, parameter) and not told

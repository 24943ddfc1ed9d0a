"""DkimSigningConfig: which of the tenant's domains sign what is sent from them, with which selector.

    DkimSigningConfig: {contoso.com: {Enabled: true}}

There are two selectors, and two CNAMEs that the customer publishes (`selector1._domainkey.contoso.com` and `selector2...`).
`Rotate-DkimSigningConfig` sets a date from which the other one signs; a Get- record has it as RotateOnDate.
"""

from __future__ import annotations

from datetime import UTC, datetime

from simulator.mail.address import AddressError, parse_domain
from simulator.policy.settings import BadValue, Settings, choice, custom, flag, ignored
from simulator.source import Node, ProblemList

__all__ = ["SELECTORS", "DkimSigningConfig"]

_CMDLET = "Set-DkimSigningConfig"
SELECTORS = ("selector1", "selector2")
_TEXT = {"type": "string"}


def _date(node: Node) -> datetime:
    try:
        found = datetime.fromisoformat(node.text.strip())
    except ValueError:
        raise BadValue(f"{node.text!r} is not a date", "Write 2026-01-20 or 2026-01-20T09:00:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class DkimSigningConfig(Settings):
    """What New- and Set-DkimSigningConfig take, and what Get-DkimSigningConfig shows, for one domain."""

    noun = "a DKIM signing configuration"
    cmdlet = _CMDLET

    Enabled: bool = flag(False, "mail from the domain is signed with it; else with the onmicrosoft.com domain")
    HeaderCanonicalization: str = choice("form of header fields", "Relaxed", "Simple", default="Relaxed", of=_CMDLET)
    BodyCanonicalization: str = choice("form of the body", "Relaxed", "Simple", default="Relaxed", of=_CMDLET)
    SelectorBeforeRotateOnDate: str = choice(
        "the selector that signs until RotateOnDate", *SELECTORS, default="selector1", of=_CMDLET
    )
    SelectorAfterRotateOnDate: str = choice(
        "the selector that signs from RotateOnDate on", *SELECTORS, default="selector2", of=_CMDLET
    )
    RotateOnDate: datetime | None = custom(_date, None, "when the other selector takes over (UTC)", _TEXT)
    KeySize: object = ignored("all keys of a lab have 2048 bits", silent=True)
    PublishTxtRecords: object = ignored("the keys as TXT records instead of CNAMEs")
    BodyHashAlgorithm: object = ignored("always SHA-256", silent=True)
    Selector1CNAME: object = ignored("where the customer's CNAME leads to", silent=True)
    Selector2CNAME: object = ignored("where the customer's CNAME leads to", silent=True)
    Selector1KeySize: object = ignored("all keys of a lab have 2048 bits", silent=True)
    Selector2KeySize: object = ignored("all keys of a lab have 2048 bits", silent=True)
    Selector1PublicKey: object = ignored("keys are made at run time", silent=True)
    Selector2PublicKey: object = ignored("keys are made at run time", silent=True)
    Algorithm: object = ignored("always RSA with SHA-256", silent=True)
    Status: object = ignored("what the service last found in DNS", silent=True)
    LastChecked: object = ignored("when it last looked", silent=True)
    KeyCreationTime: object = ignored("metadata", silent=True)
    IncludeSignatureCreationTime: object = ignored("t= in a Get- record; captured signatures have none", silent=True)
    IncludeKeyExpiration: object = ignored("x= in a Get- record; captured signatures have none", silent=True)
    NumberOfBytesToSign: object = ignored("always the whole body", silent=True)
    IsDefault: object = ignored("metadata", silent=True)
    AdminDisplayName: object = ignored("metadata", silent=True)
    Domain: object = ignored("the name; here it is the key of the map", silent=True)
    DomainName: object = ignored("the name; here it is the key of the map", silent=True)
    Identity: object = ignored("the name again, in a Get- record", silent=True)
    Name: object = ignored("the name again, in a Get- record", silent=True)

    @property
    def domain(self) -> str:
        return parse_domain(self.name)

    @property
    def forms(self) -> tuple[str, str]:
        """c= of its signatures."""
        return self.HeaderCanonicalization.lower(), self.BodyCanonicalization.lower()

    def selector(self, now: datetime) -> str:
        """The selector that signs at that time."""
        rotated = self.RotateOnDate is not None and now >= self.RotateOnDate
        return self.SelectorAfterRotateOnDate if rotated else self.SelectorBeforeRotateOnDate

    def check(self, problems: ProblemList) -> None:
        try:
            parse_domain(self.name)
        except AddressError as bad:
            problems.error(self.place, f"{bad}.", "DkimSigningConfig is a map by domain.")

"""Antispam > Greylisting: the periods and the filters, of the server or of one domain."""

from __future__ import annotations

from datetime import timedelta

from simulator.policy.amounts import span_of
from simulator.policy.ranges import IpRange
from simulator.policy.settings import Settings, choice, custom, texts
from simulator.products.smartermail.values import read_filter
from simulator.source import ProblemList

__all__ = ["EVERYONE", "EXCEPT_LISTED", "ONLY_LISTED", "Greylisting"]

EVERYONE = "Everyone"
ONLY_LISTED = "Only specified countries / IP addresses"
EXCEPT_LISTED = "Everyone except specified countries / IP addresses"


class Greylisting(Settings):
    """Antispam > Greylisting."""

    noun = "Greylisting"
    block: timedelta = custom(
        span_of("minutes"), timedelta(minutes=15), "how long a new sender is told to wait", label="Block Period"
    )
    allow: timedelta = custom(
        span_of("minutes"), timedelta(hours=6), "how long the sender has for coming back", label="Pass Period"
    )
    expires: timedelta = custom(
        span_of("days"), timedelta(days=36), "how long a sender that came back is remembered", label="Record Expiration"
    )
    applies_to: str = choice(
        "whom the filters are: those who are greylisted, or those who are not", EVERYONE, ONLY_LISTED, EXCEPT_LISTED,
        default=EXCEPT_LISTED, label="Applies To",
    )  # fmt: skip
    listed: tuple[IpRange | str, ...] = texts("the specified addresses", read=read_filter, label="Filters")

    @property
    def filters(self) -> tuple[IpRange, ...]:
        """The addresses among them."""
        return tuple(one for one in self.listed if not isinstance(one, str))

    def check(self, problems: ProblemList) -> None:
        for country in self.listed:
            if isinstance(country, str):
                says = f"the country {country} is understood but not modelled; no address is in it"
                problems.warn(self.at("listed"), says)
        if self.listed and self.applies_to == EVERYONE:
            problems.warn(self.at("listed"), "Filters have no effect while Applies To is Everyone")

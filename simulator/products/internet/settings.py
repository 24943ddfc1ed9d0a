"""The settings of a host that stands for the rest of the world. They are the simulator's own words, in lower case."""

from __future__ import annotations

from datetime import timedelta

from simulator.mail.address import parse_domain
from simulator.policy.retry import read_minutes
from simulator.policy.rules import rule
from simulator.policy.settings import Settings, choice, custom, flag, ignored, number, section, texts

__all__ = ["InternetSettings", "Knobs"]


rule(
    "NET-NOT-1", "Judging SPF, DKIM and DMARC; forwards; habits of large providers", fidelity="not modelled",
    source="RFC 7208, RFC 6376, RFC 9989",
)  # fmt: skip


class Knobs(Settings):
    """Choices that RFC 5321 leaves to a host."""

    noun = "the knobs of an internet host"

    self_mx: str = choice(
        "an MX list that leads back to this host: undeliverable (RFC 5321 5.1), or a loop until the hop limit",
        "undeliverable", "loop", default="undeliverable",
    )  # fmt: skip
    max_hops: int = number("mail with more Received fields is refused (RFC 5321 6.3 advises 100 or more)", 100, low=1)
    retry: tuple[int, ...] = custom(
        read_minutes, (30, 120), "waits between attempts in minutes, the last one again and again (RFC 5321 4.5.4.1)"
    )
    expires_days: int = number("days after which mail is returned (RFC 5321 4.5.4.1: 4 to 5)", 5, low=1)
    present_client_certificate: bool = flag(True, "the host's certificate is shown to servers that ask for one")

    @property
    def expires(self) -> timedelta:
        return timedelta(days=self.expires_days)


class InternetSettings(Settings):
    """What stands under a server that `is: internet`."""

    noun = "an internet host"

    domains: tuple[str, ...] = texts("domains it takes mail for, beside those of its people", read=parse_domain)
    refuses: object = ignored("what SPF, DKIM or DMARC results it refuses")
    accepts_from: object = ignored("the only hosts it takes mail from", label="accepts from")
    retry_after: object = ignored("how long it tells everybody to come back later", label="retry after")
    forwards: object = ignored("people whose mail goes on to another address")
    behaves_like: object = ignored("a large provider whose habits it has", label="behaves like")
    knobs: Knobs = section(Knobs, "choices that RFC 5321 leaves to a host")

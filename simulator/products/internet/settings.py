"""The settings of a host that stands for the rest of the world. They are the simulator's own words, in lower case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from simulator.mail.address import parse_domain
from simulator.policy.amounts import read_size, span_of
from simulator.policy.retry import read_minutes
from simulator.policy.rules import rule
from simulator.policy.settings import Settings, choice, custom, flag, mapping, number, section, text, texts
from simulator.products.internet.values import (
    Answered,
    Clients,
    Forward,
    Names,
    Refusal,
    read_answer,
    read_clients,
    read_refusals,
)
from simulator.source import ProblemList
from simulator.topology import Person

__all__ = ["GMAIL", "GMAIL_BULK", "InternetSettings", "Knobs"]

GMAIL, GMAIL_BULK = "gmail", "gmail for bulk senders"

rule(
    "NET-NOT-1", "Reputation and volume of senders", fidelity="not modelled", source="large providers' own filters",
)  # fmt: skip


def _pattern(word: str) -> str:
    """A domain, or `*.d`."""
    return ("*." if word.startswith("*.") else "") + parse_domain(word.removeprefix("*."))


class Knobs(Settings):
    """Choices that RFC 5321 and its companions leave to a host."""

    noun = "the knobs of an internet host"

    self_mx: str = choice(
        "an MX list that leads back to this host: undeliverable (RFC 5321 5.1), or a loop until the hop limit",
        "undeliverable", "loop", default="undeliverable",
    )  # fmt: skip
    max_hops: int = number("mail with more Received fields is refused (RFC 5321 6.3 advises 100 or more)", 100, low=1)
    retry: tuple[int, ...] = custom(
        read_minutes, (30, 120), "waits between attempts in minutes, the last one again and again (RFC 5321 4.5.4.1)"
    )
    expires_days: int = number("days after which mail is returned (RFC 5321 4.5.4.1: 4 to 5)", 5, low=1, high=365)
    present_client_certificate: bool = flag(True, "the host's certificate is shown to servers that ask for one")
    dane: bool = flag(False, "as a sender it asks for TLSA records in signed zones (RFC 7672)")
    mta_sts: bool = flag(False, "as a sender it asks for the policies of MTA-STS (RFC 8461)")
    dmarc: str = choice(
        "mail that fails DMARC: as the author's domain asks (reject is 550 5.7.1, quarantine is Junk), or only marked",
        "follow", "mark", default="follow",
    )  # fmt: skip
    dmarc_discovery: str = choice(
        "where DMARC records are looked for: up the DNS tree (RFC 9989) or at the organizational domain (RFC 7489)",
        "tree-walk", "organizational", default="tree-walk",
    )  # fmt: skip
    refuse_null_mx_sender: bool = flag(
        False, "mail from a domain that takes none (null MX) is refused with 550 5.7.27 (RFC 7505 4.2 allows it)"
    )
    tls_refusal: str = choice(
        "how `demands tls` refuses clear text: for good (RFC 3207 4), or for now, as Exchange does",
        "530 5.7.0", "451 5.7.3", default="530 5.7.0",
    )  # fmt: skip

    @property
    def expires(self) -> timedelta:
        return timedelta(days=self.expires_days)


class InternetSettings(Settings):
    """What stands under a server that `is: internet`."""

    noun = "an internet host"

    domains: tuple[str, ...] = texts("domains it takes mail for, beside those of its people", read=parse_domain)
    judges: bool = flag(True, "SPF, DKIM and DMARC of mail from outside are looked up")
    refuses: tuple[Refusal, ...] = custom(
        read_refusals, (), "results that are refused: {spf: fail, with: 550 5.7.23}, or a list of such maps"
    )
    accepts_from: Clients = custom(
        read_clients,
        Clients(),
        "the only clients it takes mail from: addresses, networks, host names",
        label="accepts from",
    )
    retry_after: timedelta = custom(
        span_of("minutes"),
        timedelta(0),
        "everybody is told to come back later, until this time has passed",
        label="retry after",
    )
    forwards: dict[str, Forward] = mapping(
        Forward.read_entry, "people whose mail goes on: {PERSON: ADDRESS} or {PERSON: {to, keep copy, srs}}"
    )
    behaves_like: str = choice(
        "a large provider whose public requirements it has", GMAIL, GMAIL_BULK, default="", label="behaves like"
    )
    demands_tls: bool = flag(False, "a partner's host: nothing is taken in clear text", label="demands tls")
    demands_certificate: str = text(
        "a partner's host: the client shows a good certificate with this name (*.contoso.com)",
        read=_pattern,
        label="demands certificate",
    )
    answers: dict[str, Answered | None] = mapping(
        read_answer, "what is said at RCPT: {PERSON, ADDRESS or *: 452 4.2.2 TEXT}"
    )
    size_limit: int = custom(read_size, 0, "octets of the largest message; SIZE announces it", label="size limit")
    smtputf8: bool = flag(True, "addresses outside ASCII are taken")
    dsn: bool = flag(True, "DSN is offered, so that senders may pass on what is asked of reports")
    delay_notice_after: timedelta = custom(
        span_of("hours"), timedelta(0), "senders are told once when their mail has waited so long (4h)", label="delay notice after",
    )  # fmt: skip
    knobs: Knobs = section(Knobs, "choices that RFC 5321 and its companions leave to a host")

    def check(self, problems: ProblemList) -> None:
        if not self.judges and (self.refuses or self.behaves_like):
            key = "refuses" if self.refuses else "behaves_like"
            word = "refuses" if self.refuses else "behaves like"
            problems.error(self.at(key), f"{word} needs what judges: false switches off.", "Leave judges out.")
        if self.written("demands_tls") and not self.demands_tls and self.demands_certificate:
            problems.error(self.at("demands_tls"), "a certificate is shown in TLS only.", "Leave demands tls out.")

    def check_people(self, people: Iterable[Person], problems: ProblemList) -> None:
        """Names of the settings that stand for nobody."""
        names = Names.of(people)
        for word, forward in self.forwards.items():
            if names.find(word, self.name) is None:
                problems.error(
                    forward.place,
                    f"forwards: nobody at {self.name} is called {word}.",
                    "Write a person of this server, or an address.",
                )
            if forward.to and names.find(forward.to) is None:
                problems.error(
                    forward.at("to"), f"forwards: {forward.to} is neither an address nor a person of the lab."
                )
        for word, answer in self.answers.items():
            if answer and word != "*" and names.find(word, self.name) is None:
                problems.error(
                    answer.at,
                    f"answers: nobody at {self.name} is called {word}.",
                    "Write a person of this server, an address, or *.",
                )

"""What becomes of mail that could not be handed on: the list of retry intervals, errors of DNS, the notice of delay.

    handed on, refused by the next host            -> as RFC 5321 says
    DNS has no answer, or knows no such domain     -> again after the next interval, until Attempts Before Bouncing DNS Errors
                                                      were made; then back
    anything else that may pass                    -> again after the next interval; back when the list is used up
    the attempt that Notify Senders of Delay After names has failed, and mail waits  -> the sender is told

The list counts intervals, so 15, 30, 60, 90 are five attempts, the last after 3 hours and a quarter. Reports of that last one say
"Failed four Attempts", as observed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome
from simulator.policy.bounce import Failure, may_report, plain_report, report_message
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.relaying import Trouble, settle
from simulator.policy.retry import Ladder
from simulator.policy.route import Fate, Keep, Relay
from simulator.policy.rules import rule
from simulator.products.smartermail.settings import SmarterMailSettings
from simulator.products.smartermail.wording import Wording

__all__ = ["SUBJECT_DELAYED", "Spool"]

_TEST = "tests/products/smartermail/test_spool.py"
RETRY = rule(
    "SM-RETRY-1", "Mail is returned when the list of retry intervals is used up", fidelity="documented",
    source="SmarterMail help: General, Spool; the list 15, 30, 60, 90 is recalled", test=_TEST,
)  # fmt: skip
DNS = rule(
    "SM-RETRY-2", "Mail for a domain that DNS does not know or does not answer for is returned after two attempts", fidelity="inferred",
    source="recalled; Attempts Before Bouncing DNS Errors or knob dns_attempts", test=_TEST,
)  # fmt: skip
DELAY = rule(
    "SM-RETRY-3", "The sender is told of a delay after as many attempts as the setting says, once; never by default",
    fidelity="inferred", source="recalled; Notify Senders of Delay After (text and default inferred)", test=_TEST,
)  # fmt: skip

SUBJECT_DELAYED = "Delivery Delayed"  # I
_DNS_ERRORS = ("nxdomain", "no-address", "servfail", "timeout")


class Spool:
    """How long one server tries."""

    def __init__(self, settings: SmarterMailSettings, words: Wording, fqdn: str) -> None:
        self.settings, knobs = settings, settings.knobs
        self.intervals = settings.retry_intervals or knobs.retry
        self.dns_attempts = settings.dns_attempts or knobs.dns_attempts
        self.notify_after, self.words, self.fqdn = settings.notify_after, words, fqdn
        self.ladder = Ladder.minutes(*self.intervals)

    def after(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment, author: str
    ) -> Mapping[Address, Fate]:
        """The fate of every recipient; `author` is who tells of a delay."""

        def word(trouble: Trouble, gave_up: bool) -> Reply:
            return self.words.trouble(trouble, gave_up, len(self.intervals))

        def patience(trouble: Trouble) -> bool:
            return trouble.kind in _DNS_ERRORS and attempts < self.dns_attempts

        due = self.ladder.due(attempts, held.arrived, at.now)
        missing = outcome.unroutable
        if missing and missing.reason in _DNS_ERRORS and attempts >= self.dns_attempts:
            due = None
        fates = settle(held, relay, outcome, due=due, word=word, patience=patience)
        sender = held.sender
        if attempts != self.notify_after or sender is None:
            return fates
        until = at.now + sum(self.ladder.steps[attempts - 1 :], timedelta(0))
        return {
            recipient: replace(fate, notice=(sender, self._delayed(held, Failure(recipient, fate.reply, until=until), author, at)))
            if isinstance(fate, Keep) and may_report(held, recipient, "DELAY") else fate
            for recipient, fate in fates.items()
        }  # fmt: skip

    def _delayed(self, held: Held, failure: Failure, author: str, at: Moment) -> Message:
        lines = self.words.delayed(failure.recipient, failure.reply)
        return self.written(held, failure, SUBJECT_DELAYED, lines, author, at)

    def written(self, held: Held, failure: Failure, subject: str, lines: list[str], author: str, at: Moment) -> Message:
        """A message of the server's own to the sender, in the form that knob `report_form` says."""
        if self.settings.knobs.report_form == "fields":
            return report_message(held, failure, fqdn=self.fqdn, author=author, subject=subject, lines=lines, at=at)
        return plain_report(held, fqdn=self.fqdn, author=author, subject=subject, lines=lines, at=at)

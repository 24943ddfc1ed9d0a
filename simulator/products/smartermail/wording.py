"""What SmarterMail says, word by word.

None of the observed replies carries an enhanced status code, so none is sent unless the knob `enhanced_codes` asks for
them. Marks: W = reported by hosting providers' pages, I = inferred, R = recalled from server logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from simulator.mail.reply import Reply
from simulator.policy.relaying import Trouble
from simulator.policy.rules import rule

__all__ = ["BOUNCE_TEXT", "DELAY_TEXT", "TEXTS", "WORDS", "Wording"]

WORDS = rule(
    "SM-WORDS-1", "Replies carry no enhanced status codes", fidelity="observed",
    source="hosting providers' pages about SmarterMail bounces", test="tests/products/smartermail/test_wording.py",
)  # fmt: skip

TEXTS: Mapping[str, tuple[int, str, str]] = {
    "banner": (220, "", "{text}"),
    "logged-in": (235, "2.7.0", "Authentication successful"),  # R
    "login-failed": (535, "5.7.8", "Authentication failed"),  # R
    "sender": (250, "2.1.0", "OK <{address}> Sender ok"),  # R
    "recipient": (250, "2.1.5", "OK <{address}> Recipient ok"),  # R
    "accepted": (250, "2.0.0", "OK {id}"),  # I: the id is this simulator's
    "greylisted": (451, "4.7.1", "Greylisted, please try again in {seconds} seconds"),  # W, attribution I
    "relay": (550, "5.7.1", "Authentication is required for relay"),  # W
    "auth-match": (550, "5.7.1", "From domain must match authenticated domain"),  # W
    "auth-match-address": (550, "5.7.1", "From address must match authenticated account"),  # I, after the one above
    "disabled": (550, "5.1.1", "<{address}> No such user here"),  # I: as for an unknown user
    "unknown": (550, "5.1.1", "<{address}> No such user here"),  # R
    "closed": (550, "5.1.1", "<{address}> No such user here"),  # I: as for an unknown user
    "blocked": (550, "5.1.1", "<{address}> No such user here"),  # I: as for an unknown user, nothing is told
    "loop": (554, "5.4.6", "Too many hops"),  # I
    "too-many-recipients": (452, "4.5.3", "Too many recipients"),  # I
    "too-many-messages": (421, "4.5.3", "Too many messages in this session"),  # I
    # Mail that was taken and comes back.
    "mailbox-full": (552, "5.2.2", "The mailbox is full"),  # W, the code I
    "domain-full": (552, "5.2.2", "The domain size limit has been exceeded"),  # W, the code I
    "not-posted": (550, "5.7.1", "Not posted to {address}: {says}"),  # I
    # The queue's own words and the reasons in reports.
    "unreachable": (421, "4.4.1", "Could not connect to {host}"),  # I
    "lost": (421, "4.4.2", "Connection to {host} was lost"),  # I
    "tls": (421, "4.7.5", "TLS with {host} failed: {says}"),  # I
    "remote": (451, "", "Remote host said: {remote}"),  # R; the code is the remote host's
    "gave-up": (554, "5.4.7", "Failed {count} Attempts to connect to recipients mail server"),  # W
    "servfail": (451, "4.4.3", "DNS lookup for {host} failed"),  # I
    "timeout": (451, "4.4.3", "DNS lookup for {host} failed"),  # I
    "nxdomain": (
        550,
        "5.1.2",
        "Failed to connect to the recipients mail server. No MX records were found for the '{host}' domain.",
    ),  # W
    "no-address": (
        550,
        "5.4.4",
        "Failed to connect to the recipients mail server. No MX records were found for the '{host}' domain.",
    ),  # W
    "null-mx": (556, "5.1.10", "The domain {host} does not accept mail"),  # I, codes of RFC 7505
    "self-mx": (554, "5.4.6", "The MX record of {host} points to this server"),  # I
}

_OURS = ("loop", "self-mx")
"""Situations for which no text was observed at all: what is said is this simulator's, code included."""

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

BOUNCE_TEXT = "Could not deliver message to the following recipient(s):"  # W
DELAY_TEXT = "The message has not been delivered yet. It will be tried again:"  # I


@dataclass(frozen=True, slots=True)
class Wording:
    """Replies by situation. `enhanced` adds the codes that real servers leave out."""

    enhanced: bool = False

    def say(self, situation: str, **facts: object) -> Reply:
        code, enhanced, text = TEXTS[situation]
        shown = self.enhanced or situation in _OURS
        return Reply(code, enhanced if shown else "", text.format(**facts))

    def greylisted(self, wait: timedelta) -> Reply:
        return self.say("greylisted", seconds=max(1, round(wait.total_seconds())))

    def trouble(self, trouble: Trouble, gave_up: bool, retries: int) -> Reply:
        """The queue's text while it waits, the report's reason once it gave up."""
        if trouble.remote:
            said = self.say("remote", remote=trouble.remote)
            waiting = trouble.remote.code if trouble.remote.transient else said.code
            return Reply(554 if gave_up else waiting, said.enhanced, said.text)
        if gave_up and not trouble.permanent and not trouble.dns:
            return self.say("gave-up", count=_NUMBERS[retries] if retries < len(_NUMBERS) else retries)
        said = self.say(trouble.kind, host=trouble.host, says=trouble.says)
        if gave_up and said.transient:  # a report's status is final
            return Reply(554, said.enhanced.replace("4.", "5.", 1) if said.enhanced else "", said.text)
        return said

    @staticmethod
    def report(recipient: object, reply: Reply, remote: Reply | None) -> list[str]:
        """The text of a report, up to the header of the message."""
        reason = f"Remote host said: {remote}" if remote else reply.text  # R
        return [BOUNCE_TEXT, "", f"Failed Recipient: {recipient}", f"Reason: {reason}", ""]

    @staticmethod
    def delayed(recipient: object, reply: Reply) -> list[str]:
        """The text of a notice of delay, up to the header of the message."""
        return [DELAY_TEXT, "", f"Recipient: {recipient}", f"Reason: {reply.text}", ""]

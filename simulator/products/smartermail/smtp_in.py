"""Settings > SMTP In: the banner, and what one session or message may have.

    banner               SMTP Banner with #HostName#, #ConnectedIP#, #Time#, #TimeUTC#, #UnixTime#; left out: the host name
    MAIL                 more messages in the session than Max Messages Per Session    -> 421
    RCPT                 more recipients than Max Recipients Per Message               -> 452, RFC 5321 4.5.3.1.10

A session is told apart by the address of its client, so two at once from one address share a count.
"""

from __future__ import annotations

from simulator.mail.envelope import Envelope
from simulator.mail.message import rfc5322_date
from simulator.mail.session import Session
from simulator.policy.decision import Candidate, Step
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.smartermail.settings import SmarterMailSettings

__all__ = ["banner", "count_message", "too_many_messages", "too_many_recipients"]

_TEST = "tests/products/smartermail/test_smtp_in.py"
BANNER = rule(
    "SM-IN-1", "The banner is free text with variables for host name, client address and time", fidelity="documented",
    source="SmarterMail help: SMTP In, SMTP Banner (how times are written is inferred)", test=_TEST,
)  # fmt: skip
RECIPIENTS = rule(
    "SM-IN-2", "More recipients than Max Recipients Per Message have to come in another transaction", fidelity="inferred",
    source="recalled setting; RFC 5321 4.5.3.1.10 for the reply", test=_TEST,
)  # fmt: skip
MESSAGES = rule(
    "SM-IN-3", "More messages than Max Messages Per Session need another session", fidelity="inferred",
    source="recalled setting; RFC 5321 4.2.3 for the reply", test=_TEST,
)  # fmt: skip


def banner(session: Session, settings: SmarterMailSettings, fqdn: str, at: Moment) -> str:
    """The text behind 220; a new session begins."""
    if settings.max_messages:
        at.memory.setdefault("messages in session", {})[session.peer] = 0
    said = settings.banner or "#HostName#"
    time = rfc5322_date(at.now)  # a lab's local time is UTC
    for name, value in (
        ("#HostName#", fqdn), ("#ConnectedIP#", session.peer), ("#TimeUTC#", time), ("#Time#", time),
        ("#UnixTime#", str(int(at.now.timestamp()))),
    ):  # fmt: skip
        said = said.replace(name, value)
    return said


def too_many_messages(session: Session, settings: SmarterMailSettings, at: Moment) -> Step | None:
    """At MAIL: why the session has had enough messages."""
    had, limit = at.memory.get("messages in session", {}).get(session.peer, 0), settings.max_messages
    if not limit or had < limit:
        return None
    return _step(
        MESSAGES,
        "Max Messages Per Session",
        f"{had} messages came in this session, {limit} are allowed",
        settings,
        "max_messages",
    )


def count_message(session: Session, settings: SmarterMailSettings, at: Moment) -> None:
    """After a message was taken."""
    if settings.max_messages:
        counts = at.memory.setdefault("messages in session", {})
        counts[session.peer] = counts.get(session.peer, 0) + 1


def too_many_recipients(envelope: Envelope, settings: SmarterMailSettings) -> Step | None:
    """At RCPT: why the transaction has enough recipients."""
    had, limit = len(envelope.recipients), settings.max_recipients
    if not limit or had < limit:
        return None
    says = f"the message has {had} recipients, {limit} are allowed"
    return _step(RECIPIENTS, "Max Recipients Per Message", says, settings, "max_recipients")


def _step(rule_id: str, name: str, says: str, settings: SmarterMailSettings, key: str) -> Step:
    why = Candidate(name, False, "too-many", says, settings.at(key))
    return Step("LIMIT", rule_id, "too-many", says, (why,), why.at)

"""Journaling: a report to an archive about mail that an Exchange organisation handles, the message itself enclosed.

| Scope | what is reported |
| --- | --- |
| Global | all mail |
| Internal | mail from inside to somebody inside |
| External | mail from outside, or to somebody outside |

`Recipient` narrows it to the mail from or to one address. The report has the null sender and is routed like any other
message; reports, of this kind or another, are not reported again. The service and the server share all this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simulator.mail.address import Address, domain_of, sender_text
from simulator.mail.message import Message, rfc5322_date
from simulator.mail.mime import encoded
from simulator.policy.host import Held, Notice
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.policy.settings import Settings, choice, flag, ignored, text

__all__ = ["JOURNAL_RULES", "JournalRule", "journal"]

_TEST = "tests/products/test_exchange_journal.py"
JOURNAL = rule(
    "JOURNAL-1", "A journal rule that is on reports mail of its scope, and from or to its recipient, to its address", fidelity="documented",
    source="CMD New-JournalRule; learn: Journaling in Exchange Online; Journaling in Exchange Server", test=_TEST,
)  # fmt: skip
rule(
    "JOURNAL-2", "The report names sender and recipients of the envelope and encloses the message; reports are not reported", fidelity="inferred",
    source="learn: Journal reports, which show more fields; recipients are those of the envelope, not the members of groups", test=_TEST,
)  # fmt: skip

JOURNAL_RULES = "which mail is reported to an archive, by name"
_MARK = "X-MS-Journal-Report"
_EIGHT = "Content-Transfer-Encoding: 8bit\r\n"


class JournalRule(Settings):
    """New-JournalRule. Whether a rule is on where Enabled is left out no source at hand says; here it is."""

    noun = "a journal rule"
    cmdlet = "New-JournalRule"

    JournalEmailAddress: Address = text("where reports go", required=True, read=Address.parse)
    Recipient: Address | None = text("whose mail is reported; left out: everybody's", read=Address.parse)
    Scope: str = choice(
        "all mail, or that between colleagues, or that with others", "Global", "Internal", "External", default="Global"
    )
    Enabled: bool = flag(True, "a rule that is off reports nothing")
    FullReport: object = ignored("whether several messages share a report", silent=True)
    LawfulInterception: object = ignored("rules of Microsoft's own")

    def covers(self, held: Held, inside: Callable[[Address | None], bool]) -> bool:
        """Whether a message is reported; `inside` tells who belongs to the organisation."""
        if not self.Enabled or (self.Recipient and self.Recipient not in (held.sender, *held.recipients)):
            return False
        within = [inside(recipient) for recipient in held.recipients]
        if self.Scope == "Internal":
            return inside(held.sender) and any(within)
        return self.Scope == "Global" or not inside(held.sender) or not all(within)


def journal(
    rules: Iterable[JournalRule], held: Held, accepts: Callable[[str | None], bool], at: Moment, *, by: str, fqdn: str, author: str
) -> tuple[Notice, ...]:  # fmt: skip
    """The reports about a message that has just been taken, one for each archive."""
    if held.generated or held.message.get(_MARK) is not None:
        return ()

    def inside(address: Address | None) -> bool:
        return accepts(domain_of(address))

    archives = dict.fromkeys(one.JournalEmailAddress for one in rules if one.covers(held, inside))
    return tuple(Notice(_report(held, to, at, fqdn, author), to, by) for to in archives)


def _report(held: Held, to: Address, at: Moment, fqdn: str, author: str) -> Message:
    message = held.message
    mark = f"{at.now:%Y%m%d%H%M%S}.{at.turn('journal') + 1}"
    subject = " ".join((message.get("Subject") or "").split())
    lines = [
        f"Sender: {sender_text(held.sender)}", f"Subject: {subject}".rstrip(),
        f"Message-Id: {(message.get('Message-ID') or '').strip()}".rstrip(), *(f"Recipient: {r}" for r in held.recipients),
    ]  # fmt: skip
    words = "".join(f"{line}\r\n" for line in lines).encode()
    whole = b"".join([*(raw for _, raw in message.fields), message.rest])
    boundary = f"=_journal_{mark}"
    while boundary.encode() in whole:
        boundary += "_"
    body = b"".join(
        f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n{'' if part.isascii() else _EIGHT}\r\n".encode() + part
        for kind, part in (("text/plain; charset=utf-8", words), ("message/rfc822", whole))
    )
    head = Message((), b"").topped(
        ("From", author), ("To", f"<{to}>"), ("Subject", encoded(subject)), ("Date", rfc5322_date(at.now)),
        ("Message-ID", f"<journal.{mark}@{fqdn}>"), (_MARK, ""), ("Auto-Submitted", "auto-generated"), ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/mixed; boundary="{boundary}"'),
    )  # fmt: skip
    return Message(head.fields, body + f"\r\n--{boundary}--\r\n".encode())

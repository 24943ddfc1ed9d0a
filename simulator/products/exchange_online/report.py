"""The non-delivery report: RFC 3464 fields, and before them what Exchange Online tells people.

The layout is the modern one: what happened, Original Message Details, Error Details, Notification Details, the table of
Message Hops, Original Message Headers (captured reports).
The author of a report to somebody of the tenant is the system mailbox, to others the postmaster of the default domain or
ExternalPostmasterAddress (CMD Set-TransportConfig).
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.bounce import Failure, header_lines, may_report, report_message
from simulator.policy.confirm import told
from simulator.policy.delay import is_delay_due
from simulator.policy.host import Held, Notice
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.headers import AUTH_AS
from simulator.products.exchange_online.hops import hop_rows, hop_time, printed_time
from simulator.products.exchange_online.identifiers import mailbox_server
from simulator.products.exchange_online.remote_domains import confirmations_dropped, reports_dropped

__all__ = ["confirmed", "delayed", "report", "system_author"]

REPORT = rule(
    "EXO-NDR-2", "The report has the sections of the modern layout; its sentences are shortened", fidelity="observed",
    source="captured reports; learn: Non-delivery reports in Exchange Online", test="tests/products/exchange_online/test_report.py",
)  # fmt: skip

DELAY = rule(
    "EXO-NDR-3", "Senders are told once when their mail has waited for hours, unless TransportConfig says no", fidelity="documented",
    source="CMD Set-TransportConfig ExternalDelayDsnEnabled, InternalDelayDsnEnabled", test="tests/products/exchange_online/test_report.py",
)  # fmt: skip
rule(
    "EXO-NDR-4", "The notice of delay comes after four hours", fidelity="inferred",
    source="CMD Set-TransportService DelayNotificationTimeout, of Exchange Server; knob delay_notice",
    test="tests/products/exchange_online/test_report.py",
)  # fmt: skip

SUCCESS = rule(
    "EXO-NDR-5", "Reports of success are called Delivered, Relayed or Expanded, with a sentence for each", fidelity="inferred",
    source="delivery receipts as recalled; no page at hand quotes them", test="tests/products/exchange_online/test_report.py",
)  # fmt: skip

_SUCCESS = {
    "delivered": ("Delivered", "Your message has been delivered to the following recipients:"),
    "relayed": (
        "Relayed",
        "Delivery to these recipients or groups is complete, but no delivery notification was sent by the destination server:",
    ),
    "expanded": ("Expanded", "Your message was expanded to the members of these groups:"),  # the sentence is inferred
}

_SYSTEM = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e"
"""Local part of the system mailbox that writes reports, as seen in captured ones."""


def report(
    held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, tenant: Profile, at: Moment
) -> Notice | None:
    """None where no report may be written, or a remote domain is to get none."""
    if held.sender is None or not may_report(held, recipient):
        return None
    outside = not tenant.domains.accepts(held.sender.domain)
    if outside and reports_dropped(held.sender, tenant.settings.RemoteDomains):
        return None
    # The Diagnostic-Code is the whole line of Error Details: the service's code, and the other server's reply behind it.
    failure = Failure(recipient, reply, reply if remote else None, remote_host)
    message = _message(
        held, failure, "Undeliverable", f"Your message to {recipient} couldn't be delivered.", tenant, at
    )
    return Notice(message, held.sender, tenant.name)


def delayed(
    held: Held, recipient: Address, reply: Reply, until: datetime, tenant: Profile, at: Moment
) -> Message | None:
    """The notice that a message has to wait, once for each recipient; None where it is not due, or not wanted."""
    settings, knobs = tenant.settings.TransportConfig, tenant.settings.knobs
    if held.sender is None:
        return None
    inside = tenant.domains.accepts(held.sender.domain)
    wanted = settings.InternalDelayDsnEnabled if inside else settings.ExternalDelayDsnEnabled
    if not inside and reports_dropped(held.sender, tenant.settings.RemoteDomains):
        return None
    if not wanted or not is_delay_due(held, recipient, knobs.delay_notice, at):
        return None
    says = (
        f"Delivery to {recipient} is delayed. It will be tried until {printed_time(until)}; you needn't send it again."
    )
    return _message(held, Failure(recipient, reply, until=until), "Delivery delayed", says, tenant, at)


def confirmed(
    held: Held, recipient: Address, action: str, reply: Reply, remote_host: str, tenant: Profile, at: Moment
) -> Notice | None:
    """The report of success that NOTIFY=SUCCESS asked for; None where a remote domain is to get none."""
    assert held.sender is not None
    outside = not tenant.domains.accepts(held.sender.domain)
    if outside and confirmations_dropped(held.sender, tenant.settings.RemoteDomains):
        return None
    word, says = _SUCCESS[action]
    subject = held.message.get("Subject") or ""
    lines = [says, "", str(held.original or recipient), "", f"Subject: {subject}".rstrip()]
    message = _message(held, told(recipient, action, reply, remote_host), word, lines, tenant, at)
    return Notice(message, held.sender, tenant.name)


def _message(
    held: Held, failure: Failure, word: str, says: str | list[str], tenant: Profile, at: Moment
) -> Message:  # fmt: skip
    assert held.sender is not None
    host = mailbox_server(tenant.name)
    subject = held.message.get("Subject") or ""
    return report_message(
        held, failure, fqdn=host, author=_author(held.sender, tenant, host), subject=f"{word}: {subject}",
        lines=_lines(held, failure, says, host, subject) if isinstance(says, str) else says, at=at,
        headers=[(AUTH_AS, "Internal")], received_from=held.session.helo,
    )  # fmt: skip


def system_author(tenant: Profile) -> str:
    """From of what the organisation writes itself to its own."""
    return f"Microsoft Exchange <{_SYSTEM}@{tenant.domains.default or mailbox_server(tenant.name)}>"


def _author(sender: Address, tenant: Profile, host: str) -> str:
    domain = tenant.domains.default or host
    if tenant.domains.accepts(sender.domain):
        return f"Microsoft Outlook <{_SYSTEM}@{domain}>"
    return (
        f"postmaster@{domain}" if not (own := tenant.settings.TransportConfig.ExternalPostmasterAddress) else str(own)
    )


def _lines(held: Held, failure: Failure, says: str, host: str, subject: str) -> list[str]:
    rejected = [f"Message rejected by:  {failure.remote_host}"] if failure.remote_host else []
    return [
        says,
        "",
        "Original Message Details",
        f"Created Date:         {_created(held)}",
        f"Sender Address:       {held.sender}",
        f"Recipient Address:    {held.original or failure.recipient}",
        f"Subject:              {subject}".rstrip(),
        "",
        "Error Details",
        f"Error:                {failure.reply}",
        *rejected,
        "",
        "Notification Details",
        f"Sent by:              {host}",
        "",
        "Message Hops",
        *hop_rows(held.message),
        "",
        "Original Message Headers",
        *header_lines(held.message),
    ]


def _created(held: Held) -> str:
    """The Date field; where there is none, when the message came in."""
    return hop_time(held.message.get("Date") or "") or printed_time(held.arrived)

"""The non-delivery report: RFC 3464 fields, and before them what Exchange Online tells people.

The layout is the modern one: what happened, Original Message Details, Error Details, Notification Details, Message Hops.
The author of a report to somebody of the tenant is the system mailbox, to others the postmaster of the default domain or
ExternalPostmasterAddress (CMD Set-TransportConfig).
"""

from __future__ import annotations

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.bounce import Failure, may_report, report_message
from simulator.policy.host import Held, Notice
from simulator.policy.loops import passed
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.headers import AUTH_AS
from simulator.products.exchange_online.identifiers import mailbox_server
from simulator.products.exchange_online.remote_domains import reports_dropped

__all__ = ["report"]

REPORT = rule(
    "EXO-NDR-2", "The report has the sections of the modern layout; its sentences are shortened", fidelity="observed",
    source="captured reports; learn: Non-delivery reports in Exchange Online", test="tests/products/exchange_online/test_report.py",
)  # fmt: skip

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
    host = mailbox_server(tenant.name)
    # The Diagnostic-Code is the whole line of Error Details: the service's code, and the other server's reply behind it.
    failure = Failure(recipient, reply, reply if remote else None, remote_host)
    subject = held.message.get("Subject") or ""
    message = report_message(
        held, failure, fqdn=host, author=_author(held.sender, tenant, host), subject=f"Undeliverable: {subject}",
        lines=_lines(held, recipient, reply, remote_host, host, subject), at=at,
        headers=[(AUTH_AS, "Internal")],
    )  # fmt: skip
    return Notice(message, held.sender, tenant.name)


def _author(sender: Address, tenant: Profile, host: str) -> str:
    domain = tenant.domains.default or host
    if tenant.domains.accepts(sender.domain):
        return f"Microsoft Outlook <{_SYSTEM}@{domain}>"
    return (
        f"postmaster@{domain}" if not (own := tenant.settings.TransportConfig.ExternalPostmasterAddress) else str(own)
    )


def _lines(held: Held, recipient: Address, reply: Reply, remote_host: str, host: str, subject: str) -> list[str]:
    rejected = [f"Message rejected by:  {remote_host}"] if remote_host else []
    return [
        f"Your message to {recipient} couldn't be delivered.",
        "",
        "Original Message Details",
        f"Created Date:         {held.message.get('Date') or ''}".rstrip(),
        f"Sender Address:       {held.sender}",
        f"Recipient Address:    {held.original or recipient}",
        f"Subject:              {subject}".rstrip(),
        "",
        "Error Details",
        f"Error:                {reply}",
        *rejected,
        "",
        "Notification Details",
        f"Sent by:              {host}",
        "",
        "Message Hops",
        *_hops(held.message),
    ]


def _hops(message: Message) -> list[str]:
    return [f"{number}  {name}" for number, name in enumerate(passed(message), 1)]

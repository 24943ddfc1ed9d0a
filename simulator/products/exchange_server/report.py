"""The non-delivery report: RFC 3464 fields, and before them what Exchange tells people.

The author of a report to somebody of the organisation is the system mailbox, to others the postmaster of the default
domain or ExternalPostmasterAddress (CMD Set-TransportConfig). Its diagnostic section names the generating server, and the
remote server and its words where one refused.

A sender is told once when mail has waited for DelayNotificationTimeout (four hours), unless ExternalDelayDsnEnabled or
InternalDelayDsnEnabled says no.
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.address import Address
from simulator.mail.message import Message, rfc5322_date
from simulator.mail.reply import Reply
from simulator.policy.bounce import Failure, may_report, report_message
from simulator.policy.delay import is_delay_due
from simulator.policy.host import Held, Notice
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_server import wording
from simulator.products.exchange_server.directory import Directory
from simulator.products.exchange_server.headers import AUTH_AS
from simulator.topology import Server

__all__ = ["delayed", "report"]

REPORT = rule(
    "EXS-NDR-1", "The report has Exchange's sections: who did not get it, and diagnostic information for administrators",
    fidelity="observed", source="public bounces; learn: NDRs in Exchange Server", test="tests/products/exchange_server/test_report.py",
)  # fmt: skip
DELAY = rule(
    "EXS-NDR-2", "A sender is told once that mail waits, four hours after it came, unless TransportConfig says no", fidelity="documented",
    source="learn: Message retry, resubmit, and expiration intervals; CMD Set-TransportService DelayNotificationTimeout; "
    "CMD Set-TransportConfig ExternalDelayDsnEnabled, InternalDelayDsnEnabled", test="tests/products/exchange_server/test_report.py",
)  # fmt: skip

_SYSTEM = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e"
"""Local part of the system mailbox that writes reports, as seen in captured ones."""


def report(
    held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, *, server: Server, directory: Directory,
    at: Moment,
) -> Notice | None:  # fmt: skip
    """None where no report may be written."""
    if held.sender is None or not may_report(held, recipient):
        return None
    failure = Failure(recipient, reply, remote, remote_host)
    return Notice(
        _message(held, failure, "Undeliverable", _lines(held, failure, server), server, directory, at),
        held.sender,
        server.name,
    )


def delayed(
    held: Held, recipient: Address, waits: Reply, until: datetime, *, server: Server, directory: Directory, at: Moment
) -> tuple[Address, Message] | None:
    """The notice that a message `waits`, once for each recipient; None where it is not due, or not wanted.

    It is written at the first attempt after the time, as retries are all that happens to waiting mail.
    """
    settings = directory.settings
    if held.sender is None or not may_report(held, recipient, "DELAY"):
        return None
    inside = directory.is_own(held.sender)
    wanted = (
        settings.TransportConfig.InternalDelayDsnEnabled if inside else settings.TransportConfig.ExternalDelayDsnEnabled
    )
    if not wanted or not is_delay_due(held, recipient, settings.TransportService.DelayNotificationTimeout, at):
        return None
    lines = [
        "Delivery is delayed to these recipients or groups:",
        "",
        str(held.original or recipient),
        "",
        f"The message has not been delivered yet. It will be tried until {rfc5322_date(until)}.",
        "",
        f"The last error was '{waits}'",
    ]
    failure = Failure(recipient, wording.message_delayed(), until=until)
    return held.sender, _message(held, failure, "Delivery delayed", lines, server, directory, at)


def _message(
    held: Held, failure: Failure, word: str, lines: list[str], server: Server, directory: Directory, at: Moment
) -> Message:
    assert held.sender is not None
    return report_message(
        held, failure, fqdn=server.fqdn, author=_author(held.sender, directory, server),
        subject=f"{word}: {held.message.get('Subject') or ''}", lines=lines, at=at, headers=[(AUTH_AS, "Internal")],
    )  # fmt: skip


def _author(sender: Address, directory: Directory, server: Server) -> str:
    domain = directory.default_domain or server.fqdn
    if directory.is_own(sender):
        return f"Microsoft Outlook <{_SYSTEM}@{domain}>"
    return str(directory.settings.TransportConfig.ExternalPostmasterAddress or f"postmaster@{domain}")


def _lines(held: Held, failure: Failure, server: Server) -> list[str]:
    who = f"{failure.remote_host} " if failure.remote_host else ""
    return [
        "Delivery has failed to these recipients or groups:",
        "",
        str(held.original or failure.recipient),
        "",
        "Diagnostic information for administrators:",
        "",
        f"Generating server: {server.fqdn}",
        "",
        str(failure.recipient),
        f"{who}Remote Server returned '{failure.remote or failure.reply}'",
    ]

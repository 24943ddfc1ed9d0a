"""The non-delivery report: RFC 3464 fields, and before them what Exchange tells people.

The author of a report to somebody of the organisation is the system mailbox, to others the postmaster of the default
domain or ExternalPostmasterAddress (CMD Set-TransportConfig). Its diagnostic section names the generating server, and the
remote server and its words where one refused.
"""

from __future__ import annotations

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.bounce import Failure, may_report, report_message
from simulator.policy.host import Held, Notice
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_server.directory import Directory
from simulator.products.exchange_server.headers import AUTH_AS
from simulator.topology import Server

__all__ = ["report"]

REPORT = rule(
    "EXS-NDR-1", "The report has Exchange's sections: who did not get it, and diagnostic information for administrators",
    fidelity="observed", source="public bounces; learn: NDRs in Exchange Server", test="tests/products/exchange_server/test_report.py",
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
    subject = held.message.get("Subject") or ""
    message = report_message(
        held, Failure(recipient, reply, remote, remote_host), fqdn=server.fqdn, author=_author(held.sender, directory, server),
        subject=f"Undeliverable: {subject}", lines=_lines(held, recipient, reply, remote, remote_host, server.fqdn), at=at,
        headers=[(AUTH_AS, "Internal")],
    )  # fmt: skip
    return Notice(message, held.sender, server.name)


def _author(sender: Address, directory: Directory, server: Server) -> str:
    domain = directory.default_domain or server.fqdn
    if directory.is_own(sender):
        return f"Microsoft Outlook <{_SYSTEM}@{domain}>"
    return str(directory.settings.TransportConfig.ExternalPostmasterAddress or f"postmaster@{domain}")


def _lines(
    held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, fqdn: str
) -> list[str]:
    who = f"{remote_host} " if remote_host else ""
    said = [f"{who}Remote Server returned '{remote or reply}'"]
    return [
        "Delivery has failed to these recipients or groups:",
        "",
        str(held.original or recipient),
        "",
        "Diagnostic information for administrators:",
        "",
        f"Generating server: {fqdn}",
        "",
        str(recipient),
        *said,
    ]

"""Reports of success: what NOTIFY=SUCCESS asks for, and who writes it (RFC 3461 5.2).

| what happened to the recipient | Action | the request |
| --- | --- | --- |
| put into a mailbox of this host | delivered | is answered |
| handed on, and the next host's EHLO announced DSN | no report here | is handed on unchanged; the next host answers |
| handed on, and it did not | relayed | is answered: nobody further on knows of it |
| replaced by one other address (alias, forwarding) | no report here | goes on to that address |
| replaced by several (group) | expanded | is answered; failures are still reported |
| posted to a mailing list with a sender of its own | delivered | is answered, and nothing goes on |
| kept by its mailbox and forwarded | delivered, by the mailbox | the forwarded copies lose SUCCESS |
| dropped or quarantined | none | never answered |

A host with words of its own is asked for the report (`Confirms`); others use the neutral ones here.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from simulator.mail.address import Address
from simulator.mail.notify import SUCCESS
from simulator.mail.reply import Reply
from simulator.policy.bounce import Failure, may_report, report_message
from simulator.policy.host import Held, Host, Notice
from simulator.policy.moment import Moment
from simulator.policy.rules import rule

__all__ = ["CONFIRMS", "GROUP", "MAILBOX", "Confirms", "confirmation", "neutral_lines", "told"]

CONFIRMS = rule(
    "REPORT-SUCCESS", "NOTIFY=SUCCESS is answered at delivery, at expansion, or where the next host does not offer DSN",
    fidelity="documented", source="RFC 3461 4.1, 5.2.2, 5.2.3 and 5.2.7.3", test="tests/policy/test_confirm.py",
)  # fmt: skip
rule(
    "REPORT-WORDS", "The words of reports of success of hosts for which none are known are the simulator's own", fidelity="inferred",
    source="no page quotes them", test="tests/policy/test_confirm.py",
)  # fmt: skip

MAILBOX = Reply(250, "2.1.5", "Delivered")
GROUP = Reply(250, "2.1.5", "Expanded")
"""Status of what succeeded here; such reports have no Diagnostic-Code."""

_SAYS = {
    "delivered": "Your message was delivered to:",
    "relayed": "Your message was handed to a mail system that sends no delivery reports:",
    "expanded": "Your message was sent on to the members of:",
}


@runtime_checkable
class Confirms(Protocol):
    """A host that has words of its own for the reports that NOTIFY=SUCCESS asks for (RFC 3461 4.1)."""

    def confirm(
        self, held: Held, recipient: Address, action: str, reply: Reply, remote_host: str, at: Moment
    ) -> Notice | None:
        """The report that a recipient was `delivered`, `relayed` to a host without DSN, or `expanded`.

        `reply` is what `remote_host` said, or that all went well here; None where the host tells nobody.
        """
        ...


def confirmation(
    host: Host, held: Held, recipient: Address, action: str, reply: Reply, remote_host: str, at: Moment
) -> Notice | None:
    """The report of success, None where nobody asked for it."""
    if held.sender is None or not may_report(held, recipient, SUCCESS):
        return None
    if isinstance(host, Confirms):
        return host.confirm(held, recipient, action, reply, remote_host, at)
    message = report_message(
        held, told(recipient, action, reply, remote_host), fqdn=host.fqdn,
        author=f"Mail Delivery System <MAILER-DAEMON@{host.fqdn}>", subject=f"Delivery report: {action}",
        lines=neutral_lines(held, recipient, action), at=at,
    )  # fmt: skip
    return Notice(message, held.sender, host.name)


def neutral_lines(held: Held, recipient: Address, action: str) -> list[str]:
    """What people read in a report of success."""
    return [_SAYS[action], "", f"    {held.original or recipient}", ""]


def told(recipient: Address, action: str, reply: Reply, remote_host: str) -> Failure:
    """What a report of success tells of its recipient."""
    return Failure(recipient, reply, reply if remote_host else None, remote_host, succeeded=action)

"""The non-delivery report."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from tests.products.exchange_online.builders import at, contoso, held, message

X = Address.parse("x@customer.test")
REMOTE = Reply(550, "5.1.1", "User unknown")
WRAPPED = Reply(
    550, "5.1.351", "Remote server returned unknown recipient or mailbox unavailable -> 550 5.1.1 User unknown"
)


def written(sender: str = "bob@contoso.com", **settings: Any) -> Message:
    what = held(
        str(X),
        sender=sender,
        content=message(Subject="Offer").prepend("Received", "from a by BN8.test with SMTP; today"),
    )
    notice = contoso(**settings).report(what, X, WRAPPED, REMOTE, "mx.customer.test", at())
    assert notice is not None
    assert (sender, "m365") == (str(notice.to), notice.by)
    return notice.message


@pytest.mark.parametrize(
    ("sender", "settings", "author"),
    [
        ("bob@contoso.com", {}, "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.com>"),
        ("sun@gmail.test", {}, "postmaster@contoso.com"),
        ("sun@gmail.test", {"TransportConfig": {"ExternalPostmasterAddress": "post@contoso.com"}}, "post@contoso.com"),
    ],
)
def test_who_writes_it_depends_on_who_gets_it(sender: str, settings: dict[str, Any], author: str) -> None:
    report = written(sender, **settings)

    assert (author, f"<{sender}>", "Undeliverable: Offer") == (
        report.get("From"),
        report.get("To"),
        report.get("Subject"),
    )


def test_programs_find_status_and_diagnostic_code() -> None:
    text = written().content.decode()

    assert "Final-Recipient: rfc822; x@customer.test\r\n" in text
    assert "Action: failed\r\nStatus: 5.1.351\r\nRemote-MTA: dns; mx.customer.test\r\n" in text
    assert f"Diagnostic-Code: smtp; {WRAPPED}\r\n" in text
    assert "Reporting-MTA: dns; DM6PR11MB" in text


@pytest.mark.parametrize(
    "line",
    ["Your message to x@customer.test couldn't be delivered.", f"Error:                {WRAPPED}",
     "Message rejected by:  mx.customer.test", "Sender Address:       bob@contoso.com", "1  bn8.test"],
)  # fmt: skip
def test_people_find_what_happened_and_where(line: str) -> None:
    assert f"{line}\r\n" in written().content.decode()


def test_null_sender_never_gets_a_report() -> None:
    assert contoso().report(held(str(X), sender=None), X, WRAPPED, None, "", at()) is None


def test_notify_never_is_kept() -> None:
    asked = held(str(X), recipient_parameters={X: {"NOTIFY": "NEVER"}})

    assert contoso().report(asked, X, WRAPPED, None, "", at()) is None


def test_a_report_without_a_remote_host_names_none() -> None:
    notice = contoso().report(held(str(X)), X, Reply(550, "5.4.300", "Message expired"), None, "", at())

    assert notice is not None
    assert b"Message rejected by" not in notice.message.content

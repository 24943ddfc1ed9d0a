from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.reply import Reply
from simulator.policy.host import Notice
from tests.policy.builders import SUN, a_message, a_moment
from tests.products.exchange_server.builders import exchange, held

_UNKNOWN = Reply(550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup")


def _report(
    sender: str = "john@contoso.com", reply: Reply = _UNKNOWN, remote: Reply | None = None, **settings: Any
) -> Notice | None:
    host = exchange(**settings)
    mail = held(str(SUN), sender=sender, message=a_message(Subject="Prices"))
    return host.report(mail, SUN, reply, remote, "mx.customer.example" if remote else "", a_moment())


def _text(notice: Notice | None) -> str:
    assert notice is not None
    return notice.message.content.decode()


def test_the_report_tells_who_did_not_get_it_and_what_administrators_need() -> None:
    text = _text(_report())
    assert "Subject: Undeliverable: Prices" in text
    assert "Delivery has failed to these recipients or groups:" in text
    assert "Generating server: mail.contoso.com" in text
    assert f"Remote Server returned '{_UNKNOWN}'" in text
    assert "Status: 5.1.10" in text


def test_a_refusal_names_the_server_that_refused() -> None:
    refusal = Reply(550, "5.1.1", "No such user")
    assert "mx.customer.example Remote Server returned '550 5.1.1 No such user'" in _text(
        _report(reply=refusal, remote=refusal)
    )


@pytest.mark.parametrize(
    ("sender", "settings", "author"),
    [
        (
            "john@contoso.com",
            {},
            "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.com>",
        ),
        ("moon@partner.example", {}, "From: postmaster@contoso.com"),
        (
            "moon@partner.example",
            {"TransportConfig": {"ExternalPostmasterAddress": "pm@contoso.com"}},
            "From: pm@contoso.com",
        ),
        ("moon@partner.example", {"AcceptedDomains": {}}, "From: postmaster@mail.contoso.com"),
    ],
)
def test_the_author_depends_on_who_is_told(sender: str, settings: dict[str, Any], author: str) -> None:
    assert author in _text(_report(sender, **settings)).splitlines()


def test_the_null_sender_is_never_told() -> None:
    assert _report("") is None

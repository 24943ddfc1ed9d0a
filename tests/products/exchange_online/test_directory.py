"""The directory: what an address is."""

from __future__ import annotations

from simulator.mail.address import Address
from tests.products.exchange_online.builders import contoso

RECIPIENTS = {
    "user@contoso.com": {
        "ForwardingSmtpAddress": "x@gmail.test",
        "EmailAddresses": ["SMTP:user@contoso.com", "u@contoso.com"],
    },
    "shared@contoso.com": {"RecipientType": "SharedMailbox"},
    "john@contoso.com": {"RecipientType": "MailUser", "ExternalEmailAddress": "john@sm.contoso.com"},
}


def find(text: str) -> str:
    entry = contoso(Recipients=RECIPIENTS).profile.directory.find(Address.parse(text))
    return f"{entry.kind} {entry.address}" if entry else ""


def test_people_have_mailboxes_and_recipients_adds_to_them() -> None:
    assert "mailbox bob@contoso.com" == find("BOB@contoso.com")
    assert "mailbox user@contoso.com" == find("u@contoso.com")
    assert "external john@contoso.com" == find("john@contoso.com")
    assert "" == find("nobody@contoso.com")


def test_only_a_mailbox_is_owned() -> None:
    host = contoso(Recipients=RECIPIENTS)

    assert [True, True, True, False, False] == [
        host.owns(Address.parse(f"{name}@contoso.com")) for name in ("user", "u", "shared", "john", "nobody")
    ]


def test_only_user_mailboxes_log_in() -> None:
    assert {"user@contoso.com", "bob@contoso.com"} == {
        str(a) for a in contoso(Recipients=RECIPIENTS).profile.directory.logins
    }


def test_a_proxy_address_does_not_take_the_mailbox_of_somebody_else() -> None:
    host = contoso(Recipients={"user@contoso.com": {"EmailAddresses": ["bob@contoso.com"]}})
    found = host.profile.directory.find(Address.parse("bob@contoso.com"))

    assert "bob@contoso.com" == (found and str(found.address))

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


def test_a_mailbox_has_its_name_at_the_domains_of_the_service() -> None:
    domains = {"contoso.com": "Authoritative", "contoso.mail.onmicrosoft.com": "Authoritative"}
    directory = contoso(Recipients=RECIPIENTS, AcceptedDomains=domains).profile.directory

    def find(text: str) -> str:
        entry = directory.find(Address.parse(text))
        return str(entry.address) if entry else ""

    assert "bob@contoso.com" == find("Bob@contoso.mail.onmicrosoft.com")
    assert "shared@contoso.com" == find("shared@contoso.mail.onmicrosoft.com")
    assert "" == find("nobody@contoso.mail.onmicrosoft.com")
    assert "" == find("john@contoso.mail.onmicrosoft.com"), "a mail user is elsewhere"
    assert "" == find("bob@contoso.onmicrosoft.com"), "the tenant does not accept that domain here"


def test_a_name_at_the_service_that_somebody_has_stays_with_him() -> None:
    domains = {"contoso.com": "Authoritative", "contoso.onmicrosoft.com": "Authoritative"}
    taken = {"user@contoso.com": {"EmailAddresses": ["bob@contoso.onmicrosoft.com"]}}
    found = contoso(Recipients=taken, AcceptedDomains=domains).profile.directory.find(
        Address.parse("bob@contoso.onmicrosoft.com")
    )

    assert "user@contoso.com" == (found and str(found.address))


def test_a_mail_user_whose_mailbox_is_here_is_that_mailbox() -> None:
    """As after a move: an address is one recipient's, and the other addresses stay."""
    moved = {
        "RecipientType": "MailUser",
        "ExternalEmailAddress": "bob@mail.contoso.com",
        "EmailAddresses": ["robert@contoso.com"],
    }
    directory = contoso("bob@contoso.com", Recipients={"bob@contoso.com": moved}).profile.directory
    found = [directory.find(Address.parse(a)) for a in ("bob@contoso.com", "robert@contoso.com")]
    assert ["mailbox bob@contoso.com"] * 2 == [f"{e.kind} {e.address}" if e else "" for e in found]
    assert {"bob@contoso.com"} == {str(a) for a in directory.logins}

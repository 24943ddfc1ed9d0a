"""The front door: greeting, keywords, submission, and the answer after the final dot."""

from __future__ import annotations

import pytest

from simulator.mail.address import Address, parse_sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy.decision import Decision
from simulator.products.exchange_online import Tenant
from simulator.products.exchange_online.listener import SIZE_LIMIT
from tests.answering import answered
from tests.products.exchange_online.builders import SUBMITTED, ask, at, contoso, inbound, message, session, tenants

BOB = Address.parse("bob@contoso.com")
SUBMISSION = session(tls=True, port=587)
LOGGED_IN = SUBMISSION.with_(auth=BOB)


def mail(host: Tenant, sender: str, client: Session) -> Decision:
    return host.mail(client, Envelope(parse_sender(sender)), at())


def content(
    host: Tenant, what: Message, client: Session | None = None, facts: dict[str, str] | None = None
) -> Decision:
    facts = facts or {"direction": "Incoming"}
    return answered(host.content(client or session(), Envelope(None), what, at(), facts))


@pytest.mark.parametrize(
    ("client", "host"), [(session(), ".mail.protection.outlook.com"), (session(port=587), ".outlook.office365.com")]
)
def test_the_banner_names_the_front_end(client: Session, host: str) -> None:
    reply = contoso().connect(client, at()).reply

    assert (220, "") == (reply.code, reply.enhanced)
    assert f"{host} Microsoft ESMTP MAIL Service ready at Thu, 15 Jan 2026 09:00:00 +0000 [" in reply.text


COMMON = ("8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8")
BEFORE = (f"SIZE {SIZE_LIMIT}", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES")


@pytest.mark.parametrize(
    ("client", "security"),
    [
        (session(), ("STARTTLS",)),
        (session(tls=True), ()),
        (session(port=587), ("STARTTLS",)),
        (SUBMISSION, ("AUTH LOGIN XOAUTH2",)),
    ],
)
def test_keywords_come_in_the_observed_order(client: Session, security: tuple[str, ...]) -> None:
    assert (*BEFORE, *security, *COMMON) == contoso().keywords(client)


LOGINS = [
    (SUBMISSION, "bob@contoso.com", "lab", "235 2.7.0", ""),
    (SUBMISSION, "BOB@contoso.com", "lab", "235 2.7.0", ""),
    (SUBMISSION, "bob@contoso.com", "guess", "535 5.7.3", ""),
    (SUBMISSION, "nobody@contoso.com", "lab", "535 5.7.3", ""),
    (SUBMISSION, "bob", "lab", "535 5.7.3", ""),
    (session(port=587), "bob@contoso.com", "lab", "504 5.7.4", ""),
    (session(tls=True), "bob@contoso.com", "lab", "504 5.7.4", ""),
    (SUBMISSION, "bob@contoso.com", "lab", "535 5.7.139", "tenant"),
    (SUBMISSION, "bob@contoso.com", "lab", "535 5.7.139", "mailbox"),
    (SUBMISSION, "bob@contoso.com", "lab", "235 2.7.0", "mailbox allows"),
]


@pytest.mark.parametrize(("client", "user", "password", "code", "off"), LOGINS)
def test_people_log_in_at_the_submission_port_over_tls(
    client: Session, user: str, password: str, code: str, off: str
) -> None:
    host = contoso(
        TransportConfig={"SmtpClientAuthenticationDisabled": off in ("tenant", "mailbox allows")},
        Recipients={"bob@contoso.com": {"SmtpClientAuthenticationDisabled": off == "mailbox"}}
        if "mailbox" in off
        else {},
    )

    assert code == host.login(client, user, password, at()).reply.codes


def test_who_switched_smtp_auth_off_is_said() -> None:
    host = contoso(Recipients={"bob@contoso.com": {"SmtpClientAuthenticationDisabled": True}})

    assert (
        "SmtpClientAuthentication is disabled for the Mailbox."
        in host.login(SUBMISSION, "bob@contoso.com", "lab", at()).reply.text
    )


def test_people_of_all_tenants_log_in_at_one_door_and_their_tenant_takes_the_mail() -> None:
    made = tenants(m365=({"AcceptedDomains": {"contoso.com": "Authoritative"}}, ["bob@contoso.com"]),
                   fabrikam=({"AcceptedDomains": {"fabrikam.com": "Authoritative"}}, ["eve@fabrikam.com"]))  # fmt: skip
    eve = SUBMISSION.with_(auth=Address.parse("eve@fabrikam.com"))

    assert made[0].login(SUBMISSION, "eve@fabrikam.com", "lab", at()).ok
    assert mail(made[0], "eve@fabrikam.com", eve).ok
    assert "fabrikam" == ask(made[0], "eve@fabrikam.com", "x@gmail.test", eve).owner


@pytest.mark.parametrize("client", [session(port=587), SUBMISSION])
def test_without_a_login_nothing_is_submitted(client: Session) -> None:
    reply = mail(contoso(), "bob@contoso.com", client).reply

    assert "530 5.7.57" == reply.codes
    assert reply.text.startswith("Client not authenticated to send mail [")


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        ("bob@contoso.com", "250 2.1.0"),
        ("bobby@contoso.com", "250 2.1.0"),
        ("user@contoso.com", "550 5.7.60"),
        ("<>", "250 2.1.0"),
    ],
)
def test_a_mailbox_sends_from_its_own_addresses_only(sender: str, code: str) -> None:
    host = contoso(Recipients={"bob@contoso.com": {"EmailAddresses": "bobby@contoso.com"}})

    assert code == mail(host, sender, LOGGED_IN).reply.codes


def test_port_25_takes_every_sender() -> None:
    assert all(mail(contoso(), sender, session()).ok for sender in ("<>", "a@gmail.test", "bob@contoso.com"))


def test_submitted_mail_may_go_anywhere() -> None:
    decisions = [ask(contoso(), "bob@contoso.com", to, LOGGED_IN) for to in ("x@gmail.test", "nobody@contoso.com")]

    assert [("250 2.1.5", "m365", SUBMITTED)] * 2 == [(d.reply.codes, d.owner, d.facts) for d in decisions]


@pytest.mark.parametrize(
    ("author", "code"),
    [("<bob@contoso.com>", "250 2.6.0"), ("Bob <bob@contoso.com>", "250 2.6.0"), ("bob@contoso.com", "250 2.6.0"),
     ("<user@contoso.com>", "550 5.7.60"), ("nobody at all", "250 2.6.0")],
)  # fmt: skip
def test_from_of_submitted_mail_must_be_the_mailbox(author: str, code: str) -> None:
    assert code == content(contoso(), message(From=author), LOGGED_IN, SUBMITTED).reply.codes


def test_from_of_a_strangers_mail_is_not_looked_at() -> None:
    assert content(contoso(), message(From="<ceo@contoso.com>")).ok


def test_a_message_without_from_is_taken() -> None:
    assert content(contoso(), Message.parse(b"Subject: x\r\n\r\n"), LOGGED_IN, SUBMITTED).ok


def test_the_acceptance_has_message_id_and_size() -> None:
    reply = content(contoso(), message()).reply

    assert reply.text.startswith("<1@gmail.test> [InternalId=21233419887456, Hostname=DM6PR11MB")
    assert f"] {message().size} bytes in 0.100, " in reply.text
    assert reply.text.endswith(" KB/sec Queued mail for delivery")


def test_a_message_without_an_id_gets_one() -> None:
    assert content(contoso(), Message.parse(b"From: a@gmail.test\r\n\r\n")).reply.text.startswith("<")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (Message((), b"x" * (SIZE_LIMIT + 1)), "Message size exceeds fixed maximum message size"),
        (Message((("X", b"X: " + b"y" * 262144 + b"\r\n"),), b"\r\n"), "header size exceeds fixed maximum size"),
    ],
)
def test_what_is_too_large_is_refused(what: Message, text: str) -> None:
    reply = content(contoso(), what).reply

    assert ("552 5.3.4", text) == (reply.codes, reply.text)


def test_a_tenant_without_connectors_has_none() -> None:
    assert not contoso().has_connectors
    assert contoso(InboundConnectors=inbound()).has_connectors


def test_no_port_offers_anything_older_than_tls_1_2() -> None:
    assert "1.2" == contoso().minimum_tls

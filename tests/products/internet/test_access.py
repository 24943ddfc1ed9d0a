from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.session import Session
from simulator.policy.moment import Moment
from simulator.zone import Zone
from tests.policy.builders import BOB, MONDAY, SUN, a_certificate, a_moment, a_session, tls
from tests.products.builders import an_internet, ask_rcpt, reasons
from tests.products.internet.examining import GOOD, a_zone, taken


def _mail(settings: dict[str, Any], session: Session, **knobs: Any) -> str:
    return an_internet(settings, **knobs).mail(session, Envelope(BOB), a_moment()).reply.codes


@pytest.mark.parametrize(
    ("settings", "session", "expected"),
    [
        ({"demands tls": True}, a_session(), "530 5.7.0"),
        ({"demands tls": True}, a_session(tls=tls()), "250 2.1.0"),
        ({}, a_session(), "250 2.1.0"),
        ({"demands certificate": "*.contoso.com"}, a_session(), "530 5.7.0"),
        ({"demands certificate": "*.contoso.com"}, a_session(tls=tls()), "250 2.1.0"),
        ({"demands certificate": "*.fabrikam.com"}, a_session(tls=tls()), "550 5.7.1"),
        ({"demands certificate": "*.contoso.com"}, a_session(tls=tls(a_certificate(not_after=MONDAY - timedelta(1)))), "550 5.7.1"),
        ({"demands certificate": "*.contoso.com"}, a_session(tls=tls(a_certificate(purposes=frozenset({"server"})))), "550 5.7.1"),
        ({"demands certificate": "*.fabrikam.com"}, a_session(tls=tls(), auth=SUN), "250 2.1.0"),
    ],
)  # fmt: skip
def test_a_partner_takes_mail_as_agreed_only(settings: dict[str, Any], session: Session, expected: str) -> None:
    assert expected == _mail(settings, session)


def test_clear_text_may_be_refused_for_now() -> None:
    assert "451 5.7.3" == _mail({"demands tls": True}, a_session(), tls_refusal="451 5.7.3")


@pytest.mark.parametrize(
    ("answers", "to", "auth", "expected"),
    [
        ({"sun@customer.example": "452 4.2.2 Mailbox full"}, "sun@customer.example", None, "452 4.2.2 Mailbox full"),
        ({"sun@customer.example": "452 4.2.2 Mailbox full"}, "Sun@Customer.example", None, "452 4.2.2 Mailbox full"),
        ({"sun@customer.example": "452 4.2.2"}, "moon@customer.example", None, "250 2.1.5 Recipient ok"),
        ({"*": "550 5.7.1 No"}, "moon@customer.example", None, "550 5.7.1 No"),
        ({"*": "550 5.7.1 No", "sun@customer.example": "452 4.2.2 Full"}, "sun@customer.example", None, "452 4.2.2 Full"),
        ({"*": "550 5.7.1 No"}, "moon@customer.example", SUN, "250 2.1.5 Recipient ok"),
    ],
)  # fmt: skip
def test_recipients_are_told_what_is_written(answers: Any, to: str, auth: Address | None, expected: str) -> None:
    host = an_internet({"answers": answers}, "sun@customer.example", "moon@customer.example")
    assert expected == str(ask_rcpt(host, to, sender="bob@contoso.com", session=a_session(auth=auth)).reply)


@pytest.mark.parametrize(
    ("listed", "peer", "expected"),
    [
        (["203.0.113.0/24"], GOOD, "250 2.1.5"), (["203.0.113.0/24"], "192.0.2.66", "550 5.7.1"), ([], "192.0.2.66", "250 2.1.5"),
        (["2001:db8::/32"], GOOD, "550 5.7.1"),
    ],
)  # fmt: skip
def test_clients_are_known_by_their_address(listed: list[str], peer: str, expected: str) -> None:
    decision = ask_rcpt(an_internet({"accepts from": listed}), "sun@customer.example", session=a_session(peer))
    assert expected == decision.reply.codes


@pytest.mark.parametrize(
    ("listed", "peer", "zone", "expected"),
    [
        (["mail.contoso.com"], GOOD, a_zone(), "250 2.0.0"),
        (["mail.contoso.com"], "192.0.2.66", a_zone(), "550 5.7.1"),
        (["mail.contoso.com", "192.0.2.66"], "192.0.2.66", a_zone(), "250 2.0.0"),
        (["mail.contoso.com"], GOOD, Zone({}, {("mail.contoso.com", "A"): "servfail"}), "451 4.7.1"),
        (["mail.contoso.com"], "2001:db8::1", a_zone(), "550 5.7.1"),
    ],
)  # fmt: skip
def test_clients_are_known_by_a_name_that_has_their_address(
    listed: list[str], peer: str, zone: Zone, expected: str
) -> None:
    host = an_internet({"accepts from": listed})
    assert "250 2.1.5" == ask_rcpt(host, "sun@customer.example", session=a_session(peer)).reply.codes
    assert expected == taken(host, zone=zone, session=a_session(peer)).reply.codes


def test_everybody_comes_back_later() -> None:
    host, memory = an_internet({"retry after": "10m"}), dict[str, Any]()

    def ask(minutes: int, peer: str = GOOD) -> str:
        at = Moment(MONDAY + timedelta(minutes=minutes), memory)
        return str(ask_rcpt(host, "sun@customer.example", session=a_session(peer), at=at).reply)

    assert ["451 4.7.1 Come back in 600 seconds", "451 4.7.1 Come back in 300 seconds", "250 2.1.5 Recipient ok"] == [
        ask(0), ask(5), ask(10),
    ]  # fmt: skip
    assert "451 4.7.1 Come back in 600 seconds" == ask(10, "203.0.113.26")


def test_who_logged_in_need_not_come_back_nor_be_listed() -> None:
    host = an_internet({"retry after": "10m", "accepts from": ["192.0.2.1"]})
    assert ask_rcpt(host, "sun@customer.example", session=a_session("192.0.2.66", auth=SUN)).ok


def test_unknown_recipients_are_refused_before_anybody_waits() -> None:
    decision = ask_rcpt(an_internet({"retry after": "10m"}), "ghost@customer.example")
    assert ("550 5.1.1", "no-mailbox") == (decision.reply.codes, reasons(decision, "MAILBOX")["mailbox"])

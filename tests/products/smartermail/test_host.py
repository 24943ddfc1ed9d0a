from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.dsn import read_report
from simulator.mail.envelope import Envelope
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try
from simulator.policy.decision import Decision
from simulator.policy.host import LAB_PASSWORD, Host, SpeaksPlainly
from simulator.policy.route import Bounce, HandedOn, NextHop, Relay
from simulator.policy.rules import all_rules
from tests.answering import answered
from tests.policy.builders import BOB, JOHN, SUN, a_held, a_message, a_moment, a_session, tls
from tests.products.builders import CERTIFICATE, a_smartermail, ask_rcpt, step

_RELAY = Relay(NextHop("customer.example"))
_MX = Target("mx.customer.example", "198.51.100.7")


def _mail(settings: dict[str, Any], sender: Address | None, **session: Any) -> Decision:
    return a_smartermail(settings).mail(a_session(**session), Envelope(sender), a_moment())


def _after(outcome: Outcome, attempts: int = 1, **knobs: Any) -> Any:
    host = a_smartermail(**knobs)
    return host.after_attempt(a_held(), _RELAY, outcome, attempts, a_moment())[SUN]


def test_a_host_tells_who_it_is() -> None:
    host: Host = a_smartermail()
    assert ("onprem", "mail.contoso.com", "SmarterMail", False) == (
        host.name,
        host.fqdn,
        host.product,
        host.has_connectors,
    )
    assert "220 mail.contoso.com" == str(host.connect(a_session(), a_moment()).reply)


@pytest.mark.parametrize(
    ("settings", "knobs", "expected"),
    [
        ({}, {}, ("SIZE", "AUTH LOGIN PLAIN", "STARTTLS", "8BITMIME", "DSN")),
        ({"Max Message Size": "1KB"}, {}, ("SIZE 1024", "AUTH LOGIN PLAIN", "STARTTLS", "8BITMIME", "DSN")),
        ({}, {"enhanced_codes": True}, ("SIZE", "AUTH LOGIN PLAIN", "STARTTLS", "8BITMIME", "DSN", "ENHANCEDSTATUSCODES")),
    ],
)  # fmt: skip
def test_what_ehlo_announces(settings: dict[str, Any], knobs: dict[str, Any], expected: tuple[str, ...]) -> None:
    host = a_smartermail(settings, certificate=CERTIFICATE, **knobs)
    assert expected == host.keywords(a_session())
    assert isinstance(host, SpeaksPlainly)
    assert ("ENHANCEDSTATUSCODES" in expected) is host.enhanced_codes


def test_starttls_is_offered_with_a_certificate_and_once() -> None:
    bare, good = a_smartermail(), a_smartermail(certificate=CERTIFICATE)
    assert ["STARTTLS" in host.keywords(a_session()) for host in (bare, good)] == [False, True]
    assert "STARTTLS" not in good.keywords(a_session(tls=tls()))
    assert [(587, False), (587, True)] == [(host.submission.port, host.submission.tls) for host in (bare, good)]


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        ("john@contoso.com", LAB_PASSWORD, 235),
        ("john@contoso.com", "guess", 535),
        ("bob@contoso.com", LAB_PASSWORD, 535),
    ],
)
def test_people_log_in_with_their_mailbox(user: str, password: str, expected: int) -> None:
    decision = a_smartermail().login(a_session(), user, password, a_moment())
    assert (expected, "AUTH") == (decision.reply.code, decision.steps[0].name)


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({"Domains": {"contoso.com": {"Users": {"john": {"Status": "Disabled"}}}}}, "disabled"),
        ({"Domains": {"contoso.com": {"Users": {"john": {"Status": "Disabled With Mail"}}}}}, "disabled"),
        ({"SMTP Blocks": ["john@contoso.com"]}, "blocked"),
        ({"SMTP Blocks": ["contoso.com"]}, "blocked"),
        ({"SMTP Blocks": ["elsewhere.example"]}, "logged-in"),
    ],
)  # fmt: skip
def test_whoever_is_disabled_or_blocked_does_not_log_in_and_is_not_told_why(
    settings: dict[str, Any], outcome: str
) -> None:
    decision = a_smartermail(settings).login(a_session(), "john@contoso.com", LAB_PASSWORD, a_moment())
    assert outcome == decision.steps[-1].outcome
    assert decision.ok or "535 Authentication failed" == str(decision.reply)


@pytest.mark.parametrize(
    ("match", "sender", "expected"),
    [
        ("None", SUN, 250),
        ("Domain", JOHN, 250),
        ("Domain", BOB, 250),
        ("Domain", SUN, 550),
        ("Domain", None, 250),
        ("Email Address", JOHN, 250),
        ("Email Address", BOB, 550),
    ],
)
def test_require_auth_match(match: str, sender: Address | None, expected: int) -> None:
    decision = _mail({"Require Auth Match": match}, sender, auth=JOHN)
    assert expected == decision.reply.code
    assert expected == 250 or "auth-mismatch" == step(decision, "AUTH").outcome
    assert match != "Domain" or expected == 250 or "From domain must match authenticated domain" == decision.reply.text


@pytest.mark.parametrize(
    ("match", "sender", "expected"),
    [("Domain", "john@contoso.net", 250), ("Email Address", "john@contoso.net", 250), ("Email Address", "bob@contoso.net", 550)],
)  # fmt: skip
def test_a_domain_alias_matches_its_domain(match: str, sender: str, expected: int) -> None:
    settings = {"Require Auth Match": match, "Domains": {"contoso.com": {"Domain Aliases": ["contoso.net"]}}}
    assert expected == _mail(settings, Address.parse(sender), auth=JOHN).reply.code


def test_who_did_not_log_in_need_not_match() -> None:
    assert _mail({"Require Auth Match": "Domain"}, SUN).ok


@pytest.mark.parametrize(
    ("session", "expected"),
    [({}, 550), ({"auth": JOHN}, 250), ({"peer": "10.0.0.5"}, 250), ({"peer": "198.51.100.20"}, 250)],
)
def test_a_domain_may_demand_a_login_at_mail(session: dict[str, Any], expected: int) -> None:
    settings = {
        "Domains": {"contoso.com": {"Require SMTP Authentication": True}}, "SMTP Authentication Bypass": ["198.51.100.20"],
    }  # fmt: skip
    decision = _mail(settings, JOHN, **session)
    assert expected == decision.reply.code
    assert expected == 250 or "Authentication is required for relay" == decision.reply.text


def test_a_disabled_domain_does_not_send() -> None:
    assert 550 == _mail({"Domains": {"contoso.com": {"Enabled": False}}}, JOHN).reply.code


@pytest.mark.parametrize(
    ("settings", "hops", "expected"),
    [({}, 20, 250), ({}, 21, 554), ({"Max Hop Count": 3}, 3, 250), ({"Max Hop Count": 3}, 4, 554)],
)
def test_hop_limit(settings: dict[str, Any], hops: int, expected: int) -> None:
    message = a_message(*["a.example", "b.example"] * (hops // 2), *["a.example"] * (hops % 2))
    host = a_smartermail(settings)
    decision = answered(host.content(a_session(), Envelope(SUN, (JOHN,)), message, a_moment(), {}))
    assert (expected, expected == 554) == (decision.reply.code, decision.loop)
    assert expected == 250 or "554 5.4.6 Too many hops" == str(decision.reply)


def test_the_stamp_has_the_id_of_the_reply() -> None:
    host, at = a_smartermail(), a_moment()
    said = answered(host.content(a_session(), Envelope(SUN, (JOHN,)), a_message(), at, {})).reply
    assert "250 OK 00000001" == str(said)
    assert "by mail.contoso.com with ESMTP id 00000001" in (host.stamp(a_held(JOHN), at).get("Received") or "")


def test_mail_leaves_as_it_came() -> None:
    held = a_held()
    assert (held.message, JOHN) == a_smartermail().prepare(held, _RELAY, a_moment())


def test_a_refusal_by_the_next_host_is_final() -> None:
    never = Reply(550, "5.7.64", "Relay Access Denied")
    assert Bounce(never, never) == _after(
        Outcome((Try(_MX, "RCPT", never, recipients={SUN: never}),), None, {SUN: never})
    )


def test_what_was_taken_is_handed_on() -> None:
    taken = Reply(250, "2.6.0", "queued")
    assert HandedOn(taken) == _after(Outcome((Try(_MX, "", taken, recipients={SUN: taken}),), None, {SUN: taken}))


def test_a_report_has_smartermails_words_and_no_enhanced_code() -> None:
    remote = Reply(550, "", "no")
    notice = a_smartermail().report(a_held(), SUN, remote, remote, "mx.customer.example", a_moment())
    assert notice is not None
    assert (JOHN, "onprem") == (notice.to, notice.by)
    text = notice.message.content.decode()
    assert (
        "Could not deliver message to the following recipient(s):\r\n\r\nFailed Recipient: sun@customer.example\r\n"
        in text
    )
    assert "Reason: Remote host said: 550 no\r\n" in text
    assert read_report(notice.message) is None  # words for people alone
    assert "System Administrator <postmaster@contoso.com>" == notice.message.get("From")


def test_a_knob_puts_the_fields_of_rfc_3464_beside_the_words() -> None:
    remote = Reply(550, "", "no")
    host = a_smartermail(report_form="fields")
    notice = host.report(a_held(), SUN, remote, remote, "mx.customer.example", a_moment())
    assert notice is not None
    report = read_report(notice.message)
    assert report is not None
    assert ("failed", "5.0.0") == (report.recipients[0].action, report.recipients[0].status)
    assert "Reason: Remote host said: 550 no" in report.words


def test_success_is_confirmed_to_who_asks_unless_the_setting_says_no() -> None:
    held = a_held(recipient_parameters={SUN: {"NOTIFY": "SUCCESS"}})
    notice = a_smartermail().confirm(held, SUN, "delivered", Reply(250, "2.1.5", "Delivered"), "", a_moment())
    assert notice is not None
    assert (JOHN, "Delivery Status Notification: delivered") == (notice.to, notice.message.get("Subject"))
    assert b"Your message was delivered to:\r\n\r\n    sun@customer.example\r\n" in notice.message.content
    assert "DSN" in a_smartermail().keywords(a_session())
    assert "DSN" not in a_smartermail({"Enable Delivery Status Notifications": False}).keywords(a_session())


def test_the_host_itself_signs_reports_to_strangers() -> None:
    notice = a_smartermail().report(a_held(BOB, sender=SUN), BOB, Reply(554, "", "Too many hops"), None, "", a_moment())
    assert notice is not None
    assert "System Administrator <postmaster@mail.contoso.com>" == notice.message.get("From")
    assert b"Reason: Too many hops" in notice.message.content


@pytest.mark.parametrize(
    "facts", [{"sender": None}, {"generated": True}, {"recipient_parameters": {SUN: {"NOTIFY": "NEVER"}}}]
)
def test_no_report_where_none_may_be_written(facts: dict[str, Any]) -> None:
    assert a_smartermail().report(a_held(**facts), SUN, Reply(550), None, "", a_moment()) is None


def test_every_rule_has_a_source_and_a_test() -> None:
    mine = [r for r in all_rules() if r.id.startswith("SM-")]
    assert len(mine) >= 15
    assert [] == [r.id for r in mine if not r.source or (not r.test and r.fidelity != "not modelled")]


@pytest.mark.parametrize(
    ("blocked", "sender", "expected"),
    [
        (["sun@customer.example"], "Sun@customer.example", "550 <john@contoso.com> No such user here"),
        (["customer.example"], "sun@customer.example", "550 <john@contoso.com> No such user here"),
        (["moon@customer.example"], "sun@customer.example", "250 OK <john@contoso.com> Recipient ok"),
        (["customer.example"], None, "250 OK <john@contoso.com> Recipient ok"),
    ],
)  # fmt: skip
def test_a_blocked_sender_is_refused_at_rcpt_and_not_told_why(
    blocked: list[str], sender: str | None, expected: str
) -> None:
    host = a_smartermail({"SMTP Blocks": blocked})
    assert host.mail(a_session(), Envelope(Address.parse(sender) if sender else None), a_moment()).ok
    assert expected == str(ask_rcpt(host, "john@contoso.com", sender=sender).reply)


def test_the_largest_message_is_announced() -> None:
    assert "SIZE 26214400" in a_smartermail({"Max Message Size": "25MB"}).keywords(a_session())

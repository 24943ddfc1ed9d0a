from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.dsn import read_report
from simulator.mail.envelope import Envelope
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try, Unroutable
from simulator.policy.host import LAB_PASSWORD, Host
from simulator.policy.route import Bounce, Deliver, HandedOn, Keep, NextHop, Relay, Return
from simulator.policy.rules import all_rules
from simulator.policy.tls import Level
from tests.answering import answered
from tests.policy.builders import JOHN, MONDAY, SUN, a_held, a_message, a_moment, a_session, tls
from tests.products.builders import CERTIFICATE, address, an_internet, ask_rcpt, reasons, step

_RELAY = Relay(NextHop("contoso.com"))
_MX = Target("mail.contoso.com", "203.0.113.25")
_MOON = "moon@other.example"


def _after(outcome: Outcome, attempts: int = 1, after: timedelta = timedelta(0), **knobs: Any) -> Any:
    at = a_moment(MONDAY + after)
    return an_internet(**knobs).after_attempt(a_held(JOHN, sender=SUN), _RELAY, outcome, attempts, at)[JOHN]


def test_a_host_tells_who_it_is() -> None:
    host: Host = an_internet()
    assert ("internet", "mx.customer.example", "the Internet", False) == (
        host.name,
        host.fqdn,
        host.product,
        host.has_connectors,
    )
    assert "220 mx.customer.example ESMTP" == str(host.connect(a_session(), a_moment()).reply)


def test_keywords_follow_from_port_and_certificate() -> None:
    bare, good = an_internet(), an_internet(certificate=CERTIFICATE)
    plain = ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")
    assert plain == bare.keywords(a_session())
    assert {"STARTTLS"} == set(good.keywords(a_session())) - set(plain)
    assert set() == set(good.keywords(a_session(tls=tls()))) - set(plain)
    assert {"AUTH LOGIN PLAIN"} == set(bare.keywords(a_session(port=587))) - set(plain)
    assert [(587, False), (587, True)] == [(h.submission.port, h.submission.tls) for h in (bare, good)]


@pytest.mark.parametrize(
    ("to", "auth", "expected"),
    [
        ("sun@customer.example", None, "250 2.1.5 Recipient ok"),
        ("Sun@Customer.example", None, "250 2.1.5 Recipient ok"),
        (_MOON, None, "250 2.1.5 Recipient ok"),
        ("ghost@customer.example", None, "550 5.1.1 <ghost@customer.example>: no such user here"),
        ("ghost@customer.example", SUN, "550 5.1.1 <ghost@customer.example>: no such user here"),
        ("any@listed.example", None, "550 5.1.1 <any@listed.example>: no such user here"),
        ("john@contoso.com", None, "550 5.7.1 <john@contoso.com>: relaying denied"),
        ("john@contoso.com", SUN, "250 2.1.5 Recipient ok"),
    ],
)
def test_recipient_decision(to: str, auth: Address | None, expected: str) -> None:
    host = an_internet({"domains": ["Listed.example"]}, "sun@customer.example", _MOON)
    assert expected == str(ask_rcpt(host, to, session=a_session(auth=auth)).reply)


def test_loopback_is_nothing_special() -> None:
    assert (
        "denied" == step(ask_rcpt(an_internet(), "john@contoso.com", session=a_session("127.0.0.1")), "RELAY").outcome
    )


def test_both_reasons_of_a_refusal_are_told() -> None:
    decision = ask_rcpt(an_internet(), "john@contoso.com")
    assert {"mailbox": "no-mailbox", "domain": "not-hosted"} == reasons(decision, "MAILBOX")
    assert {"AUTH": "no-login"} == reasons(decision, "RELAY")


@pytest.mark.parametrize(
    ("port", "auth", "expected"), [(25, None, 250), (587, None, 530), (465, None, 530), (587, SUN, 250)]
)
def test_the_submission_port_asks_for_a_login(port: int, auth: Address | None, expected: int) -> None:
    decision = an_internet().mail(a_session(port=port, auth=auth), Envelope(SUN), a_moment())
    assert expected == decision.reply.code


@pytest.mark.parametrize(("password", "expected"), [(LAB_PASSWORD, "235 2.7.0"), ("guess", "535 5.7.8")])
def test_people_log_in_with_their_mailbox(password: str, expected: str) -> None:
    assert expected == an_internet().login(a_session(), "sun@customer.example", password, a_moment()).reply.codes


@pytest.mark.parametrize(("hops", "limit", "expected"), [(100, None, 250), (101, None, 554), (6, 5, 554)])
def test_hop_limit(hops: int, limit: int | None, expected: int) -> None:
    host = an_internet(max_hops=limit)
    message = a_message(*["a.example"] * hops)
    decision = answered(host.content(a_session(), Envelope(JOHN, (SUN,)), message, a_moment(), {}))
    assert (expected, expected == 554) == (decision.reply.code, decision.loop)
    assert expected == 250 or f"554 5.4.6 Too many hops {hops} ({limit or 100} max)" == str(decision.reply)


def test_the_stamp_has_the_id_of_the_reply() -> None:
    host, at = an_internet(), a_moment()
    assert "250 2.0.0 Accepted, queued as 00000001" == str(
        answered(host.content(a_session(), Envelope(JOHN, (SUN,)), a_message(), at, {})).reply
    )
    assert "by mx.customer.example with ESMTP id 00000001" in (host.stamp(a_held(SUN), at).get("Received") or "")


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (SUN, Deliver(SUN)),
        (address("ghost@customer.example"), Return(Reply(550, "5.1.1", "<ghost@customer.example>: no such user here"))),
    ],
)
def test_what_is_for_this_host_stays_or_is_returned(to: Address, expected: object) -> None:
    assert expected == an_internet().route(a_held(to), to, a_moment()).route


@pytest.mark.parametrize(
    ("knobs", "exclude"), [({}, ("mx.customer.example", "198.51.100.7")), ({"self_mx": "loop"}, ())]
)
def test_the_rest_goes_to_the_mx_with_opportunistic_tls(knobs: dict[str, Any], exclude: tuple[str, ...]) -> None:
    host = an_internet(**knobs)
    routing = host.route(a_held(JOHN, sender=SUN), JOHN, a_moment())
    assert isinstance(routing.route, Relay)
    assert NextHop("contoso.com", exclude=exclude, families=("A",)) == routing.route.to
    assert (Level.OPPORTUNISTIC, True, None) == (
        routing.route.tls.level, routing.route.tls.certificate, routing.route.connector,
    )  # fmt: skip
    assert ("198.51.100.7", "mx.customer.example") == host.egress(a_held(), routing.route, a_moment())
    assert (a_held().message, JOHN) == host.prepare(a_held(), routing.route, a_moment())


def test_the_certificate_may_be_kept_back() -> None:
    route = an_internet(present_client_certificate=False).route(a_held(JOHN), JOHN, a_moment()).route
    assert isinstance(route, Relay)
    assert not route.tls.certificate


@pytest.mark.parametrize(
    ("knobs", "expected"), [({}, None), ({"dane": True}, (True, False)), ({"mta_sts": True}, (False, True))]
)
def test_a_host_may_ask_what_the_other_domain_wants_of_tls(knobs: dict[str, Any], expected: object) -> None:
    route = an_internet(**knobs).route(a_held(JOHN, sender=SUN), JOHN, a_moment()).route
    assert isinstance(route, Relay)
    asked = route.tls.lookups
    assert expected == ((asked.dane, asked.mta_sts) if asked else None)


_DOWN = Outcome((Try(_MX, "CONNECT", broken="refused"),))


def test_mail_is_tried_for_five_days() -> None:
    expected = Keep(Reply(450, "4.4.1", "mail.contoso.com: the connection was refused"), MONDAY + timedelta(minutes=30))
    assert expected == _after(_DOWN)
    assert MONDAY + timedelta(hours=5) == _after(_DOWN, 4, timedelta(hours=3)).due
    expired = _after(_DOWN, 60, timedelta(days=5))
    assert (False, "554 5.4.7") == (expired.refused, expired.reply.codes)
    assert "within 5 days: mail.contoso.com: the connection was refused" in expired.reply.text


@pytest.mark.parametrize(
    ("reason", "permanent", "expected"),
    [
        ("nxdomain", True, "550 5.1.2"), ("null-mx", True, "556 5.1.10"), ("no-address", True, "550 5.4.4"),
        ("self-mx", True, "554 5.4.6"), ("servfail", False, "450 4.4.3"), ("timeout", False, "450 4.4.3"),
    ],
)  # fmt: skip
def test_dns_troubles_have_the_codes_of_the_rfcs(reason: str, permanent: bool, expected: str) -> None:
    fate = _after(Outcome(unroutable=Unroutable(reason, "contoso.com", permanent, "why")))
    assert (Bounce if permanent else Keep, expected) == (type(fate), fate.reply.codes)


def test_what_the_other_side_said_is_kept_word_by_word() -> None:
    later = Reply(452, "4.5.3", "Too many recipients")
    fate = _after(Outcome((Try(_MX, "RCPT", later, recipients={JOHN: later}),), None, {JOHN: later}))
    assert ("452 4.5.3", later) == (fate.reply.codes, fate.remote)
    closed = _after(Outcome((Try(_MX, "EHLO", Reply(550, "5.7.1", "go away")),)))
    assert "450 4.3.2 mail.contoso.com said 550 5.7.1 go away" == str(closed.reply)
    never = Reply(550, "", "<john@contoso.com> No such user here")
    refused = Outcome((Try(_MX, "RCPT", never, recipients={JOHN: never}),), None, {JOHN: never})
    assert Bounce(never, never) == _after(refused)


def test_what_was_taken_is_handed_on() -> None:
    taken = Reply(250, "", "OK")
    assert HandedOn(taken) == _after(Outcome((Try(_MX, "", taken, recipients={JOHN: taken}),), None, {JOHN: taken}))


def test_a_report_says_who_said_what() -> None:
    remote = Reply(550, "5.1.1", "no")
    notice = an_internet().report(a_held(JOHN, sender=SUN), JOHN, remote, remote, "mail.contoso.com", a_moment())
    assert notice is not None
    assert (SUN, "internet") == (notice.to, notice.by)
    assert b"mail.contoso.com said: 550 5.1.1 no\r\n" in notice.message.content
    assert b"Status: 5.1.1\r\n" in notice.message.content
    own = an_internet().report(a_held(JOHN, sender=SUN), JOHN, Reply(554, "5.4.7", "too old"), None, "", a_moment())
    assert own is not None
    assert b"\r\n554 5.4.7 too old\r\n" in own.message.content


def test_a_report_never_answers_a_report() -> None:
    assert an_internet().report(a_held(JOHN, sender=None), JOHN, Reply(550), None, "", a_moment()) is None


def test_hosts_of_several_domains_own_the_mailboxes_of_their_people() -> None:
    host = an_internet(None, "sun@customer.example", _MOON)
    assert [True, True, False] == [host.owns(address(a)) for a in ("SUN@customer.example", _MOON, "john@contoso.com")]


@pytest.mark.parametrize(
    ("settings", "without", "with_"),
    [
        ({"smtputf8": "off"}, "SMTPUTF8", ""), ({"dsn": "off"}, "DSN", ""), ({"size limit": "10MB"}, "SIZE", "SIZE 10485760"),
    ],
)  # fmt: skip
def test_extensions_can_be_switched_off_and_size_be_limited(settings: dict[str, Any], without: str, with_: str) -> None:
    keywords = an_internet(settings).keywords(a_session())
    assert (False, True) == (without in keywords, not with_ or with_ in keywords)


def test_every_rule_has_a_source_and_a_test() -> None:
    mine = [r for r in all_rules() if r.id.startswith("NET-")]
    assert len(mine) >= 5
    assert [] == [r.id for r in mine if not r.source or (not r.test and r.fidelity != "not modelled")]


_WAITS = Outcome((Try(_MX, "CONNECT", broken="refused"),))


@pytest.mark.parametrize(
    ("setting", "hours", "told"), [("4h", 4, True), ("4h", 3.9, False), ("1d", 23, False), ("0h", 100, False)]
)
def test_a_sender_is_told_of_a_delay_where_it_is_set_so(setting: str, hours: float, told: bool) -> None:
    host = an_internet({"delay notice after": setting})
    at = a_moment(MONDAY + timedelta(hours=hours))
    fate = host.after_attempt(a_held(JOHN, sender=SUN), _RELAY, _WAITS, 5, at)[JOHN]
    assert isinstance(fate, Keep)
    assert told is (fate.notice is not None)
    if fate.notice:
        report = read_report(fate.notice[1])
        assert report is not None
        (one,) = report.recipients
        assert (SUN, "delayed", "4.4.1") == (fate.notice[0], one.action, one.status)
        assert "Sat, 7 Mar 2026 09:00:00 +0000" == one.retry_until

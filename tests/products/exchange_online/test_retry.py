"""What becomes of a recipient after an attempt."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.mail.tls import TlsFacts
from simulator.policy.attempt import Outcome, Target, Try, Unroutable
from simulator.policy.route import Bounce, Fate, HandedOn, Keep, NextHop, Relay
from simulator.policy.tls import Demand, Level, Verdict
from simulator.products.exchange_online.retry import ladder
from simulator.topology import CertificateSpec
from tests.products.exchange_online.builders import NOW, at, contoso, held

X = Address.parse("x@customer.test")
MX = Relay(NextHop("customer.test"))
SMART = Relay(NextHop(hosts=("mail.contoso.com",)), tls=Demand(Level.DOMAIN, ("*.contoso.com",)))
HOST = Target("mail.contoso.com", "203.0.113.25")
LATER, LAST = timedelta(minutes=15), timedelta(days=1)


def fate(
    outcome: Outcome, relay: Relay = SMART, *, after: timedelta = timedelta(0), attempts: int = 1, **settings: Any
) -> Fate:
    return contoso(**settings).after_attempt(held(str(X)), relay, outcome, attempts, at(now=NOW + after))[X]


def tried(stage: str, text: str = "", **facts: Any) -> Outcome:
    reply = Reply.parse(text) if text else None
    told = {X: reply} if reply and stage in ("MAIL", "RCPT", "DATA", "END", "") else {}
    return Outcome((Try(HOST, stage, reply, recipients=told if stage in ("RCPT", "") else {}, **facts),), None, told)


def untrusted(reason: str, subject: str = "mail.contoso.com") -> Outcome:
    tls = None if reason == "no-tls" else TlsFacts("TLSv1.3", "", CertificateSpec(subject).facts(NOW))
    return tried("TLS", verdict=Verdict(False, reason, "not good enough"), tls=tls)


def unroutable(reason: str, *, permanent: bool) -> Outcome:
    return Outcome(unroutable=Unroutable(reason, "customer.test", permanent, "no target"))


def test_what_was_accepted_is_handed_on() -> None:
    assert HandedOn(Reply(250, "2.0.0", "ok")) == fate(tried("", "250 2.0.0 ok"))


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_refusal_is_returned_at_once_behind_the_services_code(stage: str) -> None:
    found = fate(tried(stage, "550 5.1.1 User unknown"))
    assert isinstance(found, Bounce)

    text = "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 5.1.1 User unknown"
    assert (text, "550 5.1.1 User unknown", True, False) == (
        str(found.reply),
        str(found.remote),
        found.refused,
        found.loop,
    )


def test_a_loop_found_by_the_next_host_is_marked() -> None:
    found = fate(tried("DATA", "554 5.4.14 Hop count exceeded - possible mail loop ATTR34"))

    assert isinstance(found, Bounce)
    assert (True, "554 5.4.14") == (found.loop, found.reply.codes)


def test_a_4xx_waits_with_the_words_of_the_other_server() -> None:
    reply = Reply(451, "4.7.1", "Greylisted")

    assert Keep(reply, NOW + LATER, reply) == fate(tried("RCPT", "451 4.7.1 Greylisted"))


WAITING = [
    (untrusted("no-tls"), "450 4.4.317 Cannot connect to remote server [Message=451 5.7.3 STARTTLS is required to send mail]"),
    (untrusted("self-signed"), "450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]"),
    (untrusted("unknown-issuer"), "450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]"),
    (untrusted("untrusted-authority"), "450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]"),
    (untrusted("expired"), "450 4.4.317 Cannot connect to remote server [Message=CertificateExpired]"),
    (untrusted("name-mismatch", "mail.other.test"),
     "450 4.4.317 Cannot connect to remote server [Message=SubjectMismatch Expected Subject: *.contoso.com. "
     "Presented Subject: CN=mail.other.test Thumbprint: "),
    (tried("CONNECT", broken="refused"), "450 4.4.316 Connection refused [Message=Socket error code 10061]"),
    (tried("CONNECT", broken="timeout"), "450 4.4.315 Connection timed out"),
    (tried("DATA", broken="reset"), "450 4.4.318 Connection was closed abruptly"),
    (tried("STARTTLS", broken="handshake"), "450 4.4.317 Cannot connect to remote server [Message=TLS negotiation failed]"),
    (tried("BANNER", "554 5.7.1 go away"), "450 4.4.317 Cannot connect to remote server [Message=554 5.7.1 go away]"),
    (tried("EHLO", "550 no"), "450 4.4.317 Cannot connect to remote server [Message=550 no]"),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "text"), WAITING, ids=[row[1][:70] for row in WAITING])
def test_trouble_with_the_server_waits_in_the_services_words(outcome: Outcome, text: str) -> None:
    found = fate(outcome)
    assert isinstance(found, Keep)

    assert str(found.reply).startswith(text)
    assert (
        " [LastAttemptedServerName=mail.contoso.com] [LastAttemptedIP=203.0.113.25:25] [SmtpSecurity=-1;-1] ["
        in str(found.reply)
    )
    assert NOW + LATER == found.due


@pytest.mark.parametrize(
    ("outcome", "relay", "message"),
    [
        (unroutable("servfail", permanent=False), MX, "ErrorRetry"),
        (unroutable("timeout", permanent=False), MX, "ErrorRetry"),
        (unroutable("no-address", permanent=True), MX, "InfoNoRecords"),
        (unroutable("nxdomain", permanent=True), SMART, "InfoDomainNonexistent"),
    ],
)
def test_trouble_with_dns_waits(outcome: Outcome, relay: Relay, message: str) -> None:
    found = fate(outcome, relay)
    assert isinstance(found, Keep)

    assert str(found.reply).startswith(
        f"450 4.4.312 DNS query failed [Message={message}] [LastAttemptedServerName=customer.test] ["
    )


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("nxdomain", "550 5.4.310 DNS domain customer.test does not exist [Message=InfoDomainNonexistent]"),
        ("null-mx", "556 5.1.10 The domain customer.test does not accept mail (null MX)"),
    ],
)
def test_a_domain_that_takes_no_mail_is_returned_at_once(reason: str, text: str) -> None:
    found = fate(unroutable(reason, permanent=True), MX)

    assert isinstance(found, Bounce)
    assert (text, False) == (str(found.reply), found.refused)


EXPIRED = [
    (unroutable("servfail", permanent=False), "550 5.4.312 Message expired, DNS query failed(ErrorRetry)"),
    (tried("CONNECT", broken="refused"), "550 5.4.316 Message expired, connection refused(Socket error code 10061)"),
    (untrusted("tlsa-mismatch"), "550 5.7.323 tlsa-invalid: The domain failed DANE validation."),
    (untrusted("sts-mx"), "550 5.4.8 MX hosts of customer.test failed MTA-STS validation"),
    (untrusted("sts-expired"), "550 5.7.5 Remote certificate failed MTA-STS validation. Reason: CertificateExpired"),
    (
        untrusted("no-tls"),
        "550 5.4.317 Message expired, cannot connect to remote server(451 5.7.3 STARTTLS is required to send mail)",
    ),
    (tried("RCPT", "451 4.7.1 Greylisted"), "550 5.4.300 Message expired -> 451 4.7.1 Greylisted"),
]


@pytest.mark.parametrize(("outcome", "text"), EXPIRED, ids=[row[1][:40] for row in EXPIRED])
def test_after_a_day_it_is_returned_for_the_last_trouble(outcome: Outcome, text: str) -> None:
    found = fate(outcome, MX, after=LAST, attempts=30)

    assert isinstance(found, Bounce)
    assert (text, False, False) == (str(found.reply), found.refused, found.loop)


def test_the_waits_grow_from_15_minutes_to_an_hour() -> None:
    times = list(ladder(contoso().profile).times(NOW))
    waits = [b - a for a, b in pairwise(times)]

    assert [15, 22.5, 33.75, 50.625, 60, 60] == [w / timedelta(minutes=1) for w in waits[:6]]
    assert LAST == times[-1] - times[0]


@pytest.mark.parametrize(
    ("reason", "second"), [("tlsa-mismatch", 15), ("dane-no-tls", 15), ("sts-mx", 22.5), ("self-signed", 22.5)]
)
def test_after_a_dane_failure_the_second_wait_is_15_minutes_too(reason: str, second: float) -> None:
    found = fate(untrusted(reason), MX, attempts=2)

    assert isinstance(found, Keep)
    assert NOW + timedelta(minutes=second) == found.due


def test_after_a_dane_failure_the_third_wait_is_an_hour() -> None:
    times = list(ladder(contoso().profile, dane=True).times(NOW))

    assert [15, 15, 60, 60] == [(b - a) / timedelta(minutes=1) for a, b in pairwise(times)][:4]
    assert (27, LAST) == (len(times), times[-1] - times[0])


@pytest.mark.parametrize(
    ("outcome", "knobs", "text"),
    [
        (untrusted("self-signed"), {"certificate_failure": "4.7.320"}, "450 4.7.320 Certificate validation failed ["),
        (untrusted("no-tls"), {"certificate_failure": "4.7.320"}, "450 4.4.317 Cannot connect to remote server [Message=451"),
        (tried("DATA", broken="reset"), {"session_lost": "4.4.397"},
         "451 4.4.397 Error communicating with target host. -> 421 4.4.2 Connection dropped due to SocketError ["),
        (tried("DATA", broken="reset"), {"session_lost": "4.4.400"},
         "451 4.4.400 Error communicating with frontend host or destination host. -> 421 4.4.2 Connection dropped"),
        (untrusted("dnssec-bogus"), {"dnssec_failure": "4.4.312"}, "450 4.4.312 DNS query failed [Message=ErrorRetry]"),
        (untrusted("tlsa-lookup"), {}, "450 4.4.312 DNS query failed [Message=ErrorRetry]"),
    ],
)  # fmt: skip
def test_codes_about_which_the_sources_differ(outcome: Outcome, knobs: dict[str, str], text: str) -> None:
    found = fate(outcome, MX, knobs=knobs)

    assert isinstance(found, Keep)
    assert str(found.reply).startswith(text)


def test_wrong_signatures_are_told_from_a_server_that_failed() -> None:
    bogus = Outcome(unroutable=Unroutable("servfail", "customer.test", False, "no target", bogus=True))
    found = fate(bogus, MX)

    assert isinstance(found, Keep)
    assert "450 4.7.324" == found.reply.codes
    assert NOW + LATER == found.due


def test_a_message_trace_says_queue_expired() -> None:
    outcome = tried("RCPT", "451 4.7.1 Greylisted")
    found = fate(outcome, MX, after=LAST, attempts=30, knobs={"expired_report": "4.4.7"})

    assert isinstance(found, Bounce)
    assert "550 4.4.7 QUEUE.Expired; message expired" == str(found.reply)


@pytest.mark.parametrize(
    ("settings", "life"),
    [
        ({"TransportConfig": {"MessageExpiration": "0.12:00:00"}}, timedelta(hours=12)),
        ({"knobs": {"queue_life": "48h"}}, timedelta(hours=48)),
    ],
)
def test_the_lifetime_is_messageexpiration_or_the_knob(settings: dict[str, Any], life: timedelta) -> None:
    *_, last = ladder(contoso(**settings).profile).times(NOW)

    assert life == last - NOW


def test_the_waits_are_a_knob() -> None:
    second = ladder(contoso(knobs={"retry": ["5", "10"]}).profile).due(2, NOW, NOW)

    assert NOW + timedelta(minutes=10) == second


def test_a_refused_recipient_stays_refused_when_the_next_host_closes_the_door() -> None:
    refused, door = Reply(550, "5.1.1", "User unknown"), Target("b.test", "203.0.113.26")
    outcome = Outcome(
        (Try(HOST, "RCPT", refused, recipients={X: refused}), Try(door, "BANNER", Reply(554, "", "no"))),
        None,
        {X: refused},
    )

    assert isinstance(fate(outcome), Bounce)

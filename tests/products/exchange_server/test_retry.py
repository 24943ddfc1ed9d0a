from __future__ import annotations

from datetime import timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try, Unroutable
from simulator.policy.decision import Connector
from simulator.policy.route import Bounce, Fate, HandedOn, Keep, NextHop, Relay
from simulator.policy.tls import Verdict
from simulator.products.exchange_server.retry import ladder
from tests.policy.builders import MONDAY, SUN, a_moment
from tests.products.exchange_server.builders import exchange, held, settings, tried

_OUT = Connector("Internet", "outbound")
_MX = Relay(NextHop("customer.example"), _OUT)
_SMART = Relay(NextHop(hosts=("h.example",)), _OUT)


def _fate(
    outcome: Outcome, relay: Relay = _MX, *, attempts: int = 1, after: timedelta = timedelta(0), **plain: Any
) -> Fate:
    host = exchange(**plain)
    return host.after_attempt(held(str(SUN)), relay, outcome, attempts, a_moment(MONDAY + after))[SUN]


def _lost(reason: str, permanent: bool = True) -> Outcome:
    return Outcome(unroutable=Unroutable(reason, "customer.example", permanent, "no target"))


def _tls(reason: str) -> Outcome:
    return tried("TLS", verdict=Verdict(False, reason, "not good"))


@pytest.mark.parametrize(("role", "last"), [("Mailbox", 10), ("Edge", 30)])
def test_the_ladder_is_that_of_the_article(role: str, last: int) -> None:
    times = list(islice(ladder(settings(ServerRole=role)).times(MONDAY), 13))
    waits = [(b - a) // timedelta(minutes=1) for a, b in pairwise(times)]
    assert [1, 1, 1, 1, 5, 5, 5, 5, 5, 5, last, last] == waits


def test_mail_is_given_up_after_two_days() -> None:
    assert MONDAY + timedelta(days=2) == list(ladder(settings()).times(MONDAY))[-1]


def test_the_ladder_is_what_transport_service_and_the_knob_say() -> None:
    service = {
        "TransientFailureRetryCount": 1, "TransientFailureRetryInterval": "00:07:00",
        "OutboundConnectionFailureRetryInterval": "00:20:00", "MessageExpirationTimeout": "1.00:00:00",
    }  # fmt: skip
    found = ladder(settings(TransportService=service, knobs={"glitch_retry": [2]}))
    times = list(found.times(MONDAY))
    assert [2, 7, 20, 20] == [(b - a) // timedelta(minutes=1) for a, b in pairwise(times[:5])]
    assert MONDAY + timedelta(days=1) == times[-1]


def test_what_was_taken_is_handed_on() -> None:
    reply = Reply(250, "2.0.0", "ok")
    assert HandedOn(reply) == _fate(tried(reply=reply, recipients={SUN: reply}))


@pytest.mark.parametrize(
    ("outcome", "relay", "says"),
    [
        (tried("CONNECT", broken="refused"), _MX, '"421 4.2.1 Unable to connect."'),
        (tried("CONNECT", broken="timeout"), _MX, '"421 4.4.1 Connection timed out."'),
        (tried("MAIL", broken="reset"), _MX, '"421 4.4.2 Connection dropped due to SocketError."'),
        (tried("STARTTLS", broken="handshake"), _MX, '"421 4.4.2 Connection dropped due to SocketError."'),
        (tried("BANNER", reply=Reply(421, "4.3.2", "Busy")), _MX, '"421 4.3.2 Busy."'),
        (tried("EHLO", reply=Reply(550, "5.7.1", "Who are you")), _MX, '"550 5.7.1 Who are you."'),
        (_tls("no-tls"), _MX, '"451 5.7.3 STARTTLS is required to send mail."'),
        (_tls("self-signed"), _MX, "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot"),
        (_tls("untrusted-authority"), _MX, "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot"),
        (_tls("name-mismatch"), _MX, "454 4.7.5 Certificate validation failure, Reason:SubjectMismatch"),
        (_tls("expired"), _MX, "454 4.7.5 Certificate validation failure, Reason:CertificateExpired"),
        (tried("RCPT", reply=Reply(450, "4.2.1", "Greylisted")), _MX, "450 4.2.1 Greylisted"),
        (
            _lost("servfail", permanent=False),
            _MX,
            "451 4.4.0 DNS query failed. The error was: DNS query failed with error ErrorRetry",
        ),
        (
            _lost("nxdomain"),
            _SMART,
            "451 4.4.0 DNS query failed. The error was: SMTPSEND.DNS.NonExistentDomain; nonexistent domain",
        ),
        (
            _lost("no-address"),
            Relay(NextHop()),
            "450 4.4.0 A matching connector cannot be found to route the external recipient",
        ),
    ],
)
def test_the_queue_says_why_mail_waits(outcome: Outcome, relay: Relay, says: str) -> None:
    fate = _fate(outcome, relay)
    assert isinstance(fate, Keep)
    assert says in str(fate.reply)


@pytest.mark.parametrize(
    ("outcome", "says", "refused", "loop"),
    [
        (tried("RCPT", reply=Reply(550, "5.1.1", "No such user")), "550 5.1.1 No such user", True, False),
        (tried("BANNER", reply=Reply(554, "", "Go away")), "554 Go away", True, False),
        (_lost("nxdomain"), "554 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain", False, False),
        (_lost("no-address"), "554 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain", False, False),
        (
            _lost("self-mx"),
            "554 5.4.4 SMTPSEND.DNS.MxLoopback",
            False,
            True,
        ),
        (_lost("null-mx"), "556 5.1.10 The domain customer.example does not accept mail (null MX)", False, False),
    ],
)
def test_what_waiting_would_not_mend_is_returned_at_once(
    outcome: Outcome, says: str, refused: bool, loop: bool
) -> None:
    fate = _fate(outcome)
    assert isinstance(fate, Bounce)
    assert (says, refused, loop) == (str(fate.reply), fate.refused, fate.loop)


@pytest.mark.parametrize("reason", ["nxdomain", "self-mx", "null-mx", "no-address"])
def test_with_downgraded_dns_failures_mail_waits(reason: str) -> None:
    connectors = {"Internet": {"AddressSpaces": "*", "ErrorPolicies": "DowngradeDnsFailures"}}
    fate = _fate(_lost(reason), SendConnectors=connectors)
    assert isinstance(fate, Keep)
    assert "451 4.4.0" == fate.reply.codes


@pytest.mark.parametrize(
    ("plain", "minutes"),
    [({}, 5), ({"knobs": {"message_retry": 15}}, 15), ({"TransportService": {"MessageRetryInterval": "00:03:00"}}, 3)],
)
def test_a_4xx_about_a_message_has_a_wait_of_its_own(plain: dict[str, Any], minutes: int) -> None:
    fate = _fate(tried("RCPT", reply=Reply(450, "4.2.1", "Later")), **plain)
    assert isinstance(fate, Keep)
    assert MONDAY + timedelta(minutes=minutes) == fate.due


def test_after_two_days_mail_is_returned() -> None:
    late = timedelta(days=2)
    for outcome, relay in (
        (tried("CONNECT", broken="refused"), _MX), (_tls("expired"), _MX), (_lost("no-address"), Relay(NextHop())),
        (tried("RCPT", reply=Reply(450, "4.2.1", "Later")), _MX),
    ):  # fmt: skip
        fate = _fate(outcome, relay, attempts=300, after=late)
        assert isinstance(fate, Bounce)
        assert ("550 4.4.7 QUEUE.Expired; Message expired", False) == (str(fate.reply), fate.refused)
    newer = _fate(tried("CONNECT", broken="refused"), attempts=300, after=late, knobs={"expiry": "5.4.300"})
    assert isinstance(newer, Bounce)
    assert str(newer.reply).startswith("550 5.4.300 Message expired -> 451 4.4.0 Primary target IP address")


def test_the_endpoint_that_was_tried_last_is_named() -> None:
    relay = Relay(NextHop(hosts=("h.example",), port=587), _OUT)
    two = Outcome(tuple(Try(Target("h.example", ip), "CONNECT", broken="refused") for ip in ("192.0.2.1", "192.0.2.2")))
    fate = _fate(two, relay)
    assert isinstance(fate, Keep)
    assert str(fate.reply).endswith("The last endpoint attempted was 192.0.2.2:587")

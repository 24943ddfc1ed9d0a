from __future__ import annotations

from typing import Any

import pytest

from simulator.keyring import KEYRING
from simulator.mail.envelope import Envelope
from simulator.mail.session import Session
from simulator.policy.decision import Decision
from simulator.policy.moment import Moment
from simulator.zone import Zone
from tests.answering import answered
from tests.policy.builders import BOB, JOHN, MONDAY, SUN, a_held, a_message, a_moment, a_session
from tests.products.builders import a_smartermail, reasons, step

_ON = {"contoso.com": {"Enable Sender Verification": True}}
_ZONE = Zone.of([
    ("customer.example", "TXT", "v=spf1 ip4:198.51.100.7 -all"), ("open.example", "TXT", "v=spf1 ?all"),
    ("_dmarc.customer.example", "TXT", "v=DMARC1; p=none"),
])  # fmt: skip
_THROUGH = a_message(From="sun@customer.example").topped(
    ("Received", "from mail-1.outbound.example (40.92.10.1 [40.92.10.1])\nby b.example with ESMTPS; Mon, 2 Mar 2026 09:00:00 +0000"),
    ("Received", "from mx.customer.example ([198.51.100.7])\nby a.example with ESMTP; Mon, 2 Mar 2026 09:00:00 +0000"),
)  # fmt: skip


def _taken(settings: dict[str, Any], session: Session, message: Any = None, sender: Any = SUN) -> Decision:
    host = a_smartermail({"Domains": _ON, **settings})
    at = Moment(MONDAY, {}, 0, KEYRING)
    asking = host.content(session, Envelope(sender, (JOHN,)), message or a_message(From=str(sender)), at, {})
    return answered(asking, _ZONE)


@pytest.mark.parametrize(
    ("peer", "sender", "expected"),
    [("198.51.100.7", "sun@customer.example", "pass"), ("192.0.2.66", "sun@customer.example", "fail"), ("192.0.2.66", "x@open.example", "unknown")],
)  # fmt: skip
def test_the_mark_says_whether_the_sender_could_be_verified(peer: str, sender: str, expected: str) -> None:
    host = a_smartermail({"Domains": _ON})
    decision = _taken({}, a_session(peer), a_message(From=sender), type(SUN).parse(sender))
    assert (True, expected) == (decision.ok, step(decision, "SENDER VERIFICATION").outcome)
    kept = host.stamp(a_held(JOHN, facts=decision.facts), a_moment())
    assert (kept.get("X-Sim-SenderVerification") or "").startswith(f"{expected} ip={peer} (spf=")


@pytest.mark.parametrize(
    ("bypass", "ip", "expected"),
    [
        ([], "203.0.113.80", "fail"),
        (["203.0.113.80"], "40.92.10.1", "fail"),
        (["203.0.113.80", "40.92.0.0/16"], "198.51.100.7", "pass"),
        (["0.0.0.0/0"], "198.51.100.7", "pass"),
    ],
)  # fmt: skip
def test_addresses_on_ip_bypass_are_passed_over(bypass: list[str], ip: str, expected: str) -> None:
    decision = _taken({"IP Bypass": bypass}, a_session("203.0.113.80"), _THROUGH)
    assert (ip, expected) == (decision.facts["ip"], decision.facts["verification"])
    assert {"bypassed", "judged"} >= set(reasons(decision, "SOURCE").values())


@pytest.mark.parametrize(
    ("settings", "session"),
    [({"Domains": {"contoso.com": {}}}, a_session("192.0.2.66")), ({}, a_session("192.0.2.66", auth=BOB))],
)
def test_without_the_switch_and_after_a_login_nothing_is_looked_up(settings: dict[str, Any], session: Session) -> None:
    assert {} == _taken(settings, session).facts


def test_a_mark_that_a_sender_wrote_is_taken_out() -> None:
    forged = a_message(X_Sim_SenderVerification="pass ip=1.2.3.4")
    assert forged.get("X-Sim-SenderVerification")
    assert a_smartermail().stamp(a_held(JOHN, message=forged), a_moment()).get("X-Sim-SenderVerification") is None


@pytest.mark.parametrize(
    ("said", "ip"),
    [
        ("from a.example ([192.0.2.1]) by x", "192.0.2.1"), ("from a.example (192.0.2.1) by x", "192.0.2.1"),
        ("from a.example (name.example [192.0.2.1]) by x", "192.0.2.1"), ("from a.example ([IPv6:2001:db8::1]) by x", "2001:db8::1"),
        ("from a.example (2001:db8::1) by x", "2001:db8::1"), ("by x with ESMTP", "203.0.113.80"),
        ("from a.example (192.0.2.999) by x", "203.0.113.80"),
    ],
)  # fmt: skip
def test_received_fields_are_read_as_hosts_write_them(said: str, ip: str) -> None:
    message = a_message(From="sun@customer.example").prepend("Received", f"{said}; Mon, 2 Mar 2026 09:00:00 +0000")
    assert ip == _taken({"IP Bypass": ["203.0.113.80"]}, a_session("203.0.113.80"), message).facts["ip"]

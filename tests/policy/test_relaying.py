"""What an attempt means for each recipient."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try, Unroutable
from simulator.policy.relaying import Trouble, settle, trouble
from simulator.policy.route import Bounce, HandedOn, Keep, NextHop, Relay
from simulator.policy.tls import Verdict
from tests.policy.builders import BOB, MONDAY, SUN, a_held

_MX, _BACKUP = Target("mx.example", "192.0.2.1"), Target("backup.example", "192.0.2.2")
_OK, _LATER, _NEVER = Reply(250, "2.0.0", "queued"), Reply(451, "4.3.2", "later"), Reply(550, "5.1.1", "no such user")
_RELAY = Relay(NextHop("example"))
_DUE = MONDAY + timedelta(minutes=15)


def _word(found: Trouble, gave_up: bool) -> Reply:
    return Reply(554 if gave_up else 450, "", found.kind)


def _settle(outcome: Outcome, due: Any = _DUE, relay: Relay = _RELAY, **more: Any) -> Any:
    return settle(a_held(SUN), relay, outcome, due=due, word=_word, **more)[SUN]


def _once(**facts: Any) -> Outcome:
    one = Try(_MX, **facts)
    return Outcome((one,), None, one.recipients)


@pytest.mark.parametrize(
    ("facts", "kind", "permanent"),
    [
        ({"stage": "CONNECT", "broken": "refused"}, "unreachable", False),
        ({"stage": "CONNECT", "broken": "timeout"}, "unreachable", False),
        ({"stage": "STARTTLS", "broken": "handshake"}, "lost", False),
        ({"stage": "EHLO", "broken": "reset"}, "lost", False),
        ({"stage": "DATA", "broken": "something new", "recipients": {SUN: _OK}}, "lost", False),
        ({"stage": "DATA"}, "lost", False),
        ({"stage": "TLS", "verdict": Verdict(False, "no-tls", "TLS is required and there is none")}, "tls", False),
        ({"stage": "BANNER", "reply": Reply(421, "4.3.2", "busy")}, "deferred", False),
        ({"stage": "BANNER", "reply": Reply(550, "", "go away")}, "closed", False),
        ({"stage": "BANNER", "reply": Reply(554, "", "no SMTP service here")}, "refused", True),
        ({"stage": "BANNER", "reply": Reply(521, "", "no mail here")}, "refused", True),
        ({"stage": "EHLO", "reply": Reply(550, "", "bad name")}, "closed", False),
        ({"stage": "EHLO", "reply": Reply(521, "", "no mail here")}, "refused", True),
        ({"stage": "AUTH", "reply": Reply(535, "5.7.8", "wrong")}, "closed", False),
        ({"stage": "MAIL", "reply": _NEVER}, "refused", True),
        ({"stage": "MAIL", "reply": _LATER}, "deferred", False),
        ({"stage": "RCPT", "reply": _NEVER, "recipients": {SUN: _NEVER}}, "refused", True),
        ({"stage": "RCPT", "reply": _LATER, "recipients": {SUN: _LATER}}, "deferred", False),
        ({"stage": "RCPT", "reply": Reply(421, "", "closing"), "recipients": {BOB: Reply(421, "", "closing")}}, "deferred", False),
        ({"stage": "DATA", "reply": _NEVER, "recipients": {SUN: _OK}}, "refused", True),
        ({"stage": "DATA", "reply": _LATER, "recipients": {SUN: _OK}}, "deferred", False),
        ({"reply": _OK, "recipients": {SUN: _NEVER, BOB: _OK}}, "refused", True),
        ({"reply": _OK, "recipients": {SUN: Reply(552, "", "Too many recipients"), BOB: _OK}}, "deferred", False),
        ({"reply": _OK, "recipients": {SUN: Reply(552, "5.2.2", "Mailbox full"), BOB: _OK}}, "refused", True),
        ({"stage": "RCPT", "reply": Reply(552), "recipients": {SUN: Reply(552)}}, "refused", True),
    ],
)  # fmt: skip
def test_what_each_ending_of_a_session_means(facts: dict[str, Any], kind: str, permanent: bool) -> None:
    found = trouble(_once(**facts), SUN, SUN)
    assert isinstance(found, Trouble)
    assert (kind, permanent) == (found.kind, found.permanent)
    assert ("mx.example", "192.0.2.1", False) == (found.host, found.address, found.dns)
    assert "mx.example" in found.says


@pytest.mark.parametrize(("reason", "permanent"), [("nxdomain", True), ("null-mx", True), ("servfail", False)])
def test_dns_troubles_keep_their_reason(reason: str, permanent: bool) -> None:
    found = trouble(Outcome(unroutable=Unroutable(reason, "d.example", permanent, "why")), SUN, SUN)
    assert Trouble(reason, permanent, "why", "d.example") == found
    assert isinstance(found, Trouble)
    assert found.dns


def test_an_attempt_without_targets_is_trouble() -> None:
    found = trouble(Outcome(), SUN, SUN)
    assert isinstance(found, Trouble)
    assert ("no-address", True) == (found.kind, found.permanent)


def test_what_the_first_host_took_stays_taken_when_the_second_fails() -> None:
    first = Try(_MX, reply=_OK, recipients={SUN: _OK, BOB: _LATER})
    second = Try(_BACKUP, "CONNECT", broken="refused")
    outcome = Outcome((first, second), None, {SUN: _OK, BOB: _LATER})
    assert _OK == trouble(outcome, SUN, SUN)
    assert "mx.example said 451 4.3.2 later" == getattr(trouble(outcome, BOB, BOB), "says", None)


def test_an_ok_at_rcpt_is_worth_nothing_when_the_session_breaks() -> None:
    assert isinstance(_settle(_once(stage="DATA", broken="reset", recipients={SUN: _OK})), Keep)


def test_a_replaced_recipient_is_looked_up_by_its_address_on_the_wire() -> None:
    elsewhere = Address.parse("sun@elsewhere.example")
    relay = Relay(NextHop("example"), recipient=elsewhere)
    outcome = Outcome((Try(_MX, reply=_OK, recipients={elsewhere: _OK}),), None, {SUN: _OK})
    assert HandedOn(_OK) == _settle(outcome, relay=relay)


def test_a_refusal_is_reported_with_the_words_of_the_other_side() -> None:
    assert Bounce(_NEVER, _NEVER, refused=True) == _settle(_once(stage="RCPT", reply=_NEVER, recipients={SUN: _NEVER}))


def test_what_may_pass_is_kept_until_it_is_due() -> None:
    assert Keep(Reply(450, "", "deferred"), _DUE, _LATER) == _settle(_once(stage="MAIL", reply=_LATER))
    assert Keep(Reply(450, "", "unreachable"), _DUE) == _settle(_once(stage="CONNECT", broken="refused"))


def test_what_has_expired_is_given_up_by_the_host_itself() -> None:
    fate = _settle(_once(stage="MAIL", reply=_LATER), due=None)
    assert Bounce(Reply(554, "", "deferred"), _LATER, refused=False) == fate


@pytest.mark.parametrize(("reason", "loop"), [("nxdomain", False), ("self-mx", True)])
def test_a_permanent_trouble_in_dns_is_given_up_at_once(reason: str, loop: bool) -> None:
    outcome = Outcome(unroutable=Unroutable(reason, "d.example", True, "why"))
    assert Bounce(Reply(554, "", reason), None, refused=False, loop=loop) == _settle(outcome)


def test_a_host_may_be_patient_with_dns() -> None:
    outcome = Outcome(unroutable=Unroutable("nxdomain", "d.example", True, "why"))
    assert Keep(Reply(450, "", "nxdomain"), _DUE) == _settle(outcome, patience=lambda t: t.dns)

"""A sending host's side of a session, driven by hand."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try
from simulator.policy.dialogue import (
    NO_SMTPUTF8,
    NO_SMTPUTF8_HEADER,
    Broken,
    Connect,
    Data,
    Errand,
    Heard,
    Hello,
    Login,
    MailFrom,
    Quit,
    RcptTo,
    Said,
    Secured,
    StartTls,
    converse,
)
from simulator.policy.relaying import without_smtputf8
from simulator.policy.route import Bounce, Keep
from simulator.policy.tls import Demand, Level, Verdict
from tests.policy.builders import BOB, JOHN, MONDAY, SUN, tls

_MX = Target("mx.customer.example", "198.51.100.7")
_OK, _LATER, _NEVER = Reply(250, "2.0.0", "ok"), Reply(451, "4.3.2", "later"), Reply(550, "5.1.1", "no such user")
_REQUIRED = Demand(Level.ENCRYPTION)


def _play(
    *script: Heard | Reply, starttls: bool = False, extensions: tuple[str, ...] = (), **errand: Any
) -> tuple[Try, list[Any]]:
    """Answers the actions in turn, 250 when the script is over; EHLO is always answered with keywords."""
    facts: dict[str, Any] = {
        "source": "203.0.113.25", "helo": "mail.contoso.com", "sender": JOHN, "recipients": (SUN,), "content": b"x",
    }  # fmt: skip
    talk = converse(_MX, Errand(**{**facts, **errand}), MONDAY)
    said: list[Any] = []
    left = list(script)
    told: Any = None
    secured = False
    while True:
        try:
            action = talk.send(told)
        except StopIteration as done:
            return done.value, said
        said.append(action)
        if isinstance(action, Connect):
            secured = False
        if isinstance(action, Quit):
            told = Said(Reply(221))
            continue
        next_ = left.pop(0) if left else _OK
        if isinstance(action, Hello) and next_ is _OK:
            offered = ("STARTTLS",) if starttls and not secured else ()
            told = Said(_OK, (*offered, *extensions))
        else:
            told = Said(next_) if isinstance(next_, Reply) else next_
        secured = secured or isinstance(told, Secured)


def _verbs(said: list[Any]) -> list[str]:
    return [type(action).__name__ for action in said]


def test_a_plain_session_says_the_verbs_in_order() -> None:
    result, said = _play()
    assert [
        Connect(_MX, "203.0.113.25"), Hello("mail.contoso.com"), MailFrom(JOHN), RcptTo(SUN), Data(b"x"), Quit(),
    ] == said  # fmt: skip
    assert Try(_MX, reply=_OK, recipients={SUN: _OK}) == result


def test_without_recipients_it_only_looks_and_quits_once_tls_is_judged() -> None:
    result, said = _play(Reply(220, "", "hello"), _OK, Secured(tls()), starttls=True, recipients=(), tls=_REQUIRED)
    assert ["Connect", "Hello", "StartTls", "Hello", "Quit"] == _verbs(said)
    assert Try(_MX, tls=tls(), banner=Reply(220, "", "hello")) == result
    refused, _ = _play(recipients=(), tls=_REQUIRED)
    assert ("TLS", "no-tls") == (refused.stage, refused.verdict.reason if refused.verdict else "")


def test_offered_tls_is_used_and_ehlo_said_again() -> None:
    result, said = _play(_OK, _OK, Secured(tls()), starttls=True)
    assert ["Connect", "Hello", "StartTls", "Hello", "MailFrom", "RcptTo", "Data", "Quit"] == _verbs(said)
    assert StartTls("mx.customer.example", True) == said[2]
    assert tls() == result.tls


def test_the_own_certificate_may_be_kept_back() -> None:
    _, said = _play(_OK, _OK, Secured(tls()), starttls=True, tls=Demand(certificate=False))
    assert StartTls("mx.customer.example", False) == said[2]


def test_an_opportunist_goes_on_in_clear_text_on_a_new_connection() -> None:
    result, said = _play(_OK, _OK, Broken("handshake"), starttls=True)
    assert ["Connect", "Hello", "StartTls", "Connect", "Hello", "MailFrom", "RcptTo", "Data", "Quit"] == _verbs(said)
    assert ("", None) == (result.stage, result.tls)


def test_an_opportunist_tries_clear_text_once() -> None:
    result, said = _play(_OK, _OK, Broken("handshake"), Broken("refused"), starttls=True)
    assert ["Connect", "Hello", "StartTls", "Connect"] == _verbs(said)
    assert ("CONNECT", "refused") == (result.stage, result.broken)


def test_an_opportunist_goes_on_when_starttls_is_refused() -> None:
    result, said = _play(_OK, _OK, Reply(454, "4.7.0", "TLS not available"), starttls=True)
    assert ["Connect", "Hello", "StartTls", "MailFrom"] == _verbs(said)[:4]
    assert "" == result.stage


@pytest.mark.parametrize(
    "demand", [Demand(Level.ENCRYPTION), Demand(Level.CERTIFICATE), Demand(Level.DOMAIN, ("x.example",))]
)
def test_a_demand_never_falls_back(demand: Demand) -> None:
    result, said = _play(_OK, _OK, Broken("handshake"), starttls=True, tls=demand)
    assert ["Connect", "Hello", "StartTls"] == _verbs(said)
    assert ("STARTTLS", "handshake") == (result.stage, result.broken)


def test_a_demand_ends_the_session_before_mail_where_tls_is_not_offered() -> None:
    result, said = _play(tls=_REQUIRED)
    assert ["Connect", "Hello", "Quit"] == _verbs(said)
    assert ("TLS", "no-tls") == (result.stage, result.verdict.reason if result.verdict else "")


def test_a_demand_ends_the_session_where_starttls_is_refused() -> None:
    result, said = _play(_OK, _OK, Reply(454, "4.7.0", "TLS not available"), starttls=True, tls=_REQUIRED)
    assert ("TLS", "Quit") == (result.stage, _verbs(said)[-1])


def test_a_bad_certificate_ends_the_session_before_mail() -> None:
    demand = Demand(Level.DOMAIN, ("mx.customer.example",))
    result, said = _play(_OK, _OK, Secured(tls()), starttls=True, tls=demand)
    assert "MailFrom" not in _verbs(said)
    assert ("TLS", "name-mismatch") == (result.stage, result.verdict.reason if result.verdict else "")


def test_switched_off_tls_is_not_tried() -> None:
    _, said = _play(starttls=True, tls=Demand(never=True))
    assert "StartTls" not in _verbs(said)


def test_a_login_comes_before_mail() -> None:
    _, said = _play(login=("john@contoso.com", "lab"))
    assert [Hello("mail.contoso.com"), Login("john@contoso.com", "lab"), MailFrom(JOHN)] == said[1:4]


def test_one_refused_recipient_does_not_stop_the_others() -> None:
    result, said = _play(_OK, _OK, _OK, _NEVER, _OK, recipients=(BOB, SUN))
    assert ["RcptTo", "RcptTo", "Data", "Quit"] == _verbs(said)[3:]
    assert {BOB: _NEVER, SUN: _OK} == result.recipients
    assert "" == result.stage


def test_without_any_recipient_nothing_is_sent() -> None:
    result, said = _play(_OK, _OK, _OK, _LATER, _NEVER, recipients=(BOB, SUN))
    assert ["RcptTo", "RcptTo", "Quit"] == _verbs(said)[3:]
    assert ("RCPT", _NEVER, {BOB: _LATER, SUN: _NEVER}) == (result.stage, result.reply, result.recipients)


def test_421_at_a_recipient_ends_the_session() -> None:
    closing = Reply(421, "4.3.2", "closing")
    result, said = _play(_OK, _OK, _OK, _OK, closing, recipients=(BOB, SUN, JOHN))
    assert ["RcptTo", "RcptTo", "Quit"] == _verbs(said)[3:]
    assert ("RCPT", closing, {BOB: _OK, SUN: closing}) == (result.stage, result.reply, result.recipients)


@pytest.mark.parametrize(
    ("before", "stage"),
    [(0, "CONNECT"), (1, "EHLO"), (2, "AUTH"), (3, "MAIL"), (4, "RCPT"), (5, "DATA")],
)
@pytest.mark.parametrize("how", ["refused", "timeout", "reset"])
def test_a_broken_connection_is_told_with_its_stage(before: int, stage: str, how: str) -> None:
    result, said = _play(*[_OK] * before, Broken(how), login=("a@b.example", "lab"))
    assert (stage, how, None) == (result.stage, result.broken, result.reply)
    assert "Quit" not in _verbs(said)


@pytest.mark.parametrize(
    ("before", "stage"),
    [(0, "BANNER"), (1, "EHLO"), (2, "AUTH"), (3, "MAIL"), (4, "RCPT"), (5, "DATA")],
)
@pytest.mark.parametrize("reply", [_LATER, _NEVER])
def test_a_refusal_is_told_with_its_stage(before: int, stage: str, reply: Reply) -> None:
    result, said = _play(*[_OK] * before, reply, login=("a@b.example", "lab"))
    assert (stage, reply, "") == (result.stage, result.reply, result.broken)
    assert "Quit" == _verbs(said)[-1]


@pytest.mark.parametrize("before", [0, 4])
def test_an_answer_that_makes_no_sense_is_a_reset(before: int) -> None:
    result, _ = _play(*[_OK] * before, Secured(tls()), login=("a@b.example", "lab"))
    assert "reset" == result.broken


def test_parameters_are_sent_only_to_hosts_that_announce_them() -> None:
    told: dict[str, Any] = {
        "parameters": {"SIZE": "7", "BODY": "8BITMIME", "RET": "HDRS", "SMTPUTF8": None},
        "recipient_parameters": {SUN: {"NOTIFY": "NEVER", "ORCPT": "rfc822;x"}},
    }
    _, said = _play(extensions=("8BITMIME", "SIZE 1000"), **told)
    assert [MailFrom(JOHN, {"SIZE": "1", "BODY": "8BITMIME"}), RcptTo(SUN)] == said[2:4]
    _, said = _play(extensions=("DSN", "smtputf8"), **told)
    assert [
        MailFrom(JOHN, {"RET": "HDRS", "SMTPUTF8": None}),
        RcptTo(SUN, {"NOTIFY": "NEVER", "ORCPT": "rfc822;x"}),
    ] == said[2:4]


def test_a_passage_is_handed_to_the_engine() -> None:
    _, said = _play(passage="ticket", port=2525)
    assert Connect(_MX, "203.0.113.25", 2525, "ticket") == said[0]


@pytest.mark.parametrize(
    ("subject", "extensions", "asked", "ended"),
    [
        ("Grüße", (), True, "MAIL"),
        ("Grüße", ("SMTPUTF8",), True, ""),
        ("Hello", (), True, ""),  # asked for, and not needed
        ("Grüße", (), False, ""),  # raw octets that nobody declared are passed on as they are
    ],
)
def test_a_header_beyond_ascii_does_not_go_to_a_host_that_cannot_take_it(
    subject: str, extensions: tuple[str, ...], asked: bool, ended: str
) -> None:
    content = f"Subject: {subject}\r\n\r\nx\r\n".encode()
    told, _ = _play(extensions=extensions, content=content, parameters={"SMTPUTF8": None} if asked else {})
    assert ended == told.stage
    assert (NO_SMTPUTF8_HEADER if ended else None) == (told.verdict.reason if told.verdict else None)


def test_what_cannot_go_on_comes_back_with_the_code_of_its_reason() -> None:
    for reason, code in ((NO_SMTPUTF8, "5.6.7"), (NO_SMTPUTF8_HEADER, "5.6.9")):
        outcome = Outcome((Try(_MX, "MAIL", verdict=Verdict(False, reason, "not offered")),))
        fate = without_smtputf8(outcome, {SUN: Keep(_LATER, MONDAY)})[SUN]
        assert isinstance(fate, Bounce)
        assert f"550 {code}" == fate.reply.codes

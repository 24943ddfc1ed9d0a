"""What SmarterMail says, and that it says it without enhanced status codes."""

from __future__ import annotations

import pytest

from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try, Unroutable
from simulator.policy.relaying import Trouble, trouble
from simulator.products.smartermail.wording import TEXTS, Wording
from tests.policy.builders import SUN

_FACTS = {
    "text": "x",
    "address": "a@b",
    "id": "1",
    "seconds": 1,
    "host": "h",
    "says": "s",
    "remote": "r",
    "count": "four",
}


@pytest.mark.parametrize("situation", sorted(set(TEXTS) - {"loop", "self-mx"}))  # those texts are not observed ones
def test_no_reply_carries_an_enhanced_code(situation: str) -> None:
    assert "" == Wording().say(situation, **_FACTS).enhanced


@pytest.mark.parametrize("situation", sorted(set(TEXTS) - {"banner", "remote"}))
def test_a_knob_adds_the_codes_in_the_class_of_the_reply(situation: str) -> None:
    reply = Wording(enhanced=True).say(situation, **_FACTS)
    assert str(reply.code)[0] == reply.enhanced[:1]


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ("relay", "550 Authentication is required for relay"),
        ("auth-match", "550 From domain must match authenticated domain"),
        ("unknown", "550 <a@b> No such user here"),
        ("loop", "554 5.4.6 Too many hops"),
        ("mailbox-full", "552 The mailbox is full"),
        ("domain-full", "552 The domain size limit has been exceeded"),
        (
            "nxdomain",
            "550 Failed to connect to the recipients mail server. No MX records were found for the 'h' domain.",
        ),
        ("gave-up", "554 Failed four Attempts to connect to recipients mail server"),
        ("remote", "451 Remote host said: r"),
        ("greylisted", "451 Greylisted, please try again in 1 seconds"),
    ],
)
def test_observed_texts(situation: str, expected: str) -> None:
    assert expected == str(Wording().say(situation, **_FACTS))


def _trouble(one: Try) -> Trouble:
    found = trouble(Outcome((one,), None, one.recipients), SUN, SUN)
    assert isinstance(found, Trouble)
    return found


_NO_MX = "550 Failed to connect to the recipients mail server. No MX records were found for the 'd.example' domain."
_TARGET = Target("mx.example", "192.0.2.1")


@pytest.mark.parametrize(
    ("found", "waiting", "given_up"),
    [
        (_trouble(Try(_TARGET, "CONNECT", broken="refused")), "421 Could not connect to mx.example",
         "554 Failed four Attempts to connect to recipients mail server"),
        (_trouble(Try(_TARGET, "DATA", broken="reset")), "421 Connection to mx.example was lost",
         "554 Failed four Attempts to connect to recipients mail server"),
        (_trouble(Try(_TARGET, "MAIL", Reply(451, "4.3.2", "later"))), "451 Remote host said: 451 4.3.2 later",
         "554 Remote host said: 451 4.3.2 later"),
        (_trouble(Try(_TARGET, "EHLO", Reply(550, "", "no"))), "451 Remote host said: 550 no", "554 Remote host said: 550 no"),
        (Trouble("servfail", False, "", "d.example"), "451 DNS lookup for d.example failed", "554 DNS lookup for d.example failed"),
        (Trouble("nxdomain", True, "", "d.example"), _NO_MX, _NO_MX),
    ],
)  # fmt: skip
def test_troubles_are_told_while_waiting_and_when_given_up(found: Trouble, waiting: str, given_up: str) -> None:
    words = Wording()
    assert (waiting, given_up) == (str(words.trouble(found, False, 4)), str(words.trouble(found, True, 4)))


def test_a_temporary_code_becomes_a_final_one_in_a_report() -> None:
    reply = Wording(enhanced=True).trouble(Trouble("timeout", False, "", "d.example"), True, 4)
    assert (554, "5.4.3") == (reply.code, reply.enhanced)


def test_long_lists_are_counted_in_digits() -> None:
    found = _trouble(Try(_TARGET, "CONNECT", broken="refused"))
    assert "Failed 12 Attempts" in Wording().trouble(found, True, 12).text


def test_dns_of_unroutable_mail_is_trouble_of_dns() -> None:
    found = trouble(Outcome(unroutable=Unroutable("self-mx", "contoso.com", True, "why")), SUN, SUN)
    assert isinstance(found, Trouble)
    assert "554 5.4.6 The MX record of contoso.com points to this server" == str(Wording().trouble(found, True, 4))

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.policy.moment import Memory
from simulator.products.smartermail import SmarterMail
from tests.policy.builders import JOHN, MONDAY, a_moment, a_session
from tests.products.builders import a_smartermail, ask_rcpt, chosen, reasons, step

_ON = {"Enable Greylisting": True}
_ONLY = "Only specified countries / IP addresses"
_EXCEPT = "Everyone except specified countries / IP addresses"


def _ask(host: SmarterMail, memory: Memory, minutes: float, peer: str = "192.0.2.9", **more: Any) -> str:
    at = a_moment(MONDAY + timedelta(minutes=minutes))
    at.memory = memory
    return str(ask_rcpt(host, "john@contoso.com", session=a_session(peer), at=at, **more).reply)


_TAKEN = "250 OK <john@contoso.com> Recipient ok"


def _grey(seconds: int) -> str:
    return f"451 Greylisted, please try again in {seconds} seconds"


def test_an_unseen_sender_comes_back_after_the_block_period() -> None:
    host, memory = a_smartermail(_ON), {}  # type: SmarterMail, Memory
    said = [_ask(host, memory, minutes) for minutes in (0, 5, 14.99, 15, 16)]
    assert [_grey(900), _grey(600), _grey(1), _TAKEN, _TAKEN] == said


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"peer": "192.0.2.9"}, {"peer": "192.0.2.10"}),
        ({"sender": "sun@customer.example"}, {"sender": "moon@customer.example"}),
        ({"sender": "sun@customer.example"}, {"sender": None}),
    ],
)
def test_another_address_or_sender_is_a_new_triple(first: dict[str, Any], second: dict[str, Any]) -> None:
    host, memory = a_smartermail(_ON), {}  # type: SmarterMail, Memory
    assert [_grey(900), _grey(900)] == [_ask(host, memory, 0, **first), _ask(host, memory, 20, **second)]


def test_who_comes_back_too_late_starts_again() -> None:
    host, memory = a_smartermail(_ON), {}  # type: SmarterMail, Memory
    assert [_grey(900), _grey(900), _TAKEN] == [_ask(host, memory, minutes) for minutes in (0, 361, 380)]


def test_a_known_sender_is_forgotten_36_days_after_its_last_mail() -> None:
    host, memory, day = a_smartermail(_ON), {}, 24 * 60  # type: SmarterMail, Memory, int
    said = [_ask(host, memory, minutes) for minutes in (0, 20, 35 * day, 70 * day, 107 * day)]
    assert [_grey(900), _TAKEN, _TAKEN, _TAKEN, _grey(900)] == said


@pytest.mark.parametrize(
    ("own", "expected"),
    [({"Block Period": "2m"}, _grey(120)), ({"Filters": ["192.0.2.9"]}, _TAKEN), (None, _grey(60))],
)
def test_a_domain_may_have_its_own_periods_and_filters(own: dict[str, Any] | None, expected: str) -> None:
    domain = {"Greylisting": own} if own else {}
    host = a_smartermail({**_ON, "Greylisting": {"Block Period": "1m"}, "Domains": {"contoso.com": domain}})
    assert expected == _ask(host, {}, 0)


def test_the_periods_can_be_set() -> None:
    host = a_smartermail({**_ON, "Greylisting": {"Block Period": "1m"}})
    assert _grey(60) == _ask(host, {}, 0)


@pytest.mark.parametrize(
    ("settings", "peer", "why"),
    [
        ({}, "192.0.2.9", "Enable Greylisting"),
        ({**_ON, "Whitelist": ["192.0.2.0/24"]}, "192.0.2.9", "Whitelist"),
        ({**_ON, "IP Bypass": ["192.0.2.9"]}, "192.0.2.9", "IP Bypass"),
        ({**_ON, "Greylisting": {"Filters": ["192.0.2.9"]}}, "192.0.2.9", "Applies To"),
        ({**_ON, "Greylisting": {"Filters": ["192.0.2.9"], "Applies To": _EXCEPT}}, "192.0.2.9", "Applies To"),
        ({**_ON, "Greylisting": {"Filters": ["192.0.2.9"], "Applies To": _ONLY}}, "192.0.2.10", "Applies To"),
        ({**_ON, "Domains": {"contoso.com": {"Disable Greylisting": ["john"]}}}, "192.0.2.9", "Disable Greylisting"),
        (
            {**_ON, "Domains": {"contoso.com": {"Users": {"john": {"Enable Greylisting": False}}}}},
            "192.0.2.9",
            "Disable Greylisting",
        ),
        ({**_ON, "Trusted Senders": ["Sun@customer.example"]}, "192.0.2.9", "Trusted Senders"),
        ({**_ON, "Trusted Senders": ["customer.example"]}, "192.0.2.9", "Trusted Senders"),
        (
            {**_ON, "Domains": {"contoso.com": {"Trusted Senders": ["customer.example"]}}},
            "192.0.2.9",
            "Trusted Senders",
        ),
        (_ON, "10.0.0.1", "internal address"),
        ({**_ON, "Domains": {"contoso.com": {"Enable Greylisting": False}}}, "192.0.2.9", "Enable Greylisting"),
    ],
)
def test_who_is_exempt(settings: dict[str, Any], peer: str, why: str) -> None:
    decision = ask_rcpt(a_smartermail(settings), "john@contoso.com", session=a_session(peer))
    assert decision.ok
    assert [why] == chosen(decision, "GREYLIST")


@pytest.mark.parametrize(
    ("trusted", "sender"),
    [(["moon@customer.example"], "sun@customer.example"), (["customer.example"], None), (["example"], "sun@customer.example")],
)  # fmt: skip
def test_who_is_not_named_is_no_trusted_sender(trusted: list[str], sender: str | None) -> None:
    host = a_smartermail({**_ON, "Trusted Senders": trusted})
    assert 451 == ask_rcpt(host, "john@contoso.com", sender=sender).reply.code


def test_a_trusted_sender_does_not_relay() -> None:
    host = a_smartermail({"Trusted Senders": ["customer.example"]})
    assert "550 Authentication is required for relay" == str(ask_rcpt(host, "x@elsewhere.example").reply)


def test_who_logged_in_is_exempt() -> None:
    decision = ask_rcpt(a_smartermail(_ON), "john@contoso.com", session=a_session(auth=JOHN))
    assert (True, ["AUTH"]) == (decision.ok, chosen(decision, "GREYLIST"))


def test_a_domain_may_greylist_for_itself() -> None:
    host = a_smartermail({"Domains": {"contoso.com": {"Enable Greylisting": True}}})
    decision = ask_rcpt(host, "john@contoso.com")
    assert "unseen" == step(decision, "GREYLIST").outcome
    assert {"192.0.2.9, sun@customer.example, john@contoso.com": "unseen"} == reasons(decision, "GREYLIST")


def test_an_ip_bypass_is_no_right_to_relay() -> None:
    decision = ask_rcpt(a_smartermail({"IP Bypass": ["192.0.2.9"]}), "sun@customer.example")
    assert "550 Authentication is required for relay" == str(decision.reply)


def test_an_unknown_user_is_refused_and_not_greylisted() -> None:
    assert 550 == ask_rcpt(a_smartermail(_ON), "bob@contoso.com").reply.code


@pytest.mark.parametrize(
    ("scope", "peer"),
    [(_ONLY, "192.0.2.9"), (_EXCEPT, "192.0.2.10"), ("Everyone", "192.0.2.9"), ("Everyone", "192.0.2.10")],
)
def test_who_is_in_the_scope(scope: str, peer: str) -> None:
    host = a_smartermail({**_ON, "Greylisting": {"Filters": ["192.0.2.9"], "Applies To": scope}})
    assert _grey(900) == _ask(host, {}, 0, peer)


@pytest.mark.parametrize(
    ("disabled", "expected"), [(False, _grey(900)), (True, "250 OK <x@shop.example> Recipient ok")]
)
def test_an_inbound_gateway_may_be_left_out(disabled: bool, expected: str) -> None:
    gateway = {"Gateway Mode": "Backup MX", "Domains": ["shop.example"], "Disable Greylisting": disabled}
    host = a_smartermail({**_ON, "Inbound Gateways": {"shop": gateway}})
    assert expected == str(ask_rcpt(host, "x@shop.example").reply)

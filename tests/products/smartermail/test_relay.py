"""Who may relay: every mode of Allow Relay against every kind of client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.builders import JOHN, a_session
from tests.products.builders import a_smartermail, ask_rcpt, chosen, reasons, step

_STRANGER, _INSIDE, _LISTED = "192.0.2.66", "10.1.2.3", "198.51.100.20"
_MODES = ("Nobody", "Only Local Users", "Only Local Domains", "Anyone")
_USER, _COLLEAGUE, _OUTSIDER, _NULL = "john@contoso.com", "nobody@contoso.com", "eve@evil.example", None

_MATRIX: dict[tuple[str, str | None], tuple[bool, bool, bool, bool]] = {
    # client, MAIL FROM                    one answer for each mode
    (_STRANGER, _OUTSIDER): (False, False, False, True),
    (_STRANGER, _COLLEAGUE): (False, False, True, True),
    (_STRANGER, _USER): (False, True, True, True),
    (_STRANGER, _NULL): (False, False, False, True),
    (_LISTED, _OUTSIDER): (True, True, True, True),
    (_LISTED, _NULL): (True, True, True, True),
    (_INSIDE, _OUTSIDER): (True, True, True, True),
    ("172.31.255.1", _OUTSIDER): (True, True, True, True),
    ("172.32.0.1", _OUTSIDER): (False, False, False, True),
    ("127.0.0.1", _OUTSIDER): (False, False, False, True),  # in a lab everybody is on loopback
    ("::1", _OUTSIDER): (False, False, False, True),
}


@pytest.mark.parametrize("listed", ["Whitelist", "SMTP Authentication Bypass"])
@pytest.mark.parametrize("mode", _MODES)
@pytest.mark.parametrize(("peer", "sender"), _MATRIX)
def test_relay_matrix(peer: str, sender: str | None, mode: str, listed: str) -> None:
    host = a_smartermail({"Allow Relay": mode, listed: [_LISTED]})
    decision = ask_rcpt(host, "sun@customer.example", sender=sender, session=a_session(peer))
    expected = _MATRIX[peer, sender][_MODES.index(mode)]
    assert expected is decision.ok
    assert expected or "550 Authentication is required for relay" == str(decision.reply)
    assert ("relay" if expected else "denied") == step(decision, "RELAY").outcome


@pytest.mark.parametrize("mode", _MODES)
@pytest.mark.parametrize(
    "more", [{"IP Bypass": [_LISTED]}, {"Greylisting": {"Filters": [_LISTED]}}, {"Trusted Senders": ["evil.example"]}]
)
def test_what_takes_greylisting_away_gives_no_right_to_relay(mode: str, more: dict[str, Any]) -> None:
    host = a_smartermail({"Allow Relay": mode, **more})
    decision = ask_rcpt(host, "sun@customer.example", sender=_OUTSIDER, session=a_session(_LISTED))
    assert (mode == "Anyone") is decision.ok


@pytest.mark.parametrize("mode", _MODES)
def test_who_logged_in_relays(mode: str) -> None:
    decision = ask_rcpt(a_smartermail({"Allow Relay": mode}), "sun@customer.example", session=a_session(auth=JOHN))
    assert decision.ok
    assert "AUTH" == chosen(decision, "RELAY")[0]


def test_private_addresses_can_be_taken_off_the_whitelist() -> None:
    host = a_smartermail(whitelist_internal=False)
    decision = ask_rcpt(host, "sun@customer.example", session=a_session(_INSIDE))
    assert not decision.ok
    assert "not-trusted" == reasons(decision, "RELAY")["internal address"]


def test_every_way_to_relay_is_told_with_its_reason() -> None:
    decision = ask_rcpt(a_smartermail(), "sun@customer.example", session=a_session(_STRANGER))
    assert {
        "AUTH": "no-login", "Whitelist": "address-not-listed", "internal address": "public-address",
        "SMTP Authentication Bypass": "address-not-listed", "Allow Relay": "nobody",
    } == reasons(decision, "RELAY")  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "sender", "rule"),
    [
        ("Anyone", _OUTSIDER, "SM-RELAY-1"),
        ("Only Local Users", _USER, "SM-RELAY-3"),
        ("Only Local Domains", _COLLEAGUE, "SM-RELAY-3"),
    ],
)
def test_the_rule_that_applied_is_named(mode: str, sender: str, rule: str) -> None:
    decision = ask_rcpt(a_smartermail({"Allow Relay": mode}), "sun@customer.example", sender=sender)
    assert rule == step(decision, "RELAY").rule


def test_an_alias_is_a_local_user() -> None:
    settings = {"Allow Relay": "Only Local Users", "Domains": {"contoso.com": {"Aliases": {"sales": "john"}}}}
    assert ask_rcpt(a_smartermail(settings), "sun@customer.example", sender="sales@contoso.com").ok


@pytest.mark.parametrize(("knobs", "expected"), [({}, True), ({"external_unknown": "relay"}, False)])
def test_strangers_may_write_to_the_other_half_of_an_external_domain(knobs: dict[str, Any], expected: bool) -> None:
    host = a_smartermail(
        {"Domains": {"contoso.com": {"Inbound Message Delivery": "External (use MX record)"}}}, **knobs
    )
    decision = ask_rcpt(host, "bob@contoso.com", session=a_session(_STRANGER))
    assert expected is decision.ok
    assert ("own-domain" if expected else "denied") == step(decision, "RELAY").outcome


def test_nobody_needs_a_right_to_write_to_a_mailbox() -> None:
    decision = ask_rcpt(a_smartermail(), "john@contoso.com", session=a_session(_STRANGER))
    assert "250 OK <john@contoso.com> Recipient ok" == str(decision.reply)
    assert ["DOMAIN", "MAILBOX", "GREYLIST"] == [s.name for s in decision.steps]

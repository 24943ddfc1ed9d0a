"""A gateway's ARC set: what it says, that it verifies, and that later changes break it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.keyring import KEYRING
from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.policy import arc
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.zone import Zone
from tests.answering import answered
from tests.policy.builders import a_session
from tests.policy.dkim.builders import NOW, a_message
from tests.products.gateway.test_gateway import a_gateway
from tests.products.internet.examining import GOOD, a_zone

BOB, SENDER = Address.parse("bob@contoso.com"), Address.parse("sun@contoso.com")
KEY = {("arc._domainkey.filter.example", "TXT"): ("dkim-key:filter.example",)}


def a_world() -> Zone:
    zone = a_zone()
    return replace(zone, records={**zone.records, **KEY}, keys=KEYRING)


def passed_on(message: Message | None = None, facts: dict[str, str] | None = None, **settings: Any) -> Message:
    """The message as the gateway keeps it, after it was handed in from the address that SPF permits."""
    host = a_gateway(**{"seals_as": "filter.example", **settings})
    at, session = Moment(NOW, {}, 0, KEYRING), a_session(GOOD, helo="mail.contoso.com")
    mail = message or a_message()
    decision = answered(host.content(session, Envelope(SENDER, (BOB,)), mail, at, facts or {}), a_world())
    held = Held(mail, SENDER, (BOB,), session, NOW, facts={**(facts or {}), **decision.facts})
    return host.stamp(held, at)


def chain(message: Message) -> arc.ArcVerdict:
    return answered(arc.verify(message, KEYRING, NOW), a_world())


@pytest.mark.parametrize("settings", [{}, {"subject_tag": "[EXTERNAL]"}, {"stamps": {"X-Filtered-By": "us"}}])
def test_the_seal_covers_what_the_gateway_changed(settings: dict[str, Any]) -> None:
    found = chain(passed_on(**settings))
    assert ("pass", 1, ("filter.example",)) == (found.result, found.instances, found.sealers)
    assert "spf=pass smtp.mailfrom=contoso.com" in found.results
    assert "dmarc=none header.from=contoso.com" in found.results


def test_what_somebody_changes_later_breaks_the_seal() -> None:
    assert "fail" == chain(passed_on().replaced("Subject", "Something else")).result


def test_a_second_gateway_seals_over_the_first() -> None:
    found = chain(passed_on(passed_on()))
    assert ("pass", 2) == (found.result, found.instances)


def test_nothing_is_sealed_without_being_asked_for_nor_on_the_way_out() -> None:
    for message in (passed_on(seals_as=None), passed_on(facts={"direction": "outbound"})):
        assert not message.has("ARC-Seal")

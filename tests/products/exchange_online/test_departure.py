"""What leaving adds to a route."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.route import Deliver, Relay
from simulator.policy.tls import Demand, Level, Lookups
from tests.products.exchange_online.builders import SUBMITTED, at, contoso, held, outbound, outcomes

OUT = Address.parse("x@gmail.test")


def demand(facts: dict[str, str] | None = None, **settings: Any) -> Demand:
    found = contoso(**settings).route(
        held(str(OUT), sender="bob@contoso.com", facts={**SUBMITTED, **(facts or {})}), OUT, at()
    )
    assert isinstance(found.route, Relay)
    return found.route.tls


def lookups(**settings: Any) -> Lookups:
    found = demand(**settings).lookups
    assert found is not None
    return found


def test_without_a_connector_dane_and_mta_sts_are_looked_at() -> None:
    found = lookups()
    assert (True, False, True) == (found.dane, found.dane_required, found.mta_sts)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({}, (True, False, True)), ({"SmtpDaneMode": "Opportunistic", "MtaStsMode": "Opportunistic"}, (True, False, True)),
     ({"SmtpDaneMode": "Mandatory"}, (True, True, True)), ({"SmtpDaneMode": "None"}, (False, False, True)),
     ({"MtaStsMode": "None"}, (True, False, False))],
)  # fmt: skip
def test_a_connectors_modes(parameters: dict[str, Any], expected: tuple[bool, bool, bool]) -> None:
    found = lookups(OutboundConnectors=outbound(RecipientDomains="*", **parameters))
    assert expected == (found.dane, found.dane_required, found.mta_sts)


@pytest.mark.parametrize("looks", [True, False])
def test_whether_dates_count_for_dane_is_a_knob(looks: bool) -> None:
    assert looks == lookups(knobs={"dane_certificate_dates": looks}).dane_dates


@pytest.mark.parametrize(
    ("settings", "level"),
    [(None, Level.ENCRYPTION), ("EncryptionOnly", Level.ENCRYPTION), ("CertificateValidation", Level.CERTIFICATE)],
)
def test_a_rule_that_asks_for_tls_raises_the_level(settings: str | None, level: Level) -> None:
    connectors = outbound(RecipientDomains="*", **({"TlsSettings": settings} if settings else {}))
    assert level == demand({"rule tls": "true"}, OutboundConnectors=connectors).level


def test_a_rule_that_asks_for_tls_counts_on_the_way_to_the_mx_too() -> None:
    found = contoso().route(
        held(str(OUT), sender="bob@contoso.com", facts={**SUBMITTED, "rule tls": "true"}), OUT, at()
    )
    assert isinstance(found.route, Relay)
    assert (Level.ENCRYPTION, "encryption") == (found.route.tls.level, outcomes(found.steps)["TLS"])
    assert Level.OPPORTUNISTIC == demand().level


def test_mail_that_stays_is_left_alone() -> None:
    box = Address.parse("bob@contoso.com")
    assert Deliver(box) == contoso().route(held(str(box)), box, at()).route


@pytest.mark.parametrize(
    ("sender", "pool"), [("bob@contoso.com", ""), ("sun@customer.example", "RegularRelayOutboundPool")]
)
def test_the_trace_is_told_of_the_pool(sender: str, pool: str) -> None:
    found = contoso().route(held(str(OUT), sender=sender), OUT, at()).route
    assert isinstance(found, Relay)
    assert pool == found.pool

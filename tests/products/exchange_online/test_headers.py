"""What is stamped, stripped and promoted."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy.decision import Connector
from simulator.policy.route import Deliver, NextHop, Relay
from simulator.products.exchange_online.headers import AUTH_AS, DIRECTIONALITY, FROM_ENTITY, is_internal
from tests.products.exchange_online.builders import (
    ORIGINATING,
    SUBMITTED,
    at,
    contoso,
    held,
    inbound,
    message,
    outbound,
)

CROSS_PREMISES = "X-MS-Exchange-CrossPremises-AuthAs"
INCOMING = {"tenant": "m365", "direction": "Incoming", "basis": "recipient-owner"}


def kept(
    connector: dict[str, Any] | None, facts: dict[str, str], what: Message | None = None, *, sender: str = "a@gmail.test",
    client: Session | None = None,
) -> Message:  # fmt: skip
    host = contoso(InboundConnectors=inbound(**connector) if connector is not None else {})
    over = Connector("own servers", "inbound") if connector is not None else None
    return host.stamp(held(content=what, facts=facts, connector=over, sender=sender, client=client), at())


HYBRID = {"CloudServicesMailEnabled": True}
TRUSTED = {"TreatMessagesAsInternal": True}
FROM_EXCHANGE = message(**{CROSS_PREMISES.replace("-", "_"): "Internal"})


@pytest.mark.parametrize(
    ("connector", "facts", "sender", "what", "expected"),
    [
        (None, INCOMING, "a@gmail.test", message(), ("Anonymous", "Incoming", "Internet")),
        ({}, ORIGINATING, "john@contoso.com", message(), ("Anonymous", "Originating", "HybridOnPrem")),
        ({}, ORIGINATING, "john@contoso.com", FROM_EXCHANGE, ("Anonymous", "Originating", "HybridOnPrem")),
        (HYBRID, ORIGINATING, "john@contoso.com", FROM_EXCHANGE, ("Internal", "Originating", "HybridOnPrem")),
        (HYBRID, ORIGINATING, "john@contoso.com", message(), ("Anonymous", "Originating", "HybridOnPrem")),
        (TRUSTED, ORIGINATING, "john@contoso.com", message(), ("Internal", "Originating", "HybridOnPrem")),
        (TRUSTED, ORIGINATING, "a@gmail.test", message(), ("Anonymous", "Originating", "HybridOnPrem")),
        (None, SUBMITTED, "bob@contoso.com", message(), ("Internal", "Originating", "Hosted")),
    ],
)
def test_trust_follows_from_how_the_message_came_in(
    connector: dict[str, Any] | None, facts: dict[str, str], sender: str, what: Message, expected: tuple[str, ...]
) -> None:
    stamped = kept(connector, facts, what, sender=sender)

    assert expected == (stamped.get(AUTH_AS), stamped.get(DIRECTIONALITY), stamped.get(FROM_ENTITY))
    assert (expected[0] == "Internal") == is_internal(stamped)


def test_internal_headers_from_outside_are_removed() -> None:
    forged = message(**{AUTH_AS.replace("-", "_"): "Internal", "X_MS_Exchange_Organization_SCL": "-1",
                        FROM_ENTITY.replace("-", "_"): "Hosted", CROSS_PREMISES.replace("-", "_"): "Internal"})  # fmt: skip
    stamped = kept(None, INCOMING, forged)

    assert ["Anonymous"] == stamped.all(AUTH_AS)
    assert [] == stamped.all("X-MS-Exchange-Organization-SCL") + stamped.all(CROSS_PREMISES)
    assert ["Internet"] == stamped.all(FROM_ENTITY)


def test_promotion_replaces_what_claimed_to_be_internal() -> None:
    forged = message(X_MS_Exchange_Organization_SCL="9", X_MS_Exchange_CrossPremises_SCL="-1")

    assert ["-1"] == kept(HYBRID, ORIGINATING, forged).all("X-MS-Exchange-Organization-SCL")


def test_the_rest_of_the_message_is_left_alone() -> None:
    stamped = kept(None, INCOMING)

    assert (message().rest, message().get("Subject")) == (stamped.rest, stamped.get("Subject"))


@pytest.mark.parametrize(("keeps", "header"), [(True, CROSS_PREMISES), (False, None)])
def test_internal_headers_leave_demoted_or_not_at_all(keeps: bool, header: str | None) -> None:
    host = contoso(OutboundConnectors=outbound(RecipientDomains="*", CloudServicesMailEnabled=keeps))
    relay = Relay(NextHop("x.test"), Connector("to own servers", "outbound"))
    left, sender = host.prepare(held(content=kept(None, SUBMITTED)), relay, at())

    assert "a@gmail.test" == str(sender)
    assert [] == left.all(AUTH_AS)
    assert (["Internal"] if header else []) == left.all(CROSS_PREMISES)


def test_mail_to_the_mx_leaves_without_internal_headers() -> None:
    left, _ = contoso().prepare(held(content=kept(None, INCOMING)), Relay(NextHop("x.test")), at())

    assert [] == left.all(DIRECTIONALITY)


def test_the_pass_leaves_its_marks() -> None:
    stamped = kept({}, ORIGINATING, sender="john@contoso.com")
    organization, tenant = "X-MS-Exchange-Organization-", "X-MS-Exchange-CrossTenant-"

    assert "15 Jan 2026 09:00:00.0000 (UTC)" == stamped.get(f"{organization}ExpirationStartTime")
    assert "OriginalSubmit" == stamped.get(f"{organization}ExpirationStartTimeReason")
    assert "OriginalSubmit" == stamped.get(f"{organization}ExpirationIntervalReason")
    assert "15 Jan 2026 09:00:00.0000 (UTC)" == stamped.get(f"{tenant}OriginalArrivalTime")
    assert stamped.get(f"{tenant}AuthSource") == stamped.get(f"{organization}AuthSource")
    assert (stamped.get("X-MS-Exchange-Transport-CrossTenantHeadersStamped") or "").startswith("DM6PR11MB")


@pytest.mark.parametrize(("facts", "domain"), [(ORIGINATING, "contoso.onmicrosoft.com"), (INCOMING, None)])
def test_the_tenants_own_mail_says_whose_it_is(facts: dict[str, str], domain: str | None) -> None:
    assert domain == kept(None, facts).get("X-OriginatorOrg")


def test_where_somebody_elses_mail_comes_from_is_left_as_it_is() -> None:
    assert "fabrikam.com" == kept(None, INCOMING, message(X_OriginatorOrg="fabrikam.com")).get("X-OriginatorOrg")


def test_promoted_headers_keep_the_word_of_the_own_server() -> None:
    source = {
        "X_MS_Exchange_CrossPremises_AuthSource": "ex1.contoso.com",
        "X_MS_Exchange_CrossPremises_AuthMechanism": "10",
    }
    stamped = kept(HYBRID, ORIGINATING, message(**source, **{CROSS_PREMISES.replace("-", "_"): "Internal"}))

    assert ["ex1.contoso.com"] == stamped.all("X-MS-Exchange-Organization-AuthSource")
    assert ["10"] == stamped.all("X-MS-Exchange-Organization-AuthMechanism")
    assert stamped.get("X-CrossPremisesHeadersPromoted")


JUNKED = {**INCOMING, "scl": "5", "sfv": "SPM", "cat": "SPOOF", "ipv": "NLI", "spf": "fail", "dkim": "none", "dmarc": "none",
          "compauth": "fail reason=001", "ip": "203.0.113.5", "spam action": "MoveToJmf", "spam reason": "spoof"}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "destination"), [(JUNKED, "dest:J;"), ({**JUNKED, "spam action": "Inbox"}, "dest:I;")]
)
def test_delivery_adds_a_line_a_return_path_and_the_folder(facts: dict[str, str], destination: str) -> None:
    host = contoso()
    there = host.stamp(held(facts=facts), at())
    route = host.route(held(facts=facts, content=there), recipient := Address.parse("bob@contoso.com"), at()).route
    assert isinstance(route, Deliver)
    assert route.message
    assert recipient == route.mailbox

    assert 1 == route.message.received_count - there.received_count
    assert "with HTTPS" in (route.message.get("Received") or "")
    assert "a@gmail.test" == route.message.get("Return-Path")
    assert destination in (route.message.get("X-Microsoft-Antispam-Mailbox-Delivery") or "")


def test_ids_are_the_same_in_every_run() -> None:
    assert kept(None, INCOMING).content == kept(None, INCOMING).content

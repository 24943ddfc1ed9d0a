"""Where a recipient's mail goes."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.host import Held
from simulator.policy.route import Deliver, Discard, Expand, Relay, Return, Routing
from simulator.policy.tls import Level
from simulator.products.exchange_online import Tenant
from simulator.products.exchange_online.headers import AUTH_AS
from tests.products.exchange_online.builders import (
    ORIGINATING,
    SUBMITTED,
    at,
    contoso,
    endings,
    held,
    message,
    outbound,
)

TO_SM = {"OutboundConnectors": outbound(RecipientDomains="sm.contoso.com")}
EVERYTHING = {"OutboundConnectors": outbound(AllAcceptedDomains=True)}
CENTRAL = {"OutboundConnectors": outbound(RecipientDomains="*", RouteAllMessagesViaOnPremises=True)}
INCOMING = {"tenant": "m365", "direction": "Incoming", "basis": "recipient-owner"}
BOB, USER = Address.parse("bob@contoso.com"), Address.parse("user@contoso.com")


def routed(host: Tenant, to: str, what: Held | None = None, memory: dict[str, Any] | None = None) -> Routing:
    return host.route(what or held(to), Address.parse(to), at(memory))


def relay(host: Tenant, to: str, what: Held | None = None, memory: dict[str, Any] | None = None) -> Relay:
    found = routed(host, to, what, memory).route
    assert isinstance(found, Relay)
    return found


def by(found: Relay) -> str:
    return found.connector.name if found.connector else ""


def test_a_mailbox_is_delivered() -> None:
    assert Deliver(BOB) == routed(contoso(**EVERYTHING), "Bob@contoso.com").route


def test_an_unknown_recipient_of_an_authoritative_domain_is_returned_before_any_connector() -> None:
    found = routed(contoso(**EVERYTHING), "nobody@contoso.com").route

    assert isinstance(found, Return)
    text = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient nobody@contoso.com not found by SMTP address lookup"
    assert text == str(found.reply)


def test_an_unknown_recipient_of_an_internal_relay_domain_takes_the_connector() -> None:
    found = relay(contoso(**TO_SM), "unknown@sm.contoso.com")

    assert ("to own servers", ("mail.contoso.com",), True, None) == (
        by(found),
        found.to.hosts,
        found.to.mx_first,
        found.recipient,
    )


def test_without_a_connector_it_goes_to_the_mx_which_may_be_the_tenant_itself() -> None:
    off = outbound(RecipientDomains="sm.contoso.com", Enabled=False)
    found = relay(contoso(OutboundConnectors=off), "unknown@sm.contoso.com")

    assert ("", "sm.contoso.com", (), Level.OPPORTUNISTIC) == (
        by(found),
        found.to.domain,
        found.to.exclude,
        found.tls.level,
    )


def test_mail_for_the_internet_goes_to_the_mx() -> None:
    found = relay(contoso(**EVERYTHING), "x@gmail.test", held("x@gmail.test", facts=SUBMITTED))

    assert ("", "gmail.test") == (by(found), found.to.domain)


def test_usemxrecord_leads_to_the_mx_of_the_recipients_domain() -> None:
    host = contoso(
        OutboundConnectors={
            "to partner": {
                "ConnectorType": "Partner",
                "RecipientDomains": "gmail.test",
                "TlsSettings": "EncryptionOnly",
            }
        }
    )
    found = relay(host, "x@gmail.test")

    assert ("to partner", "gmail.test", (), Level.ENCRYPTION) == (
        by(found),
        found.to.domain,
        found.to.hosts,
        found.tls.level,
    )


@pytest.mark.parametrize(
    ("settings", "level", "names"),
    [
        ({}, Level.OPPORTUNISTIC, ()),
        ({"TlsSettings": "EncryptionOnly"}, Level.ENCRYPTION, ()),
        ({"TlsSettings": "CertificateValidation"}, Level.CERTIFICATE, ()),
        ({"TlsSettings": "DomainValidation", "TlsDomain": "*.contoso.com"}, Level.DOMAIN, ("*.contoso.com",)),
    ],
)
def test_tlssettings_say_what_is_asked_of_tls(settings: dict[str, str], level: Level, names: tuple[str, ...]) -> None:
    asked = relay(contoso(OutboundConnectors=outbound(RecipientDomains="*", **settings)), "x@gmail.test").tls

    assert (level, names, True) == (asked.level, asked.names, bool(asked.at))


# Recipients that stand for others


MAIL_USER = {"RecipientType": "MailUser"}


def test_a_mail_user_is_replaced_by_its_external_address() -> None:
    recipients = {"john@contoso.com": {**MAIL_USER, "ExternalEmailAddress": "SMTP:john@sm.contoso.com"}}
    found = relay(contoso(**TO_SM, Recipients=recipients), "john@contoso.com")

    assert ("to own servers", "john@sm.contoso.com") == (by(found), str(found.recipient))


def test_a_contact_outside_goes_to_the_mx_of_its_external_address() -> None:
    recipients = {"sun@contoso.com": {"RecipientType": "MailContact", "ExternalEmailAddress": "sun@customer.test"}}
    found = relay(contoso(**EVERYTHING, Recipients=recipients), "sun@contoso.com")

    assert ("", "customer.test", "sun@customer.test") == (by(found), found.to.domain, str(found.recipient))


def test_an_external_address_in_an_authoritative_domain_is_not_returned() -> None:
    recipients = {"john@contoso.com": {**MAIL_USER, "ExternalEmailAddress": "jo@contoso.com"}}
    found = relay(contoso(**EVERYTHING, Recipients=recipients), "john@contoso.com")

    assert ("to own servers", "jo@contoso.com") == (by(found), str(found.recipient))


def test_an_external_address_of_somebody_here_is_routed_as_that_one() -> None:
    recipients = {"old@contoso.com": {**MAIL_USER, "ExternalEmailAddress": "bob@contoso.com"}}

    assert Expand((BOB,), "mail user") == routed(contoso(Recipients=recipients), "old@contoso.com").route


def test_a_mail_user_that_points_at_itself_goes_in_circles() -> None:
    recipients = {"john@contoso.com": {**MAIL_USER, "ExternalEmailAddress": "john@contoso.com"}}
    found = relay(contoso(Recipients=recipients), "john@contoso.com")

    assert ("contoso.com", None) == (found.to.domain, found.recipient)


GROUP = {"RecipientType": "DistributionGroup", "Members": ["bob@contoso.com", "user@contoso.com"]}


def internal(to: str) -> Held:
    return held(to, content=message(**{AUTH_AS.replace("-", "_"): "Internal"}), facts=SUBMITTED)


def test_a_group_is_replaced_by_its_members() -> None:
    host = contoso(Recipients={"all@contoso.com": GROUP})

    assert Expand((BOB, USER), "group") == routed(host, "all@contoso.com", internal("all@contoso.com")).route


def test_an_empty_group_swallows_mail() -> None:
    host = contoso(Recipients={"all@contoso.com": {**GROUP, "Members": []}})

    assert (
        Discard("all@contoso.com has no members") == routed(host, "all@contoso.com", internal("all@contoso.com")).route
    )


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        (GROUP, "550 5.7.133"),
        ({**GROUP, "RequireSenderAuthenticationEnabled": False}, ""),
        ({"RecipientType": "UserMailbox", "RequireSenderAuthenticationEnabled": True}, "550 5.7.134"),
        ({"RecipientType": "UserMailbox"}, ""),
        ({**MAIL_USER, "ExternalEmailAddress": "x@x.test", "RequireSenderAuthenticationEnabled": True}, "550 5.7.136"),
    ],
)
def test_strangers_reach_a_group_only_if_it_lets_them(properties: dict[str, Any], code: str) -> None:
    found = routed(contoso(Recipients={"all@contoso.com": properties}), "all@contoso.com").route

    assert code == (found.reply.codes if isinstance(found, Return) else "")


@pytest.mark.parametrize(
    ("properties", "ends"),
    [
        ({"ForwardingSmtpAddress": "bob@contoso.com"}, [BOB]),
        ({"ForwardingSmtpAddress": "bob@contoso.com", "DeliverToMailboxAndForward": True}, [USER, BOB]),
        ({"ForwardingAddress": "bob@contoso.com", "ForwardingSmtpAddress": "x@gmail.test"}, [BOB]),
        ({"ForwardingSmtpAddress": "user@contoso.com"}, [USER]),
        ({"DeliverToMailboxAndForward": True}, [USER]),
    ],
)
def test_a_mailbox_forwards(properties: dict[str, Any], ends: list[Address]) -> None:
    found = endings(contoso(Recipients={"user@contoso.com": properties}), held())

    assert [Deliver(mailbox) for mailbox in ends] == [route for _, route, _ in found]


# Centralised transport


@pytest.mark.parametrize(
    ("to", "facts", "expected"),
    [
        ("user@contoso.com", INCOMING, "to own servers"),  # internet mail for a mailbox
        ("user@contoso.com", ORIGINATING, "delivered"),  # it came back from there
        ("user@contoso.com", SUBMITTED, "delivered"),  # between colleagues
        ("x@gmail.test", SUBMITTED, "to own servers"),
    ],
)
def test_centralised_transport_takes_what_crosses_the_border(to: str, facts: dict[str, str], expected: str) -> None:
    found = routed(contoso(**CENTRAL), to, held(to, facts=facts)).route

    assert expected == ("delivered" if isinstance(found, Deliver) else by(found) if isinstance(found, Relay) else "")


def test_mail_from_on_premises_that_is_forwarded_does_not_go_back_there() -> None:
    found = relay(contoso(**CENTRAL), "x@gmail.test", held("x@gmail.test", facts=ORIGINATING))

    assert ("", "gmail.test") == (by(found), found.to.domain)


def test_mail_from_on_premises_for_a_mail_user_there_returns_by_the_domain_that_the_connector_names() -> None:
    scoped = outbound(RecipientDomains=["contoso.com", "*"], RouteAllMessagesViaOnPremises=True)
    recipients = {"john@contoso.com": {"RecipientType": "MailUser", "ExternalEmailAddress": "jo@contoso.com"}}
    host = contoso(OutboundConnectors=scoped, Recipients=recipients)
    found = relay(host, "john@contoso.com", held("john@contoso.com", facts=ORIGINATING))

    assert ("to own servers", "jo@contoso.com") == (by(found), str(found.recipient))


# Smart hosts


THREE = outbound(RecipientDomains="*", SmartHosts=["a.test", "b.test", "c.test"])


def test_smart_hosts_take_turns_from_a_drawn_start() -> None:
    host, memory = contoso(OutboundConnectors=THREE), dict[str, Any]()
    orders = []
    for number in range(4):
        what = held("x@gmail.test", content=message(Message_ID=f"<{number}@x>"))
        orders.append(relay(host, "x@gmail.test", what, memory).to.hosts)

    assert all({"a.test", "b.test", "c.test"} == set(order) for order in orders)
    assert orders[0] == orders[3]
    assert [order[1] for order in orders[:3]] == [order[0] for order in orders[1:]]


def test_where_smart_hosts_begin_depends_on_the_seed() -> None:
    host, first = contoso(OutboundConnectors=THREE), set()
    for seed in range(20):
        found = host.route(held("x@gmail.test"), Address.parse("x@gmail.test"), at(seed=seed)).route
        assert isinstance(found, Relay)
        first.add(found.to.hosts[0])

    assert {"a.test", "b.test", "c.test"} == first


def test_recipients_of_one_message_travel_together() -> None:
    host, memory = contoso(OutboundConnectors=THREE), dict[str, Any]()
    what = held(["x@gmail.test", "y@gmail.test"])

    assert relay(host, "x@gmail.test", what, memory) == relay(host, "y@gmail.test", what, memory)


def test_a_network_of_smart_hosts_stands_for_its_addresses() -> None:
    found = relay(
        contoso(OutboundConnectors=outbound(RecipientDomains="*", SmartHosts=["192.0.2.8/30", "192.0.2.9"])),
        "x@gmail.test",
    )

    assert {"192.0.2.9", "192.0.2.10"} == set(found.to.hosts)


def test_a_report_for_a_colleague_is_delivered_also_under_centralised_transport() -> None:
    report = held(
        "bob@contoso.com",
        sender=None,
        content=Message.parse(b"Subject: Undeliverable\r\n\r\n"),
        facts={},
        generated=True,
    )

    assert Deliver(BOB) == routed(contoso(**CENTRAL), "bob@contoso.com", report).route


def test_egress_rotates_over_all_addresses_with_a_name_that_follows_from_them() -> None:
    host = contoso()
    object.__setattr__(host.server, "addresses", ("40.92.10.1", "2a01:111::2"))
    memory: dict[str, Any] = {}
    own = held(sender="bob@contoso.com")
    found = {host.egress(own, relay(host, "x@gmail.test", own), at(memory)) for _ in range(20)}

    assert {
        ("40.92.10.1", "mail-40-92-10-1.outbound.protection.outlook.com"),
        ("2a01:111::2", "mail-2a01-111--2.outbound.protection.outlook.com"),
    } == found

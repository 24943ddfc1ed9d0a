from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Deliver, Discard, Expand, Relay, Return, Route, Routing
from simulator.policy.tls import Level
from simulator.products.exchange_server import ExchangeServer
from simulator.topology import CertificateSpec
from tests.policy.builders import BOB, MONDAY, a_message, a_moment
from tests.products.builders import address, step
from tests.products.exchange_server.builders import GOOD, exchange, held, internal

CLOUD = {"contoso.com": "Authoritative", "contoso.mail.onmicrosoft.com": "Authoritative"}


def _routing(to: str, mail: Held | None = None, at: Moment | None = None, **settings: Any) -> Routing:
    return exchange(**settings).route(mail or held(to), Address.parse(to), at or a_moment())


def _route(to: str, mail: Held | None = None, **settings: Any) -> Route:
    return _routing(to, mail, **settings).route


def _relay(to: str = "sun@customer.example", **connector: Any) -> Relay:
    found = _route(to, SendConnectors={"Out": {"AddressSpaces": "*", **connector}})
    assert isinstance(found, Relay)
    return found


def _recipients(**recipients: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}@contoso.com": told for name, told in recipients.items()}


def test_a_mailbox_is_delivered_under_every_address_that_it_has() -> None:
    told = _recipients(john={"EmailAddresses": ["jd@contoso.com"]})
    assert Deliver(address("john@contoso.com")) == _route("jd@contoso.com", Recipients=told)


def test_an_unknown_recipient_of_an_authoritative_domain_is_returned() -> None:
    found = _route("ghost@contoso.com")
    assert isinstance(found, Return)
    assert "550 5.1.10" == found.reply.codes
    older = _route("ghost@contoso.com", knobs={"older_texts": True})
    assert isinstance(older, Return)
    assert "550 5.1.1" == older.reply.codes


@pytest.mark.parametrize("kind", ["InternalRelay", "ExternalRelay"])
def test_an_unknown_recipient_of_a_relay_domain_is_sent_on(kind: str) -> None:
    found = _routing("ghost@contoso.com", AcceptedDomains={"contoso.com": kind})
    assert isinstance(found.route, Relay)
    assert ("contoso.com", "relay-domain") == (found.route.to.domain, found.steps[0].outcome)


def test_a_remote_mailbox_is_sent_to_its_routing_address_by_that_addresss_connector() -> None:
    told = _recipients(bob={"RemoteRoutingAddress": "bob@contoso.mail.onmicrosoft.com"})
    connectors = {"Cloud": {"AddressSpaces": "contoso.mail.onmicrosoft.com"}, "Out": {"AddressSpaces": "*"}}
    found = _route("bob@contoso.com", Recipients=told, SendConnectors=connectors, AcceptedDomains=CLOUD)
    assert isinstance(found, Relay)
    assert found.connector is not None
    assert ("Cloud", "bob@contoso.mail.onmicrosoft.com") == (found.connector.name, str(found.recipient))


def test_a_remote_mailbox_asked_for_by_its_routing_address_keeps_it() -> None:
    told = _recipients(
        bob={
            "RemoteRoutingAddress": "bob@contoso.mail.onmicrosoft.com",
            "EmailAddresses": ["bob@contoso.mail.onmicrosoft.com"],
        }
    )
    found = _route("bob@contoso.mail.onmicrosoft.com", Recipients=told, AcceptedDomains=CLOUD)
    assert isinstance(found, Relay)
    assert found.recipient is None


def test_a_mail_user_of_somebody_here_leads_to_them() -> None:
    told = _recipients(j={"ExternalEmailAddress": "john@contoso.com"})
    assert Expand((address("john@contoso.com"),), "mail user") == _route("j@contoso.com", Recipients=told)


def test_a_mail_user_of_itself_is_sent_on_by_its_own_domain() -> None:
    told = _recipients(j={"ExternalEmailAddress": "j@contoso.com"})
    found = _route("j@contoso.com", Recipients=told)
    assert isinstance(found, Relay)
    assert "contoso.com" == found.to.domain


@pytest.mark.parametrize(
    ("mail", "told", "expected"),
    [
        (held(), {}, "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required"),
        (held(), {"RequireSenderAuthenticationEnabled": False}, ""),
        (held(message=internal()), {}, ""),
        (held(generated=True), {}, ""),
    ],
)
def test_groups_take_mail_of_colleagues(mail: Held, told: dict[str, Any], expected: str) -> None:
    found = _route("staff@contoso.com", mail, Recipients=_recipients(staff={"Members": "john@contoso.com", **told}))
    if expected:
        assert isinstance(found, Return)
        assert expected == str(found.reply)
    else:
        assert Expand((address("john@contoso.com"),), "group") == found


def test_a_group_without_members_discards() -> None:
    told = _recipients(staff={"RecipientType": "DistributionGroup", "RequireSenderAuthenticationEnabled": False})
    assert Discard("staff@contoso.com has no members") == _route("staff@contoso.com", Recipients=told)


@pytest.mark.parametrize("keep", [True, False])
def test_a_forwarding_mailbox_sends_on_and_may_keep_a_copy(keep: bool) -> None:
    told = _recipients(john={"ForwardingSmtpAddress": "sun@customer.example", "DeliverToMailboxAndForward": keep})
    assert Expand((address("sun@customer.example"),), "forward", keep=keep) == _route(
        "john@contoso.com", Recipients=told
    )


@pytest.mark.parametrize(
    ("mail", "limits", "too_large"),
    [
        (held(message=a_message(X="x" * 2000)), {"MaxReceiveSize": "1KB"}, True),
        (held(message=a_message(X="x" * 2000)), {"MaxSendSize": "1KB"}, False),
        (held(message=internal(X="x" * 2000)), {"MaxSendSize": "1KB"}, True),
        (held(message=internal(X="x" * 2000)), {"MaxReceiveSize": "1KB"}, False),
        (
            held(message=a_message(X="x" * 2000), facts={"basis": "externally-secured"}),
            {"MaxReceiveSize": "1KB"},
            False,
        ),
        (held(message=a_message(X="x" * 2000), generated=True), {"MaxReceiveSize": "1KB", "MaxSendSize": "1KB"}, False),
    ],
)
def test_the_organisation_has_limits_for_what_it_sends_and_takes(
    mail: Held, limits: dict[str, str], too_large: bool
) -> None:
    found = _route("john@contoso.com", mail, TransportConfig=limits)
    assert too_large == isinstance(found, Return)
    if isinstance(found, Return):
        assert "550 5.2.3" == found.reply.codes


def test_without_a_connector_there_is_no_next_hop() -> None:
    found = _routing("sun@customer.example", SendConnectors={})
    assert isinstance(found.route, Relay)
    assert ((), "", None) == (found.route.to.hosts, found.route.to.domain, found.route.connector)
    assert "none" == step(found, "CONNECTOR").outcome


def test_what_is_too_large_for_the_connector_is_returned() -> None:
    found = _route("sun@customer.example", SendConnectors={"Out": {"AddressSpaces": "*", "MaxMessageSize": 10}})
    assert isinstance(found, Return)
    assert "552 5.3.4" == found.reply.codes


def test_by_dns_the_server_itself_is_left_out() -> None:
    hop = _relay().to
    assert ("customer.example", ("mail.contoso.com", "203.0.113.25"), 25) == (hop.domain, hop.exclude, hop.port)


def test_smart_hosts_take_turns_and_stay_in_line_for_a_message() -> None:
    host = exchange(
        SendConnectors={
            "Out": {
                "AddressSpaces": "*",
                "SmartHosts": ["a.example", "b.example"],
                "DNSRoutingEnabled": False,
                "Port": 587,
            }
        }
    )
    at = a_moment()
    mails = [held("sun@customer.example", message=a_message(Message_ID=f"<{n}@x>")) for n in (1, 1, 2, 3)]
    hops = [
        found.to for m in mails if isinstance(found := host.route(m, address("sun@customer.example"), at).route, Relay)
    ]
    assert ["a.example", "a.example", "b.example", "a.example"] == [h.hosts[0] for h in hops]
    assert {2} == {len(h.hosts) for h in hops}
    assert {(True, 587)} == {(h.mx_first, h.port) for h in hops}


@pytest.mark.parametrize("own", ["mail.contoso.com", "203.0.113.25"])
def test_a_smart_host_that_is_the_server_itself_is_a_mistake(own: str) -> None:
    connector = {"AddressSpaces": "*", "SmartHosts": own, "DNSRoutingEnabled": False}
    found = _route("sun@customer.example", SendConnectors={"Out": connector})
    assert isinstance(found, Return)
    assert ("550 5.3.5 System incorrectly configured", True) == (str(found.reply), found.loop)
    assert isinstance(
        _route("sun@customer.example", SendConnectors={"Out": connector}, knobs={"self_smart_host": "loop"}), Relay
    )


_SMART: dict[str, Any] = {"SmartHosts": "h.example", "DNSRoutingEnabled": False}


@pytest.mark.parametrize(
    ("connector", "level", "names"),
    [
        ({}, Level.OPPORTUNISTIC, ()),
        ({"RequireTLS": True}, Level.ENCRYPTION, ()),
        ({"RequireTLS": True, "TlsAuthLevel": "EncryptionOnly"}, Level.ENCRYPTION, ()),
        ({"RequireTLS": True, "TlsAuthLevel": "CertificateValidation"}, Level.CERTIFICATE, ()),
        ({"RequireTLS": True, "TlsAuthLevel": "DomainValidation"}, Level.DOMAIN, ("customer.example",)),
        (
            {"RequireTLS": True, "TlsAuthLevel": "DomainValidation", "TlsDomain": "*.h.example"},
            Level.DOMAIN,
            ("*.h.example",),
        ),
        (
            {**_SMART, "SmartHostAuthMechanism": "BasicAuthRequireTLS", "AuthenticationCredential": "a@h.example"},
            Level.ENCRYPTION,
            (),
        ),
        (
            {**_SMART, "SmartHostAuthMechanism": "BasicAuth", "AuthenticationCredential": "a@h.example"},
            Level.OPPORTUNISTIC,
            (),
        ),
    ],
)
def test_what_is_asked_of_tls(connector: dict[str, Any], level: Level, names: tuple[str, ...]) -> None:
    asked = _relay(**connector).tls
    assert (level, names, False) == (asked.level, asked.names, asked.never)


def test_ignore_starttls_never_uses_it() -> None:
    assert _relay(IgnoreSTARTTLS=True).tls.never


def test_a_login_goes_with_basic_auth_only() -> None:
    credential: dict[str, Any] = {"AuthenticationCredential": {"UserName": "a@h.example", "Password": "x"}}
    assert ("a@h.example", "x") == _relay(**_SMART, SmartHostAuthMechanism="BasicAuth", **credential).login
    assert _relay(**_SMART, **credential).login is None


def test_the_connector_picks_the_certificate_that_is_shown() -> None:
    inside = CertificateSpec("mbx01.contoso.internal", issuer="contoso-ca")
    host = exchange(
        certificates=(inside, GOOD),
        SendConnectors={"Out": {"AddressSpaces": "*", "TlsCertificateName": "<I>contoso-ca<S>mbx01.contoso.internal"}},
    )
    found = host.route(held("sun@customer.example"), address("sun@customer.example"), a_moment()).route
    assert isinstance(found, Relay)
    assert (inside, True) == (found.tls.shows, found.tls.certificate)
    kept = _route("sun@customer.example", knobs={"present_client_certificate": False})
    assert isinstance(kept, Relay)
    assert (None, False) == (kept.tls.shows, kept.tls.certificate)


def test_an_edge_server_has_no_mailboxes_and_sends_everything_on() -> None:
    inside = {"In": {"AddressSpaces": "--", "SmartHosts": "10.0.0.1", "DNSRoutingEnabled": False}}
    for to in ("john@contoso.com", "ghost@contoso.com"):
        found = _route(to, ServerRole="Edge", SendConnectors=inside)
        assert isinstance(found, Relay)
        assert ("10.0.0.1",) == found.to.hosts


def test_who_a_recipient_is_is_asked_when_the_mail_comes_and_after_twelve_hours() -> None:
    memory: dict[str, Any] = {}
    remote = {"bob@contoso.com": {"RecipientType": "MailUser", "ExternalEmailAddress": "bob@cloud.example"}}
    before, after = exchange(Recipients=remote), exchange("bob@contoso.com")

    def found(host: ExchangeServer, hours: float) -> str:
        return type(host.route(held(str(BOB)), BOB, Moment(MONDAY + timedelta(hours=hours), memory)).route).__name__

    assert ["Relay", "Relay", "Deliver"] == [found(before, 0), found(after, 11.9), found(after, 12)]
    assert (
        "Deliver"
        == type(after.route(held(str(BOB), sender="moon@partner.example"), BOB, Moment(MONDAY, memory)).route).__name__
    )

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy.host import LAB_PASSWORD
from simulator.topology import CertificateSpec
from tests.answering import answered
from tests.policy.builders import JOHN, a_message, a_moment
from tests.products.builders import reasons, step
from tests.products.exchange_server.builders import GOOD, exchange, mail, rcpt, session

_RELAY = {"Bindings": "0.0.0.0:25", "RemoteIPRanges": "192.0.2.0/24", "PermissionGroups": "AnonymousUsers"}


def _content(host: Any, message: Message, at: Session | None = None) -> Any:
    return answered(host.content(at or session(), Envelope(None), message, a_moment(), {}))


def test_the_banner_is_the_connectors() -> None:
    host = exchange(ReceiveConnectors={"Default Frontend X": {"Fqdn": "mx.contoso.com"}})
    assert str(host.connect(session(), a_moment()).reply).startswith(
        "220 mx.contoso.com Microsoft ESMTP MAIL Service ready at "
    )
    own = exchange(ReceiveConnectors={"Default Frontend X": {"Banner": "220 go away"}})
    assert "220 go away" == str(own.connect(session(), a_moment()).reply)


def test_a_session_that_no_connector_is_for_is_refused_at_every_verb() -> None:
    host = exchange(ReceiveConnectors={"Default Frontend X": {"Enabled": False}})
    answers = (
        host.connect(session(), a_moment()),
        mail(host),
        rcpt(host, "john@contoso.com"),
        _content(host, a_message()),
    )
    assert ["421 4.3.2 Service not available"] * 4 == [str(a.reply) for a in answers]
    assert () == host.keywords(session())
    assert "504 5.7.4" == host.login(session(), "john@contoso.com", LAB_PASSWORD, a_moment()).reply.codes
    assert host.certificate_for(session()) is None


def test_a_connector_of_the_hub_role_at_port_25_answers_nobody() -> None:
    host = exchange(ReceiveConnectors={"Wrong": {**_RELAY, "TransportRole": "HubTransport"}})
    refused = host.connect(session(), a_moment())
    assert ("421 4.3.2 Service not available", "Wrong") == (
        str(refused.reply),
        refused.connector.name if refused.connector else "",
    )
    assert host.connect(session("203.0.113.99"), a_moment()).ok


def test_keywords_follow_from_the_connector_and_from_tls() -> None:
    host = exchange()
    clear = (
        "SIZE 37748736",
        "PIPELINING",
        "DSN",
        "ENHANCEDSTATUSCODES",
        "STARTTLS",
        "X-ANONYMOUSTLS",
        "8BITMIME",
        "BINARYMIME",
        "CHUNKING",
    )
    assert clear == host.keywords(session())
    assert {"AUTH LOGIN"} == set(host.keywords(session(tls=True))) - set(clear)
    assert {"STARTTLS", "X-ANONYMOUSTLS"} == set(clear) - set(host.keywords(session(tls=True)))


def test_without_a_certificate_there_is_no_starttls_and_a_login_in_clear_text() -> None:
    bare = exchange(certificates=())
    assert {"AUTH LOGIN"} == {k for k in bare.keywords(session(port=587)) if k in ("STARTTLS", "AUTH LOGIN")}


@pytest.mark.parametrize(
    ("parameter", "value", "gone"),
    [
        ("PipeliningEnabled", False, "PIPELINING"), ("DeliveryStatusNotificationEnabled", False, "DSN"),
        ("EightBitMimeEnabled", False, "8BITMIME"), ("BinaryMimeEnabled", False, "BINARYMIME"),
        ("EnhancedStatusCodesEnabled", False, "ENHANCEDSTATUSCODES"), ("SuppressXAnonymousTls", True, "X-ANONYMOUSTLS"),
        ("SizeEnabled", "Disabled", "SIZE 37748736"), ("AuthMechanism", ["BasicAuth"], "STARTTLS"),
    ],
)  # fmt: skip
def test_an_extension_can_be_switched_off(parameter: str, value: object, gone: str) -> None:
    assert gone in exchange().keywords(session())
    assert gone not in exchange(ReceiveConnectors={"Default Frontend X": {parameter: value}}).keywords(session())


@pytest.mark.parametrize(
    "parameters",
    [{"SizeEnabled": "EnabledWithoutValue"}, {"MaxMessageSize": "unlimited"},
     {"PermissionGroups": "ExchangeServers", "AuthMechanism": ["Tls", "ExternalAuthoritative"]}],
)  # fmt: skip
def test_size_may_be_announced_without_a_limit(parameters: dict[str, Any]) -> None:
    assert "SIZE" in exchange(ReceiveConnectors={"Default Frontend X": parameters}).keywords(session())


@pytest.mark.parametrize(
    ("client", "user", "password", "expected"),
    [
        (session(port=587, tls=True), "john@contoso.com", LAB_PASSWORD, "235 2.7.0"),
        (session(port=587), "john@contoso.com", LAB_PASSWORD, "504 5.7.4"),
        (session(port=587, tls=True), "john@contoso.com", "wrong", "535 5.7.3"),
        (session(port=587, tls=True), "ghost@contoso.com", LAB_PASSWORD, "535 5.7.3"),
    ],
)
def test_people_log_in_after_starttls(client: Session, user: str, password: str, expected: str) -> None:
    assert expected == exchange().login(client, user, password, a_moment()).reply.codes


def test_a_connector_without_basic_auth_offers_no_login() -> None:
    host = exchange(ReceiveConnectors={"Relay": _RELAY})
    refused = host.login(session(tls=True), "john@contoso.com", LAB_PASSWORD, a_moment())
    assert ("504 5.7.4", "not-offered") == (refused.reply.codes, step(refused, "AUTH").outcome)


@pytest.mark.parametrize(
    ("client", "sender", "connectors", "expected"),
    [
        (session(), "sun@customer.example", {}, "250 2.1.0"),
        (session(), "john@contoso.com", {}, "250 2.1.0"),  # AnonymousUsers may name any sender
        (session(port=587, tls=True), "john@contoso.com", {}, "530 5.7.1"),
        (session(port=587, tls=True, auth=JOHN), "john@contoso.com", {}, "250 2.1.0"),
        (session(port=587, tls=True, auth=JOHN), "amy@contoso.com", {}, "550 5.7.60"),
        (session(port=587, tls=True, auth=JOHN), "", {}, "250 2.1.0"),
        (session(), "sun@customer.example", {"Default Frontend X": {"RequireTLS": True}}, "451 5.7.3"),
        (session(tls=True), "sun@customer.example", {"Default Frontend X": {"RequireTLS": True}}, "250 2.1.0"),
    ],
)
def test_mail_from(client: Session, sender: str, connectors: dict[str, Any], expected: str) -> None:
    assert expected == mail(exchange(ReceiveConnectors=connectors), sender, at=client).reply.codes


def test_a_proxy_address_is_a_mailboxs_own() -> None:
    host = exchange(Recipients={"john@contoso.com": {"EmailAddresses": ["jd@contoso.com"]}})
    assert mail(host, "jd@contoso.com", at=session(port=587, tls=True, auth=JOHN)).ok


@pytest.mark.parametrize(
    ("to", "settings", "expected"),
    [
        ("john@contoso.com", {}, "250 2.1.5"),
        ("ghost@contoso.com", {}, "250 2.1.5"),
        ("ghost@contoso.com", {"knobs": {"unknown_recipients": "reject"}}, "550 5.1.10"),
        ("ghost@contoso.com", {"knobs": {"unknown_recipients": "reject", "older_texts": True}}, "550 5.1.1"),
        ("john@contoso.com", {"knobs": {"unknown_recipients": "reject"}}, "250 2.1.5"),
        ("ghost@contoso.com", {"ServerRole": "Edge"}, "550 5.1.10"),
        ("ghost@contoso.com", {"ServerRole": "Edge", "knobs": {"unknown_recipients": "accept"}}, "250 2.1.5"),
        ("ghost@contoso.com", {"knobs": {"unknown_recipients": "reject"}, "AcceptedDomains": {"contoso.com": "InternalRelay"}}, "250 2.1.5"),
        ("ghost@contoso.com", {"knobs": {"unknown_recipients": "reject"},
                               "AcceptedDomains": {"contoso.com": {"DomainType": "InternalRelay", "AddressBookEnabled": True}}}, "550 5.1.10"),
        ("ghost@contoso.com", {"knobs": {"unknown_recipients": "reject"},
                               "AcceptedDomains": {"contoso.com": {"AddressBookEnabled": False}}}, "250 2.1.5"),
        ("sun@customer.example", {}, "550 5.7.54"),
        ("sun@customer.example", {"knobs": {"older_texts": True}}, "550 5.7.1"),
        ("sun@customer.example", {"AcceptedDomains": {"customer.example": "ExternalRelay"}}, "250 2.1.5"),
    ],
)  # fmt: skip
def test_strangers_send_to_accepted_domains(to: str, settings: dict[str, Any], expected: str) -> None:
    assert expected == rcpt(exchange(**settings), to).reply.codes


def test_the_recipient_filter_is_for_strangers() -> None:
    host = exchange(knobs={"unknown_recipients": "reject"})
    assert rcpt(host, "ghost@contoso.com", at=session(port=587, tls=True, auth=JOHN)).ok


def test_loopback_is_nothing_special() -> None:
    refused = rcpt(exchange(), "sun@customer.example", at=session("127.0.0.1"))
    assert "denied" == step(refused, "RELAY").outcome
    assert {"no-right"} == set(reasons(refused, "RELAY").values())


def test_recipients_are_counted() -> None:
    host = exchange(ReceiveConnectors={"Default Frontend X": {"MaxRecipientsPerMessage": 2}})
    assert ["250 2.1.5", "452 4.5.3"] == [rcpt(host, "john@contoso.com", already=n).reply.codes for n in (1, 2)]


@pytest.mark.parametrize(
    ("parameter", "to"),
    [
        ("RejectReservedTopLevelRecipientDomains", "sun@customer.example"),
        ("RejectReservedSecondLevelRecipientDomains", "sun@mail.example.com"),
        ("RejectSingleLabelRecipientDomains", "sun@customer"),
    ],
)
def test_reserved_domains_are_refused_only_where_asked(parameter: str, to: str) -> None:
    login = session(port=587, tls=True, auth=JOHN)
    assert rcpt(exchange(), to, at=login).ok
    told = exchange(ReceiveConnectors={"Client Frontend X": {parameter: True}})
    assert ["501 5.1.3", "250 2.1.5"] == [rcpt(told, a, at=login).reply.codes for a in (to, "john@contoso.com")]


def test_a_refusal_names_the_connector_that_somebody_made() -> None:
    refused = rcpt(exchange(ReceiveConnectors={"Relay": _RELAY}), "sun@customer.example")
    assert refused.connector is not None
    assert ("Relay", "inbound") == (refused.connector.name, refused.connector.kind)
    assert rcpt(exchange(), "sun@customer.example").connector is None


@pytest.mark.parametrize(
    ("hops", "parameters", "knobs", "ok"),
    [
        (30, {}, {}, True),
        (31, {}, {}, False),
        (31, {"MaxHopCount": 60}, {}, True),
        (31, {}, {"max_hops": 60}, True),
        (2, {"MaxHopCount": 1}, {}, False),
    ],
)
def test_received_fields_are_counted(hops: int, parameters: dict[str, Any], knobs: dict[str, Any], ok: bool) -> None:
    host = exchange(ReceiveConnectors={"Default Frontend X": parameters}, knobs=knobs)
    answer = _content(host, a_message(*[f"h{n}.example" for n in range(hops)]))
    assert (ok, not ok) == (answer.ok, answer.loop)
    assert ok or "554 5.4.6 Hop count exceeded - possible mail loop" == str(answer.reply)


@pytest.mark.parametrize(
    ("passes", "parameters", "ok"),
    [
        (8, {}, True),
        (9, {}, False),
        (9, {"MaxLocalHopCount": 0}, True),
        (9, {"MaxLocalHopCount": 12}, True),
        (2, {"MaxLocalHopCount": 1}, False),
    ],
)
def test_passes_of_this_server_are_counted_apart(passes: int, parameters: dict[str, Any], ok: bool) -> None:
    host = exchange(ReceiveConnectors={"Default Frontend X": parameters})
    answer = _content(host, a_message(*["mail.contoso.com"] * passes))
    assert ok == answer.ok
    assert ("too-many-hops" if not ok else "within-limit") == reasons(answer, "LOOP")["MaxLocalHopCount"]


def test_a_header_may_be_too_large() -> None:
    answer = _content(
        exchange(ReceiveConnectors={"Default Frontend X": {"MaxHeaderSize": "1KB"}}), a_message(X_Long="x" * 2000)
    )
    assert "552 5.3.4 Header size exceeds fixed maximum size" == str(answer.reply)


@pytest.mark.parametrize(
    ("author", "ok"), [("John <john@contoso.com>", True), ("<amy@contoso.com>", False), ("nobody", True)]
)
def test_the_from_of_a_logged_in_client_is_its_own(author: str, ok: bool) -> None:
    answer = _content(exchange(), a_message(From=author), session(port=587, tls=True, auth=JOHN))
    assert ok == answer.ok


def test_acceptance_names_the_message_and_numbers_it() -> None:
    host = exchange()
    at = a_moment()
    said = [
        str(answered(host.content(session(), Envelope(None), a_message(Message_ID="<1@a.example>"), at, {})).reply)
        for _ in range(2)
    ]
    for reply in said:
        assert reply.startswith("250 2.6.0 <1@a.example> [InternalId=")
        assert reply.endswith("Hostname=mail.contoso.com] Queued mail for delivery")
    assert said[0] != said[1]


def test_starttls_shows_the_certificate_of_the_connector() -> None:
    inside = CertificateSpec("mbx01.contoso.internal", issuer="contoso-ca")
    host = exchange(certificates=(inside, GOOD), ReceiveConnectors={"Relay": {
        **_RELAY, "TlsCertificateName": "<I>CN=contoso-ca<S>CN=mbx01.contoso.internal"}})  # fmt: skip
    assert [inside, GOOD] == [host.certificate_for(session(peer)) for peer in ("192.0.2.9", "203.0.113.9")]


def test_facts_say_by_what_a_client_is_known() -> None:
    assert {"basis": "anonymous", "receive connector": "Default Frontend onprem"} == rcpt(
        exchange(), str(Address.parse("john@contoso.com"))
    ).facts

"""What a gateway decides, and what may be written about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try
from simulator.policy.moment import Moment
from simulator.policy.route import Bounce, Hold, Keep, Relay
from simulator.policy.tls import Level
from simulator.products.gateway import Gateway, GatewaySettings, build
from simulator.source import Node, ProblemList
from simulator.topology import CertificateSpec, Server
from tests.answering import answered
from tests.policy.builders import MONDAY, SUN, a_held, a_message, a_moment, a_session
from tests.products.builders import ask_rcpt, reasons

BOB = Address.parse("bob@contoso.com")
ROUTES = {"contoso.com": "mail.contoso.com", "*": "MX"}


def read(settings: dict[str, Any]) -> tuple[GatewaySettings, list[str]]:
    problems = ProblemList()
    made = GatewaySettings.read(Node.of({"routes": ROUTES, **settings}), problems, name="gateway")
    return made, [f"{p.level}: {p.says}" for p in problems.items]


def a_gateway(certificate: CertificateSpec | None = None, **settings: Any) -> Gateway:
    made, problems = read({key.replace("_", " "): value for key, value in settings.items()})
    assert [] == [p for p in problems if p.startswith("error")]
    (host,) = build([(Server("gateway", "gateway", "mx.filter.example", ("192.0.2.80",), certificate), made)], [])
    return host


@pytest.mark.parametrize(
    ("to", "settings", "expected"),
    [
        ("bob@contoso.com", {}, 250),
        ("bob@contoso.com", {"recipients": ["bob@contoso.com"]}, 250),
        ("bob@contoso.com", {"recipients": ["@contoso.com"]}, 250),
        ("eve@contoso.com", {"recipients": ["bob@contoso.com"]}, 550),
        ("bob@sales.contoso.com", {}, 550),
    ],
)
def test_it_takes_mail_for_its_own_domains_and_known_recipients(
    to: str, settings: dict[str, Any], expected: int
) -> None:
    assert expected == ask_rcpt(a_gateway(**settings), to).reply.code


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Reply(250, "2.1.5", "Recipient OK"), 250),
        (Reply(550, "5.4.1", "Access denied"), 550),
        (Reply(452, "4.2.2", "Mailbox full"), 451),
        (None, 451),
    ],
)
def test_with_callout_the_next_host_decides_about_recipients(said: Reply | None, expected: int) -> None:
    host = a_gateway(verifies="callout")
    decision = ask_rcpt(host, "bob@contoso.com")
    assert isinstance(decision.asks, Relay)
    assert ("mail.contoso.com",) == decision.asks.to.hosts
    target = Target("mail.contoso.com", "203.0.113.25")
    one = Try(target, recipients={BOB: said}) if said else Try(target, "CONNECT", broken="refused")
    assert expected == host.next_said(decision, BOB, Outcome((one,)), a_moment()).reply.code


def test_without_callout_nobody_is_asked() -> None:
    assert ask_rcpt(a_gateway(), "bob@contoso.com").asks is None


OUT = {"relays_for": ["40.92.0.0/16"], "sender_domains": ["contoso.com"]}


@pytest.mark.parametrize(
    ("peer", "sender", "settings", "expected"),
    [
        ("40.92.10.1", "bob@contoso.com", OUT, 250),
        ("40.92.10.1", None, OUT, 250),
        ("40.92.10.1", "eve@fabrikam.com", OUT, 550),
        ("198.51.100.7", "bob@contoso.com", OUT, 550),
        ("127.0.0.1", "bob@contoso.com", OUT, 550),
        ("40.92.10.1", "eve@fabrikam.com", {"relays_for": ["40.92.0.0/16"]}, 250),
        ("40.92.10.1", "bob@contoso.com", {}, 550),
    ],
)
def test_who_may_send_out_over_it(peer: str, sender: str | None, settings: dict[str, Any], expected: int) -> None:
    decision = ask_rcpt(a_gateway(**settings), "sun@customer.example", sender=sender, session=a_session(peer=peer))
    assert expected == decision.reply.code
    assert {"relays for", "sender domains"} == set(reasons(decision, "RELAY"))


@pytest.mark.parametrize(
    ("settings", "to", "hosts", "domain", "level"),
    [
        ({}, "bob@contoso.com", ("mail.contoso.com",), "", Level.OPPORTUNISTIC),
        ({"TLS": "verified"}, "bob@contoso.com", ("mail.contoso.com",), "", Level.DOMAIN),
        ({"TLS": "trusted"}, "bob@contoso.com", ("mail.contoso.com",), "", Level.CERTIFICATE),
        ({"TLS": "mandatory"}, "bob@contoso.com", ("mail.contoso.com",), "", Level.ENCRYPTION),
        ({"TLS": "$true"}, "bob@contoso.com", ("mail.contoso.com",), "", Level.OPPORTUNISTIC),
        ({"TLS": "verified"}, "sun@customer.example", (), "customer.example", Level.OPPORTUNISTIC),
        ({"routes": {"*": "relay.example"}}, "sun@customer.example", ("relay.example",), "", Level.OPPORTUNISTIC),
        ({"routes": {"contoso.com": "MX"}}, "bob@contoso.com", (), "contoso.com", Level.OPPORTUNISTIC),
    ],
)
def test_where_mail_goes_on(
    settings: dict[str, Any], to: str, hosts: tuple[str, ...], domain: str, level: Level
) -> None:
    recipient = Address.parse(to)
    relay = a_gateway(**settings).route(a_held(recipient), recipient, a_moment()).route
    assert isinstance(relay, Relay)
    assert (hosts, domain, level) == (relay.to.hosts, relay.to.domain, relay.tls.level)
    assert not relay.to.mx_first


def test_without_tls_is_without_tls() -> None:
    relay = a_gateway(TLS="none").route(a_held(BOB), BOB, a_moment()).route
    assert isinstance(relay, Relay)
    assert relay.tls.never


def test_it_never_sends_to_itself() -> None:
    relay = a_gateway(routes={"contoso.com": "MX"}).route(a_held(BOB), BOB, a_moment()).route
    assert isinstance(relay, Relay)
    assert ("mx.filter.example", "192.0.2.80") == relay.to.exclude


@pytest.mark.parametrize(
    ("subject", "body", "reply", "held"),
    [
        ("Hello", "How are you?", 250, ""),
        ("Urgent Payment", "", 250, "scam"),
        ("Hello", "x urgent payment y", 250, "scam"),
        ("Hello", "EICAR", 550, ""),
    ],
)
def test_what_it_finds_is_held_or_refused(subject: str, body: str, reply: int, held: str) -> None:
    host = a_gateway(holds={"scam": ["urgent payment"]}, refuses={"malware": "eicar"})
    message = Message.parse(f"Subject: {subject}\r\n\r\n{body}\r\n".encode())
    decision = answered(host.content(a_session(), Envelope(SUN, (BOB,)), message, a_moment(), {}))
    assert reply == decision.reply.code
    route = host.route(a_held(BOB).with_message(message), BOB, a_moment()).route
    assert (Hold(held) == route) if held else isinstance(route, Relay)


def test_mail_that_circles_is_refused() -> None:
    host = a_gateway(knobs={"max_hops": 3})
    decision = answered(host.content(a_session(), Envelope(SUN, (BOB,)), a_message(*["a.example"] * 4), a_moment(), {}))
    assert (554, True) == (decision.reply.code, decision.loop)


@pytest.mark.parametrize(
    ("facts", "subject", "stamp"), [({}, "[EXT] Offer", "yes"), ({"direction": "outbound"}, "Offer", None)]
)
def test_what_comes_in_is_marked_and_what_goes_out_is_not(
    facts: dict[str, str], subject: str, stamp: str | None
) -> None:
    host = a_gateway(stamps={"X-Seen": "yes"}, subject_tag="[EXT]")
    held = a_held(BOB).with_message(Message.parse(b"Subject: Offer\r\n\r\nhi\r\n"))
    held.facts = facts  # type: ignore[misc]
    kept = host.stamp(held, a_moment())
    assert (subject, stamp, 1) == (kept.get("Subject"), kept.get("X-Seen"), kept.received_count)
    assert subject == host.stamp(held.with_message(kept), a_moment()).get("Subject"), "a tag is written once"


@pytest.mark.parametrize(("days", "expected"), [(0, Keep), (5, Bounce)])
def test_it_tries_for_four_days(days: int, expected: type) -> None:
    host, held = a_gateway(), a_held(BOB)
    relay = host.route(held, BOB, a_moment()).route
    assert isinstance(relay, Relay)
    outcome = Outcome((Try(Target("mail.contoso.com", "203.0.113.25"), "CONNECT", broken="refused"),))
    (fate,) = host.after_attempt(held, relay, outcome, 1, a_moment(MONDAY + timedelta(days=days))).values()
    assert expected is type(fate)


def test_the_report_goes_to_the_sender_and_never_to_the_null_sender() -> None:
    host = a_gateway()
    notice = host.report(a_held(BOB), BOB, Reply(550, "5.4.1", "no"), Reply(550, "5.4.1", "no"), "mx", a_moment())
    assert notice is not None
    assert notice.to == a_held(BOB).sender


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"routes": {"*": "MX"}}, ["warning: gateway has no route for a domain, so it takes mail for nobody"]),
        ({"routes": ["x"]}, ["error: routes: routes are a map by domain."]),
        ({"relays for": ["40.92.10.1"]}, ["warning: relays for without sender domains"]),
        ({"relays for": ["here"], "sender domains": ["a.example"]}, ["error: relays for: 'here' is neither an address nor a network."]),
        ({"TLS": "perhaps"}, ["error: TLS: 'perhaps' is not known here."]),
        ({"stamps": {"X Y": "z"}}, ["error: stamps: 'X Y' is no name of a header field."]),
        ({"stamp": {}}, ["error: unknown setting stamp in a gateway."]),
        ({"holds": "spam"}, ["error: holds: a map of names, each with its words, is expected."]),
    ],
)  # fmt: skip
def test_what_may_be_written(settings: dict[str, Any], expected: list[str]) -> None:
    told = read(settings)[1]
    assert len(expected) == len(told), told
    assert all(got.startswith(want) for got, want in zip(told, expected, strict=True)), told


@pytest.mark.parametrize("certificate", [None, CertificateSpec("mx.filter.example")])
def test_starttls_comes_with_a_certificate(certificate: CertificateSpec | None) -> None:
    assert ("STARTTLS" in a_gateway(certificate).keywords(a_session())) == (certificate is not None)


def test_everybody_comes_back_later_but_those_who_never_wait() -> None:
    host = a_gateway(retry_after="10m", never_waits=["40.92.0.0/16"])
    memory: dict[str, Any] = {}

    def asked(minutes: int, peer: str) -> str:
        at = Moment(MONDAY + timedelta(minutes=minutes), memory)
        return str(host.rcpt(a_session(peer), Envelope(SUN), BOB, at).reply)

    assert "451 4.7.1 Come back in 600 seconds" == asked(0, "198.51.100.7")
    assert "451 4.7.1 Come back in 300 seconds" == asked(5, "198.51.100.7")
    assert "451 4.7.1 Come back in 600 seconds" == asked(5, "198.51.100.8")  # every address begins anew
    assert "250 2.1.5 Recipient ok" == asked(10, "198.51.100.7")
    assert "250 2.1.5 Recipient ok" == asked(0, "40.92.10.1")
    assert "550 5.7.1" == host.rcpt(a_session("198.51.100.7"), Envelope(SUN), SUN, Moment(MONDAY, memory)).reply.codes

"""What is found out about a sender at the end of DATA, and what becomes of the message."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.keyring import KEYRING
from simulator.mail.address import Address, parse_sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy import arc, dkim
from simulator.policy.decision import Decision
from simulator.policy.moment import Moment
from simulator.zone import KEY_TOKEN, Zone
from tests.answering import answered
from tests.products.exchange_online.builders import (
    NOW,
    ORIGINATING,
    SUBMITTED,
    contoso,
    inbound,
    message,
    outbound,
    outcomes,
    session,
)

INCOMING = {"tenant": "m365", "direction": "Incoming", "basis": "recipient-owner"}
HERE = ("contoso.com", "MX", "0 contoso-com.mail.protection.outlook.com")
SPF = ("a.test", "TXT", "v=spf1 ip4:203.0.113.5 -all")
DENIED = ("a.test", "TXT", "v=spf1 ip4:192.0.2.1 -all")
REJECT = ("_dmarc.a.test", "TXT", "v=DMARC1; p=reject; sp=quarantine")
KEY = ("s1._domainkey.a.test", "TXT", f"{KEY_TOKEN}a.test")
SEALER = ("arc._domainkey.list.test", "TXT", f"{KEY_TOKEN}list.test")
MAIL = message(From="<jo@a.test>")


def at() -> Moment:
    return Moment(NOW, {}, 7, KEYRING)


def asked(
    *records: tuple[str, str, str], what: Message = MAIL, sender: str = "jo@a.test", to: str = "bob@contoso.com",
    facts: dict[str, str] = INCOMING, client: Session | None = None, failing: tuple[str, str] | None = None, **tenant: Any,
) -> Decision:  # fmt: skip
    zone = Zone.of([HERE, *records]).with_keys(KEYRING)
    if failing:
        zone = Zone(zone.records, {failing: "servfail"}).with_keys(KEYRING)
    envelope = Envelope(parse_sender(sender), tuple(map(Address.parse, to.split())))
    return answered(contoso(**tenant).content(client or session(), envelope, what, at(), facts), zone)


def found(*records: tuple[str, str, str], **how: Any) -> tuple[str, ...]:
    """SPF, DKIM, DMARC, compauth, SCL."""
    facts = asked(*records, **how).facts
    return tuple(facts[name] for name in ("spf", "dkim", "dmarc", "compauth", "scl"))


def signed(what: Message = MAIL, domain: str = "a.test") -> Message:
    return dkim.sign(what, domain=domain, selector="s1", owner=domain, keys=KEYRING)


def test_a_domain_without_records_is_let_in() -> None:
    assert ("none", "none", "none", "softpass reason=201", "1") == found()


def test_spf_alone_is_a_best_guess() -> None:
    assert ("pass", "none", "bestguesspass", "pass reason=109", "1") == found(SPF)


def test_spf_that_fails_is_spam() -> None:
    assert ("fail", "none", "none", "fail reason=001", "5") == found(DENIED)


def test_a_signature_makes_up_for_spf() -> None:
    assert ("fail", "pass", "pass", "pass reason=100", "1") == found(DENIED, REJECT, KEY, what=signed())


def test_a_broken_signature_does_not() -> None:
    changed = Message(signed().fields, b"\r\nSomething else.\r\n")
    decision = asked(SPF, KEY, what=changed, sender="bounce@mailer.test")

    assert "fail" == decision.facts["dkim"]
    assert "dkim=fail (body hash did not verify) header.d=a.test" == decision.facts["dkim results"]


def test_a_signature_without_a_key_is_told_so() -> None:
    assert "dkim=fail (no key for signature) header.d=a.test" == asked(what=signed()).facts["dkim results"]


def test_a_policy_of_reject_is_carried_out() -> None:
    decision = asked(DENIED, REJECT)

    assert "550 5.7.509" == decision.reply.codes
    assert decision.reply.text.startswith(
        "Access denied, sending domain [a.test] does not pass DMARC verification and has a DMARC policy of reject. ["
    )
    assert ("fail", "fail reason=000") == (decision.facts["dmarc"], decision.facts["compauth"])


@pytest.mark.parametrize(
    ("how", "codes", "action", "placed"),
    [
        ({"AntiPhishPolicy": {"HonorDmarcPolicy": False}}, "250 2.6.0", "oreject", "MoveToJmf"),
        ({"AntiPhishPolicy": {"DmarcRejectAction": "Quarantine"}}, "250 2.6.0", "oreject", "Quarantine"),
        ({"what": message(From="<jo@sub.a.test>")}, "250 2.6.0", "quarantine", "Quarantine"),
        ({"what": message(From="<jo@sub.a.test>"), "AntiPhishPolicy": {"DmarcQuarantineAction": "MoveToJmf"}},
         "250 2.6.0", "quarantine", "MoveToJmf"),
    ],
)  # fmt: skip
def test_what_is_done_instead(how: dict[str, Any], codes: str, action: str, placed: str) -> None:
    decision = asked(DENIED, REJECT, **how)

    assert (codes, action, placed) == (
        decision.reply.codes,
        decision.facts["dmarc action"],
        decision.facts["spam action"],
    )


@pytest.mark.parametrize(
    ("mx", "outcome", "codes"),
    [
        ("0 contoso-com.mail.protection.outlook.com", "mx-here", "550 5.7.509"),
        ("0 contoso-com.a-v1.mx.microsoft", "mx-here", "550 5.7.509"),
        ("10 gateway.example", "mx-elsewhere", "250 2.6.0"),
    ],
)
def test_behind_a_gateway_the_policy_is_not_followed(mx: str, outcome: str, codes: str) -> None:
    zone = Zone.of([DENIED, REJECT, ("contoso.com", "MX", mx)]).with_keys(KEYRING)
    envelope = Envelope(Address.parse("jo@a.test"), (Address.parse("bob@contoso.com"),))
    decision = answered(contoso().content(session(), envelope, MAIL, at(), INCOMING), zone)

    assert (outcome, codes) == (outcomes(decision.steps)["HONOR"], decision.reply.codes)


def test_without_an_mx_the_policy_is_followed() -> None:
    envelope = Envelope(Address.parse("jo@a.test"), (Address.parse("bob@contoso.com"),))
    decision = answered(contoso().content(session(), envelope, MAIL, at(), INCOMING), Zone.of([DENIED, REJECT]))

    assert "550 5.7.509" == decision.reply.codes


@pytest.mark.parametrize(
    ("failing", "result"),
    [
        (("a.test", "TXT"), ("temperror", "none", "temperror", "softpass reason=201", "1")),
        (("_dmarc.a.test", "TXT"), ("fail", "none", "temperror", "fail reason=001", "5")),
    ],
)
def test_dns_that_fails_never_refuses(failing: tuple[str, str], result: tuple[str, ...]) -> None:
    assert result == found(DENIED, REJECT, failing=failing)


def test_a_message_of_the_null_sender_is_judged_by_its_helo_name() -> None:
    facts = asked(("client.example", "TXT", "v=spf1 ip4:203.0.113.5 -all"), sender="<>").facts

    assert ("pass", "client.example", "helo") == (facts["spf"], facts["spf domain"], facts["spf identity"])


def test_who_claims_to_be_a_colleague_is_told_apart() -> None:
    records = (
        ("contoso.com", "TXT", "v=spf1 ip4:192.0.2.1 -all"),
        ("_dmarc.contoso.com", "TXT", "v=DMARC1; p=quarantine"),
    )
    forged: dict[str, Any] = {"what": message(From="<ceo@contoso.com>"), "sender": "ceo@contoso.com"}

    assert "fail reason=601" == asked(records[0], **forged).facts["compauth"]
    assert "fail reason=010" == asked(*records, **forged).facts["compauth"]
    assert "9.11" == asked(*records, **forged).facts["sfty"]


@pytest.mark.parametrize(
    ("facts", "to", "expected"),
    [
        (SUBMITTED, "bob@contoso.com", ("255.255.255.255", "-1", "INT")),
        (SUBMITTED, "bob@contoso.com x@x.test", ("255.255.255.255", "1", "OUT")),
    ],
)
def test_nobody_looks_up_who_logged_in(facts: dict[str, str], to: str, expected: tuple[str, ...]) -> None:
    client = session(port=587, tls=True, auth=Address.parse("bob@contoso.com"))
    decision = asked(DENIED, REJECT, facts=facts, client=client, to=to, what=message(From="<bob@contoso.com>"))

    assert expected == tuple(decision.facts[name] for name in ("ip", "scl", "direction of mail"))
    assert "compauth=" not in str(decision.facts)
    assert "none" == decision.facts["compauth"]


OVER = {**ORIGINATING, "inbound": "own servers"}


@pytest.mark.parametrize(
    ("connector", "knobs", "compauth", "scl"),
    [
        ({}, {}, "none reason=405", "1"),
        ({}, {"spoof_check_on_connector_mail": True}, "fail reason=001", "5"),
        ({"EFSkipLastIP": True}, {}, "fail reason=001", "5"),
        ({"TreatMessagesAsInternal": True}, {}, "none reason=405", "1"),
    ],
)
def test_mail_over_an_own_servers_connector(
    connector: dict[str, Any], knobs: dict[str, Any], compauth: str, scl: str
) -> None:
    facts = asked(DENIED, facts=OVER, InboundConnectors=inbound(**connector), knobs=knobs).facts

    assert (compauth, scl) == (facts["compauth"], facts["scl"])


def test_mail_that_counts_as_internal_is_not_filtered() -> None:
    facts = asked(
        DENIED, facts=OVER, InboundConnectors=inbound(TreatMessagesAsInternal=True), sender="john@contoso.com"
    ).facts

    assert ("-1", "SKI", "none") == (facts["scl"], facts["sfv"], facts["compauth"])


@pytest.mark.parametrize(
    ("to", "expected"), [("bob@contoso.com", ("INB", "Quarantine")), ("x@x.test", ("OUT", "Inbox"))]
)
def test_what_own_servers_send_to_outside_is_not_put_anywhere(to: str, expected: tuple[str, str]) -> None:
    gtube = Message(MAIL.fields, b"\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n")
    policy = {"HighConfidenceSpamAction": "Quarantine"}
    facts = asked(what=gtube, facts=OVER, to=to, InboundConnectors=inbound(), HostedContentFilterPolicy=policy).facts

    assert expected == (facts["direction of mail"], facts["spam action"])


GATEWAY = {"SenderIPAddresses": ["203.0.113.5"], "EFSkipLastIP": True}
THROUGH = MAIL.topped(("Received", "from mx.a.test ([192.0.2.1]) by gateway.example with ESMTP"))


def test_enhanced_filtering_judges_by_the_real_source() -> None:
    how: dict[str, Any] = {"what": THROUGH, "facts": OVER}
    seen = asked(DENIED, REJECT, **how, InboundConnectors=inbound(**GATEWAY)).facts
    unseen = asked(DENIED, REJECT, **how, InboundConnectors=inbound(**{**GATEWAY, "EFSkipLastIP": False})).facts

    assert ("pass", "192.0.2.1", "pass reason=100", "203.0.113.5") == (
        seen["spf"], seen["ip"], seen["compauth"], seen["skipped"],
    )  # fmt: skip
    assert ("fail", "203.0.113.5", "none reason=405") == (unseen["spf"], unseen["ip"], unseen["compauth"])


def test_enhanced_filtering_follows_a_policy_behind_a_gateway() -> None:
    records = (DENIED, REJECT, ("contoso.com", "MX", "10 gateway.example"))
    forged = MAIL.topped(("Received", "from evil ([198.51.100.66]) by gateway.example with ESMTP"))
    zone = Zone.of(records).with_keys(KEYRING)
    envelope = Envelope(Address.parse("jo@a.test"), (Address.parse("bob@contoso.com"),))
    tenant = contoso(InboundConnectors=inbound(**GATEWAY))

    assert "550 5.7.509" == answered(tenant.content(session(), envelope, forged, at(), OVER), zone).reply.codes


def test_centralised_transport_keeps_enhanced_filtering_off() -> None:
    central = outbound(RecipientDomains="*", RouteAllMessagesViaOnPremises=True)
    facts = asked(
        DENIED, what=THROUGH, facts=OVER, InboundConnectors=inbound(**GATEWAY), OutboundConnectors=central
    ).facts

    assert ("fail", "203.0.113.5") == (facts["spf"], facts["ip"])


def test_an_allowed_address_is_looked_for_at_the_real_source() -> None:
    allowed: dict[str, Any] = {"HostedConnectionFilterPolicy": {"IPAllowList": ["192.0.2.1"]}}
    facts = asked(what=THROUGH, facts=OVER, InboundConnectors=inbound(**GATEWAY), **allowed).facts

    assert ("-1", "CAL") == (facts["scl"], facts["ipv"])


def listed(results: str, what: Message | None = None) -> Message:
    """What a mailing list makes of a message, sealed by it."""
    changed = (what or MAIL).replaced("Subject", "[list] hello")
    return arc.seal(
        changed, domain="list.test", selector="arc", owner="list.test", keys=KEYRING, authserv="mx.list.test", results=results,
        chain="none",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sealers", "results", "compauth"),
    [
        ("list.test", "dmarc=pass header.from=a.test", "pass reason=130"),
        ("other.test,list.test", "spf=pass; dmarc=pass action=none header.from=a.test; dkim=none", "pass reason=130"),
        ("other.test", "dmarc=pass header.from=a.test", "fail reason=000"),
        ("", "dmarc=pass header.from=a.test", "fail reason=000"),
        ("list.test", "dmarc=fail header.from=a.test", "fail reason=000"),
        ("list.test", "dmarc=pass header.from=b.test", "fail reason=000"),
        ("list.test", "spf=pass", "fail reason=000"),
    ],
)
def test_a_trusted_sealers_word_stands_for_what_is_no_longer_to_be_seen(
    sealers: str, results: str, compauth: str
) -> None:
    decision = asked(DENIED, REJECT, SEALER, what=listed(results), ArcConfig={"ArcTrustedSealers": sealers})

    assert ("pass", compauth) == (decision.facts["arc"], decision.facts["compauth"])
    assert ("130" in compauth) == decision.ok


def test_a_seal_that_does_not_verify_says_nothing() -> None:
    sealed = listed("dmarc=pass header.from=a.test")
    changed = Message(sealed.fields, b"\r\nSomething else.\r\n")
    decision = asked(DENIED, REJECT, SEALER, what=changed, ArcConfig={"ArcTrustedSealers": "list.test"})

    assert ("fail", "fail reason=000") == (decision.facts["arc"], decision.facts["compauth"])


def test_every_step_is_told() -> None:
    steps = outcomes(asked(DENIED, REJECT, KEY, what=signed(listed("dmarc=pass"))).steps)

    assert {"SPF": "fail", "DKIM": "pass", "ARC": "fail", "DMARC": "pass", "COMPAUTH": "pass", "FILTER": "clean"} == {
        name: steps[name] for name in ("SPF", "DKIM", "ARC", "DMARC", "COMPAUTH", "FILTER")
    }


@pytest.mark.parametrize(("discovery", "dmarc"), [("organizational", "bestguesspass"), ("tree-walk", "none")])
def test_how_the_organization_is_found_is_a_knob(discovery: str, dmarc: str) -> None:
    facts = asked(
        ("out.a.test", "TXT", "v=spf1 ip4:203.0.113.5 -all"),
        sender="jo@out.a.test",
        knobs={"dmarc_discovery": discovery},
    ).facts

    assert dmarc == facts["dmarc"]


def test_a_name_for_the_address_is_looked_up() -> None:
    assert "mx.a.test" == asked(("5.113.0.203.in-addr.arpa", "PTR", "mx.a.test.")).facts["ptr"]
    assert "InfoDomainNonexistent" == asked().facts["ptr"]

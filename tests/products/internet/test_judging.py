from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.mail.mailboxes import author_of
from simulator.mail.message import Message
from simulator.products.internet.judging import with_results
from simulator.zone import Zone
from tests.policy.builders import SUN, a_held, a_moment, a_session
from tests.policy.dkim.builders import a_message, signed
from tests.products.builders import an_internet, step
from tests.products.internet.examining import GOOD, a_zone, taken

_REJECT = "v=DMARC1; p=reject"


@pytest.mark.parametrize(
    ("peer", "sign", "zone", "sender", "expected"),
    [
        (GOOD, True, a_zone(dmarc=_REJECT), "bob@contoso.com", ("pass", "pass", "pass")),
        (GOOD, False, a_zone(dmarc=_REJECT), "bob@contoso.com", ("pass", "none", "pass")),
        ("192.0.2.66", True, a_zone(dmarc=_REJECT), "bob@contoso.com", ("fail", "pass", "pass")),
        ("192.0.2.66", False, a_zone(), "bob@contoso.com", ("fail", "none", "none")),
        (GOOD, False, a_zone(dmarc="v=DMARC1; p=none"), "x@other.example", ("none", "none", "fail")),
        (GOOD, False, a_zone(), None, ("none", "none", "none")),
        (GOOD, True, a_zone(spf="v=spf1 ip4:203.0.113.25 ip4:1.2.3"), "bob@contoso.com", ("permerror", "pass", "none")),
        (GOOD, True, a_zone(failing={("contoso.com", "TXT"): "servfail"}), "bob@contoso.com", ("temperror", "pass", "none")),
        (GOOD, True, a_zone(failing={("s1._domainkey.contoso.com", "TXT"): "timeout"}), "bob@contoso.com", ("pass", "temperror", "none")),
    ],
)  # fmt: skip
def test_results_are_facts_of_the_message(
    peer: str, sign: bool, zone: Zone, sender: str | None, expected: tuple[str, str, str]
) -> None:
    message = signed() if sign else a_message()
    decision = taken(
        an_internet(), message, zone, sender=sender, session=a_session(peer, helo="mail.contoso.com")
    )  # fmt: skip
    facts = decision.facts
    assert (expected, peer, "contoso.com") == (
        (facts["spf"], facts["dkim"], facts["dmarc"]), facts["ip"], facts["author"],
    )  # fmt: skip


def test_every_result_says_how_it_was_found() -> None:
    decision = taken(an_internet(), a_message(), a_zone(dmarc=_REJECT), session=a_session("192.0.2.66"))
    assert "SPF fail: -all of contoso.com" in step(decision, "SPF").says
    assert "DKIM none: the message is not signed" == step(decision, "DKIM").says
    assert "contoso.com asks for reject" in step(decision, "DMARC").says


def test_a_changed_message_fails_for_a_reason() -> None:
    changed = replace(signed(), rest=b"\r\nAnother body.\r\n")
    decision = taken(an_internet(), changed)
    assert ("fail", "fail") == (decision.facts["dkim"], step(decision, "DKIM").outcome)
    assert "dkim=fail (body-hash) header.d=contoso.com header.s=s1" in decision.facts["authenticated"]


def test_the_results_are_written_on_top_of_the_message() -> None:
    host = an_internet()
    decision = taken(host, signed(), a_zone(dmarc=_REJECT))
    kept = host.stamp(a_held(SUN, message=signed(), facts=decision.facts), a_moment())
    assert ["Authentication-Results", "Received"] == [name for name, _ in kept.fields[:2]]
    expected = (
        "mx.customer.example; spf=pass smtp.mailfrom=contoso.com; dkim=pass header.d=contoso.com header.s=s1; "
        "dmarc=pass header.from=contoso.com"
    )
    assert expected == kept.get("Authentication-Results")


def test_the_null_sender_is_judged_by_its_helo_name() -> None:
    zone = Zone({("mail.contoso.com", "TXT"): ("v=spf1 ip4:203.0.113.25 -all",)})
    assert "spf=pass smtp.helo=mail.contoso.com" in taken(an_internet(), zone=zone, sender=None).facts["authenticated"]


def test_results_that_others_wrote_in_this_hosts_name_are_taken_out() -> None:
    forged = a_message(
        more="Authentication-Results: MX.customer.example 1; dmarc=pass\r\nAuthentication-Results: mx.other.example; spf=pass\r\n"
    )
    assert ["mx.other.example; spf=pass"] == with_results(forged, {}, "mx.customer.example").all(
        "Authentication-Results"
    )
    untouched = a_message()
    assert untouched is with_results(untouched, {}, "mx.customer.example")


def test_who_logged_in_is_not_judged() -> None:
    decision = taken(an_internet(), session=a_session("192.0.2.66", auth=SUN))
    assert (True, {}) == (decision.ok, decision.facts)


def test_a_host_that_does_not_judge_asks_nothing() -> None:
    decision = taken(an_internet({"judges": False}), zone=Zone({}, {("contoso.com", "TXT"): "servfail"}))
    assert (True, {}) == (decision.ok, decision.facts)


def test_mail_without_an_author_has_no_dmarc_domain() -> None:
    anonymous = Message.parse(b"Subject: hello\r\n\r\nhello\r\n")
    assert author_of(anonymous) is None
    facts = taken(an_internet(), anonymous, a_zone(dmarc=_REJECT)).facts
    assert ("none", True) == (facts["dmarc"], facts["authenticated"].endswith("dmarc=none"))


@pytest.mark.parametrize(
    ("knob", "expected"), [("tree-walk", "fail"), ("organizational", "fail")]
)  # fmt: skip
def test_both_ways_to_a_dmarc_record_are_there(knob: str, expected: str) -> None:
    zone = Zone({("_dmarc.contoso.com", "TXT"): ("v=DMARC1; p=none; sp=none",)})
    message = Message.parse(b"From: bob@eu.contoso.com\r\n\r\nhello\r\n")
    assert expected == taken(an_internet(dmarc_discovery=knob), message, zone).facts["dmarc"]

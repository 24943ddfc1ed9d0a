from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.route import Deliver
from simulator.zone import Zone
from tests.policy.builders import SUN, a_held, a_moment, a_session
from tests.policy.dkim.builders import signed
from tests.products.builders import an_internet, chosen, reasons
from tests.products.internet.examining import a_zone, taken

STRANGER = a_session("192.0.2.66")
_BROKEN = a_zone(spf="v=spf1 a:x ip4:1.2.3")
_DOWN = a_zone(failing={("contoso.com", "TXT"): "servfail"})


@pytest.mark.parametrize(
    ("refuses", "zone", "expected"),
    [
        (None, a_zone(), "250 2.0.0"),
        ({"spf": "fail", "with": "550 5.7.23"}, a_zone(), "550 5.7.23"),
        ({"spf": "fail"}, a_zone(), "550 5.7.23"),
        ({"spf": "softfail"}, a_zone(), "250 2.0.0"),
        ({"spf": ["softfail", "fail"]}, a_zone(spf="v=spf1 ~all"), "550 5.7.23"),
        ({"spf": "permerror"}, _BROKEN, "550 5.7.24"),
        ({"spf": "temperror"}, _DOWN, "451 4.7.24"),
        ({"dkim": "none"}, a_zone(), "550 5.7.20"),
        ({"dmarc": "fail"}, a_zone(dmarc="v=DMARC1; p=none"), "550 5.7.1"),
        ({"spf": "fail", "dkim": "none"}, a_zone(), "550 5.7.26"),
        ({"spf": "fail", "dkim": "pass"}, a_zone(), "250 2.0.0"),
        ([{"spf": "none"}, {"dkim": "none", "with": "554 5.7.0 No"}], a_zone(), "554 5.7.0"),
    ],
)  # fmt: skip
def test_only_the_named_results_are_refused(refuses: Any, zone: Zone, expected: str) -> None:
    settings = {"refuses": refuses} if refuses else {}
    decision = taken(an_internet(settings), zone=zone, session=STRANGER)
    assert expected == decision.reply.codes
    assert "spf" in decision.facts


@pytest.mark.parametrize(
    ("record", "knob", "expected", "folder"),
    [
        ("v=DMARC1; p=none", "follow", "250 2.0.0", "Inbox"), ("v=DMARC1; p=quarantine", "follow", "250 2.0.0", "Junk"),
        ("v=DMARC1; p=reject", "follow", "550 5.7.1", ""), ("v=DMARC1; p=reject", "mark", "250 2.0.0", "Inbox"),
        ("v=DMARC1; p=reject; t=y", "follow", "250 2.0.0", "Junk"), ("", "follow", "250 2.0.0", "Inbox"),
    ],
)  # fmt: skip
def test_a_domain_says_what_becomes_of_mail_that_fails_dmarc(
    record: str, knob: str, expected: str, folder: str
) -> None:
    host = an_internet(dmarc=knob)
    decision = taken(host, zone=a_zone(dmarc=record), session=STRANGER)
    assert expected == decision.reply.codes
    if folder:
        assert Deliver(SUN, folder) == host.route(a_held(SUN, facts=decision.facts), SUN, a_moment()).route
    assert knob == "follow" or {"dmarc": "only-marked"} == reasons(decision, "DMARC POLICY")


def test_mail_that_passes_is_no_matter_of_policy() -> None:
    decision = taken(an_internet(), signed(), a_zone(dmarc="v=DMARC1; p=reject"), session=STRANGER)
    assert (True, "pass") == (decision.ok, decision.facts["dmarc"])


@pytest.mark.parametrize(
    ("mx", "knob", "expected"),
    [("0 .", True, "550 5.7.27"), ("0 .", False, "250 2.0.0"), ("10 mail.contoso.com", True, "250 2.0.0"), ("", True, "250 2.0.0")],
)  # fmt: skip
def test_a_sender_that_takes_no_mail_may_be_refused(mx: str, knob: bool, expected: str) -> None:
    assert expected == taken(an_internet(refuse_null_mx_sender=knob), zone=a_zone(mx=mx)).reply.codes


def test_the_null_sender_has_no_mx() -> None:
    assert taken(an_internet(refuse_null_mx_sender=True), sender=None).ok


def test_a_refused_result_is_a_candidate_that_lost() -> None:
    decision = taken(an_internet({"refuses": {"spf": "fail"}}), session=STRANGER)
    assert ({"refuses": "refused-result"}, []) == (reasons(decision, "REFUSES"), chosen(decision, "REFUSES"))

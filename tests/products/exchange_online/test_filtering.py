"""SCL, what a message was taken for, and what is done with it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.decision import Step
from simulator.policy.dmarc import DmarcVerdict
from simulator.products.exchange_online.composite import Composite
from simulator.products.exchange_online.filtering import FilterVerdict, Suspect, filtered, internal
from tests.products.exchange_online.builders import message, settings

NOTHING = DmarcVerdict("none")
REJECT, QUARANTINE = (DmarcVerdict("fail", p, p, "a.test") for p in ("reject", "quarantine"))
SPARED = DmarcVerdict("fail", "reject", "quarantine", "a.test")
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
VIRUS = "-".join(("EICAR", "STANDARD", "ANTIVIRUS", "TEST", "FILE!$H+H*"))

IP_ALLOWED = {"HostedConnectionFilterPolicy": {"IPAllowList": ["203.0.113.5"]}}
SPOOFED = "fail reason=001"


def content(**policy: Any) -> dict[str, Any]:
    return {"HostedContentFilterPolicy": policy}


def phish(**policy: Any) -> dict[str, Any]:
    return {"AntiPhishPolicy": policy}


def verdict(
    tenant: dict[str, Any] | None = None, *, compauth: str = "softpass reason=201", dmarc: DmarcVerdict = NOTHING,
    spf: str = "none", followed: bool = True, body: str = "Hello.",
) -> FilterVerdict:  # fmt: skip
    result, _, reason = compauth.partition(" reason=")
    what = Message(message().fields, f"\r\n{body}\r\n".encode())
    step = Step("COMPAUTH", "EXO-AUTH-1", result, "")
    suspect = Suspect(
        what, "203.0.113.5", Address.parse("a@a.test"), spf, dmarc, Composite(result, reason, step), followed
    )
    return filtered(suspect, settings(AcceptedDomains={"contoso.com": "Authoritative"}, **(tenant or {})))


Row = tuple[int, str, str, str]


def row(found: FilterVerdict) -> Row:
    return found.scl, found.sfv, found.cat, found.action


CASES: list[tuple[dict[str, Any], dict[str, Any], Row]] = [
    ({}, {}, (1, "NSPM", "NONE", "Inbox")),
    # composite authentication
    ({}, {"compauth": SPOOFED}, (5, "SPM", "SPOOF", "MoveToJmf")),
    (phish(AuthenticationFailAction="Quarantine"), {"compauth": SPOOFED}, (5, "SPM", "SPOOF", "Quarantine")),
    (phish(EnableSpoofIntelligence=False), {"compauth": SPOOFED}, (1, "NSPM", "NONE", "Inbox")),
    ({"knobs": {"spoof_scl": 7}}, {"compauth": SPOOFED}, (7, "SPM", "SPOOF", "MoveToJmf")),
    # DMARC
    ({}, {"compauth": "fail reason=000", "dmarc": REJECT}, (5, "SPM", "SPOOF", "Reject")),
    (phish(DmarcRejectAction="Quarantine"), {"compauth": "fail reason=000", "dmarc": REJECT}, (5, "SPM", "SPOOF", "Quarantine")),
    ({}, {"compauth": "fail reason=000", "dmarc": QUARANTINE}, (5, "SPM", "SPOOF", "Quarantine")),
    (phish(DmarcQuarantineAction="MoveToJmf"), {"compauth": "fail reason=000", "dmarc": QUARANTINE}, (5, "SPM", "SPOOF", "MoveToJmf")),
    ({}, {"compauth": "fail reason=000", "dmarc": REJECT, "followed": False}, (5, "SPM", "SPOOF", "MoveToJmf")),
    ({}, {"compauth": "pass reason=130", "dmarc": REJECT}, (1, "NSPM", "NONE", "Inbox")),
    ({}, {"compauth": "none reason=405", "dmarc": REJECT}, (1, "NSPM", "NONE", "Inbox")),
    ({}, {"compauth": "softpass reason=201", "dmarc": SPARED}, (1, "NSPM", "NONE", "Inbox")),
    # without spoof intelligence only what a domain says of itself counts
    (phish(EnableSpoofIntelligence=False), {"compauth": "fail reason=000", "dmarc": REJECT}, (5, "SPM", "SPOOF", "Reject")),
    (phish(EnableSpoofIntelligence=False, HonorDmarcPolicy=False),
     {"compauth": "fail reason=000", "dmarc": REJECT, "followed": False}, (5, "SPM", "SPOOF", "Quarantine")),
    # lists
    (IP_ALLOWED, {"compauth": SPOOFED}, (-1, "SKI", "NONE", "Inbox")),
    (IP_ALLOWED, {"compauth": "fail reason=000", "dmarc": REJECT}, (5, "SPM", "SPOOF", "Reject")),
    (content(AllowedSenders=["A@a.test"]), {"compauth": SPOOFED}, (-1, "SKA", "NONE", "Inbox")),
    (content(AllowedSenderDomains=["a.test"]), {}, (-1, "SKA", "NONE", "Inbox")),
    (content(BlockedSenders=["a@a.test"]), {}, (6, "SKB", "SPM", "MoveToJmf")),
    (content(BlockedSenderDomains=["a.test"], SpamAction="Delete"), {}, (6, "SKB", "SPM", "Delete")),
    (content(BlockedSenders=["a@a.test"], AllowedSenderDomains=["a.test"]), {}, (-1, "SKA", "NONE", "Inbox")),
    (content(BlockedSenders=["b@a.test"]), {}, (1, "NSPM", "NONE", "Inbox")),
    # SPF and content
    (content(MarkAsSpamSpfRecordHardFail="On"), {"spf": "fail"}, (9, "SPM", "HSPM", "MoveToJmf")),
    (content(MarkAsSpamSpfRecordHardFail="On"), {"spf": "softfail"}, (1, "NSPM", "NONE", "Inbox")),
    (content(HighConfidenceSpamAction="Quarantine"), {"body": GTUBE}, (9, "SPM", "HSPM", "Quarantine")),
    (IP_ALLOWED, {"body": VIRUS}, (9, "SPM", "AMP", "Quarantine")),
]  # fmt: skip


@pytest.mark.parametrize(("tenant", "facts", "expected"), CASES)
def test_the_first_line_that_fits_decides(tenant: dict[str, Any], facts: dict[str, Any], expected: Row) -> None:
    assert expected == row(verdict(tenant, **facts))


@pytest.mark.parametrize(("outside", "expected"), [(False, (-1, "SKI")), (True, (1, "NSPM"))])
def test_the_tenants_own_mail_is_not_filtered(outside: bool, expected: tuple[int, str]) -> None:
    assert expected == (internal(outside).scl, internal(outside).sfv)


def test_an_allowed_address_is_told() -> None:
    assert ("CAL", "NLI") == (verdict(IP_ALLOWED).ipv, verdict().ipv)


@pytest.mark.parametrize(("reason", "sfty"), [("000", "9.22"), ("001", "9.22"), ("010", "9.11"), ("601", "9.11")])
def test_a_forged_colleague_is_told_from_a_forged_stranger(reason: str, sfty: str) -> None:
    assert sfty == verdict(compauth=f"fail reason={reason}").sfty


def test_the_setting_that_decided_is_pointed_at() -> None:
    found = verdict(content(BlockedSenders=["a@a.test"]))

    assert ("blocked", ["BlockedSenders"]) == (found.step.outcome, [c.name for c in found.step.candidates])
    assert found.step.at


def test_the_header_of_an_spf_hard_fail() -> None:
    assert "SPF Record Fail" == verdict(content(MarkAsSpamSpfRecordHardFail="On"), spf="fail").custom

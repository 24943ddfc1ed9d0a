"""What SPF, DKIM, DMARC and ARC come to together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.policy.dmarc import DmarcVerdict
from simulator.products.exchange_online.composite import Evidence, composite
from tests.products.exchange_online.builders import settings

PASSED = DmarcVerdict("pass", "reject", aligned=("spf:a.test",))
GUESSED = DmarcVerdict("bestguesspass", aligned=("dkim:a.test",))
REJECT, QUARANTINE, LENIENT = (DmarcVerdict("fail", p, p, "a.test") for p in ("reject", "quarantine", "none"))
SPARED = DmarcVerdict("fail", "reject", "quarantine", "a.test")
NOTHING, UNKNOWN, BROKEN = DmarcVerdict("none"), DmarcVerdict("temperror"), DmarcVerdict("permerror")


def word(dmarc: DmarcVerdict, spf: str = "none", *, knobs: dict[str, Any] | None = None, **facts: Any) -> str:
    evidence = Evidence(**{"author": "a.test", "own": False, "spf": spf, "dkim": "none", "dmarc": dmarc, **facts})
    tenant = settings(AcceptedDomains={"contoso.com": "Authoritative"}, knobs=knobs or {})
    return str(composite(evidence, tenant.knobs))


@pytest.mark.parametrize(
    ("dmarc", "spf", "facts", "expected"),
    [
        (PASSED, "pass", {}, "pass reason=100"),
        (PASSED, "fail", {}, "pass reason=100"),
        (GUESSED, "pass", {}, "pass reason=109"),
        (REJECT, "fail", {}, "fail reason=000"),
        (QUARANTINE, "pass", {}, "fail reason=000"),
        (REJECT, "fail", {"own": True}, "fail reason=010"),
        (REJECT, "fail", {"sealer": "s.test"}, "pass reason=130"),
        (LENIENT, "fail", {"sealer": "s.test"}, "pass reason=130"),
        (LENIENT, "fail", {}, "fail reason=001"),
        (LENIENT, "fail", {"own": True}, "fail reason=601"),
        (LENIENT, "softfail", {}, "softpass reason=201"),
        (SPARED, "softfail", {}, "softpass reason=201"),
        (NOTHING, "fail", {}, "fail reason=001"),
        (NOTHING, "none", {}, "softpass reason=201"),
        (NOTHING, "none", {"own": True}, "softpass reason=201"),
        (NOTHING, "pass", {}, "softpass reason=201"),
        (UNKNOWN, "temperror", {}, "softpass reason=201"),
        (BROKEN, "permerror", {}, "softpass reason=201"),
        (NOTHING, "none", {"author": ""}, "none reason=300"),
        (REJECT, "fail", {"bypassed": True}, "none reason=405"),
    ],
)
def test_the_first_line_that_fits_decides(dmarc: DmarcVerdict, spf: str, facts: dict[str, Any], expected: str) -> None:
    assert expected == word(dmarc, spf, **facts)


@pytest.mark.parametrize(
    ("knobs", "spf", "own", "expected"),
    [
        ({"sender_reputation": "bad"}, "none", False, "fail reason=001"),
        ({"sender_reputation": "bad"}, "softfail", True, "fail reason=601"),
        ({"spf_fail_is_spoof": False}, "fail", False, "softpass reason=201"),
        ({"spf_fail_is_spoof": False, "sender_reputation": "bad"}, "fail", False, "fail reason=001"),
    ],
)
def test_what_nobody_can_know_is_a_knob(knobs: dict[str, Any], spf: str, own: bool, expected: str) -> None:
    assert expected == word(NOTHING, spf, own=own, knobs=knobs)


def test_a_good_proof_needs_no_reputation() -> None:
    assert "pass reason=109" == word(GUESSED, "pass", knobs={"sender_reputation": "bad"})


_RANKS = {"fail": 0, "none": 1, "softpass": 1, "pass": 2}


@given(
    st.sampled_from(["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"]), st.booleans(),
    st.sampled_from(["good", "bad"]), st.booleans(), st.sampled_from(["none", "quarantine", "reject"]),
)  # fmt: skip
def test_proving_less_never_helps(spf: str, own: bool, reputation: str, spoof: bool, policy: str) -> None:
    knobs = {"sender_reputation": reputation, "spf_fail_is_spoof": spoof}
    proven = word(DmarcVerdict("pass", policy, aligned=("dkim:a.test",)), spf, own=own, knobs=knobs)
    sealed = word(DmarcVerdict("fail", policy, policy, "a.test"), spf, own=own, sealer="s.test", knobs=knobs)
    bare = word(DmarcVerdict("fail", policy, policy, "a.test"), spf, own=own, knobs=knobs)

    assert [2, 2] == [_RANKS[told.partition(" ")[0]] for told in (proven, sealed)]
    assert _RANKS[bare.partition(" ")[0]] < 2

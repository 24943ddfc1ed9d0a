"""MTA-STS: where a policy comes from, how long it counts, and what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.tls import TlsFacts
from simulator.policy.moment import Moment
from simulator.policy.mta_sts import Policy, StsCheck, announcement_name, fetch, is_listed, policy_name
from simulator.zone import Zone
from tests.policy.builders import MONDAY, a_certificate, answer

DOMAIN = "customer.example"
TEXT = "version: STSv1\nmode: enforce\nmx: mx.customer.example\nmx: *.backup.example\nmax_age: 86400\n"
FOUND = Policy(DOMAIN, "enforce", ("mx.customer.example", "*.backup.example"), 86400)
TXT, POLICY = (announcement_name(DOMAIN), "TXT"), (policy_name(DOMAIN), "TXT")


def zone(id: str = "1", text: str = TEXT, failures: Mapping[tuple[str, str], str] | None = None) -> Zone:
    records = {TXT: (f"v=STSv1; id={id};",), POLICY: (text,)} if id else {}
    return Zone(records, failures or {})


def fetched(
    lab: Zone, memory: dict[str, Any] | None = None, *, later: timedelta = timedelta(0)
) -> tuple[Policy | None, int]:
    """The policy, and how many questions it took."""
    found, asked = answer(fetch(DOMAIN, Moment(MONDAY + later, {} if memory is None else memory)), lab)
    return found, len(asked)


def test_a_policy_is_announced_then_fetched() -> None:
    assert (FOUND, 2) == fetched(zone())


def test_a_domain_without_an_announcement_has_none() -> None:
    assert (None, 1) == fetched(zone(""))


@pytest.mark.parametrize(
    "records", [("v=STSv1; id=1;", "v=STSv1; id=2;"), ("v=spf1 -all",), ("v=STSv1;",), ("v=STSv1; id=;",)]
)
def test_an_announcement_is_one_record_with_an_id(records: tuple[str, ...]) -> None:
    assert (None, 1) == fetched(Zone({TXT: records, POLICY: (TEXT,)}))


@pytest.mark.parametrize(
    "text",
    ["", "mode: enforce\nmx: a.example\nmax_age: 1", "version: STSv1\nmode: enforce\nmax_age: 1",
     "version: STSv1\nmode: strict\nmx: a.example\nmax_age: 1", "version: STSv1\nmode: enforce\nmx: a.example"],
)  # fmt: skip
def test_a_text_that_is_no_policy_counts_as_none(text: str) -> None:
    assert None is fetched(zone(text=text))[0]


def test_a_policy_of_mode_none_needs_no_hosts() -> None:
    assert Policy(DOMAIN, "none", (), 60) == Policy.parse(
        DOMAIN, "version: STSv1\nmode: none\nmax_age: 60\nfuture: x\n"
    )


def test_the_same_id_is_not_fetched_again() -> None:
    memory: dict[str, Any] = {}
    fetched(zone(), memory)
    assert (FOUND, 1) == fetched(zone(text="changed, but with the old id"), memory)


def test_a_new_id_is_fetched() -> None:
    memory: dict[str, Any] = {}
    fetched(zone(), memory)
    changed = Policy(DOMAIN, "testing", FOUND.mx, FOUND.max_age)
    assert (changed, 2) == fetched(zone("2", TEXT.replace("enforce", "testing")), memory)


@pytest.mark.parametrize(
    "lab", [zone(""), zone("2", "gone"), zone(failures={TXT: "servfail"}), zone("2", failures={POLICY: "timeout"})]
)
def test_a_policy_is_remembered_when_it_can_no_longer_be_had(lab: Zone) -> None:
    memory: dict[str, Any] = {}
    fetched(zone(), memory)
    assert FOUND == fetched(lab, memory, later=timedelta(hours=23))[0]
    assert None is fetched(lab, memory, later=timedelta(hours=25))[0]


@pytest.mark.parametrize(
    ("host", "listed"),
    [("mx.customer.example", True), ("MX.customer.example.", True), ("mx2.customer.example", False), ("a.backup.example", True),
     ("a.b.backup.example", False), ("backup.example", False)],
)  # fmt: skip
def test_a_pattern_covers_one_label(host: str, listed: bool) -> None:
    assert listed == is_listed(FOUND, host)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": "mx.customer.example", "names": ()}, "sts"),
        ({"subject": "x", "names": ("*.customer.example",)}, "sts"),
        ({}, "sts-name-mismatch"),
        ({"flaw": "self-signed"}, "sts-self-signed"),
        ({"anchor": "lab-untrusted-ca"}, "sts-untrusted-authority"),
        ({"not_after": MONDAY - timedelta(days=1)}, "sts-expired"),
    ],
)
def test_a_host_shows_a_certificate_of_its_name_and_a_chain(changes: dict[str, Any], reason: str) -> None:
    tls = TlsFacts("TLSv1.3", "", a_certificate(**changes))
    verdict, step = StsCheck("mx.customer.example", DOMAIN).examine(tls, MONDAY)
    assert (reason == "sts", reason, reason) == (verdict.ok, verdict.reason, step.outcome)


def test_a_host_without_tls_gets_no_mail() -> None:
    assert "sts-no-tls" == StsCheck("mx.customer.example", DOMAIN).examine(None, MONDAY)[0].reason

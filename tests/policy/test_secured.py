"""What a host's domain asks, on top of what the sender asks itself."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.tls import TlsFacts
from simulator.policy.attempt import Target
from simulator.policy.dane import TlsaSet
from simulator.policy.mta_sts import StsCheck, announcement_name, policy_name
from simulator.policy.secured import Secured, secured
from simulator.policy.tls import Demand, Level, Lookups, grade, judge
from simulator.zone import Zone
from tests.policy.builders import MONDAY, a_certificate, a_moment, answer

DOMAIN, HOST = "customer.example", "mx.customer.example"
TARGET = Target(HOST, "198.51.100.7", 10, DOMAIN, secure=True)
Records = dict[tuple[str, str], tuple[str, ...]]
TLSA: Records = {(f"_25._tcp.{HOST}", "TLSA"): ("3 1 1 cert:internet",)}


def policy(mode: str = "enforce", mx: str = HOST) -> Records:
    text = f"version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 60"
    return {(announcement_name(DOMAIN), "TXT"): ("v=STSv1; id=1;",), (policy_name(DOMAIN), "TXT"): (text,)}


def asked(
    records: Records, demand: Demand | None = None, target: Target = TARGET,
    known: dict[str, Any] | None = None,
) -> tuple[Secured, list[str]]:  # fmt: skip
    lab = Zone(records, {}, {DOMAIN: "signed"})
    looking = Demand(lookups=Lookups()) if demand is None else demand
    found: tuple[Secured, list[str]] = answer(
        secured(looking, target, 25, a_moment(), {} if known is None else known), lab
    )
    return found


def test_a_sender_that_does_not_look_asks_nothing() -> None:
    assert (Secured(Demand()), []) == asked({**TLSA, **policy()}, Demand())


def test_an_address_that_was_named_outright_has_no_domain_to_ask() -> None:
    found, questions = asked({}, target=Target("198.51.100.7", "198.51.100.7"))
    assert ((), []) == (found.demand.checks, questions)


def test_where_there_is_neither_nothing_is_added_but_the_questions_are_asked() -> None:
    found, questions = asked({})
    assert (Demand(lookups=Lookups()), None) == (found.demand, found.refused)
    assert [f"_25._tcp.{HOST} TLSA", "_mta-sts.customer.example TXT"] == questions


def test_a_policy_is_looked_for_once_for_all_hosts_of_a_domain() -> None:
    known: dict[str, Any] = {}
    asked(policy(), known=known)
    _, questions = asked(policy(), target=Target("mx2.customer.example", "198.51.100.8", 20, DOMAIN), known=known)
    assert [] == questions


def test_both_are_asked_for_and_tls_is_no_longer_a_matter_of_taste() -> None:
    found, _ = asked({**TLSA, **policy()})
    assert (TlsaSet((HOST, DOMAIN), TLSA[f"_25._tcp.{HOST}", "TLSA"]), StsCheck(HOST, DOMAIN)) == found.demand.checks
    assert Level.ENCRYPTION == found.demand.level
    assert ["DANE", "MTA-STS"] == [step.name for step in found.steps]


def test_a_senders_own_level_stays() -> None:
    found, _ = asked(TLSA, Demand(Level.DOMAIN, ("x.example",), lookups=Lookups()))
    assert Level.DOMAIN == found.demand.level


@pytest.mark.parametrize("mode", ["testing", "none"])
def test_a_policy_that_is_not_enforced_asks_nothing(mode: str) -> None:
    found, _ = asked(policy(mode, "other.example"))
    assert ((), None, mode) == (found.demand.checks, found.refused, found.steps[-1].outcome)


def test_a_host_outside_the_policy_is_refused() -> None:
    found, _ = asked(policy(mx="other.example"))
    assert found.refused is not None
    assert ("sts-mx", ()) == (found.refused.reason, found.demand.checks)


@pytest.mark.parametrize(
    ("lookups", "questions"),
    [(Lookups(dane=False), ["_mta-sts.customer.example TXT"]), (Lookups(mta_sts=False), [f"_25._tcp.{HOST} TLSA"]),
     (Lookups(dane=False, mta_sts=False), [])],
)  # fmt: skip
def test_each_can_be_switched_off(lookups: Lookups, questions: list[str]) -> None:
    assert questions == asked({}, Demand(lookups=lookups))[1]


def test_without_a_certificate_that_fits_the_mail_waits_whatever_the_sender_asks() -> None:
    demand = asked(TLSA)[0].demand
    strange = TlsFacts("TLSv1.3", "", a_certificate())
    fits = TlsFacts("TLSv1.3", "", a_certificate(associations=frozenset({"cert:internet"})))
    reasons = [judge(demand, tls, MONDAY).reason for tls in (None, strange, fits)]
    assert ["dane-no-tls", "tlsa-mismatch", "encrypted"] == reasons
    assert "verified" == grade(demand, fits)


def test_dane_takes_nothing_from_the_senders_own_demand() -> None:
    demand = asked(TLSA, Demand(Level.CERTIFICATE, lookups=Lookups()))[0].demand
    own = TlsFacts("TLSv1.3", "", a_certificate(flaw="self-signed", associations=frozenset({"cert:internet"})))
    assert "self-signed" == judge(demand, own, MONDAY).reason

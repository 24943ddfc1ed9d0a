"""Alignment, discovery and policy: RFC 7489 and DMARCbis."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.policy.dmarc import Discovery, DmarcRecord, DmarcVerdict, judge, organization
from simulator.value import value
from simulator.zone import Zone
from tests.policy.builders import answer


@value
class Said:
    """What SPF or DKIM came to."""

    result: str
    domain: str


NONE = Said("none", "")
DISCOVERIES: tuple[Discovery, ...] = ("tree-walk", "organizational")


def verdict(
    author: str, *records: tuple[str, str], spf: Said = NONE, dkim: tuple[Said, ...] = (), failing: str = "", **how: Any
) -> DmarcVerdict:
    """Records are (domain, DMARC record)."""
    zone = Zone.of((f"_dmarc.{domain}", "TXT", text) for domain, text in records)
    if failing:
        zone = Zone(zone.records, {(f"_dmarc.{failing}", "TXT"): "servfail"})
    found: DmarcVerdict = answer(judge(author, spf, dkim, **how), zone)[0]
    return found


REJECT = ("contoso.com", "v=DMARC1; p=reject")


@pytest.mark.parametrize("discovery", DISCOVERIES)
@pytest.mark.parametrize(
    ("record", "spf", "dkim", "result"),
    [
        ("v=DMARC1; p=reject", Said("pass", "contoso.com"), (), "pass"),
        ("v=DMARC1; p=reject", Said("pass", "bounces.contoso.com"), (), "pass"),
        ("v=DMARC1; p=reject; aspf=s", Said("pass", "bounces.contoso.com"), (), "fail"),
        ("v=DMARC1; p=reject; adkim=s", Said("pass", "bounces.contoso.com"), (), "pass"),
        ("v=DMARC1; p=reject", Said("fail", "contoso.com"), (), "fail"),
        ("v=DMARC1; p=reject", Said("softfail", "contoso.com"), (), "fail"),
        ("v=DMARC1; p=reject", Said("pass", "mailer.example"), (), "fail"),
        ("v=DMARC1; p=reject", NONE, (Said("pass", "contoso.com"),), "pass"),
        ("v=DMARC1; p=reject", NONE, (Said("fail", "contoso.com"),), "fail"),
        ("v=DMARC1; p=reject", NONE, (Said("pass", "mailer.example"), Said("pass", "eu.contoso.com")), "pass"),
        ("v=DMARC1; p=reject; adkim=s", NONE, (Said("pass", "eu.contoso.com"),), "fail"),
        ("v=DMARC1; p=reject", Said("temperror", "contoso.com"), (), "temperror"),
        ("v=DMARC1; p=reject", Said("temperror", "contoso.com"), (Said("pass", "contoso.com"),), "pass"),
    ],
)
def test_one_aligned_pass_is_enough(
    discovery: Discovery, record: str, spf: Said, dkim: tuple[Said, ...], result: str
) -> None:
    assert result == verdict("contoso.com", ("contoso.com", record), spf=spf, dkim=dkim, discovery=discovery).result


@pytest.mark.parametrize("discovery", DISCOVERIES)
@pytest.mark.parametrize(
    ("author", "record", "policy"),
    [
        ("contoso.com", "v=DMARC1; p=quarantine; sp=reject", "quarantine"),
        ("eu.contoso.com", "v=DMARC1; p=quarantine; sp=reject", "reject"),
        ("eu.contoso.com", "v=DMARC1; p=quarantine", "quarantine"),
        ("a.b.contoso.com", "v=DMARC1; p=quarantine; sp=none", "none"),
    ],
)
def test_sp_is_for_subdomains(discovery: Discovery, author: str, record: str, policy: str) -> None:
    found = verdict(author, ("contoso.com", record), discovery=discovery)

    assert ("fail", policy, "contoso.com") == (found.result, found.policy, found.domain)


def test_a_subdomains_own_record_goes_before_the_organizations() -> None:
    found = verdict("eu.contoso.com", REJECT, ("eu.contoso.com", "v=DMARC1; p=none"))

    assert ("none", "eu.contoso.com") == (found.policy, found.domain)


@pytest.mark.parametrize(
    ("exists", "discovery", "policy"),
    [(False, "tree-walk", "reject"), (True, "tree-walk", "none"), (False, "organizational", "none")],
)
def test_np_is_for_subdomains_that_do_not_exist(exists: bool, discovery: Discovery, policy: str) -> None:
    records = [("_dmarc.contoso.com", "TXT", "v=DMARC1; p=none; np=reject")]
    if exists:
        records.append(("eu.contoso.com", "MX", "10 mail.contoso.com"))

    found = answer(judge("eu.contoso.com", NONE, discovery=discovery), Zone.of(records))[0]

    assert policy == found.policy


@pytest.mark.parametrize(
    ("record", "sample", "disposition"),
    [
        ("v=DMARC1; p=reject; pct=50", 49, "reject"),
        ("v=DMARC1; p=reject; pct=50", 50, "quarantine"),
        ("v=DMARC1; p=quarantine; pct=0", 0, "none"),
        ("v=DMARC1; p=reject; pct=nonsense", 99, "reject"),
        ("v=DMARC1; p=reject; pct=900", 99, "reject"),
    ],
)
def test_pct_spares_its_share_one_level(record: str, sample: int, disposition: str) -> None:
    found = verdict("contoso.com", ("contoso.com", record), sample=sample, discovery="organizational")

    assert disposition == found.disposition
    assert (disposition != found.policy) == found.sampled_out


def test_t_takes_the_place_of_pct() -> None:
    found = verdict("contoso.com", ("contoso.com", "v=DMARC1; p=reject; pct=0; t=y"))

    assert ("reject", "quarantine") == (found.policy, found.disposition)


@pytest.mark.parametrize("discovery", DISCOVERIES)
@pytest.mark.parametrize(
    ("records", "result"),
    [
        ((), "none"),
        (("v=spf1 -all",), "none"),
        (("v=DMARC1; p=reject", "v=DMARC1; p=none"), "none"),
        (("v=DMARC1; p=reject", "something else"), "fail"),
        (("V=DMARC1; p=reject",), "fail"),
        (("v=dmarc1; p=reject",), "none"),
        (("p=reject; v=DMARC1",), "none"),
        (("v=DMARC1",), "permerror"),
        (("v=DMARC1; p=rejct",), "permerror"),
        (("v=DMARC1; p=rejct; rua=mailto:d@contoso.com",), "fail"),
        (("v=DMARC1; p=reject; sp=nothing; rua=none",), "permerror"),
        (("v = DMARC1 ;p = reject ;",), "fail"),
    ],
)
def test_what_counts_as_a_record(discovery: Discovery, records: tuple[str, ...], result: str) -> None:
    assert result == verdict("contoso.com", *[("contoso.com", r) for r in records], discovery=discovery).result


def test_a_policy_that_cannot_be_read_is_none_where_reports_are_asked_for() -> None:
    found = verdict("contoso.com", ("contoso.com", "v=DMARC1; p=rejct; rua=mailto:d@contoso.com"))

    assert ("fail", "none") == (found.result, found.disposition)


def test_without_a_record_an_aligned_pass_is_a_best_guess() -> None:
    assert "bestguesspass" == verdict("contoso.com", spf=Said("pass", "contoso.com")).result
    assert "none" == verdict("contoso.com", spf=Said("pass", "mailer.example")).result


@pytest.mark.parametrize(("discovery", "result"), [("organizational", "bestguesspass"), ("tree-walk", "none")])
def test_without_any_record_only_a_suffix_list_knows_that_a_subdomain_belongs_to_it(
    discovery: Discovery, result: str
) -> None:
    found = verdict("contoso.com", dkim=(Said("pass", "outbound.contoso.com"),), discovery=discovery)

    assert result == found.result


@pytest.mark.parametrize("discovery", DISCOVERIES)
@pytest.mark.parametrize("failing", ["eu.contoso.com", "contoso.com"])
def test_a_record_that_cannot_be_had_is_neither_yes_nor_no(discovery: Discovery, failing: str) -> None:
    found = verdict("eu.contoso.com", REJECT, failing=failing, discovery=discovery)

    assert ("temperror", "none") == (found.result, found.disposition)


@pytest.mark.parametrize(
    ("records", "author", "signer", "result"),
    [
        # psd=n ends the walk: below it is an organization of its own
        ((("eu.contoso.com", "v=DMARC1; p=reject; psd=n"), REJECT), "x.eu.contoso.com", "contoso.com", "fail"),
        ((("eu.contoso.com", "v=DMARC1; p=reject; psd=n"), REJECT), "x.eu.contoso.com", "y.eu.contoso.com", "pass"),
        # psd=y is a suffix: two names below it are strangers
        ((("bank.example", "v=DMARC1; p=reject; psd=y"),), "one.bank.example", "two.bank.example", "fail"),
        ((("bank.example", "v=DMARC1; p=reject; psd=y"),), "one.bank.example", "mail.one.bank.example", "pass"),
        ((REJECT,), "a.b.c.d.e.f.g.h.i.contoso.com", "contoso.com", "pass"),
    ],
)
def test_a_walk_up_the_tree_finds_the_organization(
    records: tuple[tuple[str, str], ...], author: str, signer: str, result: str
) -> None:
    assert result == verdict(author, *records, dkim=(Said("pass", signer),)).result


def test_a_walk_asks_eight_questions_at_most() -> None:
    deep = ".".join("abcdefghijkl") + ".contoso.com"

    _, asked = answer(judge(deep, NONE), Zone.of([]))

    assert 8 == len(asked)
    assert f"_dmarc.{deep} TXT" == asked[0]
    assert ["_dmarc.contoso.com TXT", "_dmarc.com TXT"] == asked[-2:]


@pytest.mark.parametrize(
    ("domain", "top"),
    [
        ("contoso.com", "contoso.com"),
        ("a.b.contoso.com", "contoso.com"),
        ("mail.contoso.co.uk", "contoso.co.uk"),
        ("contoso.onmicrosoft.com", "contoso.onmicrosoft.com"),
        ("contoso.mail.onmicrosoft.com", "contoso.mail.onmicrosoft.com"),
        ("com", "com"),
        ("co.uk", "co.uk"),
    ],
)
def test_the_organization_is_one_label_below_the_suffix(domain: str, top: str) -> None:
    assert top == organization(domain)


def test_two_tenants_below_one_suffix_are_strangers() -> None:
    found = verdict("fabrikam.onmicrosoft.com", spf=Said("pass", "contoso.onmicrosoft.com"), discovery="organizational")

    assert "none" == found.result


_RESULTS = st.sampled_from(["pass", "fail", "softfail", "neutral", "none", "permerror", "temperror"])
_DOMAINS = st.sampled_from(["contoso.com", "eu.contoso.com", "contoso.co.uk", "mailer.example", ""])


@given(
    st.text("v=DMARC1;prejctquanon s&%0123", max_size=40), st.builds(Said, _RESULTS, _DOMAINS),
    st.lists(st.builds(Said, _RESULTS, _DOMAINS), max_size=3), st.sampled_from(DISCOVERIES), st.integers(0, 99),
)  # fmt: skip
def test_nothing_is_done_to_mail_that_did_not_fail(
    text: str, spf: Said, dkim: list[Said], discovery: Discovery, sample: int
) -> None:
    for record in (text, f"v=DMARC1; {text}", f"v=DMARC1; p=reject; {text}"):
        found = verdict(
            "contoso.com", ("contoso.com", record), spf=spf, dkim=tuple(dkim), discovery=discovery, sample=sample
        )
        assert "none" == found.disposition or "fail" == found.result
        assert bool(found.aligned) == (found.result in ("pass", "bestguesspass")) or found.result == "permerror"


def test_a_record_reads_its_tags() -> None:
    record = DmarcRecord.parse("v=DMARC1; p=Quarantine; sp=none; adkim=s; ASPF=S; pct=20; psd=y", "contoso.com")

    assert DmarcRecord("contoso.com", "quarantine", "none", "", "s", "s", 20, False, "y") == record

"""SPF verdicts and how they are told; the RFC's own suite is in test_rfc7208_suite.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address, Sender, parse_sender
from simulator.policy.spf import SpfVerdict, check
from simulator.zone import Zone
from tests.answering import answered
from tests.policy.builders import MONDAY, answer

_ONPREM, _SERVICE, _STRANGER = "203.0.113.25", "40.107.1.1", "198.51.100.9"
_SERVICE6 = "2a01:111:f403::1"
_RECORDS = [
    ("contoso.com", "TXT", f"v=spf1 ip4:{_ONPREM} include:spf.protection.outlook.com ~all"),
    ("contoso.com", "TXT", "MS=ms12345678"),
    ("spf.protection.outlook.com", "TXT", "v=spf1 ip4:40.107.0.0/16 ip6:2a01:111:f403::/48 -all"),
    ("onprem.contoso.com", "TXT", "v=spf1 a -all"),
    ("onprem.contoso.com", "A", _ONPREM),
    ("moved.example", "TXT", "v=spf1 exp=never.example redirect=_spf.moved.example"),
    ("_spf.moved.example", "TXT", "v=spf1 mx -all exp=why.moved.example"),
    ("_spf.moved.example", "MX", "10 mx.moved.example"),
    ("mx.moved.example", "A", "192.0.2.10"),
    ("why.moved.example", "TXT", "%{c} (%{p}) is not %{d}'s; %{r} said so at %{t} to %{s}."),
]


def _verdict(
    ip: str, sender: str, *records: tuple[str, str, str], helo: str = "onprem.contoso.com", **failures: str
) -> SpfVerdict:
    failing = {(name.replace("_", "."), "*"): status for name, status in failures.items()}
    zone = Zone(Zone.of([*_RECORDS, *records]).records, failing)
    return answered(check(ip, parse_sender(sender), helo, receiver="mx.customer.example", now=MONDAY), zone)


# identities


def test_the_domain_of_mail_from_is_asked() -> None:
    verdict = _verdict(_ONPREM, "john@contoso.com")
    assert ("pass", "contoso.com", "mailfrom") == (verdict.result, verdict.domain, verdict.identity)


def test_for_the_null_sender_the_helo_name_is_asked() -> None:
    verdict = _verdict(_ONPREM, "<>", helo="OnPrem.Contoso.COM.")
    assert ("pass", "onprem.contoso.com", "helo") == (verdict.result, verdict.domain, verdict.identity)


@pytest.mark.parametrize("helo", ["", "localhost", f"[{_ONPREM}]", "a..b", "x" * 64 + ".example"])
def test_a_helo_that_is_no_domain_name_is_none_without_a_lookup(helo: str) -> None:
    verdict, asked = answer(check(_ONPREM, None, helo, now=MONDAY), Zone())
    assert ("none", []) == (verdict.result, asked)
    assert f"{helo or 'an empty name'} is no domain name that could have a record" == verdict.says


def test_in_macros_the_null_sender_is_postmaster_at_the_helo_name() -> None:
    record = ("h.example", "TXT", "v=spf1 exists:%{l}.at.%{o}.from.%{s}.example -all")
    seen = ("postmaster.at.h.example.from.postmaster@h.example.example", "A", "127.0.0.2")
    assert "pass" == _verdict(_STRANGER, "<>", record, seen, helo="h.example").result


# what is said


@pytest.mark.parametrize(
    ("ip", "sender", "result", "says"),
    [
        (_ONPREM, "john@contoso.com", "pass", "ip4:203.0.113.25 of contoso.com matches"),
        (
            _SERVICE,
            "john@contoso.com",
            "pass",
            "include:spf.protection.outlook.com of contoso.com matches: "
            "ip4:40.107.0.0/16 of spf.protection.outlook.com matches",
        ),
        (_STRANGER, "john@contoso.com", "softfail", "~all of contoso.com"),
        (
            _STRANGER,
            "a@moved.example",
            "fail",
            "-all of _spf.moved.example (redirect=_spf.moved.example of moved.example)",
        ),
        (
            "192.0.2.10",
            "a@moved.example",
            "pass",
            "mx of _spf.moved.example matches: mx.moved.example is 192.0.2.10 "
            "(redirect=_spf.moved.example of moved.example)",
        ),
        (_STRANGER, "a@nowhere.example", "none", "nowhere.example does not exist"),
        (_STRANGER, "a@mx.moved.example", "none", "mx.moved.example has no SPF record"),
        (_STRANGER, "a@two.example", "permerror", "two.example has 2 SPF records where one is allowed"),
        (_STRANGER, "a@wrong.example", "permerror", "ipv4:192.0.2.1 of wrong.example: ipv4 is no SPF mechanism; ip4 is one"),
        (_STRANGER, "a@open.example", "neutral", "no term of open.example matches"),
        (
            _STRANGER,
            "a@deep.example",
            "permerror",
            "include:wrong.example of deep.example: "
            "ipv4:192.0.2.1 of wrong.example: ipv4 is no SPF mechanism; ip4 is one",
        ),
        (
            _STRANGER,
            "a@dangling.example",
            "permerror",
            "include:nowhere.example of dangling.example: nowhere.example does not exist",
        ),
    ],
)  # fmt: skip
def test_the_verdict_says_which_term_decided(ip: str, sender: str, result: str, says: str) -> None:
    verdict = _verdict(
        ip, sender,
        ("two.example", "TXT", "v=spf1 -all"), ("two.example", "TXT", "v=spf1 +all"),
        ("wrong.example", "TXT", "v=spf1 ip4:198.51.100.0/24 ipv4:192.0.2.1 -all"),
        ("open.example", "TXT", "v=spf1 ip4:192.0.2.1"),
        ("deep.example", "TXT", "v=spf1 include:wrong.example -all"),
        ("dangling.example", "TXT", "v=spf1 include:nowhere.example -all"),
    )  # fmt: skip
    assert (result, says) == (verdict.result, verdict.says)


def test_the_trace_has_a_line_for_every_term_indented_below_its_include_and_redirect() -> None:
    verdict = _verdict(
        _STRANGER, "a@top.example",
        ("top.example", "TXT", "v=spf1 include:spf.protection.outlook.com note=x a redirect=moved.example"),
        ("top.example", "A", "192.0.2.77"),
    )  # fmt: skip
    expected = (
        "note=x of top.example: ignored, SPF gives it no meaning",
        "include:spf.protection.outlook.com of top.example: no match, -all of spf.protection.outlook.com",
        "  ip4:40.107.0.0/16 of spf.protection.outlook.com: no match",
        "  ip6:2a01:111:f403::/48 of spf.protection.outlook.com: no match",
        "  -all of spf.protection.outlook.com: matches (fail)",
        "a of top.example: no match, top.example is 192.0.2.77",
        "redirect=moved.example of top.example: fail",
        "  redirect=_spf.moved.example of moved.example: fail",
        "    mx of _spf.moved.example: no match, the MX of _spf.moved.example is mx.moved.example",
        "    -all of _spf.moved.example: matches (fail)",
    )
    assert expected == verdict.steps
    assert "-all of _spf.moved.example (redirect=moved.example of top.example)" == verdict.says


def test_a_record_that_cannot_be_read_is_traced_to_its_term() -> None:
    verdict = _verdict(_ONPREM, "a@wrong.example", ("wrong.example", "TXT", f"v=spf1 ip4:{_ONPREM} a:\x07 -all"))
    assert ("'a:\\x07' of wrong.example: permerror, it holds a character that is not visible ASCII",) == verdict.steps


# explanations


def test_a_fail_is_explained_in_the_words_of_the_record_that_decided() -> None:
    expected = "198.51.100.9 (unknown) is not _spf.moved.example's; mx.customer.example said so at 1772442000 to a@moved.example."
    assert expected == _verdict(_STRANGER, "a@moved.example").explanation


def test_only_a_fail_is_explained() -> None:
    zone = Zone.of([("d.example", "TXT", "v=spf1 ~all exp=why.example"), ("why.example", "TXT", "because")])
    verdict, asked = answer(check(_STRANGER, Address("a", "d.example"), "h.example", now=MONDAY), zone)
    assert ("softfail", "", ["d.example TXT"]) == (verdict.result, verdict.explanation, asked)


def test_a_receiver_without_a_name_is_unknown_in_explanations() -> None:
    zone = Zone.of([("d.example", "TXT", "v=spf1 -all exp=why.example"), ("why.example", "TXT", "%{r}")])
    assert "unknown" == answered(check(_STRANGER, Address("a", "d.example"), "h", now=MONDAY), zone).explanation


def test_what_the_explanation_needs_counts_towards_no_limit() -> None:
    record = " ".join(["v=spf1", *["a"] * 10, "-all exp=%{p}.d.example"])
    zone = Zone.of(
        [("d.example", "TXT", record), ("d.example", "A", "192.0.2.1"), ("unknown.d.example", "TXT", "%{p}")]
    )
    verdict = answered(check(_STRANGER, Address("a", "d.example"), "h.example", now=MONDAY), zone)
    assert ("fail", "unknown") == (verdict.result, verdict.explanation)


# addresses


@pytest.mark.parametrize(
    ("ip", "expected"),
    [(_SERVICE6, "pass"), (f"::ffff:{_SERVICE}", "pass"), ("2001:db8::1", "softfail"), ("fe80::1%eth0", "softfail")],
)
def test_addresses_of_both_families_are_judged(ip: str, expected: str) -> None:
    assert expected == _verdict(ip, "john@contoso.com").result


def test_only_addresses_of_the_clients_family_are_looked_up() -> None:
    zone = Zone.of(
        [("d.example", "TXT", "v=spf1 a mx -all"), ("d.example", "MX", "10 d.example"), ("d.example", "A", "192.0.2.1")]
    )
    _, asked = answer(check(_SERVICE6, Address("a", "d.example"), "h.example", now=MONDAY), zone)
    assert ["d.example TXT", "d.example AAAA", "d.example MX", "d.example AAAA"] == asked


def test_the_null_mx_matches_nothing() -> None:
    records = [("d.example", "TXT", "v=spf1 mx/0 ?all"), ("d.example", "MX", "0 .")]
    assert "neutral" == _verdict(_STRANGER, "a@d.example", *records).result


def test_a_name_below_the_target_matches_ptr_but_not_one_that_merely_ends_alike() -> None:
    reverse = ("9.100.51.198.in-addr.arpa", "PTR", "mail.notd.example.")
    forward = ("mail.notd.example", "A", _STRANGER)
    results = [
        _verdict(_STRANGER, "a@x.example", ("x.example", "TXT", f"v=spf1 ptr:{target} -all"), reverse, forward).result
        for target in ("notd.example", "mail.notd.example", "d.example")
    ]
    assert ["pass", "pass", "fail"] == results


# DNS that fails


@pytest.mark.parametrize("status", ["servfail", "timeout"])
@pytest.mark.parametrize(
    "record",
    ["v=spf1 -all", "v=spf1 include:bad.example -all", "v=spf1 redirect=bad.example", "v=spf1 a:bad.example -all",
     "v=spf1 mx:bad.example -all", "v=spf1 mx:good.example -all", "v=spf1 exists:bad.example -all"],
)  # fmt: skip
def test_a_lookup_without_answer_is_temperror(record: str, status: str) -> None:
    domain = "bad.example" if record == "v=spf1 -all" else "d.example"
    good = ("good.example", "MX", "10 bad.example")
    verdict = _verdict(_STRANGER, f"a@{domain}", (domain, "TXT", record), good, bad_example=status)
    how = {"servfail": "the DNS server failed (SERVFAIL)", "timeout": "no DNS server answered"}[status]
    assert "temperror" == verdict.result
    assert verdict.says.removesuffix(" (redirect=bad.example of d.example)").endswith(
        f"lookup for bad.example had no result: {how}"
    )


def test_a_term_that_matched_before_the_failure_decides() -> None:
    record = ("d.example", "TXT", f"v=spf1 ip4:{_STRANGER} a:bad.example -all")
    assert "pass" == _verdict(_STRANGER, "a@d.example", record, bad_example="servfail").result


def test_reverse_names_that_cannot_be_had_match_nothing() -> None:
    record = ("d.example", "TXT", "v=spf1 ptr exists:%{p}.d.example -all")
    verdict = _verdict(_STRANGER, "a@d.example", record, **{"9_100_51_198_in-addr_arpa": "servfail"})
    assert ("fail", "-all of d.example") == (verdict.result, verdict.says)


def test_an_explanation_that_cannot_be_had_changes_nothing() -> None:
    verdict = _verdict(_STRANGER, "a@moved.example", why_moved_example="timeout")
    assert ("fail", "") == (verdict.result, verdict.explanation)


# limits


@pytest.mark.parametrize(("terms", "expected"), [(9, "softfail"), (10, "softfail"), (11, "permerror")])
def test_ten_terms_may_ask_dns(terms: int, expected: str) -> None:
    records = [("d.example", "TXT", " ".join(["v=spf1", *["a"] * terms, "~all"])), ("d.example", "A", "192.0.2.1")]
    assert expected == _verdict(_STRANGER, "a@d.example", *records).result


def test_the_term_that_is_one_too_many_is_named() -> None:
    records = [("d.example", "TXT", " ".join(["v=spf1", *["a"] * 10, "mx ~all"])), ("d.example", "A", "192.0.2.1")]
    assert "mx of d.example: more than 10 terms ask DNS" == _verdict(_STRANGER, "a@d.example", *records).says


@pytest.mark.parametrize(("terms", "expected"), [(9, "fail"), (10, "permerror")])
def test_the_name_of_the_client_in_a_macro_is_a_lookup_more(terms: int, expected: str) -> None:
    record = " ".join(["v=spf1", *["a"] * (terms - 1), "exists:%{p}.x.example", "-all"])
    records = [("d.example", "TXT", record), ("d.example", "A", "192.0.2.1"), ("y.x.example", "A", "192.0.2.1")]
    assert expected == _verdict(_STRANGER, "a@d.example", *records).result


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("a:no1.example a:no2.example", "softfail"),
        ("a:no1.example mx:no2.example exists:no3.example", "permerror"),
        ("a:no1.example a:no1.example a:no1.example", "permerror"),
        ("mx:hosts.example", "permerror"),  # two MX hosts have no AAAA, and the name of the third does not exist
        ("a:no1.example a:not..asked a:not..asked a:no2.example", "softfail"),
    ],
)
def test_two_lookups_may_find_nothing(terms: str, expected: str) -> None:
    hosts = [("hosts.example", "MX", f"10 {n}.example") for n in ("v1", "v2", "v3")]
    addresses = [(f"{n}.example", "A", "192.0.2.1") for n in ("v1", "v2")]
    verdict = _verdict(_SERVICE6, "a@d.example", ("d.example", "TXT", f"v=spf1 {terms} ~all"), *hosts, *addresses)
    assert expected == verdict.result


@pytest.mark.parametrize(("hosts", "expected"), [(10, "pass"), (11, "permerror")])
def test_ten_mx_hosts_may_be_listed_whichever_matches(hosts: int, expected: str) -> None:
    records = [("d.example", "TXT", "v=spf1 mx -all")]
    for n in range(hosts):
        records += [("d.example", "MX", f"{n} mx{n}.example"), (f"mx{n}.example", "A", _STRANGER)]
    assert expected == _verdict(_STRANGER, "a@d.example", *records).result


def test_a_record_that_includes_itself_ends() -> None:
    verdict = _verdict(_STRANGER, "a@d.example", ("d.example", "TXT", "v=spf1 include:d.example -all"))
    assert ("permerror", 11) == (verdict.result, len(verdict.steps))
    assert "include:d.example of d.example: more than 10 terms ask DNS" == verdict.says


# any record, any name

_NAMES = st.sampled_from(["a.example", "b.example", "c.example", "no.example"])
_TERMS = st.builds("{}{}".format, st.sampled_from(["", "-", "~", "?"]), st.one_of(
    st.just("all"), st.just("a"), st.just("mx"), st.just("ptr"), st.just("ip4:192.0.2.0/24"), st.just("moo"),
    _NAMES.map("include:{}".format), _NAMES.map("exists:%{{i}}.{}".format), _NAMES.map("a:%{{p}}.{}".format),
))  # fmt: skip
_TEXTS = st.builds(
    "v=spf1 {} {}".format, st.lists(_TERMS, max_size=5).map(" ".join), st.just("") | _NAMES.map("redirect={}".format)
)


@given(
    st.dictionaries(_NAMES, _TEXTS, max_size=3),
    st.sampled_from([_STRANGER, "192.0.2.1", _SERVICE6]),
    st.sampled_from([None, Address("x", "a.example")]),
)
def test_every_check_ends_within_its_limits_and_says_why(texts: dict[str, str], ip: str, sender: Sender) -> None:
    zone = Zone.of([(name, "TXT", text) for name, text in texts.items()])
    verdict, asked = answer(check(ip, sender, "b.example", now=MONDAY), zone)
    assert verdict.result in ("pass", "fail", "softfail", "neutral", "none", "temperror", "permerror")
    assert verdict.says
    assert all(line.strip() for line in verdict.steps)
    # Every term asks for one thing here, one of them for the client's name besides.
    assert len(asked) <= 12

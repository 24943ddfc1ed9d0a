"""Our SPF and pyspf's agree: on the suite of RFC 7208, and on records, limits and macros that nobody wrote.

`DIFFERENCES` lists what pyspf 2.0.14 does otherwise than the RFC says; generated records keep clear of it.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.policy.spf import check
from simulator.zone import Zone
from tests.answering import answered
from tests.policy.builders import MONDAY
from tests.policy.spf_judge import judged
from tests.policy.spf_suite import Case, cases

_CLIENTS = ("192.0.2.1", "192.0.2.99", "198.51.100.9", "2001:db8::1", "2001:db8:1::1", "::ffff:192.0.2.1")
_HELO = "mx-1.top.example"
_LOCALS = ("john", "strong-bad", "a-b.c+d", "x_y=z/w,v", "~j&k")

# Hosts have addresses of both families, and every client in 192.0.2.0/24 and 2001:db8::/48 has a name.
_HOSTS = [
    ("one.top.example", "A", "192.0.2.1"),
    ("one.top.example", "AAAA", "2001:db8::1"),
    ("two.example", "A", "192.0.2.77"),
    ("two.example", "A", "198.51.100.7"),
    ("two.example", "AAAA", "2001:db8:1::77"),
    ("three.example", "A", "203.0.113.3"),
    ("three.example", "AAAA", "2001:db8:3::3"),
    ("mx.example", "MX", "20 one.top.example"),
    ("mx.example", "MX", "10 two.example"),
    ("nullmx.example", "MX", "0 ."),
    ("1.2.0.192.in-addr.arpa", "PTR", "one.top.example"),
    ("99.2.0.192.in-addr.arpa", "PTR", "three.example"),
    ("1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa", "PTR", "one.top.example"),
    ("*.yes.example", "A", "127.0.0.2"),
    ("why.example", "TXT", "%{i} may not send for %{d}, says %{o} to %{h} about %{s}."),
    ("two.why.example", "TXT", "one"),
    ("two.why.example", "TXT", "two"),
    ("wrong.why.example", "TXT", "%{x}"),
]
_FAILING = {("bad.example", "*"): "servfail"}


def _zone(*records: tuple[str, str, str]) -> Zone:
    return Zone(Zone.of([*_HOSTS, *records]).records, _FAILING)


def _ours(ip: str, mail_from: str, helo: str, zone: Zone) -> tuple[str, str]:
    local, _, domain = mail_from.rpartition("@")
    verdict = answered(check(ip, Address(local, domain) if domain else None, helo, now=MONDAY), zone)
    return verdict.result, verdict.explanation


# the suite

_SUITE_DIFFERENCES = {
    "ptr-cname-loop": "the CNAME loop is a DNS error here, and pyspf ends with it (see DIFFERENCES, ptr)",
}


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case.name))
def test_both_judge_the_suite_alike(case: Case) -> None:
    verdict = answered(check(case.ip, case.sender, case.helo, now=MONDAY), case.zone)
    alike = judged(case.ip, case.mail_from, case.helo, case.zone) == (verdict.result, verdict.explanation)
    assert alike == (case.name not in _SUITE_DIFFERENCES)


# what pyspf does otherwise

_LONG = ".".join(["x" * 63] * 3 + ["y" * 50])
DIFFERENCES = [
    # name, record of top.example, other records, client, local part, ours, pyspf's
    ("5.5: ptr does without names that DNS cannot say; pyspf ends",
     "v=spf1 ptr -all", [("9.100.51.198.in-addr.arpa", "PTR", "bad.example")], "198.51.100.9", "x", "fail", "temperror"),
    ("4.6.4: a redirect that is not followed is no lookup; pyspf counts it",
     "v=spf1 " + "a:three.example " * 10 + "-all redirect=three.example", [], "192.0.2.1", "x", "fail", "permerror"),
    ("4.6.4: %{p} asks for PTR records and counts; pyspf does not count it",
     "v=spf1 " + "a:three.example " * 9 + "exists:%{p}.yes.example -all", [], "192.0.2.1", "x", "permerror", "pass"),
    ("5.4: a match ends the look at MX hosts; pyspf first asks for them all",
     "v=spf1 mx:m.example -all", [("m.example", "MX", "10 one.top.example"), ("m.example", "MX", "20 bad.example")],
     "192.0.2.1", "x", "pass", "temperror"),
    ("5.2: a record that includes itself is a loop only where that is reached; pyspf refuses it at sight",
     "v=spf1 ip4:192.0.2.1 include:top.example -all", [], "192.0.2.1", "x", "pass", "permerror"),
    ("12: names of modifiers are alike in capitals; pyspf takes REDIRECT for an unknown one",
     "v=spf1 REDIRECT=r.example", [("r.example", "TXT", "v=spf1 -all")], "192.0.2.1", "x", "fail", "neutral"),
    ("6: only redirect and exp stand once; pyspf allows no modifier twice",
     "v=spf1 x=1 x=2 -all", [], "192.0.2.1", "x", "fail", "permerror"),
    ("7.1: a macro ends with a brace; pyspf takes an open one as text",
     "v=spf1 x=%{d -all", [], "192.0.2.1", "x", "permerror", "fail"),
    ("7.1: %% may end a modifier's value; pyspf finds a lone percent sign",
     "v=spf1 x=100%% -all", [], "192.0.2.1", "x", "fail", "permerror"),
    ("7.3: the number of parts is not zero; pyspf expands it",
     "v=spf1 exists:two%{d0} -all", [], "192.0.2.1", "x", "permerror", "pass"),
    ("7.3: r is alike in capitals; pyspf does not see it",
     "v=spf1 exists:%{oR}.r.example -all", [("example.top.r.example", "A", "127.0.0.2")], "192.0.2.1", "x", "pass", "fail"),
    ("7.3: parts are joined with dots; pyspf joins those of a domain as they were",
     "v=spf1 exists:%{h-}.r.example -all", [("mx.1.top.example.r.example", "A", "127.0.0.2")], "192.0.2.1", "x",
     "pass", "fail"),
    ("7.3: a name loses labels until it fits; pyspf removes one",
     f"v=spf1 exists:a.b.c.{_LONG}.example -all", [(f"c.{_LONG}.example", "A", "127.0.0.2")],
     "192.0.2.1", "x", "pass", "fail"),
    ("7.3: %{p} prefers a name below the domain whose record is read; pyspf keeps its first choice",
     "v=spf1 ?exists:%{p}.no.example include:i.example -all",
     [("i.example", "TXT", "v=spf1 exists:%{p}.is.example -all"),
      ("7.2.0.192.in-addr.arpa", "PTR", "m.top.example"), ("7.2.0.192.in-addr.arpa", "PTR", "m.i.example"),
      ("m.top.example", "A", "192.0.2.7"), ("m.i.example", "A", "192.0.2.7"),
      ("m.i.example.is.example", "A", "127.0.0.2")], "192.0.2.7", "x", "pass", "fail"),
    ("RFC 8616 4: a term with a local part beyond ASCII matches nothing; pyspf asks for it",
     "v=spf1 exists:%{l}.yes.example -all", [], "192.0.2.1", "jürgen", "fail", "pass"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("record", "others", "ip", "local", "ours", "theirs"), [d[1:] for d in DIFFERENCES], ids=[d[0] for d in DIFFERENCES]
)
def test_where_pyspf_differs_we_do_as_the_rfc_says(
    record: str, others: list[tuple[str, str, str]], ip: str, local: str, ours: str, theirs: str
) -> None:
    zone = _zone(("top.example", "TXT", record), *others)
    sender = f"{local}@top.example"
    assert (ours, theirs) == (_ours(ip, sender, _HELO, zone)[0], judged(ip, sender, _HELO, zone)[0])


# records that nobody wrote

_QUALIFIERS = st.sampled_from(["", "+", "-", "~", "?"])
_MACROS = st.sampled_from(["%{i}", "%{ir}.%{v}", "%{l1r-}", "%{o}", "%{d2}", "%{h}", "%{lr-}", "%{L}"])
_PLAIN = st.sampled_from(
    ["ip4:192.0.2.1", "ip4:198.51.100.0/24", "ip6:2001:db8::/48", "ip4:0.0.0.0/0", "ip6:::/0", "all", "x-note=%{d}"]
)
_ASKING = st.one_of(
    st.sampled_from([
        "a", "mx", "ptr", "ptr:top.example", "ptr:example", "a:two.example", "a:two.example/24", "a:two.example//48",
        "a:two.example/0//0", "mx:mx.example", "mx:mx.example/24//48", "mx:nullmx.example", "mx:two.example",
        "a:no.example", "a:bad.example", "exists:bad.example", "a:a..b.example", "a:%{h}",
    ]),
    _MACROS.map("exists:{}.yes.example".format),
    _MACROS.map("exists:{}.no.example".format),
)  # fmt: skip
_MISTAKES = st.sampled_from(
    ["moo", "a:", "ip4:192.0.2", "mx/33", "include", "exists:%{x}.example", "all.", "redirect:x"]
)
_EXPLANATIONS = st.sampled_from(
    ["", "exp=why.example", "exp=two.why.example", "exp=wrong.why.example", "exp=bad.example"]
)


def _directive(qualifier: str, mechanism: str) -> str:
    return mechanism if "=" in mechanism else qualifier + mechanism


def _records(includes: list[str], most: int, *, least: int = 0, mistakes: bool = True) -> st.SearchStrategy[str]:
    """Terms of a record; each of the includes stands in it at most once."""
    terms = st.builds(_directive, _QUALIFIERS, _PLAIN | _ASKING)
    if includes:
        terms |= st.builds(_directive, _QUALIFIERS, st.sampled_from(includes).map("include:{}".format))
    listed = st.lists(
        terms, min_size=least, max_size=most, unique_by=lambda t: t if "include" in t or "=" in t else object()
    )
    if not mistakes:
        return listed.map(" ".join)
    return st.builds("{} {}".format, listed.map(" ".join), st.just("") | st.just("") | st.just("") | _MISTAKES)


_SENDERS = st.sampled_from(["", *(f"{local}@top.example" for local in _LOCALS)])


@given(
    top=_records(["i.example", "none.example"], 2),
    included=_records(["j.example"], 2),
    inner=_records([], 2),
    redirected=_records([], 2),
    redirect=st.sampled_from(["", "redirect=r.example", "redirect=none.example", "redirect=bad.example"]),
    explanations=st.tuples(_EXPLANATIONS, _EXPLANATIONS),
    ip=st.sampled_from(_CLIENTS),
    sender=_SENDERS,
)
def test_both_judge_any_records_alike(
    top: str,
    included: str,
    inner: str,
    redirected: str,
    redirect: str,
    explanations: tuple[str, str],
    ip: str,
    sender: str,
) -> None:
    records = [
        ("top.example", "TXT", f"v=spf1 {top} {redirect} {explanations[0]}"),
        (_HELO, "TXT", f"v=spf1 {top} {explanations[0]} {redirect}"),
        (_HELO, "A", "192.0.2.1"),
        (_HELO, "AAAA", "2001:db8::1"),
        ("i.example", "TXT", f"v=spf1 {included}"),
        ("j.example", "TXT", f"v=spf1 {inner}"),
        ("r.example", "TXT", f"v=spf1 {redirected} {explanations[1]}"),
    ]
    zone = _zone(*records)
    assert judged(ip, sender, _HELO, zone) == _ours(ip, sender, _HELO, zone)


@given(
    top=_records(["i.example", "j.example"], 14, least=7, mistakes=False),
    included=_records(["j.example"], 8, least=2, mistakes=False),
    inner=_records([], 8, least=2, mistakes=False),
    ip=st.sampled_from(["203.0.113.200", "2001:db8:9::9", *_CLIENTS]),
)
def test_both_count_lookups_alike(top: str, included: str, inner: str, ip: str) -> None:
    zone = _zone(
        ("top.example", "TXT", f"v=spf1 {top} ~all"),
        ("i.example", "TXT", f"v=spf1 {included}"),
        ("j.example", "TXT", f"v=spf1 {inner}"),
    )
    sender = "john@top.example"
    assert judged(ip, sender, _HELO, zone) == _ours(ip, sender, _HELO, zone)


_LETTERS = st.one_of(
    st.from_regex(r"%\{[lsLS][1-9]?r?[-.+,/_=]{0,3}\}", fullmatch=True),
    st.from_regex(r"%\{[odihvODIHV][1-9]?r?\.?\}", fullmatch=True),
    st.sampled_from(["%{c}", "%{r}", "%{p}", "%{C}", "%%", "%_", "%-", " ", ".", "why", "x=y"]),
)


@given(
    text=st.lists(_LETTERS, max_size=4).map("".join),
    ip=st.sampled_from(_CLIENTS),
    sender=_SENDERS,
)
def test_both_expand_any_explanation_alike(text: str, ip: str, sender: str) -> None:
    text += "!"  # see DIFFERENCES, a percent sign at the end
    records = [(name, "TXT", "v=spf1 -all exp=text.example") for name in ("top.example", _HELO)]
    zone = _zone(*records, ("text.example", "TXT", text))
    assert judged(ip, sender, _HELO, zone) == _ours(ip, sender, _HELO, zone)

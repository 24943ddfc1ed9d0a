"""The key `auth`: what a host found out about a sender."""

from __future__ import annotations

import textwrap

import pytest

from tests.playing import difference

STRANGER = """\
dns: {stranger.example: {TXT: ["v=spf1 ip4:192.0.2.1 -all"]}}
send: {from: eve@stranger.example, to: [Bob, John], as: 192.0.2.66, server: m365}
path:
  - eve@stranger.example -> m365 -> Bob in Junk
  - eve@stranger.example -> m365 -> onprem -> John"""
COLLEAGUE = "send: {from: John, to: Bob}\npath: John -> onprem -> m365 -> Bob"
REFUSED = """\
dns: {_dmarc.stranger.example: {TXT: ["v=DMARC1; p=reject"]}}
send: {from: eve@stranger.example, to: Bob, as: 192.0.2.66, server: m365}
path: eve@stranger.example -> m365 -> REJECTED 550 5.7.509"""


def told(base: str, expectation: str) -> tuple[str, str, str]:
    given, _, rest = base.partition("\n") if base.startswith("dns:") else ("", "", base)
    text = f"given: {{{given}}}\n{rest}" if given else rest
    return difference("flow:\n" + textwrap.indent(f"{text}\n{expectation}", "  "))


@pytest.mark.parametrize(
    ("base", "expectation"),
    [
        (STRANGER, "auth: {spf: fail, dkim: none, dmarc: none, arc: none, compauth: fail, scl: 5, ip: 192.0.2.66}"),
        (STRANGER, "auth: {at: m365, compauth: fail 001}"),
        (STRANGER, "auth: {compauth: reason=001, scl: 5..9}"),
        (STRANGER, "auth: {m365: {spf: fail}, Bob: {scl: 5}, John: {spf: {any of: [fail, softfail]}}}"),
        (STRANGER, "auth: {eve@stranger.example -> m365: {ip: 192.0.2.66}}"),
        (STRANGER, "auth: {any of: [{spf: pass}, {spf: fail}]}"),
        (REFUSED, "auth: {at: m365, dmarc: fail, compauth: fail 000}"),
        (COLLEAGUE, "auth: {spf: pass, compauth: none, scl: 1, ip: 203.0.113.25}"),
    ],
)
def test_what_was_found_out_passes(base: str, expectation: str) -> None:
    assert ("", "", "") == told(base, expectation)


@pytest.mark.parametrize(
    ("base", "expectation", "difference_"),
    [
        (STRANGER, "auth: {spf: pass}", ("auth spf", "pass", "fail")),
        (STRANGER, "auth: {spf: softfail}", ("auth spf", "softfail", "fail")),
        (STRANGER, "auth: {compauth: fail 000}", ("auth compauth", "fail 000", "fail reason=001")),
        (STRANGER, "auth: {scl: -1..1}", ("auth scl", "-1..1", "5")),
        (STRANGER, "auth: {Bob: {dkim: pass}}", ("auth Bob dkim", "pass", "none")),
        (STRANGER, "auth: {at: onprem, spf: fail}", ("auth at", "onprem", "m365")),
        (COLLEAGUE, "auth: {compauth: softpass}", None),
        ("path: John -> onprem -> John", "auth: {spf: pass}", None),
    ],
)
def test_what_was_not_is_told(base: str, expectation: str, difference_: tuple[str, str, str] | None) -> None:
    found = told(base, expectation)

    assert found[0]
    if difference_:
        assert difference_ == found


def test_where_nobody_judged_nothing_holds() -> None:
    found = told("send: {from: Sun, to: Sun}\npath: Sun -> internet -> Sun", "auth: {spf: none}")

    assert ("auth", "spf: none", "no host judged the sender of this message") == found

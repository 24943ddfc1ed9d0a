"""`always` and `violates`: what must hold in every flow, whatever its path."""

from __future__ import annotations

import textwrap

import pytest

from tests.playing import difference

LOOPING = """\
flow:
  do: [Set-OutboundConnector: {Identity: O365 to own servers, Enabled: false}]
  path: Sun -> internet -> ... -> m365 -> LOOP for John
"""
OPEN = """\
flow:
  do: [settings onprem: {Allow Relay: Anyone}]
  path: Bob -> m365 -> onprem -> John
"""
CLEAR = """\
flow:
  do:
    - Set-OutboundConnector: {Identity: O365 to own servers, TlsSettings: null}
    - cert onprem: none
  path: Bob -> m365 -> onprem -> John
"""
PLAIN = "flow:\n  path: Bob -> m365 -> onprem -> John\n"


@pytest.mark.parametrize("word", ["no open relay", "no loop", "nothing lost", "no duplicates", "no clear text"])
def test_an_ordinary_flow_breaks_no_invariant(word: str) -> None:
    assert ("", "", "") == difference(PLAIN, more=f"always: [{word}]")


@pytest.mark.parametrize(
    ("flow", "word", "told"),
    [
        (LOOPING, "no loop", "a loop detector stopped mail for john@contoso.com at m365"),
        (OPEN, "no open relay", "onprem relays for a stranger at 192.0.0.9 who sends as <>"),
        (CLEAR, "no clear text", "m365 -> onprem went in clear text"),
    ],
)
def test_a_broken_invariant_is_told_and_may_be_meant(flow: str, word: str, told: str) -> None:
    assert ("always", word, told) == difference(flow, more=f"always: [{word}]")
    assert ("", "", "") == difference(flow + f"  violates: [{word}]", more=f"always: [{word}]")


def test_a_violation_that_did_not_happen_is_told() -> None:
    assert ("violates", "no loop is violated", "it holds") == difference(PLAIN + "  violates: [no loop]")


def test_always_of_a_flow_adds_to_that_of_the_file() -> None:
    flow = textwrap.indent("always: [no clear text]\n", "  ")
    assert "always" == difference(CLEAR + flow, more="always: [nothing lost]")[0]

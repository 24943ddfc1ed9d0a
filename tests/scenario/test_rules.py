"""`rules:` of a flow: which mail flow rules ran."""

from __future__ import annotations

import pytest

from tests.playing import difference

FLOW = """\
flow:
  do:
    - New-TransportRule: {Name: Mark it, SubjectContainsWords: [hello], PrependSubject: "[seen] "}
    - New-TransportRule: {Name: Note it, Mode: Audit, DeleteMessage: true}
    - New-TransportRule: {Name: Secret, SubjectContainsWords: [secret], DeleteMessage: true}
  send: {from: Sun, to: Bob, subject: hello}
  path: Sun -> internet -> m365 -> Bob
"""
WITHOUT = "flow:\n  path: Sun -> internet -> m365 -> Bob\n"


@pytest.mark.parametrize(
    "rules",
    ["{Mark it: run}", "{mark IT: run, Note it: run, Secret: not run}", "{any of: [{Mark it: not run}, {Secret: not run}]}"],
)  # fmt: skip
def test_rules_that_ran_as_expected_pass(rules: str) -> None:
    assert ("", "", "") == difference(f"{FLOW}  rules: {rules}\n")


@pytest.mark.parametrize(
    ("flow", "rules", "expected"),
    [
        (FLOW, "{Secret: run}", ("rules Secret", "run", "not run: SubjectContainsWords: the subject is [seen] hello")),
        (FLOW, "{Mark it: not run}",
         ("rules Mark it", "not run", "run: SubjectContainsWords: hello is in the subject; puts [seen] before the subject")),
        (FLOW, "{Mark: not run}", ("rules Mark", "not run", "there is no such rule; asked were Mark it, Note it, Secret")),
        (WITHOUT, "{Mark it: run}", ("rules Mark it", "run", "no mail flow rule was asked")),
    ],
)  # fmt: skip
def test_rules_that_did_not_are_told_with_the_reason(flow: str, rules: str, expected: tuple[str, str, str]) -> None:
    assert expected == difference(f"{flow}  rules: {rules}\n")


def test_a_rule_did_not_run_where_none_was_asked() -> None:
    assert ("", "", "") == difference(f"{WITHOUT}  rules: {{Mark it: not run}}\n")

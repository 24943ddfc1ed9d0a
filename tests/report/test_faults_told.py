"""What reports say of planned faults: that one did it, where it is written, and how often it struck."""

from __future__ import annotations

from simulator.report.explanation import explanation
from simulator.report.run_json import run_document
from simulator.report.run_text import summary
from simulator.report.story import story
from simulator.runner import FlowResult, RunResult
from tests.playing import run

TWICE = """\
x:
  faults: [{link: m365 -> onprem, cut: after DATA, times: 1}]
  path: Bob -> m365 -> onprem -> John
  copies: 2
"""
REFUSED = """\
x:
  faults: [{at: onprem, reply: 550 5.7.1 Not today, to: RCPT}]
  path: Bob -> m365 -> onprem -> John
"""
KEPT_AWAY = """\
x:
  faults: [{at: onprem, down: 30d}]
  path: Bob -> m365 -> onprem -> John
"""
FAST = """\
x:
  faults: [{at: m365, clock: 365d}]
  path: John -> onprem -> m365 -> Bob
"""


def played(flow: str) -> tuple[RunResult, FlowResult]:
    result = run(flow)
    (one,) = result.flows()
    return result, one


def test_a_story_names_the_fault_that_did_it() -> None:
    lines = story(played(REFUSED)[1]).splitlines()
    (told,) = [line.strip() for line in lines if line.strip().startswith("why")]
    assert "why       onprem: the reply to RCPT is 550 5.7.1 Not today    test.yaml:6:14" == told


def test_a_clock_is_told_where_a_host_takes_mail_by_it() -> None:
    text = explanation(played(FAST)[1].played)
    (line,) = [line for line in text.splitlines() if " FAULT " in line]
    assert "m365: the clock is 365 days fast" in line


def test_a_story_counts_how_often_a_fault_struck() -> None:
    lines = story(played(KEPT_AWAY)[1]).splitlines()
    (told,) = [line.strip() for line in lines if line.strip().startswith("fault")]
    assert "fault     onprem: down, connections are refused, 27 times    test.yaml:6:14" == told


def test_an_explanation_shows_the_fault_at_the_hop_that_it_struck() -> None:
    text = explanation(played(TWICE)[1].played)
    (line,) = [line for line in text.splitlines() if " FAULT " in line]
    assert "m365 -> onprem: the connection is cut after END: onprem has acted, and its reply is lost" in line


def test_a_duplicate_is_counted_and_explained() -> None:
    result, one = played(TWICE)
    assert [] == list(one.differences)
    assert (1, ()) == (one.played.balance.duplicated, one.played.balance.unexplained)
    assert 1 == run_document(result)["summary"]["duplicated"]
    assert "1 of them duplicate after a cut connection" in summary(result, 0.1)


def test_a_refusal_of_another_address_than_was_written_has_its_reason_told() -> None:
    external = "{ann@contoso.com: {RecipientType: MailUser, ExternalEmailAddress: ghost@contoso.com}}"
    servers = f"{{m365: {{Recipients: {external}}}, onprem: {{Domains: {{contoso.com: {{Inbound Message Delivery: Local}}}}}}}}"
    flow = f"x:\n  given: {{servers: {servers}}}\n  path: Sun -> internet -> m365 -> onprem -> ann@contoso.com\n"
    assert "ghost@contoso.com has no mailbox here" in story(played(flow)[1])

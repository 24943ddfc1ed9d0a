"""In which order rules are asked, and when they are not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.mail.message import Message
from simulator.policy.route import Discard
from tests.products.exchange_online.builders import message
from tests.products.exchange_online.transport_rules.asking import STOP, ask_rules, verdict
from tests.products.exchange_online.transport_rules.test_predicates import CASES

TAG = {"SetHeaderName": "X-Tag", "SetHeaderValue": "yes"}
TAGGED = {"HeaderContainsMessageHeader": "X-Tag", "HeaderContainsWords": "yes"}


def reasons(rules: dict[str, Any], **circumstances: Any) -> dict[str, str]:
    return {c.name: c.reason for c in ask_rules(rules, **circumstances).step.candidates}


def test_a_rule_without_conditions_is_for_all_messages() -> None:
    found = verdict({})

    assert (True, "matched", "it is for all messages; it does nothing to the message") == (
        found.chosen, found.reason, found.says
    )  # fmt: skip


def test_all_conditions_must_hold_and_one_exception_is_enough() -> None:
    sender, recipient = {"SenderDomainIs": "customer.example"}, {"RecipientDomainIs": "contoso.com"}

    assert "matched" == verdict({**sender, **recipient}).reason
    assert "recipient-domain-is" == verdict({**sender, "RecipientDomainIs": "x.test"}).reason
    exceptions = {"ExceptIfSubjectContainsWords": "nothing", "ExceptIfSenderIpRanges": "203.0.113.5"}
    found = verdict({**sender, **exceptions})
    assert ("except-if-sender-ip-ranges", "ExceptIfSenderIpRanges: it was handed in by 203.0.113.5") == (
        found.reason, found.says
    )  # fmt: skip


def test_every_condition_that_fails_is_told_and_the_setting_of_the_first_is_pointed_at() -> None:
    found = verdict({"SenderDomainIs": "x.test", "SubjectContainsWords": "secret", "SentTo": "bob@contoso.com"})

    assert (
        "SenderDomainIs: the sender's domain is customer.example; SubjectContainsWords: the subject is hello"
        == found.says
    )
    assert ("sender-domain-is", True) == (found.reason, bool(found.at))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"State": "Disabled"}, "disabled"),
        ({"Enabled": False}, "disabled"),
        ({"State": "Enabled", "Enabled": False}, "matched"),
        ({"ActivationDate": "2026-01-15T09:01"}, "not-yet-active"),
        ({"ActivationDate": "2026-01-15T09:00"}, "matched"),
        ({"ActivationDate": "01/14/2026 5:00 PM"}, "matched"),
        ({"ExpiryDate": "2026-01-15T08:59"}, "expired"),
        ({"ExpiryDate": "2026-01-16"}, "matched"),
        ({"AttachmentIsUnsupported": True}, "attachment-is-unsupported"),
        ({"ExceptIfAttachmentIsUnsupported": True}, "matched"),
        ({"AttachmentIsUnsupported": False}, "matched"),
    ],
)
def test_a_rule_is_asked_while_it_is_in_force(settings: dict[str, Any], reason: str) -> None:
    assert reason == verdict(settings, now=datetime(2026, 1, 15, 9, 0, tzinfo=UTC)).reason


def test_rules_are_asked_by_priority() -> None:
    rules = {"a": STOP, "b": {**STOP, "Priority": 0}}

    assert {"b": "matched", "a": "stopped"} == reasons(rules)


@pytest.mark.parametrize(
    "ends", [STOP, {"DeleteMessage": True}, {"Quarantine": True}, {"RejectMessageReasonText": "no"}]
)
def test_some_actions_end_the_evaluation(ends: dict[str, Any]) -> None:
    assert {"first": "matched", "later": "stopped"} == reasons({"first": ends, "later": TAG})


def test_without_them_all_rules_that_match_run() -> None:
    assert {"first": "matched", "later": "matched"} == reasons({"first": TAG, "later": {"PrependSubject": "x "}})


def test_a_later_rule_sees_what_an_earlier_one_did() -> None:
    assert {"tag": "matched", "tagged": "matched"} == reasons({"tag": TAG, "tagged": {**TAGGED, **STOP}})
    assert {"tagged": "header-contains-words", "tag": "matched"} == reasons({"tagged": {**TAGGED, **STOP}, "tag": TAG})


@pytest.mark.parametrize("mode", ["Audit", "AuditAndNotify"])
def test_an_audit_mode_tells_and_changes_nothing(mode: str) -> None:
    found = ask_rules({"try": {"Mode": mode, "DeleteMessage": True, "StopRuleProcessing": True}, "tag": TAG})
    tried, tag = found.step.candidates

    assert (True, "audit", "matched") == (tried.chosen, tried.reason, tag.reason)
    assert f"it is for all messages; Mode {mode}: only noted (deletes it)" == tried.says
    assert (None, ("tag",)) == (found.done.end, found.ran)


def test_what_ran_on_a_copy_before_does_not_run_again() -> None:
    found = ask_rules({"a": TAG, "b": TAG}, before=frozenset({"a"}))

    assert ["ran-before", "matched"] == [c.reason for c in found.step.candidates]


def test_the_step_points_at_the_rule_that_ended_it() -> None:
    found = ask_rules({"tag": TAG, "drop": {"SubjectContainsWords": "hello", "DeleteMessage": True}, "later": TAG})

    assert ("ended", Discard("mail flow rule drop")) == (found.step.outcome, found.done.end)
    assert "drop: SubjectContainsWords: hello is in the subject; deletes it" == found.step.says
    assert "none of 2 mail flow rules matches" == ask_rules(
        {"a": {"SubjectContainsWords": "x", **STOP}, "b": {"SubjectContainsWords": "y", **STOP}}
    ).step.says  # fmt: skip


@given(st.permutations(["a", "b", "c", "d"]), st.sets(st.sampled_from("abcd")))
def test_a_rule_that_does_not_match_changes_nothing(order: list[str], off: set[str]) -> None:
    def rules(names: list[str]) -> dict[str, dict[str, Any]]:
        never = {"SubjectContainsWords": "never"}
        return {n: {"PrependSubject": f"{n}:", **(never if n in off else {})} for n in names}

    subject = ask_rules(rules(order), content=message()).done.message.get("Subject")

    assert subject == ask_rules(
        {**rules([n for n in order if n not in off]), "z": STOP}, content=message()
    ).done.message.get("Subject")


EVERY_CONDITION = {
    str(number): {**case[0], "PrependSubject": "x", "ApplyHtmlDisclaimerText": "<b>y</b>"}
    for number, case in enumerate(CASES)
}


@settings(max_examples=15, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["multipart/mixed; boundary=b", "text/html", "text/plain; charset=x", "\xff;;="]),
)
def test_every_message_is_judged_by_every_rule(octets: bytes, kind: str) -> None:
    content = Message.parse(f"From: <sun@customer.example>\r\nContent-Type: {kind}\r\n".encode() + octets)
    found = ask_rules(EVERY_CONDITION, content=content)

    assert list(EVERY_CONDITION) == [c.name for c in found.step.candidates]

"""What New-TransportRule objects to, and what is warned of."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.products.exchange_online import TenantSettings
from simulator.products.exchange_online.transport_rules.conditions import CONDITIONS, EXCEPT_IF, NOT_MODELLED
from simulator.products.exchange_online.transport_rules.lint import ordered
from simulator.products.exchange_online.transport_rules.rule import ACTIONS, NOT_MODELLED_ACTIONS, TransportRule
from simulator.source import Node, ProblemList
from tests.products.exchange_online.builders import CONTOSO, PLACE, contoso, outbound
from tests.products.exchange_online.transport_rules.asking import PEOPLE, STOP


def read(rules: dict[str, Any], **tenant: Any) -> tuple[TenantSettings, ProblemList]:
    problems = ProblemList()
    plain = {**CONTOSO, "Recipients": PEOPLE, "TransportRules": rules, **tenant}
    return TenantSettings.read(Node.of(plain, PLACE), problems, name="m365", at=PLACE), problems


def told(problems: ProblemList) -> tuple[list[str], list[str]]:
    return [f"{p.says} | {p.fix}" if p.fix else p.says for p in problems.errors], [p.says for p in problems.warnings]


ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"HeaderContainsMessageHeader": "X-A", **STOP},
     "HeaderContainsMessageHeader needs HeaderContainsWords. | Add HeaderContainsWords, or take HeaderContainsMessageHeader out."),
    ({"HeaderMatchesPatterns": "a", **STOP},
     "HeaderMatchesPatterns needs HeaderMatchesMessageHeader. | Add HeaderMatchesMessageHeader, or take HeaderMatchesPatterns out."),
    ({"ExceptIfHeaderContainsWords": "a", **STOP},
     "ExceptIfHeaderContainsWords needs ExceptIfHeaderContainsMessageHeader. | Add ExceptIfHeaderContainsMessageHeader, or "
     "take ExceptIfHeaderContainsWords out."),
    ({"BetweenMemberOf1": "sales@contoso.com", **STOP},
     "BetweenMemberOf1 needs BetweenMemberOf2. | Add BetweenMemberOf2, or take BetweenMemberOf1 out."),
    ({"ManagerForEvaluatedUser": "Sender", **STOP},
     "ManagerForEvaluatedUser needs ManagerAddresses. | Add ManagerAddresses, or take ManagerForEvaluatedUser out."),
    ({"ADComparisonOperator": "Equal", **STOP},
     "ADComparisonOperator needs ADComparisonAttribute. | Add ADComparisonAttribute, or take ADComparisonOperator out."),
    ({"SetHeaderName": "X-A"}, "SetHeaderName needs SetHeaderValue. | Add SetHeaderValue, or take SetHeaderName out."),
    ({"ApplyHtmlDisclaimerLocation": "Append", **STOP},
     "ApplyHtmlDisclaimerLocation needs ApplyHtmlDisclaimerText. | Add ApplyHtmlDisclaimerText, or take "
     "ApplyHtmlDisclaimerLocation out."),
    ({"RejectMessageEnhancedStatusCode": "5.7.2"},
     "RejectMessageEnhancedStatusCode: 5.7.2 is not valid. | Valid values are 5.7.1 and 5.7.900 through 5.7.999."),
    ({"RejectMessageReasonText": "x" * 1025},
     "RejectMessageReasonText: 1025 characters are more than the 1024 that New-TransportRule takes."),
    ({"ApplyHtmlDisclaimerText": "x" * 5001},
     "ApplyHtmlDisclaimerText: 5001 characters are more than the 5000 that New-TransportRule takes."),
    ({"RedirectMessageTo": [f"a{n}@x.test" for n in range(11)]}, "RedirectMessageTo: 11 recipients are more than 10."),
    ({"SubjectContainsWords": "x" * 129, **STOP}, "SubjectContainsWords: xxxxxxxxxxxxxxxxxxxx... is longer than 128 characters."),
    ({"SubjectMatchesPatterns": "(", **STOP},
     "SubjectMatchesPatterns: ( is not a regular expression: missing ), unterminated subpattern at position 0."),
    ({"SetSCL": "10"}, "SetSCL: 10 is no spam confidence level. | Write -1 or a number from 0 to 9."),
    ({"SenderIpRanges": "192.0.2.9-192.0.2.1", **STOP}, "SenderIpRanges: 192.0.2.9-192.0.2.1 ends before it begins."),
    ({"SenderIpRanges": "2001:db8::1", **STOP},
     "SenderIpRanges: 2001:db8::1 is no IPv4 address, range or network. | Write 192.0.2.10, 192.0.2.10-192.0.2.20 or 192.0.2.0/24."),
    ({"MessageSizeOver": "big", **STOP}, "MessageSizeOver: big is not a size. | Write 10MB or a number of bytes."),
    ({"RecipientADAttributeContainsWords": "Palo Alto", **STOP},
     "RecipientADAttributeContainsWords: Palo Alto names no attribute. | Write City:New Orleans,Palo Alto."),
    ({"RecipientADAttributeContainsWords": "Citty:Palo Alto", **STOP},
     "RecipientADAttributeContainsWords: Citty is not an attribute. | Did you mean City?"),
    ({"HeaderContainsMessageHeader": "X A", "HeaderContainsWords": "a", **STOP},
     "HeaderContainsMessageHeader: X A is not the name of a header field. | Write X-Name, without the colon."),
    ({"ActivationDate": "soon", **STOP}, "ActivationDate: soon is not a date. | Write 2026-03-01 or 2026-03-01T17:00."),
    ({"ActivationDate": "2026-03-01", "ExpiryDate": "03/01/2026", **STOP}, "ExpiryDate is not after ActivationDate. | Swap them."),
    ({"FromScope": "Inside", **STOP},
     "FromScope: Inside is not a value of New-TransportRule. | Use InOrganization, NotInOrganization or leave it out."),
    ({"Priority": "first", **STOP}, "Priority: first is no priority. | Write 0 or a higher number."),
    ({"SubjectContainsWords": "a"}, "r has no action. | Add one, such as StopRuleProcessing: true."),
    ({"SubjectContainsWord": "a", **STOP},
     "unknown setting SubjectContainsWord in a mail flow rule. | Did you mean SubjectContainsWords?"),
    ({"From": "Bob", **STOP}, "From: 'Bob' is not a mail address. | Write john@contoso.com."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "error"), ERRORS, ids=[row[1][:50] for row in ERRORS])
def test_what_the_cmdlet_objects_to(rule: dict[str, Any], error: str) -> None:
    assert [error] == told(read({"r": rule})[1])[0]


def test_a_name_has_at_most_64_characters() -> None:
    assert ["Name: nnnnnnnnnnnnnnnnnnnn... is longer than 64 characters."] == told(read({"n" * 65: STOP})[1])[0]


def test_a_tenant_has_at_most_300_rules() -> None:
    assert [] == told(read({f"r{n}": STOP for n in range(300)})[1])[0]
    error = "301 mail flow rules are more than the 300 that a tenant may have."
    assert [error] == told(read({f"r{n}": STOP for n in range(301)})[1])[0]


def test_rules_and_all_patterns_together_have_a_limit() -> None:
    words = [f"{n:0100}" for n in range(90)]
    assert ["r is larger than 8 KB."] == told(read({"r": {"SubjectContainsWords": words, **STOP}})[1])[0]
    patterns = {f"r{n}": {"SubjectMatchesPatterns": "x" * 7000, **STOP} for n in range(3)}
    assert ["the patterns of all mail flow rules are larger than 20 KB together."] == told(read(patterns)[1])[0]


WARNINGS: list[tuple[dict[str, Any], str]] = [
    ({"RouteMessageOutboundConnector": "gone"},
     "RouteMessageOutboundConnector: there is no outbound connector gone; mail takes its normal route"),
    ({"RouteMessageOutboundConnector": "to own servers"},
     "RouteMessageOutboundConnector: to own servers is disabled; mail takes its normal route"),
    ({"AttachmentIsUnsupported": True, **STOP}, "AttachmentIsUnsupported is understood but not modelled; r does not run here"),
    ({"ExceptIfHasClassification": "x", **STOP}, "ExceptIfHasClassification is understood but not modelled; it exempts nothing here"),
    ({"ModerateMessageByUser": "amy@contoso.com"}, "ModerateMessageByUser is understood but not modelled; it changes nothing here"),
    ({"GenerateIncidentReport": "amy@contoso.com"}, "GenerateIncidentReport is understood but not modelled; it changes nothing here"),
    ({"GenerateNotification": "x"}, "GenerateNotification is understood but not modelled; it changes nothing here"),
    ({"FromMemberOf": "nobody@contoso.com", **STOP}, "FromMemberOf: nobody@contoso.com is no group of the tenant; nobody is a member"),
    ({"BlindCopyTo": "sales@contoso.com"}, "BlindCopyTo: sales@contoso.com is a group, which Exchange Online does not support here"),
    ({"State": "Disabled", "Enabled": True, **STOP}, "State Disabled contradicts Enabled; State counts"),
    ({"Priority": 1, **STOP}, "Priority 1: there are 1 rules, so 0 to 0 are valid; it is the last"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "warning"), WARNINGS, ids=[row[1][:50] for row in WARNINGS])
def test_what_is_warned_of(rule: dict[str, Any], warning: str) -> None:
    connectors = outbound(RecipientDomains="x.test", Enabled=False)

    assert ([], [warning]) == told(read({"r": rule}, OutboundConnectors=connectors)[1])


def test_a_get_record_can_be_pasted() -> None:
    record = {
        "Priority": 0, "DlpPolicy": None, "Comments": "", "ManuallyModified": False, "ActivationDate": None, "ExpiryDate": None,
        "Description": "If the message:\n", "RuleVersion": "14.0.0.0", "Size": "420 B (420 bytes)", "Conditions": ["X"],
        "Exceptions": None, "Actions": ["Y"], "State": "Enabled", "Mode": "Enforce", "RuleErrorAction": "Ignore",
        "SenderAddressLocation": "Header", "RecipientAddressType": "Resolved", "RuleSubType": "None", "From": None,
        "SentToScope": "NotInOrganization", "AttachmentIsUnsupported": False, "StopRuleProcessing": False, "SetSCL": None,
        "RouteMessageOutboundRequireTls": True, "Name": "r", "Identity": "r", "Guid": "0", "ImmutableId": "0",
        "WhenChanged": "2026-07-23T22:55:13.0000000Z", "IsValid": True, "CreatedBy": "Amy", "LastModifiedBy": "Amy",
    }  # fmt: skip

    assert ([], []) == told(read({"r": record})[1])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"a": None, "b": None}, "ab"), ({"a": None, "b": 0}, "ba"), ({"a": 1, "b": 0}, "ba"), ({"a": 2, "b": 0, "c": 1}, "bca"),
        ({"a": None, "b": None, "c": 1}, "acb"), ({"a": 0, "b": 0, "c": None}, "bac"), ({"a": 7, "b": None}, "ba"),
    ],
)  # fmt: skip
def test_priority_is_the_order_of_the_rules(written: dict[str, int | None], expected: str) -> None:
    rules = {name: {**STOP, **({} if number is None else {"Priority": number})} for name, number in written.items()}

    assert list(expected) == [one.name for one in ordered(read(rules)[0].TransportRules)]


@pytest.mark.parametrize(
    ("size", "octets"),
    [("10MB", 10 * 1024**2), ("1.5 KB", 1536), ("12", 12), ("10 MB (10,485,760 bytes)", 10 * 1024**2)],
)
def test_sizes_are_taken_in_every_form(size: str, octets: int) -> None:
    made = read({"r": {"MessageSizeOver": size, **STOP}})[0].TransportRules["r"]

    assert octets == getattr(made, "MessageSizeOver")  # noqa: B009 - the conditions are added to the class from a table


def test_a_prefix_keeps_its_blank() -> None:
    assert (
        "[EXT] "
        == contoso(TransportRules={"r": {"PrependSubject": "[EXT] "}})
        .profile.settings.TransportRules["r"]
        .PrependSubject
    )


def test_every_parameter_has_words_about_it_and_every_condition_its_exception() -> None:
    fields = TransportRule.__fields__

    assert [] == [key for key, field in fields.items() if not field.doc]
    assert set() == {EXCEPT_IF + name for name in (*CONDITIONS, *NOT_MODELLED)} - set(fields)
    assert set() == {*ACTIONS, *NOT_MODELLED_ACTIONS} - set(fields)

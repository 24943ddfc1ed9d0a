"""Every condition of a rule: a message for which it holds, and one for which it does not."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.message import Message
from simulator.products.exchange_online.transport_rules.conditions import CONDITIONS, SECOND
from simulator.products.exchange_online.transport_rules.predicates import PREDICATES
from tests.products.exchange_online.builders import message, session
from tests.products.exchange_online.transport_rules.asking import AMY, BOB, SUN, internal, verdict

FROM_AMY: dict[str, Any] = {"sender": AMY, "content": internal()}
SPOOFED: dict[str, Any] = {"sender": AMY, "content": message(From=f"<{AMY}>")}
OWN_STRANGER: dict[str, Any] = {"sender": "app@contoso.com", "content": internal(From="<app@contoso.com>")}
TO_OUTSIDE: dict[str, Any] = {"to": "x@gmail.test", **FROM_AMY}
PAGE = {"knobs": {"in_organization": "conditions-page"}}
EXACT = {"knobs": {"rule_domain_match": "exact"}}
SISTER = {"RemoteDomains": {"sister": {"DomainName": "sister.test", "IsInternal": True}}}
LITERAL = {"knobs": {"sent_to_scope_authenticated": True}}


def said(**headers: str) -> dict[str, Any]:
    return {"content": message(**{"From": f"<{SUN}>", **headers})}


def raw(text: str) -> dict[str, Any]:
    return {"content": Message.parse(text.replace("\n", "\r\n").encode())}


MIXED = raw(
    'From: <sun@customer.example>\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/html; charset=iso-8859-1\n'
    "Content-Transfer-Encoding: quoted-printable\n\n<p>project <b>gr=FCn</b></p>\n--b\nContent-Type: application/zip\n"
    'Content-Disposition: attachment; filename="report.EXE.zip"\nContent-Transfer-Encoding: base64\n\nAAECAwQFBgcICQ==\n--b--\n'
)
BASE64_SUBJECT = said(Subject="=?utf-8?B?R2Vow6RsdGVy?=")

CASES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    # who sends
    ({"FromScope": "InOrganization"}, FROM_AMY, True),
    ({"FromScope": "InOrganization"}, OWN_STRANGER, True),
    ({"FromScope": "InOrganization"}, SPOOFED, False),
    ({"FromScope": "InOrganization"}, {}, False),
    ({"FromScope": "NotInOrganization"}, {}, True),
    ({"FromScope": "NotInOrganization"}, SPOOFED, True),
    ({"FromScope": "InOrganization"}, {**SPOOFED, **PAGE}, True),
    ({"FromScope": "InOrganization"}, {**OWN_STRANGER, "content": message(From="<app@contoso.com>"), **PAGE}, False),
    ({"From": SUN}, {}, True),
    ({"From": [AMY, "Sun@Customer.Example"]}, {}, True),
    ({"From": AMY}, {}, False),
    ({"From": "robert@contoso.com"}, {"sender": BOB, "content": internal(From=f"<{BOB}>")}, True),
    ({"FromMemberOf": "sales@contoso.com"}, {"sender": BOB, "content": internal(From=f"<{BOB}>")}, True),
    ({"FromMemberOf": "everybody@contoso.com"}, {"sender": BOB, "content": internal(From="<robert@contoso.com>")}, True),
    ({"FromMemberOf": "sales@contoso.com"}, FROM_AMY, False),
    ({"FromAddressContainsWords": "customer"}, {}, True),
    ({"FromAddressContainsWords": "custom"}, {}, False),
    ({"FromAddressMatchesPatterns": r"@customer\.example$"}, {}, True),
    ({"FromAddressMatchesPatterns": r"@gmail\.test$"}, {}, False),
    ({"SenderDomainIs": "customer.example"}, {}, True),
    ({"SenderDomainIs": "example"}, {}, True),
    ({"SenderDomainIs": "example"}, EXACT, False),
    ({"SenderDomainIs": "omer.example"}, {}, False),
    ({"SenderIpRanges": "203.0.113.5"}, {}, True),
    ({"SenderIpRanges": "203.0.113.1-203.0.113.9"}, {}, True),
    ({"SenderIpRanges": ["192.0.2.0/24", "203.0.113.99/24"]}, {}, True),
    ({"SenderIpRanges": "203.0.113.6-203.0.113.9"}, {}, False),
    ({"SenderIpRanges": "203.0.113.0/24"}, {"client": session("2001:db8::1")}, False),
    ({"SenderADAttributeContainsWords": "City:Palo Alto"}, FROM_AMY, True),
    ({"SenderADAttributeContainsWords": "City:Palo"}, FROM_AMY, True),
    ({"SenderADAttributeContainsWords": "City:Alt"}, FROM_AMY, False),
    ({"SenderADAttributeContainsWords": "City:Palo Alto"}, {}, False),
    ({"SenderADAttributeMatchesPatterns": "customattribute7:^v"}, FROM_AMY, True),
    ({"SenderManagementRelationship": "Manager"}, FROM_AMY, True),
    ({"SenderManagementRelationship": "DirectReport"}, FROM_AMY, False),
    ({"SenderManagementRelationship": "DirectReport"}, {"to": AMY, "sender": BOB, "content": internal(From=f"<{BOB}>")}, True),
    # whom it is for
    ({"SentToScope": "InOrganization"}, {}, True),
    ({"SentToScope": "InOrganization"}, {"to": "app@sm.contoso.com"}, True),
    ({"SentToScope": "NotInOrganization"}, {}, False),
    ({"SentToScope": "NotInOrganization"}, TO_OUTSIDE, True),
    ({"SentToScope": "InOrganization"}, TO_OUTSIDE, False),
    ({"SentToScope": "InOrganization"}, {"to": "q@partner.test"}, False),
    ({"SentToScope": "InOrganization"}, {"to": "u@partner.test"}, True),
    ({"SentToScope": "InOrganization"}, {"to": "partner@contoso.com"}, True),
    ({"SentToScope": "InOrganization"}, {"to": "x@sister.test", "tenant": SISTER}, True),
    ({"SentToScope": "NotInOrganization"}, {"to": "x@gmail.test", "tenant": SISTER}, True),
    ({"FromScope": "InOrganization"}, {"content": internal(From="<x@sister.test>"), "tenant": SISTER}, False),
    ({"SentToScope": "InOrganization"}, LITERAL, False),
    ({"SentToScope": "InOrganization"}, {**FROM_AMY, **LITERAL}, True),
    ({"SentToScope": "InOrganization"}, {"knobs": {**LITERAL["knobs"], **PAGE["knobs"]}}, True),
    ({"SentToScope": "InOrganization"}, {"to": "app@sm.contoso.com", "knobs": {**LITERAL["knobs"], **PAGE["knobs"]}}, False),
    ({"SentTo": [BOB]}, {}, True),
    ({"SentTo": "robert@contoso.com"}, {}, True),
    ({"SentTo": AMY}, {}, False),
    ({"SentToMemberOf": "everybody@contoso.com"}, {}, True),
    ({"SentToMemberOf": "sales@contoso.com"}, {"to": AMY}, False),
    ({"RecipientDomainIs": "contoso.com"}, {}, True),
    ({"RecipientDomainIs": "contoso.com"}, {"to": "x@sm.contoso.com"}, True),
    ({"RecipientDomainIs": "contoso.com"}, {"to": "x@sm.contoso.com", **EXACT}, False),
    ({"RecipientDomainIs": "partner.test"}, {"to": "partner@contoso.com"}, False),
    ({"RecipientAddressContainsWords": "bob"}, {}, True),
    ({"RecipientAddressContainsWords": "bo"}, {}, False),
    ({"RecipientAddressMatchesPatterns": "^b.b@"}, {}, True),
    ({"RecipientAddressMatchesPatterns": "^b.b@"}, {"to": "robert@contoso.com"}, True),
    ({"RecipientAddressMatchesPatterns": "^robert@"}, {"to": "robert@contoso.com"}, False),
    ({"RecipientADAttributeContainsWords": ["City:Rome,New Orleans", "Department:Finance"]}, {}, True),
    ({"RecipientADAttributeContainsWords": ["City:Rome", "Department:Sales"]}, {}, True),
    ({"RecipientADAttributeContainsWords": "City:Rome"}, {}, False),
    ({"RecipientADAttributeContainsWords": "Email:bob"}, {}, True),
    ({"RecipientADAttributeContainsWords": "City:New Orleans"}, TO_OUTSIDE, False),
    ({"RecipientADAttributeMatchesPatterns": "City:^New"}, {}, True),
    # both
    ({"BetweenMemberOf1": "sales@contoso.com", "BetweenMemberOf2": "everybody@contoso.com"}, FROM_AMY, True),
    ({"BetweenMemberOf1": "sales@contoso.com", "BetweenMemberOf2": "everybody@contoso.com"}, {}, False),
    ({"ManagerForEvaluatedUser": "Recipient", "ManagerAddresses": AMY}, {}, True),
    ({"ManagerForEvaluatedUser": "Sender", "ManagerAddresses": AMY}, {}, False),
    ({"ADComparisonAttribute": "City"}, FROM_AMY, False),
    ({"ADComparisonAttribute": "City", "ADComparisonOperator": "NotEqual"}, FROM_AMY, True),
    ({"ADComparisonAttribute": "Company"}, FROM_AMY, True),
    ({"ADComparisonAttribute": "City"}, {}, False),
    # the header
    ({"AnyOfToHeader": AMY}, said(To=f"Bob <{BOB}>, Amy <{AMY}>"), True),
    ({"AnyOfToHeader": AMY}, said(Cc=f"<{AMY}>"), False),
    ({"AnyOfToHeader": BOB}, said(To="<robert@contoso.com>"), False),
    ({"AnyOfCcHeader": AMY}, said(Cc=f"<{AMY}>"), True),
    ({"AnyOfToCcHeader": AMY}, said(Cc=f"<{AMY}>"), True),
    ({"AnyOfToCcHeader": AMY}, said(), False),
    ({"AnyOfToHeaderMemberOf": "sales@contoso.com"}, said(To=f"<{BOB}>"), True),
    ({"AnyOfCcHeaderMemberOf": "sales@contoso.com"}, said(To=f"<{BOB}>"), False),
    ({"AnyOfToCcHeaderMemberOf": "sales@contoso.com"}, said(To=f"<{BOB}>"), True),
    ({"AnyOfRecipientAddressContainsWords": "amy"}, said(To=f"<{AMY}>"), True),
    ({"AnyOfRecipientAddressContainsWords": "amy"}, said(), False),
    ({"AnyOfRecipientAddressMatchesPatterns": "^bob@"}, said(), True),
    ({"HeaderContainsMessageHeader": "X-Gate", "HeaderContainsWords": ["passed", "seen"]}, said(X_Gate="1 Passed."), True),
    ({"HeaderContainsMessageHeader": "X-Gate", "HeaderContainsWords": "pass"}, said(X_Gate="passed"), False),
    ({"HeaderContainsMessageHeader": "X-Gate", "HeaderContainsWords": "passed"}, said(), False),
    ({"HeaderMatchesMessageHeader": "x-gate", "HeaderMatchesPatterns": r"^\d+$"}, said(X_Gate="12"), True),
    ({"HeaderMatchesMessageHeader": "x-gate", "HeaderMatchesPatterns": r"^\d+$"}, said(X_Gate="12a"), False),
    # the text
    ({"SubjectContainsWords": ["secret", "hello"]}, said(), True),
    ({"SubjectContainsWords": "hell"}, said(), False),
    ({"SubjectContainsWords": "gehälter"}, BASE64_SUBJECT, True),
    ({"SubjectMatchesPatterns": "^h"}, said(), True),
    ({"SubjectMatchesPatterns": r"\d{3}-\d{2}"}, said(), False),
    ({"SubjectOrBodyContainsWords": "project grün"}, MIXED, True),
    ({"SubjectOrBodyContainsWords": "hello"}, said(), True),
    ({"SubjectOrBodyContainsWords": "AAECAwQFBgcICQ"}, MIXED, False),
    ({"SubjectOrBodyMatchesPatterns": "project *gr.n"}, MIXED, True),
    ({"SubjectOrBodyMatchesPatterns": "<b>"}, MIXED, False),
    ({"ContentCharacterSetContainsWords": "iso-8859-1"}, MIXED, True),
    ({"ContentCharacterSetContainsWords": "koi8-r"}, MIXED, False),
    # attachments
    ({"AttachmentExtensionMatchesWords": ["exe", "zip"]}, MIXED, True),
    ({"AttachmentExtensionMatchesWords": "exe"}, MIXED, False),
    ({"AttachmentNameMatchesPatterns": r"\.exe\b"}, MIXED, True),
    ({"AttachmentNameMatchesPatterns": "invoice"}, said(), False),
    ({"AttachmentSizeOver": "9B"}, MIXED, True),
    ({"AttachmentSizeOver": "10"}, MIXED, False),
    # the rest
    ({"MessageSizeOver": "50"}, said(), True),
    ({"MessageSizeOver": "1KB"}, said(), False),
    ({"SCLOver": 5}, {"content": message(X_MS_Exchange_Organization_SCL="5")}, True),
    ({"SCLOver": 6}, {"content": message(X_MS_Exchange_Organization_SCL="5")}, False),
    ({"SCLOver": -1}, {"facts": {"scl": "-1"}}, True),
    ({"SCLOver": -1}, {}, False),
    ({"WithImportance": "High"}, said(Importance="high"), True),
    ({"WithImportance": "High"}, said(X_Priority="1 (Highest)"), True),
    ({"WithImportance": "Normal"}, said(), True),
    ({"WithImportance": "Low"}, said(), False),
    ({"MessageTypeMatches": "OOF"}, said(Auto_Submitted="auto-replied (vacation)"), True),
    ({"MessageTypeMatches": "AutoForward"}, said(Auto_Submitted="auto-forwarded"), True),
    ({"MessageTypeMatches": "AutoForward"}, {"facts": {"message class": "IPM.Note.Forward"}}, True),
    ({"MessageTypeMatches": "AutoForward"}, said(X_MS_Exchange_Inbox_Rules_Loop=BOB), False),
    ({"MessageTypeMatches": "AutoForward"}, said(Auto_Submitted="auto-replied"), False),
    ({"MessageTypeMatches": "Encrypted"}, said(Content_Type="application/pkcs7-mime; smime-type=enveloped-data"), True),
    ({"MessageTypeMatches": "Encrypted"}, said(Content_Type="application/pkcs7-mime; smime-type=signed-data"), False),
    ({"MessageTypeMatches": "Signed"}, said(Content_Type="multipart/signed; boundary=x"), True),
    ({"MessageTypeMatches": "Calendaring"}, said(Content_Type="text/calendar; method=REQUEST"), True),
    ({"MessageTypeMatches": "PermissionControlled"}, said(Content_Type="application/x-microsoft-rpmsg-message"), True),
    ({"MessageTypeMatches": "Voicemail"}, said(Content_Class="Voice-CA"), True),
    ({"MessageTypeMatches": "ApprovalRequest"}, said(), False),
    ({"MessageTypeMatches": "ReadReceipt"}, said(Content_Type="multipart/report; report-type=disposition-notification"), True),
]  # fmt: skip


def _named(case: tuple[dict[str, Any], dict[str, Any], bool]) -> str:
    return f"{case[0]}-{case[2]}"


@pytest.mark.parametrize(("parameters", "circumstances", "holds"), CASES, ids=map(_named, CASES))
def test_a_condition_holds_or_not(parameters: dict[str, Any], circumstances: dict[str, Any], holds: bool) -> None:
    found = verdict(parameters, **circumstances)

    assert holds == found.chosen, found.says


@pytest.mark.parametrize(("parameters", "circumstances", "holds"), CASES, ids=map(_named, CASES))
def test_an_exception_is_the_opposite_of_its_condition(
    parameters: dict[str, Any], circumstances: dict[str, Any], holds: bool
) -> None:
    found = verdict({f"ExceptIf{name}": value for name, value in parameters.items()}, **circumstances)

    assert holds != found.chosen, found.says


def test_every_condition_is_judged_and_stands_in_the_table_above() -> None:
    asked = set(CONDITIONS) - set(SECOND)
    assert asked == set(PREDICATES)
    written = {name for parameters, _, _ in CASES for name in parameters}
    assert set() == asked - written


@pytest.mark.parametrize(
    ("location", "header", "envelope", "holds"),
    [
        ("Header", SUN, AMY, True), ("Header", AMY, SUN, False), ("Envelope", AMY, SUN, True), ("Envelope", SUN, AMY, False),
        ("HeaderOrEnvelope", SUN, AMY, True), ("HeaderOrEnvelope", AMY, SUN, True), ("HeaderOrEnvelope", AMY, AMY, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "condition",
    [{"From": SUN}, {"SenderDomainIs": "customer.example"}, {"FromAddressContainsWords": "sun"}, {"FromAddressMatchesPatterns": "^sun@"}],
)  # fmt: skip
def test_sender_conditions_look_where_senderaddresslocation_says(
    condition: dict[str, str], location: str, header: str, envelope: str, holds: bool
) -> None:
    content = message(From=f'"{AMY}" <{header}>')
    found = verdict({**condition, "SenderAddressLocation": location}, content=content, sender=envelope)

    assert holds == found.chosen


def test_an_empty_sender_matches_no_pattern() -> None:
    found = verdict({"FromAddressMatchesPatterns": ".*", "SenderAddressLocation": "Envelope"}, sender=None)

    assert ("from-address-matches-patterns", False) == (found.reason, found.chosen)


@pytest.mark.parametrize(("kind", "holds"), [("Resolved", False), ("Original", True)])
def test_recipient_conditions_look_at_what_recipientaddresstype_says(kind: str, holds: bool) -> None:
    found = verdict({"RecipientAddressContainsWords": "robert", "RecipientAddressType": kind}, "robert@contoso.com")

    assert holds == found.chosen

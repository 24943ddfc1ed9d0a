"""The conditions of a mail flow rule as New-TransportRule takes them, every one with its ExceptIf twin.

    all conditions of a rule must hold; of the values of one condition any; one exception that holds is enough

A condition that is understood but not modelled cannot be judged, so that its rule does not run: better than a rule that
deletes what it was never meant for. An exception that is not modelled never holds. Both warn by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from simulator.mail.address import parse_domain
from simulator.policy.settings import Field, Settings, choice, custom, ignored, texts
from simulator.products.exchange_notation import recipient
from simulator.products.exchange_online.transport_rules.notation import (
    attribute,
    attribute_patterns,
    attribute_words,
    header_name,
    ip_range,
    scl,
    size,
)
from simulator.products.exchange_online.transport_rules.patterns import pattern, word

__all__ = ["CONDITIONS", "EXCEPT_IF", "MESSAGE_TYPES", "NOT_MODELLED", "PAIRS", "SECOND", "fields", "written"]

EXCEPT_IF = "ExceptIf"

MESSAGE_TYPES = (
    "OOF", "AutoForward", "Encrypted", "Calendaring", "PermissionControlled", "Voicemail", "Signed", "ApprovalRequest",
    "ReadReceipt",
)  # fmt: skip

_CMDLET = "New-TransportRule"
_SCOPES = ("InOrganization", "NotInOrganization")


def _people(doc: str) -> Any:
    return texts(f"{doc}; addresses", read=recipient)


def _one(read: Callable[[str], object], doc: str) -> Any:
    return custom(lambda node: read(node.text.strip()), None, doc, {"type": "string"})


def _pick(doc: str, *values: str) -> Any:
    return choice(doc, *values, of=_CMDLET)


CONDITIONS: Final[Mapping[str, Field]] = {
    # who sends; SenderAddressLocation says where the address is looked for
    "FromScope": _pick("where the sender is", *_SCOPES),
    "From": _people("the sender is one of these"),
    "FromMemberOf": _people("the sender is a member of one of these groups"),
    "FromAddressContainsWords": texts("words in the sender's address", read=word),
    "FromAddressMatchesPatterns": texts("patterns in the sender's address", read=pattern),
    "SenderDomainIs": texts("the sender's domain, or a parent of it", read=parse_domain),
    "SenderIpRanges": texts("the address that handed the message to the service", read=ip_range),
    "SenderADAttributeContainsWords": texts("words in the sender's attributes: City:A,B", read=attribute_words),
    "SenderADAttributeMatchesPatterns": texts("patterns in the sender's attributes", read=attribute_patterns),
    "SenderManagementRelationship": _pick(
        "Manager: the sender is the recipient's manager; DirectReport: the recipient is the sender's", "Manager", "DirectReport"
    ),
    # whom it is for; each recipient is judged by itself
    "SentToScope": _pick("where the recipient is", *_SCOPES),
    "SentTo": _people("the recipient is one of these"),
    "SentToMemberOf": _people("the recipient is a member of one of these groups"),
    "RecipientDomainIs": texts("the recipient's domain, or a parent of it", read=parse_domain),
    "RecipientAddressContainsWords": texts("words in the recipient's address", read=word),
    "RecipientAddressMatchesPatterns": texts("patterns in the recipient's address", read=pattern),
    "RecipientADAttributeContainsWords": texts("words in the recipient's attributes: City:A,B", read=attribute_words),
    "RecipientADAttributeMatchesPatterns": texts("patterns in the recipient's attributes", read=attribute_patterns),
    # both
    "BetweenMemberOf1": _people("between members of these groups ..."),
    "BetweenMemberOf2": _people("... and members of these"),
    "ManagerAddresses": _people("one of these is the manager ..."),
    "ManagerForEvaluatedUser": _pick("... of the Sender or of the Recipient", "Recipient", "Sender"),
    "ADComparisonAttribute": _one(attribute, "an attribute of sender and recipient is compared"),
    "ADComparisonOperator": _pick("Equal, the default, or NotEqual", "Equal", "NotEqual"),
    # the message as a whole
    "AnyOfToHeader": _people("somebody in To"),
    "AnyOfToHeaderMemberOf": _people("a member of one of these groups in To"),
    "AnyOfCcHeader": _people("somebody in Cc"),
    "AnyOfCcHeaderMemberOf": _people("a member of one of these groups in Cc"),
    "AnyOfToCcHeader": _people("somebody in To or Cc"),
    "AnyOfToCcHeaderMemberOf": _people("a member of one of these groups in To or Cc"),
    "AnyOfRecipientAddressContainsWords": texts("words in any recipient's address", read=word),
    "AnyOfRecipientAddressMatchesPatterns": texts("patterns in any recipient's address", read=pattern),
    "HeaderContainsMessageHeader": _one(header_name, "the field in which HeaderContainsWords looks"),
    "HeaderContainsWords": texts("words in that field", read=word),
    "HeaderMatchesMessageHeader": _one(header_name, "the field in which HeaderMatchesPatterns looks"),
    "HeaderMatchesPatterns": texts("patterns in that field", read=pattern),
    "SubjectContainsWords": texts("words in the subject", read=word),
    "SubjectMatchesPatterns": texts("patterns in the subject", read=pattern),
    "SubjectOrBodyContainsWords": texts("words in the subject or the body", read=word),
    "SubjectOrBodyMatchesPatterns": texts("patterns in the subject or the body", read=pattern),
    "MessageTypeMatches": _pick("what kind of message it is", *MESSAGE_TYPES),
    "MessageSizeOver": _one(size, "larger than this: 10MB"),
    "SCLOver": _one(scl, "the spam confidence level is this or higher"),
    "WithImportance": _pick("the importance that the sender gave it", "Low", "Normal", "High"),
    "ContentCharacterSetContainsWords": texts("names of character sets in the message", read=word),
    "AttachmentExtensionMatchesWords": texts("the ending of an attachment's file name", read=word),
    "AttachmentNameMatchesPatterns": texts("patterns in an attachment's file name", read=pattern),
    "AttachmentSizeOver": _one(size, "an attachment is larger than this"),
}  # fmt: skip

PAIRS: Final = (
    ("HeaderContainsMessageHeader", "HeaderContainsWords"), ("HeaderMatchesMessageHeader", "HeaderMatchesPatterns"),
    ("BetweenMemberOf1", "BetweenMemberOf2"), ("ManagerForEvaluatedUser", "ManagerAddresses"),
)  # fmt: skip
"""Parameters that are one condition together: the cmdlet takes neither without the other."""

SECOND: Final[Mapping[str, str]] = {
    "HeaderContainsMessageHeader": "HeaderContainsWords",
    "HeaderMatchesMessageHeader": "HeaderMatchesPatterns",
    "BetweenMemberOf2": "BetweenMemberOf1",
    "ManagerForEvaluatedUser": "ManagerAddresses",
    "ADComparisonOperator": "ADComparisonAttribute",
}
"""Parameters that only complete a condition, and the one that is asked."""

NOT_MODELLED: Final[Mapping[str, str]] = {
    "AttachmentContainsWords": "words in attachments",
    "AttachmentMatchesPatterns": "patterns in attachments",
    "AttachmentPropertyContainsWords": "properties of attached documents",
    "AttachmentHasExecutableContent": "programs among the attachments",
    "AttachmentIsPasswordProtected": "attachments with a password",
    "AttachmentIsUnsupported": "attachments that cannot be looked into",
    "AttachmentProcessingLimitExceeded": "attachments that took too long",
    "HasClassification": "message classifications",
    "HasNoClassification": "message classifications",
    "HasSenderOverride": "data loss prevention, on-premises only",
    "MessageContainsDataClassifications": "data loss prevention",
    "MessageContainsAllDataClassifications": "data loss prevention",
    "RecipientInSenderList": "reserved for Microsoft",
    "SenderInRecipientList": "reserved for Microsoft",
}
"""Conditions that are understood, and what they would ask."""


def fields() -> dict[str, Field]:
    """The settings of all conditions and exceptions."""
    found: dict[str, Field] = {}
    for prefix, lead in (("", ""), (EXCEPT_IF, "exception: ")):
        found |= {prefix + name: replace(field, doc=lead + field.doc) for name, field in CONDITIONS.items()}
        found |= {prefix + name: ignored(f"{lead}{doc}", silent=True) for name, doc in NOT_MODELLED.items()}
    return found


def written(rule: Settings, prefix: str = "") -> tuple[str, ...]:
    """The conditions (or exceptions) that a rule has, in the order of the tables; pairs by the one that is asked."""
    every = (*CONDITIONS, *NOT_MODELLED)
    return tuple(
        name
        for name in every
        if name not in SECOND and getattr(rule, prefix + name) not in (None, (), [], False, "false")
    )

"""What the message says: header fields, subject, body, attachments, type, size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from simulator.mail.address import Address
from simulator.policy.rules import rule
from simulator.products.exchange_online.transport_rules.asked import Asked, Found, Predicate, any_of, shown
from simulator.products.exchange_online.transport_rules.kinds import importance, is_kind
from simulator.products.exchange_online.transport_rules.patterns import contains_word, matches

__all__ = ["CONTENT"]

_TEST = "tests/products/exchange_online/transport_rules/test_predicates.py"
_PAGE = "CMD New-TransportRule"
WORDS = rule(
    "EXO-RULE-5", "Words are whole words whatever their case; patterns are regular expressions", fidelity="documented",
    source="learn: Mail flow rule conditions and exceptions; the part of .NET's language that Python shares", test=_TEST,
)  # fmt: skip
ANY_OF = rule(
    "EXO-RULE-17", "AnyOfRecipientAddress... knows the recipients in To and Cc and the copy's own, not who else is in the envelope",
    fidelity="not modelled", source=f"{_PAGE} AnyOfRecipientAddressContainsWords", test=_TEST,
)  # fmt: skip
KINDS = rule(
    "EXO-RULE-6", "What type a message has is told from its header", fidelity="inferred",
    source=f"{_PAGE} MessageTypeMatches names the types, not their marks", test=_TEST,
)  # fmt: skip


# what


def _words(find: Callable[[Asked], tuple[str, ...]], what: str) -> Predicate:
    return lambda asked, wanted: any_of(contains_word, wanted, find(asked), what)


def _patterns(find: Callable[[Asked], tuple[str, ...]], what: str) -> Predicate:
    return lambda asked, wanted: any_of(matches, wanted, find(asked), what)


def _header(fits: Callable[[Any, str], bool], parameter: str) -> Predicate:
    def judge(asked: Asked, wanted: Any) -> Found:
        name = asked.also(parameter)
        texts = asked.case.fields(name)
        return any_of(fits, wanted, texts, name) if texts else (False, f"there is no field {name}")

    return judge


def _in_fields(*names: str) -> Predicate:
    def judge(asked: Asked, wanted: tuple[Address, ...]) -> Found:
        listed = asked.case.listed(*names)
        # CMD: only primary addresses are compared, not proxy addresses
        return any(a in wanted for a in listed), f"{' and '.join(names)} have {shown(listed)}"

    return judge


def _members_in(*names: str) -> Predicate:
    def judge(asked: Asked, groups: tuple[Address, ...]) -> Found:
        listed, members = asked.case.listed(*names), asked.case.members(groups)
        return any(a in members for a in listed), f"{' and '.join(names)} have {shown(listed)}"

    return judge


def _everybody(asked: Asked) -> tuple[str, ...]:
    """All recipients as far as one copy knows them: those in the header, and this one."""
    return tuple(dict.fromkeys(str(a) for a in (*asked.case.listed("To", "Cc"), asked.recipient)))


def _kind(asked: Asked, kind: str) -> Found:
    holds = is_kind(asked.case, kind)
    return holds, f"it is {'' if holds else 'no '}{kind}"


def _size(asked: Asked, limit: int) -> Found:
    return asked.case.message.size > limit, f"it has {asked.case.message.size} bytes"


def _scl(asked: Asked, level: int) -> Found:
    found = asked.case.scl
    return (
        found is not None and found >= level,
        f"the spam confidence level is {'not known' if found is None else found}",
    )


def _importance(asked: Asked, wanted: str) -> Found:
    found = importance(asked.case)
    return found == wanted, f"its importance is {found}"


def _attachment_size(asked: Asked, limit: int) -> Found:
    sizes = tuple(len(part.content) for part in asked.case.attachments)
    return any(s > limit for s in sizes), f"its attachments have {shown(sizes)} bytes"


def _extension(asked: Asked, wanted: tuple[str, ...]) -> Found:
    found = tuple(part.name.rpartition(".")[2].casefold() for part in asked.case.attachments if "." in part.name)
    return any(w.casefold().removeprefix(".") in found for w in wanted), f"its attachments end in {shown(found)}"


def _subject(asked: Asked) -> tuple[str, ...]:
    return (asked.case.subject,)


def _subject_body(asked: Asked) -> tuple[str, ...]:
    return (asked.case.subject, asked.case.body)


def _file_names(asked: Asked) -> tuple[str, ...]:
    return tuple(part.name for part in asked.case.attachments if part.name)


def _charsets(asked: Asked) -> tuple[str, ...]:
    return tuple(part.parameters["charset"] for part in asked.case.parts if "charset" in part.parameters)


CONTENT: Final[Mapping[str, Predicate]] = {
    "AnyOfToHeader": _in_fields("To"),
    "AnyOfToHeaderMemberOf": _members_in("To"),
    "AnyOfCcHeader": _in_fields("Cc"),
    "AnyOfCcHeaderMemberOf": _members_in("Cc"),
    "AnyOfToCcHeader": _in_fields("To", "Cc"),
    "AnyOfToCcHeaderMemberOf": _members_in("To", "Cc"),
    "AnyOfRecipientAddressContainsWords": _words(_everybody, "the recipients' addresses"),
    "AnyOfRecipientAddressMatchesPatterns": _patterns(_everybody, "the recipients' addresses"),
    "HeaderContainsWords": _header(contains_word, "HeaderContainsMessageHeader"),
    "HeaderMatchesPatterns": _header(matches, "HeaderMatchesMessageHeader"),
    "SubjectContainsWords": _words(_subject, "the subject"),
    "SubjectMatchesPatterns": _patterns(_subject, "the subject"),
    "SubjectOrBodyContainsWords": _words(_subject_body, "subject and body"),
    "SubjectOrBodyMatchesPatterns": _patterns(_subject_body, "subject and body"),
    "MessageTypeMatches": _kind,
    "MessageSizeOver": _size,
    "SCLOver": _scl,
    "WithImportance": _importance,
    "ContentCharacterSetContainsWords": _words(_charsets, "the character sets"),
    "AttachmentExtensionMatchesWords": _extension,
    "AttachmentNameMatchesPatterns": _patterns(_file_names, "the attachments' names"),
    "AttachmentSizeOver": _attachment_size,
}

"""Who sends, whom it is for, and what the directory knows of both.

InOrganization   sender: authenticated AND (in the directory OR in an accepted domain)        (cmdlet page, default)
                 sender: in the directory OR (in an accepted domain AND authenticated)        (conditions page)
                 recipient: in the directory OR in an accepted domain; knob sent_to_scope_authenticated asks for
                 authentication too, as both pages word it: then no rule for mail from outside to inside works
NotInOrganization   whatever is not InOrganization
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.mail.address import Address
from simulator.policy.rules import rule
from simulator.products.exchange_online.directory import Entry
from simulator.products.exchange_online.transport_rules.asked import Asked, Found, Predicate, any_of, shown
from simulator.products.exchange_online.transport_rules.notation import AttributeTest
from simulator.products.exchange_online.transport_rules.patterns import contains_word, matches

__all__ = ["PEOPLE"]

_TEST = "tests/products/exchange_online/transport_rules/test_predicates.py"
_PAGE = "CMD New-TransportRule"
SCOPE = rule(
    "EXO-RULE-2", "InOrganization of a sender: authenticated, and in the directory or in an accepted domain",
    fidelity="documented", source=f"{_PAGE} FromScope; another page differs, knob in_organization", test=_TEST,
)  # fmt: skip
RECIPIENT_SCOPE = rule(
    "EXO-RULE-3", "InOrganization of a recipient: in the directory or in an accepted domain, whoever sends", fidelity="inferred",
    source="both pages ask for authentication too, which rules about mail from outside contradict; knob sent_to_scope_authenticated",
    test=_TEST,
)  # fmt: skip
DOMAINS = rule(
    "EXO-RULE-4", "SenderDomainIs and RecipientDomainIs cover subdomains", fidelity="documented",
    source=f"{_PAGE} SenderDomainIs; another page differs, knob rule_domain_match", test=_TEST,
)  # fmt: skip


# who


def _from_scope(asked: Asked, scope: str) -> Found:
    case = asked.case
    who = case.author or case.held.sender
    own = case.belongs(case.sender_entry)
    accepted = who is not None and case.is_own_domain(who.domain)
    proof = case.authenticated
    inside = proof and (own or accepted)
    if case.tenant.settings.knobs.in_organization == "conditions-page":
        inside = own or (accepted and proof)
    place = "in the directory" if own else "in an accepted domain" if accepted else "not in an accepted domain"
    says = f"the sender {who or '<>'} is {place} and {'' if proof else 'not '}authenticated"
    return inside == (scope == "InOrganization"), says


def _sent_to_scope(asked: Asked, scope: str) -> Found:
    case, who = asked.case, asked.recipient
    own = case.belongs(case.entry)
    remote = case.is_internal_domain(who.domain)
    accepted = remote or case.is_own_domain(who.domain)
    knobs = case.tenant.settings.knobs
    inside = own or accepted
    if knobs.sent_to_scope_authenticated:
        page = knobs.in_organization == "conditions-page"
        inside = (own or (accepted and case.authenticated)) if page else (inside and case.authenticated)
    place = (
        "in the directory"
        if own
        else "in an internal remote domain"
        if remote
        else "in an accepted domain"
        if accepted
        else "not in an accepted domain"
    )
    return inside == (scope == "InOrganization"), f"the recipient {who} is {place}"


def _sender_is(asked: Asked, wanted: tuple[Address, ...]) -> Found:
    found = next((w for a in asked.senders if (w := asked.case.is_one_of(a, wanted))), None)
    return found is not None, f"the sender is {shown(asked.senders)}"


def _sender_member(asked: Asked, groups: tuple[Address, ...]) -> Found:
    members = asked.case.members(groups)
    inside = any(a in members for a in asked.senders)
    return inside, f"the sender {shown(asked.senders)} is {'' if inside else 'not '}a member"


def _is_below(domain: str, wanted: tuple[str, ...], asked: Asked) -> bool:
    exact = asked.case.tenant.settings.knobs.rule_domain_match == "exact"
    return any(domain == w or (not exact and domain.endswith(f".{w}")) for w in wanted)


def _sender_domain(asked: Asked, wanted: tuple[str, ...]) -> Found:
    domains = tuple(a.domain for a in asked.senders)
    return any(_is_below(d, wanted, asked) for d in domains), f"the sender's domain is {shown(domains)}"


def _sender_ip(asked: Asked, ranges: tuple[Any, ...]) -> Found:
    peer = asked.case.held.session.peer
    return any(peer in r for r in ranges), f"it was handed in by {peer}"


# whom


def _recipient_is(asked: Asked, wanted: tuple[Address, ...]) -> Found:
    return asked.case.is_one_of(asked.recipient, wanted) is not None, f"the recipient is {asked.recipient}"


def _recipient_member(asked: Asked, groups: tuple[Address, ...]) -> Found:
    original = asked.case.held.original
    inside = asked.recipient in asked.case.members(groups) or (original is not None and original in groups)
    return inside, f"the recipient {asked.recipient} is {'' if inside else 'not '}a member"


def _recipient_domain(asked: Asked, wanted: tuple[str, ...]) -> Found:
    domain = asked.recipient.domain
    return _is_below(domain, wanted, asked), f"the recipient's domain is {domain}"


# attributes and relations


def _attributes(entry: Entry | None, wanted: tuple[AttributeTest, ...], who: str) -> Found:
    if entry is None:
        return False, f"the {who} is not in the directory"
    said = [(test, entry.properties.attribute(test.attribute)) for test in wanted]
    for test, text in said:
        if any(contains_word(w, text) for w in test.words) or any(matches(p, text) for p in test.patterns):
            return True, f"{test.attribute} of the {who} is {text}"
    return False, "; ".join(f"{test.attribute} of the {who} is {text or 'empty'}" for test, text in said)


def _between(asked: Asked, first: tuple[Address, ...]) -> Found:
    one, other = asked.case.members(first), asked.case.members(asked.also("BetweenMemberOf2"))
    senders, to = asked.senders, asked.recipient
    holds = any((a in one and to in other) or (a in other and to in one) for a in senders)
    return holds, f"it goes from {shown(senders)} to {to}"


def _managed(asked: Asked, managers: tuple[Address, ...]) -> Found:
    whose = asked.also("ManagerForEvaluatedUser")
    found = asked.case.manager_of(asked.case.sender_entry if whose == "Sender" else asked.case.entry)
    return asked.case.is_one_of(found, managers) is not None, f"the {whose.lower()}'s manager is {shown(found)}"


def _relation(asked: Asked, kind: str) -> Found:
    sender, recipient = asked.case.sender_entry, asked.case.entry
    boss, staff = (sender, recipient) if kind == "Manager" else (recipient, sender)
    manager = asked.case.manager_of(staff)
    holds = boss is not None and asked.case.is_one_of(manager, boss.addresses) is not None
    return holds, f"the manager of the {'recipient' if kind == 'Manager' else 'sender'} is {shown(manager)}"


def _compared(asked: Asked, name: str) -> Found:
    sender, recipient = asked.case.sender_entry, asked.case.entry
    if sender is None or recipient is None:
        return False, f"the {'sender' if sender is None else 'recipient'} is not in the directory"
    one, other = sender.properties.attribute(name), recipient.properties.attribute(name)
    equal = one.casefold() == other.casefold()
    says = f"{name} is {one or 'empty'} of the sender, {other or 'empty'} of the recipient"
    return equal != (asked.also("ADComparisonOperator") == "NotEqual"), says


def _sender_words(asked: Asked, wanted: tuple[str, ...]) -> Found:
    return any_of(contains_word, wanted, tuple(map(str, asked.senders)), "the sender's address")


def _sender_patterns(asked: Asked, wanted: tuple[Any, ...]) -> Found:
    return any_of(matches, wanted, tuple(map(str, asked.senders)), "the sender's address")


def _recipient_words(asked: Asked, wanted: tuple[str, ...]) -> Found:
    return any_of(contains_word, wanted, (str(asked.recipient),), "the recipient's address")


def _recipient_patterns(asked: Asked, wanted: tuple[Any, ...]) -> Found:
    return any_of(matches, wanted, (str(asked.recipient),), "the recipient's address")


PEOPLE: Final[Mapping[str, Predicate]] = {
    "FromScope": _from_scope,
    "From": _sender_is,
    "FromMemberOf": _sender_member,
    "FromAddressContainsWords": _sender_words,
    "FromAddressMatchesPatterns": _sender_patterns,
    "SenderDomainIs": _sender_domain,
    "SenderIpRanges": _sender_ip,
    "SenderADAttributeContainsWords": lambda a, w: _attributes(a.case.sender_entry, w, "sender"),
    "SenderADAttributeMatchesPatterns": lambda a, w: _attributes(a.case.sender_entry, w, "sender"),
    "SenderManagementRelationship": _relation,
    "SentToScope": _sent_to_scope,
    "SentTo": _recipient_is,
    "SentToMemberOf": _recipient_member,
    "RecipientDomainIs": _recipient_domain,
    "RecipientAddressContainsWords": _recipient_words,
    "RecipientAddressMatchesPatterns": _recipient_patterns,
    "RecipientADAttributeContainsWords": lambda a, w: _attributes(a.case.entry, w, "recipient"),
    "RecipientADAttributeMatchesPatterns": lambda a, w: _attributes(a.case.entry, w, "recipient"),
    "BetweenMemberOf1": _between,
    "ManagerAddresses": _managed,
    "ADComparisonAttribute": _compared,
}

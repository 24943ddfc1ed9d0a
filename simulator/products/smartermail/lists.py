"""Posting to a mailing list: who may, and what its members get.

    the null sender                           -> the moderator (a report is never posted, RFC 5321 4.5.5)
    on Banned Posters                         -> back
    the moderator, or on Posters              -> posted
    Allowed Posters    Anyone                 -> posted
                       Subscribers Only       -> posted if the sender is a subscriber
                       Moderators Only        -> back
    larger than Max Message Size              -> back
    a Password that is not in the subject     -> back

What is posted leaves with the moderator as envelope sender (RFC 5321 3.9.2), so reports about members never reach whoever
posted. `Subject Prefix` is put before the subject and the password is taken out of it.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.mail.address import Address, Sender, sender_text
from simulator.mail.message import Message
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.route import Expand, Return, Revise, Routing
from simulator.policy.rules import rule
from simulator.products.smartermail.directory import Place
from simulator.products.smartermail.settings import DomainSettings
from simulator.products.smartermail.user_settings import ANYONE, SUBSCRIBERS, MailingList
from simulator.products.smartermail.wording import Wording

__all__ = ["LIST_SENDER", "as_sent", "posted"]

_TEST = "tests/products/smartermail/test_lists.py"
MEMBERS = rule(
    "SM-LIST-1", "A mailing list sends a message on to its subscribers, here and elsewhere, each once", fidelity="documented",
    source="SmarterMail help: Mailing Lists", test=_TEST,
)  # fmt: skip
POSTING = rule(
    "SM-LIST-2", "Allowed Posters, Posters, Banned Posters, Password and Max Message Size decide who may post; others get it back",
    fidelity="documented", source="SmarterMail help: Mailing Lists, Options, Posters (that it comes back as a report: inferred)", test=_TEST,
)  # fmt: skip
rule(
    "SM-LIST-3", "List mail leaves with the moderator as its envelope sender, and reports about it go there", fidelity="inferred",
    source="RFC 5321 3.9.2; which address SmarterMail takes is not documented", test=_TEST,
)  # fmt: skip

LIST_SENDER = "list sender"
"""The fact that names the envelope sender of list mail."""


def as_sent(held: Held) -> Held:
    """A message as it goes on: once it was posted to a list it is the list's own.

    What the poster asked about reports ended at the list (RFC 3461 5.2.7.3).
    """
    moderator = held.facts.get(LIST_SENDER)
    if moderator is None:
        return held
    return replace(held, sender=Address.parse(moderator), parameters={}, recipient_parameters={})


def posted(held: Held, recipient: Address, place: Place, words: Wording) -> Routing:
    """The list's members in its place, or back to the sender."""
    domain, members = place.domain, place.list
    assert domain is not None and members is not None
    moderator = domain.address(members.moderator)
    if held.sender is None:
        says = f"a report is not posted; it goes to the moderator, {moderator}"
        why = Candidate("Moderator", True, "null-sender", says, members.at("moderator"))
        step = Step("LIST", POSTING, "null-sender", says, (why,), why.at)
        return Routing(Expand((moderator,), "list"), (*place.steps, step))
    step = _may_post(held, moderator, members, domain)
    steps = (*place.steps, step)
    if step.outcome != "posted":
        return Routing(Return(words.say("not-posted", address=place.address, says=step.says)), steps)
    subscribers = tuple(domain.address(word) for word in members.subscribers)
    says = f"to {len(subscribers)} subscribers, from {moderator}"
    why = Candidate(
        "Subscribers", bool(subscribers), "members" if subscribers else "empty", says, members.at("subscribers")
    )
    steps = (*steps, Step("MEMBERS", MEMBERS, why.reason, says, (why,), why.at))
    facts = {LIST_SENDER: str(moderator)}
    return Routing(Revise(_as_posted(held, place.address, members), facts, subscribers, (), "list"), steps)


def _may_post(held: Held, moderator: Address, members: MailingList, domain: DomainSettings) -> Step:
    sender = held.sender
    subscribers = {domain.address(word) for word in members.subscribers}
    owns, listed = sender == moderator, _named(sender, members.posters)
    banned = _named(sender, members.banned)
    candidates = [
        Candidate("Moderator", owns, "moderator" if owns else "not-moderator", f"the moderator is {moderator}", members.at("moderator")),
        Candidate("Posters", listed, "listed" if listed else "not-listed", _says(sender, listed, "Posters"), members.at("posters")),
        _allowed(sender, sender in subscribers, members),
    ]  # fmt: skip
    chosen = next((c for c in candidates if c.chosen), None)
    if banned:
        says = _says(sender, True, "Banned Posters")
        candidates.append(Candidate("Banned Posters", False, "banned", says, members.at("banned")))
    barriers = (candidates[-1] if banned or not chosen else None, _size(held, members), _password(held, members))
    refused = next((barrier for barrier in barriers if barrier), None)
    if refused:
        told = candidates if refused in candidates else [*candidates, refused]
        return Step("LIST", POSTING, refused.reason, refused.says, tuple(told), refused.at)
    assert chosen is not None
    return Step("LIST", POSTING, "posted", chosen.says, tuple(candidates), chosen.at)


def _allowed(sender: Sender, subscribed: bool, members: MailingList) -> Candidate:
    may = members.posting == ANYONE or (members.posting == SUBSCRIBERS and subscribed)
    reason = "anyone" if members.posting == ANYONE else "subscriber" if may else "may-not-post"
    says = f"{sender_text(sender)} {'may' if may else 'may not'} post: {members.posting}"
    return Candidate("Allowed Posters", may, reason, says, members.at("posting"))


def _size(held: Held, members: MailingList) -> Candidate | None:
    if not members.max_size or held.message.size <= members.max_size:
        return None
    says = f"the message has {held.message.size} octets, {members.max_size} are allowed"
    return Candidate("Max Message Size", False, "too-large", says, members.at("max_size"))


def _password(held: Held, members: MailingList) -> Candidate | None:
    if not members.password or f"[:{members.password}:]" in (held.message.get("Subject") or ""):
        return None
    return Candidate("Password", False, "no-password", "the subject lacks the password", members.at("password"))


def _as_posted(held: Held, address: Address, members: MailingList) -> Message:
    message, subject = held.message, held.message.get("Subject") or ""
    if members.password:
        subject = " ".join(subject.replace(f"[:{members.password}:]", "").split())
    if members.prefix and not subject.startswith(members.prefix):
        subject = f"{members.prefix} {subject}".strip()
    if members.password or members.prefix:
        message = message.replaced("Subject", subject)
    return message.replaced("Reply-To", str(address)) if members.reply_to_list else message


def _named(sender: Sender, words: tuple[str, ...]) -> bool:
    """Whether an address, or its domain, is among the words."""
    return sender is not None and bool({str(sender).lower(), sender.domain} & {w.lower() for w in words})


def _says(sender: Sender, listed: bool, where: str) -> str:
    return f"{sender_text(sender)} is {'' if listed else 'not '}on {where}"

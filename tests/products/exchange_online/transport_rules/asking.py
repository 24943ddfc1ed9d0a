"""Rules asked in tests: a tenant with some people, one message, and what every rule made of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.decision import Candidate
from simulator.policy.host import Held
from simulator.products.exchange_online.headers import AUTH_AS
from simulator.products.exchange_online.transport_rules.evaluate import Evaluation, evaluate
from simulator.products.exchange_online.transport_rules.lint import ordered
from tests.products.exchange_online.builders import NOW, contoso, held, message

STOP = {"StopRuleProcessing": True}
BOB, AMY, SUN = "bob@contoso.com", "amy@contoso.com", "sun@customer.example"

PEOPLE: Mapping[str, Any] = {
    BOB: {"City": "New Orleans", "Department": "Sales", "Manager": AMY, "EmailAddresses": ["robert@contoso.com"]},
    AMY: {"City": "Palo Alto", "DisplayName": "Amy Miller", "CustomAttribute7": "vip"},
    "sales@contoso.com": {"Members": [BOB]},
    "everybody@contoso.com": {"Members": ["sales@contoso.com", AMY]},
    "q@partner.test": {"RecipientType": "MailContact", "ExternalEmailAddress": "q@partner.test"},
    "u@partner.test": {"RecipientType": "MailUser", "ExternalEmailAddress": "u@partner.test"},
    "partner@contoso.com": {"RecipientType": "MailContact", "ExternalEmailAddress": "p@partner.test"},
}
"""Bob, in sales and managed by Amy; groups; contacts and a mail user."""


def internal(**headers: str) -> Message:
    """A message that was stamped as coming from somebody authenticated: Amy, unless told otherwise."""
    return message(**{"From": f"Amy <{AMY}>", **headers}).prepend(AUTH_AS, "Internal")


def ask_rules(
    rules: Mapping[str, Mapping[str, Any]], to: str = BOB, *, content: Message | None = None, sender: str | None = SUN,
    now: datetime = NOW, knobs: Mapping[str, Any] | None = None, before: frozenset[str] = frozenset(), **rest: Any,
) -> Evaluation:  # fmt: skip
    """Everything about rules for one message: from Sun outside to Bob inside, unless told otherwise."""
    changes = {"TransportRules": rules, "Recipients": PEOPLE, "knobs": knobs or {}, **rest.pop("tenant", {})}
    host = contoso(BOB, AMY, **changes)
    what: Held = held(to, sender=sender, content=content or message(From=f"<{SUN}>"), **rest)
    every = ordered(host.profile.settings.TransportRules)
    return evaluate(every, what, Address.parse(to), host.profile, now, before)


def verdict(parameters: Mapping[str, Any], to: str = BOB, **circumstances: Any) -> Candidate:
    """What became of one rule with these parameters."""
    (candidate,) = ask_rules({"r": {**STOP, **parameters}}, to, **circumstances).step.candidates
    return candidate

"""DKIM: what leaves the tenant for outside is signed, and with which domain.

    recipient in an accepted domain (own servers)          not signed               [knob dkim_to_own_servers]
    From is not of an accepted domain                      not signed: it is somebody else's mail that passes
    From's domain has a DkimSigningConfig that is enabled  d=that domain, s=selector1 or selector2
    else the initial domain, <tenant>.onmicrosoft.com      d=initial, s=selector1-<tenant>-onmicrosoft-com
    else (the lab does not have it, or it is disabled)     not signed

It makes no difference how the message came in (a mailbox, an own server, a forward, a report of the tenant's own), nor by
which connector it leaves. The signature has no t= and covers a fixed list of fields, as captured ones do. Whether anybody
finds the key is DNS's affair: the service publishes the keys under the initial domain, the CNAMEs that lead there are the
customer's (learn: How to use DKIM for email in your custom domain).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from simulator.mail.address import Address, AddressError
from simulator.mail.message import Message
from simulator.policy import dkim
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Relay, Routing
from simulator.policy.rules import rule
from simulator.products.exchange_online.forest import Profile
from simulator.products.service_names import EXCHANGE_ONLINE
from simulator.source import Source
from simulator.value import value

__all__ = ["FIELDS", "Signer", "explained", "from_domain", "signed", "signer"]

_TEST = "tests/products/exchange_online/test_signing.py"
_LEARN = "learn: How to use DKIM for email in your custom domain"
DOMAIN = rule(
    "EXO-DKIM-1", "Mail to outside is signed with the From domain where its DkimSigningConfig is enabled, else with the "
    "initial onmicrosoft.com domain", fidelity="documented", source=f"{_LEARN}; CMD New-DkimSigningConfig", test=_TEST,
)  # fmt: skip
RELAYED = rule(
    "EXO-DKIM-2", "Mail that own servers hand in is signed like that of a mailbox when its From is of an accepted domain",
    fidelity="observed", source="captured headers: taken unsigned from an own server, sent on signed", test=_TEST,
)  # fmt: skip
WHOSE = rule(
    "EXO-DKIM-5", "Mail whose From is not of an accepted domain is not signed: relayed or forwarded mail of others",
    fidelity="inferred", source="no source", test=_TEST,
)  # fmt: skip
OWN = rule(
    "EXO-DKIM-3", "Mail to recipients of accepted domains on own servers is not signed (knob dkim_to_own_servers)",
    fidelity="inferred", source="no source", test=_TEST,
)  # fmt: skip
FORM = rule(
    "EXO-DKIM-4", "Signatures are relaxed/relaxed unless configured, without t=, over From, Date, Subject, Message-ID, "
    "Content-Type, MIME-Version and X-MS-Exchange-SenderADCheck, there or not", fidelity="observed", source="captured headers", test=_TEST,
)  # fmt: skip

FIELDS = ("From", "Date", "Subject", "Message-ID", "Content-Type", "MIME-Version", "X-MS-Exchange-SenderADCheck")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)')


@value
class Signer:
    """With what a message is signed; no domain: not at all. `reason` and `says` tell why, `at` is the setting."""

    rule: str
    reason: str
    says: str
    at: Source
    domain: str = ""
    selector: str = ""
    forms: tuple[str, str] = ("relaxed", "relaxed")


def signed(message: Message, held: Held, relay: Relay, tenant: Profile, at: Moment) -> Message:
    """As it leaves by a relay: with a signature on top where one of its recipients is outside."""
    to = (relay.recipient,) if relay.recipient else held.recipients
    if not any(_is_outside(recipient, tenant) for recipient in to):
        return message
    by = signer(message, tenant, at.now)
    if not by.domain:
        return message
    return dkim.sign(
        message, domain=by.domain, selector=by.selector, owner=by.domain, keys=at.keys, fields=FIELDS, forms=by.forms
    )


def explained(routing: Routing, held: Held, recipient: Address, tenant: Profile, at: Moment) -> Routing:
    """With the step that says how the message will be signed, where it leaves."""
    if not isinstance(routing.route, Relay):
        return routing
    target = routing.route.recipient or recipient
    if _is_outside(target, tenant):
        by = signer(held.message, tenant, at.now)
    else:
        by = Signer(OWN, "own-domain", f"not signed: {target.domain} is an accepted domain", tenant.domains.at)
    name = by.domain or "no signature"
    step = Step("DKIM", by.rule, by.reason, by.says, (Candidate(name, True, by.reason, by.says, by.at),), by.at)
    return replace(routing, steps=(*routing.steps, step))


def _is_outside(recipient: Address, tenant: Profile) -> bool:
    return tenant.settings.knobs.dkim_to_own_servers or not tenant.domains.accepts(recipient.domain)


def signer(message: Message, tenant: Profile, now: datetime) -> Signer:
    """The domain and selector that sign a message to outside."""
    author = from_domain(message)
    if not tenant.domains.accepts(author):
        whose = f"its From is of {author}" if author else "it has no single From address"
        return Signer(WHOSE, "foreign-from", f"not signed: {whose}, not of an accepted domain", tenant.domains.at)
    configs = {config.domain: config for config in tenant.settings.DkimSigningConfig.values()}
    own = configs.get(author)
    initial = tenant.domains.initial
    if own is not None and own.Enabled and author != initial:
        selector = own.selector(now)
        says = f"signed by {author}, whose DkimSigningConfig is enabled, with {selector}"
        return Signer(DOMAIN, "custom-domain", says, own.at("Enabled"), author, selector, own.forms)
    lacking = f"the DkimSigningConfig of {author} is " + ("not enabled" if own else "not there")
    at = own.at("Enabled") if own else tenant.domains.at
    if not initial:
        says = f"not signed: {lacking}, and the lab has no onmicrosoft.com domain of the tenant"
        return Signer(DOMAIN, "no-initial-domain", says, at)
    default = configs.get(initial)
    if default is not None and not default.Enabled:
        says = (
            f"not signed: {lacking}, and that of {initial} is disabled"
            if author != initial
            else f"not signed: {lacking}"
        )
        return Signer(DOMAIN, "disabled", says, default.at("Enabled"))
    selector = EXCHANGE_ONLINE.key_label(default.selector(now) if default else "selector1", initial)
    why = "the domain that signs unless told otherwise" if author == initial else f"because {lacking}"
    forms = default.forms if default else ("relaxed", "relaxed")
    return Signer(DOMAIN, "initial-domain", f"signed by {initial}, {why}", at, initial, selector, forms)


def from_domain(message: Message) -> str:
    """The domain of the one address in the one From field; empty where there is none or are several."""
    values = message.all("From")
    if len(values) != 1:
        return ""
    text = _QUOTED.sub(" ", values[0])
    angled = re.findall(r"<([^<>]*)>", text)
    found = angled or [text]
    if len(found) != 1 or found[0].count("@") != 1:
        return ""
    try:
        return Address.parse(f"x@{found[0].rpartition('@')[2]}").domain
    except AddressError:
        return ""

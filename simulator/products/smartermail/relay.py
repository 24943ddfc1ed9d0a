"""Who may send through the server to domains that it does not host.

A login, a place on one of the lists of trusted addresses, or the setting Allow Relay. The last two readings of Allow
Relay go by MAIL FROM, which anybody can write: they are open relays for whoever knows one address. That the client
comes from loopback never counts, because in a lab everybody does.
"""

from __future__ import annotations

from simulator.mail.address import Sender, sender_text
from simulator.mail.session import Session
from simulator.policy.decision import Candidate, Step
from simulator.policy.ranges import INTERNAL, contains
from simulator.policy.rules import rule
from simulator.products.smartermail.directory import Directory
from simulator.products.smartermail.settings import SmarterMailSettings

__all__ = ["may_relay", "trusted"]

_TEST = "tests/products/smartermail/test_relay.py"
RELAY = rule(
    "SM-RELAY-1", "Mail for other domains is taken after a login, from trusted addresses, and as Allow Relay says",
    fidelity="documented", source="SmarterMail help: SMTP In, Allow Relay", test=_TEST,
)  # fmt: skip
INTERNAL_TRUSTED = rule(
    "SM-RELAY-2", "Private addresses are on the whitelist by default", fidelity="documented",
    source="SmarterMail help: Blacklist / Whitelist", test=_TEST,
)  # fmt: skip
BY_SENDER = rule(
    "SM-RELAY-3", "Only Local Users and Only Local Domains go by MAIL FROM", fidelity="inferred",
    source="SmarterMail help: SMTP In, Allow Relay (the mechanism is not said)", test=_TEST,
)  # fmt: skip


def trusted(session: Session, settings: SmarterMailSettings) -> tuple[Candidate, ...]:
    """The lists that make an address trusted: the whitelist, and private addresses as its default entries."""
    listed = contains(settings.whitelist, session.peer)
    private = contains((INTERNAL,), session.peer)
    counts = private and settings.knobs.whitelist_internal
    return (
        _listed("Whitelist", listed, session, settings, "whitelist"),
        Candidate(
            "internal address", counts, "internal" if counts else "not-trusted" if private else "public-address",
            f"{session.peer} is {'a private' if private else 'no private'} address", settings.knobs.at("whitelist_internal"),
        ),
    )  # fmt: skip


def may_relay(session: Session, sender: Sender, directory: Directory, settings: SmarterMailSettings) -> Step:
    """Whether this session may send to other domains; the outcome is `relay` or `denied`."""
    logged_in = Candidate(
        "AUTH", session.auth is not None, "logged-in" if session.auth else "no-login",
        f"{session.auth} is logged in" if session.auth else "the client did not log in",
    )  # fmt: skip
    bypass = contains(settings.auth_bypass, session.peer)
    candidates = (
        logged_in,
        *trusted(session, settings),
        _listed("SMTP Authentication Bypass", bypass, session, settings, "auth_bypass"),
        _allow_relay(sender, directory, settings),
    )
    why = next((c for c in candidates if c.chosen), None)
    if why is None:
        at = settings.at("allow_relay")
        return Step("RELAY", RELAY, "denied", f"{session.peer} has no right to send to other domains", candidates, at)
    by = {"internal address": INTERNAL_TRUSTED, "Allow Relay": BY_SENDER if why.reason != "anyone" else RELAY}
    return Step("RELAY", by.get(why.name, RELAY), "relay", why.says, candidates, why.at)


def _allow_relay(sender: Sender, directory: Directory, settings: SmarterMailSettings) -> Candidate:
    word, who = settings.allow_relay, sender_text(sender)
    allowed, reason, says = {
        "Nobody": (False, "nobody", "nobody may relay without a login"),
        "Only Local Users": (
            directory.is_user(sender), "local-user" if directory.is_user(sender) else "no-local-user",
            f"{who} is {'' if directory.is_user(sender) else 'not '}a user of this server",
        ),
        "Only Local Domains": (
            directory.sender_domain(sender) is not None,
            "local-domain" if directory.sender_domain(sender) else "no-local-domain",
            f"{who} is {'' if directory.sender_domain(sender) else 'not '}in a domain of this server",
        ),
        "Anyone": (True, "anyone", "anyone may relay"),
    }[word]  # fmt: skip
    return Candidate("Allow Relay", allowed, reason, f"{word}: {says}", settings.at("allow_relay"))


def _listed(name: str, found: bool, session: Session, settings: SmarterMailSettings, key: str) -> Candidate:
    says = f"{session.peer} is {'' if found else 'not '}in the list"
    return Candidate(name, found, "listed" if found else "address-not-listed", says, settings.at(key))

"""Greylisting: a sender not seen before is told to come back.

What is remembered is the triple of client address, envelope sender and recipient. A host that retries from another
address is a new triple, which is why mail from services with many addresses is delayed again and again.

    unseen, came back too late, or not used for too long  -> 451, wait the block period
    back before the block period is over                  -> 451, wait the rest
    back within the pass period                           -> taken, and remembered from then on
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from simulator.mail.address import Address, Sender, sender_text
from simulator.mail.session import Session
from simulator.policy.decision import Candidate, Step
from simulator.policy.moment import Moment
from simulator.policy.ranges import contains
from simulator.policy.rules import rule
from simulator.products.smartermail.directory import Place
from simulator.products.smartermail.domain_settings import DomainSettings
from simulator.products.smartermail.greylist_settings import EVERYONE, EXCEPT_LISTED, ONLY_LISTED, Greylisting
from simulator.products.smartermail.relay import trusted
from simulator.products.smartermail.settings import SmarterMailSettings
from simulator.value import value

__all__ = ["greylisted", "is_exempt"]

_TEST = "tests/products/smartermail/test_greylist.py"
GREYLIST = rule(
    "SM-GREY-1", "An unseen triple of client address, sender and recipient is refused for the block period",
    fidelity="documented", source="SmarterMail help: Greylisting; hosting providers' pages for the periods", test=_TEST,
)  # fmt: skip
EXEMPT = rule(
    "SM-GREY-2", "Whitelisted, bypassed and filtered addresses, trusted and logged-in senders and users who switched it off are not greylisted", fidelity="documented",
    source="SmarterMail help: Blacklist / Whitelist, Greylist Filters, Account Settings (logged-in senders: inferred)", test=_TEST,
)  # fmt: skip


@value
class _Record:
    first: datetime
    last: datetime
    passed: bool = False


def is_exempt(session: Session, sender: Sender, place: Place, settings: SmarterMailSettings) -> Step | None:
    """Why greylisting does not apply to mail for an address here; None where it does."""
    domain, gateway = place.domain, place.gateway
    own = domain.greylisting if domain else None
    on = (settings.greylisting if own is None else own) and not (gateway and gateway.no_greylisting)
    at = settings.at("greylisting") if domain is None or own is None else domain.at("greylisting")
    if gateway and gateway.no_greylisting:
        at = gateway.at("no_greylisting")
    told = _told(domain, settings)
    account = domain.user(place.address) if domain else None
    opted_out = account is not None and not account.greylisting
    user = opted_out or (domain is not None and place.address in [domain.address(name) for name in domain.ungreylisted])
    scope, says = _scope(session, told)
    off = Candidate(
        "Enable Greylisting", not on, "off" if not on else "on", f"greylisting is {'on' if on else 'off'}", at
    )
    bypass = contains(settings.ip_bypass, session.peer)
    candidates = (
        off,
        Candidate("AUTH", session.auth is not None, "logged-in" if session.auth else "no-login"),
        *trusted(session, settings),
        Candidate(
            "IP Bypass", bypass, "listed" if bypass else "address-not-listed",
            f"{session.peer} is {'' if bypass else 'not '}in the list", settings.at("ip_bypass"),
        ),
        _trusted_sender(sender, place, settings),
        Candidate("Applies To", not scope, "out-of-scope" if not scope else "in-scope", says, told.at("applies_to")),
        Candidate(
            "Disable Greylisting", user, "user" if user else "not-set",
            f"{place.address} {'has switched' if user else 'has not switched'} it off",
            account.at("greylisting") if account and opted_out else domain.at("ungreylisted") if domain else at,
        ),
    )  # fmt: skip
    why = next((c for c in candidates if c.chosen), None)
    return Step("GREYLIST", EXEMPT, "exempt", why.says or why.reason, candidates, why.at) if why else None


def _trusted_sender(sender: Sender, place: Place, settings: SmarterMailSettings) -> Candidate:
    own = place.domain
    words = {str(sender).lower(), sender.domain} if sender else set()
    by_domain = own is not None and bool(words & set(own.trusted_senders))
    at = own.at("trusted_senders") if own and by_domain else settings.at("trusted_senders")
    found = by_domain or bool(words & set(settings.trusted_senders))
    says = f"{sender_text(sender)} is {'' if found else 'not '}in the list"
    return Candidate("Trusted Senders", found, "listed" if found else "sender-not-listed", says, at)


def _told(domain: DomainSettings | None, settings: SmarterMailSettings) -> Greylisting:
    """How greylisting works for a domain: as it says itself, or as the server."""
    return domain.greylist if domain and domain.written("greylist") else settings.greylist


def _scope(session: Session, told: Greylisting) -> tuple[bool, str]:
    """Whether a client is among those whom greylisting applies to."""
    listed = contains(told.filters, session.peer)
    applies = {EVERYONE: True, ONLY_LISTED: listed, EXCEPT_LISTED: not listed}[told.applies_to]
    return applies, f"{told.applies_to}: {session.peer} is {'' if listed else 'not '}specified"


def greylisted(
    session: Session,
    sender: Sender,
    recipient: Address,
    settings: SmarterMailSettings,
    at: Moment,
    domain: DomainSettings | None = None,
) -> tuple[Step, timedelta | None]:
    """The step, and how long the client has to wait; None to take the mail. Remembers the triple."""
    told = _told(domain, settings)
    records: dict[tuple[str, str, str], _Record] = at.memory.setdefault("greylist", {})
    key = (session.peer, sender_text(sender).casefold(), recipient.key)
    known = records.get(key)
    if known is None or _forgotten(known, told, at.now):
        reason = "unseen" if known is None else "forgotten"
        records[key] = _Record(at.now, at.now)
        return _step(reason, key, settings), told.block
    wait = known.first + told.block - at.now
    if not known.passed and wait > timedelta(0):
        return _step("too-early", key, settings), wait
    records[key] = replace(known, passed=True, last=at.now)
    return _step("known", key, settings), None


def _forgotten(known: _Record, told: Greylisting, now: datetime) -> bool:
    return now > (known.last + told.expires if known.passed else known.first + told.allow)


def _step(reason: str, key: tuple[str, str, str], settings: SmarterMailSettings) -> Step:
    says = {
        "unseen": "this client has not sent from this address to this one before",
        "forgotten": "this client, sender and recipient were seen too long ago",
        "too-early": "the block period is not over",
        "known": "this client has come back",
    }[reason]
    at = settings.at("greylist") if settings.written("greylist") else settings.at("greylisting")
    candidate = Candidate(f"{key[0]}, {key[1]}, {key[2]}", reason == "known", reason, says, at)
    return Step("GREYLIST", GREYLIST, reason, says, (candidate,), at)

"""What becomes of a recipient after an attempt: handed on, refused there, still waiting, or given up.

    accepted                                     handed on
    5xx at MAIL, RCPT, DATA or after the dot     returned at once, under the service's own code   [remote]
    4xx                                          waits; the queue shows the other server's words
    no connection, TLS not good enough, 5xx before MAIL, DNS without an answer, smart host without address
                                                 waits; the queue shows 4.4.312 to 4.4.318
    the recipient's domain does not exist        returned at once, 5.4.310
    DANE, MTA-STS not met                        waits; 4.7.321 to 4.7.325, 4.4.8, 4.7.5            [security_wording]
    lifetime over                                returned, 5.4.300, or 5.4.312, 316, 317, 5.7.32x, 5.4.8, 5.7.5 by the last
                                                 trouble

The first wait is 15 minutes, later ones grow to an hour; the lifetime is TransportConfig MessageExpiration, 24 hours
(learn: Mail flow FAQ; CMD Set-TransportConfig). How the waits grow in between is not documented (knob `retry`). After a
DANE failure they are 15 minutes, 15 minutes, then an hour each (learn: How SMTP DANE works).

Certificates are judged before MAIL, so a bad one delays mail and never returns it before the lifetime is over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.tls import Certificate
from simulator.policy.attempt import Outcome
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.relaying import Trouble, trouble
from simulator.policy.retry import Ladder
from simulator.policy.route import Bounce, Fate, HandedOn, Keep, Relay
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.identifiers import mailbox_server, suffix
from simulator.products.exchange_online.knobs import Knobs
from simulator.products.exchange_online.pools import leaves_as
from simulator.products.exchange_online.remote import is_loop, reported
from simulator.products.exchange_online.report import delayed
from simulator.products.exchange_online.security_wording import DANE_TROUBLE, waiting

__all__ = ["fates", "ladder"]

_TEST = "tests/products/exchange_online/test_retry.py"
RETRY = rule(
    "EXO-RETRY-1", "Mail that could not be handed on is tried again after 15 minutes, later each hour, for 24 hours",
    fidelity="documented", source="learn: Mail flow FAQ; CMD Set-TransportConfig MessageExpiration", test=_TEST,
)  # fmt: skip
GROWTH = rule(
    "EXO-RETRY-2", "The waits grow by half up to an hour", fidelity="inferred", source="no page says how; knob retry", test=_TEST,
)  # fmt: skip
TLS_DEFERS = rule(
    "EXO-RETRY-3", "Where TLS is not what the connector asks for, mail waits with 450 4.4.317", fidelity="documented",
    source="learn: Fix 450 4.4.317 UntrustedRoot; learn: EHLO blog, TLS certificates in Exchange hybrid", test=_TEST,
)  # fmt: skip

DANE_RETRY = rule(
    "EXO-RETRY-4", "After a DANE failure mail is tried again after 15 minutes, 15 minutes more, then each hour",
    fidelity="documented", source="learn: How SMTP DANE works", test=_TEST,
)  # fmt: skip

_MINUTES_15, _HOUR = timedelta(minutes=15), timedelta(hours=1)

_TLS_MESSAGES = {
    "no-tls": "451 5.7.3 STARTTLS is required to send mail",
    "self-signed": "UntrustedRoot",
    "unknown-issuer": "UntrustedRoot",
    "untrusted-authority": "UntrustedRoot",
    # inferred: that these come as 4.4.317 with a word of their own; learn: Mail flow intelligence has 450 4.7.320
    # "Certificate validation failed" for all of them.
    "expired": "CertificateExpired",
    "not-yet-valid": "CertificateNotYetValid",
    "wrong-purpose": "WrongPurpose",
    "bad-signature": "SignatureFailure",
    "no-certificate": "NoCertificate",
}
_DNS_MESSAGES = {
    "nxdomain": "InfoDomainNonexistent",
    "servfail": "ErrorRetry",
    "timeout": "ErrorRetry",
    "no-address": "InfoNoRecords",  # inferred
}


@lru_cache(256)
def ladder(tenant: Profile, *, dane: bool = False) -> Ladder:
    """The waits between attempts and the lifetime; `dane`: after a DANE failure."""
    knobs = tenant.settings.knobs
    life = knobs.queue_life or tenant.settings.TransportConfig.MessageExpiration
    if knobs.retry:
        return Ladder(knobs.retry, life, repeats=True)
    if dane:
        return Ladder((_MINUTES_15, _MINUTES_15, _HOUR), life, repeats=True)
    return Ladder.growing(_MINUTES_15, 1.5, most=_HOUR, expires=life)


def fates(
    held: Held, relay: Relay, outcome: Outcome, attempts: int, tenant: Profile, at: Moment
) -> Mapping[Address, Fate]:
    """The fate of every recipient after an attempt."""
    tail = suffix(mailbox_server(tenant.name), at)
    found: dict[Address, Fate] = {}
    for recipient in held.recipients:
        what = trouble(outcome, recipient, relay.recipient or recipient)
        if isinstance(what, Reply):
            found[recipient] = HandedOn(what)
        elif (final := _final(what, recipient, relay, outcome)) is not None:
            found[recipient] = final
        else:
            text = _queue_text(what, relay, outcome, tenant.settings.knobs, tail)
            remote = what.remote
            due = ladder(tenant, dane=what.reason in DANE_TROUBLE).due(attempts, held.arrived, at.now)
            kept = Keep(text, due, remote, _notice(held, recipient, text, tenant, at)) if due else None
            given_up = wording.expired(text, tenant.settings.knobs.expired_report)
            found[recipient] = kept or Bounce(given_up, remote, refused=False)
    return found


def _notice(held: Held, recipient: Address, text: Reply, tenant: Profile, at: Moment) -> tuple[Address, Message] | None:
    sender, life = leaves_as(held), ladder(tenant).expires
    if sender is None or life is None:
        return None
    found = delayed(replace(held, sender=sender), recipient, text, held.arrived + life, tenant, at)
    return (sender, found) if found else None


def _final(what: Trouble, recipient: Address, relay: Relay, outcome: Outcome) -> Bounce | None:
    """What waiting would not mend."""
    about_recipient = recipient in outcome.replies or not _before_mail(outcome)
    if what.permanent and what.remote and about_recipient:
        return Bounce(reported(what.remote), what.remote, refused=True, loop=is_loop(what.remote))
    if what.kind == "nxdomain" and relay.to.domain:
        return Bounce(wording.no_such_domain(relay.to.domain), refused=False)
    if what.kind == "null-mx":
        return Bounce(wording.null_mx(what.host), refused=False)
    return None


def _before_mail(outcome: Outcome) -> bool:
    """A 5xx at the banner, EHLO or STARTTLS is trouble with the server, not with the message."""
    last = outcome.last
    return last is not None and last.stage in ("BANNER", "EHLO", "STARTTLS", "AUTH")


def _queue_text(what: Trouble, relay: Relay, outcome: Outcome, knobs: Knobs, tail: str) -> Reply:
    end = f"{wording.last_attempt(what.host, what.address)} {tail}"
    plain = what.reason == "dnssec-bogus" and knobs.dnssec_failure != "4.7.324"
    if not plain and (own := waiting(what.reason, relay.to.domain or what.host, end)):
        return own
    if what.dns or plain or what.reason == "tlsa-lookup":
        return wording.dns_failed(_DNS_MESSAGES.get(what.kind, "ErrorRetry"), end)
    if what.kind == "deferred" and what.remote:
        return what.remote
    if what.kind == "tls" and what.reason != "no-tls" and knobs.certificate_failure == "4.7.320":
        return wording.certificate_failed(end)
    if what.kind == "tls":
        return wording.cannot_connect(_tls_message(what, relay, outcome), end)
    if what.remote:
        return wording.cannot_connect(str(what.remote), end)
    if what.reason == "handshake":
        return wording.cannot_connect("TLS negotiation failed", end)  # inferred
    if what.reason == "timeout":
        return wording.connection_timed_out(end)
    if what.reason == "refused":
        return wording.connection_refused(end)
    return wording.connection_lost(knobs.session_lost, end)


def _tls_message(what: Trouble, relay: Relay, outcome: Outcome) -> str:
    last = outcome.last
    shown = last.tls.certificate if last and last.tls else None
    if what.reason == "name-mismatch" and shown:
        return wording.subject_mismatch(", ".join(relay.tls.names), shown.subject, _thumbprint(shown))
    return _TLS_MESSAGES.get(what.reason, what.reason)


def _thumbprint(certificate: Certificate) -> str:
    """As long as a real one, but made of the names: certificates of a lab are made anew for each run."""
    text = "|".join((certificate.issuer, *certificate.all_names))
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest().upper()

"""What becomes of a recipient after an attempt, and when the next one is due.

| trouble                                        | queue shows                                   | next attempt                     |
| ---------------------------------------------- | --------------------------------------------- | -------------------------------- |
| no connection, no TLS, refused before MAIL     | 451 4.4.0 Primary target IP address responded with | 4 x 1 min, 6 x 5 min, then every 10 min (Edge: 30) |
| certificate not good enough                    | 454 4.7.5 Certificate validation failure      | the same                         |
| DNS without an answer, smart host not in DNS   | 451 4.4.0 DNS query failed                    | the same                         |
| no Send connector                              | A matching connector cannot be found          | the same                         |
| 4xx at MAIL, RCPT, DATA                        | what the other server said                    | 5 min (MessageRetryInterval)     |
| 5xx about the message                          | returned at once                              |                                  |
| domain does not exist, MX leads back, null MX  | returned at once; with DowngradeDnsFailures waits |                              |
| two days over                                  | returned, 4.4.7                               |                                  |
| four hours over                                | the sender is told once, see `report`         |                                  |

(learn: Message retry, resubmit, and expiration intervals in Exchange Server; CMD Set-TransportService)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.relaying import Trouble, trouble
from simulator.policy.retry import Ladder
from simulator.policy.route import Bounce, Fate, HandedOn, Keep, Relay
from simulator.policy.rules import rule
from simulator.products.exchange_server import wording
from simulator.products.exchange_server.directory import Directory
from simulator.products.exchange_server.report import delayed
from simulator.products.exchange_server.send_connectors import SendConnector
from simulator.products.exchange_server.settings import ExchangeSettings
from simulator.topology import Server

__all__ = ["fates", "ladder"]

_TEST = "tests/products/exchange_server/test_retry.py"
RETRY = rule(
    "EXS-RETRY-1", "A host that cannot be reached is tried after 4 times 1, 6 times 5, then every 10 minutes, for two days",
    fidelity="documented", source="learn: Message retry, resubmit, and expiration intervals; CMD Set-TransportService", test=_TEST,
)  # fmt: skip
MESSAGE_RETRY = rule(
    "EXS-RETRY-2", "After a 4xx about a message it is tried again every 5 minutes", fidelity="documented",
    source="CMD Set-TransportService MessageRetryInterval (the article says 15): knob message_retry", test=_TEST,
)  # fmt: skip
CERTIFICATE = rule(
    "EXS-RETRY-3", "A certificate that fails validation makes mail wait with 454 4.7.5, and does not return it", fidelity="observed",
    source="forum threads on hybrid Send connectors", test=_TEST,
)  # fmt: skip
DOWNGRADE = rule(
    "EXS-RETRY-4", "With ErrorPolicies DowngradeDnsFailures errors of DNS make mail wait", fidelity="documented",
    source="CMD New-SendConnector ErrorPolicies", test=_TEST,
)  # fmt: skip

_REASONS = {
    "self-signed": "UntrustedRoot",
    "unknown-issuer": "UntrustedRoot",
    "untrusted-authority": "UntrustedRoot",
    "name-mismatch": "SubjectMismatch",
    # inferred: words of their own for the rest.
    "expired": "CertificateExpired",
    "not-yet-valid": "CertificateNotYetValid",
    "wrong-purpose": "WrongPurpose",
    "bad-signature": "SignatureFailure",
    "no-certificate": "NoCertificate",
}
_BROKEN = {
    "refused": "421 4.2.1 Unable to connect",  # recalled, as SocketError below; 4.4.1 and 4.4.2 are quoted by support pages
    "timeout": "421 4.4.1 Connection timed out",
    "reset": "421 4.4.2 Connection dropped due to SocketError",
    "handshake": "421 4.4.2 Connection dropped due to SocketError",  # inferred: as for a connection that breaks
}
_DNS_ERRORS = {
    "nxdomain": "SMTPSEND.DNS.NonExistentDomain; nonexistent domain",
    "no-address": "SMTPSEND.DNS.NonExistentDomain; nonexistent domain",  # inferred
    "self-mx": "SMTPSEND.DNS.MxLoopback",
}


@lru_cache(256)
def ladder(settings: ExchangeSettings) -> Ladder:
    """The waits between attempts at a host that cannot be reached."""
    service = settings.TransportService
    last = service.OutboundConnectionFailureRetryInterval or timedelta(minutes=30 if settings.is_edge else 10)
    glitches = tuple(timedelta(minutes=m) for m in settings.knobs.glitch_retry)
    transient = (service.TransientFailureRetryInterval,) * service.TransientFailureRetryCount
    return Ladder((*glitches, *transient, last), service.MessageExpirationTimeout, repeats=True)


def fates(
    held: Held, relay: Relay, outcome: Outcome, attempts: int, connector: SendConnector | None, *, server: Server,
    directory: Directory, at: Moment,
) -> Mapping[Address, Fate]:  # fmt: skip
    """The fate of every recipient after an attempt. `connector` is the one that was used."""
    settings = directory.settings
    found: dict[Address, Fate] = {}
    for recipient in held.recipients:
        what = trouble(outcome, recipient, relay.recipient or recipient)
        if isinstance(what, Reply):
            found[recipient] = HandedOn(what)
        elif (final := _final(what, relay, connector)) is not None:
            found[recipient] = final
        else:
            later = _asked_to_come_later(what, outcome)
            text = _queue_text(what, relay, about_message=later)
            due = _due(later, held, attempts, settings, at.now)
            if due:
                end = held.arrived + settings.TransportService.MessageExpirationTimeout
                notice = delayed(held, recipient, text, end, server=server, directory=directory, at=at)
                found[recipient] = Keep(text, due, what.remote, notice)
            else:
                gave_up = wording.expired(text, newer=settings.knobs.expiry == "5.4.300")
                found[recipient] = Bounce(gave_up, what.remote, refused=False)
    return found


def _final(what: Trouble, relay: Relay, connector: SendConnector | None) -> Bounce | None:
    """What waiting would not mend."""
    if connector is None:  # the Unreachable queue
        return None
    if what.remote:
        return Bounce(what.remote, what.remote, refused=True) if what.permanent else None
    if not what.permanent or connector.waits_for_dns or not relay.to.domain:
        return None
    if what.kind == "self-mx":
        return Bounce(wording.mx_loopback(), refused=False, loop=True)
    if what.kind == "null-mx":
        return Bounce(wording.null_mx(what.host), refused=False)
    return Bounce(wording.no_such_domain(), refused=False)


def _asked_to_come_later(what: Trouble, outcome: Outcome) -> bool:
    """A 4xx about the message; one before MAIL is trouble with the host."""
    last = outcome.last
    return what.kind == "deferred" and last is not None and last.stage not in ("BANNER", "EHLO", "STARTTLS", "AUTH")


def _queue_text(what: Trouble, relay: Relay, *, about_message: bool) -> Reply:
    if relay.connector is None:
        return wording.unreachable()
    if what.dns:
        return wording.dns_failed(_DNS_ERRORS.get(what.kind, "DNS query failed with error ErrorRetry"))
    endpoint = f"{what.address}:{relay.to.port}"
    if about_message and what.remote:
        return what.remote
    if what.kind == "tls":
        if what.reason in _REASONS:
            return wording.certificate_failed(_REASONS[what.reason])
        return wording.primary_target(str(wording.starttls_required()), endpoint)
    said = str(what.remote) if what.remote else _BROKEN.get(what.reason, _BROKEN["reset"])
    return wording.primary_target(said, endpoint)


def _due(later: bool, held: Held, attempts: int, settings: ExchangeSettings, now: datetime) -> datetime | None:
    """inferred: a message's tries count as one row, whatever went wrong each time."""
    if not later:
        return ladder(settings).due(attempts, held.arrived, now)
    service = settings.TransportService
    wait = service.MessageRetryInterval or timedelta(minutes=settings.knobs.message_retry)
    return Ladder((wait,), service.MessageExpirationTimeout, repeats=True).due(attempts, held.arrived, now)

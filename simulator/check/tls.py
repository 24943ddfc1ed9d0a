"""TLS that is asked for and is not there, and certificates that will not be good for long.

What a server asks of TLS, and what it was shown, is read from the attempts of planned mail, so it counts only where mail
really goes that way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from simulator.check.ground import LabGround
from simulator.findings import Finding, kind
from simulator.source import Source

__all__ = ["MIGRATION", "certificates_that_end", "demands"]

_TEST = "tests/check/test_tls.py"
MIGRATION = timedelta(days=30)
"""How long a migration takes: certificates should last longer."""

NO_TLS = kind(
    "MF030", "error", "TLS is asked of a server that has none",
    about="The sending server must use TLS on this way, and the other server has no certificate, so it offers no STARTTLS. Mail waits "
    "in the queue and is returned when it expires.",
    fix="Give the server a certificate, or ask for no TLS on this way.",
    test=_TEST,
)  # fmt: skip
NOT_GOOD = kind(
    "MF031", "error", "a certificate is not what is asked for",
    about="The sending server checks the certificate on this way, and the one that it is shown does not stand the check: expired, "
    "self-signed, of another name, without its chain. Mail waits in the queue and is returned when it expires.",
    fix="Install a certificate that does, or ask for less (EncryptionOnly) while you rehearse.",
    test=_TEST,
)  # fmt: skip
ENDS = kind(
    "MF032", "warning", "a certificate expires within the migration",
    about="The certificate is good today and not in 30 days. From that day on servers that check it keep their mail, and connectors "
    "that know this server by its certificate take it for a stranger.",
    fix="Renew it before the migration begins.",
    test=_TEST,
)  # fmt: skip

VERSIONS = kind(
    "MF033", "error", "two servers have no version of TLS in common",
    about="The client must use TLS on this way, and the handshake fails: it knows only versions that the other side has switched off. A "
    "device drops the message, a server keeps it until it expires.",
    fix="Let the client use TLS 1.2.",
    test=_TEST,
)  # fmt: skip

_OTHER = ("sts", "dane", "no-smtputf8")
"""Verdicts that DNS asks for, and one that is none on TLS."""


def demands(ground: LabGround) -> Iterator[Finding]:
    """MF030, MF031 and MF033."""
    told: set[tuple[str, str, Source]] = set()
    for asked in ground.asked:
        for event in asked.played.log.of("attempt"):
            verdict = str(event["verdict"])
            key = (event.host, event["server"], event.at)
            if key in told or (event["level"] == "opportunistic" and asked.arrives):
                continue  # it goes on without TLS
            if event["broken"] == "handshake":
                told.add(key)
                says = f"{event.host} and {event['server'] or event['to']} find no version of TLS that both know, and mail is not sent without"
                yield Finding(VERSIONS, event.at or ground.lab.servers[event.host].at, says, VERSIONS.fix)
            if not verdict or verdict.startswith(_OTHER):
                continue
            told.add(key)
            server = ground.lab.servers.get(event["server"])
            over = f" over {event['connector']}" if event["connector"] else ""
            missing = server is None or server.certificate is None
            which = NO_TLS if verdict == "no-tls" and missing else NOT_GOOD
            asks = (
                "has its certificate checked"
                if event["level"] == "opportunistic"
                else f"must have TLS ({event['level']})"
            )
            says = f"mail from {event.host} to {event['to']}{over} {asks}: {event['says']}"
            yield Finding(which, event.at or ground.lab.servers[event.host].at, says, which.fix)


def certificates_that_end(ground: LabGround) -> Iterator[Finding]:
    """MF032. Certificates that have expired already matter where somebody asks for them (MF031)."""
    for server in ground.lab.servers.values():
        for spec in dict.fromkeys((server.certificate, *server.certificates)):
            if spec is None or spec.defect:
                continue
            ends = spec.facts(ground.start).not_after
            if ground.start < ends < ground.start + MIGRATION:
                days = (ends - ground.start).days
                says = f"the certificate of {server.name} (CN={spec.subject}) ends on {ends:%Y-%m-%d}, in {days} days"
                yield Finding(ENDS, spec.at or server.at, says, ENDS.fix)

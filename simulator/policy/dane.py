"""DANE for SMTP (RFC 7672): a host's signed DNS says which certificate it shows, and that it speaks TLS.

    MX and address from signed zones   no  -> no TLSA question; TLS as it comes
    TLSA at _25._tcp.HOST              none, or not authenticated -> TLS as it comes
                                       no answer, bogus           -> the host is not connected to (2.1.2)
    records of usage 2 and 3           one must fit (table); other usages cannot be used here (3.1.3)
    records, but none that can be used -> TLS must be, nothing is asked of the certificate (2.2)

| usage      | what must fit                    | dates | name                        |
| ---------- | -------------------------------- | ----- | --------------------------- |
| 3 DANE-EE  | the certificate, or its key      | no    | no (3.1.1)                  |
| 2 DANE-TA  | an authority that it leads to    | yes   | the MX host or the domain   |

Some senders look at the dates of DANE-EE as well (`Lookups.dane_dates`). Trust anchors are known by the names that a lab
gives them (`cert:NAME`), because a lab's servers do not send their root.
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.tls import Certificate, TlsFacts
from simulator.policy.asking import Asking
from simulator.policy.attempt import Target
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.policy.tls import Lookups, Verdict, name_verdict
from simulator.value import value
from simulator.zone import Question

__all__ = ["DANE", "MATCH", "TlsaSet", "look_up"]

_TEST = "tests/policy/test_dane.py"
DANE = rule(
    "DANE-LOOKUP", "TLSA records are asked for where MX and address come from signed zones, and count where they are signed",
    fidelity="documented", source="RFC 7672 2.1 and 2.2", test=_TEST,
)  # fmt: skip
MATCH = rule(
    "DANE-MATCH", "One of the usable TLSA records must fit the certificate; where none can be used TLS is required",
    fidelity="documented", source="RFC 7672 3.1 and 2.2", test=_TEST,
)  # fmt: skip

_USAGES = {"0": "PKIX-TA", "1": "PKIX-EE", "2": "DANE-TA", "3": "DANE-EE"}
_RANK = ("dane-expired", "dane-name-mismatch", "dane-not-yet-valid", "tlsa-mismatch")


def look_up(target: Target, port: int, lookups: Lookups) -> Asking[TlsaSet | Verdict]:
    """The TLSA records of a host; a verdict where they do not count. One that is not ok keeps mail from the host."""
    if not target.secure:
        return Verdict(not lookups.dane_required, "dane-not-signed", f"{target.name} is not in a signed zone")
    owner = f"_{port}._tcp.{target.name}"
    answer = yield Question(owner, "TLSA")
    if answer.bogus:
        return Verdict(False, "dnssec-bogus", f"the signatures of {owner} are wrong")
    if answer.failed:
        return Verdict(False, "tlsa-lookup", f"the TLSA lookup for {target.name} had no result: {answer.status}")
    if not answer.ok or not answer.authenticated:
        return Verdict(not lookups.dane_required, "dane-no-tlsa", f"{target.name} has no signed TLSA record")
    names = tuple(dict.fromkeys(filter(None, (target.name, target.domain))))
    return TlsaSet(names, answer.records, lookups.dane_dates)


@value
class TlsaSet:
    """The TLSA records of one host: what they ask of its TLS. `names` begins with the host's."""

    names: tuple[str, ...]
    records: tuple[str, ...]
    dates: bool = False

    @property
    def verifies(self) -> bool:
        """Whether the certificate is looked at, or only TLS is asked for."""
        return any(map(_usable, self.records))

    def examine(self, tls: TlsFacts | None, now: datetime) -> tuple[Verdict, Step]:
        candidates = tuple(self._candidate(text, tls, now) for text in self.records)
        verdict = self._verdict(candidates, tls)
        return verdict, Step("DANE", MATCH, verdict.reason, verdict.says, candidates)

    def _verdict(self, candidates: tuple[Candidate, ...], tls: TlsFacts | None) -> Verdict:
        host = self.names[0]
        if tls is None:
            return Verdict(False, "dane-no-tls", f"{host} has TLSA records, and no TLS")
        if not self.verifies:
            return Verdict(True, "dane-tls-only", f"no TLSA record of {host} can be used for SMTP: TLS is enough")
        if fits := next((c for c in candidates if c.chosen), None):
            return Verdict(True, "dane", fits.says)
        worst = next(c for reason in _RANK for c in candidates if c.reason == reason)
        return Verdict(False, worst.reason, worst.says)

    def _candidate(self, text: str, tls: TlsFacts | None, now: datetime) -> Candidate:
        reason, says = "tlsa-mismatch", "there is no certificate"
        if not _usable(text):
            usage = _USAGES.get(text.partition(" ")[0], "its usage")
            reason, says = "unusable", f"{usage}: not for SMTP"
        elif tls and tls.certificate:
            reason, says = self._fit(text, tls.certificate, now)
        return Candidate(text, reason == "fits", reason, says)

    def _fit(self, text: str, certificate: Certificate, now: datetime) -> tuple[str, str]:
        usage, selector, kind, data = text.split()
        who = f"CN={certificate.subject}"
        if usage == "3":
            if data not in certificate.associations and f"{selector} {kind} {data}" not in certificate.associations:
                return "tlsa-mismatch", f"{who} is not the certificate of this record"
            return self._dated(certificate, now) if self.dates else ("fits", f"{who} is the certificate of this record")
        if f"cert:{certificate.anchor}" != data or certificate.flaw:
            return "tlsa-mismatch", f"{who} does not lead to the authority of this record"
        reason, says = self._dated(certificate, now)
        name = name_verdict(certificate, self.names)
        return ("dane-name-mismatch", name.says) if reason == "fits" and not name.ok else (reason, says)

    def _dated(self, certificate: Certificate, now: datetime) -> tuple[str, str]:
        who = f"CN={certificate.subject}"
        if now > certificate.not_after:
            return "dane-expired", f"{who} fits, but expired {certificate.not_after:%Y-%m-%d}"
        if now < certificate.not_before:
            return "dane-not-yet-valid", f"{who} fits, but is valid from {certificate.not_before:%Y-%m-%d}"
        return "fits", f"{who} fits this record"


def _usable(text: str) -> bool:
    """RFC 7672 3.1.3: usages 0 and 1 have no place in SMTP; unknown selectors and matching types fit nothing."""
    usage, selector, kind = text.split()[:3]
    return usage in ("2", "3") and selector in ("0", "1") and kind in ("0", "1", "2")

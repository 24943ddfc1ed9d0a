"""What Exchange Online says where DANE or MTA-STS keeps mail back, and which trouble each text is for.

| trouble                                            | waiting    | given up   | text |
| -------------------------------------------------- | ---------- | ---------- | ---- |
| no STARTTLS                                        | 450 4.7.321 | 550 5.7.321 | starttls-not-supported |
| certificate out of date                            | 450 4.7.322 | 550 5.7.322 | certificate-expired |
| no TLSA record fits                                | 450 4.7.323 | 550 5.7.323 | tlsa-invalid |
| signatures wrong                                   | 450 4.7.324 | 550 5.7.324 | dnssec-invalid; DNS query failed with the knob dnssec_failure |
| certificate of an authority, another name          | 450 4.7.325 | 550 5.7.325 | certificate-host-mismatch |
| SmtpDaneMode Mandatory, zone not signed            | 450 4.7.324 | 550 5.7.324 | inferred |
| SmtpDaneMode Mandatory, no TLSA record             | 450 4.7.323 | 550 5.7.323 | inferred |
| MX host not in the MTA-STS policy                  | 450 4.4.8   | 550 5.4.8   | MX hosts of <domain> failed MTA-STS validation |
| certificate does not stand the policy              | 450 4.7.5   | 550 5.7.5   | Remote certificate failed MTA-STS validation |

Sources: learn: How SMTP DANE works; Non-delivery reports in Exchange Online.
"""

from __future__ import annotations

from simulator.mail.reply import Reply
from simulator.policy.rules import rule

__all__ = ["DANE_TROUBLE", "SECURITY_WORDS", "given_up", "waiting"]

SECURITY_WORDS = rule(
    "EXO-LEAVE-4", "DANE and MTA-STS failures have codes of their own: 4.7.321 to 325, 4.4.8, 4.7.5, and the same with 5",
    fidelity="documented", source="learn: How SMTP DANE works; Non-delivery reports in Exchange Online",
    test="tests/products/exchange_online/test_security_wording.py",
)  # fmt: skip

_NO_TLS = ("4.7.321", "starttls-not-supported: Destination mail server must support TLS to receive mail.")
_EXPIRED = ("4.7.322", "certificate-expired: Destination mail server's certificate is expired.")
_INVALID = ("4.7.323", "tlsa-invalid: The domain failed DANE validation.")
_UNSIGNED = ("4.7.324", "dnssec-invalid: Destination domain returned invalid DNSSEC records")
_NAME = ("4.7.325", "certificate-host-mismatch: Remote certificate MUST have a common name or subject alternative name "
         "matching the hostname (DANE)")  # fmt: skip

_DANE = {
    "dane-no-tls": _NO_TLS,
    "dane-expired": _EXPIRED,
    "dane-not-yet-valid": _INVALID,
    "tlsa-mismatch": _INVALID,
    "dane-no-tlsa": _INVALID,  # inferred
    "dnssec-bogus": _UNSIGNED,
    "dane-not-signed": _UNSIGNED,  # inferred
    "dane-name-mismatch": _NAME,
}
DANE_TROUBLE = frozenset((*_DANE, "tlsa-lookup"))
"""The troubles that are tried again at the pace of DANE."""

_STS_REASONS = {"name-mismatch": "SubjectMismatch", "expired": "CertificateExpired"}  # inferred: the words
_OWN = frozenset({*(code for code, _ in _DANE.values()), "4.4.8", "4.7.5"})


def waiting(reason: str, domain: str, tail: str) -> Reply | None:
    """What the queue shows; None for other troubles."""
    if reason in _DANE:
        code, text = _DANE[reason]
    elif reason == "sts-mx":
        code, text = "4.4.8", f"MX hosts of {domain} failed MTA-STS validation"
    elif reason == "sts-no-tls":
        code, text = _NO_TLS  # inferred: the page on codes has it for DANE; MTA-STS asks for TLS as well
    elif reason.startswith("sts-"):
        status = _STS_REASONS.get(reason.removeprefix("sts-"), "UntrustedRoot")
        code, text = "4.7.5", f"Remote certificate failed MTA-STS validation. Reason: {status}"
    else:
        return None
    return Reply(450, code, f"{text} {tail}")


def given_up(last: Reply) -> Reply | None:
    """The report's status after the lifetime, from what the queue showed; None for other troubles."""
    if last.code != 450 or last.enhanced not in _OWN:
        return None
    text, _, _ = last.text.partition(" [LastAttempted")
    return Reply(550, f"5{last.enhanced[1:]}", text)

"""What the queue and the report say of DANE and MTA-STS."""

from __future__ import annotations

import pytest

from simulator.mail.reply import Reply
from simulator.products.exchange_online.security_wording import DANE_TROUBLE, given_up, waiting

TAIL = "[LastAttemptedServerName=mx.customer.example] [LastAttemptedIP=198.51.100.7:25] [SmtpSecurity=-1;-1] [x]"
TEXTS = [
    ("dane-no-tls", "4.7.321", "starttls-not-supported: Destination mail server must support TLS to receive mail."),
    ("sts-no-tls", "4.7.321", "starttls-not-supported: Destination mail server must support TLS to receive mail."),
    ("dane-expired", "4.7.322", "certificate-expired: Destination mail server's certificate is expired."),
    ("tlsa-mismatch", "4.7.323", "tlsa-invalid: The domain failed DANE validation."),
    ("dane-not-yet-valid", "4.7.323", "tlsa-invalid: The domain failed DANE validation."),
    ("dane-no-tlsa", "4.7.323", "tlsa-invalid: The domain failed DANE validation."),
    ("dnssec-bogus", "4.7.324", "dnssec-invalid: Destination domain returned invalid DNSSEC records"),
    ("dane-not-signed", "4.7.324", "dnssec-invalid: Destination domain returned invalid DNSSEC records"),
    ("dane-name-mismatch", "4.7.325", "certificate-host-mismatch: Remote certificate MUST have a common name or subject "
     "alternative name matching the hostname (DANE)"),
    ("sts-mx", "4.4.8", "MX hosts of customer.example failed MTA-STS validation"),
    ("sts-self-signed", "4.7.5", "Remote certificate failed MTA-STS validation. Reason: UntrustedRoot"),
    ("sts-name-mismatch", "4.7.5", "Remote certificate failed MTA-STS validation. Reason: SubjectMismatch"),
    ("sts-expired", "4.7.5", "Remote certificate failed MTA-STS validation. Reason: CertificateExpired"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "code", "text"), TEXTS, ids=[row[0] for row in TEXTS])
def test_every_trouble_has_its_code_while_mail_waits_and_when_it_is_given_up(reason: str, code: str, text: str) -> None:
    shown = waiting(reason, "customer.example", TAIL)
    assert Reply(450, code, f"{text} {TAIL}") == shown
    assert shown is not None
    assert Reply(550, f"5{code[1:]}", text) == given_up(shown)


@pytest.mark.parametrize("reason", ["no-tls", "self-signed", "refused", "", "tlsa-lookup"])
def test_other_troubles_have_other_texts(reason: str) -> None:
    assert None is waiting(reason, "customer.example", TAIL)


@pytest.mark.parametrize(
    "text", ["450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]", "451 4.7.5 greylisted"]
)
def test_what_is_not_of_dane_or_mta_sts_expires_in_its_own_words(text: str) -> None:
    assert None is given_up(Reply.parse(text))


def test_the_pace_of_dane_is_for_dane_only() -> None:
    assert {"tlsa-lookup", "dnssec-bogus"} <= DANE_TROUBLE
    assert not any(reason.startswith("sts") for reason in DANE_TROUBLE)

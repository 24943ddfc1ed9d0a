from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.session import Session
from simulator.zone import Zone
from tests.policy.builders import a_session, tls
from tests.policy.dkim.builders import a_message, signed
from tests.products.builders import CERTIFICATE, an_internet, reasons
from tests.products.internet.examining import GOOD, a_zone, taken

_SECURE = a_session(GOOD, helo="mail.contoso.com", tls=tls())
_STRANGER = a_session("192.0.2.66", tls=tls())
_PUBLISHED = a_zone(dmarc="v=DMARC1; p=none")
_POINTED = Zone(
    {**a_zone().records, ("66.2.0.192.in-addr.arpa", "PTR"): ("pc.example",), ("pc.example", "A"): ("192.0.2.66",)}
)
_ALSO_REJECT = Zone({**_POINTED.records, ("_dmarc.contoso.com", "TXT"): ("v=DMARC1; p=reject",)})


@pytest.mark.parametrize(
    ("like", "sign", "session", "zone", "expected"),
    [
        ("gmail", True, _SECURE, a_zone(), "250 2.0.0"),
        ("gmail", False, _SECURE, a_zone(), "250 2.0.0"),
        ("gmail", True, a_session(GOOD), a_zone(), "421 4.7.29"),
        ("gmail", True, _SECURE, a_zone(ptr=""), "550 5.7.25"),
        ("gmail", True, _SECURE, a_zone(ptr="other.contoso.com"), "550 5.7.25"),
        ("gmail", True, _SECURE, a_zone(failing={("25.113.0.203.in-addr.arpa", "PTR"): "timeout"}), "250 2.0.0"),
        ("gmail", False, _STRANGER, _POINTED, "550 5.7.26"),
        ("gmail", True, _STRANGER, _POINTED, "250 2.0.0"),
        ("gmail", False, _SECURE, _PUBLISHED, "250 2.0.0"),
        ("gmail for bulk senders", True, _SECURE, _PUBLISHED, "250 2.0.0"),
        ("gmail for bulk senders", False, _SECURE, _PUBLISHED, "550 5.7.30"),
        ("gmail for bulk senders", True, _STRANGER, _POINTED, "550 5.7.27"),
        ("gmail for bulk senders", True, _SECURE, a_zone(), "550 5.7.40"),
    ],
)  # fmt: skip
def test_a_provider_asks_for_what_it_says(like: str, sign: bool, session: Session, zone: Zone, expected: str) -> None:
    host = an_internet({"behaves like": like}, certificate=CERTIFICATE)
    assert expected == taken(host, signed() if sign else a_message(), zone, session=session).reply.codes


def test_bulk_mail_has_an_author_that_agrees() -> None:
    host = an_internet({"behaves like": "gmail for bulk senders"}, certificate=CERTIFICATE)
    records: dict[Any, Any] = {**_PUBLISHED.records, ("other.example", "TXT"): ("v=spf1 ip4:203.0.113.25 -all",)}
    records["_dmarc.third.example", "TXT"] = ("v=DMARC1; p=none",)
    message = signed(a_message().replaced("From", "bob@third.example"))
    decision = taken(host, message, Zone(records), sender="x@other.example", session=_SECURE)
    assert "550 5.7.32" == decision.reply.codes


def test_a_policy_of_reject_has_the_providers_code() -> None:
    host = an_internet({"behaves like": "gmail"}, certificate=CERTIFICATE)
    records: dict[Any, Any] = {**_ALSO_REJECT.records, ("other.example", "TXT"): ("v=spf1 ip4:192.0.2.66 -all",)}
    decision = taken(host, zone=Zone(records), sender="x@other.example", session=_STRANGER)
    assert ("550 5.7.26", "not-met") == (decision.reply.codes, reasons(decision, "REQUIREMENTS")["DMARC policy"])


def test_a_host_without_a_certificate_asks_for_no_tls() -> None:
    decision = taken(an_internet({"behaves like": "gmail"}), session=a_session(GOOD))
    assert (True, "met") == (decision.ok, reasons(decision, "REQUIREMENTS")["TLS"])

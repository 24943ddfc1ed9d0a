from __future__ import annotations

from datetime import UTC, datetime

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.session import Session
from simulator.mail.tls import Certificate

_BOB, _JOHN = Address.parse("bob@contoso.com"), Address.parse("john@contoso.com")
_MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_recipients_keep_their_order_and_parameters() -> None:
    envelope = Envelope(None, (), {"SIZE": "1"}).plus(_BOB, {"NOTIFY": "NEVER"}).plus(_JOHN)
    assert (_BOB, _JOHN) == envelope.recipients
    assert {_BOB: {"NOTIFY": "NEVER"}} == envelope.recipient_parameters


def test_a_part_of_an_envelope_has_the_parameters_of_its_recipients_only() -> None:
    envelope = Envelope(_BOB, (), {"SIZE": "1"}).plus(_BOB, {"NOTIFY": "NEVER"}).plus(_JOHN, {"NOTIFY": "DELAY"})
    part = envelope.only((_JOHN,))
    assert Envelope(_BOB, (_JOHN,), {"SIZE": "1"}, {_JOHN: {"NOTIFY": "DELAY"}}) == part


def test_a_session_is_changed_by_copying() -> None:
    session = Session("192.0.2.1", "mx")
    assert Session("192.0.2.1", "mx", auth=_BOB) == session.with_(auth=_BOB)
    assert session.auth is None


def test_common_name_and_alternative_names_count_once_each() -> None:
    certificate = Certificate(
        "Mail.contoso.com", ("mail.contoso.com", "*.contoso.com"), "ca", _MONDAY, _MONDAY, frozenset()
    )
    assert ("mail.contoso.com", "*.contoso.com") == certificate.all_names

from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.stamps import next_queue_id, protocol, received, stamped
from tests.policy.builders import BOB, JOHN, SUN, a_held, a_moment, a_session, tls


@pytest.mark.parametrize(
    ("facts", "expected"),
    [({}, "ESMTP"), ({"tls": tls()}, "ESMTPS"), ({"auth": JOHN}, "ESMTPA"), ({"tls": tls(), "auth": JOHN}, "ESMTPSA")],
)
def test_the_protocol_word_of_rfc_3848(facts: dict[str, Any], expected: str) -> None:
    assert expected == protocol(a_session(**facts))


def test_a_received_field_shows_ehlo_name_and_address() -> None:
    at = a_moment()
    assert "00000001" == next_queue_id(at)
    expected = (
        "from pc.example ([192.0.2.9])\nby mail.contoso.com with ESMTP id 00000001\nfor <sun@customer.example>; "
        "Mon, 2 Mar 2026 09:00:00 +0000"
    )
    assert expected == received(a_held(), "mail.contoso.com", "00000001", at)


def test_several_recipients_are_not_told_of_each_other() -> None:
    assert "for <" not in received(a_held(BOB, SUN), "mail.contoso.com", "", a_moment())


def test_a_client_without_a_name_is_told_by_its_address() -> None:
    held = a_held(session=a_session("2001:db8::1", helo=""))
    assert received(held, "x", "", a_moment()).startswith(
        "from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\nby x with ESMTP\n"
    )


def test_the_stamp_stands_on_top_and_has_the_id_of_the_reply() -> None:
    at = a_moment()
    queue_id = next_queue_id(at)
    message = stamped(a_held(), "mail.contoso.com", at)
    assert "Received" == message.fields[0][0]
    assert f"id {queue_id}" in (message.get("Received") or "")
    assert 1 == message.received_count
    assert queue_id != next_queue_id(at)

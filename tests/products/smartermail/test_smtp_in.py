"""Settings > SMTP In: the banner, and what a session or a message may have."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.envelope import Envelope
from tests.answering import answered
from tests.policy.builders import BOB, JOHN, SUN, a_message, a_moment, a_session
from tests.products.builders import a_smartermail, read_smartermail, reasons


@pytest.mark.parametrize(
    ("banner", "expected"),
    [
        (None, "220 mail.contoso.com"),
        ("Hello", "220 Hello"),
        ("#HostName# ESMTP for #ConnectedIP#", "220 mail.contoso.com ESMTP for 192.0.2.9"),
        ("#Time# | #TimeUTC# | #UnixTime#",
         "220 Mon, 2 Mar 2026 09:00:00 +0000 | Mon, 2 Mar 2026 09:00:00 +0000 | 1772442000"),
        ("{fqdn} #hostname#", "220 {fqdn} #hostname#"),
    ],
)  # fmt: skip
def test_the_banner_has_variables(banner: str | None, expected: str) -> None:
    host = a_smartermail({"SMTP Banner": banner} if banner else {})
    assert expected == str(host.connect(a_session("192.0.2.9"), a_moment()).reply)


def test_a_banner_is_one_line() -> None:
    assert ["error: SMTP Banner: 'a\\nb' is not one line of ASCII."] == read_smartermail({"SMTP Banner": "a\nb"})[1]


def test_more_recipients_than_allowed_come_in_another_transaction() -> None:
    host = a_smartermail({"Max Recipients Per Message": 2}, "john@contoso.com", "bob@contoso.com")
    said = [host.rcpt(a_session(), Envelope(SUN, (JOHN, BOB)[:n]), JOHN, a_moment()) for n in (0, 1, 2)]
    assert [250, 250, 452] == [d.reply.code for d in said]
    assert "452 Too many recipients" == str(said[-1].reply)
    assert {"Max Recipients Per Message": "too-many"} == reasons(said[-1], "LIMIT")


def test_more_messages_than_allowed_need_another_session() -> None:
    host, at = a_smartermail({"Max Messages Per Session": 2}), a_moment()

    def post(peer: str = "192.0.2.9") -> Any:
        taken = host.mail(a_session(peer), Envelope(SUN), at)
        if taken.ok:
            answered(host.content(a_session(peer), Envelope(SUN, (JOHN,)), a_message(), at, {}))
        return taken.reply

    host.connect(a_session("192.0.2.9"), at)
    assert [250, 250, 421] == [post().code for _ in range(3)]
    assert "421 Too many messages in this session" == str(post())
    assert 250 == post("192.0.2.10").code
    host.connect(a_session("192.0.2.9"), at)
    assert 250 == post().code

"""Text that a rule adds to the body."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.message import Message
from simulator.mail.mime import parts
from simulator.policy.route import Return
from tests.products.exchange_online.transport_rules.asking import AMY, BOB, ask_rules, internal

TEXT = {"ApplyHtmlDisclaimerText": "<p>Private &amp; %%DisplayName%% %%Nobody%%</p>"}
SIGNED = Message.parse(
    b'From: <amy@contoso.com>\r\nSubject: s\r\nContent-Type: multipart/signed; boundary="b"\r\n\r\n--b\r\n\r\nHello.\r\n--b--\r\n'
)


def after(content: Message, **more: Any) -> Message:
    found = ask_rules({"r": {**TEXT, **more}}, BOB, sender=AMY, content=content).done
    assert found.end is None
    return found.message


def test_a_plain_body_gets_the_words_without_the_tags() -> None:
    content = internal()

    assert b"\r\nHello.\r\n\r\nPrivate & Amy Miller %%Nobody%%\r\n" == after(content).rest
    prepended = after(content, ApplyHtmlDisclaimerLocation="Prepend").rest
    assert b"\r\nPrivate & Amy Miller %%Nobody%%\r\n\r\nHello.\r\n" == prepended


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Append", "<html><body bgcolor=red>Hi<p>Private &amp; Amy Miller %%Nobody%%</p></body></html>"),
        ("Prepend", "<html><body bgcolor=red><p>Private &amp; Amy Miller %%Nobody%%</p>Hi</body></html>"),
    ],
)
def test_an_html_body_gets_it_inside(where: str, expected: str) -> None:
    plain = internal(Content_Type="text/html")
    content = Message(plain.fields, b"\r\n<html><body bgcolor=red>Hi</body></html>")

    assert expected == after(content, ApplyHtmlDisclaimerLocation=where).rest.decode().strip()


def test_signed_mail_is_wrapped_left_alone_or_returned() -> None:
    note, old = parts(after(SIGNED))
    assert ("text/html", "message/rfc822", SIGNED.content) == (note.type, old.type, old.content)
    assert SIGNED == after(SIGNED, ApplyHtmlDisclaimerFallbackAction="Ignore")
    refused = ask_rules({"r": {**TEXT, "ApplyHtmlDisclaimerFallbackAction": "Reject"}}, BOB, content=SIGNED).done.end
    assert isinstance(refused, Return)
    assert "550 5.7.1" == refused.reply.codes


def test_a_wrapped_message_keeps_its_place_in_the_header() -> None:
    outer = after(SIGNED)

    assert ("s", 1) == (outer.get("Subject"), len(outer.all("Content-Type")))

"""What is signed, and how the field looks."""

from __future__ import annotations

from simulator.keyring import KEYRING
from simulator.mail.message import Message
from tests.policy.dkim.builders import NOW, a_message, outcome, signed


def field(message: Message) -> str:
    return message.fields[0][1].decode()


def test_the_field_stands_on_top_and_the_rest_is_left_alone() -> None:
    made = signed()
    assert "DKIM-Signature" == made.fields[0][0]
    assert a_message().content == made.content[len(made.fields[0][1]) :]


def test_the_field_has_lines_that_everybody_takes() -> None:
    lines = field(signed()).split("\r\n")
    assert "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=contoso.com; s=s1; t=1768467600;" == lines[0]
    assert " h=From:Subject:To;" == lines[1]
    assert lines[2].startswith(" bh=")
    assert lines[3].startswith(" b=")
    assert 100 > max(map(len, lines))


def test_without_a_time_there_is_none_and_the_signature_is_the_same_whenever_it_is_made() -> None:
    assert " t=" not in field(signed(now=None))
    assert signed(now=None).content == signed(now=None).content
    assert signed(now=NOW).content == signed(now=NOW).content


def test_the_field_has_the_same_length_for_every_message() -> None:
    assert 1 == len({len(field(signed(a_message(body)))) for body in ("", "x\r\n", "hello\r\n" * 99)})


def test_a_field_outside_ascii_is_signed_as_the_octets_that_it_is() -> None:
    assert ("pass", "good") == outcome(
        signed(
            a_message("ünï\r\n", more="Subject: Grüße \ud83d\r\n".encode("utf-8", "surrogatepass").decode("latin-1"))
        )
    )


def test_a_message_without_header_or_body_can_be_signed() -> None:
    for content in (b"", b"\r\n", b"no header at all", b"From: a@contoso.com"):
        made = signed(Message.parse(content), fields=["From"])
        assert ("pass", "good") == outcome(made)
        assert made.size == len(made.content)


def test_every_owner_has_a_key() -> None:
    assert KEYRING.public("a.example") == KEYRING.public("b.example")

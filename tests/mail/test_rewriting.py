"""The text of a message is changed, and everything else stays."""

from __future__ import annotations

import pytest

from simulator.mail.message import Message
from simulator.mail.mime import parts
from simulator.mail.rewriting import rewritten, wrapped


def message(text: str) -> Message:
    return Message.parse(text.replace("\n", "\r\n").encode())


def louder(text: str, kind: str) -> str:
    return text.strip() + "!"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Subject: x\n\nhi\n", "Subject: x\n\nhi!"),
        ("Content-Type: text/html\n\n<b>hi</b>", "Content-Type: text/html\n\n<b>hi</b>!"),
        ("Content-Type: multipart/mixed; boundary=b\n\nold\n--b\n\nhi\n--b\nContent-Type: text/plain\n\nnot me\n--b--\nend",
         "Content-Type: multipart/mixed; boundary=b\n\nold\n--b\n\nhi!\n--b\nContent-Type: text/plain\n\nnot me\n--b--\nend"),
        ("Content-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n",
         "Content-Type: multipart/alternative; boundary=b\n\n--b\n\none!\n--b\nContent-Type: text/html\n\ntwo!\n--b--\n"),
    ],
)  # fmt: skip
def test_only_the_text_changes(raw: str, expected: str) -> None:
    made = rewritten(message(raw), louder)

    assert made is not None
    assert expected.replace("\n", "\r\n") == made.content.decode()


@pytest.mark.parametrize(
    "raw",
    [
        "Content-Type: multipart/signed; boundary=b\n\n--b\n\nhi\n--b--\n", "Content-Type: multipart/encrypted; boundary=b\n\n--b\n\nhi\n--b--\n",
        "Content-Type: application/pdf\n\nhi", "Content-Type: text/plain; charset=no-such\n\nhi", "Content-Disposition: attachment\n\nhi",
        "Content-Type: multipart/mixed; boundary=b\n\nno part\n",
    ],
)  # fmt: skip
def test_what_must_not_or_cannot_be_changed_is_left(raw: str) -> None:
    assert rewritten(message(raw), louder) is None


@pytest.mark.parametrize(
    "raw",
    [
        "Subject: x\n\nhi", "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n\nh=C3=B6\n",
        "Content-Transfer-Encoding: base64\nContent-Type: text/html; charset=iso-8859-1\n\n5A==\n",
    ],
)  # fmt: skip
def test_text_that_no_longer_fits_is_encoded(raw: str) -> None:
    was = message(raw)
    made = rewritten(was, lambda text, kind: text + "ß→")

    assert made is not None
    (before,), (after,) = parts(was), parts(made)
    assert (before.text + "ß→", before.type, True) == (after.text, after.type, made.content.isascii())


def test_a_wrapped_message_is_attached_whole() -> None:
    inner = message("Subject: x\nContent-Type: text/plain\nFrom: <a@b.test>\n\n--=_wrapped\nhi")
    outer = wrapped(inner, "<b>ö</b>")

    note, old = parts(outer)
    assert ("x", "ö", inner.content) == (outer.get("Subject"), note.text.strip(), old.content)

"""What a listener reads of AUTH with a token, and what it tells the host."""

from __future__ import annotations

import base64

import pytest

from simulator.live.login import Credentials, read_credentials
from simulator.mail.reply import Reply
from tests.live.loops import in_loop

TOKEN = b"user=bob@west.test\1auth=Bearer lab\1\1"


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


async def read(
    arg: str, *answers: bytes, tokens: bool = True, in_clear: bool = False
) -> tuple[Credentials | Reply | None, list[str]]:
    """The credentials, and what was asked of the client, which answers in turn."""
    asked: list[str] = []

    async def challenge(text: str) -> bytes | None:
        asked.append(text)
        return answers[len(asked) - 1]

    return await read_credentials(arg, challenge, in_clear=in_clear, tokens=tokens), asked


@pytest.mark.parametrize(("arg", "answers", "asked"), [(f"XOAUTH2 {b64(TOKEN)}", (), []), ("xoauth2", (TOKEN,), [""])])
@in_loop
async def test_a_token_is_told_as_xoauth2_writes_it(arg: str, answers: tuple[bytes, ...], asked: list[str]) -> None:
    assert (("bob@west.test", "Bearer lab"), asked) == await read(arg, *answers)


@pytest.mark.parametrize(
    ("arg", "tokens", "in_clear", "codes"),
    [
        (f"XOAUTH2 {b64(TOKEN)}", False, False, "504 5.5.4"),  # not announced
        ("XOAUTH2", True, True, "538 5.7.11"),
        (f"XOAUTH2 {b64(b'user=bob@west.test')}", True, False, "501 5.5.2"),
        (f"XOAUTH2 {b64(b'nothing')}", True, False, "501 5.5.2"),
        ("XOAUTH2 !!!", True, False, "501 5.5.2"),
    ],
)
@in_loop
async def test_a_token_that_cannot_be_read_is_refused(arg: str, tokens: bool, in_clear: bool, codes: str) -> None:
    found, _ = await read(arg, tokens=tokens, in_clear=in_clear)

    assert isinstance(found, Reply)
    assert codes == found.codes

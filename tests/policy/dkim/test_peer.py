"""Two implementations agree: dkimpy takes what is signed here, and the other way round."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.keyring import KEYRING
from simulator.mail.message import Message
from tests.policy.dkim.builders import FORMS, KEY_NAME, a_message, messages, outcome, signed
from tests.policy.dkim.peer import dkimpy_accepts, dkimpy_signed, record

OURS = {KEY_NAME: f"v=DKIM1; p={KEYRING.public('contoso.com')}"}
LATER = datetime(2999, 1, 1, tzinfo=UTC)  # dkimpy stamps the computer's time
FIELDS = ["From", "From", "To", "Subject", "Subject", "Received", "X-Long-Name", "X-Absent"]


@settings(deadline=None, max_examples=60)
@given(messages(), st.sampled_from(FORMS))
def test_dkimpy_verifies_what_is_signed_here(content: bytes, forms: tuple[str, str]) -> None:
    made = signed(Message.parse(content), forms=forms, fields=FIELDS)
    assert dkimpy_accepts(made.content, OURS)
    assert ("pass", "good") == outcome(made)


@settings(deadline=None, max_examples=60)
@given(messages(), st.sampled_from(FORMS))
def test_what_dkimpy_signs_is_verified_here(content: bytes, forms: tuple[str, str]) -> None:
    made = Message.parse(dkimpy_signed(content, forms))
    assert ("pass", "good") == outcome(made, {KEY_NAME: record()}, now=LATER)


@settings(deadline=None, max_examples=60)
@given(messages(), st.sampled_from(FORMS), st.data())
def test_both_think_the_same_of_a_message_that_was_changed(
    content: bytes, forms: tuple[str, str], data: st.DataObject
) -> None:
    whole = signed(Message.parse(content), forms=forms).content
    start, body = whole.index(b"\r\n h="), whole.index(b"\r\n\r\n") + 4  # the empty line stays empty
    at = data.draw(
        st.integers(start, len(whole) - 2).filter(
            lambda at: whole[at - 1 : at] != b"\r" and whole[at : at + 1] != b":" and at != body - 2
        )
    )
    put = data.draw(st.sampled_from([b"x", b" ", b"\t", *([b"\r\n", b" \r\n", b"\n"] if at >= body else [])]))
    changed = whole[:at] + put + whole[at:]
    assert dkimpy_accepts(changed, OURS) == (outcome(Message.parse(changed))[0] == "pass")


@pytest.mark.parametrize("forms", FORMS)
def test_a_body_with_something_appended_behind_l_is_good_for_both_and_said_to_be_partly_signed(
    forms: tuple[str, str],
) -> None:
    made = dkimpy_signed(a_message().content, forms, length=True)
    assert dkimpy_accepts(made + b"Pay here.\r\n", {KEY_NAME: record()})
    assert ("pass", "good") == outcome(Message.parse(made), {KEY_NAME: record()}, now=LATER)
    assert ("pass", "partly-signed") == outcome(Message.parse(made + b"Pay here.\r\n"), {KEY_NAME: record()}, now=LATER)

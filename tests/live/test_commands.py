from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.live.commands import Plea, read_mail, read_rcpt
from simulator.mail.reply import Reply
from simulator.policy.bounce import asked_for
from tests.policy.builders import SUN, a_held


def code(found: Plea | Reply) -> int:
    return found.code if isinstance(found, Reply) else 250


@pytest.mark.parametrize(
    ("arg", "expected"),
    [
        ("FROM:<a@b.example> RET=FULL ENVID=QQ314159", 250),
        ("FROM:<a@b.example> ret=hdrs envid=a+20b", 250),
        ("FROM:<> RET=HDRS", 250),
        ("FROM:<a@b.example> RET=BODY", 501),
        ("FROM:<a@b.example> RET", 501),
        ("FROM:<a@b.example> RET=", 501),
        ("FROM:<a@b.example> RET=FULL RET=HDRS", 501),
        ("FROM:<a@b.example> ENVID=a ENVID=b", 501),
        ("FROM:<a@b.example> ENVID=a+b", 501),
        ("FROM:<a@b.example> ENVID=+0D+0A", 501),
        ("FROM:<a@b.example> ENVID=" + "a" * 101, 501),
        ("FROM:<a@b.example> NOTIFY=NEVER", 555),
    ],
)
def test_what_mail_asks_of_reports_is_read_strictly(arg: str, expected: int) -> None:
    assert expected == code(read_mail(arg))


@pytest.mark.parametrize(
    ("arg", "expected"),
    [
        ("TO:<a@b.example> NOTIFY=NEVER", 250),
        ("TO:<a@b.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@c.example", 250),
        ("TO:<a@b.example> NOTIFY=NEVER,FAILURE", 501),
        ("TO:<a@b.example> NOTIFY=", 501),
        ("TO:<a@b.example> NOTIFY", 501),
        ("TO:<a@b.example> NOTIFY=SUCCESS NOTIFY=NEVER", 501),
        ("TO:<a@b.example> ORCPT=a@b.example", 501),
        ("TO:<a@b.example> ORCPT=rfc822;a+0Ab@c.example", 501),
        ("TO:<a@b.example> ENVID=x", 555),
    ],
)
def test_what_rcpt_asks_of_reports_is_read_strictly(arg: str, expected: int) -> None:
    assert expected == code(read_rcpt(arg))


def test_after_helo_no_parameter_is_known() -> None:
    assert 555 == code(read_mail("FROM:<a@b.example> RET=FULL", extended=False))
    assert 555 == code(read_rcpt("TO:<a@b.example> NOTIFY=NEVER", extended=False))


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_whatever_stands_behind_an_address_is_read_or_refused(text: str) -> None:
    for found in (read_mail(f"FROM:<a@b.example> {text}"), read_rcpt(f"TO:<a@b.example> {text}")):
        assert code(found) in (250, 501, 555)
        if isinstance(found, Plea):
            envid = found.parameters.get("ENVID") or ""
            assert len(envid) <= 100
            assert asked_for(a_held(recipient_parameters={SUN: found.parameters}), SUN) == found.parameters

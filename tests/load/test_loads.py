"""Many messages and many sessions: everything is accounted for, and nothing is left behind. In small; `make load` plays it in full."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.loads import HOPS, many_messages, many_sessions

_MESSAGES, _SESSIONS = 200, 200
_MOST_KEPT = 400.0  # KiB a message: its log and its place in a mailbox, and not its sockets
_MOST_LEFT = 32.0  # MiB that the allocator may keep for later


@pytest.mark.parametrize("reuse", [False, True])
def test_every_message_of_many_arrives_over_three_encrypted_hops(reuse: bool) -> None:
    asyncio.run(many_messages(5, reuse=reuse))  # what is loaded and remembered once is not counted
    tally = asyncio.run(many_messages(_MESSAGES, reuse=reuse))
    assert tally.accounted, tally.balance
    # A batch of 50 needs three connections for each hop between servers; clients have one for each message.
    assert (_MESSAGES + 2 * 3 * (_MESSAGES // 50) if reuse else HOPS * _MESSAGES) == tally.encrypted
    assert tally.kept < _MOST_KEPT
    assert tally.after - tally.before < _MOST_LEFT
    assert 0 == tally.files_left


@pytest.mark.parametrize("tls", [False, True])
def test_many_sessions_at_a_time_are_all_served(tls: bool) -> None:
    asyncio.run(many_sessions(_SESSIONS, tls=tls))  # the allocator keeps what it needed once
    tally = asyncio.run(many_sessions(_SESSIONS, tls=tls))
    assert tally.accounted, tally.balance
    assert _SESSIONS == tally.at_once
    assert (_SESSIONS if tls else 0) == tally.encrypted
    assert tally.after - tally.before < _MOST_LEFT
    assert 0 == tally.files_left

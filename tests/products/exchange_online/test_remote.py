"""How refusals of other servers are reported."""

from __future__ import annotations

import pytest

from simulator.mail.reply import Reply
from simulator.products.exchange_online.remote import is_loop, reported

CASES = [
    ("550 5.1.1 <x@y.test>: Recipient address rejected: User unknown", "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable"),
    ("550 <x@y.test> No such user here", "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable"),
    ("556 5.1.10 Recipient address has null MX", "550 5.0.350 Remote server returned an error"),
    ("550 5.7.64 TenantAttribution; Relay Access Denied", "550 5.7.367 Remote server returned not permitted to relay"),
    ("554 5.7.1 relaying denied", "550 5.7.367 Remote server returned not permitted to relay"),
    ("550 Authentication is required for relay", "550 5.7.368 Remote server returned authentication required to relay"),
    ("530 5.7.57 Client not authenticated to send mail", "550 5.7.368 Remote server returned authentication required to relay"),
    ("554 5.7.1 Message looks like spam", "550 5.7.350 Remote server returned message detected as spam"),
    ("550 5.7.1 Your address is on a block list", "550 5.7.350 Remote server returned message detected as spam"),
    ("552 5.2.2 Mailbox full", "550 5.0.350 Remote server returned an error"),
]  # fmt: skip


@pytest.mark.parametrize(("remote", "wrapped"), CASES)
def test_a_refusal_is_put_behind_the_services_own_code(remote: str, wrapped: str) -> None:
    assert f"{wrapped} -> {remote}" == str(reported(Reply.parse(remote)))


@pytest.mark.parametrize(
    "text",
    [
        "554 5.4.14 Hop count exceeded - possible mail loop ATTR34",
        "554 5.4.6 Hop count exceeded - possible mail loop",
        "554 Too many hops",
    ],
)
def test_a_loop_is_reported_in_the_words_of_who_found_it(text: str) -> None:
    remote = Reply.parse(text)

    assert (True, remote) == (is_loop(remote), reported(remote))


def test_other_refusals_are_no_loop() -> None:
    assert not is_loop(Reply(550, "5.1.1", "User unknown"))

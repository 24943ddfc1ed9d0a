"""Chains of ARC sets: made here, by dkimpy, or by both in turn; and every way in which a chain fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.keyring import KEYRING
from simulator.mail.message import Message
from simulator.policy import arc
from simulator.zone import Zone
from tests.policy.builders import answer
from tests.policy.dkim.builders import NOW, a_message, messages, signed
from tests.policy.dkim.peer import arc_accepts, arc_sealed, record, with_results_reader

LATER = datetime(2999, 1, 1, tzinfo=UTC)  # dkimpy stamps the computer's time
FOUND = "spf=pass smtp.mailfrom=contoso.com; dkim=none"
OUR_KEY = f"v=DKIM1; p={KEYRING.public('')}"


def sealed(message: Message | None = None, domain: str = "a.example", chain: str = "none", **how: object) -> Message:
    names: dict[str, object] = {
        "domain": domain, "selector": "arc", "owner": domain, "keys": KEYRING, "now": NOW, "authserv": f"mx.{domain}",
        "results": FOUND, "chain": chain,
    }  # fmt: skip
    return arc.seal(message or a_message(), **{**names, **how})  # type: ignore[arg-type]


def chained(*domains: str) -> Message:
    """Sealed by one after the other, each of whom found the chain good."""
    message = a_message()
    for number, domain in enumerate(domains):
        message = sealed(message, domain, "pass" if number else "none")
    return message


def verdict(message: Message, *, failing: str = "", now: datetime = NOW, key: str = "dkim-key:x") -> arc.ArcVerdict:
    """With a key for every sealer; `failing` is the domain whose key cannot be asked for."""
    records = {(f"arc._domainkey.{domain}.example", "TXT"): ("dkim-key:x",) for domain in "abc"}
    records |= {("s1._domainkey.contoso.com", "TXT"): (key,), ("s1._domainkey.b.example", "TXT"): (key,)}
    zone = Zone(records, {(f"arc._domainkey.{failing}", "TXT"): "servfail"} if failing else {}).with_keys(KEYRING)
    found: arc.ArcVerdict = answer(arc.verify(message, KEYRING, now), zone)[0]
    return found


def state(message: Message, *, now: datetime = NOW, key: str = "dkim-key:x") -> tuple[str, str]:
    found = verdict(message, now=now, key=key)
    return found.result, found.reason


def changed(message: Message, old: str, new: str) -> Message:
    assert old.encode() in message.content
    return Message.parse(message.content.replace(old.encode(), new.encode(), 1))


def without(message: Message, beginning: str) -> Message:
    kept = tuple(field for field in message.fields if not field[1].startswith(beginning.encode()))
    assert len(kept) < len(message.fields)
    return Message(kept, message.rest)


# chains that hold


def test_a_message_without_sets_has_no_chain() -> None:
    assert ("none", "no-chain") == state(a_message())


def test_a_chain_tells_who_sealed_and_what_the_newest_found() -> None:
    message = sealed(
        chained("a.example", "b.example"), "c.example", "pass", results="spf=fail;\n dkim=pass header.d=b.example"
    )
    found = verdict(message)
    assert ("pass", 3, ("c.example", "b.example", "a.example")) == (found.result, found.instances, found.sealers)
    assert "mx.c.example; spf=fail; dkim=pass header.d=b.example" == found.results


def test_a_set_stands_on_top_in_the_order_of_the_service() -> None:
    names = [name for name, _ in chained("a.example").fields[:4]]
    assert ["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results", "From"] == names


def test_a_set_has_the_same_length_in_every_run_and_no_time_where_there_is_none() -> None:
    made = sealed(now=None)
    assert made.content == sealed(now=None).content
    assert " t=" not in made.content.decode()


def test_what_is_put_on_top_later_does_not_break_a_chain() -> None:
    message = chained("a.example").prepend("Received", "from x by y").prepend("Subject", "another")
    assert ("pass", "good") == state(signed(message))


def test_only_the_newest_message_signature_must_hold() -> None:
    first = changed(chained("a.example"), "Hello.", "Hello, list.")
    assert ("fail", "body-hash") == state(first)
    assert ("pass", "good") == state(sealed(first, "b.example", "pass"))


# chains that fail


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda m: changed(m, "Hello.", "Hallo."), "body-hash"),
        (lambda m: changed(m, "\nSubject: Q", "\nSubject: q"), "signature"),
        (lambda m: changed(m, "ARC-Authentication-Results: i=2; mx.b.example; spf=pass", "ARC-Authentication-Results: i=2; mx.b.example; spf=fail"), "seal"),
        (lambda m: changed(m, "ARC-Authentication-Results: i=1; mx.a.example; spf=pass", "ARC-Authentication-Results: i=1; mx.a.example; spf=fail"), "seal"),
        (lambda m: without(m, "ARC-Seal: i=2"), "incomplete"),
        (lambda m: without(m, "ARC-Message-Signature: i=1"), "incomplete"),
        (lambda m: without(m, "ARC-Authentication-Results: i=1"), "incomplete"),
        (lambda m: without(without(without(m, "ARC-Seal: i=1"), "ARC-Message-Signature: i=1"), "ARC-Authentication-Results: i=1"), "incomplete"),
        (lambda m: m.prepend("ARC-Authentication-Results", "i=2; mx.evil.example; spf=pass"), "doubled"),
        (lambda m: m.prepend("ARC-Seal", "i=51; a=rsa-sha256"), "instance"),
        (lambda m: m.prepend("ARC-Seal", "i=0"), "instance"),
        (lambda m: m.prepend("ARC-Seal", "what"), "instance"),
        (lambda m: m.prepend("ARC-Message-Signature", "a=rsa-sha256"), "instance"),
        (lambda m: m.prepend("ARC-Authentication-Results", "mx.a.example; spf=pass"), "instance"),
        (lambda m: changed(m, "cv=pass", "cv=none"), "chain-value"),
        (lambda m: changed(m, "cv=none", "cv=pass"), "chain-value"),
        (lambda m: changed(m, "cv=pass", "cv=fail"), "sealed-as-failed"),
        (lambda m: changed(m, "cv=pass;", ""), "tag-missing"),
        (lambda m: changed(m, "cv=pass;", "cv=pass; h=from;"), "seal-with-h"),
        (lambda m: changed(m, "\r\n h=", "\r\n h=ARC-Seal:"), "seal-signed"),
    ],
)  # fmt: skip
def test_each_way_in_which_a_chain_breaks_has_its_reason(broken: Callable[[Message], Message], reason: str) -> None:
    assert ("fail", reason) == state(broken(chained("a.example", "b.example")))


def test_a_key_that_cannot_be_had_is_told_from_one_that_is_not_there() -> None:
    message = chained("a.example", "b.example")
    later, never = verdict(message, failing="a.example"), verdict(chained("a.example", "d.example"))
    assert ("fail", "key-unavailable", True) == (later.result, later.reason, later.temporary)
    assert ("fail", "no-key", False) == (never.result, never.reason, never.temporary)


# sealing a chain that fails


def test_a_chain_that_fails_is_sealed_as_failed_and_ends_there() -> None:
    broken = without(chained("a.example", "b.example"), "ARC-Message-Signature: i=1")
    ended = sealed(broken, "c.example", "fail")
    assert "cv=fail" in (ended.get("ARC-Seal") or "")
    assert "fail" == verdict(ended).result
    assert ended is sealed(ended, "a.example", "fail")


def test_who_says_pass_of_a_broken_chain_seals_it_as_failed_all_the_same() -> None:
    broken = without(chained("a.example", "b.example"), "ARC-Message-Signature: i=1")
    assert "cv=fail" in (sealed(broken, "c.example", "pass").get("ARC-Seal") or "")


def test_the_seal_of_a_failed_chain_covers_its_own_set_alone() -> None:
    ended = sealed(changed(chained("a.example"), "Hello.", "Hallo."), "c.example", "fail")
    alone = changed(
        without(
            without(without(ended, "ARC-Seal: i=1"), "ARC-Message-Signature: i=1"), "ARC-Authentication-Results: i=1"
        ),
        "cv=fail",
        "cv=fail",
    )
    assert ended.get("ARC-Seal") == alone.get("ARC-Seal")
    assert ("fail", "sealed-as-failed") == state(ended)


def test_a_chain_of_fifty_is_full() -> None:
    message = chained(*["a.example", "b.example"] * 25)
    assert 50 == verdict(message).instances
    assert message is sealed(message, "c.example", "pass")


# another implementation


@settings(deadline=None, max_examples=30)
@given(messages(), st.integers(1, 3))
def test_dkimpy_verifies_a_chain_that_is_sealed_here(content: bytes, count: int) -> None:
    message = Message.parse(content)
    for number in range(count):
        message = sealed(message, "abc"[number] + ".example", "pass" if number else "none")
    assert ("pass", "success") == arc_accepts(message.content, {f"arc._domainkey.{d}.example": OUR_KEY for d in "abc"})


@settings(deadline=None, max_examples=30)
@given(messages(), st.integers(1, 3))
def test_a_chain_that_dkimpy_sealed_is_verified_here(content: bytes, count: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        with_results_reader(patch)
        for number in range(count):
            content = arc_sealed(content, f"spf=pass; arc={'pass' if number else 'none'}", authserv=f"mx{number}.test")
    found = verdict(Message.parse(content), now=LATER, key=record())
    assert ("pass", "good", count, ("contoso.com",) * count) == (
        found.result,
        found.reason,
        found.instances,
        found.sealers,
    )


def test_both_may_seal_in_turn() -> None:
    with pytest.MonkeyPatch.context() as patch:
        with_results_reader(patch)
        theirs = Message.parse(arc_sealed(chained("a.example").content, "spf=pass; arc=pass", domain="b.example"))
    ours = sealed(theirs, "c.example", "pass", now=NOW + timedelta(days=1))
    keys = {
        "arc._domainkey.a.example": OUR_KEY,
        "arc._domainkey.c.example": OUR_KEY,
        "s1._domainkey.b.example": record(),
    }
    assert ("pass", ("c.example", "b.example", "a.example")) == (
        (found := verdict(ours, now=LATER, key=record())).result, found.sealers,
    )  # fmt: skip
    assert ("pass", "success") == arc_accepts(ours.content, keys)


@pytest.mark.parametrize(
    "broken",
    [
        lambda m: changed(m, "Hello.", "Hallo."),
        lambda m: changed(m, "mx.a.example; spf=pass", "mx.a.example; spf=fail"),
        lambda m: without(m, "ARC-Seal: i=1"),
        lambda m: changed(m, "cv=pass", "cv=none"),
    ],
)
def test_both_find_the_same_chains_broken(broken: Callable[[Message], Message]) -> None:
    message = broken(chained("a.example", "b.example"))
    assert "fail" == verdict(message).result
    assert "fail" == arc_accepts(message.content, {f"arc._domainkey.{d}.example": OUR_KEY for d in "ab"})[0]

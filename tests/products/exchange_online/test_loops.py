"""Loop counters: three passes are taken, the fourth is refused."""

from __future__ import annotations

import pytest

from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.policy.decision import Connector, Decision
from simulator.policy.route import NextHop, Relay
from simulator.products.exchange_online import Tenant
from simulator.products.exchange_online.identifiers import guid
from simulator.products.exchange_online.loops import ALL_PASSES, TENANT_PASSES, Passes, with_external_mark
from tests.answering import answered
from tests.products.exchange_online.builders import ORIGINATING, at, contoso, held, message, outbound, session, tenants

ME = guid("m365")
INCOMING = {"tenant": "m365", "direction": "Incoming", "basis": "recipient-owner"}


def take(host: Tenant, what: Message, facts: dict[str, str]) -> tuple[Decision, Message]:
    """One pass: the answer after the final dot, and the message as it is kept."""
    decision = answered(host.content(session(), Envelope(None), what, at(), facts))
    return decision, host.stamp(held(content=what, facts=facts), at())


def passes(host: Tenant, facts: dict[str, str], count: int, what: Message | None = None) -> tuple[list[str], Message]:
    codes, now = [], what or message()
    for _ in range(count):
        decision, kept = take(host, now, facts)
        codes.append(decision.reply.codes)
        now = kept if decision.ok else now
    return codes, now


def test_the_fourth_incoming_pass_is_refused_as_a_loop() -> None:
    codes, last = passes(contoso(), INCOMING, 4)
    decision, _ = take(contoso(), last, INCOMING)

    assert ["250 2.6.0"] * 3 + ["554 5.4.14"] == codes
    assert decision.loop
    assert decision.reply.text.startswith("Hop count exceeded - possible mail loop ATTR34 [")
    assert ("2", f"{guid('m365')}:2") == (last.get(ALL_PASSES), last.get(TENANT_PASSES))
    assert (1, 9) == (len(last.all(TENANT_PASSES)), last.received_count)  # three lines a pass


def test_the_limit_of_passes_is_a_knob() -> None:
    assert ["250 2.6.0", "554 5.4.14"] == passes(contoso(knobs={"tenant_attribution_limit": 1}), INCOMING, 2)[0]


def test_each_tenant_counts_its_own_passes() -> None:
    domains = {"AcceptedDomains": {"contoso.com": "Authoritative"}}
    one, two = tenants(m365=(domains, []), other=(domains, []))
    codes, last = passes(one, INCOMING, 3)
    more, last = passes(two, {**INCOMING, "tenant": "other"}, 3, last)

    assert ["250 2.6.0"] * 6 == codes + more
    assert {f"{guid('m365')}:2", f"{guid('other')}:2"} == set(last.all(TENANT_PASSES))
    assert "5" == last.get(ALL_PASSES)
    assert "554 5.4.14" == take(one, last, INCOMING)[0].reply.codes


def test_the_fourth_originating_pass_is_refused_too() -> None:
    codes, last = passes(contoso(), ORIGINATING, 4)
    decision, _ = take(contoso(), last, ORIGINATING)

    assert ["250 2.6.0"] * 3 + ["554 5.4.14"] == codes
    assert ([], "2") == (last.all(TENANT_PASSES), last.get(ALL_PASSES))
    assert f"{ALL_PASSES}: taken 3 times before, 3 are allowed" == decision.steps[-1].says


def test_an_own_server_that_returns_what_it_does_not_know_is_stopped_at_the_fourth_pass() -> None:
    _, last = passes(contoso(), INCOMING, 1)
    codes, _ = passes(contoso(), ORIGINATING, 3, last)

    assert ["250 2.6.0", "250 2.6.0", "554 5.4.14"] == codes


def test_a_round_trip_over_own_servers_is_no_loop() -> None:
    _, last = passes(contoso(), INCOMING, 1)
    codes, last = passes(contoso(), ORIGINATING, 2, last)  # centralised transport, then a signature service

    assert ["250 2.6.0"] * 2 == codes


@pytest.mark.parametrize(
    ("limit", "codes"),
    [
        (2, ["250 2.6.0", "250 2.6.0", *["554 5.4.14"] * 3]),
        (0, ["250 2.6.0"] * 5),  # none
    ],
)
def test_the_limit_of_originating_passes_is_a_knob(limit: int, codes: list[str]) -> None:
    assert codes == passes(contoso(knobs={"originating_attribution_limit": limit}), ORIGINATING, 5)[0]


def test_passes_at_other_tenants_do_not_count_for_incoming_mail() -> None:
    on_the_way = message(**{ALL_PASSES.replace("-", "_"): "8"})

    assert "250 2.6.0" == take(contoso(), on_the_way, INCOMING)[0].reply.codes
    assert "554 5.4.14" == take(contoso(), on_the_way, ORIGINATING)[0].reply.codes


@pytest.mark.parametrize(("fields", "code"), [(30, "250 2.6.0"), (31, "554 5.4.14")])
def test_more_than_30_received_fields_are_a_loop(fields: int, code: str) -> None:
    looping = message()
    for number in range(fields):
        looping = looping.prepend("Received", f"from a by mail{number}.test; today")

    assert code == take(contoso(), looping, ORIGINATING)[0].reply.codes


def test_a_counter_that_is_no_counter_counts_for_nothing() -> None:
    odd = message(**{ALL_PASSES.replace("-", "_"): "many", TENANT_PASSES.replace("-", "_"): "x:1"})

    assert Passes(0, 0) == Passes.of(odd, guid("m365"))


def test_the_sentence_tells_the_header_that_stopped_it() -> None:
    _, last = passes(contoso(), INCOMING, 3)
    decision, _ = take(contoso(), last, INCOMING)

    assert f"{TENANT_PASSES}: taken 3 times before, 3 are allowed" == decision.steps[-1].says
    assert [True, False, False] == [c.chosen for c in decision.steps[-1].candidates]


@pytest.mark.parametrize(
    ("before", "forwarded", "after"),
    [
        ([], False, [f"{ME},ExtAddr"]),
        ([], True, [f"{ME},ExtAddr,ExtFwd"]),
        ([f"{ME},ExtAddr"], False, [f"{ME},ExtAddr,ExtAddr"]),
        ([f"{ME},ExtAddr,ExtAddr,ExtAddr"], False, [f"{ME},ExtAddr,ExtAddr,ExtAddr"]),
        (["other,ExtAddr"], False, [f"{ME},ExtAddr", "other,ExtAddr"]),
    ],
)
def test_mail_for_outside_is_marked_once_a_pass(before: list[str], forwarded: bool, after: list[str]) -> None:
    came = message().topped(*(("X-LD-Processed", value) for value in before))
    left = with_external_mark(came, ME, forwarded=forwarded)

    assert after == left.all("X-LD-Processed")
    assert [ME] == left.all("X-ExternalRecipientOutboundConnectors")


@pytest.mark.parametrize(
    ("recipient", "connector", "marked"),
    [("x@x.test", None, True), ("john@sm.contoso.com", "to own servers", False), ("john@sm.contoso.com", None, True)],
)
def test_a_colleague_over_a_connector_is_not_outside(recipient: str, connector: str | None, marked: bool) -> None:
    relay = Relay(NextHop("x.test"), Connector(connector, "outbound") if connector else None)
    left, _ = contoso(OutboundConnectors=outbound(RecipientDomains="*")).prepare(held(recipient), relay, at())

    assert marked == bool(left.get("X-LD-Processed"))

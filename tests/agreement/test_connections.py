"""What becomes of mail does not depend on how many messages share a connection, and policy and wire agree on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.files import read_text
from simulator.runner import FlowResult, Options, Runner
from simulator.scenario.scenario import load_scenario

LABS = Path(__file__).parent.parent.parent / "scenarios" / "labs"
ENGINES = ["plan", "live"]

_EXCHANGE = (
    "exchange.yaml", ("John", "Amy"), ("Sun", "Moon", "nobody@customer.example", "[Sun, Moon]", "Amy"),
    "onprem: {SendConnectors: {Internet: {SmtpMaxMessagesPerConnection: NUMBER}}}", ("internet", "partner"),
)  # fmt: skip
_HYBRID = (
    "contoso.yaml", ("Sun", "Bob"), ("John", "Bob", "nobody@contoso.com", "[John, Bob]"),
    "onprem: {Max Messages Per Session: NUMBER}", ("onprem", "m365", "internet"),
)  # fmt: skip
# Not 421 to MAIL, which is about the connection, and nothing before MAIL, which is said once for a connection.
_FAULTS = (
    "reply: 450 4.2.1 later, to: MAIL", "reply: 451 4.7.1 wait, to: RCPT", "reply: 550 5.7.1 no, to: RCPT", "reply: 452 4.3.1 full, to: DATA",
    "reply: 554 5.0.0 never, to: END", "reply: 421 4.3.2 busy, to: RCPT", "reply: 503 5.5.1 what, to: MAIL", "cut: before MAIL", "cut: after RCPT",
    "cut: during DATA", "cut: after END", "full: disk",
)  # fmt: skip


@st.composite
def flows(draw: st.DrawFn) -> str:
    """Several messages at once, a number for a connection or a session, and perhaps faults."""
    lab, senders, recipients, setting, servers = draw(st.sampled_from([_EXCHANGE, _HYBRID]))
    mails = draw(st.lists(st.tuples(st.sampled_from(senders), st.sampled_from(recipients)), min_size=2, max_size=7))
    # A session that is full says 421 to one MAIL more, which counts for a fault at the nth MAIL.
    known = _FAULTS if lab == "exchange.yaml" else tuple(f for f in _FAULTS if "MAIL" not in f and "disk" not in f)
    faults = [
        f"{{at: {at}, {fault}, nth: {nth}}}"
        for at, fault, nth in draw(
            st.lists(st.tuples(st.sampled_from(servers), st.sampled_from(known), st.integers(1, 6)), max_size=2)
        )
    ]
    if draw(st.booleans()):
        faults.append(f"{{at: {draw(st.sampled_from(servers))}, down: 10m, from: {draw(st.integers(1, 2))}s}}")
    sends = ", ".join(f"{{from: {a}, to: {b}}}" for a, b in mails)
    number = draw(st.integers(1, 3))
    return (
        f"scenario: x\nlab: {LABS / lab}\nalways: [nothing lost]\nflows:\n  x:\n"
        f"    given: {{servers: {{{setting.replace('NUMBER', str(number))}}}}}\n"
        f"    faults: [{', '.join(faults)}]\n    send: [{sends}]\n    copies: 0..9999\n"
    )


def played(text: str, *, reuses: bool, engine: str = "plan") -> FlowResult:
    scenario = load_scenario(lambda name: text if name == "x.yaml" else read_text(name), "x.yaml")
    (flow,) = scenario.flows
    flow = replace(flow, lab=replace(flow.lab, reuses_connections=reuses))
    (result,) = Runner(Options(engine=engine)).run([replace(scenario, flows=(flow,))]).flows()
    return result


def fates(result: FlowResult) -> tuple[object, object]:
    """Every path with its end, and what lies in which mailbox since when."""
    log, ends = result.played.log, (*result.played.endings, *result.played.reports)
    return (
        sorted((e.msg, str(e.path), e.status) for e in ends),
        sorted((e.t, e.msg, e["mailbox"], e["folder"]) for e in log.of("delivered")),
    )


@settings(deadline=None, max_examples=60)
@given(flows())
def test_messages_fare_the_same_however_many_share_a_connection(text: str) -> None:
    apart, together = played(text, reuses=False), played(text, reuses=True)
    assert fates(apart) == fates(together)
    assert together.played.balance.holds
    assert [] == [d.got for d in together.differences]
    connections = [len(one.played.log.of("session.open")) for one in (apart, together)]
    assert connections[0] >= connections[1]


@settings(deadline=None, max_examples=12)
@given(flows())
def test_policy_and_wire_share_the_same_connections(text: str) -> None:
    result = played(text, reuses=True, engine="both")
    assert [] == [d.got for d in result.differences if d.key == "agreement"]


def a_flow(number: int, *, faults: str = "") -> str:
    mails = ", ".join(["{from: John, to: Sun}"] * number)
    return f"scenario: x\nlab: {LABS / 'exchange.yaml'}\nflows:\n  x: {{send: [{mails}], copies: 0..99, faults: [{faults}]}}\n"


def opened(result: FlowResult) -> list[str]:
    return [e.msg for e in result.played.log.of("session.open") if e["client"] == "onprem"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_listener_knows_which_message_comes(engine: str) -> None:
    log = played(a_flow(3), reuses=True, engine=engine).played.log
    taken = [(e.msg, e.hop, e["parent"], e["tls"]) for e in log.of("accepted") if e.host == "internet"]
    assert [(f"m-{n}", 2, f"m-{n}.1", "TLSv1.3") for n in (1, 2, 3)] == taken
    (session,) = {e["session"] for e in log.of("smtp") if e.host == "internet"}
    said = [(e.msg, e["verb"]) for e in log.of("smtp") if e.host == "internet" and e["verb"] in ("MAIL", "QUIT")]
    assert [("m-1", "MAIL"), ("m-2", "MAIL"), ("m-3", "MAIL"), ("m-3", "QUIT")] == said
    assert session


@pytest.mark.parametrize("engine", ENGINES)
def test_each_line_on_the_wire_belongs_to_the_message_that_it_is_about(engine: str) -> None:
    log = played(a_flow(2), reuses=True, engine=engine).played.log
    lines = [(e.msg, e["line"]) for e in log.of("smtp.line") if e.host == "internet" and e["line"].startswith("MAIL")]
    expected = [(f"m-{n}", "MAIL FROM:<john@contoso.com> SIZE=462") for n in (1, 2)] if engine == "live" else []
    assert expected == lines


@pytest.mark.parametrize("engine", ENGINES)
def test_no_connection_outlives_the_work_that_is_due(engine: str) -> None:
    """A retry is due later: the connection is not kept for it."""
    result = played(
        a_flow(2, faults="{at: internet, reply: 451 4.7.1 wait, to: RCPT, nth: 2}"), reuses=True, engine=engine
    )
    assert ["m-1", "m-2"] == opened(result)
    verbs = [e["verb"] for e in result.played.log.of("smtp") if e.host == "internet"]
    assert 2 == verbs.count("QUIT")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_server_that_went_down_is_not_spoken_to_on_an_old_connection(engine: str) -> None:
    result = played(a_flow(6, faults="{at: internet, down: 10m, from: 1s}"), reuses=True, engine=engine)
    log, begin = result.played.log, 1.0
    down = [e for e in log.of("smtp", "accepted") if e.host == "internet" and begin <= e.t < begin + 600]
    assert [] == down
    assert 0 < len([e for e in log.of("accepted") if e.host == "internet" and e.t < begin]) < 6
    assert 6 == len(log.of("delivered"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_host_hangs_up_when_its_own_work_is_done_whatever_others_have_to_do(engine: str) -> None:
    """Mail that the customer has taken is due there; John's server has nothing to do with that."""
    log = played(a_flow(2), reuses=True, engine=engine).played.log
    quit_at = next(e.seq for e in log.of("smtp") if e.host == "internet" and e["verb"] == "QUIT")
    delivered = [e.seq for e in log.of("delivered")]
    assert quit_at < min(delivered)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_connection_that_a_run_leaves_behind_is_hung_up_at_its_end(engine: str) -> None:
    """The report about nobody is due after the flow is looked at: the connection stood open for it."""
    text = (
        f"scenario: x\nlab: {LABS / 'exchange.yaml'}\nflows:\n  x:\n    until: 10s\n    copies: 0..99\n"
        "    faults: [{at: internet, slow: 20s, to: RCPT}]\n"
        "    send: [{from: John, to: nobody@customer.example}, {from: John, to: Sun}]\n"
    )
    log = played(text, reuses=True, engine=engine).played.log
    verbs = [e["verb"] for e in log.of("smtp") if e.host == "internet"]
    assert 1 == len(opened(played(text, reuses=True, engine=engine)))
    assert ("MAIL", "MAIL", "QUIT") == tuple(v for v in verbs if v in ("MAIL", "QUIT"))

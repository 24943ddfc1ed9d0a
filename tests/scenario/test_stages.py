"""Stages: what one leaves is there in the next, `still` repeats sentences, mail in flight keeps its own fate."""

from __future__ import annotations

import re

import pytest

from simulator.runner import FlowResult, Options, Runner
from simulator.scenario.scenario import ScenarioFileError, load_scenario
from tests.playing import CONTOSO, play

STAGES = """\
scenario: stages
lab: lab.yaml
stages:
  - stage: before
    flows:
      Bob to John: {path: "Bob -> m365 -[O365 to own servers]-> onprem -> John", retries: 0}
  - stage: the own server is down
    do:
      - stop: onprem
    flows:
      while it is down: {path: "Bob -> m365 -> DEFERRED for John", send: {from: Bob, to: John}}
  - stage: the own server is back, and it greylists
    do:
      - start: onprem
      - settings onprem: {Domains: {contoso.com: {Enable Greylisting: true}}}
    still: [Bob to John]
    flows:
      fresh mail: {path: "Sun -> internet -> m365 -> onprem -> John", copies: 1, retries: 1..4, within: 2h}
"""


@pytest.mark.parametrize("engine", ["plan", "both"])
def test_stages_are_played_one_after_the_other(engine: str) -> None:
    files = {"stages.yaml": STAGES, "lab.yaml": CONTOSO}
    result = Runner(Options(engine=engine)).run([load_scenario(files.__getitem__, "stages.yaml")])
    assert [] == [(f.flow.name, d) for f in result.flows() for d in f.differences]
    assert ["before", "the own server is down", "the own server is back, and it greylists"] == list(
        dict.fromkeys(f.flow.stage for f in result.flows())
    )
    repeated = [f.flow for f in result.flows() if f.flow.repeats]
    assert [("Bob to John", {})] == [(f.name, dict(f.expectations)) for f in repeated]


CUT = """\
scenario: cut
lab: lab.yaml
do:
  - dns: {contoso.com: {MX: [10 mail.contoso.com]}}
  - settings onprem: {Outbound Gateway: none, Domains: {contoso.com: {Inbound Message Delivery: External (use host address), Host Address: contoso-com.mail.protection.outlook.com}}}
stages:
  - stage: MX at the old server
    flows:
      Sun to John: Sun -> internet -> onprem -> John
  - stage: MX cut
    do:
      - dns: {contoso.com: {MX: [0 contoso-com.mail.protection.outlook.com]}}
MORE
    flows:
      Sun to John: Sun -> internet -> m365 -> onprem -> John
      Sun to Bob: Sun -> internet -> m365 -> Bob
END
"""


def _played(more: str, end: str = "", engine: str = "both") -> list[FlowResult]:
    text = CUT.replace("MORE\n", more).replace("END\n", end)
    files = {"cut.yaml": text, "lab.yaml": CONTOSO}
    return list(Runner(Options(engine=engine)).run([load_scenario(files.__getitem__, "cut.yaml")]).flows())


def _told(results: list[FlowResult]) -> list[tuple[str, str, str]]:
    return [(f.flow.name, d.expected, d.got) for f in results for d in f.differences]


def test_a_sender_with_the_old_dns_takes_the_old_way_and_others_the_new_one() -> None:
    meanwhile = "    meanwhile:\n      stale: Sun -> internet -> onprem -[own servers to O365]-> m365 -> Bob\n"
    results = _played(meanwhile)
    assert [] == _told(results)
    assert [("Sun to John", False), ("stale", True)] == [(f.flow.name, f.flow.meanwhile) for f in results[:2]]


def test_a_cache_is_empty_after_its_time_to_live() -> None:
    meanwhile = (
        "      - settings onprem: {Enable Greylisting: true, IP Bypass: [40.92.10.1]}\n    ttl: 20m\n    meanwhile:\n"
        "      told to come back later: {path: Sun -> internet -> m365 -> Bob, attempts: 2}\n"
    )
    assert [] == _told(_played(meanwhile))


@pytest.mark.parametrize(
    ("ttl", "where"), [("20m", "m365 -> Bob"), ("4h", "onprem -[own servers to O365]-> m365 -> Bob")]
)
def test_a_cache_keeps_records_for_their_own_time_to_live(ttl: str, where: str) -> None:
    """The first attempt meets the old server, which greylists; whether the second does too is for the TTL to say."""
    meanwhile = (
        "      - settings onprem: {Enable Greylisting: true, IP Bypass: [40.92.10.1]}\n    meanwhile:\n"
        f"      told to come back later: {{path: 'Sun -> internet -> {where}', attempts: 2}}\n"
    )
    text = CUT.replace("MORE\n", meanwhile).replace("END\n", "")
    zone = CONTOSO.replace("  contoso.com:\n    MX:", f"  contoso.com:\n    TTL: {ttl}\n    MX:", 1)
    assert zone != CONTOSO
    files = {"cut.yaml": text, "lab.yaml": zone}
    assert [] == _told(list(Runner(Options(engine="both")).run([load_scenario(files.__getitem__, "cut.yaml")]).flows()))


def test_the_servers_with_the_old_dns_may_be_named() -> None:
    fresh = "    stale: [onprem]\n    meanwhile:\n      Sun asks anew: Sun -> internet -> m365 -> Bob\n"
    assert [] == _told(_played(fresh))
    with pytest.raises(ScenarioFileError, match='no server "onprm" in the lab'):
        _played(fresh.replace("onprem", "onprm"))


def test_stepping_back_keeps_what_is_on_the_way_and_the_earlier_stage_holds_again() -> None:
    results = _played("", "rollback: {from: MX cut, to: MX at the old server, within: 1m}\n")
    assert [] == _told(results)
    back = [(f.flow.name, f.flow.back is not None) for f in results if f.flow.stage and f.flow.stage.startswith("back")]
    assert [("Sun to John", True), ("Sun to Bob", True), ("Sun to John", False)] == back


FORGETFUL = "    do: [{Set-OutboundConnector: {Identity: O365 to own servers, Enabled: false}}, {Set-AcceptedDomain: {Identity: contoso.com, DomainType: Authoritative}}]\n"


@pytest.mark.parametrize("engine", ["plan", "both"])
def test_a_rollback_that_loses_a_message_names_it_and_its_fate(engine: str) -> None:
    """The stage that is stepped back to does not know John in the tenant, and mail for him is there already."""
    text = CUT.replace(
        "MORE\n",
        "      - Set-OutboundConnector: {Identity: O365 to own servers, Enabled: true}\n      - Set-AcceptedDomain: {Identity: contoso.com, DomainType: InternalRelay}\n",
    )
    text = text.replace("old server\n    flows", f"old server\n{FORGETFUL}    flows")
    text = text.replace("END\n", "rollback: {from: MX cut, to: MX at the old server}\n")
    files = {"cut.yaml": text, "lab.yaml": CONTOSO}
    told = _told(list(Runner(Options(engine=engine)).run([load_scenario(files.__getitem__, "cut.yaml")]).flows()))
    assert [("Sun to John", "0 lost")] == [(name, expected) for name, expected, _ in told]
    assert "1 lost stepping back to MX at the old server after 1 hop: m-1: Sun -> internet" in told[0][2]
    assert "m365 -> NDR 550 5.1.10 to Sun for John" in told[0][2]
    allowed = {**files, "cut.yaml": text.replace("server}\n", "server, lost: 1}\n")}
    assert [] == _told(
        list(Runner(Options(engine=engine)).run([load_scenario(allowed.__getitem__, "cut.yaml")]).flows())
    )


BACK = "rollback: {{from: MX cut, to: MX at the old server, do: [{0}]}}\n"


@pytest.mark.parametrize("engine", ["plan", "both"])
def test_a_way_back_in_steps_of_its_own_is_played(engine: str) -> None:
    results = _played("", BACK.format("{dns: {contoso.com: {MX: [10 mail.contoso.com]}}}"), engine)
    assert [] == _told(results)
    assert "Sun to John" in {
        f.flow.name for f in results if f.flow.stage and f.flow.stage.startswith("back") and not f.flow.back
    }


def test_a_way_back_that_forgets_something_fails_in_the_flows_of_the_earlier_stage() -> None:
    results = _played("", BACK.format("{dns: {contoso.com: {TXT: ['v=spf1 -all']}}}"), "plan")
    told = _told(results)
    assert [("Sun to John", "Sun -> internet -> onprem -> John")] == [(name, expected) for name, expected, _ in told]


TWICE = """\
scenario: twice
lab: lab.yaml
do:
  - dns: {contoso.com: {MX: [10 mail.contoso.com]}}
  - settings onprem: {Outbound Gateway: none, Domains: {contoso.com: {Inbound Message Delivery: Local}}}
  - New-MailUser: {Name: Old, PrimarySmtpAddress: old@contoso.com, ExternalEmailAddress: john@contoso.com, EmailAddresses: [bob@contoso.onmicrosoft.com]}
stages:
  - stage: Bob is somebody else's address
    flows:
      Sun to John: Sun -> internet -> onprem -> John
  - stage: Bob moves
    do:
      - Remove-MailUser: old@contoso.com
      - Set-Mailbox: {Identity: bob@contoso.com, EmailAddresses: [bob@contoso.onmicrosoft.com]}
      - settings onprem: {Domains: {contoso.com: {Aliases: {sales: [bob@contoso.onmicrosoft.com, john@contoso.com]}}}}
    flows:
      Sun to sales: {send: {from: Sun, to: sales@contoso.com}, path: [Sun -> internet -> onprem -> m365 -> Bob, Sun -> internet -> onprem -> John]}
rollback: {from: Bob moves, to: Bob is somebody else's address}
"""


@pytest.mark.parametrize("engine", ["plan", "both"])
def test_a_rollback_that_delivers_a_message_twice_names_it(engine: str) -> None:
    files = {"twice.yaml": TWICE, "lab.yaml": CONTOSO}
    told = _told(list(Runner(Options(engine=engine)).run([load_scenario(files.__getitem__, "twice.yaml")]).flows()))
    assert ["0 lost", "0 lost", "no duplicates"] == [expected for _, expected, _ in told]
    assert "john@contoso.com got m-1 2 times" in told[2][2]


@pytest.mark.parametrize(("rollback", "says"), [
    ("{from: MX cut}", "a rollback lacks to"),
    ("{from: MX cut, to: MX at the odl server}", 'no stage "MX at the odl server"'),
    ("{from: MX at the old server, to: MX cut}", '"MX cut" is not before "MX at the old server"'),
    ("{from: MX cut, to: MX at the old server, do: [{dns: 1, mve: 2}]}", "mve"),
    ("{from: MX cut, to: MX at the old server, losst: 1}", "unknown key losst in a rollback"),
    ("{from: MX cut, to: MX at the old server, lost: few}", "lost: 'few' is not a number"),
    ("{from: MX cut, to: MX at the old server, within: soon}", "'soon' is not a span of time"),
])  # fmt: skip
def test_a_rollback_says_what_is_wrong_with_it(rollback: str, says: str) -> None:
    with pytest.raises(ScenarioFileError, match=re.escape(says)):
        _played("", f"rollback: {rollback}\n")


def test_a_rollback_may_take_longer_than_it_should() -> None:
    results = _played("", "rollback: {from: MX cut, to: MX at the old server, within: 0s}\n", "plan")
    assert {"within 0:00:00"} == {expected for _, expected, _ in _told(results)}


@pytest.mark.parametrize(("steps", "path"), [
    ("[{move: {John: {to: m365, state: both}}}]", "Sun -> internet -> m365 -> John"),
    ("[{move: {John: {to: m365, state: both}}}, {dns: {contoso.com: {MX: [10 mail.contoso.com]}}}]", "Sun -> internet -> onprem -> John"),
    ("[{move: {John: {to: m365, state: both}}}, {move: {John: m365}}, {dns: {contoso.com: {MX: [10 mail.contoso.com]}}}]", "Sun -> internet -> onprem -> m365 -> John"),
    ("[{move: {John: {to: m365, state: both}}}, {move: {John: {to: m365, state: only here}}}]", "Sun -> internet -> m365 -> onprem -> John"),
])  # fmt: skip
def test_a_mailbox_may_be_at_both_servers_while_it_moves(steps: str, path: str) -> None:
    assert [] == _told([play(f"Sun to John: {{path: {path}, do: {steps}}}")])


WAITING = """\
scenario: waiting
lab: lab.yaml
stages:
  - stage: the tenant is away
    do: [stop: m365]
    flows:
      John to Bob: John -> onprem -> DEFERRED for Bob
  - stage: the old server is switched off with mail in its queue
    do: [{start: m365}, {stop: onprem}]
    flows:
      Sun to Bob: {path: Sun -> internet -> m365 -> Bob, copies: 1}
  - stage: the old server is on again
    do: [start: onprem]
    flows:
      Sun to Bob: {path: Sun -> internet -> m365 -> Bob}
"""


@pytest.mark.parametrize("engine", ["plan", "both"])
def test_mail_in_a_server_that_is_switched_off_waits_until_it_is_on_again(engine: str) -> None:
    files = {"stages.yaml": WAITING, "lab.yaml": CONTOSO}
    results = list(Runner(Options(engine=engine)).run([load_scenario(files.__getitem__, "stages.yaml")]).flows())
    assert [] == _told(results)
    arrived = [[e.msg for e in f.played.log.of("delivered")] for f in results]
    assert [[], ["m-2"], ["m-1", "m-3"]] == arrived

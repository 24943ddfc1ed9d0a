"""What must hold of reports, whatever is asked, wherever the mail goes and whatever is wrong there.

Four hosts of different kinds hand mail on: directly, through a group, through forwards, through a gateway, to a host that
does not offer DSN, to addresses that are not there, to hosts that are down.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.cli.explain import planned
from simulator.mail.address import Address, parse_sender
from simulator.mail.dsn import read_report
from simulator.mail.envelope import Parameters
from simulator.paths import Copy, copies
from simulator.played import Played
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.model import Send
from simulator.scenario.patch import apply_patch
from simulator.source import Node, ProblemList, Source

FILE = Path(__file__).parents[2] / "scenarios" / "reports.yaml"
FINAL = ("delivered", "dropped", "held", "bounced", "handed on", "expanded")
NAMES = (
    "bob@contoso.com", "all@contoso.com", "info@contoso.com", "ghost@contoso.com", "sun@customer.example", "ghost@customer.example",
    "old@legacy.example", "sam@sm.contoso.com", "ghost@sm.contoso.com", "eva@corp.example", "x@nowhere.example",
)  # fmt: skip
OUTSIDE = ("sun@customer.example", "ghost@customer.example", "old@legacy.example", "x@nowhere.example")
SENDERS = ("ann@sender.example", "ghost@sender.example", "sun@customer.example", "<>")
NOTIFY = ("", "NEVER", "SUCCESS", "FAILURE", "DELAY", "SUCCESS,FAILURE", "SUCCESS,FAILURE,DELAY")

address = st.sampled_from(NAMES)
asked = st.dictionaries(address, st.sampled_from(NOTIFY), min_size=1, max_size=4)
patches = st.fixed_dictionaries(
    {},
    optional={
        "m365": st.fixed_dictionaries(
            {"Recipients": st.fixed_dictionaries({"all@contoso.com": st.fixed_dictionaries(
                {"RecipientType": st.just("DistributionGroup"), "RequireSenderAuthenticationEnabled": st.just(False),
                 "Members": st.lists(address, min_size=1, max_size=4)}),
              "info@contoso.com": st.fixed_dictionaries(
                {"RecipientType": st.just("UserMailbox"), "ForwardingSmtpAddress": st.sampled_from(OUTSIDE),
                 "DeliverToMailboxAndForward": st.booleans()})}),
             "HostedOutboundSpamFilterPolicy": st.just({"Default": {"AutoForwardingMode": "On"}})}),
        "sender": st.fixed_dictionaries({}, optional={"delay notice after": st.just("4h"), "dsn": st.booleans()}),
        "customer": st.fixed_dictionaries({}, optional={"dsn": st.booleans(), "stopped": st.booleans()}),
        "own": st.fixed_dictionaries({}, optional={"stopped": st.just(True)}),
    },
)  # fmt: skip


@cache
def reports_lab() -> Node:
    tree = read_yaml(FILE.read_text(encoding="utf-8"), FILE.name)
    lab = tree.get("lab")
    assert lab is not None
    return lab


def played(patch: dict[str, Any], sender: str, asks: dict[str, str], ret: str) -> Played:
    problems = ProblemList()
    tree = apply_patch(reports_lab(), Node.of({"servers": patch}, Source("patch", 1, 1)), problems)
    lab = build_lab(tree, problems, START, file="reports.yaml")
    assert lab is not None, problems.errors
    who, to = parse_sender(sender), tuple(map(Address.parse, asks))
    told: dict[Address, Parameters] = {Address.parse(a): {"NOTIFY": notify} for a, notify in asks.items() if notify}
    send = Send(
        who, to, server="sender", auth="Ann", null_sender=who is None, parameters={"RET": ret} if ret else {},
        recipient_parameters=told,
    )  # fmt: skip
    first, later = planned(lab, tree, send, START)
    return later or first


flows = (patches, st.sampled_from(SENDERS), asked, st.sampled_from(["", "FULL", "HDRS"]))


@given(*flows)
def test_every_accepted_recipient_has_exactly_one_fate(
    patch: dict[str, Any], sender: str, asks: dict[str, str], ret: str
) -> None:
    result = played(patch, sender, asks, ret)
    taken = [e["copy"] for e in result.log.of("accepted", "replaced")]
    fates = Counter(e["copy"] for e in result.log.of(*FINAL))
    assert dict.fromkeys(taken, 1) == dict(fates)
    assert result.balance.holds


@given(*flows)
def test_the_null_sender_never_causes_a_report(
    patch: dict[str, Any], sender: str, asks: dict[str, str], ret: str
) -> None:
    log = played(patch, sender, asks, ret).log
    written = {e.msg for e in log.of("written")}
    if sender == "<>":
        assert set() == written
    assert [] == [e for e in log.of("bounced", "reported") if e.msg in written and e["report"]]
    nobody = [e for e in log.of("accepted") if e.msg in written or sender == "<>"]
    assert all(e["sender"] == "<>" for e in nobody)  # no forward puts an address in its place


@given(*flows)
def test_never_never_causes_a_report(patch: dict[str, Any], sender: str, asks: dict[str, str], ret: str) -> None:
    patch.get("sender", {}).pop("dsn", None)  # a host without DSN cannot be asked
    log = played(patch, sender, dict.fromkeys(asks, "NEVER"), ret).log
    assert [] == log.of("written")


@given(*flows)
def test_no_recipient_is_reported_twice_with_the_same_action(
    patch: dict[str, Any], sender: str, asks: dict[str, str], ret: str
) -> None:
    log = played(patch, sender, asks, ret).log
    told = Counter((e["copy"], e.get("action", "failed")) for e in log.of("reported", "bounced") if e["report"])
    assert all(count == 1 for count in told.values())
    succeeded = Counter(copy for copy, action in told if action in ("delivered", "relayed", "expanded"))
    assert all(count == 1 for count in succeeded.values())


@given(*flows)
def test_success_is_answered_where_it_was_asked_for_and_nowhere_else(
    patch: dict[str, Any], sender: str, asks: dict[str, str], ret: str
) -> None:
    log = played(patch, sender, asks, ret).log
    known = copies(log)
    answers = Counter(e["copy"] for e in log.of("reported") if e["action"] != "delayed")
    can_ask = sender != "<>" and patch.get("sender", {}).get("dsn", True)
    (began,) = log.of("submitted")
    for copy in known.values():
        if copy.parent or copy.event.msg != began.msg:
            continue
        below = family(copy, known)
        arrived = any(c.fate and c.fate.type == "delivered" for c in below)
        merged = any(c.fate and c.fate.get("merged") for c in below)
        answered = sum(answers[c.id] for c in below)
        if not can_ask or "SUCCESS" not in asks[copy.event["rcpt"]]:
            assert 0 == answered
        elif arrived and not merged:
            assert 1 == answered
        else:
            assert answered <= 1


def family(copy: Copy, known: dict[str, Copy]) -> list[Copy]:
    return [copy, *(c for child in copy.children for c in family(known[child], known))]


@given(*flows)
def test_every_report_says_what_the_log_says(
    patch: dict[str, Any], sender: str, asks: dict[str, str], ret: str
) -> None:
    result = played(patch, sender, asks, ret)
    offers_dsn = patch.get("sender", {}).get("dsn", True)  # else its people cannot ask
    written = {e.msg: e.fields["headers"] for e in result.log.of("accepted") if e["own"]}
    for event in result.log.of("reported", "bounced"):
        report = read_report(written[event["report"]]) if event["report"] else None
        if report:  # SmarterMail writes for people alone
            (one,) = report.recipients
            assert (event["rcpt"], event.get("action", "failed")) == (one.final, one.action)
            assert report.reporting_mta
            assert report.returned == ("full" if ret == "FULL" and one.action == "failed" and offers_dsn else "headers")

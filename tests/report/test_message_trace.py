"""The message trace: which rows there are, what their status is, and which events they have."""

from __future__ import annotations

import pytest

from simulator.policy.host import Traced
from simulator.report.message_trace import EVENTS, details, refusals, rows
from simulator.report.record import Record
from tests.playing import a_scenario
from tests.report.tracing import events, recorded

OWN = "O365 to own servers"
GROUP = """\
  given:
    servers:
      m365:
        Recipients:
          all@contoso.com: {RecipientType: DistributionGroup, Members: [bob@contoso.com, john@contoso.com], RequireSenderAuthenticationEnabled: false}
"""


def test_only_tenants_of_the_service_have_a_trace() -> None:
    hosts = a_scenario("A: Bob -> m365 -> onprem -> John").lab.hosts
    assert ["m365"] == [name for name, host in hosts.items() if isinstance(host, Traced) and host.has_message_trace]


def test_a_row_tells_who_what_when_and_over_which_connector() -> None:
    record = recorded("A:\n  send: {from: Bob, to: John, subject: Price list}\n  path: Bob -> m365 -> onprem -> John")
    (row,) = rows(record)
    assert ("bob@contoso.com", "john@contoso.com", "Price list") == (
        row.SenderAddress,
        row.RecipientAddress,
        row.Subject,
    )
    assert ("Delivered", OWN) == (row.Status, row.Connector)
    assert ("<m-1.7@contoso.com>", "m-1", 1) == (row.MessageId, row.msg, row.hop)
    assert row.Size > 0
    assert "2026-01-15 09:00:00" == f"{row.Received:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("sentence", "from_ip", "to_ip", "connector"),
    [
        ("Bob -> m365 -> onprem -> John", "", "203.0.113.25", OWN),
        ("Bob -> m365 -> internet -> Sun", "", "198.51.100.7", ""),
        ("Sun -> internet -> m365 -> Bob", "198.51.100.7", "", ""),
        ("John -> onprem -> m365 -> Bob", "203.0.113.25", "", "own servers to O365"),
        ("John -> onprem -> m365 -> internet -> Sun", "203.0.113.25", "198.51.100.7", "own servers to O365"),
    ],
)
def test_from_ip_is_blank_for_mail_from_a_mailbox_and_to_ip_for_mail_to_one(
    sentence: str, from_ip: str, to_ip: str, connector: str
) -> None:
    (row,) = rows(recorded(f"A: {sentence}"))
    assert (from_ip, to_ip, connector) == (row.FromIP, row.ToIP, row.Connector)


STATUS = {
    "delivered": ("Sun -> internet -> m365 -> Bob", "", "Delivered", ["RECEIVE", "DELIVER"]),
    "handed on": ("Bob -> m365 -> onprem -> John", "", "Delivered", ["SUBMIT", "SEND"]),
    "waiting": (
        "Bob -> m365 -> DEFERRED for John", "do: [{stop: onprem}]", "Pending", ["SUBMIT", "DEFER"],
    ),
    "returned": (
        "Bob -> m365 -> NDR to Bob for John", "do: [{Set-AcceptedDomain: {Identity: contoso.com, DomainType: Authoritative}}]",
        "Failed", ["SUBMIT", "FAIL"],
    ),
    "refused there": (
        "Bob -> m365 -> onprem -> REJECTED 550 for John",
        "do: [{move: {John: internet}}, {settings onprem: {Domains: {contoso.com: {Inbound Message Delivery: Local}}}}]",
        "Failed", ["SUBMIT", "FAIL"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STATUS)
def test_the_status_is_what_became_of_the_message(case: str) -> None:
    sentence, more, status, told = STATUS[case]
    record = recorded(f"A:\n  {more or 'note: nothing else'}\n  path: {sentence}")
    row = next(r for r in rows(record) if r.msg == "m-1")
    assert (status, told) == (row.Status, events(record, row))


def test_a_group_stands_before_its_members_and_is_expanded() -> None:
    record = recorded(f"A:\n{GROUP}  send: {{from: Sun, to: all@contoso.com}}\n  path: Sun -> internet -> m365 -> Bob")
    found = rows(record, "m-1")
    told = [(row.RecipientAddress, row.Status) for row in found]
    assert [
        ("all@contoso.com", "Expanded"),
        ("bob@contoso.com", "Delivered"),
        ("john@contoso.com", "Delivered"),
    ] == told
    assert ["RECEIVE", "EXPAND", "SEND"] == events(record, found[2])
    assert len({row.MessageTraceId for row in found}) == 1


def test_a_mailbox_that_forwards_and_keeps_a_copy_has_one_row_and_its_target_another() -> None:
    do = "do: [{Set-Mailbox: {Identity: Bob, ForwardingSmtpAddress: john@contoso.com, DeliverToMailboxAndForward: true}}]"
    record = recorded(f"A:\n  {do}\n  send: {{from: Sun, to: Bob}}\n  path: Sun -> internet -> m365 -> Bob")
    told = {row.RecipientAddress: (row.Status, events(record, row)) for row in rows(record)}
    assert {
        "bob@contoso.com": ("Delivered", ["RECEIVE", "REDIRECT", "DELIVER"]),
        "john@contoso.com": ("Delivered", ["RECEIVE", "REDIRECT", "SEND"]),
    } == told


def test_a_mailbox_that_only_forwards_has_the_status_of_where_it_went() -> None:
    forward = "{Set-Mailbox: {Identity: Bob, ForwardingSmtpAddress: sun@customer.example}}, {stop: internet}"
    do = f"do: [{{Set-HostedOutboundSpamFilterPolicy: {{Identity: Default, AutoForwardingMode: On}}}}, {forward}]"
    record = recorded(
        f"A:\n  {do}\n  send: {{from: John, to: Bob}}\n  path: John -> onprem -> m365 -> DEFERRED for Bob"
    )
    told = [(row.RecipientAddress, row.Status) for row in rows(record, "m-1")]
    assert [("bob@contoso.com", "Pending"), ("sun@customer.example", "Pending")] == told


def test_a_contact_is_resolved_to_its_external_address() -> None:
    given = (
        "given: {servers: {m365: {Recipients: {c@contoso.com: {RecipientType: MailContact, "
        "ExternalEmailAddress: sun@customer.example}}}}}"
    )
    record = recorded(
        f"A:\n  {given}\n  send: {{from: Bob, to: c@contoso.com}}\n  path: Bob -> m365 -> internet -> Sun"
    )
    (row,) = rows(record)
    assert ("c@contoso.com", ["SUBMIT", "RESOLVE", "SEND"]) == (row.RecipientAddress, events(record, row))


def test_what_is_refused_at_the_edge_is_in_no_trace() -> None:
    flow = "A:\n  send: {from: <>, to: Sun, as: 192.0.2.66, server: m365}\n  path: <> -> m365 -> REJECTED 550 for Sun"
    record = recorded(flow.replace("<>, to", '"<>", to'))
    assert () == rows(record)
    (refused,) = refusals(record)
    assert ("m365", "RCPT", "sun@customer.example") == (refused.server, refused.verb, refused.recipient)
    assert refused.reply.startswith("550 5.7.64")


def test_other_servers_are_told_in_the_same_words() -> None:
    record = recorded("A: Sun -> internet -> m365 -> onprem -> John")
    told = [(row.server, events(record, row)) for row in rows(record, everywhere=True)]
    assert [
        ("internet", ["SUBMIT", "SEND"]), ("m365", ["RECEIVE", "SEND"]), ("onprem", ["RECEIVE", "DELIVER"]),
    ] == told  # fmt: skip


def test_a_message_that_passes_the_tenant_twice_has_a_row_for_each_pass() -> None:
    flow = "A:\n  send: {from: Sun, to: nobody@contoso.com}\n  path: Sun -> internet -> m365 -> LOOP"
    found = rows(recorded(flow), "m-1")
    assert [2, 4, 6] == [row.hop for row in found]
    assert len({row.MessageTraceId for row in found}) == 3


def test_every_event_has_a_name_in_the_admin_centre_and_details_come_in_order() -> None:
    record = recorded(f"A:\n{GROUP}  send: {{from: Sun, to: all@contoso.com}}\n  path: Sun -> internet -> m365 -> Bob")
    for row in rows(record, everywhere=True):
        found = details(record, row)
        assert {d.Event for d in found} <= set(EVENTS)
        assert [d.seq for d in found] == sorted(d.seq for d in found)


@pytest.mark.parametrize("engine", ["plan", "live"])
def test_a_log_that_was_written_tells_the_same_trace(engine: str) -> None:
    from simulator.report.record import record_text
    from tests.playing import play

    played = play("A: John -> onprem -> m365 -> internet -> Sun", engine=engine).played
    record, again = Record.of(played.lab, played.log), Record.read(record_text(played.lab, played.log))
    assert rows(record, everywhere=True) == rows(again, everywhere=True)
    assert [details(record, r) for r in rows(record)] == [details(again, r) for r in rows(again)]

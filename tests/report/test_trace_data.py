"""The Data XML: connector and TLS stand where real traces have them, and one parser reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.report.message_trace import details, rows
from simulator.report.record import Record
from simulator.report.trace_data import data
from simulator.trace import Event
from tests.report.tracing import custom_data, meps, recorded

_OUT = "Microsoft.Exchange.Hygiene.TenantOutboundConnectorCustomData"


def told(flow: str, name: str) -> str:
    record = recorded(flow)
    (row,) = rows(record)
    return next(d.Data for d in details(record, row) if d.Event == name)


def test_a_real_notation_is_read() -> None:
    real = (
        '<root><MEP Name="RcptCount" Integer="1"/><MEP Name="CustomData" '
        'Blob="S:InboundConnectorData=Name=From Org;S:x=&quot;a;b&quot;;S:tlsversion=TLS1_2"/></root>'
    )
    assert {"RcptCount": ("Integer", "1")} == {k: v for k, v in meps(real).items() if k == "RcptCount"}
    assert {"InboundConnectorData": "Name=From Org", "x": "a;b", "tlsversion": "TLS1_2"} == custom_data(real)


def test_the_inbound_connector_is_in_the_receive_event() -> None:
    text = told("A: John -> onprem -> m365 -> Bob", "RECEIVE")
    assert {"InboundConnectorData": "Name=own servers to O365", "tlsversion": "TLS1_3"} == custom_data(text)
    found = meps(text)
    assert {
        "ServerHostName",
        "ClientIP",
        "ClientName",
        "ConnectorId",
        "FirstForestHop",
        "RcptCount",
        "CustomData",
    } == set(found)
    assert ("203.0.113.25", "mail.contoso.com") == (found["ClientIP"][1], found["ClientName"][1])


def test_anonymous_mail_has_no_inbound_connector_there() -> None:
    text = told("A: Sun -> internet -> m365 -> Bob", "RECEIVE")
    assert {"tlsversion": "TLS1_3"} == custom_data(text)
    assert "ConnectorId" not in meps(text)


def test_the_outbound_connector_is_in_the_send_event() -> None:
    text = told("A: Bob -> m365 -> onprem -> John", "SEND")
    assert {_OUT: "Name=O365 to own servers", "tlsversion": "TLS1_3"} == custom_data(text)
    assert ("String", "O365 to own servers") == meps(text)["ConnectorId"]


def test_mail_to_the_mx_in_clear_text_has_neither() -> None:
    text = told("A: Bob -> m365 -> internet -> Sun", "SEND")
    assert {} == custom_data(text)
    assert "CustomData" not in meps(text)


@pytest.mark.parametrize("name", ['with "quotes"', "a;b", "a<b>&c", "O365 to own servers", "Größe"])
def test_any_name_survives(name: str) -> None:
    record = recorded("A: Bob -> m365 -> onprem -> John")
    (row,) = rows(record)
    (sent,) = [e for e in record.events if e.type == "handed on"]
    changed = replace(sent, fields={**sent.fields, "connectors": [name]})
    root = next(e for e in record.events if e.type == "accepted")
    text = data(record, "SEND", changed, root)
    assert ("String", name) == meps(text)["ConnectorId"]
    assert f"Name={name.strip(chr(34))}" == custom_data(text)[_OUT].rstrip('"') or '"' in name
    assert "m365" == row.server


def test_the_pool_is_told_where_the_log_knows_it() -> None:
    record = recorded("A: Bob -> m365 -> internet -> Sun")
    (sent,) = [e for e in record.events if e.type == "handed on"]
    root = next(e for e in record.events if e.type == "accepted")
    pooled = replace(sent, fields={**sent.fields, "pool": "RegularRelayOutboundPool"})
    assert {"OutboundIpPoolName": "RegularRelayOutboundPool"} == custom_data(data(record, "SEND", pooled, root))


def test_recipients_that_came_together_are_counted() -> None:
    flow = "A:\n  send: {from: Sun, to: [Bob, John]}\n  path: Sun -> internet -> m365 -> Bob"
    record: Record = recorded(flow)
    first: Event = next(e for e in record.events if e.type == "accepted" and e.host == "m365")
    assert ("Integer", "2") == meps(data(record, "RECEIVE", first, first))["RcptCount"]

"""The Data column of the message trace: an XML of name and value pairs, in which connector and TLS hide.

    <root><MEP Name="ConnectorId" String="..."/><MEP Name="CustomData" Blob="S:key=value;S:key=&quot;va;lue&quot;"/></root>

| key in CustomData                                               | event   | says                         |
| --------------------------------------------------------------- | ------- | ---------------------------- |
| InboundConnectorData=Name=...                                   | RECEIVE | the inbound connector, absent for anonymous mail |
| Microsoft.Exchange.Hygiene.TenantOutboundConnectorCustomData=Name=... | SEND | the outbound connector    |
| tlsversion                                                      | both    | TLS1_2, TLS1_3; absent without TLS |
| OutboundIpPoolName                                              | SEND    | the pool, where one is told  |

Quotes protect a semicolon in a value. The names are those of real traces, so that one parser reads both.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from simulator.report.record import Record
from simulator.trace import Event

__all__ = ["data"]

_OUTBOUND = "Microsoft.Exchange.Hygiene.TenantOutboundConnectorCustomData"
_Mep = tuple[str, str, str]  # name, type, value


def data(record: Record, name: str, event: Event, root: Event) -> str:
    """The XML of one event; `root` is how the message came in."""
    server = record.servers.get(event.host)
    meps: list[_Mep] = [("ServerHostName", "String", server.fqdn if server else event.host)]
    custom: list[tuple[str, str]] = []
    if name in ("RECEIVE", "SUBMIT"):
        meps += [("ClientIP", "String", event["peer"]), ("ClientName", "String", event["helo"])]
        if event["inbound"]:
            meps.append(("ConnectorId", "String", event["inbound"]))
            custom.append(("InboundConnectorData", f"Name={event['inbound']}"))
        together = [e for e in record.events if e.type == "accepted" and _same(e, event)]
        meps += [("FirstForestHop", "String", server.fqdn if server else event.host), _count(len(together))]
        custom += _tls(event["tls"])
    elif name == "SEND":
        custom += [(_OUTBOUND, f"Name={connector}") for connector in event["connectors"]]
        meps += [("ConnectorId", "String", connector) for connector in event["connectors"]]
        custom += _tls(event["tls"])
        custom += [("OutboundIpPoolName", event["pool"])] if event.get("pool") else []
    if name in ("SEND", "DELIVER", "FAIL", "DEFER"):
        reply = str(event.get("reply", ""))
        meps += [("RecipientStatus", "String", reply)] if reply else []
        meps.append(("TotalLatency", "Long", str(round((event.t - root.t) * 1000))))
    if custom:
        meps.append(("CustomData", "Blob", ";".join(f"S:{key}={_protected(value)}" for key, value in custom)))
    return f"<root>{''.join(_element(*mep) for mep in meps)}</root>"


def _same(one: Event, other: Event) -> bool:
    return (one.host, one.msg, one.hop) == (other.host, other.msg, other.hop)


def _count(recipients: int) -> _Mep:
    return ("RcptCount", "Integer", str(recipients))


def _tls(version: str) -> Iterable[tuple[str, str]]:
    if version:  # "TLSv1.3"; the notation TLS1_3 is that of the service's Received lines
        yield "tlsversion", version.replace("v", "").replace(".", "_")


def _protected(value: str) -> str:
    return f'"{value}"' if ";" in value else value


def _element(name: str, kind: str, value: str) -> str:
    return f"<MEP Name={quoteattr(name)} {kind}={_quoted(value)}/>"


def _quoted(value: str) -> str:
    """As an attribute, always in double quotes."""
    inner = quoteattr(value, {'"': "&quot;"})
    return f'"{inner[1:-1]}"'

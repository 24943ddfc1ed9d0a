"""Values as PowerShell writes them into a file, in the form that its cmdlets take them.

| in the file | becomes |
| --- | --- |
| `{"value": [...], "Count": 2}`, an array of Windows PowerShell 5.1 | the list |
| `{"Ticks": ..., "TotalSeconds": 86400.0}`, `PT24H` | 1.00:00:00 |
| `{"IsUnlimited": true}`, `{"IsUnlimited": false, "Value": "10 MB (10,485,760 bytes)"}` | Unlimited, 10 MB (...) |
| `/Date(1784844913000)/`, `2026-07-23T22:55:13.0000000Z` | 2026-07-23T22:55:13 |
| `{"Type": "SMTP", "Address": "*", "Cost": 1}`, an address space | SMTP:*;1 |
| `{"Domain": "mail.contoso.com", "IsIPAddress": false}`, a smart host | mail.contoso.com |
| `{"Address": "0.0.0.0", "Port": 25}`, a binding | 0.0.0.0:25 |
| `{"LowerBound": "192.0.2.1", "UpperBound": "192.0.2.9"}`, a range | 192.0.2.1-192.0.2.9 |
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from simulator.source import Node, Scalar

__all__ = ["told"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS_DATE = re.compile(r"/Date\((-?\d{1,14})\)/\Z")
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]00:00)?\Z")
_SECONDS = re.compile(r"\d{1,9}(?:\.\d+)?\Z")
_DURATION = re.compile(r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.\d+)?S)?)?\Z")


def told(node: Node) -> Node:
    """A value in the words of the cmdlet; one that is not of these forms as it is."""
    if node.is_list:
        return Node(tuple(told(item) for item in node.items), node.at)
    if node.is_map:
        return _object(node)
    text = node.text
    if match := _TICKS_DATE.match(text):
        return _text(f"{_EPOCH + timedelta(milliseconds=int(match[1])):%Y-%m-%dT%H:%M:%S}", node)
    if match := _DATE.match(text):
        return _text(match[1], node)
    if len(text) > 1 and (match := _DURATION.match(text)):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return _text(_span(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)), node)
    return node


def _object(node: Node) -> Node:
    inner = node.get("value")
    if inner is not None and (node.get("Count") or node.get("DateTime")):
        return told(inner)
    seconds = node.get("TotalSeconds")
    if node.get("Ticks") and seconds is not None and _SECONDS.match(seconds.text):
        return _text(_span(timedelta(seconds=float(seconds.text))), node)
    unlimited = node.get("IsUnlimited")
    if unlimited is not None:
        held = node.get("Value")
        return _text("Unlimited", node) if unlimited.text.casefold() == "true" or held is None else told(held)
    address, port = node.get("Address"), node.get("Port")
    if address is not None and address.is_scalar and port is not None:
        return _text(f"{address.text}:{port.text}", node)
    if address is not None and node.get("Cost"):
        kind, cost = node.get("Type"), node.get("Cost")
        return _text(f"{kind.text if kind else 'SMTP'}:{address.text};{cost.text if cost else '1'}", node)
    domain = node.get("Domain")
    if node.get("IsIPAddress") is not None:
        by_address = domain is None or domain.is_null or not domain.text
        return _text((address.text if address and by_address else domain.text if domain else ""), node)
    low, high = node.get("LowerBound"), node.get("UpperBound")
    if low is not None and high is not None and low.is_scalar:
        return _text(low.text if low.text == high.text else f"{low.text}-{high.text}", node)
    return node


def _text(text: str, node: Node) -> Node:
    return Node(Scalar(text, quoted=True), node.at)


def _span(span: timedelta) -> str:
    minutes, seconds = divmod(span.seconds, 60)
    return f"{span.days}.{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"

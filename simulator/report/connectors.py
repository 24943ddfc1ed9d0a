"""The connectors of a lab's tree as a table, one with all its settings, and both for programs.

Status  Name                 Server  Direction  Type        For                   TLS                    Where
On      O365 to own servers  m365    Outbound   OnPremises  all accepted domains  CertificateValidation  labs/contoso.yaml:20:7
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.scenario.connectors import Connector, default_text
from simulator.scenario.writing import inline
from simulator.source import Node

__all__ = ["connector_json", "connector_text", "connectors_text"]

_DIRECTION = {"outbound": "Outbound", "inbound": "Inbound", "send": "Send", "receive": "Receive"}
_ABOUT = (
    "RecipientDomains", "AddressSpaces", "SenderDomains", "SenderIPAddresses", "TlsSenderCertificateName", "RemoteIPRanges",
)  # fmt: skip


def connectors_text(found: Sequence[Connector]) -> str:
    """A line for each."""
    if not found:
        return "no server of this lab has a connector"
    rows = [("Status", "Name", "Server", "Direction", "Type", "For", "TLS", "Where"), *map(_row, found)]
    wide = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join("  ".join(f"{c:<{w}}" for c, w in zip(row, wide, strict=True)).rstrip() for row in rows)


def connector_text(found: Connector, *, every: bool = False) -> str:
    """Each setting that is written, its place, and what it does; with `every` the others and their defaults."""
    direction = _DIRECTION[found.kind]
    lines = [f"{found.name}  {direction} connector of {found.server}, {_status(found)}    {found.entry.key_at}"]
    written = {e.key.casefold(): e for e in found.node.entries}
    rows = []
    for setting, field_ in found.fields.items():
        entry = written.get(setting.casefold())
        if entry is not None:
            rows.append((setting, _text(entry.node), str(entry.node.at), field_.doc))
        elif every and field_.effect:
            rows.append((setting, default_text(field_) or "-", "(default)", field_.doc))
    wide = [max((min(len(row[n]), 48) for row in rows), default=0) for n in range(3)]
    for row in rows:
        lines.append("  " + "  ".join(f"{c:<{w}}" for c, w in zip(row, (*wide, 0), strict=True)).rstrip())
    return "\n".join(lines)


def _row(found: Connector) -> tuple[str, ...]:
    tls = next((v for k in ("TlsSettings", "TlsAuthLevel") if (v := _said(found, k))), "")
    if not tls and any(_is_true(found, k) for k in ("RequireTls", "RequireTLS")):
        tls = "required"
    return (
        "On" if found.enabled else "Off", found.name, found.server, _DIRECTION[found.kind],
        _said(found, "ConnectorType") or "-", _covers(found), tls or "-", str(found.entry.key_at),
    )  # fmt: skip


def _covers(found: Connector) -> str:
    if _is_true(found, "AllAcceptedDomains"):
        return "all accepted domains"
    if _is_true(found, "IsTransportRuleScoped"):
        return "a mail flow rule"
    said = [f"{text}" for key in _ABOUT if (text := _said(found, key)) and text != "*"]
    return _short(", ".join(said)) if said else ("*" if any(_said(found, key) for key in _ABOUT) else "-")


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _said(found: Connector, key: str) -> str:
    node = found.node.get(key)
    return _text(node) if node is not None and not node.is_null else ""


def _is_true(found: Connector, key: str) -> bool:
    return _said(found, key).casefold() in ("true", "$true", "on", "yes")


def _text(node: Node) -> str:
    if node.is_list:
        return ", ".join(n.text if n.is_scalar else inline(n) for n in node.items)
    return "null" if node.is_null else node.text if node.is_scalar else inline(node)


def _status(found: Connector) -> str:
    return "on" if found.enabled else "off"


def connector_json(found: Connector, *, every: bool = True) -> dict[str, Any]:
    """One connector; with `every` the settings that are not written, with their defaults."""
    written = {e.key.casefold(): e for e in found.node.entries}
    settings = {name: written[name.casefold()].node.plain() for name in found.fields if name.casefold() in written}
    told: dict[str, Any] = {
        "name": found.name, "server": found.server, "kind": found.kind, "enabled": found.enabled,
        "at": str(found.entry.key_at), "settings": settings,
    }  # fmt: skip
    if every:
        told["defaults"] = {
            name: default_text(f) for name, f in found.fields.items() if f.effect and name.casefold() not in written
        }
    return told

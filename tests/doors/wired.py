"""A host with connectors and few other words, so that tests of what is told do not depend on any product.

Outbound it prefers an exact domain to a wildcard to "all accepted domains"; inbound it goes by the certificate's name,
else by the address. Every candidate is in the decision with the setting that decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.mail.address import Address, covers
from simulator.mail.envelope import Envelope
from simulator.mail.session import Session
from simulator.policy.decision import Candidate, Connector, Decision, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Deliver, NextHop, Relay, Routing
from simulator.policy.rules import rule
from simulator.scenario.load import read_yaml
from simulator.source import Node
from simulator.topology import CertificateSpec, Lab
from tests.live.tinyhost import TinyHost, a_lab

__all__ = ["LAB", "WiredHost", "wired_lab", "wired_tree"]

PICK = rule("WIRED-PICK", "The most specific connector wins", fidelity="inferred", source="this test")

LAB = """\
servers:
  east:
    OutboundConnectors:
      To all: {AllAcceptedDomains: true, SmartHosts: mx.west.test}
      To wild: {RecipientDomains: ["*.test"], SmartHosts: mx.west.test}
      Off: {Enabled: false, RecipientDomains: [west.test], SmartHosts: mx.west.test}
      Off and elsewhere: {Enabled: false, RecipientDomains: [other.example], SmartHosts: mx.west.test}
  west:
    InboundConnectors:
      By name: {TlsSenderCertificateName: mx.other.test, RequireTls: true}
      By address: {SenderIPAddresses: [198.51.100.1]}
"""


@dataclass(frozen=True)
class WiredHost(TinyHost):
    tree: Node = field(default_factory=lambda: Node.of({}))
    has_connectors: bool = True

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        found: list[Candidate] = []
        matched: Connector | None = None
        for name, node in _named(self.tree, "InboundConnectors"):
            says, place = _inbound(node, session)
            if not says and matched is None:
                matched = Connector(name, "inbound", node.at)
            found.append(Candidate(name, not says, "matches" if not says else "no-match", says or "matches", place))
        step = Step("INBOUND", PICK, "matched" if matched else "none", "which connector claims it", tuple(found))
        return replace(
            super().rcpt(session, envelope, recipient, at), steps=(step,) if found else (), connector=matched
        )

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        if self.owns(recipient):
            return Routing(Deliver(recipient))
        ranks = {n: _rank(node, recipient.domain) for n, node in _named(self.tree, "OutboundConnectors")}
        best = max(ranks.values(), default=0)
        chosen = next((n for n, rank in ranks.items() if rank == best and rank > 0), "")
        found, connector, hop = [], None, NextHop(recipient.domain)
        for name, node in _named(self.tree, "OutboundConnectors"):
            why = (
                "chosen"
                if name == chosen
                else "disabled"
                if ranks[name] < 0
                else "less specific"
                if ranks[name]
                else "not covered"
            )
            setting = node.get("Enabled" if why == "disabled" else "RecipientDomains")
            found.append(
                Candidate(name, name == chosen, why.replace(" ", "-"), why, setting.at if setting else node.at)
            )
            if name == chosen:
                connector = Connector(name, "outbound", node.at)
                hop = NextHop(hosts=(node_text(node, "SmartHosts"),), at=node.at)
        step = Step("CONNECTOR", PICK, "chosen" if chosen else "none", f"{len(found)} candidates", tuple(found))
        return Routing(Relay(hop, connector, self.tls), (step,) if found else ())


def node_text(node: Node, key: str) -> str:
    held = node.get(key)
    return held.items[0].text if held and held.items else ""


def _named(tree: Node, noun: str) -> list[tuple[str, Node]]:
    held = tree.get(noun)
    return [(e.key, e.node) for e in held.entries] if held else []


def _rank(node: Node, domain: str) -> int:
    if node_text(node, "Enabled") == "false":
        return -1
    domains = node.get("RecipientDomains")
    named = [n.text for n in domains.items] if domains else []
    exact, wild = domain in named, any(covers(n, domain) for n in named)
    return 3 if exact else 2 if wild else 1 if node_text(node, "AllAcceptedDomains") == "true" else 0


def _inbound(node: Node, session: Session) -> tuple[str, Any]:
    name, shown = node.get("TlsSenderCertificateName"), session.tls.certificate if session.tls else None
    if name:
        fits = shown and any(covers(name.text, n) for n in shown.all_names)
        return "" if fits else "the certificate has another name", name.at
    listed = node.get("SenderIPAddresses")
    fits_ip = listed and session.peer in [n.text for n in listed.items]
    return "" if fits_ip else f"{session.peer} is not listed", listed.at if listed else node.at


def wired_tree(text: str = LAB) -> Node:
    return read_yaml(text, "wired.yaml")


def wired_lab(tree: Node, certificates: Mapping[str, CertificateSpec] | None = None) -> Lab:
    """`east`, where Ann is, and `west`, where Bob is, with the connectors of a tree."""
    shown = {n: CertificateSpec(f"mx.{n}.test") for n in ("east", "west")} if certificates is None else certificates
    plain = a_lab(certificates=shown)
    servers = tree.get("servers") or Node.of({})
    wired = {
        name: WiredHost(
            name, f"{name}.test", server.fqdn, name in shown, source=server.addresses[0],
            tree=servers.get(name) or Node.of({}),
        )
        for name, server in plain.servers.items()
    }  # fmt: skip
    return replace(plain, hosts=wired)

"""RCPT TO: whether a recipient is taken, by which tenant, over which connector.

    attribution          is the message a tenant's own (Originating)?          [attribution]
      blocked connector  550 5.7.711
      relay              550 5.7.64 where the recipient is nobody's here and no right to relay was shown   [relay]
    otherwise it is Incoming to the owner of the recipient's domain
      IPBlockList        550 5.7.513, unless IPAllowList has the address too
      Partner lock-down  550 5.7.51                                            [partner]
      RequireTls         451 5.7.3
      RejectDirectSend   550 5.7.68
    directory            550 5.4.1 for an unknown recipient of an Authoritative domain

A message that an OnPremises connector took passes by the Partner tests and RejectDirectSend. Each recipient is decided by
itself, so one transaction may have mixed answers and several owners.
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.address import Address, Sender, domain_of
from simulator.mail.envelope import Envelope
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.decision import Decision, Step
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.attribution import attribute
from simulator.products.exchange_online.forest import Forest, Inbound, Profile
from simulator.products.exchange_online.identity import Client
from simulator.products.exchange_online.ip_list import listed
from simulator.products.exchange_online.partner import PartnerMatch, match_partner
from simulator.products.exchange_online.relay import domain_step, no_right, relay_step
from simulator.products.exchange_online.srs import RETURN, returned
from simulator.products.exchange_online.steps import single
from simulator.source import Source
from simulator.value import value

__all__ = ["admit"]

_TEST = "tests/products/exchange_online/test_admission.py"
BLOCKED = rule(
    "EXO-IN-6", "Mail over a connector that the service has blocked is refused", fidelity="documented",
    source="learn: Remove blocked connectors; Fix NDR 550 5.7.711", test=_TEST,
)  # fmt: skip
REQUIRE_TLS = rule(
    "EXO-IN-7", "A Partner connector with RequireTls refuses mail without TLS; the words are not known", fidelity="inferred",
    source="CMD New-InboundConnector for the refusal; knob require_tls_reply", test=_TEST,
)  # fmt: skip
DIRECT_SEND = rule(
    "EXO-IN-8", "RejectDirectSend refuses an accepted sender domain unless a connector matched by address or certificate",
    fidelity="documented", source="CMD Set-OrganizationConfig; learn: EHLO blog, More control over Direct Send", test=_TEST,
)  # fmt: skip
EDGE_BLOCKING = rule(
    "EXO-IN-9", "Unknown recipients of an Authoritative domain are refused at the edge", fidelity="documented",
    source="learn: Use Directory-Based Edge Blocking", test=_TEST,
)  # fmt: skip
EDGE_BLOCKING_CONNECTOR = rule(
    "EXO-IN-10", "Unknown recipients are taken from an OnPremises connector and returned later", fidelity="inferred",
    source="no page says so; knob dbeb_on_connector_mail", test=_TEST,
)  # fmt: skip
BLOCK_LIST = rule(
    "EXO-IN-18", "Mail from an address in IPBlockList is refused, unless IPAllowList has it too", fidelity="documented",
    source="learn: Configure connection filtering; Non-delivery reports in Exchange Online", test=_TEST,
)  # fmt: skip
INCOMING = rule(
    "EXO-IN-11", "A message that no OnPremises connector takes is Incoming to the owner of the recipient's domain",
    fidelity="documented", source="learn: EHLO blog, Office 365 Message Attribution", test=_TEST,
)  # fmt: skip


@value
class _Asked:
    """One RCPT TO and what is known about it; `suffix` is what refusals end with."""

    client: Client
    sender: Sender
    recipient: Address
    others: tuple[Address, ...]
    forest: Forest
    suffix: str


@value
class _Taken:
    """To which tenant a message is attributed, and how; writes the decisions in its name."""

    tenant: Profile
    connector: Inbound | None
    direction: str
    basis: str

    def answer(self, reply: Reply, steps: tuple[Step, ...]) -> Decision:
        facts = {"tenant": self.tenant.name, "direction": self.direction, "basis": self.basis}
        if self.connector:
            facts["inbound"] = self.connector.name
        return Decision(
            reply, steps, self.tenant.name, self.connector.reference if self.connector else None, facts=facts
        )


def admit(
    session: Session, envelope: Envelope, recipient: Address, forest: Forest, now: datetime, suffix: str
) -> Decision:
    """The answer to one RCPT TO at port 25. `suffix` is what a refusal ends with."""
    asked = _Asked(Client.of(session, now), envelope.sender, recipient, envelope.recipients, forest, suffix)
    found = attribute(asked.client, asked.sender, recipient, forest)
    steps = (found.step, domain_step(recipient.domain, forest))
    if found.connector:
        return _originating(asked, found.connector, found.basis, steps)
    owner = forest.owner(recipient.domain)
    if owner is None:
        step = no_right(found.nearest, asked.sender, recipient)
        # The connector that knew the client is shown although it gave no right; no tenant took the message.
        reference = found.nearest.reference if found.nearest else None
        return Decision(wording.relay_denied(suffix), (*steps, step), connector=reference)
    return _incoming(asked, owner, steps)


def _originating(asked: _Asked, connector: Inbound, basis: str, steps: tuple[Step, ...]) -> Decision:
    taken = _Taken(connector.tenant, connector, "Originating", basis)
    knobs = connector.tenant.settings.knobs
    if connector.name.casefold() in map(str.casefold, knobs.blocked_connectors):
        says = f"{connector.name} is blocked by the service"
        at = knobs.at("blocked_connectors")
        step = single("CONNECTOR", BLOCKED, "blocked", says, name=connector.name, chosen=False, at=at)
        return taken.answer(wording.blocked_connector(asked.suffix), (*steps, step))
    right = relay_step(connector, basis, asked.sender, asked.recipient, asked.forest, asked.others)
    if right is None:
        return _ask_directory(asked, taken, steps)
    reply = wording.relay_denied(asked.suffix) if right.outcome == "denied" else wording.recipient_ok()
    return taken.answer(reply, (*steps, right))


def _incoming(asked: _Asked, tenant: Profile, steps: tuple[Step, ...]) -> Decision:
    says = f"Incoming to {tenant.name}, the owner of {asked.recipient.domain}"
    steps = (*steps, Step("DIRECTION", INCOMING, "incoming", says, at=tenant.domains.at))
    if (step := _blocked_address(asked.client, tenant)) is not None:
        taken = _Taken(tenant, None, "Incoming", "recipient-owner")
        return taken.answer(wording.ip_blocked(asked.client.peer, asked.suffix), (*steps, step))
    partner = match_partner(asked.client, asked.sender, tenant)
    steps = (*steps, partner.step) if partner.step else steps
    taken = _Taken(tenant, partner.connector, "Incoming", "recipient-owner")
    if partner.locked_out:
        return taken.answer(wording.partner_refused(asked.suffix), steps)
    if (step := _tls_missing(asked.client, partner)) is not None:
        return taken.answer(tenant.settings.knobs.require_tls_reply, (*steps, step))
    if (step := _direct_send(asked.sender, tenant, partner)) is not None:
        steps = (*steps, step)
        if step.outcome == "rejected":
            return taken.answer(wording.direct_send(asked.suffix), steps)
    return _ask_directory(asked, taken, steps)


def _blocked_address(client: Client, tenant: Profile) -> Step | None:
    """inferred: mail over an OnPremises connector is not asked."""
    policy = tenant.settings.HostedConnectionFilterPolicy
    entry = listed(client.peer, policy.IPBlockList)
    if entry is None or listed(client.peer, policy.IPAllowList):
        return None
    says = f"{client.peer} is in IPBlockList ({entry})"
    return single("ADDRESS", BLOCK_LIST, "blocked", says, name="IPBlockList", chosen=False, at=policy.at("IPBlockList"))


def _tls_missing(client: Client, partner: PartnerMatch) -> Step | None:
    connector = partner.connector
    if connector is None or not connector.settings.RequireTls or client.tls:
        return None
    says = f"{connector.name} requires TLS and there is none"
    at = connector.settings.at("RequireTls")
    return single("TLS", REQUIRE_TLS, "no-tls", says, name=connector.name, chosen=False, at=at)


def _direct_send(sender: Sender, tenant: Profile, partner: PartnerMatch) -> Step | None:
    """None where it is no matter: no envelope sender of the tenant's own, or the tenant lets it pass."""
    organization = tenant.settings.OrganizationConfig
    domain = domain_of(sender)
    if not organization.RejectDirectSend or not tenant.domains.accepts(domain):
        return None
    at = organization.at("RejectDirectSend")
    if partner.by_proof and partner.connector:
        says = f"{partner.connector.name} matched by address or certificate, so this is no Direct Send"
        return single("DIRECT SEND", DIRECT_SEND, "exempt", says, name="RejectDirectSend", chosen=False, at=at)
    says = f"{domain} is the tenant's own, and no connector matched by address or certificate"
    return single("DIRECT SEND", DIRECT_SEND, "rejected", says, name="RejectDirectSend", at=at)


def _ask_directory(asked: _Asked, taken: _Taken, steps: tuple[Step, ...]) -> Decision:
    outcome, by, says, at = _directory(asked.recipient, taken)
    refused = outcome == "unknown"
    step = single("DIRECTORY", by, outcome, says, name=str(asked.recipient), chosen=not refused, at=at)
    reply = wording.access_denied(asked.suffix) if refused else wording.recipient_ok()
    return taken.answer(reply, (*steps, step))


def _directory(recipient: Address, taken: _Taken) -> tuple[str, str, str, Source]:
    """What the directory has to say: outcome, rule, sentence, and the setting that decided."""
    tenant = taken.tenant
    entry, domain = tenant.directory.find(recipient), tenant.domains.find(recipient.domain)
    if entry:
        return "known", EDGE_BLOCKING, f"{recipient} is in the directory of {tenant.name}, a {entry.kind}", entry.at
    if (target := returned(recipient, tenant)) is not None:
        return "rewritten-sender", RETURN, f"{recipient} stands for {target}", tenant.domains.at
    at = domain.at("DomainType") if domain else tenant.domains.at
    missing = f"{recipient} is not in the directory"
    if not tenant.domains.is_authoritative(recipient.domain):
        return "internal-relay", EDGE_BLOCKING, f"{missing}, but an InternalRelay domain has recipients elsewhere", at
    knobs = tenant.settings.knobs
    if taken.direction == "Originating" and not knobs.dbeb_on_connector_mail:
        says = f"{missing}; mail over an OnPremises connector is returned later instead of refused"
        return "returned-later", EDGE_BLOCKING_CONNECTOR, says, knobs.at("dbeb_on_connector_mail")
    return "unknown", EDGE_BLOCKING, f"{missing}, and {recipient.domain} is Authoritative", at

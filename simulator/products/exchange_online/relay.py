"""May a message be sent on to somebody outside the tenant? (learn: Updated requirements for SMTP relay, since 2023-11.)

Both must hold:

1. the client is known to an *OnPremises* inbound connector, by certificate or address, and
2. the certificate's domain, or the domain of the envelope sender, is an accepted domain of that tenant.

The certificate is one that a connector asks for by TlsSenderCertificateName; showing another gives no right (knob
`certificate_identity_relays`). So the null sender, and mail of foreign senders that an own server forwards, relay only
over a connector with a certificate name: they have no accepted domain. The From header does not count. A recipient in the
tenant's own domains needs no right. Accepted domains of both types count (inferred).
"""

from __future__ import annotations

from functools import lru_cache

from simulator.mail.address import Address, Sender, domain_of
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.exchange_online.forest import Forest, Inbound
from simulator.products.exchange_online.steps import single
from simulator.source import NOWHERE, Source

__all__ = ["RELAY", "domain_step", "no_right", "relay_step"]

_TEST = "tests/products/exchange_online/test_relay.py"
DOMAIN = rule(
    "EXO-IN-4", "A recipient belongs to the tenant that accepts its domain, whichever host name was called",
    fidelity="documented", source="learn: EHLO blog, Office 365 Message Attribution", test=_TEST,
)  # fmt: skip
RELAY = rule(
    "EXO-IN-5", "Relay needs an OnPremises connector, and an accepted domain in the certificate or the envelope sender",
    fidelity="documented", source="learn: Updated requirements for SMTP relay through Exchange Online", test=_TEST,
)  # fmt: skip


@lru_cache(256)
def domain_step(domain: str, forest: Forest) -> Step:
    """Who owns the recipient's domain, with every accepted domain of the forest as candidate."""
    owner = forest.owner(domain)
    candidates: list[Candidate] = []
    at = NOWHERE
    for tenant in forest.tenants:
        answering = tenant.domains.find(domain) if tenant is owner else None
        for name, entry in tenant.domains.entries.items():
            if entry is answering:
                at = entry.at("DomainType")
                how = "accepted" if name == domain else "accepted by MatchSubDomains"
                candidates.append(Candidate(name, True, "accepted", f"{entry.DomainType}, {how}", at))
            else:
                candidates.append(Candidate(name, False, "other-domain", f"is not {domain}", entry.place))
    if owner is None:
        return Step("DOMAIN", DOMAIN, "not-accepted", f"{domain} is an accepted domain of no tenant", tuple(candidates))
    return Step("DOMAIN", DOMAIN, "accepted", f"{domain} is an accepted domain of {owner.name}", tuple(candidates), at)


def relay_step(
    connector: Inbound, basis: str, sender: Sender, recipient: Address, forest: Forest, others: tuple[Address, ...]
) -> Step | None:
    """Whether an attributed message may be sent on; None where the recipient is the tenant's own. Outcomes: relay, denied.

    `others` are the recipients that the transaction has already.
    """
    tenant = connector.tenant
    knobs = tenant.settings.knobs
    other = next((r for r in others if r.domain != recipient.domain), None)
    if knobs.one_domain_per_session and basis == "recipient-domain" and other:
        says = f"the transaction has a recipient in {other.domain} already, and the sender's domain is not accepted"
        return _step("denied", "several-domains", connector.name, says, knobs.at("one_domain_per_session"))
    if forest.owner(recipient.domain) is tenant:
        return None
    domain = domain_of(sender)
    if basis == "sender-domain" and not tenant.domains.accepts(domain, subdomains=knobs.match_subdomains_for_relay):
        says = f"{domain} is accepted as a subdomain only"
        return _step("denied", "subdomain", connector.name, says, knobs.at("match_subdomains_for_relay"))
    why = (
        f"the sender's domain {domain} is accepted"
        if basis == "sender-domain"
        else "the certificate is of an accepted domain"
    )
    return _step("relay", basis, connector.name, f"{connector.name} gives relay: {why}", connector.settings.place)


def no_right(nearest: Inbound | None, sender: Sender, recipient: Address) -> Step:
    """Why a message for nobody here, that no tenant calls its own, may not be sent on."""
    if nearest is None:
        says = f"{recipient.domain} is nobody's here, and no OnPremises connector knows the client"
        return _step("denied", "no-connector", "OnPremises connector", says, NOWHERE)
    whose = f"the sender's domain {domain_of(sender)} is not accepted" if sender else "the null sender has no domain"
    says = (
        f"{nearest.name} knows the client, but {whose}, and no TlsSenderCertificateName of an accepted domain matches"
    )
    return _step("denied", "sender-not-accepted", nearest.name, says, nearest.settings.place)


def _step(outcome: str, reason: str, name: str, says: str, at: Source) -> Step:
    return single("RELAY", RELAY, outcome, says, name=name, chosen=outcome == "relay", reason=reason, at=at)

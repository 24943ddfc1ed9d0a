"""Whose message is it? Attribution to a tenant as *Originating*: it came from the tenant's own servers.

The inputs are four: certificate, connecting address, envelope sender's domain, recipient's domain. The OnPremises inbound
connectors of all tenants are looked through (learn: Office 365 Message Attribution; MC1226222):

    certificate matches a connector whose name is accepted    -> that tenant; the most exact name wins
    else a connector knows the client, and its tenant accepts the sender's domain     -> that tenant
    else a connector knows the client, and its tenant accepts the recipient's domain  -> that tenant
    else nobody: the message is Incoming to the owner of the recipient's domain, if there is one

The null sender has no domain, so it can only be attributed by certificate or by recipient. A certificate counts where a
connector asks for it by TlsSenderCertificateName. The knob `certificate_identity_relays` of a tenant adds a last line
before "nobody": a connector that knows the client by address takes mail for nobody's recipient if the client shows a good
certificate of an accepted domain. That is how "the certificate domain on the SMTP connection" could be read.

Weak spot: between several connectors of one tenant that list the same address nothing is documented; the longest prefix
wins here, then the order of names.
"""

from __future__ import annotations

from simulator.mail.address import Address, Sender, domain_of
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.exchange_online.forest import Forest, Inbound, Profile
from simulator.products.exchange_online.identity import Client, Proof, name_is_accepted, proof, shows_accepted_name
from simulator.products.exchange_online.notation import exactness
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["BASES", "Attribution", "attribute"]

_TEST = "tests/products/exchange_online/test_attribution.py"
_PAGE = "learn: EHLO blog, Office 365 Message Attribution; MC1226222"
ORIGINATING = rule(
    "EXO-IN-1", "OnPremises connectors of all tenants are tried by certificate, then sender domain, then recipient domain",
    fidelity="documented", source=_PAGE, test=_TEST,
)  # fmt: skip

CERTIFICATE_DOMAIN = rule(
    "EXO-IN-13", "A client known by address does not relay by showing a certificate that no connector asks for",
    fidelity="inferred", source="learn: Updated requirements for SMTP relay can be read otherwise; knob certificate_identity_relays",
    test=_TEST,
)  # fmt: skip
EQUALS = rule(
    "EXO-IN-14", "Of one tenant's connectors that list the same address the longest prefix wins, then the order of names",
    fidelity="inferred", source="no page says which", test=_TEST,
)  # fmt: skip

BASES = ("certificate", "sender-domain", "recipient-domain", "certificate-domain", "mailbox", "recipient-owner")
"""What attribution rested on; `recipient-owner` is the basis of Incoming mail, `mailbox` of submitted mail."""


@value
class Attribution:
    """The outcome. Without a `connector` the message is not Originating; `nearest` knew the client all the same."""

    connector: Inbound | None
    basis: str
    step: Step
    nearest: Inbound | None = None


@value
class _Entry:
    """One OnPremises connector, as far as it got."""

    connector: Inbound
    proof: Proof
    reason: str = ""  # why it cannot be used, empty where it can
    says: str = ""
    at: Source = NOWHERE

    @property
    def by_certificate(self) -> bool:
        return self.proof.by == "certificate"


def attribute(client: Client, sender: Sender, recipient: Address, forest: Forest) -> Attribution:
    """The OnPremises connector that makes a message Originating, with every inbound connector of the forest as candidate."""
    entries = [_entry(connector, client, sender) for connector in forest.inbound()]
    known = [e for e in entries if e.proof.known and not e.reason]
    chosen, basis = _choose(known, client, sender, recipient, forest)
    candidates = tuple(_candidate(e, chosen, basis, sender, recipient, len(forest.tenants) > 1) for e in entries)
    nearest = min(known, key=_preference, default=None)
    if chosen is None:
        says = "no OnPremises connector attributes the message to a tenant"
        if nearest:
            says = f"{nearest.connector.name} knows the client, but {_nothing_accepted(sender, recipient)}"
        step = Step("CONNECTOR", ORIGINATING, "none", says, candidates)
        return Attribution(None, "", step, nearest.connector if nearest else None)
    says = f"Originating in {chosen.connector.tenant.name}: {_SAYS[basis].format(proof=chosen.proof.says, sender=domain_of(sender), recipient=recipient.domain)}"
    by = CERTIFICATE_DOMAIN if basis == "certificate-domain" else ORIGINATING
    step = Step("CONNECTOR", by, basis, says, candidates, chosen.proof.at)
    return Attribution(chosen.connector, basis, step, chosen.connector)


_SAYS = {
    "certificate": "{proof}, an accepted domain",
    "sender-domain": "{proof}, and the sender's domain {sender} is accepted",
    "recipient-domain": "{proof}, and the recipient's domain {recipient} is accepted",
    "certificate-domain": "{proof}, and the certificate is of an accepted domain",
}


def _entry(connector: Inbound, client: Client, sender: Sender) -> _Entry:
    settings = connector.settings
    found = proof(connector, client)
    if not settings.is_on_premises:
        says = "a Partner connector restricts, it never makes mail the tenant's own"
        return _Entry(connector, found, "not-onpremises", says, settings.at("ConnectorType"))
    if not settings.Enabled:
        return _Entry(connector, found, "disabled", "it is disabled: Enabled is false", settings.at("Enabled"))
    if not found.known:
        return _Entry(connector, found, found.reason, found.says, found.at)
    associated = settings.AssociatedAcceptedDomains
    if associated and domain_of(sender) not in associated:
        # CMD New-InboundConnector: the connector is for these accepted domains as a source only.
        says = f"the sender's domain {domain_of(sender) or '(none)'} is not in AssociatedAcceptedDomains [{', '.join(associated)}]"
        return _Entry(connector, found, "domain-not-associated", says, settings.at("AssociatedAcceptedDomains"))
    return _Entry(connector, found)


def _choose(
    known: list[_Entry], client: Client, sender: Sender, recipient: Address, forest: Forest
) -> tuple[_Entry | None, str]:
    by_name = [e for e in known if e.by_certificate and _counts(e)]
    if by_name:
        return min(by_name, key=_preference), "certificate"
    for domain, basis in ((domain_of(sender), "sender-domain"), (recipient.domain, "recipient-domain")):
        theirs = [e for e in known if _is_in(e.connector.tenant, domain, forest)]
        if theirs:
            return min(theirs, key=_preference), basis
    if forest.owner(recipient.domain) is None:
        shown = [e for e in known if _relays_by_identity(e, client)]
        if shown:
            return min(shown, key=_preference), "certificate-domain"
    return None, ""


def _counts(entry: _Entry) -> bool:
    tenant = entry.connector.tenant
    lenient = tenant.settings.knobs.attribution_mode == "lenient"
    return lenient or name_is_accepted(entry.connector.settings.TlsSenderCertificateName, tenant.domains)


def _relays_by_identity(entry: _Entry, client: Client) -> bool:
    tenant = entry.connector.tenant
    by_address = bool(entry.proof.prefix)
    return (
        tenant.settings.knobs.certificate_identity_relays and by_address and shows_accepted_name(client, tenant.domains)
    )


def _is_in(tenant: Profile, domain: str | None, forest: Forest) -> bool:
    """Whether a domain is accepted by this tenant and belongs to no other."""
    return tenant.domains.accepts(domain) and forest.owner(domain) is tenant


def _preference(entry: _Entry) -> tuple[int, tuple[int, int], int, str, str]:
    """Certificate before address; exact names before wildcards; long prefixes before short; then by name."""
    settings = entry.connector.settings
    exact = exactness(settings.TlsSenderCertificateName) if entry.by_certificate else (0, 0)
    prefix = 0 if entry.by_certificate else -entry.proof.prefix
    return (not entry.by_certificate, exact, prefix, settings.name.casefold(), entry.connector.tenant.name.casefold())


def _candidate(
    entry: _Entry, chosen: _Entry | None, basis: str, sender: Sender, recipient: Address, several: bool
) -> Candidate:
    connector = entry.connector
    whose = f"{connector.tenant.name}: " if several else ""

    def lost(reason: str, says: str, at: Source) -> Candidate:
        return Candidate(connector.name, False, reason, whose + says, at)

    if entry is chosen:
        return Candidate(connector.name, True, "matched", whose + entry.proof.says, entry.proof.at)
    if entry.reason:
        return lost(entry.reason, entry.says, entry.at)
    if chosen and chosen.connector.tenant is not connector.tenant:
        why = _not_theirs(entry, basis, sender, recipient)
        says = f"{entry.proof.says}, but {why}the message is attributed to {chosen.connector.tenant.name}"
        return lost("other-tenant", says, entry.proof.at)
    if entry.by_certificate and not _counts(entry) and (chosen is None or basis == "certificate"):
        wanted = connector.settings.TlsSenderCertificateName
        says = f"{entry.proof.says}, but {wanted} is not an accepted domain of its tenant"
        return lost("domain-not-accepted", says, entry.proof.at)
    if chosen is None:
        says = f"{entry.proof.says}, but {_nothing_accepted(sender, recipient)}"
        return lost("domain-not-accepted", says, entry.proof.at)
    if _preference(entry)[:3] == _preference(chosen)[:3]:
        says = f"{entry.proof.says}; {chosen.connector.name} is as specific and comes first by name"
        return lost("name-order", says, entry.proof.at)
    says = f"{entry.proof.says}; less specific than {chosen.connector.name}"
    return lost("less-specific", says, entry.proof.at)


def _nothing_accepted(sender: Sender, recipient: Address) -> str:
    if sender is None:
        return f"the null sender has no domain, and its tenant does not accept {recipient.domain}"
    return f"neither the sender's domain {sender.domain} nor {recipient.domain} is accepted by its tenant"


def _not_theirs(entry: _Entry, basis: str, sender: Sender, recipient: Address) -> str:
    """Why a message of another tenant is not this one's too; empty where a closer certificate alone decided."""
    if entry.by_certificate and basis == "certificate":
        return ""
    if basis == "recipient-domain":
        return f"{_nothing_accepted(sender, recipient)}; "
    if sender is None:
        return "the null sender has no domain; "
    if not entry.connector.tenant.domains.accepts(sender.domain):
        return f"its tenant does not accept the sender's domain {sender.domain}; "
    return ""

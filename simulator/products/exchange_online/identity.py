"""What a client proves about itself, and which inbound connectors know it by that: certificate or address.

A certificate counts if the session has TLS, its chain leads to a trusted authority with all intermediates sent, it is in
date and fit for client authentication. Otherwise it is as if none had been shown: no refusal, only no match (learn: Fix
NDR 550 5.7.64 TenantAttribution). Common name and alternative names count alike.

A certificate identifies by two tests that both must hold (learn: Office 365 Message Attribution; Fix 550 5.7.64 ATTR36):

    (i)  one of its names matches the connector's TlsSenderCertificateName
    (ii) TlsSenderCertificateName itself is an accepted domain of the connector's tenant; `*.d` also by d or a subdomain of d

The address is that of the TCP peer, never one from a Received field.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from simulator.mail.address import covers
from simulator.mail.session import Session
from simulator.policy.rules import rule
from simulator.policy.tls import Verdict, chain_verdict
from simulator.products.exchange_online.domains import AcceptedDomains
from simulator.products.exchange_online.forest import Inbound
from simulator.source import Source
from simulator.value import value

__all__ = [
    "BY_ADDRESS",
    "BY_CERTIFICATE",
    "Client",
    "Proof",
    "certificate_proof",
    "name_is_accepted",
    "proof",
    "shows_accepted_name",
]

_TEST = "tests/products/exchange_online/test_identity.py"
BY_CERTIFICATE = rule(
    "EXO-ID-1", "A certificate identifies by a good chain and a name that matches TlsSenderCertificateName",
    fidelity="documented", source="CMD New-InboundConnector; learn: Fix NDR 550 5.7.64", test=_TEST,
)  # fmt: skip
BY_ADDRESS = rule(
    "EXO-ID-2", "An OnPremises connector is identified by the TCP peer's address in SenderIPAddresses",
    fidelity="documented", source="learn: Set up connectors to route mail", test=_TEST,
)  # fmt: skip

_FLAWED = {"expired": "certificate-expired", "not-yet-valid": "certificate-expired"}


@value
class Client:
    """What is known of the client: its address, and its certificate with the verdict on it."""

    peer: str
    tls: bool
    chain: Verdict
    names: tuple[str, ...]  # of a good certificate; empty without one
    shown: tuple[str, ...]  # of whatever was shown

    @classmethod
    def of(cls, session: Session, now: datetime) -> Client:
        shown = session.tls.certificate if session.tls else None
        chain = chain_verdict(shown, now, purpose="client")
        names = shown.all_names if shown else ()
        return cls(session.peer, session.tls is not None, chain, names if chain.ok else (), names)


@value
class Proof:
    """Whether a connector knows the client: by what (`certificate`, `address` or nothing), and why not.

    `prefix` is that of the network which lists the client, 0 where none does, also beside a certificate.
    """

    by: str
    reason: str
    says: str
    at: Source
    prefix: int = 0

    @property
    def known(self) -> bool:
        return bool(self.by)


def proof(connector: Inbound, client: Client) -> Proof:
    """By certificate, else by address."""
    by_name = certificate_proof(connector, client)
    by_address = _by_address(connector, client)
    if by_name and by_name.known:
        return replace(by_name, prefix=by_address.prefix if by_address else 0)
    if by_address is None and by_name is not None:
        return by_name
    if by_address is None:
        says = "it names neither TlsSenderCertificateName nor SenderIPAddresses"
        return Proof("", "identifies-nobody", says, connector.settings.place)
    if by_address.known or by_name is None:
        return by_address
    return Proof("", by_name.reason, f"{by_name.says}; {by_address.says}", by_name.at)


def certificate_proof(connector: Inbound, client: Client) -> Proof | None:
    """Whether the client's certificate is the one that a connector asks for; None where it asks for none."""
    wanted = connector.settings.TlsSenderCertificateName
    if not wanted:
        return None
    at = connector.settings.at("TlsSenderCertificateName")
    if not client.tls:
        return Proof("", "no-tls", f"no TLS, so no certificate was shown; {wanted} is asked for", at)
    if not client.shown:
        return Proof("", "no-certificate", f"no certificate was shown; {wanted} is asked for", at)
    if not client.chain.ok:
        slug = _FLAWED.get(client.chain.reason, "certificate-untrusted")
        return Proof("", slug, f"the certificate is not good: {client.chain.says}", at)
    one_label = connector.tenant.settings.knobs.cert_wildcard == "one-label"
    match = next((name for name in client.names if _names_match(wanted, name, one_label=one_label)), None)
    if match is None:
        says = f"certificate name {', '.join(client.names)} does not match TlsSenderCertificateName {wanted}"
        return Proof("", "certificate-name", says, at)
    return Proof("certificate", "matched", f"certificate name {match} matches TlsSenderCertificateName {wanted}", at)


def _names_match(wanted: str, name: str, *, one_label: bool) -> bool:
    if one_label and wanted.startswith("*."):
        return name == wanted or name.partition(".")[2] == wanted[2:]
    # inferred: a wildcard certificate `*.d` stands for an exact name below d.
    return covers(wanted, name) or (name.startswith("*.") and wanted.partition(".")[2] == name[2:])


def _by_address(connector: Inbound, client: Client) -> Proof | None:
    listed = connector.settings.SenderIPAddresses
    if not listed:
        return None
    at = connector.settings.at("SenderIPAddresses")
    entry = next((e for e in sorted(listed, key=lambda e: -e.network.prefixlen) if client.peer in e), None)
    if entry is None:
        says = f"{client.peer} is not in SenderIPAddresses [{', '.join(map(str, listed))}]"
        return Proof("", "address-not-listed", says, at)
    return Proof("address", "matched", f"{client.peer} is in SenderIPAddresses ({entry})", at, entry.network.prefixlen)


def name_is_accepted(wanted: str, domains: AcceptedDomains) -> bool:
    """Test (ii): whether TlsSenderCertificateName is an accepted domain."""
    if not wanted.startswith("*."):
        return domains.accepts(wanted, subdomains=False)
    return any(covers(wanted, domain) for domain in domains.entries)


def shows_accepted_name(client: Client, domains: AcceptedDomains) -> bool:
    """Whether a good certificate is of a host in an accepted domain, whatever connectors say (learn: Updated requirements
    for SMTP relay: "the certificate domain on the SMTP connection"). Asked only with knob certificate_identity_relays."""
    bare = [name.removeprefix("*.") for name in client.names]
    return any(domains.accepts(n) or domains.accepts(n.partition(".")[2]) for n in bare)

"""Which certificate the server shows, as a client by its Send connector and to clients by its Receive connector.

    TlsCertificateName   the one of `certs` with that issuer and subject; none where there is no such certificate
    else                 one that has the connector's Fqdn (left out: the server's) among its names, exactly or by wildcard
    else                 the first one (knob no_certificate_match)

(CMD New-SendConnector TlsCertificateName; learn: Selection of outbound anonymous TLS certificates)
"""

from __future__ import annotations

from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.exchange_server.knobs import Knobs
from simulator.products.exchange_server.notation import CertificateName
from simulator.source import Source
from simulator.topology import CertificateSpec, Server

__all__ = ["shown_certificate"]

_TEST = "tests/products/exchange_server/test_certificates.py"
NAMED = rule(
    "EXS-TLS-2", "TlsCertificateName picks the certificate by issuer and subject", fidelity="documented",
    source="CMD New-SendConnector TlsCertificateName", test=_TEST,
)  # fmt: skip
BY_FQDN = rule(
    "EXS-TLS-3", "Without TlsCertificateName the certificate is shown that has the connector's Fqdn", fidelity="documented",
    source="learn: Selection of outbound anonymous TLS certificates; what happens without one is inferred", test=_TEST,
)  # fmt: skip


def shown_certificate(
    server: Server, wanted: CertificateName | None, fqdn: str, knobs: Knobs, at: Source
) -> tuple[CertificateSpec | None, Step]:
    """The certificate, and how it was found among the server's."""
    have = server.certificates or ((server.certificate,) if server.certificate else ())
    if wanted is not None:
        chosen = next((c for c in have if wanted.fits(c.subject, c.issuer)), None)
        candidates = tuple(_by_name(c, wanted, c is chosen) for c in have)
        says = f"{wanted} is shown" if chosen else f"{server.name} has no certificate {wanted}, so none is shown"
        return chosen, Step("CERT", NAMED, "named" if chosen else "not-found", says, candidates, at)
    name = fqdn or server.fqdn
    exact = next((c for c in have if name in _names(c)), None)
    chosen = exact or next((c for c in have if f"*.{name.partition('.')[2]}" in _names(c)), None)
    outcome = "fqdn" if chosen else "none"
    if chosen is None and have and knobs.no_certificate_match == "first":
        chosen, outcome = server.certificate, "first"
    says = f"CN={chosen.subject} is shown" if chosen else f"no certificate is for {name}, so none is shown"
    candidates = tuple(
        Candidate(
            c.subject,
            c is chosen,
            outcome if c is chosen else "other-name",
            f"its names are {', '.join(_names(c))}",
            c.at,
        )
        for c in have
    )
    return chosen, Step("CERT", BY_FQDN, outcome, says, candidates, at)


def _names(spec: CertificateSpec) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in (spec.subject, *spec.names)))


def _by_name(spec: CertificateSpec, wanted: CertificateName, chosen: bool) -> Candidate:
    says = f"<I>CN={spec.issuer}<S>CN={spec.subject}"
    return Candidate(
        spec.subject,
        chosen,
        "named" if chosen else "other-name",
        f"{says} is {'' if chosen else 'not '}{wanted}",
        spec.at,
    )

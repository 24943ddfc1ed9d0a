"""Certificates and addresses: what identifies a client."""

from __future__ import annotations

import pytest

from simulator.products.exchange_online.domains import AcceptedDomains
from simulator.products.exchange_online.identity import Client, name_is_accepted, shows_accepted_name
from simulator.topology import CertificateSpec
from tests.products.exchange_online.builders import NOW, ask, contoso, inbound, session, settings


def domains(*names: str) -> AcceptedDomains:
    return AcceptedDomains(settings(AcceptedDomains=dict.fromkeys(names, "Authoritative")).AcceptedDomains)


@pytest.mark.parametrize(
    ("wanted", "accepted", "counts"),
    [
        ("*.contoso.com", "contoso.com", True),
        ("*.contoso.com", "jpn.contoso.com", True),
        ("*.sub.contoso.com", "contoso.com", False),
        ("mail.contoso.com", "contoso.com", False),
        ("mail.contoso.com", "mail.contoso.com", True),
        ("*.contoso.com", "notcontoso.com", False),
    ],
)
def test_a_certificate_name_counts_if_it_is_an_accepted_domain(wanted: str, accepted: str, counts: bool) -> None:
    assert counts == name_is_accepted(wanted, domains(accepted))


@pytest.mark.parametrize(
    ("wanted", "shown", "any_label", "one_label"),
    [
        ("*.contoso.com", "mail.contoso.com", True, True),
        ("*.contoso.com", "a.b.contoso.com", True, False),
        ("*.contoso.com", "contoso.com", True, False),
        ("*.contoso.com", "*.contoso.com", True, True),
        ("*.contoso.com", "MAIL.Contoso.com", True, True),
        ("*.contoso.com", "mail.notcontoso.com", False, False),
        ("sm.contoso.com", "sm.contoso.com", True, True),
        ("sm.contoso.com", "*.contoso.com", True, True),
        ("sm.contoso.com", "contoso.com", False, False),
    ],
)
def test_how_names_match_is_a_knob(wanted: str, shown: str, any_label: bool, one_label: bool) -> None:
    for knob, expected in (("any", any_label), ("one-label", one_label)):
        host = contoso(InboundConnectors=inbound(TlsSenderCertificateName=wanted), knobs={"cert_wildcard": knob})
        assert expected == ask(host, "<>", "x@gmail.test", session(cert=shown)).ok


def test_alternative_names_count_like_the_common_name() -> None:
    host = contoso(InboundConnectors=inbound(TlsSenderCertificateName="*.contoso.com"))
    cert = CertificateSpec("gate.other.test", ("gate.other.test", "mail.contoso.com"))

    assert ask(host, "<>", "x@gmail.test", session(cert=cert)).ok


@pytest.mark.parametrize(
    ("cert", "expected"),
    [("mail.contoso.com", True), ("*.contoso.com", True), ("contoso.com", True), ("a.b.contoso.com", False)],
)
def test_a_host_of_an_accepted_domain_has_the_domain_as_parent(cert: str, expected: bool) -> None:
    assert expected == shows_accepted_name(Client.of(session(cert=cert), NOW), domains("contoso.com"))


def test_a_bad_certificate_shows_no_name() -> None:
    bad = CertificateSpec("mail.contoso.com", defect="expired")

    assert not shows_accepted_name(Client.of(session(cert=bad), NOW), domains("contoso.com"))

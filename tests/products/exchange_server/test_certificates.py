from __future__ import annotations

import pytest

from simulator.products.exchange_server.certificates import shown_certificate
from simulator.products.exchange_server.knobs import Knobs
from simulator.products.exchange_server.notation import certificate_name
from simulator.source import NOWHERE, Node, ProblemList
from simulator.topology import CertificateSpec, Server

_INSIDE = CertificateSpec("mbx01.contoso.internal", issuer="contoso-ca")
_OUTSIDE = CertificateSpec("mail.contoso.com", ("mail.contoso.com", "autodiscover.contoso.com"))
_WILD = CertificateSpec("*.contoso.com")


def _shown(wanted: str, fqdn: str, *have: CertificateSpec, **knobs: str) -> tuple[str, str]:
    """The subject of the certificate, and how it was found."""
    server = Server("onprem", "", "mbx01.contoso.internal", (), have[0] if have else None, certificates=have)
    name = certificate_name(wanted) if wanted else None
    choices = Knobs.read(Node.of(knobs), ProblemList())
    chosen, step = shown_certificate(server, name, fqdn, choices, NOWHERE)
    return chosen.subject if chosen else "", step.outcome


@pytest.mark.parametrize(
    ("wanted", "fqdn", "expected"),
    [
        ("<I>CN=lab-public-ca<S>CN=mail.contoso.com", "", ("mail.contoso.com", "named")),
        ("<I>CN=contoso-ca<S>CN=mbx01.contoso.internal", "mail.contoso.com", ("mbx01.contoso.internal", "named")),
        ("<I>CN=contoso-ca<S>CN=mail.contoso.com", "", ("", "not-found")),
        ("", "", ("mbx01.contoso.internal", "fqdn")),
        ("", "mail.contoso.com", ("mail.contoso.com", "fqdn")),
        ("", "autodiscover.contoso.com", ("mail.contoso.com", "fqdn")),
        ("", "other.contoso.com", ("*.contoso.com", "fqdn")),
        ("", "a.other.contoso.com", ("mbx01.contoso.internal", "first")),
    ],
)
def test_the_certificate_is_named_or_has_the_connectors_name(wanted: str, fqdn: str, expected: tuple[str, str]) -> None:
    assert expected == _shown(wanted, fqdn, _INSIDE, _OUTSIDE, _WILD)


def test_an_exact_name_goes_before_a_wildcard() -> None:
    assert ("mail.contoso.com", "fqdn") == _shown("", "mail.contoso.com", _WILD, _OUTSIDE)


def test_without_a_certificate_for_the_name_none_may_be_shown() -> None:
    assert ("", "none") == _shown("", "mail.contoso.com", _INSIDE, no_certificate_match="none")


def test_a_server_without_certificates_shows_none() -> None:
    assert ("", "none") == _shown("", "")


def test_a_server_with_one_certificate_that_is_not_in_a_list_shows_it() -> None:
    server = Server("onprem", "", "mail.contoso.com", (), _OUTSIDE)
    assert _OUTSIDE == shown_certificate(server, None, "", Knobs.read(Node.of({}), ProblemList()), NOWHERE)[0]

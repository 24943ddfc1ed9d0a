"""Every certificate that a lab file can describe is made, and reads as it was described."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulator.live import pki
from simulator.live.chain import facts
from simulator.live.errors import LabError
from simulator.live.pki import UNTRUSTED_AUTHORITY, Authorities, Issued
from simulator.mail.tls import Certificate
from simulator.policy.tls import PUBLIC_AUTHORITY, chain_verdict
from simulator.topology import DEFECTS, CertificateSpec

START = datetime(2026, 1, 15, 9, tzinfo=UTC)
MAIL = "mail.contoso.com"
SPECS = [
    *(CertificateSpec(MAIL, defect=defect) for defect in ("", *DEFECTS)),
    *(CertificateSpec("*.contoso.com", issuer="contoso-private-ca", defect=defect) for defect in ("", *DEFECTS)),
    CertificateSpec(MAIL, (MAIL, "*.contoso.com", "autodiscover.contoso.com")),
    CertificateSpec(MAIL, ("other.contoso.com",), valid=timedelta(days=1)),
    CertificateSpec("under_score.contoso.com"),
    CertificateSpec(f"{'long-' * 12}name.contoso.com"),
    CertificateSpec("mail.bücher.example", ("mail.contoso.com",)),
]


def _id(spec: CertificateSpec) -> str:
    return f"{spec.subject}-{spec.issuer}-{spec.defect or 'good'}"


def _sent(issued: Issued) -> list[x509.Certificate]:
    return [issued.certificate, *issued.chain]


@pytest.mark.parametrize("spec", SPECS, ids=_id)
def test_a_made_certificate_reads_as_it_was_described(spec: CertificateSpec) -> None:
    authorities = Authorities()
    assert spec.facts(START) == facts(_sent(authorities.issue(spec, START)), authorities)


@pytest.mark.parametrize("spec", SPECS, ids=_id)
def test_policy_gives_the_same_verdict_on_the_real_one(spec: CertificateSpec) -> None:
    authorities = Authorities()
    read = facts(_sent(authorities.issue(spec, START)), authorities)
    for purpose in ("server", "client"):
        expected = chain_verdict(spec.facts(START), START, purpose=purpose)
        assert expected == chain_verdict(read, START, purpose=purpose)


def test_an_independent_verifier_trusts_a_good_one() -> None:
    authorities = Authorities()
    issued = authorities.issue(CertificateSpec(MAIL), START)
    roots = verification.Store([authorities.known[PUBLIC_AUTHORITY]])
    policy = verification.PolicyBuilder().store(roots).time(START)
    policy.build_server_verifier(x509.DNSName(MAIL)).verify(issued.certificate, [])  # raises where it does not
    policy.build_client_verifier().verify(issued.certificate, [])


def test_labs_of_one_process_share_authorities_but_no_keys() -> None:
    one, other = Authorities(), Authorities()
    spec = CertificateSpec(MAIL)
    assert one.known == other.known
    assert one.issue(spec, START).certificate != other.issue(spec, START).certificate
    assert spec.facts(START) == facts(_sent(one.issue(spec, START)), other)


def test_a_server_keeps_its_certificate_while_the_lab_lives() -> None:
    authorities = Authorities()
    assert authorities.issue(CertificateSpec(MAIL), START) is authorities.issue(CertificateSpec(MAIL), START)
    assert authorities.issue(CertificateSpec(MAIL), START) != authorities.issue(CertificateSpec("x.contoso.com"), START)


def test_a_private_authority_is_known_once_it_has_issued() -> None:
    issuing, stranger = Authorities(), Authorities()
    issued = issuing.issue(CertificateSpec(MAIL, issuer="contoso-private-ca"), START)
    assert facts(_sent(issued), issuing).anchor == "contoso-private-ca"
    assert facts(_sent(issued), stranger).flaw == "unknown-issuer"
    assert facts(_sent(issued), Authorities(["contoso-private-ca"])).anchor == "contoso-private-ca"


def test_sending_the_intermediate_completes_the_chain() -> None:
    authorities = Authorities()
    issued = authorities.issue(CertificateSpec(MAIL, defect="incomplete-chain"), START)
    intermediate = pki._intermediate(f"{PUBLIC_AUTHORITY} intermediate", PUBLIC_AUTHORITY).certificate
    read = facts([issued.certificate, intermediate], authorities)
    assert (read.anchor, read.flaw) == (PUBLIC_AUTHORITY, "")
    bystander = authorities.issue(CertificateSpec("x.contoso.com"), START).certificate
    assert read == facts([issued.certificate, bystander, intermediate, intermediate], authorities)


def test_an_authority_needs_a_name_that_fits_a_certificate() -> None:
    with pytest.raises(LabError, match="an authority cannot be called"):
        Authorities().issue(CertificateSpec(MAIL, issuer="x" * 65), START)


# Certificates from outside the lab


def _made(
    subject: str = "stranger.example", *, issuer: str = "", signer: ec.EllipticCurvePrivateKey | None = None,
    key: ec.EllipticCurvePrivateKey | None = None, usage: list[x509.ObjectIdentifier] | None = None, ca: bool = False,
    issuer_name: x509.Name | None = None,
) -> x509.Certificate:  # fmt: skip
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer_name or _name(issuer or subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    return builder.sign(signer or key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def test_a_self_signed_certificate_from_outside_is_called_so() -> None:
    read = facts([_made()], Authorities())
    expected = Certificate(
        "stranger.example", (), "stranger.example", START, START + timedelta(days=30),
        frozenset({"server", "client"}), "", "self-signed",
    )  # fmt: skip
    assert expected == read


def test_an_authority_from_outside_is_unknown_even_when_its_root_is_sent() -> None:
    root = trustme.CA()
    leaf = root.create_child_ca().issue_cert("stranger.example", common_name="stranger.example")
    pems = [blob.bytes() for blob in leaf.cert_chain_pems]
    for sent in (pems[:1], pems, [*pems, root.cert_pem.bytes()]):
        read = facts([x509.load_pem_x509_certificate(pem) for pem in sent], Authorities())
        assert (read.subject, read.anchor, read.flaw) == ("stranger.example", "", "unknown-issuer")


def test_a_namesake_of_a_lab_authority_is_found_out_by_its_signature() -> None:
    authorities = Authorities()
    subject = authorities.known[PUBLIC_AUTHORITY].subject
    thief = ec.generate_private_key(ec.SECP256R1())
    forged = _made(issuer_name=subject, signer=thief)
    assert facts([forged], authorities).flaw == "bad-signature"
    assert facts([forged], authorities).issuer == PUBLIC_AUTHORITY


def test_a_holder_of_a_lab_certificate_is_no_authority() -> None:
    authorities = Authorities()
    issued = authorities.issue(CertificateSpec(MAIL), START)
    made = _made(issuer_name=issued.certificate.subject, signer=issued.key)
    assert facts([made, issued.certificate], authorities).flaw == "unknown-issuer"


@pytest.mark.parametrize("defect", ["", "self-signed"])
def test_a_tampered_certificate_has_a_bad_signature(defect: str) -> None:
    authorities = Authorities()
    der = bytearray(
        authorities.issue(CertificateSpec(MAIL, defect=defect), START).certificate.public_bytes(Encoding.DER)
    )
    der[der.rindex(MAIL.encode())] = ord("n")  # the alternative name is nail.contoso.com now
    read = facts([bytes(der)], authorities)
    assert (read.subject, read.names, read.anchor, read.flaw) == (MAIL, ("nail.contoso.com",), "", "bad-signature")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, {"server", "client"}),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], {"server", "client"}),
        ([ExtendedKeyUsageOID.SERVER_AUTH], {"server"}),
        ([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.CODE_SIGNING], {"client"}),
        ([ExtendedKeyUsageOID.CODE_SIGNING], set()),
    ],
)
def test_purposes_follow_the_extended_key_usage(usage: list[x509.ObjectIdentifier], expected: set[str]) -> None:
    assert expected == facts([_made(usage=usage)], Authorities()).purposes


@pytest.mark.parametrize("chain", [[], [b""], [b"rubbish"], [bytes(500)], [b"0\x82\x01\x00" + bytes(256)]])
def test_rubbish_is_an_unknown_issuer(chain: list[bytes]) -> None:
    assert facts(chain, Authorities()).flaw == "unknown-issuer"


def test_rubbish_behind_a_good_leaf_does_no_harm() -> None:
    authorities = Authorities()
    leaf = authorities.issue(CertificateSpec(MAIL), START).certificate.public_bytes(Encoding.DER)
    assert CertificateSpec(MAIL).facts(START) == facts([leaf, b"rubbish"], authorities)


def test_a_chain_that_goes_in_circles_is_left() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    circle = [
        _made(f"ca {n % 2}", issuer=f"ca {1 - n % 2}", key=keys[n % 2], signer=keys[1 - n % 2], ca=True)
        for n in range(40)
    ]
    leaf = _made(issuer="ca 0", signer=keys[0])
    assert facts([leaf, *circle], Authorities()).flaw == "unknown-issuer"


def test_a_subject_without_common_name_goes_by_its_first_dns_name() -> None:
    issued = trustme.CA().issue_cert("nameless.example")
    read = facts([x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())], Authorities())
    assert read.names == ("nameless.example",)
    assert facts([_made("")], Authorities()).subject == ""


# Files


def test_written_certificates_say_what_they_are_worth_and_keep_their_keys_private(tmp_path: Path) -> None:
    authorities = Authorities(["contoso-private-ca"])
    issued = authorities.issue(CertificateSpec(MAIL), START)
    for _ in range(2):  # over old files too
        written = authorities.write(tmp_path / "certs", {"on prem/1": issued})
    assert written == sorted(set(written), key=written.index)
    assert {path.name for path in written} == {
        "worthless-lab-public-ca.crt.pem",
        "worthless-lab-untrusted-ca.crt.pem",
        "worthless-contoso-private-ca.crt.pem",
        "worthless-on-prem-1.chain.pem",
        "worthless-on-prem-1.key.pem",
    }
    chain, key = (tmp_path / "certs" / f"worthless-on-prem-1.{part}.pem" for part in ("chain", "key"))
    assert oct(key.stat().st_mode & 0o777) == oct(0o600)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    assert "worthless" in issued.certificate.subject.rfc4514_string()
    assert "worthless" in authorities.known[UNTRUSTED_AUTHORITY].subject.rfc4514_string()


def test_intermediates_are_written_behind_the_leaf() -> None:
    issued = Authorities().issue(CertificateSpec(MAIL), START)
    root = pki._root(PUBLIC_AUTHORITY).certificate
    assert [issued.certificate, root] == x509.load_pem_x509_certificates(replace(issued, chain=(root,)).chain_pem)

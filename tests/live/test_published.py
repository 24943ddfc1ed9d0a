"""TLSA records of a lab's own certificates: real on the wire, by their holder's name everywhere else."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator.live.lab import LiveLab
from simulator.live.pki import Authorities
from simulator.live.published import Published
from simulator.mail.tls import TlsFacts
from simulator.plan.walk import PlanEngine
from simulator.policy.tls import Demand, Lookups
from simulator.topology import DEFECTS, CertificateSpec, Lab
from simulator.transport import submit
from simulator.world import World
from simulator.zone import Answer, Question, Zone
from tests.live.loops import in_loop
from tests.live.tinyhost import START, TinyHost, a_lab, a_world, an_errand, certificate, target

OWNER = "_25._tcp.mx.west.test"
HEX = "00" * 32


def lab(*records: str, west: CertificateSpec | None = None, signature: str = "signed") -> Lab:
    """East, which looks, and west, with these TLSA records."""
    east = TinyHost("east", "east.test", "mx.east.test", tls=Demand(lookups=Lookups()))
    made = a_lab(east, TinyHost("west", "west.test", "mx.west.test"), certificates={"west": west} if west else {})
    zone = Zone({**made.zone.records, (OWNER, "TLSA"): records}, {}, {"west.test": signature})
    return replace(made, zone=zone)


GOOD = certificate("mx.west.test")


def test_the_wire_has_the_digest_of_the_real_certificate() -> None:
    authorities = Authorities()
    real = authorities.issue(GOOD, START).certificate
    key = real.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    whole = real.public_bytes(Encoding.DER)
    served = Published(lab("3 1 1 cert:west", "3 0 2 cert:west", "3 0 0 cert:west", west=GOOD), authorities, START).zone
    expected = (
        f"3 1 1 {hashlib.sha256(key).hexdigest()}",
        f"3 0 2 {hashlib.sha512(whole).hexdigest()}",
        f"3 0 0 {whole.hex()}",
    )
    assert expected == served.lookup(OWNER, "TLSA").records
    assert "signed" == served.signature(OWNER)


def test_an_answer_comes_back_under_the_holders_name() -> None:
    published = Published(lab("3 1 1 cert:west", f"3 1 1 {HEX}", west=GOOD), Authorities(), START)
    answer = published.named(published.zone.lookup(OWNER, "TLSA"))
    assert ("3 1 1 cert:west", f"3 1 1 {HEX}") == answer.records


def test_a_lab_that_names_no_holder_is_served_as_it_is() -> None:
    plain = lab(f"3 1 1 {HEX}", west=GOOD)
    published = Published(plain, Authorities(), START)
    answer, tls = Answer("ok", ("x",)), TlsFacts("TLSv1.3")
    assert published.zone is plain.zone
    assert (answer, tls) == (published.named(answer), published.known(tls))


def test_a_holder_without_a_certificate_has_a_record_that_nothing_fits() -> None:
    published = Published(lab("3 1 1 cert:west"), Authorities(), START)
    (record,) = published.zone.lookup(OWNER, "TLSA").records
    assert len(HEX) == len(record.split()[3])
    assert ("3 1 1 cert:west",) == published.named(Answer("ok", (record,))).records


FLOWS: list[tuple[str, Lab, str]] = [
    *((f"a record of the certificate, which is {defect or 'good'}", lab("3 1 1 cert:west", west=certificate("mx.west.test", defect)), "")
      for defect in ("", *DEFECTS)),
    *((f"a record of the authority, and a certificate that is {defect or 'good'}",
       lab("2 0 1 cert:lab-public-ca", west=certificate("mx.west.test", defect)), reason)
      for defect, reason in (("", ""), ("expired", "dane-expired"), ("wrong-name", "dane-name-mismatch"), ("untrusted", "tlsa-mismatch"),
                             ("self-signed", "tlsa-mismatch"), ("incomplete-chain", "tlsa-mismatch"))),
    ("a record of another certificate", lab(f"3 1 1 {HEX}", west=GOOD), "tlsa-mismatch"),
    ("a record of the sender's certificate", lab("3 1 1 cert:east", west=GOOD), "tlsa-mismatch"),
    ("one of several", lab(f"3 1 1 {HEX}", "3 1 2 cert:west", west=GOOD), ""),
    ("no TLS", lab("3 1 1 cert:west"), "dane-no-tls"),
    ("a zone that is not signed", lab(f"3 1 1 {HEX}", west=GOOD, signature="unsigned"), ""),
    ("a private authority", lab("2 1 1 cert:west-ca", west=replace(GOOD, issuer="west-ca")), ""),
    ("a private authority that nobody has", lab("2 1 1 cert:no-ca", west=GOOD), "tlsa-mismatch"),
]  # fmt: skip


def verdicts(world: World) -> list[str]:
    return [e["verdict"] for e in world.log.of("attempt")]


@pytest.mark.parametrize(("claim", "made", "reason"), FLOWS, ids=[claim for claim, _, _ in FLOWS])
@in_loop
async def test_real_digests_and_names_come_to_the_same(claim: str, made: Lab, reason: str) -> None:
    journey: dict[str, Any] = {"person": "Ann", "server": "east"}
    planned = a_world(made)
    engine = PlanEngine(planned, START)
    engine.submit(submit(planned, an_errand(planned), target(made, "east"), **journey))
    engine.run(first_attempts_only=True)
    played = a_world(made)
    async with LiveLab(made, start=START) as live:
        await live.begin(played)
        await live.submit(submit(played, an_errand(played), target(made, "east"), **journey))
        await live.run(first_attempts_only=True)
    assert planned.log.outline() == played.log.outline()
    assert reason == verdicts(played)[0]


@in_loop
async def test_a_changed_certificate_is_published_with_the_lab() -> None:
    async with LiveLab(lab("3 1 1 cert:west", west=GOOD), start=START) as live:
        before = await live.nameserver.ask(Question(OWNER, "TLSA"))
        await live.relab(lab("3 1 1 cert:west", west=certificate("mx.west.test", "expired")))
        after = await live.nameserver.ask(Question(OWNER, "TLSA"))
    assert before.authenticated
    assert after.authenticated
    assert before.records != after.records

"""People whom a tenant does not know, and keys that nobody finds."""

from __future__ import annotations

from simulator.keyring import KEYRING
from simulator.policy.dkim.verifying import verify
from tests.check.ground import a_ground, found, ids, played, sentence

FORGOTTEN = "servers: {m365: {Recipients: {john@contoso.com: remove}}}"
SIGNING = "servers: {m365: {DkimSigningConfig: {contoso.com: {Enabled: true}}}}"
CNAME = "\ndns: {selector1._domainkey.contoso.com: {CNAME: selector1-contoso-com._domainkey.contoso.onmicrosoft.com}}"


def dkim(patch: str) -> str:
    """What a receiver finds of the signature on Bob's mail."""
    ground = a_ground(patch)
    (delivery,) = played(ground, "Bob", "Sun").deliveries
    (signature,) = ground.answering(verify(delivery.message, KEYRING, ground.start))
    return signature.result


def test_a_forgotten_mail_user_is_refused_inside_and_outside() -> None:
    ground = a_ground(FORGOTTEN)
    told = found(ground, "MF014")
    assert ("error", "lab.yaml", 11) == (told.level, told.at.file, told.at.line)
    assert "john@contoso.com" in told.says
    assert "5.1.10" in sentence(ground, "Bob", "John")
    assert "REJECTED 550 5.4.1" in sentence(ground, "Sun", "John")


def test_a_mail_user_makes_him_known() -> None:
    ground = a_ground()
    assert "MF014" not in ids(ground)
    assert sentence(ground, "Bob", "John").endswith("-> John")


def test_an_internal_relay_domain_sends_on_whom_it_does_not_know() -> None:
    ground = a_ground(
        "servers: {m365: {AcceptedDomains: {contoso.com: InternalRelay}, Recipients: {john@contoso.com: remove}}}"
    )
    assert "MF014" not in ids(ground)
    assert sentence(ground, "Bob", "John").endswith("-> John")


def test_a_signature_whose_selector_is_not_published_cannot_be_verified() -> None:
    ground = a_ground(SIGNING)
    told = found(ground, "MF045")
    assert "warning" == told.level
    assert "selector1._domainkey.contoso.com CNAME selector1-contoso-com._domainkey.contoso.onmicrosoft.com" in told.fix
    assert "pass" != dkim(SIGNING)


def test_a_signature_with_its_cname_verifies() -> None:
    assert "MF045" not in ids(a_ground(SIGNING + CNAME))
    assert "pass" == dkim(SIGNING + CNAME)


STRICT = 'dns: {_dmarc.contoso.com: {TXT: ["v=DMARC1; p=%s"]}}'


def test_a_strict_policy_without_a_signature_is_told_at_the_record() -> None:
    ground = a_ground(STRICT % "reject")
    told = found(ground, "MF082")
    assert ("warning", "patch.yaml") == (told.level, told.at.file)
    done = ground.mail(ground.lab.people["Bob"], ground.lab.people["Sun"].address)
    assert done is not None
    signed = {e["domain"] for e in done.log.of("signed")} if done.log.of("signed") else set()
    assert "contoso.com" not in signed


def test_a_policy_that_asks_for_nothing_and_a_signed_domain_are_fine() -> None:
    assert "MF082" not in ids(a_ground(STRICT % "none"))
    signing = STRICT % "reject" + "\nservers: {m365: {DkimSigningConfig: {contoso.com: {Enabled: true}}}}"
    assert "MF082" not in ids(a_ground(signing))

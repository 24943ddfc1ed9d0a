"""Debian's Postfix takes part in a lab: as John's server, as the smart host behind the tenant, as the internet host.

The same flows with the simulated host and with Postfix in its place must give the same sentences.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.live.addresses import best_plan
from simulator.live.pki import Authorities
from simulator.mail.path import print_path
from simulator.runner import BEGIN, Options, Runner, RunResult
from simulator.scenario.scenario import load_scenario
from simulator.topology import CertificateSpec
from tests.peers.postfix import free_port, postfix

pytestmark = pytest.mark.skipif(best_plan() == "single", reason="Postfix is known by its loopback address")

M365, OWN, WORLD = "127.92.10.1", "127.0.113.25", "127.51.100.7"

LAB = """\
mailflow: 1
name: postfix
people:
  Bob:  bob@contoso.com at m365
  John: john@contoso.com at onprem
  Sun:  sun@customer.example at internet
servers:
  m365:
    is: exchange-online
    fqdn: contoso-com.mail.protection.outlook.com
    ip: 40.92.10.1
    ports: {25: M365PORT}
    AcceptedDomains: {contoso.com: InternalRelay, contoso.onmicrosoft.com: Authoritative}
    OutboundConnectors:
      O365 to own servers: {ConnectorType: OnPremises, AllAcceptedDomains: true, UseMXRecord: false, SmartHosts: [mail.contoso.com]}
    InboundConnectors:
      own servers to O365: {ConnectorType: OnPremises, SenderDomains: ["*"], RequireTls: true, KNOWN}
  onprem: ONPREM
  internet: INTERNET
dns:
  contoso.com: {MX: [0 contoso-com.mail.protection.outlook.com], TXT: ["v=spf1 ip4:203.0.113.25 include:spf.protection.outlook.com -all"]}
  customer.example: {MX: [10 mx.customer.example], TXT: ["v=spf1 ip4:198.51.100.7 -all"]}
"""
SMARTERMAIL = """\
{is: smartermail, fqdn: mail.contoso.com, ip: 203.0.113.25, cert: {subject: mail.contoso.com},
    Domains: {contoso.com: {Inbound Message Delivery: External (use MX record), Deliver locally if user exists: true}},
    Outbound Gateway: contoso-com.mail.protection.outlook.com}"""
INTERNET = "{is: internet, fqdn: mx.customer.example, ip: 198.51.100.7, ports: {25: WORLDPORT}, cert: {subject: mx.customer.example}}"
BY_ADDRESS = "SenderIPAddresses: [203.0.113.25]"
BY_CERTIFICATE = 'TlsSenderCertificateName: "*.contoso.com"'

FLOWS = {
    "John to Bob": "John -> onprem -[own servers to O365]-> m365 -> Bob",
    "John to Sun": "John -> onprem -[own servers to O365]-> m365 -[none]-> internet -> Sun",
    "Bob to John": "Bob -> m365 -[O365 to own servers]-> onprem -> John",
    "Sun to John": "Sun -> internet -[none]-> m365 -[O365 to own servers]-> onprem -> John",
    "Bob to Sun": "Bob -> m365 -[none]-> internet -> Sun",
}


def played(lab: str, flows: dict[str, str], more: str = "") -> RunResult:
    text = "scenario: postfix\nlab: lab.yaml\nflows:\n" + "".join(
        f"  {k}:\n    path: {v}\n{more}" for k, v in flows.items()
    )
    scenario = load_scenario({"lab.yaml": lab, "test.yaml": text}.__getitem__, "test.yaml")
    return Runner(Options(engine="live")).run([scenario])


def sentences(result: RunResult) -> dict[str, list[str]]:
    return {f.flow.name: [print_path(p) for p in f.played.paths] for f in result.flows()}


def failures(result: RunResult) -> list[object]:
    return [(f.flow.name, d.key, d.expected, d.got) for f in result.flows() for d in f.differences]


class Places:
    """The ports of one test, and the lab with them."""

    def __init__(self) -> None:
        self.m365, self.own, self.world = free_port(M365), free_port(OWN), free_port(WORLD)

    def lab(self, *, onprem: str = SMARTERMAIL, internet: str = INTERNET, known: str = BY_ADDRESS) -> str:
        text = LAB.replace("ONPREM", onprem).replace("INTERNET", internet).replace("KNOWN", known)
        return text.replace("M365PORT", str(self.m365)).replace("WORLDPORT", str(self.world))

    @property
    def own_server(self) -> str:
        return f"{{is: external, fqdn: mail.contoso.com, ip: 203.0.113.25, address: '{OWN}:{self.own}'}}"

    @property
    def rest_of_the_world(self) -> str:
        return f"{{is: external, fqdn: mx.customer.example, ip: 198.51.100.7, address: '{WORLD}:{self.world}'}}"

    @contextmanager
    def johns(self, **settings: str) -> Iterator[Path]:
        """Postfix in the place of John's server: his mailbox, and the tenant for everything else."""
        tenant = f"[{M365}]:{self.m365}"
        with postfix(
            OWN, self.own, myhostname="mail.contoso.com", relayhost=tenant, relay_domains="contoso.com",
            transport_maps=f"inline:{{{{john@contoso.com=virtual:}}, {{contoso.com=smtp:{tenant}}}}}",
            virtual_mailbox_maps="inline:{{john@contoso.com=john/}}", **settings,
        ) as folder:  # fmt: skip
            yield folder


def certified(folder: Path, subject: str, defect: str = "") -> dict[str, str]:
    """Settings of main.cf for a certificate of the lab's public authority."""
    authorities = Authorities()
    authorities.write(folder, {subject: authorities.issue(CertificateSpec(subject, defect=defect), BEGIN)})
    chain, key = folder / f"worthless-{subject}.chain.pem", folder / f"worthless-{subject}.key.pem"
    return {
        "smtp_tls_cert_file": str(chain), "smtp_tls_key_file": str(key), "smtpd_tls_cert_file": str(chain),
        "smtpd_tls_key_file": str(key), "smtpd_tls_security_level": "may",
    }  # fmt: skip


def test_johns_server_relays_by_its_address() -> None:
    places = Places()
    simulated = played(places.lab(), FLOWS)
    with places.johns() as folder:
        real = played(places.lab(onprem=places.own_server), FLOWS)
        log = (folder / "log").read_text()
    assert [] == failures(simulated)
    assert [] == failures(real), log
    assert sentences(simulated) == sentences(real)


def test_johns_server_relays_by_its_certificate(tmp_path: Path) -> None:
    places = Places()
    simulated = played(places.lab(known=BY_CERTIFICATE), FLOWS)
    with places.johns(**certified(tmp_path, "mail.contoso.com")) as folder:
        real = played(places.lab(onprem=places.own_server, known=BY_CERTIFICATE), FLOWS)
        log = (folder / "log").read_text()
    assert [] == failures(simulated)
    assert [] == failures(real), log
    assert sentences(simulated) == sentences(real)


def test_johns_server_is_refused_with_another_certificate(tmp_path: Path) -> None:
    places = Places()
    refused = {"John to Sun": "John -> onprem -[none]-> m365 -> REJECTED 550 5.7.64"}
    with places.johns(**certified(tmp_path, "mail.fabrikam.com")) as folder:
        real = played(places.lab(onprem=places.own_server, known=BY_CERTIFICATE), refused)
        log = (folder / "log").read_text()
        (told,) = waited_for(folder / "mail" / "john" / "new", 1)
    assert [] == failures(real), log
    # Postfix tells John by itself: it has his mailbox, and the lab does not see that.
    assert "550 5.7.64 TenantAttribution; Relay Access Denied" in " ".join(told.split())


def waited_for(folder: Path, count: int) -> list[str]:
    """The messages that turn up in a mailbox, within some seconds of Postfix's own time."""
    found: list[Path] = []
    for _ in range(200):
        found = list(folder.iterdir()) if folder.exists() else []
        if len(found) >= count:
            break
        threading.Event().wait(0.05)  # Postfix has no event to wait for
    return [path.read_text() for path in found]


_TAKEN = "Bob -> m365 -[O365 to own servers]-> onprem -> John"
_WAITS = "Bob -> m365 -[O365 to own servers]-> DEFERRED 450 4.4.317"


@pytest.mark.parametrize(
    ("asked", "subject", "defect", "expected", "grade"),
    [
        ("", "", "", _TAKEN, "none"),
        ("", "other.test", "self-signed", _TAKEN, "encrypted"),
        ("TlsSettings: EncryptionOnly", "", "", _WAITS, ""),
        ("TlsSettings: EncryptionOnly", "other.test", "self-signed", _TAKEN, "encrypted"),
        ("TlsSettings: CertificateValidation", "", "", _WAITS, ""),
        ("TlsSettings: CertificateValidation", "other.test", "self-signed", _WAITS, ""),
        ("TlsSettings: CertificateValidation", "other.test", "expired", _WAITS, ""),
        ("TlsSettings: CertificateValidation", "other.test", "", _TAKEN, "trusted"),
        ("TlsSettings: DomainValidation, TlsDomain: mail.contoso.com", "", "", _WAITS, ""),
        ("TlsSettings: DomainValidation, TlsDomain: mail.contoso.com", "mail.contoso.com", "self-signed", _WAITS, ""),
        ("TlsSettings: DomainValidation, TlsDomain: mail.contoso.com", "other.test", "", _WAITS, ""),
        ("TlsSettings: DomainValidation, TlsDomain: mail.contoso.com", "mail.contoso.com", "", _TAKEN, "verified"),
    ],
)  # fmt: skip
def test_the_tenant_delivers_to_postfix_under_each_tls_level(
    tmp_path: Path, asked: str, subject: str, defect: str, expected: str, grade: str
) -> None:
    places = Places()
    cert = (
        "none" if not subject else f"{{subject: {subject}, defect: {defect}}}" if defect else f"{{subject: {subject}}}"
    )
    flows = {"Bob to John": expected}

    def lab(onprem: str) -> str:
        return places.lab(onprem=onprem).replace(
            "SmartHosts: [mail.contoso.com]", f"SmartHosts: [mail.contoso.com], {asked}".rstrip(", ")
        )

    more = f"    tls: {{m365 -> onprem: {grade}}}\n" if grade else ""
    simulated = played(lab(SMARTERMAIL.replace("{subject: mail.contoso.com}", cert)), flows, more)
    settings = certified(tmp_path, subject, defect) if subject else {}
    with places.johns(**settings) as folder:
        real = played(lab(places.own_server), flows, more)
        log = (folder / "log").read_text()
    assert [] == failures(simulated)
    assert [] == failures(real), log
    assert sentences(simulated) == sentences(real)


def test_postfix_is_the_internet_host() -> None:
    places = Places()
    simulated = played(places.lab(), FLOWS)
    tenant = f"[{M365}]:{places.m365}"
    with postfix(
        WORLD, places.world, myhostname="mx.customer.example", relayhost=tenant,
        virtual_mailbox_domains="customer.example", virtual_mailbox_maps="inline:{{sun@customer.example=sun/}}",
    ) as folder:  # fmt: skip
        real = played(places.lab(internet=places.rest_of_the_world), FLOWS)
        log = (folder / "log").read_text()
        delivered = waited_for(folder / "mail" / "sun" / "new", 2)
    assert [] == failures(real), log
    assert sentences(simulated) == sentences(real)
    assert 2 == len(delivered), log

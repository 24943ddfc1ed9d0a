"""A lab file becomes people, servers, hosts, DNS and certificates; and what is said when it cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from simulator.mail.address import Address
from simulator.products.registry import PRODUCTS, Product
from simulator.scenario import lab as lab_module
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.source import Node, ProblemList
from simulator.topology import CertificateSpec, Lab
from tests.scenario.labs import CONTOSO, TWO_TENANTS, lab_errors, lab_of, told, tree_of


def changed(old: str, new: str) -> str:
    assert old in CONTOSO
    return CONTOSO.replace(old, new)


def onprem_cert(cert: str) -> CertificateSpec | None:
    text = changed("cert: {subject: mail.contoso.com, issuer: lab-public-ca, valid: 60d}", cert)
    return lab_of(text).servers["onprem"].certificate


def records(lab: Lab, name: str, kind: str) -> tuple[str, ...]:
    return lab.zone.lookup(name, kind).records


# What a lab has


def test_people_have_their_mailbox_at_a_server() -> None:
    lab = lab_of()
    assert ["Bob", "John", "Sun"] == list(lab.people)
    assert ((Address.parse("bob@contoso.com"), "m365"),) == lab.people["Bob"].mailboxes


def test_a_person_may_have_several_mailboxes_and_sends_from_the_first() -> None:
    lab = lab_of(changed("bob@contoso.com at m365", "[bob@contoso.com at m365, bob@contoso.com at onprem]"))
    assert ["m365", "onprem"] == [server for _, server in lab.people["Bob"].mailboxes]
    assert "m365" == lab.people["Bob"].server


def test_servers_are_named_as_written_and_found_without_regard_to_case() -> None:
    lab = lab_of(changed("bob@contoso.com at m365", "bob@contoso.com at M365"))
    assert "m365" == lab.people["Bob"].server


def test_every_server_has_a_host() -> None:
    lab = lab_of()
    assert ["m365", "onprem", "internet"] == list(lab.hosts)
    assert ["m365", "onprem", "internet"] == [host.name for host in lab.hosts.values()]


def test_a_lab_is_called_by_its_name_or_its_file() -> None:
    assert "contoso-hybrid" == lab_of().name
    assert "lab" == lab_of(changed("name: contoso-hybrid\n", "")).name


def test_addresses_may_be_ipv6_and_are_kept_in_one_spelling() -> None:
    lab = lab_of(changed("ip: 203.0.113.25", 'ip: ["2001:DB8:0::25", 203.0.113.25]'))
    assert ("2001:db8::25", "203.0.113.25") == lab.servers["onprem"].addresses
    assert ("2001:db8::25",) == records(lab, "mail.contoso.com", "AAAA")
    assert ("203.0.113.25",) == records(lab, "mail.contoso.com", "A")


def test_hosts_share_connections_unless_the_lab_says_otherwise() -> None:
    said = {word: lab_of(changed("people:", f"{word}\npeople:")).reuses_connections for word in _REUSE}
    assert _REUSE == said


_REUSE = {"": True, "reuse connections: false": False, "Reuse Connections: off": False, "reuse connections: on": True}


def test_a_session_takes_the_mail_time_that_the_lab_says() -> None:
    said = {word: lab_of(changed("people:", f"{word}\npeople:")).hop_latency for word in ("", "hop latency: 2s")}
    assert {"": timedelta(seconds=0.1), "hop latency: 2s": timedelta(seconds=2)} == said


def test_a_latency_that_is_none_is_told() -> None:
    problems = ProblemList()
    assert (
        build_lab(read_yaml(changed("people:", "hop latency: soon\npeople:"), "lab.yaml"), problems, file="lab.yaml")
        is None
    )
    told = problems.items[0]
    assert ("lab.yaml:3:14", "Write 0.1s or 2s.") == (str(told.at), told.fix)


def test_a_stopped_server_is_down() -> None:
    assert (
        frozenset({"onprem"}) == lab_of(changed("    is: smartermail", "    stopped: true\n    is: smartermail")).down
    )
    assert frozenset() == lab_of(changed("    is: smartermail", "    stopped: off\n    is: smartermail")).down


def test_a_lab_of_three_servers_is_built_from_plain_data_too() -> None:
    tree = Node.of(
        {
            "mailflow": 1,
            "people": {"Sun": "sun@customer.example at internet"},
            "servers": {"internet": {"is": "internet", "fqdn": "mx.customer.example", "ip": "198.51.100.7"}},
        }
    )
    lab = build_lab(tree, ProblemList(), file="made.yaml")
    assert lab is not None
    assert "made" == lab.name


# DNS


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("mail.contoso.com", "A", ("203.0.113.25",)),
        ("25.113.0.203.in-addr.arpa", "PTR", ("mail.contoso.com",)),
        ("mx.customer.example", "A", ("198.51.100.7",)),
        ("contoso-com.mail.protection.outlook.com", "A", ("40.92.10.1",)),
        ("contoso.mail.protection.outlook.com", "A", ("40.92.10.1",)),
        ("contoso.onmicrosoft.com", "MX", ("0 contoso.mail.protection.outlook.com",)),
        ("contoso.mail.onmicrosoft.com", "MX", ("0 contoso-mail-onmicrosoft-com.mail.protection.outlook.com",)),
        ("contoso-mail-onmicrosoft-com.mail.protection.outlook.com", "A", ("40.92.10.1",)),
        ("smtp.office365.com", "A", ("40.92.10.1",)),
        ("spf.protection.outlook.com", "TXT", ("v=spf1 ip4:40.92.10.1 -all",)),
        ("contoso.com", "MX", ("0 contoso-com.mail.protection.outlook.com",)),
        ("contoso.com", "TXT", ("v=spf1 ip4:203.0.113.25 include:spf.protection.outlook.com -all",)),
    ],
)
def test_dns_has_what_follows_and_what_is_written(name: str, kind: str, data: tuple[str, ...]) -> None:
    assert data == records(lab_of(), name, kind)


def test_dns_publishes_the_first_address_and_spf_lists_them_all() -> None:
    lab = lab_of(changed("ip: 40.92.10.1", 'ip: [40.92.10.1, 40.92.10.2, "2a01:111::1"]'))
    assert ("40.92.10.1",) == records(lab, "contoso-com.mail.protection.outlook.com", "A")
    assert ("v=spf1 ip4:40.92.10.1 ip4:40.92.10.2 ip6:2a01:111::1 -all",) == records(
        lab, "spf.protection.outlook.com", "TXT"
    )
    name = "mail-40-92-10-2.outbound.protection.outlook.com"
    assert (name,) == records(lab, "2.10.92.40.in-addr.arpa", "PTR")
    assert ("40.92.10.2",) == records(lab, name, "A")


def test_further_addresses_of_other_servers_point_back_to_their_fqdn() -> None:
    lab = lab_of(changed("ip: 203.0.113.25", "ip: [203.0.113.25, 203.0.113.26]"))
    assert ("mail.contoso.com",) == records(lab, "26.113.0.203.in-addr.arpa", "PTR")


def test_tenants_share_one_spf_record_and_each_has_its_mx_host() -> None:
    lab = lab_of(TWO_TENANTS)
    assert ("v=spf1 ip4:40.92.10.1 ip4:40.92.10.2 -all",) == records(lab, "spf.protection.outlook.com", "TXT")
    assert ("40.92.10.2",) == records(lab, "fabrikam-com.mail.protection.outlook.com", "A")
    assert ("40.92.10.1", "40.92.10.2") == records(lab, "smtp.office365.com", "A")


@pytest.mark.parametrize(
    ("written", "name", "kind", "data"),
    [
        ("mail.contoso.com: {A: 192.0.2.1}", "mail.contoso.com", "A", ("192.0.2.1",)),
        ("mail.contoso.com: {A: []}", "mail.contoso.com", "A", ()),
        ("mail.contoso.com: {A: null}", "mail.contoso.com", "A", ()),
        ("mail.contoso.com: {CNAME: mx.customer.example}", "mail.contoso.com", "A", ("198.51.100.7",)),
        ("spf.protection.outlook.com: {TXT: v=spf1 -all}", "spf.protection.outlook.com", "TXT", ("v=spf1 -all",)),
        ("relay.contoso.com: {A: onprem}", "relay.contoso.com", "A", ("203.0.113.25",)),
        ("Relay.Contoso.com.: {a: OnPrem}", "relay.contoso.com", "A", ("203.0.113.25",)),
        ("203.0.113.25: {PTR: Host.Isp.Example.}", "25.113.0.203.in-addr.arpa", "PTR", ("host.isp.example",)),
        ("'*.fabrikam.com': {MX: 010 mx.customer.example.}", "any.fabrikam.com", "MX", ("10 mx.customer.example",)),
        ("fabrikam.com: {MX: 0 .}", "fabrikam.com", "MX", ("0 .",)),
        ("_dmarc.fabrikam.com: {TXT: v=DMARC1; p=reject}", "_dmarc.fabrikam.com", "TXT", ("v=DMARC1; p=reject",)),
        ("""x.com: {TXT: '"v=spf1 " "-all"'}""", "x.com", "TXT", ("v=spf1 -all",)),
        ("""x.com: {TXT: 'say "hello" to'}""", "x.com", "TXT", ('say "hello" to',)),
        ("_25._tcp.x.com: {TLSA: 3 1 1 ABCD ef}", "_25._tcp.x.com", "TLSA", ("3 1 1 abcdef",)),
        ("_s._tcp.x.com: {SRV: 0 5 443 Mail.contoso.com}", "_s._tcp.x.com", "SRV", ("0 5 443 mail.contoso.com",)),
        ("x.com: {NS: ns1.x.com, AAAA: 2001:DB8::1}", "x.com", "AAAA", ("2001:db8::1",)),
    ],
)
def test_written_records_replace_what_follows(written: str, name: str, kind: str, data: tuple[str, ...]) -> None:
    assert data == records(lab_of(changed("dns:\n", f"dns:\n  {written}\n")), name, kind)


def test_an_mx_that_is_an_address_is_a_warning_and_no_target() -> None:
    problems = ProblemList()
    text = changed("MX: [10 mx.customer.example]", "MX: [10 198.51.100.7]")
    assert build_lab(tree_of(text), problems, START, file="lab.yaml") is not None
    says = "MX: 198.51.100.7 is an address; MX names a host, so senders find nothing (RFC 5321 5.1)"
    assert [says] == [p.says for p in problems.warnings]


ZONE = """\
$TTL 3600
$ORIGIN contoso.com.   ; the company
@     3600 IN MX  10 mail
      IN TXT  "v=spf1 ip4:203.0.113.25 " "-all"
www   CNAME   @
mail  1h  A  192.0.2.9
@     IN SOA ns1 hostmaster ( 1 2 3
             4 5 )
sub   MX (  20
        mx.customer.example. )
null  MX 0 .
full.contoso.com A 192.0.2.10
$ORIGIN other.example.
@ A 192.0.2.11
"""


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("contoso.com", "MX", ("10 mail.contoso.com",)),
        ("contoso.com", "TXT", ("v=spf1 ip4:203.0.113.25 -all",)),
        ("www.contoso.com", "CNAME", ("contoso.com",)),
        ("mail.contoso.com", "A", ("192.0.2.9",)),
        ("sub.contoso.com", "MX", ("20 mx.customer.example",)),
        ("null.contoso.com", "MX", ("0 .",)),
        ("full.contoso.com", "A", ("192.0.2.10",)),
        ("other.example", "A", ("192.0.2.11",)),
    ],
)
def test_zone_file_text_is_read(name: str, kind: str, data: tuple[str, ...]) -> None:
    text = CONTOSO[: CONTOSO.index("dns:")] + "dns: |\n" + "".join(f"  {row}\n" for row in ZONE.splitlines())
    assert data == records(lab_of(text), name, kind)


def test_zone_file_text_may_stand_under_a_domain_beside_others() -> None:
    zone = "  fabrikam.com: |\n    @ MX 10 mx\n    mx A 192.0.2.7\n  mx.fabrikam.com: {A: 192.0.2.8}\n"
    lab = lab_of(CONTOSO + zone)
    assert ("10 mx.fabrikam.com",) == records(lab, "fabrikam.com", "MX")
    assert ("192.0.2.7", "192.0.2.8") == records(lab, "mx.fabrikam.com", "A")


def test_zone_file_text_without_origin_has_whole_names() -> None:
    lab = lab_of(CONTOSO[: CONTOSO.index("dns:")] + "dns: |\n  fabrikam.com MX 10 mx.fabrikam.com\n")
    assert ("10 mx.fabrikam.com",) == records(lab, "fabrikam.com", "MX")


def test_a_forgotten_final_dot_is_a_warning() -> None:
    problems = ProblemList()
    tree = read_yaml(CONTOSO + "  fabrikam.com: |\n\n    @ MX 10 mx.fabrikam.com\n", "lab.yaml")
    build_lab(tree, problems, START, file="lab.yaml")
    (warning,) = problems.warnings
    assert "mx.fabrikam.com lacks its final dot; a name server would read mx.fabrikam.com.fabrikam.com" == warning.says
    assert (42, 5) == (warning.at.line, warning.at.column)


# Certificates


def test_exchange_online_always_has_a_good_certificate() -> None:
    certificate = lab_of().servers["m365"].certificate
    assert certificate is not None
    assert "mail.protection.outlook.com" == certificate.subject
    assert "" == certificate.defect
    assert "contoso-com.mail.protection.outlook.com" in certificate.names


def test_other_servers_have_the_certificate_that_is_written_or_none() -> None:
    assert lab_of().servers["internet"].certificate is None
    certificate = lab_of().servers["onprem"].certificate
    assert certificate is not None
    assert ("mail.contoso.com", ("mail.contoso.com",), timedelta(days=60)) == (
        certificate.subject, certificate.names, certificate.valid,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "subject", "names", "defect"),
    [
        ("cert: good", "mail.contoso.com", ("mail.contoso.com",), ""),
        ("cert: expired", "mail.contoso.com", ("mail.contoso.com",), "expired"),
        ("cert: No-Client-Auth", "mail.contoso.com", ("mail.contoso.com",), "no-client-auth"),
        ("cert: {}", "mail.contoso.com", ("mail.contoso.com",), ""),
        ('cert: {subject: "*.Contoso.com", defect: untrusted}', "*.contoso.com", ("*.contoso.com",), "untrusted"),
        (
            "cert: {names: [a.contoso.com, b.contoso.com], defect: null}",
            "mail.contoso.com",
            ("a.contoso.com", "b.contoso.com"),
            "",
        ),
        (
            "certs: {old: {subject: a.contoso.com}, new: {subject: b.contoso.com}}",
            "a.contoso.com",
            ("a.contoso.com",),
            "",
        ),
        (
            "certs: {old: expired, new: {subject: b.contoso.com}}\n    cert: New",
            "b.contoso.com",
            ("b.contoso.com",),
            "",
        ),
    ],
)
def test_a_certificate_is_a_word_or_a_description(
    written: str, subject: str, names: tuple[str, ...], defect: str
) -> None:
    certificate = onprem_cert(written)
    assert certificate is not None
    assert (subject, names, defect) == (certificate.subject, certificate.names, certificate.defect)


@pytest.mark.parametrize("written", ["cert: none", "cert: null", "cert:"])
def test_a_server_may_have_no_certificate(written: str) -> None:
    assert onprem_cert(written) is None


def test_exchange_online_can_be_told_to_have_none() -> None:
    assert (
        lab_of(changed("    ip: 40.92.10.1", "    ip: 40.92.10.1\n    cert: none")).servers["m365"].certificate is None
    )
    assert (
        lab_of(changed("    ip: 40.92.10.1", "    ip: 40.92.10.1\n    cert: null")).servers["m365"].certificate
        is not None
    )


def test_validity_may_be_a_date() -> None:
    certificate = onprem_cert("cert: {valid: 2026-01-25T09:00}")
    assert certificate is not None
    assert timedelta(days=10) == certificate.valid


# What is said when something is wrong

LAB_ERRORS = [
    ("mailflow: 1\n", "", ["1:1 a lab begins with its version. | Write  mailflow: 1"]),
    ("mailflow: 1\n", "mailflow: 2\n", ["1:11 mailflow: 2 is not a version that this program reads. | Write 1."]),
    ("people:", "poeple:", ["3:1 unknown key poeple in a lab. | Did you mean people?"]),
    (
        "bob@contoso.com at m365", "bob@contoso.com",
        ["4:8 Bob lacks a server. | Write  bob@contoso.com at m365"],
    ),
    (
        "bob@contoso.com at m365", "bob@contoso.com at exchange",
        ['4:27 no server "exchange" in lab.yaml. | Known: m365, onprem, internet'],
    ),
    (
        "bob@contoso.com at m365", '"bob@contoso.com at m356"',
        ['4:28 no server "m356" in lab.yaml. | Did you mean m365?'],
    ),
    (
        "Bob: bob@contoso.com at m365", "Bob Smith: bob",
        ["4:14 Bob Smith is not of the form ADDRESS at SERVER. | Write  Bob Smith: bob.smith@contoso.com at m365"],
    ),
    ("Bob: bob@contoso.com at m365", "Bob:", ["4:3 Bob lacks an address. | Write  Bob: bob@contoso.com at m365"]),
    (
        "bob@contoso.com at m365", "bob..@@ at m365",
        ["4:8 'bob..@@' is not a mail address. | Write  Bob: bob@contoso.com at m365"],
    ),
    (
        "john@contoso.com at onprem", "bob@contoso.com at m365",
        ["5:9 bob@contoso.com at m365 is taken (first at lab.yaml:4:8). | Give each mailbox one person."],
    ),
    (
        "  Bob: bob", "  REJECTED: bob",
        ["4:3 'REJECTED' cannot be the name of a person: REJECTED begins the ending of a path. | Choose another name."],
    ),
    (
        "    is: smartermail\n", "    is: smatermail\n",
        ["27:9 is: 'smatermail' is not a kind of server. | Did you mean smartermail?"],
    ),
    (
        "    is: smartermail\n", "    is: [smartermail]\n",
        ["27:9 is: one kind of server is expected. | "
         "Known: exchange-online, smartermail, internet, exchange-server, gateway, device, external"],
    ),
    ("    is: smartermail\n", "", ["26:3 server onprem lacks is. | Write  is: exchange-online or smartermail or internet or exchange-server or gateway or device or external"]),
    (
        "    fqdn: mail.contoso.com\n", "",
        ["26:3 server onprem lacks fqdn. | Write  fqdn: mail.contoso.com"],
    ),
    ("fqdn: mail.contoso.com", "fqdn: mail..contoso.com", ["28:11 fqdn: 'mail..contoso.com' is not a domain name: '' is not a label."]),
    ("    ip: 203.0.113.25\n", "", ["26:3 server onprem lacks ip. | Write  ip: 203.0.113.25"]),
    (
        "ip: 203.0.113.25", "ip: [203.0.113.256]",
        ["29:10 ip: '203.0.113.256' is not an IP address. | Write an address such as 203.0.113.25 or 2001:db8::25."],
    ),
    (
        "ip: 203.0.113.25", "ip: [203.0.113.25, 40.92.10.1]",
        ["29:24 onprem and m365 have one address, 40.92.10.1 (first at lab.yaml:11:9). | Give each server its own."],
    ),
    ("    fqdn: mail.contoso.com", "    fqnd: mail.contoso.com",
     ["26:3 server onprem lacks fqdn. | Write  fqdn: mail.contoso.com",
      "28:5 unknown setting fqnd in a SmarterMail server. | Did you mean fqdn?"]),
    (
        "        TlsSettings: Cert", "        TlsSetting: Cert",
        ["19:9 unknown setting TlsSetting in an outbound connector. | Did you mean TlsSettings?"],
    ),
    (
        "TlsSettings: CertificateValidation", "TlsSettings: Required",
        ["19:22 TlsSettings: Required is not a value of New-OutboundConnector. | "
         "Use EncryptionOnly, CertificateValidation, DomainValidation or leave it out."],
    ),
    ("people:\n", "reuse connections: 20\npeople:\n", ["3:20 reuse connections: '20' is neither true nor false. | Write true or false."]),
    ("    is: smartermail\n", "    is: smartermail\n    stopped: maybe\n", ["28:14 stopped: 'maybe' is neither true nor false. | Write true or false."]),
    ("MX: [10 mx.customer.example]", "MX: [mx.customer.example]", ['39:27 MX: \'mx.customer.example\' lacks a preference. | Write "10 mx.customer.example".']),
    ("MX: [10 mx.customer.example]", "MX: [70000 mx.customer.example]",
     ["39:27 MX: '70000' is not a preference from 0 to 65535. | Write 10 mail.contoso.com"]),
    ("MX: [10 mx.customer.example]", "MX: [10 mx_customer!]", ["39:27 MX: 'mx_customer!' is not a host name. | Write 10 mail.contoso.com"]),
    ("MX: [10 mx.customer.example]", "MX: [[10 mx.customer.example]]", ["39:27 MX: one value is expected. | Write 10 mail.contoso.com"]),
    ("MX: [10 mx.customer.example]", "MXX: [10 mx.customer.example]", ["39:22 unknown record type MXX. | Did you mean MX?"]),
    ("MX: [10 mx.customer.example]", "A: 10.0.0", ["39:25 A: '10.0.0' is not an IPv4 address. | Write 203.0.113.25 or a server's name."]),
    ("MX: [10 mx.customer.example]", "AAAA: onprem", ["39:28 AAAA: 'onprem' is not an IPv6 address. | Write 2001:db8::25 or a server's name."]),
    ("MX: [10 mx.customer.example]", "SRV: 0 mail.contoso.com",
     ["39:27 SRV: '0 mail.contoso.com' is not priority, weight, port and host. | Write 0 0 443 mail.contoso.com"]),
    ("MX: [10 mx.customer.example]", "TLSA: 3 1 1 xyz",
     ["39:28 TLSA: '3 1 1 xyz' is not usage, selector, matching type and hexadecimal data. | Write 3 1 1 0123abcd..."]),
    ("MX: [10 mx.customer.example]", "CNAME: a.example, TXT: x",
     ["39:22 dns: customer.example has a CNAME beside other records. | A name with a CNAME has nothing else."]),
    ("customer.example: {MX: [10 mx.customer.example]}", "customer..example: {MX: [10 mx.customer.example]}",
     ["39:3 dns: 'customer..example' is not a domain name: '' is not a label."]),
    ("customer.example: {MX: [10 mx.customer.example]}", "customer.example: [10 mx.customer.example]",
     ["39:21 dns: customer.example is a map of record types. | Write  {MX: [10 mail.contoso.com]}, or a block of zone-file text after |"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "errors"), LAB_ERRORS)
def test_what_is_wrong_with_a_lab_is_said_at_its_place(old: str, new: str, errors: list[str]) -> None:
    assert errors == lab_errors(changed(old, new))


CERT_ERRORS = [
    ("cert: exipred", "30:11 cert: 'exipred' is not a kind of certificate. | Did you mean expired?"),
    ("cert: [expired]", "30:11 cert: one certificate is expected, not a list. | Use certs: for several."),
    ("cert: {sbuject: a.example}", "30:12 unknown key sbuject in a certificate. | Did you mean subject?"),
    ("cert: {subject: a..b}", "30:21 'a..b' is not a domain name: '' is not a label."),
    ("cert: {issuer: [a]}", "30:20 issuer is one value, not a list or a mapping."),
    ("cert: {valid: soon}", "30:19 valid: 'soon' is not a span of time; write 30s, 10m, 22h30m or 60d."),
    ("cert: {defect: broken}", "30:20 'broken' is not a defect of a certificate. | Known: expired, not-yet-valid, "
     "self-signed, wrong-name, untrusted, no-client-auth, incomplete-chain"),
    ("certs: none", "30:12 certs is a map of certificates by name. | Write  certs: {NAME: {subject: ...}}"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "error"), CERT_ERRORS)
def test_what_is_wrong_with_a_certificate_is_said_at_its_place(written: str, error: str) -> None:
    text = changed("cert: {subject: mail.contoso.com, issuer: lab-public-ca, valid: 60d}", written)
    assert [error] == lab_errors(text)


@pytest.fixture
def abacus(monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind that this version knows by name only."""
    monkeypatch.setattr("simulator.scenario.lab.PRODUCTS", {**PRODUCTS, "abacus": Product("abacus", "an abacus")})
    return "abacus"


def test_kinds_that_are_not_built_yet_say_so(abacus: str) -> None:
    known = "exchange-online, smartermail, internet, exchange-server, gateway, device, external"
    error = f"27:9 is: {abacus} is not built yet in this version. | Use {known}."
    assert [error] == lab_errors(changed("is: smartermail", f"is: {abacus}"))


ZONE_ERRORS = [
    ("mail A", "40:5 this is not a record of a zone file. | Write  mail A 203.0.113.25"),
    (
        "mail AA 192.0.2.1",
        "40:5 this is not a record of a zone file. | Known: A, AAAA, CNAME, MX, NS, PTR, SRV, TLSA, TXT",
    ),
    ("$INCLUDE other", "40:5 $INCLUDE is not read here. | Use $ORIGIN, or write the records out."),
    ("mail A ( 192.0.2.1", "40:5 this ( is never closed. | Add )"),
    ("mail A 192.0.2.999", "40:5 A: '192.0.2.999' is not an IPv4 address. | Write 203.0.113.25 or a server's name."),
]


@pytest.mark.parametrize(("row", "error"), ZONE_ERRORS)
def test_what_is_wrong_with_zone_file_text_is_said_at_its_line(row: str, error: str) -> None:
    zone = f"  fabrikam.com: |\n    {row}\n"
    text = CONTOSO.replace("  customer.example: {MX: [10 mx.customer.example]}\n", zone)
    assert [error] == lab_errors(text)


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("[1]", ["1:1 a lab is a mapping with people, servers and dns."]),
        ("mailflow: 1", ["1:1 a lab has servers. | Write  servers: {NAME: {is: ..., fqdn: ..., ip: ...}}"]),
        ("mailflow: 1\nservers:", ["2:9 a lab has servers. | Write  servers: {NAME: {is: ..., fqdn: ..., ip: ...}}"]),
        (
            "mailflow: 1\nservers: {m365: exchange-online}",
            ["2:17 server m365 is a mapping of settings. | Write  {is: ..., fqdn: ..., ip: ...}"],
        ),
        (
            "mailflow: 1\npeople: [Bob]\nservers: {i: {is: internet, fqdn: a.example, ip: 192.0.2.1}}\ndns: [x]",
            [
                "2:9 people is a map by name. | Write  Bob: bob@contoso.com at i",
                "4:6 dns is a map of names. | Write  contoso.com: {MX: [10 mail.contoso.com]}",
            ],
        ),
    ],
)
def test_what_is_no_lab_at_all_is_said(text: str, errors: list[str]) -> None:
    assert errors == lab_errors(text)


def test_a_person_at_a_broken_server_is_not_reported_twice(abacus: str) -> None:
    text = changed("is: smartermail", f"is: {abacus}")
    assert ["27:9"] == [error.partition(" ")[0] for error in lab_errors(text)]


def test_a_tenant_without_address_or_with_a_bad_domain_has_its_problems_told_once() -> None:
    says = [e.partition(" ")[2] for e in lab_errors(changed("    ip: 40.92.10.1\n", ""))]
    assert ["server m365 lacks ip. | Write  ip: 203.0.113.25"] == says
    bad = changed("contoso.onmicrosoft.com: Authoritative", "contoso..com: Authoritative")
    assert ["'contoso..com' is not a domain name: '' is not a label."] == [e.partition(" ")[2] for e in lab_errors(bad)]


def test_nobody_has_a_mailbox_at_a_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = replace(PRODUCTS["smartermail"], kind="gateway", title="a mail gateway", people="")
    monkeypatch.setattr(lab_module, "PRODUCTS", {**PRODUCTS, "gateway": gateway})
    error = "5:29 nobody has a mailbox at onprem: it is a mail gateway."
    assert [error] == lab_errors(changed("is: smartermail", "is: gateway"))


def test_all_problems_of_a_lab_are_told_at_once() -> None:
    text = (
        changed("at m365", "at m356")
        .replace("MX: [10 ", "MX: [")
        .replace("Required", "x")
        .replace("UseMXRecord", "UseMX")
    )
    assert 3 == len(lab_errors(text))


def test_problems_that_were_there_before_do_not_spoil_a_lab() -> None:
    problems = ProblemList()
    problems.error(tree_of(CONTOSO).at, "something else")
    assert build_lab(tree_of(CONTOSO), problems, file="lab.yaml") is not None
    assert 1 == len(told(problems))


def test_a_lab_that_is_wrong_is_wrong_however_often_it_is_built() -> None:
    problems = ProblemList()
    tree = read_yaml(changed("contoso.com: InternalRelay", '"contoso.com:": InternalRelay'), "lab.yaml")
    assert [None, None] == [build_lab(tree, problems, file="lab.yaml") for _ in range(2)]
    assert 1 == len(problems.errors)

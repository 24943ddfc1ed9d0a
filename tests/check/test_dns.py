"""What DNS has wrong: each finding, and the mail or the check of a receiver that shows it."""

from __future__ import annotations

import pytest

from simulator.check.ground import LabGround
from simulator.mail.address import Address
from simulator.policy import spf
from tests.check.ground import LAB, OVER_THE_TENANT, a_ground, findings, found, ids, played, sentence


def spf_of(ground: LabGround, ip: str) -> str:
    return ground.answering(spf.check(ip, Address.parse("bob@contoso.com"), "x.example", now=ground.start)).result


def txt(*records: str) -> str:
    said = ", ".join(f'"{r}"' for r in records)
    return f"dns: {{contoso.com: {{TXT: [{said}]}}}}"


def test_an_address_that_spf_leaves_out_is_judged_fail_by_the_receiver() -> None:
    ground = a_ground(txt("v=spf1 ip4:203.0.113.25 -all"))
    told = found(ground, "MF040")
    assert "Add include:spf.protection.outlook.com" == told.fix
    assert "fail" == spf_of(ground, "40.92.10.1")
    (edit,) = told.edits
    assert (" -all", " include:spf.protection.outlook.com -all") == (edit.old, edit.new)


def test_an_own_server_that_sends_by_itself_must_be_in_spf() -> None:
    ground = a_ground(
        txt("v=spf1 include:spf.protection.outlook.com ~all") + "\nservers: {onprem: {Outbound Gateway: null}}"
    )
    told = found(ground, "MF040")
    assert "Add ip4:203.0.113.25" == told.fix
    assert "softfail" == spf_of(ground, "203.0.113.25")


def test_spf_is_not_asked_of_mail_between_own_servers() -> None:
    # onprem hands everything to the tenant, so nobody else sees its address.
    patch = txt("v=spf1 include:spf.protection.outlook.com -all") + f"\nservers: {{{OVER_THE_TENANT}}}"
    assert "MF040" not in ids(a_ground(patch))


def test_eleven_look_ups_are_a_permerror() -> None:
    includes = " ".join(f"include:s{n}.example" for n in range(11))
    hosts = "".join(f"\n  s{n}.example: {{TXT: ['v=spf1 ip4:192.0.2.{n} -all']}}" for n in range(11))
    ground = a_ground(f"dns:\n  contoso.com: {{TXT: ['v=spf1 {includes} -all']}}{hosts}")
    assert "more than 10 terms ask DNS" in found(ground, "MF041").says
    assert "permerror" == spf_of(ground, "40.92.10.1")


def test_ten_look_ups_are_allowed() -> None:
    includes = " ".join(f"include:s{n}.example" for n in range(9))
    hosts = "".join(f"\n  s{n}.example: {{TXT: ['v=spf1 ip4:192.0.2.{n} -all']}}" for n in range(9))
    record = f"v=spf1 ip4:203.0.113.25 {includes} include:spf.protection.outlook.com -all"
    ground = a_ground(f"dns:\n  contoso.com: {{TXT: ['{record}']}}{hosts}")
    assert [] == ids(ground)
    assert "pass" == spf_of(ground, "40.92.10.1")


def test_two_spf_records_are_a_permerror() -> None:
    ground = a_ground(txt("v=spf1 ip4:203.0.113.25 -all", "v=spf1 include:spf.protection.outlook.com -all"))
    assert "MF042" == found(ground, "MF042").kind.id
    assert "permerror" == spf_of(ground, "40.92.10.1")


def test_a_mistake_in_spf_is_a_permerror() -> None:
    ground = a_ground(txt("v=spf1 ipv4:203.0.113.25 -all"))
    assert "ipv4" in found(ground, "MF046").says
    assert "permerror" == spf_of(ground, "203.0.113.25")


@pytest.mark.parametrize("mx", ["10 old.contoso.com", "10 gone.contoso.com"])
def test_an_mx_that_leads_nowhere_keeps_mail_from_arriving(mx: str) -> None:
    # The one has an address at which nobody is, the other has none.
    ground = a_ground(f"dns: {{contoso.com: {{MX: [{mx}]}}, old.contoso.com: {{A: 203.0.113.99}}}}")
    assert "error" == found(ground, "MF043").level
    assert not sentence(ground, "Sun", "Bob").endswith("-> Bob")


def test_one_of_several_mx_that_leads_nowhere_is_a_warning() -> None:
    ground = a_ground("dns: {contoso.com: {MX: [0 contoso-com.mail.protection.outlook.com, 10 gone.contoso.com]}}")
    told = found(ground, "MF043")
    assert ("warning", "MX 10 gone.contoso.com of contoso.com") == (told.level, told.says.partition(":")[0])
    assert sentence(ground, "Sun", "Bob").endswith("-> Bob")


STS = "dns: {{customer.example: {{MX: [10 mx.customer.example], MTA-STS: {{mode: {mode}, mx: [{mx}]}}}}}}\nservers: {{internet: {{cert: good}}}}"


def test_an_enforced_policy_without_the_mx_keeps_mail_waiting() -> None:
    ground = a_ground(STS.format(mode="enforce", mx="old.customer.example"))
    told = found(ground, "MF044")
    assert "error" == told.level
    assert "DEFERRED" in sentence(ground, "Bob", "Sun")
    assert "[old.customer.example, mx.customer.example]" not in told.edits[0].new
    assert "old.customer.example, mx.customer.example" == told.edits[0].new


@pytest.mark.parametrize(("mode", "mx"), [("enforce", "mx.customer.example"), ("none", "old.customer.example")])
def test_a_policy_with_the_mx_or_without_force_stops_nothing(mode: str, mx: str) -> None:
    ground = a_ground(STS.format(mode=mode, mx=mx))
    assert "MF044" not in ids(ground)
    assert sentence(ground, "Bob", "Sun").endswith("-> Sun")


def test_testing_is_a_warning() -> None:
    ground = a_ground(STS.format(mode="testing", mx="old.customer.example"))
    assert "warning" == found(ground, "MF044").level
    assert sentence(ground, "Bob", "Sun").endswith("-> Sun")


OWN = """
servers:
  onprem:
    Outbound Gateway: null
    Domains: {contoso.com: {Inbound Message Delivery: External (use MX record), Host Address: null}}
dns: {contoso.com: {MX: [10 mail.contoso.com]}}
"""


def test_use_mx_record_with_the_own_mx_returns_mail() -> None:
    ground = a_ground(OWN)
    told = found(ground, "MF016")
    assert ("error", "patch.yaml") == (told.level, told.at.file)
    assert "bob@contoso.com" in told.says
    assert " LOOP 554 5.4.6" in sentence(ground, "Sun", "Bob")
    assert "MF012" not in ids(ground)


def test_the_host_address_in_its_place_delivers() -> None:
    ground = a_ground("dns: {contoso.com: {MX: [10 mail.contoso.com]}}")
    assert "MF016" not in ids(ground)
    assert sentence(ground, "Sun", "Bob").endswith("m365 -> Bob")


def test_zone_file_text_is_looked_at_too() -> None:
    head = LAB.partition("dns:\n")[0]
    zone = "dns: |\n  $ORIGIN contoso.com.\n  @ 3600 IN MX 10 gone.contoso.com.\n  customer.example. 3600 IN MX 10 mx.customer.example.\n"
    assert "MF043" in {f.kind.id for f in findings(a_ground(lab=head + zone))}


def test_forwarded_mail_of_strangers_says_nothing_about_their_spf() -> None:
    ground = a_ground("dns: {customer.example: {TXT: ['v=spf1 ip4:198.51.100.7 -all']}}")
    assert "MF040" not in ids(ground)
    assert ["delivered"] == [e.status for e in played(ground, "Sun", "John").endings]


def test_whoever_has_the_address_of_a_stopped_server_passes_spf() -> None:
    ground = a_ground(do="[{move: {John: m365}}, {stop: onprem}]")
    told = found(ground, "MF083")
    assert ("warning", " ip4:203.0.113.25") == (told.level, told.edits[0].old)
    assert "pass" == spf_of(ground, "203.0.113.25")


def test_an_address_in_spf_that_the_lab_does_not_have_is_a_note() -> None:
    ground = a_ground(txt("v=spf1 ip4:203.0.113.25 ip4:192.0.2.99 include:spf.protection.outlook.com -all"))
    assert ("note", ()) == (found(ground, "MF083").level, found(ground, "MF083").edits)
    assert "MF083" not in ids(a_ground())

"""Inbound connectors: who may relay and should not, and who should and may not."""

from __future__ import annotations

from simulator.findings import Finding
from simulator.mail.address import Address
from tests.check.ground import LAB, OVER_THE_TENANT, a_ground, found, ids, sentence, sentences

CONNECTOR = (
    "servers: {{"
    + OVER_THE_TENANT.replace("{", "{{").replace("}", "}}")
    + ", m365: {{InboundConnectors: {{From own servers: {{{0}}}}}}}}}"
)
EVE, BOB, SUN = (Address.parse(a) for a in ("eve@evil.example", "bob@contoso.com", "sun@customer.example"))


def connector(settings: str) -> str:
    return CONNECTOR.format(settings)


def from_address(patch: str, source: str) -> str:
    played = a_ground(patch).stranger("m365", source, BOB, SUN)
    assert played is not None
    return sentences(played)[0]


WIDE = connector("SenderIPAddresses: [203.0.113.0/24]")


def test_everybody_in_a_wide_range_may_relay_as_the_organisation() -> None:
    told = found(a_ground(WIDE), "MF021")
    assert ("warning", "patch.yaml", 1) == (told.level, told.at.file, told.at.line)
    assert "256 addresses" in told.says
    assert "Write 203.0.113.25" == told.fix
    assert ("203.0.113.0/24", "203.0.113.25") == (told.edits[0].old, told.edits[0].new)
    assert from_address(WIDE, "203.0.113.77").endswith("internet -> Sun")


def test_one_address_lets_nobody_else_relay() -> None:
    assert "MF021" not in ids(a_ground())
    assert "REJECTED 550 5.7.64" in from_address("", "203.0.113.77")


def test_a_few_addresses_too_many_are_a_note() -> None:
    assert "note" == found(a_ground(connector("SenderIPAddresses: [203.0.113.24/30]")), "MF021").level


def test_a_range_without_any_server_is_not_changed_by_itself() -> None:
    told = found(a_ground(connector("SenderIPAddresses: [203.0.113.25, 192.0.2.0/24]")), "MF021")
    assert () == told.edits
    assert "no server is there" in told.says


PARTNER = connector("ConnectorType: Partner")


def test_a_partner_connector_gives_no_right_to_relay() -> None:
    ground = a_ground(PARTNER)
    told = found(ground, "MF022")
    assert ("error", "patch.yaml") == (told.level, told.at.file)
    assert sentence(ground, "John", "Bob").endswith("m365 -> Bob")
    assert "m365 -> REJECTED 550 5.7.64" in sentence(ground, "John", "Sun").replace("-[From own servers]->", "->")
    assert "MF025" not in ids(ground)


def test_an_on_premises_connector_does() -> None:
    ground = a_ground()
    assert not {"MF022", "MF025"} & set(ids(ground))
    assert sentence(ground, "John", "Sun").endswith("internet -> Sun")


NAMED = connector("SenderIPAddresses: [], TlsSenderCertificateName: mail.contoso.com")


def test_a_certificate_name_that_is_no_accepted_domain_leaves_reports_outside() -> None:
    ground = a_ground(NAMED)
    assert "mail.contoso.com, which is no accepted domain" in found(ground, "MF023").says
    assert sentence(ground, "John", "Sun").endswith("internet -> Sun")
    assert "REJECTED 550 5.7.64" in sentence(ground, "John", "Sun", null=True)


def test_a_wildcard_of_an_accepted_domain_takes_them_along() -> None:
    ground = a_ground(connector("SenderIPAddresses: [], TlsSenderCertificateName: '*.contoso.com'"))
    assert "MF023" not in ids(ground)
    assert sentence(ground, "John", "Sun", null=True).endswith("internet -> Sun")


DEVICE = """
people: {Scanner: scan@contoso.com at scanner}
servers: {scanner: {is: device, ip: 203.0.113.40, Smart Host: contoso-com.mail.protection.outlook.com}}
"""


def test_a_device_that_no_connector_knows_reaches_the_tenant_and_nobody_else() -> None:
    ground = a_ground(DEVICE)
    told = found(ground, "MF025")
    assert ("warning", "patch.yaml", 3) == (told.level, told.at.file, told.at.line)
    assert "203.0.113.40 is not in SenderIPAddresses" in told.says
    assert "m365 -> Bob" in sentence(ground, "Scanner", "Bob")
    assert "REJECTED 550 5.7.64" in sentence(ground, "Scanner", "Sun")


def test_a_device_whose_address_is_listed_reaches_everybody() -> None:
    ground = a_ground(
        DEVICE.replace(
            "servers: {",
            "servers: {m365: {InboundConnectors: {From own servers: {SenderIPAddresses: [203.0.113.25, 203.0.113.40]}}}, ",
        )
    )
    assert "MF025" not in ids(ground)
    assert sentence(ground, "Scanner", "Sun").endswith("internet -> Sun")


def test_an_own_server_that_leaves_from_another_address_is_not_known() -> None:
    ground = a_ground(f"servers: {{{OVER_THE_TENANT[:-1]}, ip: 203.0.113.26}}}}")
    assert "203.0.113.26 is not in SenderIPAddresses" in found(ground, "MF025").says
    assert "REJECTED 550 5.7.64" in sentence(ground, "John", "Sun")


def test_an_outbound_address_that_is_not_listed_is_told_as_it_connects() -> None:
    # The second address of the server is the one that it sends from.
    ground = a_ground(
        f"servers: {{{OVER_THE_TENANT[:-1]}, ip: [203.0.113.25, 203.0.113.27], Outbound IPv4: 203.0.113.27}}}}"
    )
    assert "John writes to outside from onprem (203.0.113.27)" in found(ground, "MF025").says
    assert "REJECTED 550 5.7.64" in sentence(ground, "John", "Sun")


REPORTS = f"servers: {{{OVER_THE_TENANT}}}"


def test_reports_are_refused_over_a_connector_by_address_and_other_mail_is_not() -> None:
    ground = a_ground(REPORTS)
    told = found(ground, "MF081")
    assert ("warning", "lab.yaml", "[203.0.113.25]") == (told.level, told.at.file, _pointed(told))
    assert sentence(ground, "John", "Sun").endswith("internet -> Sun")
    assert "REJECTED 550 5.7.64" in sentence(ground, "John", "Sun", null=True)


def test_reports_pass_over_a_connector_by_certificate() -> None:
    named = CONNECTOR.format("SenderIPAddresses: null, TlsSenderCertificateName: '*.contoso.com'")
    ground = a_ground(named)
    assert "MF081" not in ids(ground)
    assert sentence(ground, "John", "Sun", null=True).endswith("internet -> Sun")


def test_a_device_writes_no_reports() -> None:
    assert "MF081" not in ids(a_ground(DEVICE.replace("servers: {", "servers: {m365: {InboundConnectors: {From own servers: "
        "{SenderIPAddresses: [203.0.113.25, 203.0.113.40]}}}, ")))  # fmt: skip


def test_a_connector_for_a_server_that_is_stopped_lets_whoever_has_its_address_relay() -> None:
    ground = a_ground(do="[{move: {John: m365}}, {stop: onprem}]")
    assert "warning" == found(ground, "MF054").level
    played = ground.stranger("m365", "203.0.113.25", BOB, SUN)
    assert played is not None
    assert sentences(played)[0].endswith("internet -> Sun")


def test_a_connector_for_an_address_that_the_lab_does_not_have_is_a_note() -> None:
    assert "note" == found(a_ground(CONNECTOR.format("SenderIPAddresses: [192.0.2.99]")), "MF054").level
    assert "MF054" not in ids(a_ground())


def _pointed(told: Finding) -> str:
    line = LAB.splitlines()[told.at.line - 1]
    return line[told.at.column - 1 :].partition(" #")[0]

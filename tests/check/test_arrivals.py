"""Dead ends, backscatter, Junk, and servers that do not answer."""

from __future__ import annotations

from tests.check.ground import a_ground, found, ids, played, sentence, sentences

LOCAL = "Inbound Message Delivery: Local, Host Address: null, Deliver locally if user exists: null"
ALIAS = "servers: {{onprem: {{Domains: {{contoso.com: {{{0}, Aliases: {{sales: [{1}]}}}}}}}}}}"


def test_a_list_that_names_somebody_who_has_moved_reaches_nobody() -> None:
    ground = a_ground(ALIAS.format(LOCAL, "bob@contoso.com"))
    told = found(ground, "MF080")
    assert ("warning", "patch.yaml") == (told.level, told.at.file)
    assert "mail for sales@contoso.com reaches nobody" in told.says
    assert "NDR 550" in sentence(ground, "John", "sales@contoso.com")


def test_a_list_that_names_the_routing_address_reaches_him() -> None:
    proxy = "Recipients: {bob@contoso.com: {EmailAddresses: [bob@contoso.onmicrosoft.com]}}"
    patch = ALIAS.format(LOCAL, "bob@contoso.onmicrosoft.com").replace(
        "servers: {", "servers: {m365: {" + proxy + "}, ", 1
    )
    ground = a_ground(patch)
    assert "MF080" not in ids(ground)
    assert sentence(ground, "John", "sales@contoso.com").endswith("m365 -> Bob")


AT_SMARTERMAIL = "dns: {contoso.com: {MX: [10 mail.contoso.com]}}"


def test_a_report_for_an_address_that_nobody_has_goes_to_whoever_stands_in_it() -> None:
    ground = a_ground(AT_SMARTERMAIL)
    told = found(ground, "MF019")
    assert ("note", "lab.yaml") == (told.level, told.at.file)
    assert "NDR 550 5.1.10 to Sun" in sentence(ground, "Sun", "nobody@contoso.com")


def test_a_server_that_knows_everybody_refuses_at_once() -> None:
    ground = a_ground()
    assert "MF019" not in ids(ground)
    assert "REJECTED 550 5.4.1" in sentence(ground, "Sun", "nobody@contoso.com")


FORWARD = """
people: {Amy: amy@contoso.com at onprem}
servers:
  m365:
    AcceptedDomains: {contoso.com: InternalRelay}
    Recipients: {bob@contoso.com: {EmailAddresses: [bob@contoso.onmicrosoft.com]}}
    InboundConnectors: {From own servers: {Enabled: %s}}
  onprem:
    Domains: {contoso.com: {Inbound Message Delivery: Local, Host Address: null, Deliver locally if user exists: null, Aliases: {bob: [bob@contoso.onmicrosoft.com]}}}
dns:
  contoso.com: {MX: [10 mail.contoso.com]}
  customer.example: {TXT: ["v=spf1 ip4:198.51.100.7 -all"]}
"""


def test_a_forward_that_nobody_vouches_for_lands_in_junk() -> None:
    ground = a_ground(FORWARD % "false")
    told = found(ground, "MF047")
    assert ("warning", "patch.yaml", 9) == (told.level, told.at.file, told.at.line)
    assert sentence(ground, "Sun", "Bob").endswith("m365 -> Bob in Junk")


def test_a_forward_over_a_connector_lands_in_the_inbox() -> None:
    ground = a_ground(FORWARD % "true")
    assert "MF047" not in ids(ground)
    assert sentence(ground, "Sun", "Bob").endswith("m365 -> Bob")


def test_mail_for_a_server_that_is_stopped_waits() -> None:
    ground = a_ground(do="[{stop: onprem}]")
    told = found(ground, "MF055")
    assert ("error", "lab.yaml") == (told.level, told.at.file)
    assert "onprem is stopped" in told.says
    assert any("DEFERRED 450" in s for s in sentences(played(ground, "Bob", "John")))


def test_nobody_waits_where_everybody_has_moved() -> None:
    moved = "[{Remove-MailUser: john@contoso.com}, {move: {John: m365}}, {stop: onprem}]"
    assert "MF055" not in ids(a_ground(do=moved))

"""`do:`: the words of a runbook change the lab's tree, and refuse what the products would refuse."""

from __future__ import annotations

import pytest

from simulator.scenario import cmdlets
from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.steps import apply_step, apply_steps
from simulator.source import Node, ProblemList
from tests.scenario.labs import CONTOSO, TWO_TENANTS, told, tree_of

TENANT = ("servers", "m365")


def after(steps: str, lab: str = CONTOSO) -> Node:
    """The tree after steps that are all right, and make a lab that is."""
    problems = ProblemList()
    tree = apply_steps(tree_of(lab), read_yaml(steps, "steps.yaml"), problems)
    assert [] == told(problems)
    build_lab(tree, problems, file="lab.yaml")
    assert [] == told(problems)
    return tree


def plain(tree: Node, *keys: str) -> object:
    node: Node | None = tree
    for key in keys:
        assert node is not None
        node = node.get(key)
    return node.plain() if node else "(absent)"


def errors(steps: str, lab: str = CONTOSO) -> list[str]:
    problems = ProblemList()
    before = tree_of(lab)
    tree = apply_steps(before, read_yaml(steps, "steps.yaml"), problems)
    assert before.plain() == tree.plain()  # a step that is refused changes nothing
    return told(problems)


OWN = "O365 to own servers"


@pytest.mark.parametrize(
    ("step", "keys", "expected"),
    [
        (f"Set-OutboundConnector: {{Identity: {OWN}, Enabled: false}}", ("OutboundConnectors", OWN, "Enabled"), "false"),
        (f"set-outboundconnector: {{identity: {OWN.upper()}, enabled: $false}}", ("OutboundConnectors", OWN, "Enabled"), "$false"),
        (f"Set-OutboundConnector: {{Identity: {OWN}, SmartHosts: [a.example]}}", ("OutboundConnectors", OWN, "SmartHosts"), ["a.example"]),
        (f"Set-OutboundConnector: {{Identity: {OWN}, Name: New name}}", ("OutboundConnectors", "New name", "SmartHosts"), ["mail.contoso.com"]),
        (f"Set-OutboundConnector: {{Identity: {OWN}, Name: New name}}", ("OutboundConnectors", OWN), "(absent)"),
        (f"Set-OutboundConnector: {{Name: {OWN}, Enabled: false}}", ("OutboundConnectors", OWN, "Enabled"), "false"),
        (f"Remove-OutboundConnector: {OWN}", ("OutboundConnectors",), {}),
        (f"Remove-OutboundConnector: {{Identity: {OWN}}}", ("OutboundConnectors",), {}),
        (f"Remove-OutboundConnector: [{OWN}]", ("OutboundConnectors",), {}),
        (
            "New-InboundConnector: {Name: From partner, ConnectorType: Partner, SenderDomains: [partner.example]}",
            ("InboundConnectors", "From partner"), {"ConnectorType": "Partner", "SenderDomains": ["partner.example"]},
        ),
        ("New-AcceptedDomain: {Name: Fabrikam, DomainName: fabrikam.com, DomainType: InternalRelay}",
         ("AcceptedDomains", "fabrikam.com"), {"DomainType": "InternalRelay"}),
        ("Set-AcceptedDomain: {Identity: contoso.com, DomainType: Authoritative}",
         ("AcceptedDomains", "contoso.com"), {"DomainType": "Authoritative"}),
        ("Set-AcceptedDomain: {Identity: contoso.com, MatchSubDomains: true}",
         ("AcceptedDomains", "contoso.com"), {"DomainType": "InternalRelay", "MatchSubDomains": "true"}),
        ("Remove-AcceptedDomain: contoso.onmicrosoft.com", ("AcceptedDomains",), {"contoso.com": "InternalRelay"}),
        ("New-MailContact: {Name: Amy, ExternalEmailAddress: SMTP:amy@partner.example}",
         ("Recipients", "amy@partner.example", "RecipientType"), "MailContact"),
        ("New-MailUser: {PrimarySmtpAddress: john@contoso.com, ExternalEmailAddress: john@own.contoso.com}",
         ("Recipients", "john@contoso.com"), {"ExternalEmailAddress": "john@own.contoso.com", "RecipientType": "MailUser"}),
        ("New-DistributionGroup: {Name: All, PrimarySmtpAddress: all@contoso.com, Members: [bob@contoso.com]}",
         ("Recipients", "all@contoso.com"), {"Members": ["bob@contoso.com"], "RecipientType": "DistributionGroup"}),
        ("Set-Mailbox: {Identity: Bob, ForwardingSmtpAddress: amy@partner.example}",
         ("Recipients", "bob@contoso.com"), {"ForwardingSmtpAddress": "amy@partner.example"}),
        ("Set-Mailbox: {Identity: bob@contoso.com, ForwardingSmtpAddress: amy@partner.example}",
         ("Recipients", "bob@contoso.com"), {"ForwardingSmtpAddress": "amy@partner.example"}),
        ("New-DkimSigningConfig: {DomainName: contoso.com, Enabled: true}",
         ("DkimSigningConfig", "contoso.com"), {"Enabled": "true"}),
        ("Set-OrganizationConfig: {RejectDirectSend: true}", ("OrganizationConfig",), {"RejectDirectSend": "true"}),
        (f"settings m365: {{OutboundConnectors: {{{OWN}: remove}}}}", ("OutboundConnectors",), {}),
    ],
)  # fmt: skip
def test_a_step_changes_the_tenant(step: str, keys: tuple[str, ...], expected: object) -> None:
    assert expected == plain(after(f"- {step}"), *TENANT, *keys)


def test_a_step_may_be_about_what_an_earlier_one_made() -> None:
    tree = after(
        "- New-MailContact: {PrimarySmtpAddress: amy@contoso.com, ExternalEmailAddress: amy@a.example}\n"
        "- Set-MailContact: {Identity: amy@contoso.com, ExternalEmailAddress: amy@b.example}\n"
        "- New-RemoteDomain: {Name: Partner, DomainName: partner.example}\n"
        "- Remove-RemoteDomain: Partner\n"
    )
    assert "amy@b.example" == plain(tree, *TENANT, "Recipients", "amy@contoso.com", "ExternalEmailAddress")
    assert {} == plain(tree, *TENANT, "RemoteDomains")
    assert {} == plain(
        after("- New-MailContact: {ExternalEmailAddress: a@b.example}\n- Remove-MailContact: a@b.example"),
        *TENANT,
        "Recipients",
    )


def test_a_rule_is_switched_off_and_on() -> None:
    new = "- New-TransportRule: {Name: Stop it, SubjectContainsWords: [secret], DeleteMessage: true}\n"
    assert "false" == plain(
        after(f"{new}- Disable-TransportRule: Stop it"), *TENANT, "TransportRules", "Stop it", "Enabled"
    )
    both = f"{new}- Disable-TransportRule: Stop it\n- Enable-TransportRule: {{Identity: Stop it}}"
    assert "true" == plain(after(both), *TENANT, "TransportRules", "Stop it", "Enabled")


def test_a_dns_step_replaces_a_whole_record_set_and_leaves_others() -> None:
    tree = after("- dns: {contoso.com: {MX: [10 mail.contoso.com, 20 mx.customer.example]}}")
    assert ["10 mail.contoso.com", "20 mx.customer.example"] == plain(tree, "dns", "contoso.com", "MX")
    assert "(absent)" != plain(tree, "dns", "contoso.com", "TXT")


def test_a_dns_step_may_be_zone_file_text() -> None:
    tree = after("- dns: |\n    $ORIGIN contoso.com.\n    @ MX 10 mail\n")
    assert ["10 mail.contoso.com"] == plain(tree, "dns", "contoso.com", "MX")
    tree = after("- dns: {contoso.com: {TXT: remove}}")
    assert {"MX": ["0 contoso-com.mail.protection.outlook.com"]} == plain(tree, "dns", "contoso.com")


def test_a_person_moves_and_may_be_there_already() -> None:
    tree = after("- move: {bob: ONPREM, John: onprem}")
    assert "bob@contoso.com at onprem" == plain(tree, "people", "Bob")
    assert "john@contoso.com at onprem" == plain(tree, "people", "John")


def test_one_of_several_mailboxes_moves_by_its_address() -> None:
    lab = CONTOSO.replace("bob@contoso.com at m365", "[bob@contoso.com at m365, rob@contoso.com at onprem]")
    tree = after("- move: {rob@contoso.com: m365}", lab)
    assert ["bob@contoso.com at m365", "rob@contoso.com at m365"] == plain(tree, "people", "Bob")


def test_a_mailbox_that_is_removed_takes_its_person_along() -> None:
    assert "(absent)" == plain(after("- Remove-Mailbox: Bob"), "people", "Bob")
    lab = CONTOSO.replace("bob@contoso.com at m365", "[bob@contoso.com at m365, rob@contoso.com at onprem]")
    assert "rob@contoso.com at onprem" == plain(after("- Remove-Mailbox: bob@contoso.com", lab), "people", "Bob")


def test_settings_and_certificate_of_a_server_change() -> None:
    tree = after(
        "- settings onprem: {Outbound Gateway: null, domains: {contoso.com: {Deliver locally if user exists: false}}}"
    )
    assert None is plain(tree, "servers", "onprem", "Outbound Gateway")
    assert "External (use MX record)" == plain(
        tree, "servers", "onprem", "Domains", "contoso.com", "Inbound Message Delivery"
    )
    assert "expired" == plain(after("- cert onprem: expired"), "servers", "onprem", "cert")
    tree = after("- cert onprem: {subject: mail.contoso.local}")
    assert {"subject": "mail.contoso.local"} == plain(tree, "servers", "onprem", "cert")


def test_a_server_stops_and_starts() -> None:
    assert "true" == plain(after("- stop: onprem"), "servers", "onprem", "stopped")
    assert "(absent)" == plain(after("- stop: [onprem, internet]\n- start: OnPrem"), "servers", "onprem", "stopped")


def test_a_step_says_which_of_several_servers_is_meant() -> None:
    step = "New-InboundConnector: {Name: X, ConnectorType: Partner, SenderDomains: [x.example]}"
    inside = "New-InboundConnector: {server: fabrikam, Name: X, ConnectorType: Partner, SenderDomains: [x.example]}"
    for written in (f"- {step}\n  server: Fabrikam", f"- {inside}"):
        tree = after(written, TWO_TENANTS)
        assert "(absent)" != plain(tree, "servers", "fabrikam", "InboundConnectors", "X")
        assert "(absent)" == plain(tree, "servers", "contoso", "InboundConnectors", "X")


def test_the_only_server_that_has_the_object_is_meant() -> None:
    tree = after("- Set-InboundConnector: {Identity: From partner, Enabled: false}", TWO_TENANTS)
    assert "false" == plain(tree, "servers", "contoso", "InboundConnectors", "From partner", "Enabled")


def test_changes_point_at_the_step_and_the_rest_at_the_lab() -> None:
    tree = after(f"- Set-OutboundConnector: {{Identity: {OWN}, Enabled: false}}")
    node = tree
    for key in ("servers", "m365", "OutboundConnectors", OWN):
        found = node.get(key)
        assert found is not None
        node = found
    places = {e.key: str(e.node.at).partition(":")[0] for e in node.entries}
    assert ("steps.yaml", "lab.yaml") == (places["Enabled"], places["SmartHosts"])


ERRORS = [
    ("- Set-OutboundConector: {Identity: X}", "1:3 unknown step Set-OutboundConector. | Did you mean Set-OutboundConnector?"),
    ("- setting onprem: {}", "1:3 unknown step setting onprem. | Did you mean settings?"),
    ("- Enable-OutboundConnector: X", "1:3 unknown step Enable-OutboundConnector. | Did you mean New-OutboundConnector?"),
    ("- stop", "1:3 'stop' is not a step. | Write  - stop: SERVER  or  - Set-OutboundConnector: {Identity: NAME, Enabled: false}"),
    ("- {stop: onprem, start: m365}", "1:3 a step is one instruction. | Write  - stop: SERVER  or  - Set-OutboundConnector: {Identity: NAME, Enabled: false}"),
    ("- fault: onprem", "1:10 a fault is a map. | Write  fault: {at: SERVER, down: 10m}"),
    ("- fault: {remove: outage}", '1:19 there is no fault "outage" to remove.'
     " | A fault is removed by its name: give it one, or remove all."),
    ("- wait: soon", "1:9 wait: 'soon' is not a span of time; write 30s, 10m, 22h30m or 60d."),
    ("- stop onprem: true", "1:3 stop stands alone. | Write  stop: ..."),
    ("- stop: onprm", '1:9 no server "onprm" in the lab. | Did you mean onprem?'),
    ("- settings: {}", "1:3 settings needs a server. | Write  settings SERVER: ..."),
    ("- settings exchange: {}", '1:12 no server "exchange" in the lab. | Known: m365, onprem, internet'),
    ("- settings onprem: x", "1:20 settings are a map. | Write  settings onprem: {...}"),
    ("- cert onprm: expired", '1:8 no server "onprm" in the lab. | Did you mean onprem?'),
    ("- move: Bob", "1:9 move says who goes where. | Write  move: {Bob: onprem}"),
    ("- move: {Rob: onprem}", '1:10 no person "Rob" in the lab. | Known: Bob, John, Sun'),
    ("- move: {Bob: onprm}", '1:15 no server "onprm" in the lab. | Did you mean onprem?'),
    ("- Set-OutboundConnector: {Identity: O365 to own server, Enabled: false}",
     '1:37 no outbound connector "O365 to own server" at m365. | Did you mean O365 to own servers?'),
    ("- Remove-OutboundConnector: X", '1:29 no outbound connector "X" at m365. | Known: O365 to own servers'),
    ("- Set-OutboundConnector: X", "1:26 Set-OutboundConnector needs parameters. | Write  Set-OutboundConnector: {Identity: NAME, ...}"),
    ("- Remove-OutboundConnector:", "1:28 Remove-OutboundConnector needs parameters. | Write  Remove-OutboundConnector: {Identity: NAME, ...}"),
    ("- Set-OutboundConnector: {Enabled: false}", "1:3 Set-OutboundConnector does not say which. | Write  Set-OutboundConnector: {Identity: NAME, ...}"),
    ("- Set-OrganizationConfig: x", "1:27 Set-OrganizationConfig needs parameters. | Write  Set-OrganizationConfig: {NAME: value}"),
    ("- New-OutboundConnector: {Name: O365 to own servers}",
     '1:33 m365 already has the outbound connector "O365 to own servers". | It is at lab.yaml:14:7. Use Set-OutboundConnector to change it.'),
    ("- New-Mailbox: {PrimarySmtpAddress: bob@contoso.com}",
     '1:37 m365 already has the mailbox "bob@contoso.com". | It is at lab.yaml:4:3. Use Set-Mailbox to change it.'),
    ("- New-AcceptedDomain: {DomainName: contoso.com}",
     '1:36 m365 already has the accepted domain "contoso.com". | It is at lab.yaml:12:23. Use Set-AcceptedDomain to change it.'),
    ("- Set-Mailbox: {Identity: Bib}", '1:27 no person "Bib" in the lab. | Known: Bob, John, Sun'),
    ("- Set-Mailbox: {Identity: amy@contoso.com}", '1:27 no mailbox "amy@contoso.com" at m365.'),
    ("- Set-MailUser: {Identity: John}", "1:28 Set-MailUser: 'John' is not an address. | Write  Identity: amy@contoso.com"),
    ("- Set-OutboundConnector: {Identity: X}\n  server: onprm", '2:11 no server "onprm" in the lab. | Known: m365'),
    ("- Set-OutboundConnector: {Identity: X}\n  server: onprem", '2:11 server "onprem" has no OutboundConnectors. | Known: m365'),
    ("- New-SendConnector: {Name: X}", "1:3 no server of the lab has SendConnectors."),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "error"), ERRORS)
def test_a_step_that_cannot_be_done_is_an_error_and_changes_nothing(steps: str, error: str) -> None:
    assert [error] == errors(steps)


@pytest.mark.parametrize(
    "step",
    ["New-OutboundConnector: {Name: X}", "Set-OrganizationConfig: {RejectDirectSend: true}"],
)
def test_a_step_that_could_mean_several_servers_lists_them(step: str) -> None:
    word = step.partition(":")[0]
    assert [f"1:3 {word}: is contoso or fabrikam meant? | Add  server: contoso"] == errors(f"- {step}", TWO_TENANTS)


def test_an_object_that_several_servers_have_needs_the_server() -> None:
    lab = (
        TWO_TENANTS
        + "    InboundConnectors: {from partner: {ConnectorType: Partner, SenderDomains: [partner.example]}}\n"
    )
    expected = ["1:3 Remove-InboundConnector: is contoso or fabrikam meant? | Add  server: contoso"]
    assert expected == errors("- Remove-InboundConnector: From partner", lab)


def test_a_person_with_several_mailboxes_is_moved_by_address() -> None:
    lab = CONTOSO.replace("bob@contoso.com at m365", "[bob@contoso.com at m365, rob@contoso.com at onprem]")
    error = "1:10 Bob has bob@contoso.com at m365 and rob@contoso.com at onprem. | Say which, by its address: bob@contoso.com"
    assert [error] == errors("- move: {Bob: onprem}", lab)


def test_no_steps_change_nothing() -> None:
    tree = tree_of(CONTOSO)
    assert tree is apply_steps(tree, None, ProblemList())
    assert tree is apply_steps(tree, read_yaml("do:", "x.yaml").get("do"), ProblemList())


def test_a_lab_without_servers_refuses_steps_and_does_not_break() -> None:
    problems = ProblemList()
    apply_step(Node.of({"mailflow": 1}), read_yaml("stop: onprem", "s.yaml"), problems)
    apply_step(
        Node.of({"mailflow": 1, "servers": {"x": {"is": "nothing"}}}),
        read_yaml("Set-Mailbox: {Identity: Bob}", "s.yaml"),
        problems,
    )
    assert ["1:1 no server of the lab has Recipients.", '1:7 no server "onprem" in the lab.'] == told(problems)


def test_all_cmdlets_are_found_by_name() -> None:
    assert [str(cmdlets.find(name.lower())) for name in cmdlets.names()] == list(cmdlets.names())


# Cmdlets that set what another object has, and objects that exist unwritten


@pytest.mark.parametrize(
    ("step", "keys", "expected"),
    [
        ("Add-RecipientPermission: {Identity: Bob, Trustee: John, AccessRights: SendAs}",
         ("Recipients", "bob@contoso.com", "RecipientPermission"), {"john@contoso.com": "SendAs"}),
        ("Add-RecipientPermission: {Identity: Bob, Trustee: amy@contoso.com}",
         ("Recipients", "bob@contoso.com", "RecipientPermission"), {"amy@contoso.com": "SendAs"}),
        ("set-casmailbox: {Identity: Bob, SmtpClientAuthenticationDisabled: true}",
         ("Recipients", "bob@contoso.com", "SmtpClientAuthenticationDisabled"), "true"),
        ("Set-User: {Identity: Bob, AuthenticationPolicy: modern}", ("Recipients", "bob@contoso.com", "AuthenticationPolicy"), "modern"),
        ("Disable-IPv6ForAcceptedDomain: {Domain: contoso.com}", ("AcceptedDomains", "contoso.com", "IPv6Status"), "Disabled"),
        ("Disable-IPv6ForAcceptedDomain: contoso.com", ("AcceptedDomains", "contoso.com", "IPv6Status"), "Disabled"),
        ("Enable-IPv6ForAcceptedDomain: {Domain: contoso.com}", ("AcceptedDomains", "contoso.com", "DomainType"), "InternalRelay"),
        ("Set-RemoteDomain: {Identity: default, AutoForwardEnabled: false}", ("RemoteDomains", "Default", "AutoForwardEnabled"), "false"),
        ("New-RemoteDomain: {Name: p, DomainName: partner.example}", ("RemoteDomains", "p", "DomainName"), "partner.example"),
        ("New-InboxRule: {Name: away, Mailbox: Bob, RedirectTo: amy@contoso.com}", ("InboxRules", "away", "Mailbox"), "bob@contoso.com"),
        ("New-UnifiedGroup: {PrimarySmtpAddress: team@contoso.com}", ("Recipients", "team@contoso.com", "RecipientType"), "GroupMailbox"),
    ],
)  # fmt: skip
def test_a_cmdlet_sets_what_another_object_has(step: str, keys: tuple[str, ...], expected: object) -> None:
    assert expected == plain(after(f"- {step}"), *TENANT, *keys)


def test_a_permission_that_was_given_can_be_taken_away_again() -> None:
    given = "- Add-RecipientPermission: {Identity: Bob, Trustee: John, AccessRights: SendAs}\n"
    tree = after(
        given + "- Remove-RecipientPermission: {Identity: Bob, Trustee: john@contoso.com, AccessRights: SendAs}"
    )

    assert {} == plain(tree, *TENANT, "Recipients", "bob@contoso.com", "RecipientPermission")


def test_inbox_rules_are_switched_changed_and_removed() -> None:
    given = "- New-InboxRule: {Name: away, Mailbox: Bob, RedirectTo: amy@contoso.com}\n"

    assert "false" == plain(after(f"{given}- Disable-InboxRule: away"), *TENANT, "InboxRules", "away", "Enabled")
    changed = after(f"{given}- Set-InboxRule: {{Identity: away, ForwardTo: john@contoso.com}}")
    assert "john@contoso.com" == plain(changed, *TENANT, "InboxRules", "away", "ForwardTo")
    assert {} == plain(after(f"{given}- Remove-InboxRule: away"), *TENANT, "InboxRules")


def test_the_server_of_an_inbox_rule_is_its_mailboxs() -> None:
    tree = after("- New-InboxRule: {Name: away, Mailbox: Eve, RedirectTo: x@y.example}", TWO_TENANTS)

    assert "x@y.example" == plain(tree, "servers", "fabrikam", "InboxRules", "away", "RedirectTo")


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ("- Remove-RemoteDomain: Default", "1:24 the remote domain Default cannot be removed."),
        ("- Set-RemoteDomain: {Identity: X, NDREnabled: false}", '1:32 no remote domain "X" at m365.'),
        ("- New-InboxRule: {Name: away, Mailbox: Bib}", '1:40 no person "Bib" in the lab. | Known: Bob, John, Sun'),
        (
            "- Add-RecipientPermission: {Identity: Bob, Trustee: Bib}",
            '1:53 no person "Bib" in the lab. | Known: Bob, John, Sun',
        ),
    ],
)
def test_what_such_a_cmdlet_refuses(steps: str, error: str) -> None:
    assert [error] == errors(steps)

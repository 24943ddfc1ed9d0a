"""The cmdlets of an Exchange server as steps: connectors, rights, remote mailboxes, single objects."""

from __future__ import annotations

import pytest

from simulator.scenario.load import read_yaml
from simulator.scenario.steps import apply_steps
from simulator.source import Node, ProblemList
from tests.scenario.labs import told, tree_of

HYBRID = """\
mailflow: 1
people:
  Bob: bob@contoso.com at m365
  John: john@contoso.com at onprem
servers:
  m365:
    is: exchange-online
    fqdn: contoso-com.mail.protection.outlook.com
    ip: 40.92.10.1
    AcceptedDomains: {contoso.com: InternalRelay}
  onprem:
    is: exchange-server
    fqdn: mail.contoso.com
    ip: 203.0.113.25
    AcceptedDomains: {contoso.com: Authoritative, contoso.mail.onmicrosoft.com: Authoritative}
    SendConnectors: {Internet: {AddressSpaces: "*"}}
    ReceiveConnectors:
      Relay: {Bindings: "0.0.0.0:25", RemoteIPRanges: 192.0.2.7, PermissionGroups: AnonymousUsers}
"""
RIGHT = "Ms-Exch-SMTP-Accept-Any-Recipient"
ANYBODY = r"NT AUTHORITY\ANONYMOUS LOGON"


def _after(steps: str) -> tuple[Node, list[str]]:
    problems = ProblemList()
    tree = apply_steps(tree_of(HYBRID), read_yaml(steps, "steps.yaml"), problems)
    return tree, told(problems)


def _plain(steps: str, *keys: str) -> object:
    node, problems = _after(steps)
    assert [] == problems
    for key in ("servers", "onprem", *keys):
        found = node.get(key)
        if found is None:
            return "gone"
        node = found
    return node.plain()


LINE = (
    '- New-SendConnector -Name "My company to Office 365" -AddressSpaces * -CloudServicesMailEnabled $true -Fqdn mail.contoso.com '
    "-RequireTLS $true -DNSRoutingEnabled $false -SmartHosts contoso-com.mail.protection.outlook.com -TlsAuthLevel CertificateValidation"
)


def test_the_line_of_the_page_is_a_step_as_it_stands() -> None:
    expected = {
        "AddressSpaces": "*", "CloudServicesMailEnabled": "$true", "Fqdn": "mail.contoso.com", "RequireTLS": "$true",
        "DNSRoutingEnabled": "$false", "SmartHosts": "contoso-com.mail.protection.outlook.com", "TlsAuthLevel": "CertificateValidation",
    }  # fmt: skip
    assert expected == _plain(LINE, "SendConnectors", "My company to Office 365")


@pytest.mark.parametrize(
    ("step", "keys", "expected"),
    [
        ("- Set-SendConnector: {Identity: Internet, Enabled: $false}", ("SendConnectors", "Internet", "Enabled"), "$false"),
        ("- Remove-SendConnector Internet", ("SendConnectors", "Internet"), "gone"),
        (r"- Set-ReceiveConnector: {Identity: ONPREM\Relay, RequireTLS: $true}", ("ReceiveConnectors", "Relay", "RequireTLS"), "$true"),
        ("- Set-ReceiveConnector: {Identity: Default Frontend ONPREM, Fqdn: mx.contoso.com}",
         ("ReceiveConnectors", "Default Frontend ONPREM", "Fqdn"), "mx.contoso.com"),
        ("- New-ReceiveConnector -Name P -Partner -Bindings 0.0.0.0:25 -RemoteIPRanges 192.0.2.9", ("ReceiveConnectors", "P", "Partner"), "true"),
        ("- New-AcceptedDomain: {DomainName: b.example, DomainType: ExternalRelay}\n  server: onprem", ("AcceptedDomains", "b.example", "DomainType"), "ExternalRelay"),
        ("- Set-TransportConfig: {MaxSendSize: 20MB}\n  server: onprem", ("TransportConfig", "MaxSendSize"), "20MB"),
        ("- Set-TransportService MBX01 -MessageExpirationTimeout 1.00:00:00", ("TransportService", "MessageExpirationTimeout"), "1.00:00:00"),
        ("- Enable-RemoteMailbox: {Identity: Bob, RemoteRoutingAddress: bob@contoso.mail.onmicrosoft.com}", ("Recipients", "bob@contoso.com"),
         {"RemoteRoutingAddress": "bob@contoso.mail.onmicrosoft.com", "RecipientType": "RemoteUserMailbox"}),
        ("- New-RemoteMailbox: {Name: Bob, PrimarySmtpAddress: bob@contoso.com}", ("Recipients", "bob@contoso.com"), {"RecipientType": "RemoteUserMailbox"}),
        ("- Enable-RemoteMailbox: Bob\n- Disable-RemoteMailbox: Bob", ("Recipients", "bob@contoso.com"), "gone"),
    ],
)  # fmt: skip
def test_a_step_changes_the_server(step: str, keys: tuple[str, ...], expected: object) -> None:
    assert expected == _plain(step, *keys)


def test_a_remote_mailbox_is_changed_at_the_server_that_has_it() -> None:
    steps = "- Enable-RemoteMailbox: {Identity: Bob}\n- Set-RemoteMailbox: {Identity: Bob, RemoteRoutingAddress: b@contoso.mail.onmicrosoft.com}"
    assert "b@contoso.mail.onmicrosoft.com" == _plain(steps, "Recipients", "bob@contoso.com", "RemoteRoutingAddress")


def _permission(verb: str, rights: str = RIGHT, user: str = ANYBODY, identity: str = "Relay") -> str:
    return f"- {verb}-ADPermission: {{Identity: {identity}, User: {user}, ExtendedRights: {rights}}}"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([_permission("Add")], [RIGHT]),
        ([_permission("Add"), _permission("Add")], [RIGHT]),
        ([_permission("Add"), _permission("Add", "Ms-Exch-Bypass-Anti-Spam")], [RIGHT.lower(), "Ms-Exch-Bypass-Anti-Spam"]),
        ([_permission("Add"), _permission("Remove", RIGHT.lower())], []),
        ([f"- Set-ReceiveConnector: {{Identity: Relay, ExtendedRights: {{'{ANYBODY}': [{RIGHT}]}}}}", _permission("Add", "Ms-Exch-Bypass-Anti-Spam")],
         [RIGHT, "Ms-Exch-Bypass-Anti-Spam"]),
    ],
)  # fmt: skip
def test_rights_are_given_and_taken(steps: list[str], expected: list[str]) -> None:
    found = _plain("\n".join(steps), "ReceiveConnectors", "Relay", "ExtendedRights")
    assert isinstance(found, list)
    assert [right.casefold() for right in expected] == [str(right).casefold() for right in found]


def test_a_default_connector_can_be_given_rights() -> None:
    found = _plain(
        _permission("Add", identity="Default Frontend ONPREM"),
        "ReceiveConnectors",
        "Default Frontend ONPREM",
        "ExtendedRights",
    )
    assert [RIGHT] == found


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (LINE + "\n" + LINE, 'onprem already has the send connector "My company to Office 365".'),
        ("- Set-SendConnector: {Identity: Intrnet, Enabled: false}", 'no send connector "Intrnet" at onprem. | Did you mean Internet?'),
        ("- Remove-ReceiveConnector: Default Frontend ONPREM", "the receive connector Default Frontend ONPREM cannot be removed."),
        ("- Add-ADPermission: {Identity: Relay}", "Add-ADPermission needs User and ExtendedRights."),
        (_permission("Add", identity="Rely"), 'no receive connector "Rely" at onprem.'),
        ("- Enable-RemoteMailbox: John", 'onprem already has the remote mailbox "john@contoso.com".'),
        ("- Set-RemoteMailbox: {Identity: Bob, Name: B}", 'no remote mailbox "bob@contoso.com" at onprem.'),
        ("- Set-TransportConfig: {MaxSendSize: 1MB}", "Set-TransportConfig: is m365 or onprem meant?"),
        ("- New-SendConnector $x", "$x cannot be read here."),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_done_says_why(step: str, says: str) -> None:
    _, problems = _after(step)
    assert [True] == [says in problem for problem in problems]


def test_rights_of_others_are_warned_of() -> None:
    problems = ProblemList()
    before = tree_of(HYBRID)
    tree = apply_steps(before, read_yaml(_permission("Add", user="Somebody"), "steps.yaml"), problems)
    assert ["rights of Somebody are understood but not modelled; they change nothing here"] == [
        p.says for p in problems.warnings
    ]
    assert before.plain() == tree.plain()

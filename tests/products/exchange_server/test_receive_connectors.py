from __future__ import annotations

from typing import Any

import pytest

from simulator.products.exchange_server import ReceiveConnector
from simulator.source import Node, ProblemList
from tests.products.exchange_server.builders import problems, settings

_SCOPE = {"Bindings": "0.0.0.0:25", "RemoteIPRanges": "192.0.2.10"}


def _read(name: str = "Relay", **parameters: Any) -> tuple[ReceiveConnector, list[str]]:
    found = ProblemList()
    made = ReceiveConnector.read(Node.of(parameters), found, name=name)
    return made, [f"{p.level}: {p.says}" for p in found.items]


@pytest.mark.parametrize(
    ("usage", "groups", "mechanisms"),
    [
        ("Client", ("ExchangeUsers",), ("Tls", "BasicAuth", "BasicAuthRequireTLS", "Integrated")),
        ("Internal", ("ExchangeServers", "ExchangeLegacyServers"), ("Tls", "ExchangeServer")),
        ("Internet", ("AnonymousUsers",), ("Tls",)),
        ("Partner", ("Partners",), ("Tls",)),
        ("Custom", (), ("Tls",)),
    ],
)
def test_the_usage_sets_groups_and_mechanisms(usage: str, groups: tuple[str, ...], mechanisms: tuple[str, ...]) -> None:
    switch: dict[str, Any] = {usage: True}
    by_switch, _ = _read(**switch)
    by_name, _ = _read(Usage=usage)
    assert [(groups, mechanisms)] * 2 == [(c.groups, c.mechanisms) for c in (by_switch, by_name)]


def test_what_is_written_goes_before_the_usage() -> None:
    made, said = _read(
        **_SCOPE, Usage="Custom", PermissionGroups="AnonymousUsers, ExchangeUsers", AuthMechanism=["tls", "basicauth"]
    )
    assert [] == said
    assert (("AnonymousUsers", "ExchangeUsers"), ("Tls", "BasicAuth")) == (made.groups, made.mechanisms)
    nobody, _ = _read(**_SCOPE, Internet=True, PermissionGroups="None")
    assert () == nobody.groups


def test_every_server_has_two_connectors_and_an_edge_server_one() -> None:
    found = settings().receivers
    assert [("Default Frontend onprem", (25,)), ("Client Frontend onprem", (587,))] == [
        (c.name, c.ports) for c in found
    ]
    assert [("AnonymousUsers", "ExchangeServers", "ExchangeLegacyServers"), ("ExchangeUsers",)] == [
        c.groups for c in found
    ]
    assert ["Default Frontend onprem"] == [c.name for c in settings(ServerRole="Edge").receivers]


def test_a_connector_of_that_name_changes_the_one_that_is_there() -> None:
    found = settings(ReceiveConnectors={"default frontend MBX01": {"RequireTLS": True}}).receivers
    assert [("default frontend MBX01", True), ("Client Frontend onprem", False)] == [
        (c.name, c.RequireTLS) for c in found
    ]
    assert (25,) == found[0].ports


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"RemoteIPRanges": "192.0.2.10"}, "error: Relay lacks Bindings, which the usage Custom asks for."),
        ({"Bindings": "0.0.0.0:25"}, "error: Relay lacks RemoteIPRanges, which the usage Custom asks for."),
        ({**_SCOPE, "Usage": "Internet"}, "error: RemoteIPRanges cannot be used with the usage Internet."),
        ({**_SCOPE, "Usage": "Client"}, "error: Bindings cannot be used with the usage Client."),
        ({**_SCOPE, "Custom": True, "Usage": "Custom"}, "error: Custom and Usage exclude each other."),
        ({**_SCOPE, "AuthMechanism": "BasicAuthRequireTLS"}, "error: BasicAuthRequireTLS also needs BasicAuth and Tls."),
        ({**_SCOPE, "AuthMechanism": ["ExternalAuthoritative", "Tls"]}, "error: ExternalAuthoritative needs PermissionGroups ExchangeServers."),
        ({**_SCOPE, "AuthMechanism": ["ExternalAuthoritative", "BasicAuth"], "PermissionGroups": "ExchangeServers"},
         "error: only Tls can stand beside ExternalAuthoritative."),
        ({**_SCOPE, "AuthMechanism": "None", "RequireTLS": True}, "error: RequireTLS needs Tls in AuthMechanism."),
        ({**_SCOPE, "Banner": "Hello"}, "error: a banner begins with 220."),
        ({**_SCOPE, "PermissionGroups": "Everybody"}, "error: PermissionGroups: Everybody is not a permission group."),
        ({**_SCOPE, "ChunkingEnabled": False}, "error: BinaryMimeEnabled needs ChunkingEnabled."),
        ({**_SCOPE, "ExtendedRights": "Relay"}, "error: ExtendedRights: Relay is not an extended right."),
        ({**_SCOPE, "MaxHopCount": 501}, "error: MaxHopCount: 501 is not a whole number from 1 to 500."),
        ({**_SCOPE, "MessageRateLimit": 5}, "warning: MessageRateLimit is understood but not modelled; it changes nothing here"),
    ],
)  # fmt: skip
def test_the_cmdlet_objects(parameters: dict[str, Any], says: str) -> None:
    assert [says] == _read(**parameters)[1]


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        ("192.0.2.0/24", "192.0.2.10", None),
        ("192.0.2.0-192.0.2.20", "192.0.2.10-192.0.2.30", "error: RemoteIPRanges 192.0.2.10-192.0.2.30 of B crosses 192.0.2.0-192.0.2.20 of A, at the same port."),
        ("192.0.2.10", "192.0.2.10/32", "error: RemoteIPRanges 192.0.2.10/32 of B is a range of A, at the same port."),
        ("0.0.0.0-255.255.255.255", "192.0.2.1", "error: RemoteIPRanges 0.0.0.0-255.255.255.255 of A is a range of Default Frontend onprem, at the same port."),
    ],
)  # fmt: skip
def test_ranges_of_one_port_nest_and_do_not_cross(one: str, other: str, says: str | None) -> None:
    made = {n: {"Bindings": "0.0.0.0:25", "RemoteIPRanges": r} for n, r in (("A", one), ("B", other))}
    assert ([f"{says} Make one range lie within the other."] if says else []) == problems(ReceiveConnectors=made)


def test_ranges_of_different_ports_have_nothing_to_do_with_each_other() -> None:
    made = {n: {"Bindings": f"0.0.0.0:{p}", "RemoteIPRanges": "192.0.2.10"} for n, p in (("A", 25), ("B", 2525))}
    assert [] == problems(ReceiveConnectors=made)


def test_one_default_connector_is_written_once() -> None:
    made: dict[str, Any] = {"Default Frontend A": {}, "Default Frontend B": {}}
    assert ["error: Default Frontend B is Default Frontend A again. Keep one."] == problems(ReceiveConnectors=made)


def test_the_wrong_role_is_warned_of() -> None:
    made = {"Relay": {**_SCOPE, "TransportRole": "HubTransport"}}
    says = "Relay is a HubTransport connector at a port of the Front End: clients get 4.3.2 Service not available"
    assert [f"warning: {says} Write TransportRole: FrontendTransport."] == problems(ReceiveConnectors=made)


@pytest.mark.parametrize(
    "written",
    [
        "Ms-Exch-SMTP-Accept-Any-Recipient",
        ["ms-exch-smtp-accept-any-recipient"],
        {r"NT AUTHORITY\ANONYMOUS LOGON": ["Ms-Exch-SMTP-Accept-Any-Recipient"]},
        {"Anonymous Logon": "Ms-Exch-SMTP-Accept-Any-Recipient", "Somebody": "Ms-Exch-SMTP-Submit"},
    ],
)
def test_extended_rights_are_those_of_the_anonymous_logon(written: object) -> None:
    assert ("ms-exch-smtp-accept-any-recipient",) == _read(**_SCOPE, ExtendedRights=written)[0].ExtendedRights

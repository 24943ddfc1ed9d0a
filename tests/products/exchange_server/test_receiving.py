from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import parse_sender
from simulator.mail.session import Session
from simulator.products.exchange_server import ExchangeServer
from simulator.products.exchange_server.receiving import pick, reference, relay_step, standing
from tests.policy.builders import JOHN, MONDAY, a_certificate, tls
from tests.products.exchange_server.builders import SERVICE, exchange, session, settings

_RIGHT = "Ms-Exch-SMTP-Accept-Any-Recipient"


def _scope(ranges: str, **more: Any) -> dict[str, Any]:
    return {"Bindings": "0.0.0.0:25", "RemoteIPRanges": ranges, "PermissionGroups": "AnonymousUsers", **more}


def _picked(peer: str, connectors: Mapping[str, Any], port: int = 25) -> tuple[str, dict[str, str]]:
    connector, step = pick(settings(ReceiveConnectors=connectors), session(peer, port=port))
    return connector.name if connector else "", {c.name: c.reason for c in step.candidates}


def test_the_narrowest_range_that_holds_the_client_wins() -> None:
    nested = {"Net": _scope("192.0.2.0/24"), "Part": _scope("192.0.2.1-192.0.2.99"), "One": _scope("192.0.2.7")}
    assert "One" == _picked("192.0.2.7", nested)[0]
    assert "Part" == _picked("192.0.2.8", nested)[0]
    assert "Net" == _picked("192.0.2.200", nested)[0]
    name, reasons = _picked("203.0.113.9", nested)
    assert "Default Frontend onprem" == name
    assert {
        "Net": "address-not-listed", "Part": "address-not-listed", "One": "address-not-listed",
        "Default Frontend onprem": "chosen", "Client Frontend onprem": "other-port",
    } == reasons  # fmt: skip


def test_a_disabled_connector_leaves_its_clients_to_the_next() -> None:
    name, reasons = _picked("192.0.2.7", {"Net": _scope("192.0.2.0/24"), "One": _scope("192.0.2.7", Enabled=False)})
    assert ("Net", "disabled") == (name, reasons["One"])
    assert "less-specific" == _picked("192.0.2.7", {"One": _scope("192.0.2.7")})[1]["Default Frontend onprem"]


def test_where_no_connector_is_for_a_client_none_is_found() -> None:
    name, _ = _picked("192.0.2.7", {"Default Frontend": {"Enabled": False}})
    assert "" == name
    assert "" == _picked("192.0.2.7", {}, 2525)[0]


@given(st.permutations(["192.0.2.0/24", "192.0.2.0/28", "192.0.2.7", "192.0.0.0/16"]))
def test_the_choice_does_not_depend_on_the_order_of_connectors(order: list[str]) -> None:
    made = {f"To {ranges}": _scope(ranges) for ranges in order}
    assert "To 192.0.2.7" == _picked("192.0.2.7", made)[0]
    assert "To 192.0.2.0/28" == _picked("192.0.2.8", made)[0]


def test_only_connectors_that_somebody_made_are_shown() -> None:
    found = settings(ReceiveConnectors={"Relay": _scope("192.0.2.7"), "Default Frontend X": {}}).receivers
    shown = [reference(c) for c in found]
    assert ["Relay", None, None] == [c.name if c else None for c in shown]
    assert reference(None) is None


def _known(
    client: Session, relay: str = "", sender: str = "sun@customer.example", **parameters: Any
) -> tuple[str, str]:
    """By what a session is known at a connector, and whether it may relay."""
    host = exchange(ReceiveConnectors={"Relay": _scope("192.0.2.0/24", **parameters)})
    connector = next(c for c in host.settings.receivers if c.name == "Relay")
    found = standing(connector, client, MONDAY)
    return found.basis, relay_step(connector, found, parse_sender(sender), host.directory).outcome


_SECURED = {"AuthMechanism": ["Tls", "ExternalAuthoritative"], "PermissionGroups": "ExchangeServers"}
_CLOUD = {"TlsDomainCapabilities": f"{SERVICE}:AcceptCloudServicesMail"}


@pytest.mark.parametrize(
    ("client", "parameters", "expected"),
    [
        (session(), {}, ("anonymous", "denied")),
        (session(), {"ExtendedRights": _RIGHT}, ("anonymous", "relay")),
        (session(), {"PermissionGroups": "ExchangeUsers"}, ("", "denied")),
        (session(), {"PermissionGroups": "ExchangeUsers", "ExtendedRights": _RIGHT}, ("", "denied")),
        (session(), _SECURED, ("externally-secured", "relay")),
        (session(auth=JOHN), {"PermissionGroups": "ExchangeUsers"}, ("mailbox", "relay")),
        (session(auth=JOHN), {}, ("anonymous", "denied")),
        (session(), {"PermissionGroups": "Partners"}, ("", "denied")),
        (session(cert="mx.partner.example"), {"PermissionGroups": "Partners"}, ("partner", "denied")),
        (session(cert=SERVICE), _CLOUD, ("cloud", "denied")),
        (session(cert="mx.partner.example"), _CLOUD, ("anonymous", "denied")),
        (session(tls=True), _CLOUD, ("anonymous", "denied")),
        (session(), _CLOUD, ("anonymous", "denied")),
        (session(cert=SERVICE), {}, ("anonymous", "denied")),
    ],
)
def test_what_a_session_may_do_follows_from_how_it_is_known(
    client: Session, parameters: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected == _known(client, **parameters)


def test_the_service_relays_for_senders_of_the_organisation_and_for_reports() -> None:
    client = session(cert=SERVICE)
    assert [("cloud", "relay"), ("cloud", "relay"), ("cloud", "denied")] == [
        _known(client, sender=sender, **_CLOUD) for sender in ("bob@contoso.com", "", "sun@customer.example")
    ]


def test_a_certificate_that_is_not_good_proves_nothing() -> None:
    bad = (
        a_certificate(subject=SERVICE, names=(SERVICE,), flaw="self-signed", anchor=""),
        a_certificate(subject=SERVICE, names=(SERVICE,), anchor="lab-untrusted-ca"),
        a_certificate(subject=SERVICE, names=(SERVICE,), not_after=MONDAY - timedelta(days=1)),
        a_certificate(subject=SERVICE, names=(SERVICE,), purposes=frozenset({"server"})),
    )
    for certificate in bad:
        client = Session("192.0.2.9", "onprem", tls=tls(certificate))
        assert ("anonymous", "denied") == _known(client, sender="bob@contoso.com", **_CLOUD)


_SESSIONS = st.builds(
    lambda auth, cert, secure: session(auth=JOHN if auth else None, cert=cert, tls=secure),
    st.booleans(), st.sampled_from(["", SERVICE, "mx.partner.example"]), st.booleans(),
)  # fmt: skip
_PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "PermissionGroups": st.sampled_from(["AnonymousUsers", "ExchangeUsers", "Partners", "AnonymousUsers,ExchangeUsers,Partners"]),
        "ExtendedRights": st.just(_RIGHT),
        "TlsDomainCapabilities": st.just(f"{SERVICE}:AcceptCloudServicesMail"),
    },
)  # fmt: skip


@given(_SESSIONS, _PARAMETERS, st.sampled_from(["", "bob@contoso.com", "sun@customer.example"]))
def test_proving_less_never_opens_a_door(client: Session, parameters: dict[str, Any], sender: str) -> None:
    basis, relay = _known(client, sender=sender, **parameters)
    for less in (client.with_(auth=None), client.with_(tls=None), client.with_(auth=None, tls=None)):
        less_basis, less_relay = _known(less, sender=sender, **parameters)
        assert not (relay == "denied" and less_relay == "relay")
        assert not (basis == "" and less_basis)


def test_every_way_of_being_known_is_told() -> None:
    host: ExchangeServer = exchange()
    found = standing(host.settings.receivers[0], session(), MONDAY)
    assert {
        "ExchangeUsers": "no-login", "ExternalAuthoritative": "not-set", "AcceptCloudServicesMail": "not-set",
        "Partners": "not-permitted", "AnonymousUsers": "anonymous",
    } == {c.name: c.reason for c in found.step.candidates}  # fmt: skip

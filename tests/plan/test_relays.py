"""Who can send through whom: no lab of the project has an open cell that nobody meant, and a hole is found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from simulator.cli.which_lab import the_lab
from simulator.keyring import KEYRING
from simulator.plan.relays import CLIENTS, RECIPIENTS, SENDERS, Cell, open_relays, relay_matrix
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.patch import apply_patch
from simulator.source import Node, ProblemList
from simulator.topology import Lab

LABS = sorted((Path(__file__).parents[2] / "scenarios" / "labs").glob("*.yaml"))
CONTOSO, GATEWAY, TENANTS = (next(p for p in LABS if p.stem == name) for name in ("contoso", "gateway", "two-tenants"))


def a_lab(file: Path, patch: Mapping[str, object] | Node | None = None) -> Lab:
    problems = ProblemList()
    change = patch if isinstance(patch, Node) else Node.of(patch or {})
    tree = apply_patch(read_yaml(file.read_text(encoding="utf-8"), file.name), change, problems)
    lab = build_lab(tree, problems, START, file=file.name)
    assert lab is not None, problems.errors
    return lab


def matrix(lab: Lab) -> tuple[Cell, ...]:
    return relay_matrix(lab, START, KEYRING)


@pytest.mark.parametrize("file", LABS, ids=[p.stem for p in LABS])
def test_no_cell_is_open_that_should_not_be(file: Path) -> None:
    lab = the_lab(file).lab
    cells = matrix(lab)
    assert [] == [c for c in cells if c.is_unexpected]
    assert [] == open_relays(lab, START, KEYRING)
    assert {name for name, host in lab.hosts.items() if not host.submission.direct} == {c.server for c in cells}


@pytest.mark.parametrize("file", LABS, ids=[p.stem for p in LABS])
def test_proving_nothing_opens_nothing(file: Path) -> None:
    """A forged certificate is worth no more than none."""
    cells = matrix(the_lab(file).lab)
    plain = {(c.server, c.mail_from, c.recipient) for c in cells if c.client == "anonymous" and c.open}
    forged = {(c.server, c.mail_from, c.recipient) for c in cells if c.client == "forged" and c.open}
    assert forged <= plain


def test_every_kind_of_client_sender_and_recipient_is_asked() -> None:
    cells = matrix(a_lab(CONTOSO))
    asked = {(c.client, c.sender, c.recipient) for c in cells if c.server == "m365"}
    missing = {(a, b, c) for a in CLIENTS for b in SENDERS for c in RECIPIENTS} - asked
    assert set() == missing


def _open(lab: Lab, server: str, client: str, recipient: str = "foreign") -> set[str]:
    cells = [c for c in matrix(lab) if (c.server, c.client, c.recipient) == (server, client, recipient) and c.open]
    return {c.sender for c in cells}


def test_a_certificate_opens_what_an_address_alone_does_not() -> None:
    lab = a_lab(CONTOSO)
    assert [set(), {"own", "foreign", "null"}] == [_open(lab, "m365", kind) for kind in ("address", "certificate")]


def test_everybody_may_write_to_people_of_the_host() -> None:
    lab = a_lab(CONTOSO)
    assert {"own", "foreign", "null"} == _open(lab, "onprem", "anonymous", "local")
    assert set() == _open(lab, "internet", "anonymous", "hosted")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"Allow Relay": "Anyone"}, "onprem relays for a stranger at 192.0.0.9 who sends as <>"),
        ({"Allow Relay": "Only Local Users"}, "onprem relays for a stranger at 192.0.0.9 who sends as john@contoso.com"),
        ({"Allow Relay": "Only Local Domains"}, "onprem relays for a stranger at 192.0.0.9 who sends as bob@contoso.com"),
        ({"Whitelist": ["198.51.100.0/24"]}, "onprem relays for 198.51.100.7, the address of internet, who sends as <>"),
        ({"Whitelist": ["40.92.0.0/15"]}, ""),
        ({"IP Bypass": ["0.0.0.0/0"]}, ""),
    ],
)  # fmt: skip
def test_a_hole_is_found_and_its_user_named(settings: dict[str, object], says: str) -> None:
    found = open_relays(a_lab(CONTOSO, {"servers": {"onprem": settings}}), START, KEYRING)
    assert ([says] if says else []) == found


def test_whoever_lists_a_whole_service_lets_every_tenant_through() -> None:
    lab = a_lab(TENANTS, {"servers": {"onprem": {"Whitelist": ["40.0.0.0/8", "52.0.0.0/8", "104.0.0.0/8"]}}})
    (found,) = open_relays(lab, START, KEYRING)
    assert "the address of fabrikam, who sends as" in found


def test_the_tenant_that_took_a_message_is_asked_for_its_trust() -> None:
    cells = [c for c in matrix(a_lab(TENANTS)) if c.server == "fabrikam" and c.client == "certificate" and c.open]
    assert {"m365"} == {c.taken_by for c in cells if c.recipient == "foreign"}


def test_a_gateway_goes_by_address_and_sender_domain() -> None:
    assert {"own", "null"} == _open(a_lab(GATEWAY), "gateway", "address")


def test_a_server_below_the_organizational_domain_is_of_the_organisation() -> None:
    patch = {"people": {"John": "john@sm.contoso.com at onprem"}}
    assert [] == open_relays(a_lab(CONTOSO, patch), START, KEYRING)
    other = read_yaml(
        "people: {John: john@fabrikam.com at onprem}\nservers: {onprem: {Domains: {contoso.com: remove, fabrikam.com: {}}}}",
        "p",
    )
    assert "the certificate of onprem" in open_relays(a_lab(CONTOSO, other), START, KEYRING)[0]


def test_a_stranger_is_asked_at_the_submission_port_too() -> None:
    hole = {
        "PermissionGroups": ["ExchangeUsers", "AnonymousUsers"], "ExtendedRights": "Ms-Exch-SMTP-Accept-Any-Recipient",
    }  # fmt: skip
    exchange = next(p for p in LABS if p.stem == "exchange")
    assert [] == open_relays(a_lab(exchange), START, KEYRING)
    patch = {"servers": {"onprem": {"ReceiveConnectors": {"Client Frontend": hole}}}}
    (found,) = open_relays(a_lab(exchange, patch), START, KEYRING)
    assert "onprem relays for a stranger at port 587 who sends as <>" == found


def test_a_server_that_takes_mail_for_the_others_people_is_of_their_organisation() -> None:
    sister = {
        "people": {"Bob": "bob@fabrikam.com at m365"},
        "servers": {"m365": {"AcceptedDomains": {"fabrikam.com": "Authoritative"}}},
    }
    assert [] == open_relays(a_lab(CONTOSO, sister), START, KEYRING)  # contoso.com is still an accepted domain

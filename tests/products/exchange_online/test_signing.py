"""With which key mail to outside is signed: what is decided and why, and that whoever gets it can verify it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.keyring import KEYRING
from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy import dkim
from simulator.policy.moment import Moment
from simulator.policy.route import NextHop, Relay
from simulator.products.exchange_online import Tenant, TenantSettings
from simulator.products.exchange_online.signing import from_domain, signer
from simulator.products.service_names import EXCHANGE_ONLINE
from simulator.source import Node, ProblemList
from simulator.topology import Server
from simulator.zone import Zone
from tests.answering import answered
from tests.products.exchange_online.builders import (
    CONTOSO,
    NOW,
    ORIGINATING,
    SUBMITTED,
    contoso,
    held,
    message,
    outbound,
)

INCOMING = {"tenant": "m365", "direction": "Incoming", "basis": "recipient-owner"}
BY_BOB = message(From="Bob <bob@contoso.com>", Date="Thu, 15 Jan 2026 09:00:00 +0000")
TO_MX = Relay(NextHop("customer.example"))
ENABLED = {"contoso.com": {"Enabled": True}}
NO_INITIAL = {"AcceptedDomains": {"contoso.com": "Authoritative"}}
DEFAULT = ("contoso.onmicrosoft.com", "selector1-contoso-onmicrosoft-com", "initial-domain")
NOT = ("", "")


def left(
    host: Tenant | None = None, content: Message = BY_BOB, *, to: str = "sun@customer.example", facts: Mapping[str, str] = SUBMITTED,
    relay: Relay = TO_MX, sender: str | None = "bob@contoso.com", now: datetime = NOW,
) -> Message:  # fmt: skip
    """As the message leaves the tenant."""
    care = held(to, content=content, facts=facts, sender=sender)
    sent, _ = (host or contoso()).prepare(care, relay, Moment(now, {}, 7, KEYRING))
    return sent


def tags(sent: Message) -> dict[str, str]:
    """The tags of its signature; empty where there is none."""
    parts = (sent.get("DKIM-Signature") or "").split(";")
    return {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in parts) if name.strip()}


def by(sent: Message) -> tuple[str, str]:
    return tags(sent).get("d", ""), tags(sent).get("s", "")


def decided(content: Message = BY_BOB, now: datetime = NOW, **changes: Any) -> tuple[str, str, str]:
    found = signer(content, contoso(**changes).profile, now)
    return found.domain, found.selector, found.reason


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, DEFAULT),
        ({"DkimSigningConfig": ENABLED}, ("contoso.com", "selector1", "custom-domain")),
        ({"DkimSigningConfig": {"Contoso.COM": {"Enabled": True}}}, ("contoso.com", "selector1", "custom-domain")),
        ({"DkimSigningConfig": {"contoso.com": {"Enabled": False}}}, DEFAULT),
        ({"DkimSigningConfig": {"contoso.com": {}}}, DEFAULT),
        ({"DkimSigningConfig": {"sm.contoso.com": {"Enabled": True}}}, DEFAULT),
        ({"DkimSigningConfig": {"contoso.onmicrosoft.com": {"Enabled": True}}}, DEFAULT),
        ({"DkimSigningConfig": {"contoso.onmicrosoft.com": {"Enabled": False}}}, (*NOT, "disabled")),
        ({"DkimSigningConfig": {**ENABLED, "contoso.onmicrosoft.com": {"Enabled": False}}},
         ("contoso.com", "selector1", "custom-domain")),
        (NO_INITIAL, (*NOT, "no-initial-domain")),
        ({**NO_INITIAL, "DkimSigningConfig": ENABLED}, ("contoso.com", "selector1", "custom-domain")),
    ],
)  # fmt: skip
def test_the_from_domain_signs_where_it_is_enabled_else_the_initial_one(
    changes: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert expected == decided(**changes)
    assert expected[:2] == by(left(contoso(**changes)))


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("bob@contoso.com", DEFAULT),
        ("bob@contoso.onmicrosoft.com", DEFAULT),
        ("bob@mail.contoso.com", (*NOT, "foreign-from")),
        ("sun@customer.example", (*NOT, "foreign-from")),
        ("", (*NOT, "foreign-from")),
    ],
)
def test_only_mail_of_the_tenant_is_signed(author: str, expected: tuple[str, str, str]) -> None:
    assert expected == decided(message(From=author))


def test_a_subdomain_that_is_accepted_through_its_parent_is_signed_by_the_initial_domain() -> None:
    domains = {**CONTOSO["AcceptedDomains"], "contoso.com": {"DomainType": "InternalRelay", "MatchSubDomains": True}}
    assert DEFAULT == decided(message(From="x@mail.contoso.com"), AcceptedDomains=domains, DkimSigningConfig=ENABLED)


@pytest.mark.parametrize("facts", [SUBMITTED, ORIGINATING, INCOMING])
@pytest.mark.parametrize("sender", ["bob@contoso.com", "bounces@elsewhere.example", None])
def test_it_makes_no_difference_how_the_message_came_in(facts: dict[str, str], sender: str | None) -> None:
    assert DEFAULT[:2] == by(left(facts=facts, sender=sender))


@pytest.mark.parametrize(
    ("to", "relay", "knob", "expected"),
    [
        ("sun@customer.example", TO_MX, False, True),
        ("john@sm.contoso.com", TO_MX, False, False),
        ("john@sm.contoso.com", TO_MX, True, True),
        ("contact@contoso.com", Relay(NextHop("a"), recipient=Address.parse("sun@customer.example")), False, True),
        ("contact@customer.example", Relay(NextHop("a"), recipient=Address.parse("john@contoso.com")), False, False),
        (["john@sm.contoso.com", "sun@customer.example"], Relay(NextHop(hosts=("mail.contoso.com",))), False, True),
    ],
)
def test_mail_for_the_tenants_own_domains_is_not_signed_unless_told(
    to: str, relay: Relay, knob: bool, expected: bool
) -> None:
    host = contoso(OutboundConnectors=outbound(RecipientDomains="*"), knobs={"dkim_to_own_servers": knob})
    assert expected == left(host, to=to, relay=relay).has("DKIM-Signature")


def test_the_selector_changes_on_the_date_of_the_rotation() -> None:
    rotating = {"contoso.com": {"Enabled": True, "RotateOnDate": "2026-01-20T12:00:00Z"}}
    before, after = datetime(2026, 1, 20, 11, 59, tzinfo=UTC), datetime(2026, 1, 20, 12, tzinfo=UTC)
    assert ["selector1", "selector2"] == [decided(now=now, DkimSigningConfig=rotating)[1] for now in (before, after)]
    back = {
        "contoso.com": {
            **rotating["contoso.com"],
            "SelectorBeforeRotateOnDate": "Selector2",
            "SelectorAfterRotateOnDate": "selector1",
        }
    }
    assert ["selector2", "selector1"] == [decided(now=now, DkimSigningConfig=back)[1] for now in (before, after)]


def test_the_initial_domain_rotates_too() -> None:
    rotated = {"contoso.onmicrosoft.com": {"Enabled": True, "RotateOnDate": "2026-01-01"}}
    assert "selector2-contoso-onmicrosoft-com" == decided(DkimSigningConfig=rotated)[1]


def test_the_signature_has_the_form_of_captured_ones() -> None:
    sent = left()
    assert "DKIM-Signature" == sent.fields[0][0]
    found = tags(sent)
    assert ["v", "a", "c", "d", "s", "h", "bh", "b"] == list(found)
    assert ("rsa-sha256", "relaxed/relaxed") == (found["a"], found["c"])
    assert "From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck" == found["h"]


@pytest.mark.parametrize("header", ["Simple", "Relaxed"])
@pytest.mark.parametrize("body", ["Simple", "Relaxed"])
def test_the_canonical_forms_are_those_of_the_configuration(header: str, body: str) -> None:
    config = {"Enabled": True, "HeaderCanonicalization": header, "BodyCanonicalization": body}
    sent = left(contoso(DkimSigningConfig={"contoso.com": config}))
    assert f"{header.lower()}/{body.lower()}" == tags(sent)["c"]
    assert ["pass"] == [s.result for s in verified(sent, cname=True)]


def test_a_retry_leaves_with_the_same_octets() -> None:
    assert left().content == left(now=datetime(2026, 1, 16, tzinfo=UTC)).content


def test_internal_headers_are_gone_before_the_message_is_signed() -> None:
    sent = left(content=BY_BOB.prepend("X-MS-Exchange-Organization-AuthAs", "Internal"))
    assert not sent.has("X-MS-Exchange-Organization-")
    assert ["pass"] == [s.result for s in verified(sent)]


# the way to the key


def verified(sent: Message, *, cname: bool = False, selector: str = "selector1") -> tuple[dkim.Signature, ...]:
    """What somebody outside finds out. `cname` is whether the customer published what leads to the service's keys."""
    server = Server("m365", "exchange-online", "contoso-com.mail.protection.outlook.com", ("40.92.10.1",))
    records = [*EXCHANGE_ONLINE.records([(server, Node.of(CONTOSO))])]
    if cname:
        there = f"{selector}-contoso-com._domainkey.contoso.onmicrosoft.com"
        records.append((f"{selector}._domainkey.contoso.com", "CNAME", there))
    return answered(dkim.verify(sent, KEYRING, NOW), Zone.of(records).with_keys(KEYRING))


def test_the_key_of_the_initial_domain_is_published_by_the_service() -> None:
    (found,) = verified(left())
    assert ("pass", "contoso.onmicrosoft.com") == (found.result, found.domain)


@pytest.mark.parametrize(("published", "expected"), [(True, ("pass", "good")), (False, ("permerror", "no-key"))])
def test_the_key_of_a_custom_domain_is_found_where_the_customer_published_the_cname(
    published: bool, expected: tuple[str, str]
) -> None:
    (found,) = verified(left(contoso(DkimSigningConfig=ENABLED)), cname=published)
    assert expected == (found.result, found.reason)


def test_after_a_rotation_the_other_cname_is_asked_for() -> None:
    host = contoso(DkimSigningConfig={"contoso.com": {"Enabled": True, "RotateOnDate": "2026-01-01"}})
    assert ["no-key"] == [s.reason for s in verified(left(host), cname=True)]
    assert ["good"] == [s.reason for s in verified(left(host), cname=True, selector="selector2")]


def test_a_message_that_was_changed_behind_the_tenant_does_not_verify() -> None:
    (found,) = verified(Message.parse(left().content.replace(b"Hello.", b"Hello. -- Checked by nobody")))
    assert ("fail", "body-hash") == (found.result, found.reason)


# what explain says


@pytest.mark.parametrize(
    ("to", "changes", "outcome", "says"),
    [
        ("sun@customer.example", {}, "initial-domain", "signed by contoso.onmicrosoft.com, because the DkimSigningConfig of contoso.com is not there"),
        ("sun@customer.example", {"DkimSigningConfig": {"contoso.com": {"Enabled": False}}}, "initial-domain",
         "signed by contoso.onmicrosoft.com, because the DkimSigningConfig of contoso.com is not enabled"),
        ("sun@customer.example", {"DkimSigningConfig": ENABLED}, "custom-domain",
         "signed by contoso.com, whose DkimSigningConfig is enabled, with selector1"),
        ("nobody@sm.contoso.com", {}, "own-domain", "not signed: sm.contoso.com is an accepted domain"),
        ("bob@contoso.com", {}, "", ""),
    ],
)  # fmt: skip
def test_the_route_says_how_the_message_will_be_signed(
    to: str, changes: dict[str, Any], outcome: str, says: str
) -> None:
    care = held(to, content=BY_BOB, facts=SUBMITTED, sender="bob@contoso.com")
    steps = contoso(**changes).route(care, Address.parse(to), Moment(NOW)).steps
    told = [(step.outcome, step.says) for step in steps if step.name == "DKIM"]
    assert ([(outcome, says)] if outcome else []) == told


def test_a_lab_in_which_nobody_signs_needs_no_keys() -> None:
    sent, _ = contoso().prepare(
        held(content=BY_BOB), Relay(NextHop("sm.contoso.com"), recipient=Address.parse("a@contoso.com")), Moment(NOW)
    )
    assert not sent.has("DKIM-Signature")


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("bob@contoso.com", "contoso.com"),
        ("<bob@Contoso.COM>", "contoso.com"),
        ("Bob <bob@contoso.com>", "contoso.com"),
        ('"Bob <eve@evil.example>" <bob@contoso.com>', "contoso.com"),
        ("bob@contoso.com (Bob <eve@evil.example>)", "contoso.com"),
        ('"a@b"@contoso.com', "contoso.com"),
        ("Bob <bob@contoso.com>, Eve <eve@evil.example>", ""),
        ("bob@contoso.com, eve@evil.example", ""),
        ("bob", ""),
        ("<>", ""),
        ("bob@-x-", ""),
    ],
)
def test_the_from_domain_is_that_of_the_address_not_of_the_name_beside_it(value: str, domain: str) -> None:
    assert domain == from_domain(message(From=value))


def test_two_from_fields_are_nobodys() -> None:
    assert "" == from_domain(message(From="bob@contoso.com").prepend("From", "eve@evil.example"))


# the setting


def read(**config: Any) -> list[str]:
    problems = ProblemList()
    TenantSettings.read(Node.of({**CONTOSO, "DkimSigningConfig": config}), problems, name="m365")
    return [f"{p.level}: {p.says}" for p in problems.items]


@pytest.mark.parametrize(
    ("config", "problems"),
    [
        ({"contoso.com": {"Enabled": "$true", "KeySize": 2048, "Status": "Valid"}}, []),
        ({"contoso.com": {"PublishTxtRecords": True}}, ["warning: PublishTxtRecords is understood but not modelled; it changes nothing here"]),
        ({"fabrikam.com": {}}, ["error: DkimSigningConfig: fabrikam.com is not an accepted domain of m365."]),
        ({"contoso.com": {"Enable": True}}, ["error: unknown setting Enable in a DKIM signing configuration."]),
        ({"contoso.com": {"HeaderCanonicalization": "nowsp"}}, ["error: HeaderCanonicalization: nowsp is not a value of Set-DkimSigningConfig."]),
        ({"contoso.com": {"RotateOnDate": "soon"}}, ["error: RotateOnDate: 'soon' is not a date."]),
    ],
)  # fmt: skip
def test_what_may_be_written(config: dict[str, Any], problems: list[str]) -> None:
    assert problems == read(**config)


@pytest.mark.parametrize(
    ("accepted", "names"),
    [
        (CONTOSO["AcceptedDomains"], {
            f"selector{n}-{d}._domainkey.contoso.onmicrosoft.com" for n in (1, 2)
            for d in ("contoso-com", "sm-contoso-com", "contoso-onmicrosoft-com")
        }),
        ({"contoso.com": "Authoritative"}, set()),
        ({"contoso.com": "Authoritative", "contoso.mail.onmicrosoft.com": "Authoritative"}, set()),
        ({"a.test": {"InitialDomain": True}}, {"selector1-a-test._domainkey.a.test", "selector2-a-test._domainkey.a.test"}),
    ],
)  # fmt: skip
def test_the_service_has_two_keys_for_each_accepted_domain_under_the_initial_one(
    accepted: dict[str, Any], names: set[str]
) -> None:
    server = Server("m365", "exchange-online", "contoso-com.mail.protection.outlook.com", ("40.92.10.1",))
    records = EXCHANGE_ONLINE.records([(server, Node.of({"AcceptedDomains": accepted}))])
    keys = {name for name, type_, data in records if data.startswith("dkim-key:")}
    assert names == keys - {"arcselector9901._domainkey.microsoft.com"}

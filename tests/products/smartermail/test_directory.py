"""The recipient decision: whose an address is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.products.builders import a_smartermail, address, ask_rcpt, chosen, reasons, step

_MX, _HOST = "External (use MX record)", "External (use host address)"


def _domain(inbound: str = "Local", **settings: Any) -> dict[str, Any]:
    more = {k.replace("_", " "): v for k, v in settings.items()}
    if inbound == _HOST:
        more["Host Address"] = "192.0.2.80"
    return {"Domains": {"contoso.com": {"Inbound Message Delivery": inbound, **more}}}


_ALIAS: dict[str, Any] = {"Aliases": {"sales": ["john", "eve@elsewhere.example"]}}
_LIST: dict[str, Any] = {"Mailing Lists": {"staff": {"Moderator": "john", "Subscribers": ["john"]}}}
_CLOSED: dict[str, Any] = {"Users": {"john": {"Status": "Disabled"}}}
_STAYS: dict[str, Any] = {"Deliver_locally_if_user_exists": True}


@pytest.mark.parametrize(
    ("settings", "to", "kind"),
    [
        (_domain(), "john@contoso.com", "mailbox"),
        (_domain(), "JOHN@contoso.com", "mailbox"),
        (_domain(), "bob@contoso.com", "unknown"),
        (_domain(**_ALIAS), "sales@contoso.com", "alias"),
        (_domain(**{"Catch-All": "john"}), "bob@contoso.com", "catch-all"),
        (_domain(**{"Catch-All": "john"}), "john@contoso.com", "mailbox"),
        (_domain(**{"Catch-All": "gone"}), "bob@contoso.com", "unknown"),
        (_domain(**{"Catch-All": "eve@elsewhere.example"}), "bob@contoso.com", "catch-all"),
        (_domain(**{"Catch-All": "sales", **_ALIAS}), "bob@contoso.com", "catch-all"),
        (_domain(**_LIST), "Staff@contoso.com", "list"),
        (_domain(Domain_Aliases=["contoso.net"], **_LIST), "staff@contoso.net", "list"),
        (_domain(**{**_LIST, "Catch-All": "john"}), "staff@contoso.com", "list"),
        (_domain(**_CLOSED), "john@contoso.com", "closed"),
        (_domain(Users={"john": {"Status": "Disabled With Mail"}}), "john@contoso.com", "mailbox"),
        (_domain(**{**_CLOSED, "Catch-All": "john"}), "john@contoso.com", "closed"),
        (_domain(Enabled=False), "john@contoso.com", "disabled"),
        (_domain(Domain_Aliases=["contoso.net"]), "john@contoso.net", "mailbox"),
        (_domain(Domain_Aliases=["contoso.net"]), "bob@contoso.net", "unknown"),
        (_domain(), "sun@customer.example", "elsewhere"),
        (_domain(), "john@mail.contoso.com", "elsewhere"),
        *((_domain(mode, **more), to, kind) for mode in (_MX, _HOST) for more, to, kind in (
            (_STAYS, "john@contoso.com", "mailbox"),
            (_STAYS, "bob@contoso.com", "external"),
            ({}, "john@contoso.com", "external"),
            ({**_STAYS, **_ALIAS}, "sales@contoso.com", "alias"),
            (_ALIAS, "sales@contoso.com", "external"),
            ({**_STAYS, "Catch-All": "john"}, "bob@contoso.com", "external"),
            ({**_STAYS, **_LIST}, "staff@contoso.com", "list"),
            (_LIST, "staff@contoso.com", "external"),
            ({**_STAYS, **_CLOSED}, "john@contoso.com", "closed"),
            (_CLOSED, "john@contoso.com", "external"),
        )),
    ],
)  # fmt: skip
def test_recipient_decision(settings: dict[str, Any], to: str, kind: str) -> None:
    assert kind == a_smartermail(settings).directory.place(address(to)).kind


def test_a_domain_with_mailboxes_is_hosted_without_being_listed() -> None:
    host = a_smartermail()
    assert "mailbox" == host.directory.place(address("john@contoso.com")).kind
    assert "unknown" == host.directory.place(address("bob@contoso.com")).kind


def test_a_knob_lets_a_catch_all_count_as_user_of_an_external_domain() -> None:
    host = a_smartermail(_domain(_MX, **_STAYS, **{"Catch-All": "john"}), catch_all_is_user=True)
    assert "catch-all" == host.directory.place(address("bob@contoso.com")).kind


def test_a_knob_lets_a_disabled_account_count_as_somebody_of_the_other_server() -> None:
    host = a_smartermail(_domain(_MX, **_STAYS, **_CLOSED), disabled_user_exists=False)
    assert "external" == host.directory.place(address("john@contoso.com")).kind


def test_a_disabled_account_is_refused_like_an_unknown_one_and_told_as_what_it_is() -> None:
    decision = ask_rcpt(a_smartermail(_domain(**_CLOSED)), "john@contoso.com")
    assert "550 <john@contoso.com> No such user here" == str(decision.reply)
    assert {"Status": "disabled"} == reasons(decision, "ACCOUNT")


def test_an_unknown_user_is_told_with_every_reading() -> None:
    decision = ask_rcpt(a_smartermail(_domain()), "bob@contoso.com")
    assert "550 <bob@contoso.com> No such user here" == str(decision.reply)
    assert {
        "mailbox": "no-mailbox", "Aliases": "no-alias", "Mailing Lists": "no-list", "Catch-All": "not-set",
    } == reasons(decision, "MAILBOX")  # fmt: skip
    assert {"contoso.com": "hosted"} == reasons(decision, "DOMAIN")


def test_a_catch_all_that_was_deleted_is_told_as_such() -> None:
    decision = ask_rcpt(a_smartermail(_domain(**{"Catch-All": "gone"})), "bob@contoso.com")
    assert (550, "catches-nothing") == (decision.reply.code, reasons(decision, "MAILBOX")["Catch-All"])


def test_a_mailbox_that_starves_is_told() -> None:
    decision = ask_rcpt(a_smartermail(_domain(_MX)), "john@contoso.com")
    assert decision.ok
    assert {
        "mailbox": "not-delivered-locally", "Aliases": "no-alias", "Mailing Lists": "no-list", "Catch-All": "not-set",
        "Deliver locally if user exists": "off", _MX: "external",
    } == reasons(decision, "MAILBOX")  # fmt: skip


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("john@contoso.com", ["mailbox", "Deliver locally if user exists"]),
        ("bob@contoso.com", [_MX]),
    ],
)
def test_the_setting_that_decides_is_chosen(to: str, expected: list[str]) -> None:
    assert expected == chosen(ask_rcpt(a_smartermail(_domain(_MX, **_STAYS)), to), "MAILBOX")


def test_a_domain_alias_is_told_as_such() -> None:
    decision = ask_rcpt(a_smartermail(_domain(Domain_Aliases=["contoso.net"])), "john@contoso.net")
    assert {"contoso.com": "domain-alias"} == reasons(decision, "DOMAIN")


def test_other_domains_are_candidates_too() -> None:
    host = a_smartermail(_domain(), "john@contoso.com", "ann@fabrikam.example")
    assert {"contoso.com": "other-domain", "fabrikam.example": "hosted"} == reasons(
        ask_rcpt(host, "ann@fabrikam.example"), "DOMAIN"
    )
    assert "not-hosted" == step(ask_rcpt(host, "sun@customer.example"), "DOMAIN").outcome


def test_a_disabled_domain_does_not_receive() -> None:
    decision = ask_rcpt(a_smartermail(_domain(Enabled=False)), "john@contoso.com")
    assert "550 <john@contoso.com> No such user here" == str(decision.reply)
    assert "disabled" == step(decision, "MAILBOX").outcome


def test_a_host_owns_its_mailboxes_under_every_name_of_the_domain() -> None:
    host = a_smartermail(_domain(_MX, Domain_Aliases=["contoso.net"], **_ALIAS))
    owned = [host.owns(address(f"{name}")) for name in ("john@contoso.com", "john@contoso.net", "sales@contoso.com")]
    assert [True, True, False] == owned


_GATEWAYS = {
    "shop": {"Gateway Mode": "Backup MX", "Domains": ["shop.example"]},
    "old": {"Gateway Mode": "Domain Forward", "Domains": ["old.example"], "IP Addresses": ["192.0.2.80"]},
    "gone": {"Gateway Mode": "Backup MX", "Domains": ["gone.example"], "Status": "Disabled"},
}


@pytest.mark.parametrize(
    ("to", "kind"), [("x@shop.example", "gateway"), ("x@old.example", "gateway"), ("x@gone.example", "elsewhere")]
)
def test_an_inbound_gateway_takes_every_address_of_its_domains(to: str, kind: str) -> None:
    host = a_smartermail({"Inbound Gateways": _GATEWAYS})
    assert kind == host.directory.place(address(to)).kind
    assert (kind == "gateway") is ask_rcpt(host, to).ok

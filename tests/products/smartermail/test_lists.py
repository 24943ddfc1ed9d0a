"""Mailing lists: who may post, who gets it, and who hears of it when a member fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.route import Expand, NextHop, Relay, Return, Revise, Routing
from simulator.products.smartermail import SmarterMail
from tests.policy.builders import BOB, JOHN, SUN, a_held, a_message, a_moment
from tests.products.builders import a_smartermail, address, step

STAFF = address("staff@contoso.com")
_TO_SUN = Relay(NextHop("customer.example"))


def _host(*subscribers: str, domain: dict[str, Any] | None = None, **options: Any) -> SmarterMail:
    members = {"Moderator": "john", "Subscribers": list(subscribers or ("bob", "sun@customer.example"))}
    members |= {key.replace("_", " "): value for key, value in options.items()}
    settings = {"Domains": {"contoso.com": {"Mailing Lists": {"staff": members}, **(domain or {})}}}
    return a_smartermail(settings, "john@contoso.com", "bob@contoso.com")


def _post(host: SmarterMail, sender: Address | None = SUN, **headers: str) -> Routing:
    held = a_held(STAFF, sender=sender, message=a_message(**({"Subject": "Lunch"} | headers)))
    return host.route(held, STAFF, a_moment())


def test_a_list_stands_for_its_subscribers_here_and_elsewhere() -> None:
    route = _post(_host()).route
    assert isinstance(route, Revise)
    assert ((BOB, SUN), "list") == (route.instead, route.why)


@pytest.mark.parametrize(
    ("options", "sender", "outcome"),
    [
        ({}, "eve@evil.example", "posted"),
        ({"Allowed_Posters": "Subscribers Only"}, "SUN@customer.example", "posted"),
        ({"Allowed_Posters": "Subscribers Only"}, "bob@contoso.com", "posted"),
        ({"Allowed_Posters": "Subscribers Only"}, "john@contoso.com", "posted"),
        ({"Allowed_Posters": "Subscribers Only"}, "eve@evil.example", "may-not-post"),
        ({"Allowed_Posters": "Subscribers Only", "Posters": ["evil.example"]}, "eve@evil.example", "posted"),
        ({"Allowed_Posters": "Moderators Only"}, "john@contoso.com", "posted"),
        ({"Allowed_Posters": "Moderators Only"}, "bob@contoso.com", "may-not-post"),
        ({"Allowed_Posters": "Moderators Only", "Posters": ["Bob@contoso.com"]}, "bob@contoso.com", "posted"),
        ({"Banned_Posters": ["evil.example"]}, "eve@evil.example", "banned"),
        ({"Banned_Posters": ["bob@contoso.com"]}, "bob@contoso.com", "banned"),
        ({"Password": "open"}, "bob@contoso.com", "no-password"),
        ({"Max_Message_Size": 10}, "bob@contoso.com", "too-large"),
    ],
)  # fmt: skip
def test_who_may_post(options: dict[str, Any], sender: str, outcome: str) -> None:
    routing = _post(_host(**options), address(sender))
    assert outcome == step(routing, "LIST").outcome
    assert isinstance(routing.route, Revise if outcome == "posted" else Return)


def test_who_may_not_post_is_told_and_told_why() -> None:
    route = _post(_host(Allowed_Posters="Moderators Only"), BOB).route
    assert isinstance(route, Return)
    assert "550 Not posted to staff@contoso.com: bob@contoso.com may not post: Moderators Only" == str(route.reply)


def test_a_report_is_not_posted_but_goes_to_the_moderator() -> None:
    assert Expand((JOHN,), "list") == _post(_host(), None).route


@pytest.mark.parametrize(
    ("options", "subject", "expected"),
    [
        ({}, "Lunch", "Lunch"),
        ({"Subject_Prefix": "[staff]"}, "Lunch", "[staff] Lunch"),
        ({"Subject_Prefix": "[staff]"}, "[staff] Lunch", "[staff] Lunch"),
        ({"Password": "open"}, "[:open:] Lunch", "Lunch"),
        ({"Password": "open", "Subject_Prefix": "[staff]"}, "Lunch [:open:] today", "[staff] Lunch today"),
    ],
)  # fmt: skip
def test_the_subject_has_the_prefix_and_not_the_password(options: dict[str, Any], subject: str, expected: str) -> None:
    route = _post(_host(**options), Subject=subject).route
    assert isinstance(route, Revise)
    assert expected == route.message.get("Subject")


def test_answers_go_to_the_list_where_it_says_so() -> None:
    route = _post(_host(Reply_To_List=True), Reply_To="sun@customer.example").route
    assert isinstance(route, Revise)
    assert ["staff@contoso.com"] == route.message.all("Reply-To")


def _on_its_way(host: SmarterMail) -> Any:
    route = _post(host).route
    assert isinstance(route, Revise)
    return a_held(SUN, sender=SUN, original=STAFF, message=route.message, facts=route.facts)


@pytest.mark.parametrize("knobs", ["preserve", "mailbox"])
def test_list_mail_leaves_as_mail_of_the_moderator(knobs: str) -> None:
    host = _host()
    host.settings.knobs.forwarding_sender = knobs
    assert JOHN == host.prepare(_on_its_way(host), _TO_SUN, a_moment())[1]


def test_a_member_that_fails_is_reported_to_the_moderator() -> None:
    host = _host()
    notice = host.report(_on_its_way(host), SUN, Reply(550, "", "no"), Reply(550, "", "no"), "mx", a_moment())
    assert notice is not None
    assert (JOHN, "<john@contoso.com>") == (notice.to, notice.message.get("To"))


def test_what_the_poster_asked_about_reports_ends_at_the_list() -> None:
    host = _host()
    held = replace(_on_its_way(host), recipient_parameters={STAFF: {"NOTIFY": "NEVER"}})
    assert host.report(held, SUN, Reply(550, "", "no"), None, "", a_moment()) is not None


def test_list_mail_leaves_by_the_gateway_of_the_lists_domain() -> None:
    host = _host(domain={"Outbound Gateway": "gw.example", "Outbound IPv4": "203.0.113.99"})
    held = _on_its_way(host)
    route = host.route(held, SUN, a_moment()).route
    assert isinstance(route, Relay)
    assert (("gw.example",), "203.0.113.99") == (route.to.hosts, host.egress(held, route, a_moment())[0])

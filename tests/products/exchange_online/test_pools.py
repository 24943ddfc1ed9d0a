"""Which pool mail leaves from."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.decision import Connector
from simulator.policy.host import Held
from simulator.policy.route import NextHop, Relay
from simulator.products.exchange_online.pools import RELAY, pool
from tests.products.exchange_online.builders import ORIGINATING, at, contoso, held, outbound

OUT = "home@example.net"
BY_MX = Relay(NextHop("example.net"))


def mail(sender: str | None = "sun@customer.example", **rest: Any) -> Held:
    verdicts: dict[str, str] = {name: rest.pop(name) for name in ("spf", "dkim") if name in rest}
    facts = {**ORIGINATING, **verdicts}
    return held(OUT, sender=sender, facts=facts, **rest)


@pytest.mark.parametrize(
    ("what", "relay"),
    [
        (mail(), True),
        (mail(spf="fail", dkim="fail"), True),
        (mail(spf="softfail"), True),
        (mail(spf="temperror", dkim="none"), True),
        (mail(spf="pass"), False),
        (mail(dkim="pass"), False),
        (mail(dkim="pass (signature was verified)"), False),
        (mail("bob@contoso.com"), False),
        (mail(None), False),
        (mail(generated=True), False),
    ],
)
def test_one_of_three_keeps_mail_out_of_the_relay_pool(what: Held, relay: bool) -> None:
    found = pool(what, None, contoso().profile)
    assert relay == found.is_relay == (found.name == RELAY)


def test_the_step_names_the_pool_and_what_did_not_help() -> None:
    step = pool(mail(spf="fail"), None, contoso().profile).step
    assert step is not None
    assert "OutboundIpPoolName=RegularRelayOutboundPool" in step.says
    assert ["not-accepted", "spf-not-passed", "dkim-not-passed"] == [c.reason for c in step.candidates]


@pytest.mark.parametrize(
    ("what", "expected"),
    [(mail(), ("40.95.10.1", "mail-rly-40-95-10-1.outbound.protection.outlook.com")),
     (mail(spf="pass"), ("40.92.10.1", "mail-40-92-10-1.outbound.protection.outlook.com"))],
)  # fmt: skip
def test_the_relay_pool_has_addresses_of_its_own(what: Held, expected: tuple[str, str]) -> None:
    assert expected == contoso().egress(what, BY_MX, at())


def test_own_servers_see_the_regular_pool() -> None:
    relay = Relay(NextHop(hosts=("mail.contoso.com",)), Connector("to own servers", "outbound"))
    host = contoso(OutboundConnectors=outbound(RecipientDomains="*"))
    assert "40.92.10.1" == host.egress(mail(), relay, at())[0]

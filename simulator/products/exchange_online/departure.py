"""What is added to a route when mail leaves the tenant, whatever the route is.

    pool       which addresses it leaves from                                                     [pools]
    SRS        the envelope sender that it leaves with                                            [srs]
    TLS        what a mail flow rule asks (RouteMessageOutboundRequireTls): STARTTLS at least
    DANE       SmtpDaneMode: Opportunistic, None; Mandatory keeps mail from hosts without it      [policy.secured]
    MTA-STS    MtaStsMode: Opportunistic, None

Without a connector both DANE and MTA-STS are Opportunistic: used where the other side has them, and then binding. With
smart hosts they concern the smart host (inferred).
"""

from __future__ import annotations

from dataclasses import replace

from simulator.policy.decision import Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Relay, Routing
from simulator.policy.rules import rule
from simulator.policy.tls import Lookups
from simulator.products.exchange_online.connectors import OutboundConnector
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.pools import pool
from simulator.products.exchange_online.srs import rewriting

__all__ = ["departing"]

_TEST = "tests/products/exchange_online/test_departure.py"
rule(
    "EXO-LEAVE-2", "DANE and MTA-STS are looked at for all mail that leaves, as SmtpDaneMode and MtaStsMode of a connector say",
    fidelity="documented", source="CMD Set-OutboundConnector; learn: How SMTP DANE works; Enhancing mail flow with MTA-STS",
    test=_TEST,
)  # fmt: skip
rule(
    "EXO-LEAVE-3", "With smart hosts DANE and MTA-STS concern the smart host, not the recipient's domain", fidelity="inferred",
    source="no page says so", test=_TEST,
)  # fmt: skip


def departing(
    held: Held, routing: Routing, connector: OutboundConnector | None, tenant: Profile, at: Moment
) -> Routing:
    """The route with what leaving adds to it. `connector` is the outbound one that it takes."""
    relay = routing.route
    if not isinstance(relay, Relay):
        return routing
    steps: list[Step] = []
    rewritten = rewriting(held, relay, connector, tenant, at.now)
    found = pool(held, connector, tenant)
    steps += [step for step in (found.step, rewritten.step if rewritten else None) if step]
    demand = relay.tls
    demand = replace(demand, lookups=_lookups(connector, tenant))
    leaving = replace(relay, tls=demand, pool=found.name if found.step else "")
    return Routing(leaving, (*routing.steps, *steps), routing.facts)


def _lookups(connector: OutboundConnector | None, tenant: Profile) -> Lookups:
    dates = tenant.settings.knobs.dane_certificate_dates
    if connector is None:
        return Lookups(dane_dates=dates)
    dane, sts = connector.SmtpDaneMode, connector.MtaStsMode
    return Lookups(dane != "None", dane == "Mandatory", dates, sts != "None", connector.at("SmtpDaneMode"))

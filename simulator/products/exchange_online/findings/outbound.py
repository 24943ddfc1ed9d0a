"""Connectors that are not used as they stand: shadowed, overlapping, without the rule that would use them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from simulator.findings import Finding, Ground, kind
from simulator.products.exchange_online.connectors import InboundConnector, OutboundConnector
from simulator.products.exchange_online.selection import select
from simulator.products.exchange_online.tenant import Tenant
from simulator.products.exchange_online.transport_rules.lint import unusable

__all__ = ["rules_and_connectors", "scopes", "twins"]

_TEST = "tests/products/exchange_online/findings/test_outbound.py"
SHADOWED = kind(
    "MF050", "warning", "an outbound connector that never takes mail",
    about="For everything that the connector is for, another one is more specific, or as specific and first by name. It looks enabled and "
    "does nothing.",
    fix="Remove it, or narrow the other one.",
    test=_TEST,
)  # fmt: skip
OVERLAP = kind(
    "MF051", "warning", "two connectors for the same mail",
    about="Both are for the same domains, addresses or certificate. Which one is used is not documented; here the first by name is.",
    fix="Let each connector be for mail of its own.",
    test=_TEST,
)  # fmt: skip
NO_RULE = kind(
    "MF052", "warning", "a rule-scoped connector without a rule",
    about="IsTransportRuleScoped keeps the connector for mail flow rules, and no enabled rule sends anything over it.",
    fix="Add a mail flow rule with RouteMessageOutboundConnector, or set IsTransportRuleScoped to false and give it RecipientDomains.",
    test=_TEST,
)  # fmt: skip
RULE_DANGLES = kind(
    "MF053", "warning", "a rule names a connector that takes no mail",
    about="The connector that the rule sends mail over is disabled, in test mode, or not there. Mail that the rule is for takes its normal "
    "route.",
    fix="Enable the connector, or take the rule out.",
    test=_TEST,
)  # fmt: skip

_SAMPLE = "sample-mailflow-check"


def scopes(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF050 and MF051 of outbound connectors: who takes a sample of each scope."""
    for connector in host.profile.settings.OutboundConnectors.values():
        if not connector.Enabled or connector.TestMode or connector.IsTransportRuleScoped:
            continue
        if connector.RouteAllMessagesViaOnPremises:
            continue  # all mail goes over it, whatever its domains
        taken = {scope: select(host.profile, domain)[0] for scope, domain in _samples(host, connector)}
        if not taken:
            continue  # it is for nobody, which the settings themselves object to
        others = {scope: by for scope, by in taken.items() if by is not None and by is not connector}
        by_whom = ", ".join(dict.fromkeys(f"{scope} by {by.name}" for scope, by in others.items()))
        same = [scope for scope, by in others.items() if scope in dict(_samples(host, by))]
        if same:
            says = (
                f"{connector.name} and {others[same[0]].name} are both for {same[0]}; {others[same[0]].name} takes it"
            )
            yield Finding(OVERLAP, connector.place, says, OVERLAP.fix)
        elif len(others) == len(taken):
            says = f"{connector.name} never takes mail: {by_whom}"
            yield Finding(SHADOWED, connector.place, says, SHADOWED.fix)


def _samples(host: Tenant, connector: OutboundConnector) -> Iterator[tuple[str, str]]:
    """What a connector is for, and a domain of that kind."""
    for pattern in connector.RecipientDomains:
        if pattern == "*":
            yield pattern, f"{_SAMPLE}.invalid"
        else:
            yield pattern, f"{_SAMPLE}.{pattern[2:]}" if pattern.startswith("*.") else pattern
    if connector.AllAcceptedDomains:
        for domain in host.profile.domains.entries:
            yield f"accepted domain {domain}", domain


def twins(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF051 of inbound connectors: the same address or certificate twice."""
    first: dict[tuple[str, object], list[InboundConnector]] = defaultdict(list)
    for connector in sorted(host.profile.settings.InboundConnectors.values(), key=lambda c: c.name.casefold()):
        if not connector.Enabled or not connector.is_on_premises or connector.AssociatedAcceptedDomains:
            continue
        proofs = [("SenderIPAddresses", entry.network) for entry in connector.SenderIPAddresses]
        if connector.TlsSenderCertificateName:
            proofs.append(("TlsSenderCertificateName", connector.TlsSenderCertificateName))  # type: ignore[arg-type]
        for parameter, what in proofs:
            others = first[parameter, what]
            if others:
                says = f"{others[0].name} and {connector.name} both know {what}; {others[0].name} is used"
                yield Finding(OVERLAP, connector.at(parameter), says, OVERLAP.fix)
            others.append(connector)


def rules_and_connectors(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF052 and MF053."""
    settings = host.profile.settings
    connectors = {name.casefold(): c for name, c in settings.OutboundConnectors.items()}
    named: set[str] = set()
    for one in settings.TransportRules.values():
        name = one.RouteMessageOutboundConnector.casefold()
        if not name or not one.enabled:
            continue
        named.add(name)
        if why := unusable(connectors.get(name)):
            state = {"absent": "there is no such connector", "disabled": "it is disabled"}.get(
                why, "it is in test mode"
            )
            says = f"the rule {one.name} sends mail over {one.RouteMessageOutboundConnector}: {state}, so mail takes its normal route"
            yield Finding(RULE_DANGLES, one.at("RouteMessageOutboundConnector"), says, RULE_DANGLES.fix)
    for name, connector in connectors.items():
        if connector.IsTransportRuleScoped and connector.Enabled and name not in named:
            says = f"{connector.name} is used by mail flow rules only, and no enabled rule names it"
            yield Finding(NO_RULE, connector.at("IsTransportRuleScoped"), says, NO_RULE.fix)

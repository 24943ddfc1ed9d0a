"""Which outbound connector takes a recipient, by domain: the most specific one that is there for real mail.

Disabled, rule-scoped and test-mode connectors are no candidates (CMD New-OutboundConnector). Of the others

| order | doc-example (default)              | doc-list                          |
| ----- | ---------------------------------- | --------------------------------- |
| 1     | the exact domain                   | the exact domain                  |
| 2     | the longest `*.d`                  | AllAcceptedDomains                |
| 3     | AllAcceptedDomains, if it is one   | the longest `*.d`                 |
| 4     | `*`                                | `*`                               |

The documentation (learn: Set up connectors to route mail) contradicts itself: its list is the right column, its worked
example, and the words "most specific connector possible", the left one. Two connectors for the same domains are overlapping
by mistake; the order of names decides then (inferred).

AllAcceptedDomains covers the domains that are on the list of accepted domains. What is accepted only through MatchSubDomains
must be listed as `*.d` (learn: Enable mail flow for subdomains); the knob `all_accepted_with_subdomains` takes it in.

Centralised mail transport (RouteAllMessagesViaOnPremises) goes before all of this. What came from on-premises does not go
back there, so such a connector's `*`, which stands for the rest of the world, does not count for it. A domain that the
connector names (contoso.com, *.contoso.com, all accepted domains) does, which is inferred: John's mail for a mail user
whose mailbox is on-premises comes to the cloud and returns.
"""

from __future__ import annotations

from functools import lru_cache

from simulator.mail.address import covers
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import OutboundConnector
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.notation import exactness
from simulator.source import Source
from simulator.value import value

__all__ = ["centralised", "centralised_step", "select"]

_TEST = "tests/products/exchange_online/test_selection.py"
_PAGE = "learn: Set up connectors to route mail between Microsoft 365 and your own email servers"
MOST_SPECIFIC = rule(
    "EXO-CONN-1", "The most specific outbound connector wins: exact domain, longest *.d, all accepted domains, *",
    fidelity="documented", source=f"{_PAGE} (the worked example)", test=_TEST,
)  # fmt: skip
NO_CANDIDATE = rule(
    "EXO-CONN-2", "Disabled, rule-scoped and test-mode connectors take no mail by themselves", fidelity="documented",
    source="CMD New-OutboundConnector", test=_TEST,
)  # fmt: skip
CENTRALISED = rule(
    "EXO-CONN-3", "RouteAllMessagesViaOnPremises takes all mail that leaves, and internet mail for mailboxes, save what "
    "came from there", fidelity="documented",
    source="learn: EHLO blog, Demystifying Centralized Mail Transport; Transport routing in hybrid deployments", test=_TEST,
)  # fmt: skip
BY_LIST = rule(
    "EXO-CONN-4", "With selection_order doc-list, all accepted domains go before wildcards", fidelity="documented",
    source=f"{_PAGE} (the numbered list)", test=_TEST,
)  # fmt: skip

ONE_WAY = rule(
    "EXO-CONN-5", "The * of a connector with RouteAllMessagesViaOnPremises does not count for mail that came from on-premises",
    fidelity="documented", source="learn: EHLO blog, Demystifying Centralized Mail Transport", test=_TEST,
)  # fmt: skip
SUBDOMAINS = rule(
    "EXO-CONN-6", "AllAcceptedDomains does not cover subdomains that are accepted only through MatchSubDomains",
    fidelity="documented", source="learn: Enable mail flow for subdomains in Exchange Online; knob all_accepted_with_subdomains",
    test=_TEST,
)  # fmt: skip

_Rank = tuple[int, tuple[int, int], str]
_NEVER = 9


@value
class _Looked:
    """One connector and how well it fits; `rank` sorts, `scope` says by what."""

    connector: OutboundConnector
    rank: int
    exact: tuple[int, int]
    scope: str
    reason: str
    says: str
    at: Source

    @property
    def order(self) -> _Rank:
        return (self.rank, self.exact, self.connector.name.casefold())


_REFUSED_BY = {"came-from-there": ONE_WAY, "subdomain": SUBDOMAINS}


@lru_cache(256)
def select(tenant: Profile, domain: str, *, from_own_servers: bool = False) -> tuple[OutboundConnector | None, Step]:
    """The connector for a recipient's domain; None sends mail to the MX. `from_own_servers`: the mail came from on-premises."""
    connectors = tenant.settings.OutboundConnectors.values()
    looked = [_look(connector, tenant, domain, from_own_servers=from_own_servers) for connector in connectors]
    fitting = sorted((x for x in looked if x.rank < _NEVER), key=lambda x: x.order)
    winner = next(iter(fitting), None)
    candidates = tuple(_candidate(x, winner) for x in looked)
    by = BY_LIST if tenant.settings.knobs.selection_order == "doc-list" else MOST_SPECIFIC
    if winner is None:
        says = f"no outbound connector is for {domain}; mail goes to its MX"
        by = next((_REFUSED_BY[x.reason] for x in looked if x.reason in _REFUSED_BY), NO_CANDIDATE if looked else by)
        return None, Step("CONNECTOR", by, "none", says, candidates)
    says = "the most specific match wins" if len(fitting) > 1 else "the only match is used"
    return winner.connector, Step("CONNECTOR", by, "chosen", f"{winner.connector.name}: {says}", candidates, winner.at)


@lru_cache(256)
def centralised(tenant: Profile) -> OutboundConnector | None:
    """The connector that all mail goes over, if there is one; of several the first by name (inferred)."""
    found = [c for c in tenant.settings.OutboundConnectors.values() if _is_central(c)]
    return min(found, key=lambda c: c.name.casefold(), default=None)


def _is_central(connector: OutboundConnector) -> bool:
    return connector.is_on_premises and connector.RouteAllMessagesViaOnPremises and _out_of_use(connector) is None


def centralised_step(tenant: Profile, chosen: OutboundConnector) -> Step:
    """Centralised transport was used; what the others were not asked for."""
    at = chosen.at("RouteAllMessagesViaOnPremises")
    candidates: list[Candidate] = []
    for connector in tenant.settings.OutboundConnectors.values():
        if connector is chosen:
            candidates.append(Candidate(connector.name, True, "centralised", "all mail goes over it", at))
        elif out := _out_of_use(connector):
            candidates.append(Candidate(connector.name, False, *out))
        else:
            says = f"all mail goes over {chosen.name}"
            candidates.append(Candidate(connector.name, False, "centralised-first", says, connector.place))
    says = f"centralised mail transport: {chosen.name} takes everything that does not come from there"
    return Step("CONNECTOR", CENTRALISED, "centralised", says, tuple(candidates), at)


def _out_of_use(connector: OutboundConnector) -> tuple[str, str, Source] | None:
    if not connector.Enabled:
        return "disabled", "it is disabled: Enabled is false", connector.at("Enabled")
    if connector.IsTransportRuleScoped:
        return "rule-scoped", "it is used only where a mail flow rule says so", connector.at("IsTransportRuleScoped")
    if connector.TestMode:
        return "test-mode", "it is in test mode, which takes no real mail", connector.at("TestMode")
    return None


def _look(connector: OutboundConnector, tenant: Profile, domain: str, *, from_own_servers: bool) -> _Looked:
    if out := _out_of_use(connector):
        return _Looked(connector, _NEVER, (0, 0), "", *out)
    knobs = tenant.settings.knobs
    by_list = knobs.selection_order == "doc-list"
    apex = knobs.outbound_wildcard == "with_apex"
    one_way = from_own_servers and connector.is_on_premises and connector.RouteAllMessagesViaOnPremises
    fits: list[_Looked] = []
    for pattern in connector.RecipientDomains:
        if not (one_way and pattern == "*") and covers(pattern, domain, apex=apex):
            rank = 3 if pattern == "*" else 0 if pattern == domain else (2 if by_list else 1)
            says = f"{domain} is covered by RecipientDomains ({pattern})"
            at = connector.at("RecipientDomains")
            fits.append(_Looked(connector, rank, exactness(pattern), pattern, "chosen", says, at))
    if connector.AllAcceptedDomains and tenant.domains.accepts(domain, subdomains=knobs.all_accepted_with_subdomains):
        at = connector.at("AllAcceptedDomains")
        fits.append(
            _Looked(
                connector, 1 if by_list else 2, (0, 0), "all accepted domains", "chosen", "all accepted domains", at
            )
        )
    if fits:
        return min(fits, key=lambda x: x.order)
    return _Looked(connector, _NEVER, (0, 0), "", *_not_covered(connector, tenant, domain))


def _not_covered(connector: OutboundConnector, tenant: Profile, domain: str) -> tuple[str, str, Source]:
    if "*" in connector.RecipientDomains:  # the only way not to be covered by it
        says = "the mail came from on-premises, and what came from there does not go back by *"
        return "came-from-there", says, connector.at("RouteAllMessagesViaOnPremises")
    parent = tenant.domains.find(domain)
    if connector.AllAcceptedDomains and parent is not None:
        says = (
            f"{domain} is accepted only by MatchSubDomains of {parent.name}; RecipientDomains must list *.{parent.name}"
        )
        return "subdomain", says, connector.at("AllAcceptedDomains")
    if connector.RecipientDomains:
        says = f"{domain} is not covered by RecipientDomains [{', '.join(connector.RecipientDomains)}]"
        return "recipient-domain", says, connector.at("RecipientDomains")
    if connector.AllAcceptedDomains:
        return "not-accepted-domain", f"{domain} is not an accepted domain", connector.at("AllAcceptedDomains")
    return "recipient-domain", f"it is for no domain, so {domain} is not covered", connector.place


def _candidate(looked: _Looked, winner: _Looked | None) -> Candidate:
    name = looked.connector.name
    if looked is winner:
        return Candidate(name, True, "chosen", looked.says, looked.at)
    if winner is None or looked.rank == _NEVER:
        return Candidate(name, False, looked.reason, looked.says, looked.at)
    if looked.order[:2] == winner.order[:2]:
        says = f"{looked.says}; {winner.connector.name} is as specific and comes first by name"
        return Candidate(name, False, "name-order", says, looked.at)
    says = f"{looked.says}; less specific than {winner.connector.name} ({winner.scope})"
    return Candidate(name, False, "less-specific", says, looked.at)

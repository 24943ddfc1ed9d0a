"""Which Send connector takes a recipient (learn: Route selection in Exchange Server, connector selection).

    candidates       enabled, in scope (SourceTransportServers), large enough, with an address space that covers the domain
    none covers it   Unreachable queue, no report yet
    all too small    returned, 5.3.4
    of the rest      1. the most specific space: contoso.com, then the longest *.d, then --, then *
                     2. the lowest cost
                     3. the nearest source server: in a lab there is one, so this never decides
                     4. the alphabetically lowest name

A connector that is too small does not stand in the way of a less specific one that is large enough.
"""

from __future__ import annotations

from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.exchange_server.directory import Directory
from simulator.products.exchange_server.notation import AddressSpace
from simulator.products.exchange_server.send_connectors import SendConnector
from simulator.source import Source
from simulator.topology import Server
from simulator.value import value

__all__ = ["Selection", "select"]

_TEST = "tests/products/exchange_server/test_selection.py"
_PAGE = "learn: Route selection for internal mail flow in Exchange Server, connector selection"
MOST_SPECIFIC = rule(
    "EXS-CONN-1", "The most specific address space wins, then the lowest cost, then the lowest name", fidelity="documented",
    source=_PAGE, test=_TEST,
)  # fmt: skip
NO_CONNECTOR = rule(
    "EXS-CONN-2", "Mail that no address space covers waits in the Unreachable queue", fidelity="documented", source=_PAGE, test=_TEST,
)  # fmt: skip
TOO_SMALL = rule(
    "EXS-CONN-3", "Mail that is too large for every connector that covers its domain is returned", fidelity="documented",
    source=_PAGE, test=_TEST,
)  # fmt: skip
ACCEPTED_SPACE = rule(
    "EXS-CONN-4", "The address space -- of an Edge server is all accepted domains; it goes before *", fidelity="inferred",
    source="learn: Send connectors (what it covers; its rank is in no source)", test=_TEST,
)  # fmt: skip


@value
class Selection:
    """The connector and the space that won; without one, `reason` is `none` or `too-small`."""

    connector: SendConnector | None
    reason: str
    step: Step


@value
class _Fit:
    connector: SendConnector
    space: AddressSpace

    @property
    def order(self) -> tuple[tuple[int, int], int, str]:
        return (self.space.exactness, self.space.cost, self.connector.name.casefold())


def select(
    connectors: tuple[SendConnector, ...],
    domain: str,
    size: int,
    *,
    server: Server,
    directory: Directory,
    default_size: int,
) -> Selection:
    """The Send connector for a domain and a message of `size` octets."""
    lost: dict[str, tuple[str, str, Source]] = {}
    fits: list[_Fit] = []
    small = False
    for connector in connectors:
        space = _best_space(connector, domain, directory)
        limit = default_size if connector.MaxMessageSize is None else connector.MaxMessageSize
        if out := _out_of_use(connector, server):
            lost[connector.name] = out
        elif space is None:
            spaces = ", ".join(map(str, connector.AddressSpaces))
            says = f"{domain} is not covered by AddressSpaces [{spaces}]"
            lost[connector.name] = ("address-space", says, connector.at("AddressSpaces"))
        elif size > limit:
            small = True
            says = f"{space} covers {domain}, but the message has {size} octets and {limit} are allowed"
            lost[connector.name] = ("too-small", says, connector.at("MaxMessageSize"))
        else:
            fits.append(_Fit(connector, space))
    winner = min(fits, key=lambda fit: fit.order, default=None)
    candidates = tuple(
        Candidate(c.name, False, *lost[c.name]) if c.name in lost else _candidate(_of(fits, c), winner)
        for c in connectors
    )
    if winner is None:
        at = connectors[0].place if connectors else directory.settings.at("SendConnectors")
        if small:
            says = f"every Send connector that covers {domain} is too small for {size} octets"
            return Selection(None, "too-small", Step("CONNECTOR", TOO_SMALL, "too-small", says, candidates, at))
        says = f"no Send connector covers {domain}; the mail waits in the Unreachable queue"
        return Selection(None, "none", Step("CONNECTOR", NO_CONNECTOR, "none", says, candidates, at))
    says = f"{winner.connector.name}: {'the best of several' if len(fits) > 1 else 'the only one that fits'} ({winner.space})"
    by = ACCEPTED_SPACE if winner.space.pattern == "--" else MOST_SPECIFIC
    at = winner.connector.at("AddressSpaces")
    return Selection(winner.connector, "chosen", Step("CONNECTOR", by, "chosen", says, candidates, at))


def _of(fits: list[_Fit], connector: SendConnector) -> _Fit:
    return next(fit for fit in fits if fit.connector is connector)


def _best_space(connector: SendConnector, domain: str, directory: Directory) -> AddressSpace | None:
    covering = [
        space for space in connector.AddressSpaces
        if space.covers(domain) or (space.pattern == "--" and space.kind == "SMTP" and directory.accepts(domain))
    ]  # fmt: skip
    return min(covering, key=lambda space: (space.exactness, space.cost), default=None)


def _out_of_use(connector: SendConnector, server: Server) -> tuple[str, str, Source] | None:
    if not connector.Enabled:
        return "disabled", "it is disabled: Enabled is false", connector.at("Enabled")
    sources = [s.casefold().removesuffix(".") for s in connector.SourceTransportServers]
    own = {server.name.casefold(), server.fqdn, server.fqdn.partition(".")[0]}
    if sources and not own.intersection(sources):
        says = f"SourceTransportServers [{', '.join(connector.SourceTransportServers)}] does not have this server"
        return "out-of-scope", says, connector.at("SourceTransportServers")
    return None


def _candidate(fit: _Fit, winner: _Fit | None) -> Candidate:
    name, at = fit.connector.name, fit.connector.at("AddressSpaces")
    if fit is winner or winner is None:
        return Candidate(name, True, "chosen", f"{fit.space} covers the domain", at)
    other = winner.connector.name
    if fit.space.exactness != winner.space.exactness:
        return Candidate(
            name, False, "less-specific", f"{fit.space} is less specific than {winner.space} of {other}", at
        )
    if fit.space.cost != winner.space.cost:
        return Candidate(name, False, "higher-cost", f"{fit.space} costs more than {winner.space} of {other}", at)
    return Candidate(
        name, False, "name-order", f"{fit.space} is as good as {winner.space}; {other} comes first by name", at
    )

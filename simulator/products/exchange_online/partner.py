"""Partner connectors: how mail from a partner's domains must come. They are looked up in the recipient's tenant.

    connectors whose SenderDomains cover the sender, enabled
      some of them restrict      -> the message must conform to one of them, or it is refused (5.7.51)
      none restricts             -> the most specific one that knows the sender is used, if any

A restriction wins over a connector that merely identifies (learn: Configure mail flow using connectors). A Partner
connector never gives relay. Which one is most specific: exact domain, longest `*.d`, `*`; restricting ones first.
"""

from __future__ import annotations

from simulator.mail.address import Sender, covers, domain_of
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.exchange_online.forest import Inbound, Profile
from simulator.products.exchange_online.identity import Client, certificate_proof
from simulator.products.exchange_online.notation import exactness
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["PARTNER_LOCK", "PartnerMatch", "match_partner"]

_TEST = "tests/products/exchange_online/test_partner.py"
PARTNER_LOCK = rule(
    "EXO-IN-2", "Mail from a partner's domains that conforms to none of its restricting connectors is refused",
    fidelity="documented", source="learn: Configure mail flow using connectors; CMD New-InboundConnector", test=_TEST,
)  # fmt: skip
PARTNER_MATCH = rule(
    "EXO-IN-3", "Of several Partner connectors the one with the most specific SenderDomains is used",
    fidelity="inferred", source="no page says which", test=_TEST,
)  # fmt: skip


@value
class PartnerMatch:
    """The connector that the message uses, or the one that locks it out. `by_proof`: address or certificate matched."""

    connector: Inbound | None
    locked_out: bool
    by_proof: bool
    step: Step | None  # None where the tenant has no Partner connector


@value
class _Looked:
    connector: Inbound
    pattern: str  # of SenderDomains, the closest that covers the sender; empty where none does
    fits: bool
    by_proof: bool
    reason: str
    says: str
    at: Source

    @property
    def restricts(self) -> bool:
        return self.connector.settings.restricts


def match_partner(client: Client, sender: Sender, tenant: Profile) -> PartnerMatch:
    """What the Partner connectors of the recipient's tenant say about a message that no OnPremises connector took."""
    mine = [Inbound(tenant, c) for c in tenant.settings.InboundConnectors.values() if not c.is_on_premises]
    if not mine:
        return PartnerMatch(None, False, False, None)
    looked = [_look(connector, client, sender) for connector in mine]
    scope = [x for x in looked if x.pattern]
    restricting = [x for x in scope if x.restricts]
    fitting = [x for x in (restricting or scope) if x.fits]
    winner = min(fitting, key=_preference, default=None)
    candidates = tuple(_candidate(x, winner, bool(restricting)) for x in looked)
    if restricting and winner is None:
        nearest = min(restricting, key=_preference)
        says = f"{nearest.connector.name} restricts mail from {_named(sender)}: {nearest.says}"
        step = Step("PARTNER", PARTNER_LOCK, "locked-out", says, candidates, nearest.at)
        return PartnerMatch(nearest.connector, True, False, step)
    if winner is None:
        says = f"no Partner connector is for mail from {_named(sender)}"
        return PartnerMatch(None, False, False, Step("PARTNER", PARTNER_MATCH, "none", says, candidates))
    step = Step("PARTNER", PARTNER_MATCH, "matched", f"{winner.connector.name}: {winner.says}", candidates, winner.at)
    return PartnerMatch(winner.connector, False, winner.by_proof, step)


def _named(sender: Sender) -> str:
    return domain_of(sender) or "the null sender"


def _look(connector: Inbound, client: Client, sender: Sender) -> _Looked:
    settings = connector.settings

    def no(reason: str, says: str, key: str) -> _Looked:
        return _Looked(connector, "", False, False, reason, says, settings.at(key))

    if not settings.Enabled:
        return no("disabled", "it is disabled: Enabled is false", "Enabled")
    domain = domain_of(sender)
    # inferred: `*` is for the null sender too.
    covering = [p for p in settings.SenderDomains if p == "*" or (domain and covers(p, domain))]
    if not covering:
        return no(
            "sender-domain",
            f"{_named(sender)} is not in SenderDomains [{', '.join(settings.SenderDomains)}]",
            "SenderDomains",
        )
    pattern = min(covering, key=exactness)
    fits, by_proof, reason, says, at = (
        _restriction(connector, client) if settings.restricts else _identified(connector, client, pattern)
    )
    return _Looked(connector, pattern, fits, by_proof, reason, says, at)


_Verdict = tuple[bool, bool, str, str, Source]


def _restriction(connector: Inbound, client: Client) -> _Verdict:
    """Whether the message conforms to the restrictions. inferred: with both flags both must hold (knob)."""
    settings = connector.settings
    tests: list[tuple[bool, str, str, Source]] = []
    if settings.RestrictDomainsToIPAddresses:
        listed = any(client.peer in entry for entry in settings.SenderIPAddresses)
        shown = ", ".join(map(str, settings.SenderIPAddresses))
        says = f"{client.peer} is {'' if listed else 'not '}in SenderIPAddresses [{shown}]"
        tests.append(
            (listed, "matched" if listed else "address-not-listed", says, settings.at("RestrictDomainsToIPAddresses"))
        )
    if settings.RestrictDomainsToCertificate:
        at = settings.at("RestrictDomainsToCertificate")
        found = certificate_proof(connector, client)
        assert found is not None  # the settings refuse the flag without a name
        tests.append((found.known, found.reason, found.says, at))
    both = settings.RestrictDomainsToIPAddresses and settings.RestrictDomainsToCertificate
    either = connector.tenant.settings.knobs.partner_restrict_combination == "or"
    passed = [t for t in tests if t[0]]
    fits = bool(passed) if both and either else len(passed) == len(tests)
    shown_tests = passed if fits else [t for t in tests if not t[0]]
    return fits, fits, shown_tests[0][1], "; ".join(t[2] for t in shown_tests), shown_tests[0][3]


def _identified(connector: Inbound, client: Client, pattern: str) -> _Verdict:
    """Without restrictions the sender's domain is enough; inferred: a certificate name counts too where TLS is required."""
    settings = connector.settings
    says = f"the sender's domain is in SenderDomains ({pattern})"
    found = certificate_proof(connector, client) if settings.RequireTls else None
    if found is None:
        return True, False, "matched", says, settings.at("SenderDomains")
    return found.known, found.known, found.reason, f"{says}; {found.says}" if found.known else found.says, found.at


def _preference(looked: _Looked) -> tuple[bool, tuple[int, int], str]:
    return (not looked.restricts, exactness(looked.pattern), looked.connector.name.casefold())


def _candidate(looked: _Looked, winner: _Looked | None, restricted: bool) -> Candidate:
    name = looked.connector.name
    if looked is winner:
        return Candidate(name, True, "matched", looked.says, looked.at)
    if looked.pattern and restricted and not looked.restricts:
        says = "it restricts nothing, and connectors that do go first"
        return Candidate(name, False, "less-specific", says, looked.at)
    if looked.fits and winner:
        says = f"{looked.says}; less specific than {winner.connector.name}"
        return Candidate(name, False, "less-specific", says, looked.at or NOWHERE)
    return Candidate(name, False, looked.reason, looked.says, looked.at)

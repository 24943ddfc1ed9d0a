"""Which Receive connector a session is at, and what it may do there.

A connector is for the sessions of its port whose client is in its RemoteIPRanges; of several the one with the narrowest
range that holds the client is used (CMD New-ReceiveConnector RemoteIPRanges).

What a session may do follows from how the client is known, in this order:

| known by                                                       | basis              | may relay | internal |
| -------------------------------------------------------------- | ------------------ | --------- | -------- |
| a login, PermissionGroups ExchangeUsers                        | mailbox            | yes       | yes      |
| AuthMechanism ExternalAuthoritative                            | externally-secured | yes       | yes      |
| a good certificate of a domain with AcceptCloudServicesMail    | cloud              | senders of accepted domains | as its headers say |
| a good certificate, PermissionGroups Partners                  | partner            | no        | no       |
| nothing, PermissionGroups AnonymousUsers                       | anonymous          | with the right Accept-Any-Recipient | no |
| nothing                                                        | (none)             | may not submit | |

Relaying for the service stands for what XOORG does between Exchange servers: the service says there whose mail it is, which
other hosts do not. Here the sender's domain must be an accepted one, or the sender null (inferred).
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.address import Sender, sender_text
from simulator.mail.session import Session
from simulator.policy.decision import Candidate, Connector, Step
from simulator.policy.rules import rule
from simulator.policy.tls import chain_verdict, name_verdict
from simulator.products.exchange_server.directory import Directory
from simulator.products.exchange_server.receive_connectors import ANY_RECIPIENT, ReceiveConnector
from simulator.products.exchange_server.settings import ExchangeSettings
from simulator.source import Source
from simulator.value import value

__all__ = ["Standing", "pick", "reference", "relay_step", "standing"]

_TEST = "tests/products/exchange_server/test_receiving.py"
NARROWEST = rule(
    "EXS-RECV-1", "Of the Receive connectors at a port the one with the narrowest range that holds the client is used",
    fidelity="documented", source="CMD New-ReceiveConnector RemoteIPRanges; learn: Receive connectors", test=_TEST,
)  # fmt: skip
GROUPS = rule(
    "EXS-RECV-2", "PermissionGroups say who may submit: AnonymousUsers anybody, ExchangeUsers after a login, Partners with a "
    "certificate", fidelity="documented", source="learn: Receive connectors, permission groups", test=_TEST,
)  # fmt: skip
SECURED = rule(
    "EXS-RECV-3", "ExternalAuthoritative takes every client in range for one of the own servers: it relays, and its mail is internal",
    fidelity="documented", source="CMD New-ReceiveConnector AuthMechanism; learn: Allow anonymous relay", test=_TEST,
)  # fmt: skip
ANONYMOUS = rule(
    "EXS-RELAY-1", "Anonymous clients send to accepted domains only, unless the anonymous logon has Accept-Any-Recipient",
    fidelity="documented", source="learn: Receive connectors; learn: Allow anonymous relay on Exchange servers", test=_TEST,
)  # fmt: skip
CLOUD = rule(
    "EXS-RECV-4", "TlsDomainCapabilities AcceptCloudServicesMail holds for a client with a good certificate for the domain",
    fidelity="documented", source="CMD New-ReceiveConnector TlsDomainCapabilities", test=_TEST,
)  # fmt: skip
CLOUD_RELAY = rule(
    "EXS-RELAY-2", "The service relays for senders of accepted domains and for the null sender", fidelity="inferred",
    source="learn: Transport routing in Exchange hybrid deployments (centralized mail transport); XOORG is not modelled", test=_TEST,
)  # fmt: skip
PARTNERS = rule(
    "EXS-RECV-5", "A client with a good certificate counts as a partner where Partners may submit", fidelity="inferred",
    source="learn: Receive connectors (the Partners group); mutual TLS is not modelled", test=_TEST,
)  # fmt: skip


@value
class Standing:
    """What a session may do: `basis` says by what it is known, empty where it may not submit."""

    basis: str
    step: Step

    @property
    def is_internal(self) -> bool:
        return self.basis in ("mailbox", "externally-secured")


def pick(settings: ExchangeSettings, session: Session) -> tuple[ReceiveConnector | None, Step]:
    """The Receive connector of a session, with all that were looked at."""
    fits: list[tuple[int, str, ReceiveConnector]] = []
    lost: dict[str, tuple[str, str, Source]] = {}
    for connector in settings.receivers:
        why = _not_for(connector, session)
        if why:
            lost[connector.name] = why
        elif found := connector.narrowest(session.peer):
            fits.append((found.width, connector.name.casefold(), connector))
    fits.sort(key=lambda fit: fit[:2])
    winner = fits[0][2] if fits else None
    candidates: list[Candidate] = []
    for connector in settings.receivers:
        if connector is winner:
            says = f"{session.peer} is in {connector.narrowest(session.peer)}, the narrowest range"
            candidates.append(Candidate(connector.name, True, "chosen", says, connector.at("RemoteIPRanges")))
        elif connector.name in lost:
            candidates.append(Candidate(connector.name, False, *lost[connector.name]))
        else:
            says = f"{connector.narrowest(session.peer)} is wider than the range of {winner.name if winner else ''}"
            candidates.append(Candidate(connector.name, False, "less-specific", says, connector.at("RemoteIPRanges")))
    if winner is None:
        says = f"no Receive connector is for {session.peer} at port {session.port}"
        return None, Step("CONNECTOR", NARROWEST, "none", says, tuple(candidates), settings.at("ReceiveConnectors"))
    says = f"{winner.name} takes sessions from {session.peer} at port {session.port}"
    return winner, Step("CONNECTOR", NARROWEST, "chosen", says, tuple(candidates), winner.at("RemoteIPRanges"))


def _not_for(connector: ReceiveConnector, session: Session) -> tuple[str, str, Source] | None:
    if not connector.Enabled:
        return "disabled", "it is disabled: Enabled is false", connector.at("Enabled")
    if session.port not in connector.ports:
        ports = ", ".join(map(str, connector.ports))
        return "other-port", f"it listens at port {ports}, not {session.port}", connector.at("Bindings")
    if connector.narrowest(session.peer) is None:
        says = f"{session.peer} is not in RemoteIPRanges [{', '.join(map(str, connector.ranges))}]"
        return "address-not-listed", says, connector.at("RemoteIPRanges")
    return None


def reference(connector: ReceiveConnector | None) -> Connector | None:
    """What paths show of a Receive connector: nothing for those that every server has."""
    if connector is None or connector.is_default:
        return None
    return Connector(connector.name, "inbound", connector.place)


def standing(connector: ReceiveConnector, session: Session, now: datetime) -> Standing:
    """How a session is known at its connector."""
    tried = (
        _by_login(connector, session),
        _by_trust(connector),
        _by_capability(connector, session, now),
        _as_partner(connector, session, now),
        _as_anybody(connector),
    )
    chosen = next((t for t in tried if t[1].chosen), None)
    if chosen is None:
        says = f"{connector.name} takes mail from {', '.join(connector.groups) or 'nobody'} only"
        where = connector.at("PermissionGroups")
        return Standing("", Step("PERMISSION", GROUPS, "none", says, tuple(t[1] for t in tried), where))
    basis, why, rule_id = chosen
    rest = tuple(t[1] for t in tried[tried.index(chosen) + 1 :])
    passed = tuple(t[1] for t in tried[: tried.index(chosen)])
    unasked = tuple(Candidate(c.name, False, "not-needed", f"{why.name} decides already", c.at) for c in rest)
    return Standing(basis, Step("PERMISSION", rule_id, basis, why.says, (*passed, why, *unasked), why.at))


_Tried = tuple[str, Candidate, str]


def _by_login(connector: ReceiveConnector, session: Session) -> _Tried:
    at = connector.at("PermissionGroups")
    if session.auth is None:
        return "mailbox", Candidate("ExchangeUsers", False, "no-login", "the client did not log in", at), GROUPS
    member = "ExchangeUsers" in connector.groups
    says = (
        f"{session.auth} is logged in"
        if member
        else f"{session.auth} is logged in, but ExchangeUsers may not submit here"
    )
    return "mailbox", Candidate("ExchangeUsers", member, "logged-in" if member else "not-permitted", says, at), GROUPS


def _by_trust(connector: ReceiveConnector) -> _Tried:
    secured, at = connector.externally_secured, connector.at("AuthMechanism")
    says = "every client of this connector counts as one of the own servers" if secured else "is not set"
    slug = "externally-secured" if secured else "not-set"
    return "externally-secured", Candidate("ExternalAuthoritative", secured, slug, says, at), SECURED


def _by_capability(connector: ReceiveConnector, session: Session, now: datetime) -> _Tried:
    at = connector.at("TlsDomainCapabilities")
    domains = tuple(c.domain for c in connector.TlsDomainCapabilities if c.cloud)
    if not domains:
        return (
            "cloud",
            Candidate("AcceptCloudServicesMail", False, "not-set", "no domain has the capability", at),
            CLOUD,
        )
    ok, slug, says = _shows(session, domains, now)
    return "cloud", Candidate("AcceptCloudServicesMail", ok, slug, says, at), CLOUD


def _shows(session: Session, domains: tuple[str, ...], now: datetime) -> tuple[bool, str, str]:
    """Whether the client shows a good certificate for one of the domains."""
    if session.tls is None:
        return False, "no-tls", f"no TLS, so no certificate was shown; {', '.join(domains)} is asked for"
    chain = chain_verdict(session.tls.certificate, now, purpose="client")
    if not chain.ok:
        return False, chain.reason, chain.says
    name = name_verdict(session.tls.certificate, domains)
    return name.ok, "certificate" if name.ok else name.reason, name.says


def _as_partner(connector: ReceiveConnector, session: Session, now: datetime) -> _Tried:
    at = connector.at("PermissionGroups")
    if "Partners" not in connector.groups:
        return "partner", Candidate("Partners", False, "not-permitted", "Partners may not submit here", at), PARTNERS
    chain = chain_verdict(session.tls.certificate if session.tls else None, now, purpose="client")
    return (
        "partner",
        Candidate("Partners", chain.ok, "certificate" if chain.ok else chain.reason, chain.says, at),
        PARTNERS,
    )


def _as_anybody(connector: ReceiveConnector) -> _Tried:
    member, at = "AnonymousUsers" in connector.groups, connector.at("PermissionGroups")
    says = "anybody may submit" if member else "AnonymousUsers may not submit here"
    return (
        "anonymous",
        Candidate("AnonymousUsers", member, "anonymous" if member else "not-permitted", says, at),
        GROUPS,
    )


def relay_step(connector: ReceiveConnector, known: Standing, sender: Sender, directory: Directory) -> Step:
    """Whether a session may send to domains that are not accepted ones; the outcome is `relay` or `denied`.

    A right of the anonymous logon holds for everybody who may submit: who proves more never has less.
    """
    open_to_all = ANY_RECIPIENT in connector.ExtendedRights and "AnonymousUsers" in connector.groups
    own = sender is None or directory.is_own(sender)
    anonymous_right = "the anonymous logon has the right Ms-Exch-SMTP-Accept-Any-Recipient"
    service = f"the service sends for {sender_text(sender)}, a sender of this organisation"
    candidates = (
        _right("ExchangeUsers", known.basis == "mailbox", "logged-in", "the client is logged in", connector.at("PermissionGroups")),
        _right("ExternalAuthoritative", known.basis == "externally-secured", "externally-secured", "the client is one of the own servers",
               connector.at("AuthMechanism")),
        _right("AcceptCloudServicesMail", known.basis == "cloud" and own, "own-sender", service, connector.at("TlsDomainCapabilities")),
        _right("Ms-Exch-SMTP-Accept-Any-Recipient", open_to_all, "any-recipient", anonymous_right, connector.at("ExtendedRights")),
    )  # fmt: skip
    by = next((c for c in candidates if c.chosen), None)
    rule_id = CLOUD_RELAY if known.basis == "cloud" and not open_to_all else ANONYMOUS
    if by is None:
        says = f"{known.basis or 'nobody'} sends to accepted domains only"
        if known.basis == "cloud":
            says = f"{sender_text(sender)} is no sender of this organisation, so the service may not relay for it"
        return Step("RELAY", rule_id, "denied", says, candidates, connector.at("ExtendedRights"))
    return Step("RELAY", rule_id, "relay", by.says, candidates, by.at)


def _right(name: str, has: bool, slug: str, what: str, at: Source) -> Candidate:
    return Candidate(name, has, slug if has else "no-right", what if has else f"not so: {what}", at)

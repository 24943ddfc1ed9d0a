"""What is told of an address: each reading of it as a candidate, and why it was taken or not."""

from __future__ import annotations

from simulator.mail.address import Address
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.smartermail.settings import DOMAIN_FORWARD, DomainSettings, InboundGateway
from simulator.products.smartermail.user_settings import MailingList
from simulator.source import Node, ProblemList, Source

__all__ = ["alias", "catch_all", "gateway_step", "implicit", "mailbox", "mailing_list"]

GATEWAY = rule(
    "SM-RCPT-6", "Every address of an inbound gateway's domain is taken, whoever sends", fidelity="documented",
    source="SmarterMail help: Incoming Gateways (user verification None)", test="tests/products/smartermail/test_directory.py",
)  # fmt: skip


def gateway_step(address: Address, gateway: InboundGateway) -> Step:
    to = ", ".join(gateway.servers) if gateway.mode == DOMAIN_FORWARD else f"the better MX of {address.domain}"
    says, at = f"{address.domain} is a domain of the inbound gateway {gateway.name}: to {to}", gateway.at("mode")
    why = Candidate(f"Inbound Gateway {gateway.name}", True, gateway.mode.lower().replace(" ", "-"), says, at)
    return Step("GATEWAY", GATEWAY, why.reason, says, (why,), at)


def implicit(name: str, place: Source) -> DomainSettings:
    """A Local domain that the file does not list."""
    return DomainSettings.read(Node.of({}, place), ProblemList(), name=name)


def mailbox(home: Address, exists: bool, domain: DomainSettings, chosen: bool | None = None) -> Candidate:
    chosen = exists if chosen is None else chosen
    if exists and not chosen:
        at = domain.at("deliver_locally")
        return Candidate(
            "mailbox", False, "not-delivered-locally", f"{home} has a mailbox here, but the domain is external", at
        )
    says = f"{home} has a mailbox here" if exists else f"{home} has no mailbox here"
    return Candidate("mailbox", chosen, "exists" if exists else "no-mailbox", says, domain.place)


def alias(home: Address, targets: tuple[Address, ...] | None, chosen: bool, domain: DomainSettings) -> Candidate:
    if targets is None:
        return Candidate("Aliases", False, "no-alias", f"{home.local} is no alias", domain.at("aliases"))
    says = f"{home.local} stands for {', '.join(map(str, targets))}"
    return Candidate("Aliases", chosen, "exists" if chosen else "not-needed", says, domain.at("aliases"))


def mailing_list(home: Address, found: MailingList | None, chosen: bool, domain: DomainSettings) -> Candidate:
    """Whether there is a mailing list of that address."""
    at = found.place if found else domain.at("lists")
    if found is None:
        return Candidate("Mailing Lists", False, "no-list", f"{home.local} is no mailing list", at)
    says = f"{home.local} is a mailing list of {len(found.subscribers)}"
    return Candidate("Mailing Lists", chosen, "exists" if chosen else "not-needed", says, at)


def catch_all(domain: DomainSettings, *, chosen: bool, here: bool, external: bool = False) -> Candidate:
    at = domain.at("catch_all")
    if not domain.catch_all:
        return Candidate("Catch-All", False, "not-set", "there is no catch-all", at)
    if external:
        return Candidate("Catch-All", False, "external-domain", "it does not count as a user of an external domain", at)
    if not chosen and not here:
        says = f"{domain.catch_all} exists no more, so it catches nothing"
        return Candidate("Catch-All", False, "catches-nothing", says, at)
    reason = "catches" if chosen else "not-needed"
    return Candidate("Catch-All", chosen, reason, f"{domain.catch_all} catches the rest", at)

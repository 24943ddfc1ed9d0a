"""Whether an address is one of ours, and what it stands for: the domains and users of a server.

    domain of the address
      of an inbound gateway                   -> the server behind it (Backup MX, Domain Forward)
      not here                                -> elsewhere: the relay rules decide
      disabled                                -> refused
      Local                mailbox, alias     -> here
                           neither, catch-all -> the catch-all
                           neither            -> unknown
      External             Deliver locally if user exists, and mailbox or alias  -> here
                           otherwise          -> the other server, whether or not a mailbox exists

A domain alias is replaced by the name of its domain first. A domain of which someone has a mailbox here exists also
where the file does not list it, as a Local one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from simulator.mail.address import Address, Sender, domain_of
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.smartermail.settings import (
    DOMAIN_FORWARD,
    EXTERNAL_HOST,
    LOCAL,
    DomainSettings,
    Forwarding,
    InboundGateway,
    SmarterMailSettings,
)
from simulator.source import Node, ProblemList, Source
from simulator.value import value

__all__ = ["Directory", "Place"]

_PAGE = "SmarterTools KB a3109: Domain hosted externally"
_TEST = "tests/products/smartermail/test_directory.py"
DOMAIN = rule(
    "SM-RCPT-1", "A domain is hosted if it is listed, an alias of a listed one, or has a mailbox here", fidelity="documented",
    source="SmarterMail help: Domains, domain aliases", test=_TEST,
)  # fmt: skip
DISABLED = rule(
    "SM-RCPT-2", "A disabled domain neither sends nor receives", fidelity="documented", source="SmarterMail help: Edit Domain",
    test=_TEST,
)  # fmt: skip
USER = rule(
    "SM-RCPT-3", "In a Local domain mail for an address that is no mailbox or alias goes to the catch-all or is refused",
    fidelity="documented", source="SmarterTools KB a3147, a2695: Catch-all", test=_TEST,
)  # fmt: skip
EXTERNAL = rule(
    "SM-RCPT-4", "In an External domain mail stays here only if the user exists and Deliver locally if user exists is on",
    fidelity="documented", source=_PAGE, test=_TEST,
)  # fmt: skip
GATEWAY = rule(
    "SM-RCPT-6", "Every address of an inbound gateway's domain is taken, whoever sends", fidelity="documented",
    source="SmarterMail help: Incoming Gateways (user verification None)", test=_TEST,
)  # fmt: skip


@value
class Place:
    """What an address is to this server.

    `kind`: mailbox, alias, catch-all, external, unknown, disabled, gateway, elsewhere.
    """

    kind: str
    address: Address  # after domain aliases
    domain: DomainSettings | None
    steps: tuple[Step, ...]
    targets: tuple[Address, ...] = ()  # of an alias or catch-all
    gateway: InboundGateway | None = None

    @property
    def at_home(self) -> bool:
        return self.kind in ("mailbox", "alias", "catch-all")


class Directory:
    """The domains of one server and the mailboxes in them."""

    def __init__(self, settings: SmarterMailSettings, mailboxes: Iterable[Address]) -> None:
        self.settings = settings
        self.mailboxes = frozenset(mailboxes)
        self._places: dict[str, Place] = {}  # as far as they were asked for
        self.domains = {name.lower().removesuffix("."): domain for name, domain in settings.domains.items()}
        enabled = [gateway for gateway in settings.inbound_gateways.values() if gateway.status == "Enabled"]
        self._gateways = {name: gateway for gateway in enabled for name in gateway.domains}
        # Every name under which a domain is known, and the name of the domain.
        self._names = {alias: name for name, domain in self.domains.items() for alias in domain.domain_aliases}
        self._names |= {name: name for name in self.domains}
        for mailbox in sorted(self.mailboxes, key=str):
            if mailbox.domain not in self._names:
                self._names[mailbox.domain] = mailbox.domain
                self.domains[mailbox.domain] = _implicit(mailbox.domain, settings.place)

    def domain(self, name: str | None) -> DomainSettings | None:
        """The hosted domain of that name."""
        found = self._names.get(name or "")
        return self.domains[found] if found else None

    def sender_domain(self, sender: Sender) -> DomainSettings | None:
        """The hosted domain that a sender is in."""
        return self.domain(domain_of(sender))

    def is_user(self, address: Sender) -> bool:
        """Whether the address is a mailbox or alias of a domain here."""
        if address is None:
            return False
        home = self._at_home(address)
        domain = self.domain(home.domain)
        return home in self.mailboxes or (domain is not None and self._alias(home, domain) is not None)

    def mailbox(self, address: Address) -> Address | None:
        """The mailbox behind an address, if there is one."""
        home = self._at_home(address)
        return home if home in self.mailboxes else None

    def forwarding(self, mailbox: Address) -> tuple[Forwarding, tuple[Address, ...]] | None:
        """Where the user of a mailbox sends mail on to."""
        domain = self.domain(mailbox.domain)
        for name, forwarding in domain.forwarding.items() if domain else ():
            if domain and domain.address(name) == mailbox:
                return forwarding, tuple(domain.address(target) for target in forwarding.to)
        return None

    def forwarder(self, start: Address | None, recipient: Address) -> Address | None:
        """The mailbox whose forwarding led from `start` to `recipient`; None where none did."""
        waiting, seen = [start] if start else [], set[Address]()
        while waiting:
            place = self.place(waiting.pop())
            if place.address in seen:
                continue
            seen.add(place.address)
            onward = self.forwarding(place.address) if place.kind == "mailbox" else None
            if onward and recipient in onward[1]:
                return place.address
            waiting += [*place.targets, *(onward[1] if onward else ())]
        return None

    def place(self, address: Address) -> Place:
        """What an address is to this server, with every reading that was considered."""
        written = str(address)  # equal addresses may be written differently, and readings are sentences
        if written not in self._places:
            self._places[written] = self._place(address)
        return self._places[written]

    def _place(self, address: Address) -> Place:
        domain = self.domain(address.domain)
        step = self._domain_step(address.domain, domain)
        if domain is None:
            gateway = self._gateways.get(address.domain)
            if gateway:
                return Place("gateway", address, None, (step, _gateway_step(address, gateway)), gateway=gateway)
            return Place("elsewhere", address, None, (step,))
        home = self._at_home(address)
        if not domain.enabled:
            says = f"the domain {domain.name} is disabled"
            why = (Candidate("Enabled", True, "disabled", says, domain.at("enabled")),)
            return Place(
                "disabled", home, domain, (step, Step("MAILBOX", DISABLED, "disabled", says, why, domain.at("enabled")))
            )
        found = self._local(home, domain) if domain.inbound == LOCAL else self._external(home, domain)
        return replace(found, steps=(step, *found.steps))

    def _domain_step(self, name: str, domain: DomainSettings | None) -> Step:
        candidates = []
        for own, settings in self.domains.items():
            chosen = settings is domain
            if chosen and own != name:
                candidates.append(
                    Candidate(own, True, "domain-alias", f"{name} is another name of it", settings.at("domain_aliases"))
                )
            else:
                says = f"hosted here, {settings.inbound}" if chosen else f"is not {name}"
                candidates.append(Candidate(own, chosen, "hosted" if chosen else "other-domain", says, settings.place))
        if domain is None:
            says, at = f"{name} is not a domain of this server", self.settings.at("domains")
            return Step("DOMAIN", DOMAIN, "not-hosted", says, tuple(candidates), at)
        says = f"{name} is a domain of this server, {domain.inbound}"
        return Step("DOMAIN", DOMAIN, "hosted", says, tuple(candidates), domain.at("inbound"))

    def _local(self, home: Address, domain: DomainSettings) -> Place:
        alias = self._alias(home, domain)
        has_box, catch_all = home in self.mailboxes, bool(domain.catch_all)
        candidates = (
            _mailbox(home, has_box, domain),
            _alias_candidate(home, alias, not has_box, domain),
            _catch_all(domain, chosen=catch_all and not has_box and alias is None),
        )
        if has_box:
            return self._found("mailbox", USER, home, domain, candidates)
        if alias is not None:
            return self._found("alias", USER, home, domain, candidates, alias)
        if catch_all:
            return self._found("catch-all", USER, home, domain, candidates, (domain.address(domain.catch_all),))
        return self._found("unknown", USER, home, domain, candidates)

    def _external(self, home: Address, domain: DomainSettings) -> Place:
        alias, has_box = self._alias(home, domain), home in self.mailboxes
        caught = bool(domain.catch_all) and self.settings.knobs.catch_all_is_user
        stays = domain.deliver_locally and (has_box or alias is not None or caught)
        flag = domain.at("deliver_locally")
        if not domain.deliver_locally:
            local = Candidate(
                "Deliver locally if user exists", False, "off",
                "the mailbox here is passed over" if has_box else "it would make no difference: there is no such user", flag,
            )  # fmt: skip
        elif stays:
            local = Candidate("Deliver locally if user exists", True, "user-exists", f"{home} exists here", flag)
        else:
            local = Candidate(
                "Deliver locally if user exists", False, "no-such-user", f"{home} does not exist here", flag
            )
        other = domain.host_address if domain.inbound == EXTERNAL_HOST else f"the MX of {domain.name}"
        says = f"goes to {other}" if not stays else "the user exists here"
        away = Candidate(
            domain.inbound, not stays, "external" if not stays else "user-exists", says, domain.at("inbound")
        )
        candidates = (
            _mailbox(home, has_box, domain, chosen=stays and has_box),
            _alias_candidate(home, alias, stays and not has_box, domain),
            _catch_all(domain, chosen=stays and not has_box and alias is None, external=not caught),
            local,
            away,
        )
        if not stays:
            return self._found("external", EXTERNAL, home, domain, candidates)
        if has_box:
            return self._found("mailbox", EXTERNAL, home, domain, candidates)
        targets = alias if alias is not None else (domain.address(domain.catch_all),)
        return self._found("alias" if alias is not None else "catch-all", EXTERNAL, home, domain, candidates, targets)

    @staticmethod
    def _found(
        kind: str, by: str, home: Address, domain: DomainSettings, candidates: tuple[Candidate, ...],
        targets: tuple[Address, ...] = (),
    ) -> Place:  # fmt: skip
        says = {
            "mailbox": f"{home} has a mailbox here",
            "alias": f"{home} stands for {', '.join(map(str, targets))}",
            "catch-all": f"{home} does not exist; the catch-all {', '.join(map(str, targets))} takes it",
            "external": f"{home} is somebody of the other server",
            "unknown": f"{home} is neither mailbox nor alias, and {domain.name} has no catch-all",
        }[kind]
        at = next((c.at for c in reversed(candidates) if c.chosen), domain.place)
        return Place(kind, home, domain, (Step("MAILBOX", by, kind, says, candidates, at),), targets)

    def _at_home(self, address: Address) -> Address:
        name = self._names.get(address.domain, address.domain)
        return address if name == address.domain else Address(address.local, name)

    @staticmethod
    def _alias(home: Address, domain: DomainSettings) -> tuple[Address, ...] | None:
        for name, targets in domain.aliases.items():
            if domain.address(name) == home:
                return tuple(domain.address(t) for t in targets)
        return None


def _gateway_step(address: Address, gateway: InboundGateway) -> Step:
    to = ", ".join(gateway.servers) if gateway.mode == DOMAIN_FORWARD else f"the better MX of {address.domain}"
    says, at = f"{address.domain} is a domain of the inbound gateway {gateway.name}: to {to}", gateway.at("mode")
    why = Candidate(f"Inbound Gateway {gateway.name}", True, gateway.mode.lower().replace(" ", "-"), says, at)
    return Step("GATEWAY", GATEWAY, why.reason, says, (why,), at)


def _implicit(name: str, place: Source) -> DomainSettings:
    """A Local domain that the file does not list."""
    return DomainSettings.read(Node.of({}, place), ProblemList(), name=name)


def _mailbox(home: Address, exists: bool, domain: DomainSettings, chosen: bool | None = None) -> Candidate:
    chosen = exists if chosen is None else chosen
    if exists and not chosen:
        at = domain.at("deliver_locally")
        return Candidate(
            "mailbox", False, "not-delivered-locally", f"{home} has a mailbox here, but the domain is external", at
        )
    says = f"{home} has a mailbox here" if exists else f"{home} has no mailbox here"
    return Candidate("mailbox", chosen, "exists" if exists else "no-mailbox", says, domain.place)


def _alias_candidate(
    home: Address, targets: tuple[Address, ...] | None, chosen: bool, domain: DomainSettings
) -> Candidate:
    if targets is None:
        return Candidate("Aliases", False, "no-alias", f"{home.local} is no alias", domain.at("aliases"))
    says = f"{home.local} stands for {', '.join(map(str, targets))}"
    return Candidate("Aliases", chosen, "exists" if chosen else "not-needed", says, domain.at("aliases"))


def _catch_all(domain: DomainSettings, *, chosen: bool, external: bool = False) -> Candidate:
    at = domain.at("catch_all")
    if not domain.catch_all:
        return Candidate("Catch-All", False, "not-set", "there is no catch-all", at)
    if external:
        return Candidate("Catch-All", False, "external-domain", "it does not count as a user of an external domain", at)
    return Candidate(
        "Catch-All", chosen, "catches" if chosen else "not-needed", f"{domain.catch_all} catches the rest", at
    )

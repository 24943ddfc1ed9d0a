"""Whether an address is one of ours, and what it stands for: the domains and users of a server.

    domain of the address
      of an inbound gateway                   -> the server behind it (Backup MX, Domain Forward)
      not here                                -> elsewhere: the relay rules decide
      disabled                                -> refused
      Local                mailbox, alias, mailing list  -> here
                           none, catch-all               -> the catch-all
                           none                          -> unknown
      External             Deliver locally if user exists, and mailbox, alias or mailing list  -> here
                           otherwise          -> the other server, whether or not a mailbox exists
    a mailbox whose account is Disabled       -> refused, as if it were unknown

A domain alias is replaced by the name of its domain first. A domain of which someone has a mailbox here exists also
where the file does not list it, as a Local one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from simulator.mail.address import Address, Sender, domain_of
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.smartermail import readings
from simulator.products.smartermail.settings import (
    EXTERNAL_HOST,
    LOCAL,
    DomainSettings,
    Forwarding,
    InboundGateway,
    SmarterMailSettings,
)
from simulator.products.smartermail.user_settings import DISABLED_WITH_MAIL, ENABLED, MailingList
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
    "SM-RCPT-3", "In a Local domain mail for an address that is no mailbox, alias or mailing list goes to the catch-all or is refused",
    fidelity="documented", source="SmarterTools KB a3147, a2695: Catch-all", test=_TEST,
)  # fmt: skip
EXTERNAL = rule(
    "SM-RCPT-4", "In an External domain mail stays here only if the user exists and Deliver locally if user exists is on",
    fidelity="documented", source=_PAGE, test=_TEST,
)  # fmt: skip
ACCOUNT = rule(
    "SM-RCPT-7", "A disabled account logs in no more; its mail comes back, with Disabled With Mail it is kept", fidelity="observed",
    source="hosting providers' pages: Account Status (the reply is inferred)", test=_TEST,
)  # fmt: skip


@value
class Place:
    """What an address is to this server.

    `kind`: mailbox, alias, list, catch-all, external, unknown, disabled (the domain), closed (the account), gateway, elsewhere.
    """

    kind: str
    address: Address  # after domain aliases
    domain: DomainSettings | None
    steps: tuple[Step, ...]
    targets: tuple[Address, ...] = ()  # of an alias or catch-all
    gateway: InboundGateway | None = None
    list: MailingList | None = None

    @property
    def at_home(self) -> bool:
        return self.kind in ("mailbox", "alias", "list", "catch-all")


@value
class _Here:
    """What of an address exists here. One that is several things is the first of them."""

    has_box: bool
    alias: tuple[Address, ...] | None
    list: MailingList | None

    @property
    def kind(self) -> str:
        return "mailbox" if self.has_box else "alias" if self.alias is not None else "list" if self.list else ""

    @property
    def exists(self) -> bool:
        return bool(self.kind)

    def candidates(self, home: Address, domain: DomainSettings, stays: bool = True) -> tuple[Candidate, ...]:
        taken = self.kind if stays else ""
        return (
            readings.mailbox(home, self.has_box, domain, chosen=taken == "mailbox"),
            readings.alias(home, self.alias, taken == "alias", domain),
            readings.mailing_list(home, self.list, taken == "list", domain),
        )


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
                self.domains[mailbox.domain] = readings.implicit(mailbox.domain, settings.place)

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
        return (home in self.mailboxes and not self.closed(home)) or (
            domain is not None and self._alias(home, domain) is not None
        )

    def is_same(self, one: Address, other: Address, *, by_domain: bool) -> bool:
        """Whether two addresses, or their domains, are the same one after domain aliases."""
        one, other = self._at_home(one), self._at_home(other)
        return one.domain == other.domain if by_domain else one == other

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
                return Place("gateway", address, None, (step, readings.gateway_step(address, gateway)), gateway=gateway)
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
        here = self._here(home, domain)
        catches = not here.exists and self._catches(domain)
        candidates = (*here.candidates(home, domain), readings.catch_all(domain, chosen=catches, here=here.exists))
        return self._found(here.kind or ("catch-all" if catches else "unknown"), USER, home, domain, candidates, here)

    def _external(self, home: Address, domain: DomainSettings) -> Place:
        here, knobs = self._here(home, domain), self.settings.knobs
        if not knobs.disabled_user_exists and self._is_closed(home, domain):
            here = replace(here, has_box=False)
        caught = knobs.catch_all_is_user and self._catches(domain)
        stays = domain.deliver_locally and (here.exists or caught)
        flag = domain.at("deliver_locally")
        if not domain.deliver_locally:
            local = Candidate(
                "Deliver locally if user exists", False, "off",
                "the mailbox here is passed over" if here.has_box else "it would make no difference: there is no such user", flag,
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
            *here.candidates(home, domain, stays=stays),
            readings.catch_all(domain, chosen=stays and not here.exists, here=here.exists, external=not caught),
            local,
            away,
        )
        return self._found(
            (here.kind or "catch-all") if stays else "external", EXTERNAL, home, domain, candidates, here
        )

    def _here(self, home: Address, domain: DomainSettings) -> _Here:
        return _Here(home in self.mailboxes, self._alias(home, domain), domain.mailing_list(home))

    def _catches(self, domain: DomainSettings) -> bool:
        """Whether the catch-all leads to somebody. One that was deleted catches nothing."""
        if not domain.catch_all:
            return False
        to = domain.address(domain.catch_all)
        return to.domain != domain.name or self._here(to, domain).exists

    @staticmethod
    def _is_closed(home: Address, domain: DomainSettings) -> bool:
        user = domain.user(home)
        return user is not None and user.status not in (ENABLED, DISABLED_WITH_MAIL)

    def closed(self, user: Address) -> Step | None:
        """Why the account may not log in: it is disabled, with its mail or without."""
        domain = self.domain(user.domain)
        account = domain.user(user) if domain else None
        if account is None or account.status == ENABLED:
            return None
        says = f"the account {user} is disabled"
        why = Candidate("Status", False, "disabled", f"{says}: {account.status}", account.at("status"))
        return Step("ACCOUNT", ACCOUNT, "disabled", says, (why,), why.at)

    def _found(
        self, kind: str, by: str, home: Address, domain: DomainSettings, candidates: tuple[Candidate, ...], here: _Here
    ) -> Place:
        targets = {
            "alias": here.alias or (),
            "catch-all": (domain.address(domain.catch_all),) if domain.catch_all else (),
        }.get(kind, ())
        says = {
            "mailbox": f"{home} has a mailbox here",
            "alias": f"{home} stands for {', '.join(map(str, targets))}",
            "list": f"{home} is a mailing list",
            "catch-all": f"{home} does not exist; the catch-all {', '.join(map(str, targets))} takes it",
            "external": f"{home} is somebody of the other server",
            "unknown": f"{home} is neither mailbox nor alias nor mailing list, and {domain.name} has no catch-all",
        }[kind]
        at = next((c.at for c in reversed(candidates) if c.chosen), domain.place)
        steps: tuple[Step, ...] = (Step("MAILBOX", by, kind, says, candidates, at),)
        if kind == "mailbox" and self._is_closed(home, domain) and (closed := self.closed(home)):
            kind, steps = "closed", (*steps, closed)
        return Place(kind, home, domain, steps, targets, list=here.list if kind == "list" else None)

    def _at_home(self, address: Address) -> Address:
        name = self._names.get(address.domain, address.domain)
        return address if name == address.domain else Address(address.local, name)

    @staticmethod
    def _alias(home: Address, domain: DomainSettings) -> tuple[Address, ...] | None:
        for name, targets in domain.aliases.items():
            if domain.address(name) == home:
                return tuple(domain.address(t) for t in targets)
        return None

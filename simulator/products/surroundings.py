"""The servers around the records of an import: whom they name, and who must be there for mail to flow.

| from | follows |
| --- | --- |
| records of a tenant | the tenant; its host name is what the MX of its default domain names |
| records of SmarterMail or Exchange Server | that server |
| an OnPremises connector | the organisation's own server: at its smart host, its address, with the certificate it asks for |
| a Partner connector for a domain | the partner's server |
| a Partner connector for `*` over a smart host | a gateway |
| a connector for mail flow rules over a smart host | a service that mail comes back from |
| an MX that leads elsewhere | a gateway |
| zone files alone | a tenant where the MX is the service's, otherwise the own server |
| always | the internet, with one person, and those to whom mail users, contacts and forwards lead |

What no record says is guessed, and each guess is a note with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

from simulator.products.company import (
    addresses_elsewhere,
    domains_of_mail_users,
    has_no_smtp_auth,
    is_service,
    settings_of_gateway,
    tell_of_own,
    with_listed,
)  # fmt: skip
from simulator.products.places import (
    CLOUD,
    GATEWAY,
    INTERNET,
    OWN_KINDS,
    SERVER,
    SMARTERMAIL,
    STRANGERS,
    Guess,
    Objects,
    Place,
    Zone,
)
from simulator.products.public_records import publish
from simulator.products.record_values import bare_domain, first_address, is_address, is_true, many, one
from simulator.products.service_names import EXCHANGE_ONLINE
from simulator.source import Node

__all__ = ["OWN_KINDS", "Surroundings"]

MOST_STRANGERS = 20
"""How many people outside a lab has beside Sun."""


class Surroundings:
    """Built once; `places` in the order of the lab, `guesses` for the report."""

    def __init__(self, objects: Objects, zone: Zone, own: str = "") -> None:
        self.objects, self.zone = objects, zone
        self.guesses: list[Guess] = []
        self.places: list[Place] = []
        self.dns: dict[str, dict[str, tuple[str, ...]]] = {}
        self._taken: set[str] = set()
        self.own_domains = list(self._section(CLOUD, "AcceptedDomains")) or [
            name
            for kind, section in ((SERVER, "AcceptedDomains"), (SMARTERMAIL, "Domains"))
            for name in self._section(kind, section)
        ]
        if not objects:
            self.own_domains = [name for name, sets in zone.items() if sets.get("MX")]
        self.own_domains = [
            name for name in self.own_domains if bare_domain(name) == name.lower()
        ]  # `*.contoso.com` has no MX
        self.default = self._default_domain()
        if CLOUD in objects or (not objects and self._is_hosted()):
            self._cloud()
        self._own(own)
        self._partners()
        self._mail_exchangers()
        internet = self._add(INTERNET, INTERNET, f"mx.{STRANGERS}", "198.51.100.7", "everybody else")
        internet.domains.append(STRANGERS)
        known = {domain.lower() for place in self.places for domain in (*place.domains, *self.own_domains)}
        elsewhere = addresses_elsewhere(self.objects, known)
        self.strangers = elsewhere[:MOST_STRANGERS]
        if elsewhere[MOST_STRANGERS:]:
            left = f"{len(elsewhere) - MOST_STRANGERS} addresses"
            self.guess(INTERNET, left, "outside, and named by recipients; more than are put into a lab")
        internet.domains += dict.fromkeys(a.domain for a in self.strangers)
        publish(self)

    # looking at records

    def _section(self, kind: str, section: str) -> Mapping[str, Mapping[str, Node]]:
        return self.objects.get(kind, {}).get(section, {})

    def _connectors(self, section: str, kind: str) -> Iterator[tuple[str, Mapping[str, Node]]]:
        for name, settings in self._section(CLOUD, section).items():
            if (one(settings, "ConnectorType") or "").casefold() == kind.casefold():
                yield name, settings

    def place(self, kind: str) -> Place | None:
        return next((p for p in self.places if p.kind == kind), None)

    @property
    def cloud(self) -> Place | None:
        return self.place(CLOUD)

    @property
    def own(self) -> Place | None:
        """The organisation's own server."""
        return next((p for p in self.places if p.name == "onprem"), None)

    def _default_domain(self) -> str:
        for kind in (CLOUD, SERVER):
            for name, settings in self._section(kind, "AcceptedDomains").items():
                if is_true(settings, "Default") and name in self.own_domains:
                    return name.lower()
        custom = [d for d in self.own_domains if not d.lower().endswith(f".{EXCHANGE_ONLINE.initial}")]
        found = (custom or self.own_domains or ["contoso.com"])[0].lower()
        if not self.own_domains:
            self.guess("domains", found, "no record names a domain of the organisation")
        return found

    def relays(self, domain: str) -> bool:
        """Whether the tenant looks elsewhere for people of a domain that it does not have."""
        settings = self._section(CLOUD, "AcceptedDomains").get(domain, {})
        return (one(settings, "DomainType") or "").casefold() == "internalrelay"

    # servers

    def guess(self, where: str, what: str, why: str) -> None:
        self.guesses.append(Guess(where, what, why))

    def _free(self, wanted: str) -> str:
        address = IPv4Address(wanted)
        while str(address) in self._taken:
            address += 1
        return str(address)

    def _add(self, name: str, kind: str, fqdn: str, address: str, why: str = "") -> Place:
        names = {p.name for p in self.places}
        number = next(n for n in range(1, 1000) if (f"{name}{n}" if n > 1 else name) not in names)
        made = Place(f"{name}{number}" if number > 1 else name, kind, fqdn, [self._free(address)], why=why)
        self._taken |= set(made.addresses)
        self.places.append(made)
        return made

    def addresses(self, host: str) -> tuple[str, ...]:
        return tuple(a for a in self.zone.get(host.lower(), {}).get("A", ()) if is_address(a) and ":" not in a)

    def _cloud(self) -> None:
        domain = self.default
        names = [
            exchanger
            for d in self.own_domains
            for exchanger in self.exchangers(d)
            if exchanger.endswith(EXCHANGE_ONLINE.suffix)
        ]
        fqdn = names[0] if names else f"{domain.replace('.', '-')}.{EXCHANGE_ONLINE.suffix}"
        place = self._add("m365", CLOUD, fqdn, "40.92.10.1")
        if not names:
            self.guess(place.name, f"fqdn {fqdn}", "the host name that the service gives to the default domain")
        self.guess(place.name, f"ip {place.addresses[0]}", "no record has the service's addresses; one stands for all")
        if has_no_smtp_auth(self.objects):
            place.settings["knobs"] = {"mail_programs": "outlook"}
            self.guess(
                place.name,
                "knobs: mail_programs: outlook",
                "SMTP AUTH is switched off, and people write with Outlook all the same",
            )
        if "AcceptedDomains" not in self.objects.get(CLOUD, {}):
            place.settings["AcceptedDomains"] = {domain: "Authoritative"}
            self.guess(place.name, f"AcceptedDomains {domain}", "there is no record of Get-AcceptedDomain")
            self.own_domains = [domain]

    def _own(self, wanted: str) -> None:
        kinds = [kind for kind in (SMARTERMAIL, SERVER) if kind in self.objects]
        outbound = [
            s for _, s in self._connectors("OutboundConnectors", "OnPremises") if not is_service(s, self.own_domains)
        ]
        inbound = [s for _, s in self._connectors("InboundConnectors", "OnPremises")]
        if not kinds and not outbound and not inbound and self.cloud:
            return
        hosts = list(dict.fromkeys(host for s in outbound for host in many(s, "SmartHosts")))
        named = [h for h in hosts if not is_address(h)]
        given = [h for h in hosts if is_address(h)]
        certificates = [one(s, "TlsDomain") for s in outbound] + [one(s, "TlsSenderCertificateName") for s in inbound]
        known = [c for c in certificates if c and not c.startswith("*.")]
        exchangers = [h for d in self.own_domains for h in self.exchangers(d) if not h.endswith(EXCHANGE_ONLINE.suffix)]
        fqdn = next(iter([*named, *known, *(exchangers if kinds else [])]), f"mail.{self.default}")
        where = [a for a in (*self.addresses(fqdn), *(g.partition("/")[0] for g in given)) if is_address(a)]
        where = with_listed(where, inbound)
        for kind in kinds or [wanted or SMARTERMAIL]:
            place = self._add(
                "onprem", kind, fqdn if not self.own else f"mail2.{self.default}", where[0] if where else "203.0.113.25"
            )
            place.certificate = list(dict.fromkeys([place.fqdn, *(c for c in certificates if c)]))
            place.domains += self.own_domains
            if kind == SERVER and kinds and not self._section(SERVER, "AcceptedDomains"):
                types = {d: "InternalRelay" if self.relays(d) else "Authoritative" for d in self.own_domains}
                place.settings["AcceptedDomains"] = types
                self.guess(place.name, "AcceptedDomains", "there are no records of its own; taken from the tenant's")
            tell_of_own(self.guess, place, kinds, wanted, bool(named or known or exchangers), bool(where))
        mine = self.own
        assert mine is not None
        listed = (*where[1:], *(a for h in named for a in self.addresses(h)))
        further = [a for a in dict.fromkeys(listed) if a not in self._taken]
        mine.addresses += further
        self._taken |= set(further)
        for host in named[1:]:
            if not self.addresses(host):
                self.dns[host.lower()] = {"A": (mine.addresses[0],)}
            self.guess(mine.name, host, f"another smart host; taken for a name of {mine.fqdn}")
        if mine.kind not in self.objects:
            self._ways_of_own(mine, bool(inbound))

    def _ways_of_own(self, place: Place, relays: bool) -> None:
        """Settings of a server of which nothing is known but that it is there."""
        shared = [
            d
            for d in self.own_domains
            if self.relays(d) or d.lower() in domains_of_mail_users(self.objects, self.own_domains)
        ] or [self.default]
        front = self.cloud.fqdn if self.cloud else ""
        if not self.cloud:
            types = dict.fromkeys(self.own_domains or [self.default], "Authoritative")
            if place.kind == SMARTERMAIL:
                place.settings["Domains"] = {domain: {"Inbound Message Delivery": "Local"} for domain in types}
            elif place.kind == SERVER:
                place.settings |= {"AcceptedDomains": types, "SendConnectors": {"Internet": {"AddressSpaces": ["*"]}}}
            self.guess(place.name, "its settings", "all mailboxes are there")
        elif place.kind == SMARTERMAIL:
            split = {
                "Inbound Message Delivery": "External (use host address)",
                "Host Address": front,
                "Deliver locally if user exists": "true",
            }
            place.settings["Domains"] = dict.fromkeys(shared, split)
            if relays:
                place.settings["Outbound Gateway"] = front
        elif place.kind == SERVER:
            place.settings["AcceptedDomains"] = dict.fromkeys(shared, "InternalRelay")
            space = ["*"] if relays else shared
            place.settings["SendConnectors"] = {
                "To Microsoft 365": {"AddressSpaces": space, "DNSRoutingEnabled": "false", "SmartHosts": [front]}
            }
        how = (
            "whom it does not have, and all other mail, goes to the tenant"
            if relays
            else "whom it does not have is in the tenant"
        )
        self.guess(place.name, "its settings", how)

    def _partners(self) -> None:
        for name, settings in self._connectors("OutboundConnectors", "OnPremises"):
            if is_service(settings, self.own_domains):
                self._relay(name, many(settings, "SmartHosts"), one(settings, "TlsDomain"), by_rule=True)
        for name, settings in self._connectors("OutboundConnectors", "Partner"):
            hosts, domains = many(settings, "SmartHosts"), [bare_domain(d) for d in many(settings, "RecipientDomains")]
            wanted = [d for d in domains if d != "*" and d not in self.own_domains]
            by_rule = is_true(settings, "IsTransportRuleScoped")
            if hosts and (by_rule or "*" in domains):
                self._relay(name, hosts, one(settings, "TlsDomain"), by_rule)
            for domain in wanted[:3]:
                self._partner(domain, hosts, one(settings, "TlsDomain"), "")
        for _, settings in self._connectors("InboundConnectors", "Partner"):
            shown = one(settings, "TlsSenderCertificateName")
            sources = [first_address(e) for e in many(settings, "SenderIPAddresses") if first_address(e)]
            for domain in [
                d for d in map(bare_domain, many(settings, "SenderDomains")) if d != "*" and d not in self.own_domains
            ][:3]:
                self._partner(domain, [], shown, sources[0] if sources else "")
            if "*" in many(settings, "SenderDomains") and self.place(GATEWAY) is None and (shown or sources):
                restricts = any(
                    (one(settings, f"RestrictDomainsTo{w}") or "").casefold() == "true"
                    for w in ("IPAddresses", "Certificate")
                )
                if restricts:
                    host = shown.removeprefix("*.") if shown else f"mx.filter.{STRANGERS.partition('.')[2]}"
                    self._relay("", [host], shown, by_rule=False, source=sources[0] if sources else "")

    def _partner(self, domain: str, hosts: list[str], shown: str | None, source: str) -> None:
        there = next((p for p in self.places if domain in p.domains), None)
        if there is None:
            named = [h for h in hosts if not is_address(h)]
            exchangers = self.exchangers(domain)
            name = next(
                iter([*named, *exchangers, *([shown] if shown and not shown.startswith("*.") else [])]),
                f"mail.{domain}",
            )
            given = (
                next((first_address(h) for h in hosts if is_address(h)), "")
                or source
                or next(iter(self.addresses(name)), "192.0.2.50")
            )
            there = self._add(
                domain.partition(".")[0], INTERNET, name, given, f"the partner {domain}, whom connectors name"
            )
            there.domains.append(domain)
            there.certificate = [name]
            self.guess(there.name, f"{name}, {there.addresses[0]}", f"a server for {domain}, which connectors name")
        if shown and shown not in there.certificate:
            there.certificate.append(shown)
        if source and there.addresses[0] != source and source not in self._taken:
            there.addresses = [source]
            self._taken.add(source)

    def _relay(self, connector: str, hosts: list[str], shown: str | None, by_rule: bool, source: str = "") -> None:
        """A host that takes mail for everybody: a gateway, or a service that gives mail back."""
        for host in hosts:
            if any(p.fqdn == host for p in self.places) or not self.cloud:
                continue
            fqdn = host if not is_address(host) else shown.removeprefix("*.") if shown else f"gateway.{STRANGERS}"
            given = (
                first_address(host) if is_address(host) else source or next(iter(self.addresses(host)), "192.0.2.80")
            )
            place = self._add("service" if by_rule else GATEWAY, GATEWAY, fqdn, given)
            place.certificate = list(dict.fromkeys([fqdn, *([shown] if shown else [])]))
            place.settings = settings_of_gateway(self.cloud, self.own_domains, gives_back=by_rule)
            what = "gives mail back to the tenant" if by_rule else "sends to the MX, and what comes in to the tenant"
            by = f"{connector} leads to it" if connector else "a connector restricts mail to it"
            self.guess(place.name, f"{fqdn}, {place.addresses[0]}", f"{by}; taken for a gateway that {what}")

    def exchangers(self, domain: str) -> list[str]:
        return [
            record.split()[-1].lower().removesuffix(".") for record in self.zone.get(domain.lower(), {}).get("MX", ())
        ]

    def _is_hosted(self) -> bool:
        """Whether the MX of some domain is the service's."""
        return any(
            host.endswith(EXCHANGE_ONLINE.suffix) for domain in self.own_domains for host in self.exchangers(domain)
        )

    def _mail_exchangers(self) -> None:
        """Hosts that the MX names and that nobody is yet."""
        for domain in self.own_domains:
            for host in self.exchangers(domain):
                known = (
                    any(p.fqdn.lower() == host for p in self.places)
                    or host in self.dns
                    or host.endswith(EXCHANGE_ONLINE.suffix)
                )
                same = next((p for p in self.places for a in self.addresses(host) if a in p.addresses), None)
                if not known and same is None and self.cloud:
                    self._relay("", [host], host, by_rule=False)
                    self.guess(GATEWAY, host, f"the MX of {domain} leads there")

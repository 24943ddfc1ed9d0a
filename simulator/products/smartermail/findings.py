"""What can be odd about a SmarterMail server, beside what any server has."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from simulator.findings import Edit, Finding, Ground, appended, inserted, kind
from simulator.mail.address import Address, AddressError
from simulator.mail.session import Session
from simulator.products.smartermail.greylist import is_exempt
from simulator.products.smartermail.host import SmarterMail
from simulator.products.smartermail.settings import LOCAL
from simulator.source import Source

__all__ = ["findings", "known"]

_TEST = "tests/products/smartermail/test_findings.py"
CATCH_ALL = kind(
    "MF015", "warning", "a catch-all in a domain with external delivery",
    about="Unknown addresses of the domain belong to the other server. Where the catch-all counts as a user that exists (sources are "
    "silent: knob catch_all_is_user), it swallows the mail of everybody who has moved; where it does not, it catches nothing.",
    fix="Remove the catch-all before the domain becomes external.",
    test=_TEST,
)  # fmt: skip
GREYLIST = kind(
    "MF060", "warning", "greylisting of a service that sends from several addresses",
    about="Greylisting knows a sender by its address. A service that tries again from another of its addresses is a new sender each "
    "time, so its mail is put off again and again: 451, for quarters of an hour or hours.",
    fix="Add the service's addresses to IP Bypass.",
    test=_TEST,
)  # fmt: skip

OWN_GREY = kind(
    "MF061", "warning", "the other half of the organisation is greylisted",
    about="Mail of colleagues whose mailboxes are on another server, and what that server hands on, is put off like a stranger's: 451, and "
    "a quarter of an hour or more for each new sender and recipient.",
    fix="Add the other server's addresses to IP Bypass.",
    test=_TEST,
)  # fmt: skip
IN_BETWEEN = kind(
    "MF062", "warning", "senders are judged by the address of the server in between",
    about="Mail from outside comes in by another server of the organisation, and the Sender Verification Shield judges that server's "
    "address: every sender is marked as not verified.",
    fix="Add the other server's addresses to IP Bypass.",
    test=_TEST,
)  # fmt: skip
SHORT = kind(
    "MF063", "note", "a server that gives up within hours",
    about="When the list of retry intervals is used up, mail is returned. While the tenant is away or throttles for longer, everything that "
    "goes to it is returned to its senders.",
    fix="Make the list of retry intervals longer: two days are usual.",
    test=_TEST,
)  # fmt: skip

_NOBODY, _A_DAY = "nobody-mailflow-check", 24 * 60


def known(host: SmarterMail) -> Iterator[tuple[Address, Source]]:
    """Aliases and mailing lists."""
    for domain in host.directory.domains.values():
        named = [(name, domain.at("aliases")) for name in domain.aliases]
        for name, at in [*named, *((name, members.place) for name, members in domain.lists.items())]:
            try:
                yield domain.address(name), at
            except AddressError:
                continue


def findings(host: SmarterMail, ground: Ground) -> Iterator[Finding]:
    yield from _catch_alls(host)
    yield from _greylists(host, ground)
    yield from _verifies(host, ground)
    yield from _gives_up(host)


def _verifies(host: SmarterMail, ground: Ground) -> Iterator[Finding]:
    """MF062, read from planned mail of people outside."""
    told: set[tuple[str, str]] = set()
    boxes = [a for p in ground.lab.people.values() for a, server in p.mailboxes if server == host.name]
    for person in ground.senders:
        for to in boxes if ground.lab.hosts[person.server].submission.anybody else ():
            played = ground.mail(person, to)
            taken = next((e for e in played.log.of("accepted") if e.host == host.name), None) if played else None
            if played is None or taken is None or taken["client"] in (person.server, "", host.name):
                continue
            steps = {e["step"]: e["outcome"] for e in played.log.of("decision") if e.host == host.name}
            facts, domain = taken["facts"], host.directory.domain(to.domain)
            judged, own = str(facts.get("ip")), ground.lab.servers[person.server].addresses
            verdict = steps.get("SENDER VERIFICATION")
            if verdict not in ("fail", "unknown") or domain is None or judged in own or (domain.name, judged) in told:
                continue
            told.add((domain.name, judged))
            client = ground.lab.servers[taken["client"]]
            says = f"mail from {person.name} to {to} comes by {client.name}, and {host.name} judges {judged}: SPF {facts.get('spf')}"
            addresses = list(client.addresses) if judged in client.addresses else [_network(judged)]
            fix = f"Add {', '.join(addresses)} to IP Bypass"
            yield Finding(
                IN_BETWEEN, domain.at("sender_verification"), says, fix, edits=_bypass(host, ground, addresses)
            )


def _network(address: str) -> str:
    """An inner server of the service has another address in each message: its network, where it is IPv6."""
    return str(ip_network(f"{address}/24", strict=False)) if ":" in address else address


def _gives_up(host: SmarterMail) -> Iterator[Finding]:
    """MF063, where the server sends on to another one: by an external domain or a gateway."""
    minutes = sum(host.settings.knobs.retry)
    external = next((d for d in host.directory.domains.values() if d.inbound != LOCAL and d.enabled), None)
    if minutes >= _A_DAY or external is None:
        return
    knobs = host.settings.knobs
    at = knobs.at("retry") if knobs.written("retry") else external.at("inbound")
    says = f"{host.name} tries {len(knobs.retry)} times again and returns mail after {minutes // 60} h {minutes % 60:02} min"
    yield Finding(SHORT, at, says, SHORT.fix)


def _catch_alls(host: SmarterMail) -> Iterator[Finding]:
    for name, domain in host.directory.domains.items():
        if domain.catch_all and domain.inbound != LOCAL and domain.enabled:
            place = host.directory.place(Address.parse(f"{_NOBODY}@{name}"))
            swallows = place.kind == "catch-all"
            what = f"swallows mail for everybody of {name} who is not here" if swallows else "catches nothing"
            says = f"{name} is {domain.inbound}, and its catch-all {domain.catch_all} {what}"
            yield Finding(CATCH_ALL, domain.at("catch_all"), says, CATCH_ALL.fix, "" if swallows else "note")


def _greylists(host: SmarterMail, ground: Ground) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for person in ground.lab.people.values():
        for address, server in person.mailboxes:
            domain = host.directory.domain(address.domain)
            if server != host.name or domain is None:
                continue
            for sender in ground.senders:
                played = ground.mail(sender, address) if sender.address != address else None
                for opened in played.log.of("session.open") if played else ():
                    client = ground.lab.servers.get(opened["client"])
                    if opened.host != host.name or client is None or (domain.name, client.name) in told:
                        continue
                    open_to = [ip for ip in client.addresses if not _exempt(host, ip, sender.address, address)]
                    shares = any(
                        s == client.name and a.domain == domain.name
                        for p in ground.lab.people.values()
                        for a, s in p.mailboxes
                    )
                    if len(open_to) == 1 and shares:
                        told.add((domain.name, client.name))
                        at = host.settings.at("greylisting") if domain.greylisting is None else domain.at("greylisting")
                        says = f"{host.name} greylists {client.name} ({open_to[0]}), where other people of {domain.name} are"
                        fix = f"Add {open_to[0]} to IP Bypass"
                        yield Finding(OWN_GREY, at, says, fix, edits=_bypass(host, ground, open_to))
                    if len(open_to) > 1:
                        told.add((domain.name, client.name))
                        at = host.settings.at("greylisting") if domain.greylisting is None else domain.at("greylisting")
                        says = f"{host.name} greylists {client.name}, which sends from {', '.join(open_to)} in turn"
                        yield Finding(
                            GREYLIST, at, says, f"Add {', '.join(open_to)} to IP Bypass", edits=_bypass(host, ground, open_to)
                        )  # fmt: skip


def _bypass(host: SmarterMail, ground: Ground, addresses: list[str]) -> tuple[Edit, ...]:
    """Safe: who is on the list is not put off, and gains nothing else."""
    listed, told = ground.node("servers", host.name, "IP Bypass"), ", ".join(addresses)
    if listed is not None and listed.items:
        return appended(listed, told) if listed.items[-1].text_at == listed.items[-1].at else ()
    own = ground.node("servers", host.name)
    key = "Enable Greylisting" if ground.node("servers", host.name, "Enable Greylisting") else "Domains"
    return inserted(own, key, f"IP Bypass: [{told}]") if listed is None else ()


def _exempt(host: SmarterMail, ip: str, sender: Address, to: Address) -> bool:
    return is_exempt(Session(ip, host.name), sender, host.directory.place(to), host.settings) is not None

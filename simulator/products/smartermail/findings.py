"""What can be odd about a SmarterMail server, beside what any server has."""

from __future__ import annotations

from collections.abc import Iterator

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

_NOBODY = "nobody-mailflow-check"


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

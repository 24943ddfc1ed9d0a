"""What the records of a tenant say of the company around it: whose mailboxes are where, and what a connector is for.

a mail user of an own domain                       its mailbox is at the own server
a mail user, contact or forward of another domain  somebody outside
an OnPremises connector for rules, over a host     a service: signatures, archives
SMTP AUTH switched off                             people write with Outlook
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from ipaddress import ip_address, ip_network

from simulator.mail.address import Address, AddressError
from simulator.products.places import CLOUD, Objects, Place
from simulator.products.record_values import first_address, is_address, is_true, many, one
from simulator.products.service_names import EXCHANGE_ONLINE
from simulator.source import Node

__all__ = [
    "addresses_elsewhere", "domains_of_mail_users", "has_no_smtp_auth", "is_service", "settings_of_gateway", "tell_of_own", "with_listed",
]  # fmt: skip


def _settings(objects: Objects, *sections: str) -> Iterator[Mapping[str, Node]]:
    for section in sections:
        yield from objects.get(CLOUD, {}).get(section, {}).values()


def has_no_smtp_auth(objects: Objects) -> bool:
    """Whether a setting for SMTP AUTH would keep people from writing."""
    off = any(
        is_true(s, "SmtpClientAuthenticationDisabled") for s in _settings(objects, "TransportConfig", "Recipients")
    )
    words = [(one(s, "AllowBasicAuthSmtp") or "").casefold() for s in _settings(objects, "AuthenticationPolicies")]
    return off or any(word in ("false", "$false") for word in words)


def is_service(settings: Mapping[str, Node], own_domains: Collection[str]) -> bool:
    """Whether an OnPremises connector is for rules alone and leads out of the house."""
    hosts = [host.lower() for host in many(settings, "SmartHosts")]
    own = tuple(f".{domain.lower()}" for domain in own_domains)
    outside = hosts and not any(is_address(host) or f".{host}".endswith(own) for host in hosts)
    return is_true(settings, "IsTransportRuleScoped") and bool(outside)


def domains_of_mail_users(objects: Objects, own_domains: Collection[str]) -> set[str]:
    """Domains of mail users who have their mailboxes within the organisation: at the own server."""
    own = {domain.lower() for domain in own_domains if not domain.lower().endswith(f".{EXCHANGE_ONLINE.initial}")}
    return own & {
        (one(s, "ExternalEmailAddress") or "").rpartition("@")[2].lower() for s in _settings(objects, "Recipients")
    }


def addresses_elsewhere(objects: Objects, known: Collection[str]) -> list[Address]:
    """Where mail users, contacts and forwards of the tenant lead out of the organisation and its partners."""
    found: dict[Address, None] = {}
    for settings in _settings(objects, "Recipients"):
        for key in ("ExternalEmailAddress", "ForwardingSmtpAddress"):
            try:
                address = Address.parse((one(settings, key) or "").rpartition(":")[2])
            except AddressError:
                continue
            if address.domain not in known and not address.domain.endswith(f".{EXCHANGE_ONLINE.initial}"):
                found[address] = None
    return list(found)


def with_listed(known: list[str], connectors: Collection[Mapping[str, Node]]) -> list[str]:
    """The own server's addresses, and one of each network of SenderIPAddresses that has none of them."""
    found = list(known)
    for entry in (entry for settings in connectors for entry in many(settings, "SenderIPAddresses")):
        network = ip_network(entry, strict=False) if first_address(entry) else None
        if network and not any(ip_address(address) in network for address in found):
            found.append(first_address(entry))
    return found


def settings_of_gateway(cloud: Place, own_domains: Collection[str], *, gives_back: bool) -> dict[str, object]:
    """A gateway that sends to the MX, or a service that gives everything back to the tenant."""
    custom = [domain for domain in own_domains if not domain.endswith(f".{EXCHANGE_ONLINE.initial}")]
    routes = {**dict.fromkeys(custom, cloud.fqdn), "*": cloud.fqdn if gives_back else "MX"}
    return {"routes": routes, "relays for": list(cloud.addresses), "sender domains": custom}


def tell_of_own(
    guess: Callable[[str, str, str], None], place: Place, kinds: list[str], wanted: str, named: bool, where: bool
) -> None:
    """What of the own server no record says."""
    if not kinds and not wanted:
        guess(place.name, f"is: {place.kind}", "connectors do not say what the own server is; --onprem KIND does")
    if not named:
        guess(place.name, f"fqdn {place.fqdn}", "no record names the own server")
    if not where:
        guess(place.name, f"ip {place.addresses[0]}", "no record has its address")
    guess(place.name, f"cert {place.certificate[0]}", "no record shows the certificate; it is taken to be good")

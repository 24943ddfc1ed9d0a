"""What `is:` can be: one entry per kind of server, and the only table that knows them all.

A product is a package beside this file with a settings class and a function `build` that makes hosts of checked
settings. Packages are imported when a lab first has such a server, so that `--help` stays quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from simulator.findings import Finding, Ground
from simulator.mail.address import Address
from simulator.policy.host import Host
from simulator.policy.settings import Settings
from simulator.products import service_names
from simulator.products.service_names import Names
from simulator.products.shape import Shape
from simulator.source import Source
from simulator.topology import Person, Server

__all__ = ["PRODUCTS", "Product"]


@dataclass(frozen=True, slots=True)
class Product:
    """One kind of server. `people` says what a person has there; empty where nobody can be."""

    kind: str
    title: str
    package: str = ""  # empty while this version does not have it
    settings_class: str = ""
    people: str = "a mailbox"
    sends_only: bool = False  # nothing listens: it needs no name, and may be behind another server's address
    names: Names | None = None  # the DNS names and the certificate that the service has without being told
    hosts: tuple[str, ...] = ()  # domains of the hosts that write Received fields for it, whatever the server is called
    looks: bool = False  # whether the package has a `findings.py` (see `simulator.findings`)

    @property
    def is_built(self) -> bool:
        return bool(self.package)

    @property
    def settings(self) -> type[Settings]:
        """The class that reads this product's part of a server's mapping."""
        found: type[Settings] = getattr(import_module(self.package), self.settings_class)
        return found

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """How the product's own tools write its objects, in the order in which a script makes them; often nothing."""
        name = f"{self.package}.shapes"
        found: tuple[Shape, ...] = import_module(name).SHAPES if self.package and find_spec(name) else ()
        return found

    def build(self, servers: Sequence[tuple[Server, Any]], people: Sequence[Person]) -> list[Host]:
        """The hosts of all servers of this kind; together, because some share a front door."""
        made: list[Host] = import_module(self.package).build(servers, people)
        return made

    def findings(self, host: Host, ground: Ground) -> Iterable[Finding]:
        """What is odd about the settings of one host of this kind."""
        found: Iterable[Finding] = self._looking().findings(host, ground) if self.looks else ()
        return found

    def known(self, host: Host) -> Iterable[tuple[Address, Source]]:
        """The addresses that a host of this kind knows beside its people's mailboxes."""
        found: Iterable[tuple[Address, Source]] = self._looking().known(host) if self.looks else ()
        return found

    def _looking(self) -> Any:
        return import_module(f"{self.package}.findings")


PRODUCTS: Mapping[str, Product] = {
    product.kind: product
    for product in (
        Product(
            "exchange-online", "Exchange Online", "simulator.products.exchange_online", "TenantSettings",
            names=service_names.EXCHANGE_ONLINE, looks=True, hosts=service_names.EXCHANGE_ONLINE_HOSTS,
        ),
        Product("smartermail", "SmarterMail", "simulator.products.smartermail", "SmarterMailSettings", looks=True),
        Product("internet", "the Internet", "simulator.products.internet", "InternetSettings"),
        Product(
            "exchange-server", "Exchange Server", "simulator.products.exchange_server", "ExchangeSettings", looks=True,
        ),
        Product("gateway", "a mail gateway", "simulator.products.gateway", "GatewaySettings", people="", looks=True),
        Product(
            "device", "a device", "simulator.products.device", "DeviceSettings", people="an address that it sends from",
            sends_only=True,
        ),
        Product(
            "external", "a server that somebody else runs", "simulator.products.external", "ExternalSettings",
        ),
    )
}  # fmt: skip
"""Every kind that the lab file knows, also those that this version cannot play yet."""

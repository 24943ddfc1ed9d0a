"""What can be odd about a gateway, beside what any server has."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.findings import Finding, Ground, kind
from simulator.mail.address import Address
from simulator.products.gateway.host import Gateway
from simulator.source import Source

__all__ = ["findings", "known"]

ANY_TENANT = kind(
    "MF024", "warning", "a gateway relays for a service's addresses, whoever the sender is",
    about="The addresses in `relays for` are those of a service that sends for all its customers. Without `sender domains` every "
    "other customer of that service may send over the gateway, as anybody.",
    fix="List the organisation's own domains in `sender domains`.",
    test="tests/products/gateway/test_findings.py",
)  # fmt: skip


def findings(host: Gateway, ground: Ground) -> Iterator[Finding]:
    if host.settings.relays_for and not host.settings.sender_domains:
        listed = ", ".join(map(str, host.settings.relays_for))
        says = f"{host.name} relays for {listed}, for any sender"
        yield Finding(ANY_TENANT, host.settings.at("relays_for"), says, ANY_TENANT.fix)


def known(host: Gateway) -> Iterator[tuple[Address, Source]]:
    """The recipients that it lists are other servers' affair."""
    return iter(())

"""What can be odd about a tenant, beside what any server has.

domains    MF014 people whom the tenant does not know, MF045 DKIM keys that nobody finds, MF082 no signature for DMARC
inbound    MF021 MF022 MF023 MF025 MF081 MF054: who may send over the tenant, and as whom
outbound   MF050 to MF053: connectors that are not used as they stand
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.findings import Finding, Ground
from simulator.mail.address import Address
from simulator.products.exchange_online.findings.domains import signatures, strangers_at_home, unsigned
from simulator.products.exchange_online.findings.inbound import left_behind, names, relays, reports, wide_ranges
from simulator.products.exchange_online.findings.outbound import rules_and_connectors, scopes, twins
from simulator.products.exchange_online.tenant import Tenant
from simulator.source import Source

__all__ = ["findings", "known"]


def findings(host: Tenant, ground: Ground) -> Iterator[Finding]:
    for look in (
        strangers_at_home,
        signatures,
        unsigned,
        wide_ranges,
        left_behind,
        names,
        relays,
        reports,
        twins,
        scopes,
        rules_and_connectors,
    ):
        yield from look(host, ground)


def known(host: Tenant) -> Iterator[tuple[Address, Source]]:
    """Mail users, contacts, groups, and second addresses."""
    for entry in host.profile.directory:
        for address in entry.addresses:
            yield address, entry.at

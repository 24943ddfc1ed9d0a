"""What a lab's DNS needs beside the zones of an import: where mail for each domain goes, and who may send in its name."""

from __future__ import annotations

from typing import Protocol

from simulator.products.places import GATEWAY, Place, Zone
from simulator.products.service_names import EXCHANGE_ONLINE

__all__ = ["publish"]


class Around(Protocol):
    """What is known of the servers."""

    places: list[Place]
    dns: dict[str, dict[str, tuple[str, ...]]]
    own_domains: list[str]
    zone: Zone

    @property
    def cloud(self) -> Place | None: ...

    @property
    def own(self) -> Place | None: ...

    def place(self, kind: str) -> Place | None: ...

    def guess(self, where: str, what: str, why: str) -> None: ...


def publish(around: Around) -> None:
    """What a lab's DNS needs beside the zones: where mail for each domain goes, and who may send in its name."""
    gateway, own = around.place(GATEWAY), around.own
    front = gateway if gateway and gateway.name == GATEWAY else around.cloud or own
    for domain in (d.lower() for d in around.own_domains):
        if domain.endswith(f".{EXCHANGE_ONLINE.initial}") or front is None:
            continue
        records = around.dns.setdefault(domain, {})
        zone = around.zone.get(domain, {})
        if "MX" not in zone:
            records["MX"] = (f"10 {front.fqdn}",)
            around.guess("dns", f"{domain} MX {front.fqdn}", "no zone file has it")
        if not any(t.lower().startswith("v=spf1") for t in zone.get("TXT", ())):
            senders = [
                f"ip4:{a}" for p in around.places if p.name in ("onprem", GATEWAY) for a in p.addresses if ":" not in a
            ]
            cloud = [f"include:{EXCHANGE_ONLINE.spf}"] if around.cloud else []
            records["TXT"] = (*zone.get("TXT", ()), " ".join(["v=spf1", *senders, *cloud, "-all"]))
            around.guess("dns", f"{domain} TXT {records['TXT'][-1]}", "no zone file has it")
    for place in around.places:
        for domain in place.domains:
            if domain not in map(str.lower, around.own_domains) and "MX" not in around.zone.get(domain, {}):
                around.dns.setdefault(domain, {})["MX"] = (f"10 {place.fqdn}",)

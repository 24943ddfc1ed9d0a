"""Recipients and keys of the tenant's domains."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.findings import Finding, Ground, kind
from simulator.mail.address import Address
from simulator.products.exchange_online.tenant import Tenant

__all__ = ["signatures", "strangers_at_home", "unsigned"]

FORGOTTEN = kind(
    "MF014", "error", "people of an Authoritative domain whom the tenant does not know",
    about="The domain is Authoritative, so the tenant refuses whom it does not know (5.4.1 from outside, 5.1.10 from inside). These "
    "people have their mailboxes on another server, and no mail user stands for them.",
    fix="Make a mail user for each of them, or make the domain InternalRelay with a connector to their server.",
    test="tests/products/exchange_online/findings/test_domains.py",
)  # fmt: skip
KEYS = kind(
    "MF045", "warning", "DKIM signs, and nobody finds the key",
    about="DkimSigningConfig is enabled for the domain, so mail is signed with a selector whose CNAME the domain does not publish. "
    "Receivers judge dkim=permerror or fail: no key. DMARC is left with SPF alone.",
    fix="Publish both CNAMEs, selector1._domainkey and selector2._domainkey, before signing is enabled.",
    test="tests/products/exchange_online/findings/test_domains.py",
)  # fmt: skip


UNSIGNED = kind(
    "MF082", "warning", "DMARC is strict, and the tenant does not sign for the domain",
    about="The domain's DMARC record asks to quarantine or refuse what does not pass. Mail of the tenant passes by SPF alone, since its "
    "default signature is of another domain; as soon as somebody forwards it, it fails: Junk, or 550 5.7.509.",
    fix="Publish the two CNAMEs of DKIM and enable DkimSigningConfig for the domain.",
    test="tests/products/exchange_online/findings/test_domains.py",
)  # fmt: skip


def unsigned(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF082, for domains that somebody of the tenant writes from."""
    signed = {config.domain for config in host.profile.settings.DkimSigningConfig.values() if config.Enabled}
    written = {a.domain for p in ground.lab.people.values() for a, server in p.mailboxes if server == host.name}
    for name, domain in host.profile.domains.entries.items():
        records = ground.lab.zone.lookup(f"_dmarc.{name}", "TXT").records if name in written - signed else ()
        text = next((r for r in records if r.lower().startswith("v=dmarc1")), "")
        tags = dict(part.strip().lower().split("=", 1) for part in text.split(";") if "=" in part)
        policy = tags.get("p", "none").strip()
        if policy in ("quarantine", "reject"):
            node = ground.node("dns", f"_dmarc.{name}", "TXT")
            says = (
                f"DMARC of {name} says {policy}, and {host.name} signs its mail as another domain: a forward breaks it"
            )
            yield Finding(UNSIGNED, node.at if node else domain.at("DomainType"), says, UNSIGNED.fix)


def strangers_at_home(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF014, where mail for them is indeed refused or returned by the tenant."""
    profile = host.profile
    for name, domain in profile.domains.entries.items():
        people = [
            address for person in ground.lab.people.values() for address, server in person.mailboxes
            if server != host.name and address.domain == name and profile.directory.find(address) is None
            if not ground.lab.hosts[server].submission.direct  # what only sends has no mailbox anywhere
        ]  # fmt: skip
        lost = [str(a) for a in people if profile.domains.is_authoritative(name) and _refused(host, ground, a)]
        if lost:
            says = f"{name} is Authoritative in {host.name}, which does not know {', '.join(lost)}: mail for them is refused there"
            yield Finding(FORGOTTEN, domain.at("DomainType"), says, FORGOTTEN.fix)


def _refused(host: Tenant, ground: Ground, to: Address) -> bool:
    for sender in ground.senders:
        played = ground.mail(sender, to) if sender.address != to else None
        for ending in played.endings if played else ():
            if ending.path.end.word in ("REJECTED", "NDR") and ending.path.legs[-1].server == host.name:
                return True
    return False


def signatures(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF045."""
    for config in host.profile.settings.DkimSigningConfig.values():
        selector = config.selector(ground.start)
        name = f"{selector}._domainkey.{config.domain}"
        if config.Enabled and not ground.lab.zone.lookup(name, "TXT").ok:
            initial = host.profile.domains.initial
            target = (
                f"{selector}-{config.domain.replace('.', '-')}._domainkey.{initial}"
                if initial
                else "the service's name"
            )
            says = f"mail from {config.domain} is signed with {selector}, and {name} is not there"
            yield Finding(KEYS, config.at("Enabled"), says, f"Publish {name} CNAME {target}")

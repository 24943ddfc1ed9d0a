"""What DNS says against the servers of a lab: SPF records that lack an address or cannot be used, MX that lead nowhere, an
MTA-STS policy without the MX.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.check.ground import LabGround
from simulator.findings import Edit, Finding, appended, kind, replaced
from simulator.mail.address import Address
from simulator.policy import mta_sts, spf
from simulator.policy.attempt import Unroutable
from simulator.policy.moment import Moment
from simulator.policy.mx import resolve
from simulator.policy.route import NextHop
from simulator.policy.spf_record import is_spf
from simulator.products.registry import PRODUCTS
from simulator.source import NOWHERE, Node, Source

__all__ = ["mta_sts_policies", "mx_records", "own_mx", "spf_records", "stale_spf"]

_TEST = "tests/check/test_dns.py"
MISSING = kind(
    "MF040", "warning", "SPF does not list an address that mail leaves from",
    about="Mail with this sender domain reaches another organisation from an address that the domain's SPF record does not allow: "
    "it lands in Junk, or is refused (550 5.7.23).",
    fix="Add the address, or the include of the service, to the one SPF record.",
    test=_TEST,
)  # fmt: skip
LOOKUPS = kind(
    "MF041", "warning", "an SPF record needs more than ten look-ups",
    about="Receivers stop at the eleventh term that asks DNS and judge permerror, for every address that is not found before it.",
    fix="Take out includes that are no longer needed, or write addresses in place of them.",
    test=_TEST,
)  # fmt: skip
TWICE = kind(
    "MF042", "warning", "a domain has two SPF records",
    about="Two records that begin with v=spf1 are permerror, whatever they say: SPF passes for nobody.",
    fix="Merge them into one record.",
    test=_TEST,
)  # fmt: skip
NOWHERE_MX = kind(
    "MF043", "error", "an MX leads nowhere",
    about="The name of the MX has no address, or one at which no server of the lab answers. Mail for the domain waits, and is "
    "returned when it expires; where another MX works it is only slower.",
    fix="Let the MX name a server that takes mail for the domain.",
    test=_TEST,
)  # fmt: skip
POLICY = kind(
    "MF044", "error", "the MTA-STS policy does not list an MX",
    about="Senders that honour MTA-STS do not connect to an MX host that the policy leaves out. With mode enforce and no other MX "
    "their mail waits, and is returned.",
    fix="Publish the policy with the new MX, and a new id, before the MX is moved.",
    test=_TEST,
)  # fmt: skip
MISTAKE = kind(
    "MF046", "warning", "an SPF record that cannot be used",
    about="Something in the record makes every check permerror: a mistake in a term, an include without a record, too many "
    "look-ups that find nothing.",
    fix="Correct the term that the finding names.",
    test=_TEST,
)  # fmt: skip

SELF_MX = kind(
    "MF016", "error", "the MX that a server is to use is the server itself",
    about="The server sends on what it does not have by the MX of the domain, and that MX is the server itself (or it comes before all "
    "others). There is nobody left to give the mail to, so it is returned (5.4.6, 5.3.5).",
    fix="Name the other server (its host address, a smart host) in place of the MX.",
    test=_TEST,
)  # fmt: skip

STALE = kind(
    "MF083", "warning", "SPF lists an address at which no server is",
    about="Whoever gets the address passes SPF in the organisation's name, and with it DMARC.",
    fix="Take the address out of the SPF record when the server is gone for good.",
    test=_TEST,
)  # fmt: skip

_STRANGER = "192.0.0.9"


def spf_records(ground: LabGround) -> Iterator[Finding]:
    """MF040 to MF042, and MF046."""
    broken: set[str] = set()
    for domain in ground.domains:
        verdict = _judged(ground, _STRANGER, domain)
        texts = [text for text in ground.lab.zone.lookup(domain, "TXT").records if is_spf(text)]
        if verdict.result != "permerror":
            continue
        broken.add(domain)
        which = TWICE if len(texts) > 1 else LOOKUPS if "terms ask DNS" in verdict.says else MISTAKE
        place = _written(ground, domain, texts[-1] if texts else "")
        yield Finding(
            which, place.at if place else ground.domains[domain], f"SPF of {domain}: {verdict.says}", which.fix
        )
    yield from _left_out(ground, broken)


def _left_out(ground: LabGround, broken: set[str]) -> Iterator[Finding]:
    """MF040, judged where a receiver judges: at the first host that the recipient's MX leads to."""
    told: set[tuple[str, str]] = set()
    for asked in ground.asked:
        domain = asked.sender.address.domain
        edge = _exchangers(ground, asked.to.domain)
        own = {s for p in ground.lab.people.values() for a, s in p.mailboxes if a.domain == domain}
        taken = next((e for e in asked.played.log.of("accepted") if e.host in edge and e["client"]), None)
        if taken is None or taken.host in own | _exchangers(ground, domain) or domain in broken:
            continue
        key = (domain, str(taken["peer"]))
        if key in told or taken["inbound"] or taken["sender"] != str(asked.sender.address):
            continue  # known by a connector, or rewritten on the way
        told.add(key)
        verdict = _judged(ground, taken["peer"], domain)
        if verdict.result in ("fail", "softfail", "neutral"):
            yield _missing(ground, domain, taken["peer"], verdict.result)


def stale_spf(ground: LabGround) -> Iterator[Finding]:
    """MF083; a note where the lab has no server at the address at all, since a lab may leave servers out."""
    lab = ground.lab
    own = {a.domain for p in lab.people.values() for a, s in p.mailboxes if not lab.hosts[s].submission.anybody}
    for domain in sorted(own):
        text = next((t for t in lab.zone.lookup(domain, "TXT").records if is_spf(t)), "")
        node = _written(ground, domain, text)
        for term in text.split() if node else ():
            word, _, address = term.lstrip("+").partition(":")
            server = lab.server_at(address)
            if word.lower() not in ("ip4", "ip6") or "/" in address or (server and server.name not in lab.down):
                continue
            who = f"{server.name}, which is stopped" if server else "no server of the lab"
            says = f"SPF of {domain} lists {address}, the address of {who}"
            assert node is not None
            yield Finding(
                STALE,
                node.at,
                says,
                STALE.fix,
                "" if server else "note",
                replaced(node, f" {term}", "") if server else (),
            )


def _exchangers(ground: LabGround, domain: str) -> set[str]:
    """The servers that the MX of a domain leads to."""
    found = ground.answering(resolve(NextHop(domain), Moment(ground.start, {}, 0)))
    targets = () if isinstance(found, Unroutable) else found
    return {server.name for t in targets if (server := ground.lab.server_at(t.address))}


def _missing(ground: LabGround, domain: str, ip: str, result: str) -> Finding:
    text = next((t for t in ground.lab.zone.lookup(domain, "TXT").records if is_spf(t)), "")
    server = ground.lab.server_at(ip)
    names = PRODUCTS[server.kind].names if server else None
    included = getattr(names, "spf", "")
    term = f"include:{included}" if included else f"ip{'6' if ':' in ip else '4'}:{ip}"
    node = _written(ground, domain, text)
    end = next((f" {word}" for word in reversed(text.split()) if word.lower().lstrip("+-~?") == "all"), "")
    edits: tuple[Edit, ...] = replaced(node, end, f" {term}{end}") if end else ()
    says = f"{server.name if server else ip} sends mail of {domain} from {ip}, and SPF says {result}: {text}"
    return Finding(MISSING, node.at if node else ground.domains.get(domain, NOWHERE), says, f"Add {term}", edits=edits)


def _judged(ground: LabGround, ip: str, domain: str) -> spf.SpfVerdict:
    return ground.answering(spf.check(ip, Address.parse(f"postmaster@{domain}"), domain, now=ground.start))


def _written(ground: LabGround, domain: str, text: str) -> Node | None:
    """The TXT record as it stands in the file; None where it follows from a server."""
    node = ground.node("dns", domain, "TXT")
    return next((item for item in node.items if item.text.strip().strip('"') == text), node) if node else None


def mx_records(ground: LabGround) -> Iterator[Finding]:
    """MF043, for every domain with people, and every one whose MX is written."""
    for domain in ground.domains:
        written = ground.node("dns", domain, "MX")
        listed = ground.lab.zone.lookup(domain, "MX").records
        if not listed:
            dead = _dead(ground, NextHop(domain))
            if dead:
                says = f"{domain} has no MX, and {dead}; nobody elsewhere can write to it"
                yield Finding(NOWHERE_MX, ground.domains[domain], says, NOWHERE_MX.fix, "warning")
            continue
        faults = {record: _dead(ground, _hop(domain, record)) for record in listed}
        for record, fault in faults.items():
            if fault:
                severity = "error" if all(faults.values()) else "warning"
                place = (
                    next((i for i in written.items if i.text.split()[-1:] == record.split()[-1:]), None)
                    if written
                    else None
                )
                at = place.at if place else ground.domains[domain]
                yield Finding(NOWHERE_MX, at, f"MX {record} of {domain}: {fault}", NOWHERE_MX.fix, severity)


def _hop(domain: str, record: str) -> NextHop:
    host = record.partition(" ")[2].strip()
    return NextHop(domain) if host == "." else NextHop(hosts=(host,))


def _dead(ground: LabGround, hop: NextHop) -> str:
    """Why nobody can be reached there; empty where somebody can."""
    found = ground.answering(resolve(hop, Moment(ground.start, {}, 0)))
    if isinstance(found, Unroutable):
        return found.says
    lab = ground.lab
    if any((s := lab.server_at(t.address)) and not lab.hosts[s.name].submission.direct for t in found):
        return ""
    return f"no server answers at {', '.join(dict.fromkeys(t.address for t in found))}"


def mta_sts_policies(ground: LabGround) -> Iterator[Finding]:
    """MF044."""
    for domain, known_at in ground.domains.items():
        policy = ground.answering(mta_sts.fetch(domain, Moment(ground.start, {}, 0)))
        if policy is None or policy.mode == "none":
            continue
        hosts = [record.partition(" ")[2] for record in ground.lab.zone.lookup(domain, "MX").records]
        missing = [host for host in hosts if not mta_sts.is_listed(policy, host)]
        if not missing:
            continue
        node = ground.node("dns", domain, "MTA-STS")
        at: Source = node.at if node else known_at
        says = f"the MTA-STS policy of {domain} (mode {policy.mode}) lists {', '.join(policy.mx)}, its MX is {', '.join(missing)}"
        severity = "error" if policy.mode == "enforce" and len(missing) == len(hosts) else "warning"
        edits = appended(node.get("mx"), missing[0]) if node and len(missing) == 1 else ()
        yield Finding(POLICY, at, says, f"Add {', '.join(missing)} to mx of the policy", severity, edits)


def own_mx(ground: LabGround) -> Iterator[Finding]:
    """MF016; a warning where only unknown addresses are concerned."""
    told: set[tuple[str, str]] = set()
    for asked in ground.asked:
        for event in asked.played.log.of("unroutable"):
            key = (event.host, asked.to.domain)
            if event["reason"] != "self-mx" or key in told or ground.lab.zone.lookup(asked.to.domain, "MX").failed:
                continue
            told.add(key)
            routed = [
                e for e in asked.played.log.of("decision") if e.host == event.host and e["step"] == "ROUTE" and e.at
            ]
            at = routed[-1].at if routed else ground.lab.servers[event.host].at
            whom = f"{asked.to}" if asked.is_known else f"whom it does not have of {asked.to.domain}"
            says = f"{event.host} sends mail for {whom} to the MX, which is {event.host} itself: {event['says']}"
            yield Finding(SELF_MX, at, says, SELF_MX.fix, "error" if asked.is_known else "warning")

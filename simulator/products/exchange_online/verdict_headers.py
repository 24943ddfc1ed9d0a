"""The headers that tell what was found out about a sender, written from the facts of a message.

    Authentication-Results        spf=... smtp.mailfrom=...; dkim=... header.d=...;dmarc=... action=... header.from=...;compauth=... reason=...
    Received-SPF                  the result in words                                               only where SPF was asked
    X-Forefront-Antispam-Report   CIP:...;CTRY:;LANG:en;SCL:...;SRV:;IPV:...;SFV:...;H:...;PTR:...;CAT:...;SFTY:...;SFS:;DIR:...;
    X-Microsoft-Antispam          BCL:0;
    ARC-Authentication-Results    the same results in ARC's order                                   sealed, one set a pass

CTRY, SFS and SRV stay empty: nothing here knows countries, the numbers of filter rules, or bulk senders.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy import arc
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.policy.signing import NO_KEYS
from simulator.products.service_names import EXCHANGE_ONLINE

__all__ = ["SCL", "antispam_report", "authentication_results", "sealed", "verdict_fields"]

_TEST = "tests/products/exchange_online/test_verdict_headers.py"
VERDICTS = rule(
    "EXO-HDR-6", "Authentication-Results, Received-SPF and the antispam report tell what the service found out", fidelity="observed",
    source="learn: Anti-spam message headers; captured headers", test=_TEST,
)  # fmt: skip
SEALED = rule(
    "EXO-HDR-7", "Every pass adds an ARC set of d=microsoft.com, s=arcselector9901", fidelity="observed", source="captured headers",
    test=_TEST,
)  # fmt: skip

SCL = "X-MS-Exchange-Organization-SCL"
_SPF_WORDS = {
    "pass": "Pass (protection.outlook.com: domain of {domain} designates {ip} as permitted sender)",
    "fail": "Fail (protection.outlook.com: domain of {domain} does not designate {ip} as permitted sender)",
    "softfail": "SoftFail (protection.outlook.com: domain of transitioning {domain} discourages use of {ip} as permitted sender)",
    "neutral": "Neutral (protection.outlook.com: {ip} is neither permitted nor denied by domain of {domain})",
    "none": "None (protection.outlook.com: {domain} does not designate permitted sender hosts)",
    "temperror": "TempError (protection.outlook.com: error in processing during lookup of {domain}: DNS Timeout)",
    "permerror": "PermError (protection.outlook.com: domain of {domain} used an invalid SPF mechanism)",
}


def verdict_fields(facts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The fields of one pass, in the order in which they stand; none where nothing was found out."""
    if "scl" not in facts:
        return ()
    fields = [("Authentication-Results", authentication_results(facts))]
    if facts.get("spf domain"):
        words = _SPF_WORDS[facts["spf"]].format(domain=facts["spf domain"], ip=facts["ip"])
        told = f"\nreceiver=protection.outlook.com; client-ip={facts['ip']}; helo={facts.get('helo', '')};"
        fields.append(("Received-SPF", words + (told if facts["spf"] != "softfail" else "")))
    if facts.get("skipped"):
        source = f"ip=[{facts['ip']}];domain={facts.get('helo', '')}"
        fields += [
            ("X-MS-Exchange-SkipListedInternetSender", source), ("X-MS-Exchange-ExternalOriginalInternetSender", source),
        ]  # fmt: skip
    fields += [
        ("X-Forefront-Antispam-Report", antispam_report(facts)),
        ("X-Microsoft-Antispam", "BCL:0;"),
        (SCL, facts["scl"]),
    ]
    if facts.get("custom spam"):
        fields.append(("X-CustomSpam", facts["custom spam"]))
    return tuple(fields)


def authentication_results(facts: Mapping[str, str]) -> str:
    """Without SPF and compauth where the message is the tenant's own."""
    author = facts.get("author") or "none"
    dkim = facts.get("dkim results", "dkim=none (message not signed) header.d=none")
    dmarc = f"dmarc={facts['dmarc']} action={facts.get('dmarc action', 'none')}\nheader.from={author};"
    if not facts.get("spf domain"):
        return f"{dkim};{dmarc}"
    who = "smtp.helo" if facts.get("spf identity") == "helo" else "smtp.mailfrom"
    spf = f"spf={facts['spf']} (sender IP is {facts['ip']})\n{who}={facts['spf domain']}; "
    return f"{spf}{dkim};{dmarc}compauth={facts['compauth']}"


def antispam_report(facts: Mapping[str, str]) -> str:
    sent = "SFP:1101;" if facts.get("direction of mail") == "OUT" else ""
    return (
        f"CIP:{facts['ip']};CTRY:;LANG:en;SCL:{facts['scl']};SRV:;IPV:{facts['ipv']};SFV:{facts['sfv']};H:{facts.get('helo', '')};"
        f"PTR:{facts.get('ptr', '')};CAT:{facts['cat']};SFTY:{facts.get('sfty', '')};SFS:;DIR:{facts.get('direction of mail', 'INB')};{sent}"
    )  # fmt: skip


def sealed(message: Message, facts: Mapping[str, str], recipients: tuple[Address, ...], at: Moment) -> Message:
    """With the ARC set of this pass on top. Without keys (a world in which nobody signs) the message stays as it is."""
    if at.keys is NO_KEYS or "scl" not in facts:
        return message
    return arc.seal(
        message, domain=EXCHANGE_ONLINE.sealer, selector=EXCHANGE_ONLINE.arc_selector, owner=EXCHANGE_ONLINE.sealer, keys=at.keys,
        now=at.now, authserv="mx.microsoft.com 1", results=_arc_results(facts, recipients), chain=facts.get("arc", "none"),
    )  # fmt: skip


def _arc_results(facts: Mapping[str, str], recipients: tuple[Address, ...]) -> str:
    author, dkim = facts.get("author") or "none", facts.get("dkim results", "dkim=none (message not signed)")
    dkim = dkim.split(";")[0].replace(" header.d=none", "")
    record = f" ({facts['dmarc record']})" if facts.get("dmarc record") else ""
    dmarc = f"dmarc={facts['dmarc']}{record} action={facts.get('dmarc action', 'none')} header.from={author}"
    if not facts.get("spf domain"):
        # captured: what a mailbox submits is vouched for
        sender = facts.get("sender domain") or author
        return f"spf=pass\nsmtp.mailfrom={sender}; dmarc=pass action=none\nheader.from={author}; dkim=pass header.d={author};\narc=none"
    to = f" smtp.rcpttodomain={recipients[0].domain}" if recipients else ""
    who = "smtp.helo" if facts.get("spf identity") == "helo" else "smtp.mailfrom"
    spf = f"spf={facts['spf']} (sender ip is {facts['ip']}){to}\n{who}={facts['spf domain']}"
    return f"{spf}; {dmarc};\n{dkim}; arc={facts.get('arc', 'none')}"

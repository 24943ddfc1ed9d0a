"""MTA-STS (RFC 8461): a domain says that mail for it goes to these MX hosts, over TLS, with certificates of theirs.

    TXT at _mta-sts.DOMAIN                  none, or more than one: no policy, unless one is remembered
      its id is the one remembered        -> the policy that is remembered
      another id                          -> the policy is fetched; what cannot be fetched leaves the one remembered
    mode none, testing                    -> mail goes as if there were no policy (testing: failures are reported only)
    mode enforce, for each MX host
      not among the policy's mx           -> not connected to
      no TLS, no chain to a public authority, or not a certificate for the name of the MX -> no mail

A policy is remembered for its max_age, so taking the TXT record away does not take the policy away (RFC 8461 10.2). How it
is fetched is the engine's affair; here it is a question like any other (`policy_name`).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime, timedelta

from simulator.mail.tls import TlsFacts
from simulator.policy.asking import Asking
from simulator.policy.decision import Candidate, Step
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.policy.tls import Verdict, chain_verdict, name_verdict
from simulator.value import value
from simulator.zone import Answer, Question

__all__ = ["ENFORCED", "FOUND", "MODES", "Policy", "StsCheck", "announcement_name", "fetch", "is_listed", "policy_name"]

_TEST = "tests/policy/test_mta_sts.py"
FOUND = rule(
    "STS-POLICY", "A policy is looked for at _mta-sts, fetched when its id is new, and remembered for max_age",
    fidelity="documented", source="RFC 8461 3.1, 3.2 and 5.1", test=_TEST,
)  # fmt: skip
ENFORCED = rule(
    "STS-ENFORCE", "Under mode enforce mail goes only to MX hosts of the policy, with a good certificate of that name",
    fidelity="documented", source="RFC 8461 4 and 5", test=_TEST,
)  # fmt: skip

MODES = ("enforce", "testing", "none")
_VERSION = "STSv1"


def announcement_name(domain: str) -> str:
    """Where a domain says that it has a policy."""
    return f"_mta-sts.{domain}"


def policy_name(domain: str) -> str:
    """Where a lab keeps the policy, in place of https://mta-sts.DOMAIN/.well-known/mta-sts.txt."""
    return f"policy.{announcement_name(domain)}"


@value
class Policy:
    """What a domain asks of those who send to it. `mx` are names, or `*.d` for one label in front of d."""

    domain: str
    mode: str
    mx: tuple[str, ...] = ()
    max_age: int = 0

    @classmethod
    def parse(cls, domain: str, text: str) -> Policy | None:
        """From the policy's text (RFC 8461 3.2); None where it is none. Unknown fields are read over."""
        fields: dict[str, str] = {}
        hosts: list[str] = []
        for line in text.splitlines():
            name, colon, told = (part.strip() for part in line.partition(":"))
            if colon and name == "mx":
                hosts.append(told.lower().removesuffix("."))
            elif colon:
                fields.setdefault(name, told)
        mode, age = fields.get("mode", ""), fields.get("max_age", "")
        if (
            fields.get("version") != _VERSION
            or mode not in MODES
            or not age.isdecimal()
            or not (hosts or mode == "none")
        ):
            return None
        return cls(domain, mode, tuple(hosts), int(age))


@value
class _Remembered:
    id: str
    policy: Policy
    until: datetime


def fetch(domain: str, at: Moment) -> Asking[Policy | None]:
    """The policy of a domain as it counts now."""
    memory: MutableMapping[str, _Remembered] = at.memory.setdefault("mta-sts", {})
    known = memory.get(domain)
    if known and known.until <= at.now:
        known = None
    answer = yield Question(announcement_name(domain), "TXT")
    said = _id_of(answer)
    if not said or (known and known.id == said):
        return known.policy if known else None
    fetched = yield Question(policy_name(domain), "TXT")
    policy = Policy.parse(domain, fetched.records[0]) if fetched.records else None
    if policy is None:
        return known.policy if known else None
    memory[domain] = _Remembered(said, policy, at.now + timedelta(seconds=policy.max_age))
    return policy


def _id_of(answer: Answer) -> str:
    """The id of the one record that there may be (RFC 8461 3.1), or empty."""
    records = [text for text in answer.records if text.startswith(f"v={_VERSION};")]
    if len(records) != 1:
        return ""
    fields = dict(part.strip().partition("=")[::2] for part in records[0].split(";") if "=" in part)
    return fields.get("id", "")


def is_listed(policy: Policy, host: str) -> bool:
    """Whether an MX host is one of the policy's (RFC 8461 4.1)."""
    host = host.lower().removesuffix(".")
    return any(host == name or (name.startswith("*.") and host.partition(".")[2] == name[2:]) for name in policy.mx)


@value
class StsCheck:
    """What an enforced policy asks of the TLS with one of its hosts."""

    host: str
    domain: str
    verifies: bool = True

    def examine(self, tls: TlsFacts | None, now: datetime) -> tuple[Verdict, Step]:
        verdict = self._verdict(tls, now)
        why = Candidate(self.host, verdict.ok, verdict.reason, verdict.says)
        return verdict, Step("MTA-STS", ENFORCED, verdict.reason, f"{self.domain}: {verdict.says}", (why,))

    def _verdict(self, tls: TlsFacts | None, now: datetime) -> Verdict:
        if tls is None:
            return Verdict(False, "sts-no-tls", f"{self.host} has no TLS, and MTA-STS asks for it")
        chain = chain_verdict(tls.certificate, now, purpose="server")
        name = name_verdict(tls.certificate, (self.host,))
        failed = next((v for v in (chain, name) if not v.ok), None)
        if failed:
            return Verdict(False, f"sts-{failed.reason}", failed.says)
        return Verdict(True, "sts", f"{chain.says}; {name.says}")

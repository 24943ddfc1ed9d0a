"""What a gateway finds in a message: the words of its findings, in the subject or in the text as it stands on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.message import Message
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.source import Source

__all__ = ["finding"]

SCAN = rule(
    "GW-SCAN-1", "A gateway looks for words; what it finds is held, or refused after the final dot", fidelity="inferred",
    source="vendors differ; words stand for whatever a gateway can find", test="tests/products/gateway/test_gateway.py",
)  # fmt: skip

_LOOKED_AT = 1_000_000  # octets of the text


def finding(message: Message, findings: Mapping[str, tuple[str, ...]], at: Source) -> tuple[str, Step | None]:
    """The name of the first finding whose words are there, and how that was found; an empty name for none."""
    if not findings:
        return "", None
    text = f"{message.get('Subject') or ''}\n{message.rest[:_LOOKED_AT].decode('utf-8', 'replace')}".casefold()
    candidates: list[Candidate] = []
    found = ""
    for name, words in findings.items():
        there = next((word for word in words if word.casefold() in text), "")
        hit = bool(there) and not found
        says = f'"{there}" is there' if there else f"none of its {len(words)} words is there"
        candidates.append(Candidate(name, hit, "found" if there else "not-found", says, at))
        found = name if hit else found
    says = f"{found}: {next(c.says for c in candidates if c.chosen)}" if found else "nothing was found"
    return found, Step("SCAN", SCAN, "found" if found else "clean", says, tuple(candidates), at)

"""Reads the test suite of RFC 7208 (tests/policy/rfc7208): its cases, each with its zone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from simulator.mail.address import Address, Sender
from simulator.zone import TYPES, Zone

_FILE = Path(__file__).parent / "rfc7208" / "rfc7208-tests.yml"
NO_EXPLANATION = "DEFAULT"  # what the suite calls the receiver's own text


@dataclass(frozen=True)
class Case:
    """`explanation` is None where the case does not say. `results` has more than one where the RFC leaves a choice."""

    name: str
    ip: str
    mail_from: str
    helo: str
    results: tuple[str, ...]
    explanation: str | None
    zone: Zone

    @property
    def sender(self) -> Sender:
        # Not parsed: some of these addresses could not be written in a MAIL command.
        local, _, domain = self.mail_from.rpartition("@")
        return Address(local, domain.lower()) if domain else None


def cases() -> list[Case]:
    with _FILE.open("rb") as file:
        return [_case(name, facts, zone) for part in yaml.safe_load_all(file)
                for zone in [_zone(part["zonedata"])] for name, facts in part["tests"].items()]  # fmt: skip


def _case(name: str, facts: dict[str, Any], zone: Zone) -> Case:
    results = facts["result"] if isinstance(facts["result"], list) else [facts["result"]]
    explanation = facts.get("explanation")
    if explanation == NO_EXPLANATION:
        explanation = ""
    return Case(name, facts["host"], facts["mailfrom"], facts["helo"], tuple(results), explanation, zone)


def _zone(data: dict[str, list[Any]]) -> Zone:
    records: list[tuple[str, str, str]] = []
    failures: dict[tuple[str, str], str] = {}
    for name, entries in data.items():
        sets = [(type_, value) for entry in entries if entry != "TIMEOUT" for type_, value in entry.items()]
        own_text = any(type_ == "TXT" for type_, _ in sets)
        held = [
            (name, "TXT" if type_ == "SPF" else type_, _presented(type_, value))
            for type_, value in sets
            if value != "NONE" and not (type_ == "SPF" and own_text)
        ]
        records += held
        if "TIMEOUT" in entries:
            answered = {type_ for _, type_, _ in held}
            failures |= {(name.lower(), type_): "timeout" for type_ in TYPES if type_ not in answered}
    return Zone(Zone.of(records).records, failures)


def _presented(type_: str, value: Any) -> str:
    """As record data is written in a `Zone`."""
    if type_ == "MX":
        preference, host = value
        return f"{preference} {host or '.'}"
    return "".join(value) if type_ in ("SPF", "TXT") else str(value)

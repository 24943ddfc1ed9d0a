"""`cert:` of a server: a good certificate, one with a defect, or one described in full.

cert: good                      subject is the server's fqdn, issuer the lab's public authority, in date
cert: expired                   the same with a defect
cert: {subject: mail.contoso.com, names: [...], issuer: lab-public-ca, valid: 60d, defect: untrusted}
cert: none                      no certificate, no STARTTLS
certs: {old: {...}, new: {...}}   several; `cert: new` picks one, otherwise it is the first
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from simulator.mail.address import AddressError, parse_domain
from simulator.policy.tls import PUBLIC_AUTHORITY
from simulator.scenario.errors import near_miss
from simulator.scenario.values import duration, moment
from simulator.source import Node, ProblemList
from simulator.topology import DEFECTS, CertificateSpec

__all__ = ["CERTIFICATE_KEYS", "read_certificate", "read_certificates"]

CERTIFICATE_KEYS: Mapping[str, str] = {
    "subject": "common name, the server's fqdn unless told",
    "names": "alternative names, the subject unless told",
    "issuer": f"the authority that signs it, {PUBLIC_AUTHORITY} unless told",
    "valid": "how long from the lab's start (60d), or until when (2026-09-01)",
    "defect": f"what is wrong with it: {', '.join(DEFECTS)}",
}
_WORDS = ("good", "none", *DEFECTS)


def read_certificates(
    node: Node | None, problems: ProblemList, *, fqdn: str, start: datetime
) -> dict[str, CertificateSpec]:
    """`certs:`, by name."""
    found: dict[str, CertificateSpec] = {}
    if node is None:
        return found
    if not node.entries:
        problems.error(node.at, "certs is a map of certificates by name.", "Write  certs: {NAME: {subject: ...}}")
    for entry in node.entries:
        made = read_certificate(entry.node, problems, fqdn=fqdn, start=start)
        if made:
            found[entry.key] = made
    return found


def read_certificate(
    node: Node, problems: ProblemList, *, fqdn: str, start: datetime, named: Mapping[str, CertificateSpec] | None = None
) -> CertificateSpec | None:
    """One certificate; None for `none`, null and what cannot be read. `named` are those of `certs:`."""
    if node.is_null:
        return None
    if node.is_map:
        return _described(node, problems, fqdn, start)
    word = node.text.strip()
    for name, spec in (named or {}).items():
        if name.casefold() == word.casefold():
            return spec
    defect = word.casefold()
    if defect in DEFECTS:
        return CertificateSpec(fqdn, (fqdn,), defect=defect, at=node.at)
    if defect == "good":
        return CertificateSpec(fqdn, (fqdn,), at=node.at)
    if defect != "none":
        what = (
            f"{word!r} is not a kind of certificate." if node.is_scalar else "one certificate is expected, not a list."
        )
        fix = near_miss(word, (*(named or {}), *_WORDS)).strip() if node.is_scalar else "Use certs: for several."
        problems.error(node.at, f"cert: {what}", fix)
    return None


def _described(node: Node, problems: ProblemList, fqdn: str, start: datetime) -> CertificateSpec:
    subject, names, issuer, valid, defect = fqdn, list[str](), PUBLIC_AUTHORITY, timedelta(days=90), ""
    for entry in node.entries:
        key, value = entry.key.casefold(), entry.node
        if key not in CERTIFICATE_KEYS:
            says = f"unknown key {entry.key} in a certificate."
            problems.error(entry.key_at, says, near_miss(entry.key, CERTIFICATE_KEYS).strip())
        elif key == "names":
            names = [name for item in value.items if (name := _host(item, problems))]
        elif not value.is_scalar:
            problems.error(value.at, f"{entry.key} is one value, not a list or a mapping.")
        elif key == "subject":
            subject = _host(value, problems) or subject
        elif key == "issuer":
            issuer = value.text.strip()
        elif key == "valid":
            valid = _validity(value, problems, start)
        elif value.text.strip().casefold() in DEFECTS:
            defect = value.text.strip().casefold()
        elif not value.is_null:
            says = f"{value.text!r} is not a defect of a certificate."
            problems.error(value.at, says, near_miss(value.text, DEFECTS).strip())
    return CertificateSpec(subject, tuple(names) or (subject,), issuer, valid, defect, node.at)


def _host(node: Node, problems: ProblemList) -> str:
    """A name in a certificate, `*.contoso.com` included."""
    text = node.text.strip()
    try:
        return f"*.{parse_domain(text[2:])}" if text.startswith("*.") else parse_domain(text)
    except AddressError as bad:
        problems.error(node.at, f"{bad}.")
        return ""


def _validity(node: Node, problems: ProblemList, start: datetime) -> timedelta:
    try:
        return duration(node.text)
    except ValueError as bad:
        try:
            return moment(node.text) - start
        except ValueError:
            problems.error(node.at, f"valid: {bad}.")
    return timedelta(days=90)

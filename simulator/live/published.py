"""TLSA records that stand for a lab's own certificates, which are made when it runs.

A lab file names the holder (`3 1 1 cert:internet`); policy, the log and the planner keep that name. On the wire goes the
real digest, so that programs from outside can check it against the real certificate. The same table leads back: what the
nameserver answered and what a server showed in a handshake are called by the name only where the digest is the very same.

| record             | digest of                                                    |
| ------------------ | ------------------------------------------------------------ |
| usage 1, 3         | the certificate that the server shows, or its key            |
| usage 0, 2         | the root certificate of the authority of that name           |
| nobody has it      | a name's own digest, which no certificate has                |
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from simulator.live.chain import association
from simulator.live.pki import Authorities
from simulator.mail.tls import TlsFacts
from simulator.topology import Lab
from simulator.zone import Answer, Zone

__all__ = ["Published"]


class Published:
    """The TLSA records of one lab as they go over the wire."""

    def __init__(self, lab: Lab, authorities: Authorities, start: datetime) -> None:
        self._names: dict[str, str] = {}  # `selector type digest` -> cert:NAME
        self._lab, self._authorities, self._start = lab, authorities, start
        records = {
            key: tuple(map(self._real, data)) if key[1] == "TLSA" and any("cert:" in text for text in data) else data
            for key, data in lab.zone.records.items()
        }
        self.zone = Zone(records, lab.zone.failures, lab.zone.signed) if self._names else lab.zone
        """What the nameserver serves."""

    def named(self, answer: Answer) -> Answer:
        """An answer from the wire as the lab file has it."""
        if not self._names:
            return answer
        return replace(answer, records=tuple(map(self._named, answer.records)))

    def known(self, tls: TlsFacts) -> TlsFacts:
        """A handshake's certificate under the names that the lab file has for it."""
        shown = tls.certificate
        if shown is None or not self._names:
            return tls
        names = frozenset(self._names.get(digest, digest) for digest in shown.associations)
        return replace(tls, certificate=replace(shown, associations=names))

    def _real(self, text: str) -> str:
        usage, selector, kind, data = text.split()
        if not data.startswith("cert:"):
            return text
        digest = self._digest(usage, selector, kind, data.removeprefix("cert:"))
        self._names[f"{selector} {kind} {digest}"] = data
        return f"{usage} {selector} {kind} {digest}"

    def _digest(self, usage: str, selector: str, kind: str, name: str) -> str:
        certificate = None
        if usage in ("0", "2"):
            certificate = self._authorities.root(name)
        elif (server := self._lab.servers.get(name)) and server.certificate:
            certificate = self._authorities.issue(server.certificate, self._start).certificate
        found = association(certificate, selector, kind) if certificate else ""
        return found or hashlib.sha256(f"nobody {name}".encode()).hexdigest()

    def _named(self, text: str) -> str:
        usage, _, rest = text.partition(" ")
        found: Mapping[str, str] = self._names
        if rest not in found:
            return text
        selector, kind, _ = rest.split()
        return f"{usage} {selector} {kind} {found[rest]}"

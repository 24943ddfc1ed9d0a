"""pyspf as the judge of our SPF: asked about the same client, sender and zone."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Any
from unittest.mock import patch

from simulator.zone import Zone

with warnings.catch_warnings():  # its source has escapes that newer Pythons warn of
    warnings.simplefilter("ignore")
    import spf

__all__ = ["judged"]


def judged(ip: str, mail_from: str, helo: str, zone: Zone) -> tuple[str, str]:
    """Its result, and the explanation on fail where the domain has one. The null sender is the empty text."""

    def lookup(name: str, type_: str, *_: Any) -> Iterator[tuple[tuple[str, str], Any]]:
        answer = zone.lookup(name, type_)
        if answer.failed:
            raise spf.TempError(f"{name} {type_}: {answer.status}")
        for data in answer.records:
            yield (name, type_), _decoded(type_, data)

    with patch.object(spf, "DNSLookup", lookup):  # it has no other way in
        query = spf.query(i=ip, s=mail_from, h=helo)
        query.set_default_explanation("")
        result, _, text = query.check()
    return result, text if result == "fail" else ""


def _decoded(type_: str, data: str) -> Any:
    """As pyspf expects records from a resolver."""
    if type_ == "TXT":
        return (data.encode("utf-8", "surrogateescape"),)
    if type_ == "AAAA":
        return IPv6Address(data).packed
    if type_ == "MX":
        preference, _, host = data.partition(" ")
        return int(preference), host.removesuffix(".")
    return data

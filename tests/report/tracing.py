"""Flows played for a trace, and the one small parser that reads the Data column, ours or a real one."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from simulator.report.message_trace import Row, details
from simulator.report.record import Record
from tests.playing import play

__all__ = ["custom_data", "events", "meps", "recorded"]

_CUSTOM = re.compile(r'S:([^=;]+)=("[^"]*"|[^;]*)(?:;|$)')


def recorded(flow: str, *, engine: str = "plan", more: str = "") -> Record:
    """The record of one flow on the contoso lab; what it expects does not matter."""
    played = play(flow, engine=engine, more=more).played
    return Record.of(played.lab, played.log)


def events(record: Record, row: Row) -> list[str]:
    return [detail.Event for detail in details(record, row)]


def meps(data: str) -> dict[str, tuple[str, str]]:
    """Name -> type and value of every MEP of a Data XML."""
    found = {}
    for mep in ElementTree.fromstring(data):
        kind = next(k for k in mep.attrib if k != "Name")
        found[mep.attrib["Name"]] = (kind, mep.attrib[kind])
    return found


def custom_data(data: str) -> dict[str, str]:
    """Key -> value of CustomData; quotes protect a semicolon."""
    blob = meps(data).get("CustomData", ("Blob", ""))[1]
    return {key: value.strip('"') for key, value in _CUSTOM.findall(blob)}

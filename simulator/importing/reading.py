"""Which format a file has, told by its text, and the records in it.

| begins with, or is called | is |
| --- | --- |
| `{` `[` | JSON: an object, an array, `{"value": [...]}`, or a map of such by what they are |
| `<Objs` | CLIXML |
| `Configuration`, a resource, a cmdlet, or `.ps1` | Microsoft365DSC, or a script of cmdlets |
| `$ORIGIN`, `$TTL`, a record, or `.zone` `.db` | a zone file |
| `.csv`, or a first line with commas | addresses |
"""

from __future__ import annotations

import re

from simulator.importing.clixml import read_clixml
from simulator.importing.found import Found, Note, Record
from simulator.importing.json_text import read_json
from simulator.importing.people_csv import read_people_csv
from simulator.importing.script import is_script, read_script
from simulator.scenario.errors import ScenarioError
from simulator.scenario.zonefile import dns_as_map
from simulator.source import Node, Problem, ProblemList, Scalar, Source

__all__ = ["read_file"]

_ZONE = re.compile(
    r"^\s*\$(?:ORIGIN|TTL)\b|^\S*\s+(?:\d+\w?\s+)?(?:IN\s+)?(?:SOA|NS|MX|A|AAAA|TXT|CNAME)\s+\S", re.M | re.I
)


def read_file(text: str, file: str, found: Found, problems: ProblemList) -> None:
    """Adds what a file holds. Raises `ScenarioError` where it cannot be read at all."""
    name, head = file.lower(), text.lstrip()
    if not head:
        raise ScenarioError(Problem(Source(file, 1, 1), "the file is empty", "Was there anything to export?"))
    if head[0] in "{[" and not head.startswith("[DSC"):
        _add(read_json(text, file, problems), "", found)
    elif head.startswith(("<Objs", "<?xml")):
        _add(read_clixml(text, file), "", found)
    elif is_script(text) or name.endswith((".ps1", ".psm1")):
        read_script(text, file, found, problems)
    elif name.endswith(".csv"):
        read_people_csv(text, file, found, problems)
    elif name.endswith((".zone", ".db", ".dns")) or _ZONE.search(text):
        _zone(text, file, found, problems)
    elif "@" in text and (
        "," in head.partition("\n")[0] or ";" in head.partition("\n")[0] or "@" in head.partition("\n")[0]
    ):
        read_people_csv(text, file, found, problems)
    else:
        says = "this is neither JSON, CLIXML, a script, a zone file nor a list of addresses"
        fix = "Write it with  Get-InboundConnector | ConvertTo-Json -Depth 5 | Out-File in.json"
        raise ScenarioError(Problem(Source(file, 1, 1, len(head.partition("\n")[0])), says, fix))


def _add(node: Node, hint: str, found: Found) -> None:
    """Records of a value: itself, the items of a list, or what wrappers hold."""
    if node.is_list:
        for item in node.items:
            _add(item, hint, found)
        return
    if not node.is_map:
        if not node.is_null:
            found.notes.append(Note("not read", "", node.text[:40], why="a value by itself is no record", at=node.at))
        return
    wrapped = node.get("value")
    if (
        wrapped is not None
        and wrapped.is_list
        and (node.get("Count") or node.get("@odata.context") or len(node.entries) <= 2)
    ):
        _add(wrapped, hint, found)
        return
    results = node.get("results")
    if results is not None and results.is_list and node.get("success") is not None:  # a list of SmarterMail's API
        _add(results, hint, found)
        return
    resource = node.get("ResourceName")
    inner = [e for e in node.entries if e.node.is_map or (e.node.is_list and any(i.is_map for i in e.node.items))]
    scalars = [e for e in node.entries if e.node.is_scalar and "@" not in e.key]
    if inner and not scalars and resource is None and len(inner) == len(node.entries) and not node.get("userData"):
        for entry in inner:  # {"InboundConnectors": [...], "OutboundConnectors": [...]}
            _add(entry.node, entry.key, found)
        return
    if len(inner) == 1 and inner[0].key.casefold() in (
        "domain",
        "domainsettings",
        "alias",
    ):  # an answer of SmarterMail's API
        _add(inner[0].node, hint, found)
        return
    found.records.append(Record(node, resource.text if resource else hint))


def _zone(text: str, file: str, found: Found, problems: ProblemList) -> None:
    """A zone's origin is said by $ORIGIN, or by the SOA's owner, or by the file's name."""
    first = next((i for i, line in enumerate(text.split("\n")) if line.strip()), 0)
    line = text.split("\n")[first]
    at = Source(file, first + 1, len(line) - len(line.lstrip()) + 1, max(1, len(line.strip())))
    origin = re.sub(r"\A(?:db\.)?|\.(?:zone|db|dns|txt|conf)\Z", "", re.split(r"[\\/]", file)[-1].lower())
    key = origin if re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", origin) and "$origin" not in text.lower() else "dns"
    tree = Node.of({"dns": {key: Node(Scalar(text), at)}} if key != "dns" else {"dns": Node(Scalar(text), at)})

    def passed_over(at: Source, what: str, data: str) -> None:
        found.notes.append(Note("no effect", "dns", what, data, "no mail asks for it, or nobody here can read it", at))

    dns = dns_as_map(tree, problems, passed_over).get("dns")
    if dns is not None:
        found.zones.append(dns)

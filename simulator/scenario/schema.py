"""The simulator's own words in lab and scenario files: one table, used to check files, to describe them and for editors.

A word is lower case; a product's settings keep the product's spelling and stand in the products' settings classes.
`json_schema` puts both together, so an editor completes `TlsSettings` as well as `send`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from simulator.products.registry import PRODUCTS
from simulator.scenario.certificate import CERTIFICATE_KEYS
from simulator.scenario.records import RECORD_FORMS
from simulator.scenario.zone_words import WORD_FORMS
from simulator.topology import DEFECTS

__all__ = [
    "EXPECTATIONS", "FAULT_WORDS", "FLOW_WORDS", "INVARIANT_WORDS", "LAB_WORDS", "LATER_WORDS", "SCENARIO_WORDS", "SEND_WORDS", "SERVER_WORDS",
    "STAGE_WORDS", "STEP_WORDS", "Word", "json_schema", "words_of",
]  # fmt: skip

Schema = Mapping[str, Any]
_TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}
_MAP: Final[Schema] = {"type": "object"}
_LIST: Final[Schema] = {"type": "array"}
_ONE_OR_MORE: Final[Schema] = {"type": ["string", "array"]}
_SOME: Final[Schema] = {"type": ["object", "array", "string"]}
_ANY: Final[Schema] = {}
_TAGS: Final = "words to select flows by (-k), and pytest markers (-m); flows have those of their file and stage too"


@dataclass(frozen=True, slots=True)
class Word:
    """One key: what it means, its form for editors, and whether this version can play it."""

    doc: str
    form: Schema
    built: bool = True


LAB_WORDS: Final[Mapping[str, Word]] = {
    "mailflow": Word("version of the file format; 1", {"enum": [1, "1"]}),
    "name": Word("what the lab is called", _TEXT),
    "people": Word("name: address at server; a list for several mailboxes", {"$ref": "#/$defs/people"}),
    "servers": Word("the mail hosts by name", {"$ref": "#/$defs/servers"}),
    "dns": Word("records beside those that follow from fqdn, ip and the services", {"$ref": "#/$defs/dns"}),
    "faults": Word("what goes wrong from the start", {"$ref": "#/$defs/faults"}),
    "hop latency": Word(
        "the mail time that one session takes, 0.1s unless told; from 1s on the stamps of all Received lines differ",
        _TEXT,
    ),
    "reuse connections": Word(
        "false: every message has a connection of its own; left out: what a host has due for the same next hop goes over one "
        "connection, as many messages as its product sends",
        _TEXT,
    ),
}

FAULT_WORDS: Final[Mapping[str, Word]] = {
    "at": Word("where: a server; for full: mailbox also a person", _TEXT),
    "link": Word("where: the sessions of one server with another, a -> b", _TEXT),
    "dns": Word("where: a question, NAME TYPE; with at, only when that server asks", _TEXT),
    "down": Word("what: nobody gets through for this long (or forever), and a server sends nothing", _TEXT),
    "how": Word("how a server is down: refused (unless told), silent, reset", {"enum": ["refused", "silent", "reset"]}),
    "reply": Word("what: this 4xx or 5xx reply instead of the host's; to says at which verb", _TEXT),
    "cut": Word("what: the connection ends before, during or after VERB; after, the server has acted", _TEXT),
    "strip": Word("what: a keyword that EHLO does not announce, such as STARTTLS", _TEXT),
    "cert": Word("what: a defect of the server's certificate", {"enum": list(DEFECTS)}),
    "slow": Word("what: mail time that every reply takes, or those to one verb", _TEXT),
    "answer": Word("what: NXDOMAIN, SERVFAIL, timeout, truncated, stale, wrong address, or an address", _TEXT),
    "full": Word("what: mailbox or disk", {"enum": ["mailbox", "disk"]}),
    "clock": Word("what: how wrong the server's clock is: 2h is fast, -2h slow", _TEXT),
    "to": Word("when: CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, or END for the final dot", _TEXT),
    "nth": Word("when: from this occasion on; only that one unless times says more", _TEXT),
    "times": Word("when: as often as this", _TEXT),
    "from": Word("when: so long after the flow has begun, or after the step", _TEXT),
    "for": Word("when: for so long", _TEXT),
    "chance": Word("when: in so many percent of the occasions, drawn by the seed", _TEXT),
    "name": Word("by which the step fault: {remove: NAME} mends it", _TEXT),
}  # fmt: skip

SERVER_WORDS: Final[Mapping[str, Word]] = {
    "is": Word("what kind of server this is", {"enum": list(PRODUCTS)}),
    "fqdn": Word("its full host name", {"type": "string"}),
    "ip": Word("its address, or a list: the first is published, mail leaves from all", _ONE_OR_MORE),
    "cert": Word("its certificate; without one it offers no STARTTLS", {"$ref": "#/$defs/cert"}),
    "certs": Word("several certificates by name; cert: NAME picks one", _MAP),
    "ports": Word(
        "real ports of this computer at which it listens: {25: 2525}; for servers that somebody else runs", _MAP
    ),
    "stopped": Word("true: the server is switched off (the step stop sets it)", _TEXT),
}

INVARIANT_WORDS: Final[Mapping[str, str]] = {
    "no open relay": "no host of the lab takes a stranger's mail for other strangers",
    "no loop": "no loop detector stops a message; passing a server twice is allowed",
    "nothing lost": "every accepted copy is delivered, returned, queued, held or dropped by a rule",
    "no duplicates": "nobody gets a message twice",
    "no clear text": "no hop between servers goes without TLS",
}

SCENARIO_WORDS: Final[Mapping[str, Word]] = {
    "scenario": Word("what is shown here, in one line", _TEXT),
    "about": Word("one sentence more", _TEXT),
    "source": Word("where the case comes from", _TEXT),
    "note": Word("text for the reader", _TEXT),
    "lab": Word("path of the lab file, relative to this one, or a lab", {"type": ["string", "object"]}),
    "given": Word("a patch with the shape of the lab file", {"$ref": "#/$defs/patch"}),
    "do": Word("steps in the words of a runbook", {"$ref": "#/$defs/steps"}),
    "faults": Word("what goes wrong in every flow", {"$ref": "#/$defs/faults"}),
    "always": Word("what must hold in every flow", {"$ref": "#/$defs/always"}),
    "tags": Word(_TAGS, _ONE_OR_MORE),
    "flows": Word("name: a sentence, a list of sentences, or the long form", {"$ref": "#/$defs/flows"}),
    "stages": Word("a migration, stage by stage", {"type": "array", "items": {"$ref": "#/$defs/stage"}}),
    "state": Word("fresh: every flow starts from the lab's fresh state; kept: queues, counters and clock go on", {"enum": ["fresh", "kept"]}),
    "clock": Word("virtual: mail time jumps to when work is due; there is no other", {"enum": ["virtual"]}),
    "rollback": Word("stepping back while mail is on the way: from, to, do, lost, within; or a list", {"type": ["object", "array"]}),
    "whatif": Word("settings to vary; played by mailflow whatif", _MAP, built=False),
    "lesson": Word("a lesson on this scenario; played by mailflow learn", _MAP, built=False),
}  # fmt: skip

STAGE_WORDS: Final[Mapping[str, Word]] = {
    "stage": Word("the name of the stage", _TEXT),
    "about": Word("one sentence more", _TEXT),
    "note": Word("text for the reader", _TEXT),
    "given": Word("a patch with the shape of the lab file; later stages keep it", {"$ref": "#/$defs/patch"}),
    "do": Word("steps; later stages keep what they did", {"$ref": "#/$defs/steps"}),
    "faults": Word("what goes wrong in this stage and later ones", {"$ref": "#/$defs/faults"}),
    "always": Word("what must hold in every flow of the stage", {"$ref": "#/$defs/always"}),
    "tags": Word(_TAGS, _ONE_OR_MORE),
    "flows": Word("flows played in this stage", {"$ref": "#/$defs/flows"}),
    "still": Word("names of earlier flows that hold again", _ONE_OR_MORE),
    "meanwhile": Word("flows while caches still have the old DNS", {"$ref": "#/$defs/flows"}),
    "stale": Word("the servers whose caches have it; left out: those that the flow's senders hand in at", _ONE_OR_MORE),
    "ttl": Word(
        "how long they have it, in mail time from the beginning of the flow; left out: the TTL of dns, or throughout",
        _TEXT,
    ),
}

EXPECTATIONS: Final[Mapping[str, Word]] = {
    "reply": Word("the refusal in the SMTP session: at, code, says", _MAP),
    "deferred": Word("the queue's own text: at, code, says, remote", _MAP),
    "ndr": Word(
        "none, or the report: to, by, remote, code, says, remote says, lacks, headers, action, about, original, envid, returned",
        {"type": ["string", "object", "array"]},
    ),
    "tls": Word("a -> b: none, encrypted, trusted or verified; at least X; any", _MAP),
    "headers": Word("header of the delivered message: present, absent, text or /regular expression/", _MAP),
    "auth": Word("spf, dkim, dmarc, compauth, scl, ip as the deciding host saw them", _MAP),
    "because": Word("why a candidate lost, or what a server decided", _MAP),
    "attributed": Word("tenant, direction, connector", _MAP),
    "session": Word("a -> b: ehlo has, ehlo lacks, commands, never, replies, count", _MAP),
    "loop": Word("none, or between and by", {"type": ["string", "object"]}),
    "never": Word("servers that must not take the message, people who must not get it", _ONE_OR_MORE),
    "rules": Word("transport rule: run or not run", _MAP),
    "violates": Word("invariants that this flow is meant to break", _ONE_OR_MORE),
    "retries": Word("how often it was tried again: a number or 1..4", _ANY),
    "attempts": Word("how often it was tried: a number or 1..4", _ANY),
    "within": Word("mail time in which it is settled", _ANY),
    "not before": Word("mail time before which it is not", _ANY),
    "copies": Word("how many copies one mailbox gets: a number or 1..2", _ANY),
    "status": Word("what message trace calls it", _ANY),
    "until": Word("the flow is looked at after this mail time", _TEXT),
    "also": Word("sentences that begin with a server, for messages that it writes itself; none", _ANY),
}  # fmt: skip
"""The keys of the long form that assert something beside the path, and when it is looked at."""

FLOW_WORDS: Final[Mapping[str, Word]] = {
    "path": Word("a sentence, or a list with one for the fate of every copy", {"type": ["string", "array", "object"]}),
    "send": Word("what is sent; a list is sent in order", {"anyOf": [{"$ref": "#/$defs/send"}, {"type": "array", "items": {"$ref": "#/$defs/send"}}]}),
    "given": Word("a patch for this flow alone", {"$ref": "#/$defs/patch"}),
    "do": Word("steps for this flow alone", {"$ref": "#/$defs/steps"}),
    "faults": Word("what goes wrong in this flow: where, what, when", {"$ref": "#/$defs/faults"}),
    "always": Word("what must hold in this flow", {"$ref": "#/$defs/always"}),
    "later": Word("changes while mail waits: a list of after and do", {"$ref": "#/$defs/later"}),
    "tags": Word(_TAGS, _ONE_OR_MORE),
    "date": Word("when it plays", _TEXT),
    **EXPECTATIONS,
    "about": Word("one sentence", _TEXT),
    "note": Word("text for the reader", _TEXT),
    "source": Word("where the case comes from", _TEXT),
}  # fmt: skip

LATER_WORDS: Final[Mapping[str, Word]] = {
    "after": Word("how long after the flow has begun", _TEXT),
    "do": Word("steps", {"$ref": "#/$defs/steps"}),
}

SEND_WORDS: Final[Mapping[str, Word]] = {
    "from": Word("the sender: a person or an address", _TEXT),
    "to": Word("the recipients, in this order in one transaction", _ONE_OR_MORE),
    "subject": Word("the subject", _TEXT),
    "size": Word("size in bytes as SMTP's SIZE counts them; KB is 1024", _TEXT),
    "body": Word("the text", _TEXT),
    "headers": Word("header fields, a From other than the sender's among them", _MAP),
    "eml": Word("a file with the whole message, relative to this one; or the message itself, on several lines", _TEXT),
    "as": Word("the address that it is sent from", _TEXT),
    "server": Word("where it is handed in: a server, or a service name such as smtp.office365.com", _TEXT),
    "port": Word("the port", _TEXT),
    "helo": Word("the name the client says", _TEXT),
    "tls": Word("on, off, required, or a version from 1.0 to 1.3", {"enum": ["on", "off", "required", "1.0", "1.1", "1.2", "1.3", True, False, 1.0, 1.1, 1.2, 1.3]}),
    "cert": Word("the client's certificate", {"$ref": "#/$defs/cert"}),
    "auth": Word("the person who logs in", _TEXT),
    "password": Word("what is shown at login; left out: lab, the right one; `Bearer lab` is the right token, for XOAUTH2", _TEXT),
    "null sender": Word("true: the envelope sender is <>", _TEXT),
    "notify": Word("which reports are asked for: never, or some of success, failure, delay; or a map by recipient", _ANY),
    "ret": Word("how much a report of failure gives back: full or headers", {"enum": ["full", "headers"]}),
    "envid": Word("the sender's own name for the message, which reports repeat", _TEXT),
    "orcpt": Word("whom the sender wrote to at first: an address, rfc822;ADDRESS, or a map by recipient", _ANY),
    "after": Word("how long after the one before it is sent", _TEXT),
}  # fmt: skip

STEP_WORDS: Final[Mapping[str, Word]] = {
    "dns": Word("a patch of dns; a record set is replaced as a whole", {"$ref": "#/$defs/dns"}),
    "move": Word(
        "person: the server that their mailbox moves to, or {to: SERVER, state: only here, both or moved}", _SOME
    ),
    "settings": Word("settings SERVER: a patch of that server", _MAP),
    "cert": Word("cert SERVER: its new certificate", {"$ref": "#/$defs/cert"}),
    "stop": Word("switches a server off", _ONE_OR_MORE),
    "start": Word("switches it on again", _ONE_OR_MORE),
    "fault": Word("something goes wrong from here on; remove: NAME, or all, mends it", _SOME),
    "wait": Word("mail time passes, and the queues are worked off", _TEXT),
    "validate": Word("the two tests of the admin centre: connector, to, result, says", {"type": ["string", "object"]}),
}
"""Steps beside the cmdlets, which `simulator.scenario.steps` lists."""


def words_of() -> Mapping[str, Mapping[str, Word]]:
    """Every table by its heading in the reference."""
    return {
        "Lab file": LAB_WORDS, "Server": SERVER_WORDS, "Scenario file": SCENARIO_WORDS, "Stage": STAGE_WORDS,
        "Flow": FLOW_WORDS, "send": SEND_WORDS, "Steps": STEP_WORDS, "Fault": FAULT_WORDS,
    }  # fmt: skip


def json_schema(part: str = "") -> dict[str, Any]:
    """JSON Schema (2020-12) of `lab` or `scenario` files; of both without `part`, told apart by the key `mailflow`."""
    either: dict[str, Any] = {
        "if": {"required": ["mailflow"]}, "then": {"$ref": "#/$defs/lab"}, "else": {"$ref": "#/$defs/scenario"},
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"mailflow {part}".strip(),
        **({"$ref": f"#/$defs/{part}"} if part else either),
        "$defs": {
            "lab": {**_object(LAB_WORDS), "required": ["mailflow", "servers"]},
            "scenario": {**_object(SCENARIO_WORDS), "required": ["lab"]},
            "stage": {**_object(STAGE_WORDS), "required": ["stage"]},
            "flows": {"type": "object", "additionalProperties": {"anyOf": [_ONE_OR_MORE, {"$ref": "#/$defs/flow"}]}},
            "flow": _object(FLOW_WORDS),
            "send": _object(SEND_WORDS),
            "steps": {"type": ["array", "object", "string"], "items": {"type": ["object", "string"]}},
            "faults": _one_or_list(_object(FAULT_WORDS)),
            "later": _one_or_list(_object(LATER_WORDS)),
            "patch": {"type": "object", "properties": dict.fromkeys(LAB_WORDS, _ANY), "additionalProperties": False},
            "always": {"type": ["array", "string"], "items": {"enum": list(INVARIANT_WORDS)}},
            "people": {"type": "object", "additionalProperties": _ONE_OR_MORE},
            "servers": {"type": "object", "additionalProperties": {"oneOf": _servers()}},
            "dns": {
                "type": ["object", "string"],
                "additionalProperties": {"anyOf": [{"type": "string"}, _record_sets()]},
            },
            "cert": {"anyOf": [{"type": "string", "examples": ["good", "none", *DEFECTS]}, _certificate()]},
        },
    }


def _one_or_list(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "array", "items": item}, item]}


def _object(words: Mapping[str, Word]) -> dict[str, Any]:
    properties = {name: {**word.form, "description": word.doc} for name, word in words.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _servers() -> list[dict[str, Any]]:
    """One alternative for each kind that this version plays: the simulator's words and the product's settings."""
    found = []
    for product in PRODUCTS.values():
        if not product.is_built:
            continue
        own = _object(SERVER_WORDS)["properties"]
        own["is"] = {"const": product.kind, "description": product.title}
        properties = {**product.settings.json_schema()["properties"], **own}
        required = ["is", "fqdn", "ip"]
        found.append({"type": "object", "title": product.title, "properties": properties,
                      "required": required, "additionalProperties": False})  # fmt: skip
    return found


def _record_sets() -> dict[str, Any]:
    forms = {kind: {**_ONE_OR_MORE, "examples": [form]} for kind, form in RECORD_FORMS.items()}
    return {"type": "object", "properties": {**forms, **WORD_FORMS}, "additionalProperties": False}


def _certificate() -> dict[str, Any]:
    forms: dict[str, Any] = {key: {"type": "string", "description": doc} for key, doc in CERTIFICATE_KEYS.items()}
    forms["names"] = {**_ONE_OR_MORE, "description": CERTIFICATE_KEYS["names"]}
    return {"type": "object", "properties": forms, "additionalProperties": False}

"""`docs/scenario.md`: every key of lab and scenario files, its form and meaning, made from the tables that check the files.

The simulator's words come from `schema`, the products' settings from their settings classes, cmdlets from `cmdlets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.products.registry import PRODUCTS
from simulator.scenario import cmdlets
from simulator.scenario.certificate import CERTIFICATE_KEYS
from simulator.scenario.records import RECORD_FORMS
from simulator.scenario.schema import (
    EXPECTATIONS,
    FAULT_WORDS,
    FLOW_WORDS,
    INVARIANT_WORDS,
    LAB_WORDS,
    LATER_WORDS,
    SCENARIO_WORDS,
    SEND_WORDS,
    SERVER_WORDS,
    STAGE_WORDS,
    STEP_WORDS,
    Word,
)  # fmt: skip
from simulator.scenario.validate import CMDLET
from simulator.scenario.zone_words import WORD_FORMS
from simulator.topology import DEFECTS

__all__ = ["page"]

_BEGIN = """\
# Labs and scenarios

Made by `mailflow schema --markdown`; do not edit. `mailflow schema` prints the same as JSON Schema, for editors.

A **lab file** says which servers there are, who has a mailbox where, and what DNS says. A **scenario file** names a lab and lists
flows: which way mail takes through it. Words in lower case are mailflow's; settings in another spelling are the product's, under
the names that it gives them. Names are looked up without regard to case. A file may hold both:

```yaml
scenario: The smallest rehearsal
lab:
  mailflow: 1
  people:
    Bob: bob@contoso.com at m365
    Sun: sun@customer.example at internet
  servers:
    m365:
      is: exchange-online
      fqdn: contoso-com.mail.protection.outlook.com
      ip: 40.92.10.1
      AcceptedDomains: {contoso.com: Authoritative}
    internet: {is: internet, fqdn: mx.customer.example, ip: 198.51.100.7}
  dns:
    contoso.com: {MX: [0 contoso-com.mail.protection.outlook.com]}
    customer.example: {MX: [10 mx.customer.example]}
flows:
  Sun to Bob: Sun -> internet -> m365 -> Bob
  Nobody is there:
    send: {from: Sun, to: nobody@contoso.com}
    path: Sun -> internet -> m365 -> REJECTED 550 5.4.1
    ndr: {to: Sun, code: 5.4.1}
```

Files are YAML 1.2 in UTF-8, read as mail engineers type: every value stays the text that was typed, so `off`, `22:30` and `5.4` are
no surprises; a switch takes true, false, on, off, yes, no, `$true` and `$false`. `*.contoso.com` needs quotes. Durations are `30s`,
`10m`, `6h`, `2d`, sizes `200KB`.

## The sentence

```text
path   = person { link server } link end
link   = "->"              the connector is not asserted
       | "-[" name "]->"   this connector: the sender's outbound or the receiver's inbound one; "A | B" asserts both
       | "-[none]->"       no connector on either side
       | "-[*]->"          some connector
       | "-> ... ->"       any hops, none too
end    = person [ "in" folder ]               delivered; Inbox unless told
       | "REJECTED" [ code ] [ for ]          refused in the SMTP session by the last server named
       | "NDR" [ code ] [ "to" person ] [ for ]   accepted, later returned
       | "DEFERRED" [ code ] [ for ]          still queued when the flow ends
       | "LOOP" [ code ] [ for ]              a loop detector stopped it
       | "HELD" reason [ for ]                in quarantine
       | "DROPPED" [ for ]                    discarded without a word
for    = "for" person                         whom it was meant for; needed only with several recipients
code   = 550 | 550 5.7.64 | 5.7.64 | 5.7.* | 5.* | 4xx | 5xx | "*"
```

A person is a name from `people` or an address. A list of sentences has one for the fate of every copy, in any order; `...` as its last
entry allows others. What each ending means: [dispositions.md](dispositions.md).
"""

_ABOUT = {
    "Lab file": "The top of a lab file, and the shape of a `given:` patch: in a patch maps merge, lists and single values replace, "
    "`null` is the product's null, `remove` deletes an entry, `like: NAME` copies a neighbour first.",
    "Server": "The words of every server; beside them stand the settings of its product, below.",
    "Certificate": "`cert:` is one word, or a map of these. The words: "
    + ", ".join(f"`{d}`" for d in ("good", "none", *DEFECTS))
    + ".",
    "DNS": "`dns:` is a map of names; each has record sets, written as in a zone file. Zone-file text is taken too.",
    "Scenario file": "`given`, `do`, `faults` and `always` may stand at file, stage and flow; they apply from the outside in.",
    "Stage": "One step of a migration; what it does holds in the stages after it.",
    "Flow": "A flow is a sentence, a list of sentences, or a map of these. Without `send` the sentence, or a name like `Bob to John`, "
    "says who writes to whom.",
    "What is asserted beside the path": "Keys of a flow. Text is compared without regard to case and spacing, as a part. Wherever one value "
    "stands, `any of: [...]` allows several.",
    "send": "How a message is handed in.",
    "later": "Entries of a flow's `later`.",
    "Steps": "Entries of `do`. Beside them the cmdlets, with their parameters, as a map or as the line that a shell takes; `server: NAME` says "
    "whose object is meant where several servers have one. Also taken: `stop onprem`, `wait 10m`, `move Bob to onprem`, `cert onprem expired`; "
    "`settings` and `cert` with a map by server; `Set-OutboundConnector NAME: {...}` and `Set-OutboundConnector: -Identity NAME -Enabled $false`; "
    'a list of maps under one cmdlet; a block of lines after `do: |`. A list is changed part by part with `{Add: ..., Remove: ...}` or `@{Add="a"; Remove="b"}`.',
    "Fault": "A fault is where, what and when; [faults.md](faults.md) says what each does.",
    "Invariants": "For `always`; `violates` of a flow names those that it is meant to break.",
}


def page() -> str:
    """The whole page."""
    lines = [_BEGIN]
    flow = {name: word for name, word in FLOW_WORDS.items() if name not in EXPECTATIONS}
    tables: dict[str, Mapping[str, Word]] = {
        "Lab file": LAB_WORDS, "Server": SERVER_WORDS, "Certificate": {k: Word(v, {"type": "string"}) for k, v in CERTIFICATE_KEYS.items()},
        "DNS": {**{kind: Word("", {"examples": [form]}) for kind, form in RECORD_FORMS.items()}, **_zone_words()},
        "Scenario file": SCENARIO_WORDS, "Stage": STAGE_WORDS, "Flow": flow,
        "What is asserted beside the path": EXPECTATIONS, "send": SEND_WORDS, "later": LATER_WORDS, "Steps": STEP_WORDS,
        "Fault": FAULT_WORDS, "Invariants": {k: Word(v, {}) for k, v in INVARIANT_WORDS.items()},
    }  # fmt: skip
    for title, words in tables.items():
        lines += [f"## {title}", "", _ABOUT[title], "", *_words(words), ""]
        if title == "Steps":
            lines += [f"Cmdlets: {', '.join(f'`{name}`' for name in (*cmdlets.names(), CMDLET))}.", ""]
    lines += ["## Settings of the products", ""]
    for product in PRODUCTS.values():
        if product.is_built:
            lines += [f"### {product.title} (`is: {product.kind}`)", "", *_settings(product.settings.json_schema()), ""]
    return "\n".join(lines).rstrip()


def _zone_words() -> dict[str, Word]:
    return {name: Word(str(form.get("description", "")), form) for name, form in WORD_FORMS.items()}


def _words(words: Mapping[str, Word]) -> Iterator[str]:
    yield from ("| key | form | meaning |", "| --- | --- | --- |")
    for name, word in words.items():
        later = "" if word.built else " (a later version)"
        yield f"| `{name}` | {_form(word.form)} | {_cell(word.doc)}{later} |"


def _settings(schema: Mapping[str, Any]) -> Iterator[str]:
    """A product's settings; those with settings of their own follow in tables of their own."""
    inner: dict[str, Mapping[str, Any]] = {}
    yield from _table(schema, inner)
    done: set[str] = set()
    while inner:
        title, found = next(iter(inner.items()))
        del inner[title]
        if title in done:
            continue
        done.add(title)
        yield from ("", f"`{title}`:", "", *_table(found, inner, f"{title}."))


def _table(schema: Mapping[str, Any], inner: dict[str, Mapping[str, Any]], before: str = "") -> Iterator[str]:
    yield from ("| setting | form | meaning |", "| --- | --- | --- |")
    silent: list[str] = []
    for name, form in schema.get("properties", {}).items():
        doc = _cell(str(form.get("description", "")))
        own = _inside(form)
        if own is not None:
            inner[f"{before}{name}"] = own
        if form.get("$comment"):
            silent.append(f"`{name}` ({doc})" if doc else f"`{name}`")
            continue
        yield f"| `{name}` | {_form(form, nested=own is not None)} | {doc} |"
    if silent:
        yield from ("", f"Taken, and without effect here: {', '.join(silent)}.")


def _inside(form: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The settings below a setting: its own, or those of each of its entries."""
    for found in (form, form.get("additionalProperties")):
        if isinstance(found, Mapping) and found.get("properties"):
            return found
    return None


_REFERENCES = {
    "cert": "a word, or a map: [certificate](#certificate)", "patch": "a map: a patch of the [lab](#lab-file)",
    "steps": "a list: [steps](#steps)", "faults": "a list: [faults](#fault)", "always": "one, or a list: [invariants](#invariants)",
    "flows": "a map by name: [flow](#flow)", "later": "a list: [later](#later)", "send": "a map: [send](#send)",
    "people": "a map", "servers": "a map by name: [server](#server)", "dns": "a map: [DNS](#dns)", "stage": "a map: [stage](#stage)",
    "flow": "a map: [flow](#flow)",
}  # fmt: skip
_TYPES = {
    "string": "text",
    "array": "a list",
    "object": "a map",
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
}


def _form(form: Mapping[str, Any], *, nested: bool = False) -> str:
    if "enum" in form:
        return ", ".join(dict.fromkeys(f"`{_value(v)}`" for v in form["enum"]))
    if "const" in form:
        return f"`{form['const']}`"
    if "$ref" in form:
        return _REFERENCES[str(form["$ref"]).rpartition("/")[2]]
    if "examples" in form:
        return _cell(" or ".join(f"`{e}`" for e in form["examples"]))
    if "anyOf" in form:
        named = [_form(f) for f in form["anyOf"] if "$ref" in f]
        return f"{named[0]}, or a list of them" if named else "text"
    if nested:
        return "a map, below" if form.get("properties") else "a map by name, below"
    kinds: Any = form.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if kinds == ["boolean", "string"]:
        return "true or false"
    if set(kinds) == {"array", "string"}:
        return "one, or a list"
    if set(kinds) <= {"integer", "string"} and "integer" in kinds:
        return "a number"
    if set(kinds) == {"string", "number", "boolean"}:
        return "text"
    return " or ".join(dict.fromkeys(_TYPES.get(str(k), str(k)) for k in kinds))


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")

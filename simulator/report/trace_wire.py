"""What a trace adds on request: the conversation, the certificates, the headers of each hop, the decisions.

`--smtp` needs the wire, so a log of the live engine; the rest is in the log of either engine.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.report.record import Record
from simulator.trace import Event

__all__ = ["decisions_text", "headers_text", "smtp_text", "tls_text"]

_NO_WIRE = "No conversation in this log: it was computed. Without --plan the message goes over the wire."


def smtp_text(record: Record, msg: str = "", hop: int = 0) -> str:
    """Every session that concerned a message, line by line, numbered; C the client, S the server.

    What a client from outside says belongs to no message until it says MAIL: its session is shown whole.
    """
    about: dict[int, set[tuple[str, int]]] = {}
    for event in record.of_type("smtp"):
        about.setdefault(event["session"], set()).add((event.msg, event.hop))
    sessions: dict[int, list[Event]] = {}
    for event in record.of_type("smtp.line"):
        concerns = about.get(event["session"], set()) | {(event.msg, event.hop)}
        if any(msg in ("", m) and hop in (0, h) for m, h in concerns):
            sessions.setdefault(event["session"], []).append(event)
    blocks = [
        _session(record, lines, max((h for _, h in about.get(number, ())), default=0))
        for number, lines in sessions.items()
    ]
    return "\n\n".join(blocks) or _NO_WIRE


def _session(record: Record, lines: list[Event], hop: int) -> str:
    first = lines[0]
    server = record.servers.get(first.host)
    where = f" {server.addresses[0]}" if server and server.addresses else ""
    head = f"hop {first.hop or hop}  {first['client'] or 'client'} {first['peer']}  ->  {first.host}{where}"
    told = [head + _secured(record, lines)]
    secure = False
    for number, line in enumerate(lines, 1):
        if line["encrypted"] and not secure:
            told.append("      -- encrypted from here --")
        secure = line["encrypted"]
        who = {"client": "C", "server": "S"}.get(line["who"], "-")
        told.append(f"{number:>4}  {who}  {line['line']}")
    return "\n".join(told)


def _secured(record: Record, lines: list[Event]) -> str:
    """Where STARTTLS stands in the conversation, and what it came to."""
    begun = next((n for n, line in enumerate(lines, 1) if line["line"].strip().upper() == "STARTTLS"), 0)
    if not begun:
        return "" if any(line["encrypted"] for line in lines) else "    in clear text"
    came = next((e["version"] for e in record.of_type("tls") if e.get("session") == lines[0]["session"]), "")
    return f"    STARTTLS at line {begun}, {came.replace('TLSv', 'TLS ') if came else 'which failed'}"


def tls_text(record: Record, msg: str = "", hop: int = 0) -> str:
    """Of every session into a server: version, and what each side showed; of every attempt what was asked."""
    lines: list[str] = []
    for event in record.of_type("tls", "tls.certificate", "attempt"):
        if msg not in ("", event.msg) or hop not in (0, event.hop + (event.type == "attempt")):
            continue
        if event.type == "tls":
            who = f"CN={event['subject']}, issued by {event['issuer']}{_flaw(event)}" if event["subject"] else "nothing"
            lines.append(f"hop {event.hop}  {event.host} took TLS: {event['version']}, the client showed {who}")
        elif event.type == "attempt":
            lines.append(f"hop {event.hop + 1}  {_asked(event)}")
        elif event["side"] == "server":
            dates = f"valid {event['not_before'][:10]} to {event['not_after'][:10]}"
            names = ", ".join(event["names"][:4])
            text = f"CN={event['subject']} for {names}, issued by {event['issuer']}, {dates}{_flaw(event)}"
            lines.append(f"hop {event.hop}  {event.host or 'the client'} was shown {text}")
    return "\n".join(dict.fromkeys(lines)) or "No session with TLS."


def _flaw(event: Event) -> str:
    return f" ({event['flaw']})" if event["flaw"] else ""


def _asked(event: Event) -> str:
    what = {"opportunistic": "TLS if offered", "encryption": "TLS", "certificate": "a trusted certificate",
            "domain": "a trusted certificate of that name"}.get(event["level"], event["level"])  # fmt: skip
    came = event["says"] if event["verdict"] else f"{event['tls'] or 'no TLS'}, {event['grade']}"
    return f"{event.host} asked {event['to']} for {what}: {came}"


def headers_text(record: Record, msg: str = "", hop: int = 0) -> str:
    """At every host: which header fields came in new, and which were gone, since the host before."""
    blocks: list[str] = []
    before: dict[str, list[str]] = {}
    for event in record.of_type("accepted"):
        if msg not in ("", event.msg):
            continue
        now, was = event["headers"], before.get(event.msg)
        before[event.msg] = now
        if hop not in (0, event.hop):
            continue
        block = "\n".join([f"{event.msg} hop {event.hop}  {event.host}", *_changed(was, now)])
        blocks += [block] if block not in blocks else []
    return "\n\n".join(blocks) or "No host accepted the message, so there are no headers to compare."


def _changed(was: list[str] | None, now: list[str]) -> Iterable[str]:
    if was is None:
        return [f"    {line}" for line in now]
    if was == now:
        return ["    the same header"]
    return [*(f"  + {line}" for line in now if line not in was), *(f"  - {line}" for line in was if line not in now)]


def decisions_text(record: Record, msg: str = "", hop: int = 0) -> str:
    """Every decision with its candidates, and the setting and rule that decided."""
    lines: list[str] = []
    for event in record.of_type("decision"):
        if msg not in ("", event.msg) or hop not in (0, event.hop):
            continue
        place = f"    {event.at}" if event.at else ""
        lines.append(f"{event.host:<10} {event['step']:<11} {event['says']}{place}  {event.because}")
        for candidate in event["candidates"]:
            verdict = "chosen" if candidate["chosen"] else "not"
            at = f"    {candidate['at']}" if candidate["at"] else ""
            why = candidate["says"] or candidate["reason"]
            lines.append(f"{'':<22} {verdict:<7} {candidate['name']:<24} {why}{at}")
    return "\n".join(dict.fromkeys(lines)) or "Nothing was decided."

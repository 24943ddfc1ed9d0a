"""`trace --waterfall`: where a message spent its time, hop by hop, in mail time.

m-1
  internet  receive           #                                                        0.1 s
  internet  send to m365      .#                                                       0.1 s
  m365      receive            #                                                       0.1 s
  m365      send to onprem      #..........#....................#                      3 attempts, waited 15 min
  onprem    receive                                             #                      0.1 s
  onprem    deliver                                             |
            0                    5 min               10 min                15 min

`#` is a session, `.` waiting for the next one, `|` a moment. Decisions take no mail time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.report.hops import span
from simulator.report.record import Record
from simulator.topology import HOP_LATENCY
from simulator.trace import Event

__all__ = ["waterfall_json", "waterfall_text"]

_SESSION = HOP_LATENCY.total_seconds()
_ENDS = {"delivered": "deliver", "bounced": "return", "held": "hold", "dropped": "drop"}
_LEAST = 24  # columns for the bars, however narrow the terminal is


@dataclass
class _Row:
    host: str
    what: str
    sessions: list[tuple[float, float]] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def waited(self) -> float:
        return sum(end - begin for begin, end in self.waits)

    @property
    def times(self) -> Iterable[float]:
        return [*(t for pair in (*self.sessions, *self.waits) for t in pair), *self.moments]

    def says(self) -> str:
        count = len(self.sessions)
        told = [f"{count} attempts" if count > 1 else span(sum(e - b for b, e in self.sessions)) if count else ""]
        return ", ".join(t for t in (*told, f"waited {span(self.waited)}" if self.waits else "", self.note) if t)


def waterfall_text(record: Record, msg: str = "", width: int = 100) -> str:
    """A chart for each message."""
    blocks = [_chart(name, rows, width) for name, rows in _by_message(record, msg).items() if rows]
    return "\n\n".join(blocks) or "Nothing was sent."


def waterfall_json(record: Record, msg: str = "") -> list[dict[str, Any]]:
    """The same for programs: seconds since the begin of the log."""
    return [
        {"id": name, "server": r.host, "what": r.what, "sessions": _rounded(r.sessions), "waits": _rounded(r.waits),
         "moments": [round(t, 3) for t in r.moments], "waited_s": round(r.waited, 3), "note": r.note}
        for name, rows in _by_message(record, msg).items() for r in rows
    ]  # fmt: skip


def _rounded(pairs: list[tuple[float, float]]) -> list[list[float]]:
    return [[round(begin, 3), round(end, 3)] for begin, end in pairs]


def _by_message(record: Record, msg: str) -> dict[str, list[_Row]]:
    last = max((event.t for event in record.events), default=0.0)
    found: dict[str, list[_Row]] = {}
    for name in record.messages:
        if msg in ("", name):
            found[name] = _rows([e for e in record.events if e.msg == name], last)
    return found


def _rows(events: list[Event], last: float) -> list[_Row]:
    rows: dict[tuple[int, int, str, str], _Row] = {}
    waiting: dict[tuple[int, str], tuple[float, float]] = {}  # hop and host: since when, until when it was to wait

    def row(event: Event, rank: int, what: str) -> _Row:
        return rows.setdefault((event.hop, rank, event.host, what), _Row(event.host, what))

    def waited(event: Event, until: float) -> tuple[float, float] | None:
        began, _ = waiting.pop((event.hop, event.host), (until, 0.0))
        return (began, until) if until > began else None

    for event in events:
        if event.type in ("accepted", "refused"):
            if event.type == "accepted" and event["own"]:
                row(event, 0, "write").moments.append(event.t)
                continue
            taken = row(event, 0, "receive")
            if (event.t - _SESSION, event.t) not in taken.sessions:
                taken.sessions.append((event.t - _SESSION, event.t))
            if event.type == "refused":
                taken.note = f"refused: {' '.join(str(event['reply']).split()[:2])}"
        elif event.type == "attempt":
            sent = row(event, 1, f"send to {event['server'] or event['to']}")
            begin = event.t - _SESSION
            if pause := waited(event, begin):
                sent.waits.append(pause)
            sent.sessions.append((begin, event.t))
            if event["stage"]:
                sent.note = f"failed at {event['stage']}"
            else:
                sent.note = ""
        elif event.type == "kept":
            waiting[event.hop, event.host] = (event.t, float(event["due_s"]))
        elif event.type in _ENDS:
            ended = row(event, 2, _ENDS[event.type])
            if pause := waited(event, event.t):
                ended.waits.append(pause)
            if event.t not in ended.moments:
                ended.moments.append(event.t)
    for (hop, host), (began, until) in waiting.items():
        sends = [r for (h, rank, name, _), r in rows.items() if (h, rank, name) == (hop, 1, host)]
        kept = sends[-1] if sends else rows.setdefault((hop, 1, host, "queue"), _Row(host, "queue"))
        kept.waits.append((began, min(until, max(last, began))))
        kept.note = "still waits"
    return [rows[key] for key in sorted(rows, key=lambda k: (k[0], k[1]))]


def _chart(name: str, rows: list[_Row], width: int) -> str:
    begin = min(min(row.times) for row in rows)
    whole = max(max(row.times) for row in rows) - begin or _SESSION
    hosts, whats = max(len(r.host) for r in rows), max(len(r.what) for r in rows)
    notes = max(len(r.says()) for r in rows)
    columns = max(_LEAST, min(72, width - hosts - whats - notes - 8))
    lines = [name]
    for row in rows:
        bar = [" "] * columns
        for drawn, sign in ((row.waits, "."), (row.sessions, "#"), ([(t, t) for t in row.moments], "|")):
            for start, end in drawn:
                first, after = _place(start - begin, whole, columns), _place(end - begin, whole, columns)
                for n in range(first, max(first + 1, after)):
                    bar[n] = sign
        lines.append(f"  {row.host:<{hosts}}  {row.what:<{whats}}  {''.join(bar)}  {row.says()}".rstrip())
    lines.append(" " * (hosts + whats + 6) + _axis(whole, columns))
    return "\n".join(lines)


def _place(t: float, whole: float, columns: int) -> int:
    return min(columns - 1, max(0, int(t / whole * columns + 1e-9)))


def _axis(whole: float, columns: int) -> str:
    """The times below the bars: as many as have room."""
    line = ""
    parts = 4 if columns >= 48 else 2
    for n in range(parts + 1):
        word = span(whole * n / parts) if n else "0"
        place = min(columns * n // parts, columns)
        line = line.ljust(place) + word + " " if len(line) <= place else line
    return line.rstrip()

"""The machine's view of a run: `mailflow/run/1`. Additive changes only."""

from __future__ import annotations

from typing import Any

from simulator.mail.path import print_path
from simulator.played import Played
from simulator.report.causes import causes
from simulator.report.readings import knobs_in_force, turned
from simulator.report.story import story
from simulator.runner import FlowResult, RunResult

__all__ = ["run_document"]


def run_document(result: RunResult) -> dict[str, Any]:
    """The one document of `run --json`."""
    sums = [f.played.balance for f in result.flows()]
    counts = ("accepted", "delivered", "bounced", "queued", "dropped", "held", "duplicated")
    broken = {d.expected for f in result.flows() for d in f.differences if d.key == "always"}
    asked = dict.fromkeys([*(w for f in result.flows() for w in f.flow.always), "nothing lost"])
    lost = any(not b.holds for b in sums)
    return {
        "schema": "mailflow/run/1",
        "seed": result.options.seed,
        "engine": result.options.engine,
        "scenarios": [
            {
                "file": s.scenario.file,
                "scenario": s.scenario.name,
                "knobs": knobs_in_force(s.scenario.tree),
                "flows": [_flow(f) for f in s.flows],
            }
            for s in result.scenarios
        ],
        "invariants": {
            word: "violated" if word in broken or (word == "nothing lost" and lost) else "held" for word in asked
        },
        "summary": {
            "passed": result.count("pass"),
            "failed": result.count("fail"),
            "errors": result.count("error"),
            **{name: sum(getattr(b, name) for b in sums) for name in counts},
            "mail_time_s": round(sum(f.played.took.total_seconds() for f in result.flows()), 3),
        },
        "causes": [
            {
                "at": str(c.first.setting) if c.first.setting else "",
                "rule": c.first.rule,
                "says": c.first.headline,
                "flows": [
                    {"file": f.file, "stage": f.result.flow.stage, "name": f.result.flow.name} for f in c.failures
                ],
            }
            for c in causes(result)
        ],
    }


def _flow(result: FlowResult) -> dict[str, Any]:
    played, flow = result.played, result.flow
    return {
        "name": flow.name,
        "stage": flow.stage,
        "status": result.status,
        "line": flow.at.line,
        "knobs": {f"{server} {knob}": value for (server, knob), value in turned(flow.tree).items()},
        "expected": [s.text for s in (flow.paths[0] if flow.paths else ())],
        "got": _sentences(played),
        "planned": _sentences(result.planned) if result.planned else [],
        "dispositions": [e.status for e in played.endings],
        "reasons": _reasons(played) if result.status != "pass" else [],
        "differences": [
            {"key": d.key, "at": str(d.at) if d.at else "", "expected": d.expected, "got": d.got, "says": d.says}
            for d in result.differences
        ],
        "story": story(result) if result.status != "pass" else "",
        "messages": list(played.messages),
        "tags": list(flow.tags),
        "hops": _hops(played),
        "deferrals": _deferrals(played),
        "mail_time_s": round(played.took.total_seconds(), 3),
    }


def _hops(played: Played) -> list[dict[str, Any]]:
    """Every link that mail went over, in order, with what protected it; a link is told once for each way it was used."""
    began = {e.msg: e for e in played.of("submitted")}
    told: dict[tuple[str, str, str, str, str], None] = {}
    for event in played.of("client", "attempt"):
        if event["stage"]:
            continue  # nothing went over
        if event.type == "client":
            told[str(began[event.msg]["person"]), event.host, event["grade"], "", ""] = None
        else:
            told[event.host, event["server"] or event["to"], event["grade"], event["tls"], event["connector"]] = None
    return [dict(zip(("from", "to", "tls", "version", "connector"), hop, strict=True)) for hop in told]


def _deferrals(played: Played) -> list[dict[str, Any]]:
    """Where mail had to wait, for which server, with which code, and how many times."""
    told: dict[tuple[str, str, str], int] = {}
    for event in played.of("kept"):
        key = (event.host, event["to"], event["codes"])
        told[key] = told.get(key, 0) + 1
    return [{"at": at, "to": to, "code": code, "times": times} for (at, to, code), times in told.items()]


def _sentences(played: Played) -> list[str]:
    return [print_path(e.path) for e in played.endings]


def _reasons(played: Played) -> list[str]:
    return [f"{e.host} {e['step']} {e['outcome']}: {e['says']}" for e in played.of("decision")]

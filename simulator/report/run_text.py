"""What `mailflow run` prints: one line a flow, the stories of what failed, and the sum last."""

from __future__ import annotations

from textwrap import wrap

from simulator.report.causes import causes
from simulator.report.readings import turned_line
from simulator.report.story import flow_line, full_name
from simulator.runner import RunResult, ScenarioResult

__all__ = ["failures", "heading", "lines", "summary"]


def heading(result: RunResult) -> str:
    """What was played and how, in one line; in a second one the knobs that are not at their defaults."""
    labs = list(dict.fromkeys(f.flow.lab.name for f in result.flows()))
    servers = {s for f in result.flows() for s in f.flow.lab.servers}
    count = sum(1 for _ in result.flows())
    engine = {"plan": "policy only", "live": "real SMTP", "both": "policy and real SMTP"}[result.options.engine]
    first = (
        f"{', '.join(labs)}: {len(servers)} servers, {count} flows, {engine}, loopback only, virtual clock, "
        f"seed {result.options.seed}"
    )
    knobs = turned_line(f.flow.tree for f in result.flows())
    return "\n".join([first, *wrap(knobs, 118, subsequent_indent="  ", break_on_hyphens=False)])


def lines(scenario: ScenarioResult) -> str:
    """A scenario's flows, failures first in sight by their word."""
    width = min(44, max(len(full_name(f)) for f in scenario.flows))
    return "\n".join([scenario.scenario.file, *(flow_line(f, width) for f in scenario.flows)])


def failures(result: RunResult) -> str:
    """The stories, one for each cause."""
    return "\n\n".join(cause.story for cause in causes(result))


def summary(result: RunResult, wall: float) -> str:
    """The last line."""
    failed, passed = result.count("fail") + result.count("error"), result.count("pass")
    count = len(causes(result))
    told = (
        f"{failed} failed with {count} cause{'s' if count != 1 else ''}, {passed} passed"
        if failed
        else f"{passed} passed"
    )
    sums = [f.played.balance for f in result.flows()]
    mail = (
        f"{sum(b.accepted for b in sums)} accepted = {sum(b.delivered for b in sums)} delivered + "
        f"{sum(b.bounced for b in sums)} bounced + {sum(b.queued for b in sums)} queued + "
        f"{sum(b.dropped for b in sums)} dropped"
    )
    if held := sum(b.held for b in sums):
        mail += f" + {held} held"
    odd = [copy for b in sums for copy in b.unexplained]
    if again := sum(b.duplicated for b in sums):
        mail += f", {again} of them duplicate{'' if again == 1 else 's'}{'' if odd else ' after a cut connection'}"
    if odd:
        mail += f"; TAKEN TWICE FOR NO REASON: {', '.join(odd)}"
    if lost := [copy for b in sums for copy in b.lost]:
        mail += f"; WITHOUT A FATE: {', '.join(lost)}"
    return f"{told}; {mail}; {wall:.1f} s"

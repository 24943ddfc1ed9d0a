"""Prints what mailflow costs, each figure beside its target.

The cost of a TLS hop is a ratio to a raw aiosmtpd and aiosmtplib hop with STARTTLS on the same machine in the same run,
so that a slow computer does not look like slow code.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from benchmarks.hops import lab_hop_ms, raw_hop_ms
from simulator.files import load_all
from simulator.keyring import KEYRING
from simulator.live.lab import LiveLab
from simulator.plan.walk import PlanEngine
from simulator.runner import BEGIN, Options, Runner
from simulator.scenario.handover import handovers
from simulator.scenario.scenario import Scenario
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import World

_FLOWS = str(Path(__file__).parent.parent / "scenarios" / "flows.yaml")


def median_ms(action: Callable[[], object], times: int) -> float:
    """The median wall time of an action, in milliseconds, after one call to warm up."""
    action()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def help_ms() -> float:
    """Process start to the end of `mailflow --help`."""
    command = [sys.executable, "-m", "simulator", "--help"]
    return median_ms(lambda: subprocess.run(command, check=True, capture_output=True), 9)


def hop_ms(scenario: Scenario) -> tuple[float, float]:
    """A hop through the lab and a raw one: of five pairs the one in the middle, since computers are not steady."""
    pairs = [(asyncio.run(lab_hop_ms(scenario)), asyncio.run(raw_hop_ms())) for _ in range(5)]
    return sorted(pairs, key=lambda pair: pair[0] / pair[1])[2]


def lab_up_ms(scenario: Scenario) -> float:
    """Three hosts with certificates, nameserver and listeners: up, in process."""
    lab = scenario.flows[0].lab

    async def up() -> float:
        taken = []
        for _ in range(12):
            began = time.perf_counter()
            async with LiveLab(lab, start=BEGIN) as live:
                for name, server in lab.servers.items():
                    if server.certificate:  # made when the first client asks; here, so that it counts
                        live.server_context(name, server.certificate)
                taken.append(time.perf_counter() - began)
        return statistics.median(taken[1:]) * 1000

    return asyncio.run(up())


def six_flows_s() -> float:
    """Loading and playing flows.yaml in both engines."""
    return median_ms(lambda: Runner(Options()).run(load_all([_FLOWS])), 3) / 1000


def planned_per_second(scenario: Scenario) -> float:
    """Planned flows a second, on one core."""
    flows, count = scenario.flows[:6], 0
    began = time.perf_counter()
    while time.perf_counter() - began < 2:
        for flow in flows:
            world = World(flow.lab, Log(BEGIN), keys=KEYRING)
            engine = PlanEngine(world, BEGIN)
            for one in handovers(flow, world):
                engine.submit(submit(world, one.errand, one.target, person=one.person, server=one.server))
            engine.run(until=BEGIN + timedelta(days=3))
            count += 1
    return count / (time.perf_counter() - began)


def main() -> None:
    """Prints the table."""
    scenario = load_all([_FLOWS])[0]
    ours, raw = hop_ms(scenario)
    rows = [
        ("process start to --help", f"{help_ms():.0f} ms", "150 ms"),
        ("lab up in process (3 hosts, TLS)", f"{lab_up_ms(scenario):.1f} ms", "60 ms"),
        ("flows.yaml, both engines, wall", f"{six_flows_s():.2f} s", "1 s"),
        ("one TLS hop, to a raw one", f"{ours / raw:.2f}  ({ours:.2f} ms to {raw:.2f} ms)", "1.5"),
        ("planned flows a second", f"{planned_per_second(scenario):,.0f}", "5,000"),
    ]
    for what, value, target in rows:
        print(f"{what:<36}{value:<32}target {target}")


if __name__ == "__main__":
    main()

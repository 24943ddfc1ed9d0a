"""Prints what mailflow costs, each figure beside its target, and what its listeners take beside stock ones.

The cost of TLS hops is a ratio to raw aiosmtpd and aiosmtplib hops with STARTTLS on the same machine in the same run, so that a
slow computer does not look like slow code. `--throughput` adds the table of `benchmarks.throughput`, and three Postfix where they
can be started.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import postfix_lab, throughput
from benchmarks.hops import lab_hop_ms, raw_hop_ms, three_hops_ms
from benchmarks.loads import many_messages
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


def beside_raw(ours: Callable[[], Coroutine[Any, Any, float]], hops: int) -> str:
    """Ours and as many raw hops: of five pairs the one in the middle, since computers are not steady."""
    pairs = [(asyncio.run(ours()), hops * asyncio.run(raw_hop_ms())) for _ in range(5)]
    mine, raw = sorted(pairs, key=lambda pair: pair[0] / pair[1])[2]
    return f"{mine / raw:.2f}  ({mine:.2f} ms to {raw:.2f} ms)"


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
    """Planned flows a second of CPU time."""
    flows, count = scenario.flows[:6], 0
    began = time.process_time()
    while time.process_time() - began < 2:
        for flow in flows:
            world = World(flow.lab, Log(BEGIN), keys=KEYRING)
            engine = PlanEngine(world, BEGIN)
            for one in handovers(flow, world):
                engine.submit(submit(world, one.errand, one.target, person=one.person, server=one.server))
            engine.run(until=BEGIN + timedelta(days=3))
            count += 1
    return count / (time.process_time() - began)


def main() -> None:
    """Prints the table."""
    scenario = load_all([_FLOWS])[0]
    rows = [
        ("process start to --help", f"{help_ms():.0f} ms", "150 ms"),
        ("lab up in process (3 hosts, TLS)", f"{lab_up_ms(scenario):.1f} ms", "60 ms"),
        ("flows.yaml, both engines, wall", f"{six_flows_s():.2f} s", "1 s"),
        ("one TLS hop, to a raw one", beside_raw(lambda: lab_hop_ms(scenario), 1), "1.5"),
        ("a flow of three TLS hops, to raw ones", beside_raw(three_hops_ms, 3), "1.3"),
        (
            "the loop stands still, 100 MB come in",
            f"{asyncio.run(throughput.longest_stall_ms(100 * 2**20)):.0f} ms",
            "-",
        ),
        ("planned flows a second", f"{planned_per_second(scenario):,.0f}", "5,000"),
    ]
    for what, value, target in rows:
        print(f"{what:<40}{value:<32}target {target}", flush=True)
    if "--throughput" in sys.argv[1:]:
        tell_throughput()


def tell_throughput() -> None:
    """Prints what the lab's listener takes, beside a stock aiosmtpd, and flows of three hops beside three Postfix."""
    print("\nmessages to one listener with STARTTLS, CPU time of both sides")
    print(f"{'size':<8}{'connections':<13}{'parallel':<10}{'to raw':<9}{'lab':>9}{'raw':>12}{'wall':>10}")
    for row in throughput.rows():
        kept = "kept" if row.kept else "new"
        print(
            f"{row.size:<8}{kept:<13}{row.parallel:<10}{row.ratio:<9.2f}{row.lab:>6.2f} ms{row.raw:>9.2f} ms"
            f"{row.per_second:>8.0f}/s", flush=True,
        )  # fmt: skip
    print("\nflows of three TLS hops, 1 KB, wall")
    tally = asyncio.run(many_messages(100))
    print(f"{'mailflow':<31}{100 / tally.wall:>6.0f}/s")
    if not postfix_lab.is_here():
        print("three Postfix: not here (apt-get install postfix; root)")
        return
    for sessions in throughput.PARALLEL:
        per_second = postfix_lab.three_postfix_per_second(200, sessions, 2**10)
        print(f"{f'three Postfix, {sessions} sessions':<31}{per_second:>6.0f}/s", flush=True)


if __name__ == "__main__":
    main()

"""How long a large message keeps every other host of the process waiting: the longest stall of the event loop, by product.

    python -m benchmarks.large [MEGABYTES]

The message comes from a process of its own, so that only what the lab does counts. A stall is what a callback that is due
at once has to wait; memory is the peak of the whole process.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import time

from simulator.live.connection import Limits
from simulator.live.lab import LiveLab
from simulator.runner import BEGIN
from tests.live.everyone import OWN, everyone

_CLIENT = """
import socket, sys
host, port, to, megabytes = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
head = b"From: <a@stranger.example>\\r\\nTo: <b@x.example>\\r\\nSubject: large\\r\\nDate: Thu, 15 Jan 2026 09:00:00 +0000\\r\\n\\r\\n"
block = (b"A" * 76 + b"\\r\\n") * (2**20 // 78)
with socket.create_connection((host, port)) as client, client.makefile("rb") as replies:
    client.sendall(f"HELO c\\r\\nMAIL FROM:<a@stranger.example>\\r\\nRCPT TO:<{to}>\\r\\nDATA\\r\\n".encode())
    for _ in range(5):
        replies.readline()
    client.sendall(head)
    for _ in range(megabytes):
        client.sendall(block)
    client.sendall(b".\\r\\n")
    print(replies.readline().decode().strip()[:40])
"""


async def _stall(live: LiveLab, server: str, megabytes: int) -> tuple[float, float, str]:
    """Seconds of the longest stall, seconds in all, and the reply."""
    host, port = live.endpoint(server)
    began, longest = time.perf_counter(), 0.0
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CLIENT, host, str(port), OWN[server], str(megabytes), stdout=subprocess.PIPE
    )
    done = asyncio.create_task(client.communicate())
    while not done.done():
        last = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - last - 0.001)
    return longest, time.perf_counter() - began, done.result()[0].decode().strip()


async def _main(megabytes: int) -> None:
    async with LiveLab(everyone(), start=BEGIN, limits=Limits(idle=60)) as live:
        print(f"{megabytes} MB by DATA to a listener of every product")
        for server in OWN:
            longest, whole, reply = await _stall(live, server, megabytes)
            live.world.queue.take()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"  {server:<10} longest stall {longest * 1000:6.0f} ms   {whole:5.2f} s   peak {peak} MB   {reply}")


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if sys.argv[1:] else 150))

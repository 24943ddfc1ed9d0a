"""Plays the loads that the project promises, once, and prints what they came to: `python -m benchmarks.load`.

10,000 messages through three TLS hops, each on connections of its own and 20 to a connection, and 1,000 sessions at a time on one listener, in clear text and with TLS. It takes some
minutes; exit 1 says that something was not accounted for. `--messages` and `--sessions` make it smaller.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from benchmarks.loads import HOPS, Tally, many_messages, many_sessions


def _line(what: str, tally: Tally) -> str:
    told = (
        f"{tally.handed_in:,} handed in, {tally.balance.delivered:,} delivered, {tally.encrypted:,} sessions with TLS; "
        f"{tally.cpu:.1f} s of CPU, {tally.wall:.1f} s; memory {tally.before:.0f} MiB before, {tally.settled:.0f} with its log "
        f"({tally.kept:.0f} KiB a message), {tally.after:.0f} after; {tally.files_left} files left"
    )
    return f"{'ok  ' if tally.accounted else 'LOST'}  {what}: {told}"


def main() -> int:
    """Prints a line for each load."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--messages", type=int, default=10_000)
    wanted.add_argument("--sessions", type=int, default=1_000)
    chosen = wanted.parse_args()
    good = True
    for tls in (False, True):
        tally = asyncio.run(many_sessions(chosen.sessions, tls=tls))
        good = good and tally.accounted and tally.at_once == chosen.sessions
        print(_line(f"{tally.at_once:,} sessions at once{', TLS' if tls else ''}", tally), flush=True)
    for reuse in (False, True):
        tally = asyncio.run(many_messages(chosen.messages, reuse=reuse))
        good = good and tally.accounted and (reuse or tally.encrypted == HOPS * chosen.messages)
        what = f"{chosen.messages:,} messages, {HOPS} TLS hops{', connections shared' if reuse else ''}"
        print(_line(what, tally), flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

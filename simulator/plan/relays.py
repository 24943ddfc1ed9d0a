"""Is anybody an open relay? A stranger on the internet asks every listening host of a lab to pass mail on.

The probe is a whole session walked through the host's own policy: an address that no server owns, no certificate, no
login, and senders the host might be fooled by. `always: [no open relay]` uses it.
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.address import Address, Sender
from simulator.plan.walk import PlanEngine
from simulator.policy.attempt import Target
from simulator.policy.dialogue import Errand
from simulator.policy.signing import NO_KEYS, Keys
from simulator.topology import Lab
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import Passage, World

__all__ = ["open_relays"]

_STRANGER = "192.0.0.9"  # RFC 7723 anycast address: never an address of a lab's own host
_ELSEWHERE = Address.parse("someone@relay-probe.invalid")


def open_relays(lab: Lab, start: datetime, keys: Keys = NO_KEYS) -> list[str]:
    """One sentence per host that takes mail from a stranger to a stranger."""
    found: list[str] = []
    for name, server in lab.servers.items():
        if name not in lab.hosts or not server.addresses or server.runs_at:
            continue
        for sender in _senders(lab):
            world = World(lab, Log(start), keys=keys)
            engine = PlanEngine(world, start)
            passage = Passage(world.new_message(), 0, "")
            errand = Errand(
                _STRANGER, "stranger.invalid", sender, (_ELSEWHERE,), b"Subject: probe\r\n\r\n", passage=passage
            )
            target = Target(server.fqdn, server.addresses[0])
            engine.submit(submit(world, errand, target, person="", server=name))
            if any(e["rcpt"] == str(_ELSEWHERE) for e in world.log.of("accepted")):
                found.append(f"{name} relays for a stranger at {_STRANGER} who sends as {sender or '<>'}")
                break
    return found


def _senders(lab: Lab) -> list[Sender]:
    own = [address for person in lab.people.values() for address, _ in person.mailboxes]
    return [None, Address.parse("stranger@relay-probe.invalid"), *own]

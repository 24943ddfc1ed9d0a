"""What holds whatever leads to whatever: aliases, mailing lists, forwards and catch-alls in every combination."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.paths import balance, endings
from simulator.plan.walk import PlanEngine
from simulator.policy.attempt import Target
from simulator.policy.dialogue import Errand
from simulator.policy.host import LAB_PASSWORD
from simulator.topology import Lab
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import Passage, World
from simulator.zone import Zone
from tests.policy.builders import MONDAY
from tests.products.builders import a_smartermail, people

BOXES = ("john", "kim", "amy")
_NAMES = st.sampled_from([*BOXES, "info", "sales", "staff", "all", "ghost"])
_SOME = st.lists(_NAMES, min_size=1, max_size=3, unique=True)
_ALIASES = st.dictionaries(st.sampled_from(["info", "sales"]), _SOME)
_LISTS = st.dictionaries(
    st.sampled_from(["staff", "all"]),
    st.fixed_dictionaries(
        {"Moderator": st.sampled_from(BOXES), "Subscribers": st.lists(_NAMES, max_size=3, unique=True)},
        optional={"Allowed Posters": st.sampled_from(["Anyone", "Subscribers Only", "Moderators Only"]), "Subject Prefix": st.just("[x]")},
    ),
)  # fmt: skip
_FORWARDS = st.dictionaries(
    st.sampled_from(BOXES), st.fixed_dictionaries({"Forwarding Address": _SOME, "Delete messages when forwarded": st.booleans()})
)  # fmt: skip
_USERS = st.dictionaries(
    st.sampled_from(BOXES), st.fixed_dictionaries({"Status": st.sampled_from(["Enabled", "Disabled", "Disabled With Mail"])})
)  # fmt: skip
_DOMAIN = st.fixed_dictionaries(
    {"Aliases": _ALIASES, "Mailing Lists": _LISTS, "Forwarding": _FORWARDS, "Users": _USERS},
    optional={"Catch-All": _NAMES, "Disk Space": st.sampled_from(["1GB", 1])},
)


def _play(domain: dict[str, Any], *to: str) -> World:
    """A mail from the postmaster to names of the domain."""
    boxes = [f"{name}@contoso.com" for name in (*BOXES, "postmaster")]
    host = a_smartermail({"Domains": {"contoso.com": domain}}, *boxes)
    folks = {p.name: p for p in people("onprem", *boxes)}
    log = Log(MONDAY)
    world = World(Lab("lab", folks, {"onprem": host.server}, {"onprem": host}, Zone.of([("mail.contoso.com", "A", "203.0.113.25")])), log)  # fmt: skip
    who = folks["postmaster@contoso.com"]
    errand = Errand(
        "192.0.2.9", "pc", who.address, tuple(Address.parse(f"{name}@contoso.com") for name in to),
        b"Subject: x\r\n\r\nHello.\r\n", port=587, login=(str(who.address), LAB_PASSWORD), passage=Passage(world.new_message(), 0, ""),
    )  # fmt: skip
    engine = PlanEngine(world, MONDAY)
    target = Target(host.fqdn, host.server.addresses[0])
    engine.submit(submit(world, errand, target, person=who.name, server="onprem"))
    engine.run()
    return world


@settings(max_examples=150, deadline=None)
@given(_DOMAIN, _SOME)
def test_every_copy_has_one_fate_and_nobody_gets_a_message_twice(domain: dict[str, Any], to: list[str]) -> None:
    world = _play(domain, *to)
    held = balance(world.log, [])
    assert held.holds
    ends = endings(world.log, world.lab)
    assert {"delivered", "REJECTED", "NDR", "LOOP", "DROPPED"} >= {e.path.end.word for e in ends}
    got = Counter((d.msg, d.mailbox) for d in world.mailboxes)
    assert [] == [twice for twice, count in got.items() if count > 1]


@settings(max_examples=100, deadline=None)
@given(_DOMAIN, _SOME)
def test_a_disabled_account_gets_nothing_and_a_full_domain_delivers_nothing(
    domain: dict[str, Any], to: list[str]
) -> None:
    delivered = [d for d in _play(domain, *to).mailboxes if d.msg == "m-1"]
    closed = {f"{name}@contoso.com" for name, user in domain["Users"].items() if user["Status"] == "Disabled"}
    assert set() == closed & {str(d.mailbox) for d in delivered}
    assert domain.get("Disk Space") != 1 or [] == delivered

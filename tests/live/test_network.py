"""Who calls whom on loopback, and that nothing calls anywhere else."""

from __future__ import annotations

import asyncio
import socket

import pytest

from simulator.live.addresses import AddressPlan, best_plan
from simulator.live.errors import LabError
from simulator.live.network import OUTSIDE, Caller, Network, Refused, Silent
from tests.live.loops import in_loop

M365, ONPREM, INTERNET, SIX = "40.92.10.1", "203.0.113.25", "198.51.100.7", "2001:db8::25"
PLANS = ["single", *(["loopback-net"] if best_plan() == "loopback-net" else [])]
every_plan = pytest.mark.parametrize("plan", PLANS)
whole_net = pytest.mark.skipif("loopback-net" not in PLANS, reason="only 127.0.0.1 can be bound on this computer")


def a_network(plan: str = "auto") -> Network:
    return Network([M365, ONPREM, INTERNET, SIX], plan=plan)


# The plan


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        ("203.0.113.25", "127.0.113.25"),
        ("40.92.10.1", "127.92.10.1"),
        ("127.0.0.5", "127.0.0.5"),
        ("2001:db8::25", "127.254.0.1"),
        ("198.51.100.0", "127.254.0.1"),
        ("198.51.100.255", "127.254.0.1"),
        ("10.0.0.1", "127.254.0.1"),  # would be 127.0.0.1, where outside programs come from
        ("10.0.0.53", "127.254.0.1"),
        ("10.254.0.1", "127.254.0.1"),  # within the reserve itself
    ],
)
def test_a_public_address_keeps_its_last_three_numbers_where_it_can(public: str, expected: str) -> None:
    plan = AddressPlan([public], "loopback-net")
    assert expected == plan.loopback_of(public)
    assert public == plan.public_of(expected)


def test_addresses_that_would_meet_are_kept_apart() -> None:
    publics = ["203.0.113.10", "10.0.113.10", "192.0.113.10", "2001:db8::1", "2001:db8::2"]
    plan = AddressPlan(publics, "loopback-net")
    places = [plan.loopback_of(public) for public in publics]
    assert places == ["127.0.113.10", "127.254.0.1", "127.254.0.2", "127.254.0.3", "127.254.0.4"]
    assert publics == [plan.public_of(place) for place in places]


def test_one_address_has_one_place_however_it_is_written() -> None:
    plan = AddressPlan(["2001:db8::25"], "loopback-net")
    assert plan.loopback_of("2001:DB8:0::25") == plan.loopback_of("2001:db8::25")


def test_the_reserve_has_room_for_a_large_lab() -> None:
    plan = AddressPlan((f"2001:db8::{n:x}" for n in range(1, 2000)), "loopback-net")
    places = {plan.loopback_of(f"2001:db8::{n:x}") for n in range(1, 2000)}
    assert len(places) == 1999
    assert not any(place.endswith((".0", ".255")) for place in places)


def test_the_single_plan_puts_everybody_at_home() -> None:
    plan = AddressPlan([M365, SIX], "single")
    assert [plan.loopback_of(M365), plan.loopback_of(SIX)] == ["127.0.0.1", "127.0.0.1"]
    assert plan.public_of("127.0.0.1") is None


def test_auto_is_one_of_the_two() -> None:
    assert best_plan() == Network().plan
    with pytest.raises(LabError, match="no address plan 'tun'"):
        Network(plan="tun")


# Calling


async def _accepted(listener: socket.socket) -> tuple[socket.socket, tuple[str, int]]:
    listener.setblocking(False)
    taken, peer = await asyncio.get_running_loop().sock_accept(listener)
    return taken, (peer[0], peer[1])


@every_plan
@pytest.mark.parametrize("source", [M365, SIX, "192.0.2.66"])
@pytest.mark.parametrize("target", [ONPREM, SIX])
@in_loop
async def test_a_listener_knows_the_public_address_of_its_caller(plan: str, source: str, target: str) -> None:
    network = a_network(plan)
    note = object()
    with network.bind(target, 25) as listener, await network.connect(source, target, 25, note) as client:
        taken, peer = await _accepted(listener)
        with taken:
            assert client.getsockname() == peer
            assert Caller(source, note) == network.caller_of(peer)
    assert network.caller_of(peer).outside


@every_plan
@in_loop
async def test_a_caller_that_hung_up_early_is_still_known_when_it_is_accepted(plan: str) -> None:
    network = a_network(plan)
    with network.bind(ONPREM, 25) as listener:
        (await network.connect(M365, ONPREM, 25, "note")).close()
        taken, peer = await _accepted(listener)
        taken.close()
        assert Caller(M365, "note") == network.caller_of(peer)
        assert network.caller_of(peer).outside  # and forgotten after that


@in_loop
async def test_callers_that_nobody_asks_about_are_forgotten_in_time() -> None:
    network = a_network()
    with network.bind(ONPREM, 25) as listener:
        for _ in range(400):
            (await network.connect(M365, ONPREM, 25)).close()
            (await _accepted(listener))[0].close()
        assert len(network._callers) <= 256


@every_plan
@in_loop
async def test_two_callers_at_once_are_told_apart(plan: str) -> None:
    network = a_network(plan)
    with network.bind(ONPREM, 25) as listener:
        sources = [M365, INTERNET, SIX, M365]
        clients = [await network.connect(source, ONPREM, 25, n) for n, source in enumerate(sources)]
        for number, source in enumerate(sources):
            taken, peer = await _accepted(listener)
            taken.close()
            assert Caller(source, number) == network.caller_of(peer)
        for client in clients:
            client.close()


@every_plan
@in_loop
async def test_an_owned_address_refuses_where_nothing_listens(plan: str) -> None:
    network = a_network(plan)
    with network.bind(ONPREM, 25), pytest.raises(Refused, match=r"203\.0\.113\.25 refuses port 587"):
        await network.connect(M365, ONPREM, 587)
    with pytest.raises(Refused):
        await network.connect(M365, ONPREM, 25)  # the listener is gone


@every_plan
@in_loop
async def test_an_address_that_nobody_owns_is_silent_at_once(plan: str) -> None:
    before = asyncio.get_running_loop().time()
    with pytest.raises(Silent, match=r"192\.0\.2\.99 does not answer"):
        await a_network(plan).connect(M365, "192.0.2.99", 25)
    assert asyncio.get_running_loop().time() - before < 0.5


@in_loop
async def test_a_listener_that_died_unseen_refuses() -> None:
    network = a_network()
    with network.bind(ONPREM, 25) as listener:
        dead = listener.getsockname()
    network.attach(ONPREM, 25, dead)
    with pytest.raises(Refused):
        await network.connect(M365, ONPREM, 25)


@every_plan
@in_loop
async def test_all_addresses_may_listen_on_the_same_port(plan: str) -> None:
    network = a_network(plan)
    listeners = [network.bind(address, port) for address in (M365, ONPREM, INTERNET, SIX) for port in (25, 587)]
    assert len(listeners) == len({listener.getsockname() for listener in listeners})
    assert listeners[2].getsockname() == network.endpoint(ONPREM, 25)
    assert listeners[3].getsockname() == network.endpoint(ONPREM, 587)
    for listener in listeners:
        listener.close()
    assert network.endpoint(ONPREM, 25) is None


@in_loop
async def test_a_listener_that_ends_late_does_not_take_its_successor_along() -> None:
    network = a_network()
    old = network.bind(ONPREM, 25)
    with network.bind(ONPREM, 25) as new:
        old.close()
        assert new.getsockname() == network.endpoint(ONPREM, 25)


@every_plan
@in_loop
async def test_streams_and_servers_of_asyncio_keep_the_table_right(plan: str) -> None:
    network = a_network(plan)
    heard: asyncio.Future[Caller] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(network.caller_of(writer.get_extra_info("peername")))
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(serve, sock=network.bind(ONPREM, 25))
    reader, writer = await asyncio.open_connection(sock=await network.connect(M365, ONPREM, 25, "note"))
    writer.write(b"EHLO\r\n")
    assert await reader.readline() == b"EHLO\r\n"
    writer.close()
    await writer.wait_closed()
    assert Caller(M365, "note") == await heard
    assert network._callers == {}
    server.close()
    assert network.endpoint(ONPREM, 25) is None


# Programs from outside


@every_plan
@in_loop
async def test_an_outside_program_counts_as_whom_the_lab_says(plan: str) -> None:
    network = a_network(plan)
    with network.bind(ONPREM, 25) as listener, await network.dial(listener.getsockname()):
        taken, peer = await _accepted(listener)
        taken.close()
    if peer[0] == "127.0.0.1":
        assert Caller(OUTSIDE, outside=True) == network.caller_of(peer)
        network.outside = INTERNET
        assert Caller(INTERNET, outside=True) == network.caller_of(peer)


@whole_net
@in_loop
async def test_an_outside_program_may_call_from_the_address_of_a_lab_host() -> None:
    network = a_network("loopback-net")
    assert Caller(INTERNET, outside=True) == network.caller_of(("127.51.100.7", 40000))
    assert Caller(OUTSIDE, outside=True) == network.caller_of(("127.0.0.1", 40000))


@in_loop
async def test_a_server_that_somebody_else_runs_is_called_like_any_other() -> None:
    network = Network()
    with socket.create_server(("127.0.0.1", 0)) as postfix:
        network.attach(ONPREM, 25, ("localhost", postfix.getsockname()[1]))
        with await network.connect(M365, ONPREM, 25):
            taken, peer = await _accepted(postfix)
            taken.close()
            assert Caller(M365) == network.caller_of(peer)


def _has_six() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_six(), reason="no IPv6 loopback on this computer")
@in_loop
async def test_a_server_that_somebody_else_runs_may_be_on_ipv6_loopback() -> None:
    network = Network()
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as postfix:
        network.attach(ONPREM, 25, postfix.getsockname()[:2])
        with await network.connect(M365, ONPREM, 25):
            taken, peer = await _accepted(postfix)
            taken.close()
            assert Caller(M365) == network.caller_of(peer)


# Guard


@pytest.mark.parametrize("address", ["203.0.113.25", "192.168.1.1", "0.0.0.0", "::", "2001:db8::1", "mx.contoso.com"])
@in_loop
async def test_nothing_is_dialled_or_attached_but_loopback(address: str) -> None:
    network = a_network()
    for dial in (network.dial, network.dial_datagrams):
        with pytest.raises(LabError, match="is not on this computer"):
            await dial((address, 25))
    with pytest.raises(LabError, match="loopback addresses only"):
        network.attach(ONPREM, 25, (address, 25))


# Ports


def test_a_fixed_port_that_is_taken_is_an_error_for_people() -> None:
    network = a_network("single")
    with network.bind(ONPREM, 25) as first:
        port = first.getsockname()[1]
        with pytest.raises(LabError, match=rf"port {port} on 127\.0\.0\.1 is taken\. Stop the program") as told:
            network.bind(M365, 25, port)
        assert told.value.fix.startswith("Stop the program")
    network.bind(M365, 25, port).close()  # free again as soon as the first is closed


@whole_net
def test_hosts_may_share_a_fixed_port_where_each_has_an_address() -> None:
    network = a_network("loopback-net")
    ours = ["192.0.2.151", "192.0.2.152"]  # of no lab: another run on this computer may hold any port of theirs
    with network.bind(ours[0], 25) as first, network.bind(ours[1], 25, first.getsockname()[1]) as second:
        assert first.getsockname()[1] == second.getsockname()[1]


def test_udp_and_tcp_get_one_number() -> None:
    stream, datagram = Network().bind_pair()
    with stream, datagram:
        assert stream.getsockname() == datagram.getsockname()
        with pytest.raises(LabError, match="is taken"):
            Network().bind_pair(stream.getsockname()[1])

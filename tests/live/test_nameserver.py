"""DNS over real sockets says what the zone says, whatever is asked and however badly."""

from __future__ import annotations

import asyncio
import shutil
import socket

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.live.errors import LabError
from simulator.live.nameserver import Nameserver
from simulator.live.network import Endpoint, Network
from simulator.zone import SIGNATURES, TYPES, Answer, Question, Zone
from tests.live.loops import in_loop

SHA256 = "0123456789abcdef" * 4
RECORDS = [
    ("contoso.com", "MX", "20 mx2.contoso.com"),
    ("contoso.com", "MX", "10 mx1.contoso.com"),
    ("contoso.com", "TXT", "v=spf1 ip4:203.0.113.25 include:spf.protection.outlook.com -all"),
    ("contoso.com", "TXT", 'quotes " and \\ and ; and blanks  at the end  '),
    ("contoso.com", "NS", "ns1.contoso.com"),
    ("mx1.contoso.com", "A", "203.0.113.25"),
    ("mx1.contoso.com", "AAAA", "2001:db8::25"),
    ("_25._tcp.mx1.contoso.com", "TLSA", f"3 1 1 {SHA256}"),
    ("_autodiscover._tcp.contoso.com", "SRV", "0 0 443 mail.contoso.com"),
    ("25.113.0.203.in-addr.arpa", "PTR", "mx1.contoso.com"),
    ("nomail.contoso.com", "MX", "0 ."),
    ("www.contoso.com", "CNAME", "web.customer.example"),
    ("web.customer.example", "CNAME", "mx1.contoso.com"),
    ("dangling.contoso.com", "CNAME", "gone.customer.example"),
    ("round.contoso.com", "CNAME", "about.contoso.com"),
    ("about.contoso.com", "CNAME", "round.contoso.com"),
    *((f"c{n}.long.example", "CNAME", f"c{n + 1}.long.example") for n in range(12)),
    ("to-slow.contoso.com", "CNAME", "slow.contoso.com"),
    ("to-broken.contoso.com", "CNAME", "broken.contoso.com"),
    ("*.wild.contoso.com", "A", "203.0.113.99"),
    ("*.wild.contoso.com", "MX", "10 mx1.contoso.com"),
    ("selector1._domainkey.contoso.com", "TXT", f"v=DKIM1; k=rsa; p={'A' * 400}"),
    ("huge.contoso.com", "TXT", "x" * 9000),
    *(("many.contoso.com", "A", f"198.51.100.{n}") for n in range(1, 200)),
    ("empty.contoso.com", "TXT", ""),
    ("bücher.example", "MX", "10 mx.bücher.example"),
    ("bücher.example", "TXT", "größer als ASCII"),
]
FAILURES = {
    ("slow.contoso.com", "*"): "timeout",
    ("broken.contoso.com", "A"): "servfail",
    ("denied.contoso.com", "*"): "nxdomain",
    ("contoso.com", "NS"): "timeout",
}
ZONE = Zone(Zone.of(RECORDS).records, FAILURES)
NAMES = sorted(
    {name.replace("*", "any.thing") for name, _, _ in RECORDS}
    | {name for name, _ in FAILURES}
    | {"wild.contoso.com", "_tcp.contoso.com", "nothing.contoso.com", "com", "", "CONTOSO.com.", "MX1.Contoso.COM"}
)


@pytest.mark.parametrize("type_", TYPES)
@in_loop
async def test_an_answer_over_the_wire_is_that_of_the_zone(type_: str) -> None:
    async with Nameserver(ZONE) as nameserver:
        for name in NAMES:
            assert ZONE.lookup(name, type_) == await nameserver.ask(Question(name, type_)), name


@pytest.mark.parametrize("word", SIGNATURES)
@in_loop
async def test_what_signatures_say_goes_over_the_wire(word: str) -> None:
    zone = Zone(ZONE.records, FAILURES, {"contoso.com": word, "customer.example": "signed"})
    async with Nameserver(zone) as nameserver:
        for name in NAMES:
            assert zone.lookup(name, "A") == await nameserver.ask(Question(name, "A")), name


@in_loop
async def test_who_does_not_ask_for_it_is_not_told_of_signatures() -> None:
    async with Nameserver(Zone(ZONE.records, {}, {"contoso.com": "signed"})) as nameserver:
        query = dns.message.make_query("mx1.contoso.com", "A")
        for flag, told in ((0, False), (dns.flags.AD, True)):
            query.flags = flag
            octets = nameserver.respond(query.to_wire(), "udp")
            assert octets is not None
            assert told == bool(dns.message.from_wire(octets).flags & dns.flags.AD)


_labels = st.sampled_from(["a", "b", "mail", "_dmarc", "x1", "*", "ü"])
_names = st.lists(_labels, min_size=1, max_size=4).map(".".join)
_hosts = st.lists(_labels.filter(lambda label: label != "*"), min_size=1, max_size=4).map(".".join)
_numbers = st.integers(0, 65535)
_record_data = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "CNAME": _hosts,
    "MX": st.builds("{} {}".format, _numbers, st.one_of(_hosts, st.just("."))),
    "NS": _hosts,
    "PTR": _hosts,
    "SRV": st.builds("{} {} {} {}".format, _numbers, _numbers, _numbers, _hosts),
    "TLSA": st.builds("{} {} 0 {}".format, st.integers(0, 3), st.integers(0, 1), st.binary(min_size=1).map(bytes.hex)),
    "TXT": st.text(max_size=600),
}
_record_sets = st.sampled_from(TYPES).flatmap(
    lambda type_: st.tuples(
        st.tuples(_names, st.just(type_)),
        st.lists(_record_data[type_], min_size=1, max_size=1 if type_ == "CNAME" else 4, unique=True).map(tuple),
    )
)
_failures = st.dictionaries(
    st.tuples(_names, st.sampled_from([*TYPES, "*"])), st.sampled_from(["timeout", "servfail", "nxdomain"]), max_size=3
)
_signed = st.dictionaries(_hosts, st.sampled_from(SIGNATURES), max_size=3)
_zones = st.builds(
    lambda sets, failures, signed: Zone(dict(sets), failures, signed),
    st.lists(_record_sets, max_size=12),
    _failures,
    _signed,
)


def test_any_zone_is_served_as_it_is() -> None:
    async def check(nameserver: Nameserver, zone: Zone, questions: list[Question]) -> None:
        nameserver.zone = zone
        for question in questions:
            assert zone.lookup(question.name, question.type) == await nameserver.ask(question)

    with asyncio.Runner() as runner:
        nameserver = Nameserver(Zone())
        runner.run(nameserver.start())

        @settings(max_examples=60, deadline=None)
        @given(_zones, st.lists(st.builds(Question, _hosts, st.sampled_from(TYPES)), max_size=4))
        def serve(zone: Zone, others: list[Question]) -> None:
            own = [Question(name.replace("*", "a"), type_) for name, _ in zone.records for type_ in TYPES]
            runner.run(check(nameserver, zone, own + others))

        try:
            serve()
        finally:
            runner.run(nameserver.close())


@in_loop
async def test_a_zone_may_be_replaced_while_it_is_served() -> None:
    async with Nameserver(Zone()) as nameserver:
        question = Question("mx1.contoso.com", "A")
        assert Answer("nxdomain") == await nameserver.ask(question)
        nameserver.zone = ZONE
        assert Answer("ok", ("203.0.113.25",)) == await nameserver.ask(question)


@in_loop
async def test_a_planned_timeout_is_learned_at_once() -> None:
    async with Nameserver(ZONE) as nameserver:
        before = asyncio.get_running_loop().time()
        for _ in range(20):
            assert Answer("timeout") == await nameserver.ask(Question("slow.contoso.com", "A"))
        expected = Answer("timeout", (), (("to-slow.contoso.com", "slow.contoso.com"),))
        assert expected == await nameserver.ask(Question("to-slow.contoso.com", "A"))
        assert asyncio.get_running_loop().time() - before < 0.5


@in_loop
async def test_many_may_ask_at_once() -> None:
    async with Nameserver(ZONE) as nameserver:
        questions = [Question(name, type_) for name in NAMES for type_ in TYPES]
        answers = await asyncio.gather(*map(nameserver.ask, questions))
        assert [ZONE.lookup(q.name, q.type) for q in questions] == answers


@pytest.mark.parametrize("name", ["a..b", f"{'x' * 64}.example", ".".join(["label"] * 60)])
@in_loop
async def test_what_is_no_domain_name_does_not_exist(name: str) -> None:
    async with Nameserver(ZONE) as nameserver:
        assert Answer("nxdomain") == await nameserver.ask(Question(name, "A"))


@in_loop
async def test_the_wiretap_hears_every_question_and_answer() -> None:
    heard: list[tuple[str, str, str]] = []
    async with Nameserver(ZONE, on_query=lambda q, a, by: heard.append((str(q), a.status, by))) as nameserver:
        for name, type_ in (("MX1.contoso.com", "A"), ("huge.contoso.com", "TXT"), ("slow.contoso.com", "A")):
            await nameserver.ask(Question(name, type_))
    assert heard == [
        ("mx1.contoso.com A", "ok", "udp"),
        ("huge.contoso.com TXT", "ok", "udp"),
        ("huge.contoso.com TXT", "ok", "tcp"),
        ("slow.contoso.com A", "timeout", "udp"),
    ]


@in_loop
async def test_record_data_that_is_none_is_a_server_failure() -> None:
    zone = Zone.of(
        [("bad.example", "A", "not an address"), ("bad.example", "MX", "ten mx"), ("bad.example", "TXT", "ok")]
    )
    async with Nameserver(zone) as nameserver:
        assert Answer("servfail") == await nameserver.ask(Question("bad.example", "A"))
        assert Answer("servfail") == await nameserver.ask(Question("bad.example", "MX"))
        assert Answer("ok", ("ok",)) == await nameserver.ask(Question("bad.example", "TXT"))


# What programs from outside see


async def _udp(endpoint: Endpoint, query: bytes) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    with await Network().dial_datagrams(endpoint) as sock:
        await loop.sock_sendall(sock, query)
        async with asyncio.timeout(5):
            return dns.message.from_wire(await loop.sock_recv(sock, 65535))


async def _answer(name: str, type_: str, **options: int) -> dns.message.Message:
    async with Nameserver(ZONE) as nameserver:
        return await _udp(nameserver.endpoint, dns.message.make_query(name, type_, **options).to_wire())  # type: ignore[arg-type]


@in_loop
async def test_answers_are_authoritative_and_keep_the_order_of_the_zone() -> None:
    response = await _answer("contoso.com", "MX")
    assert {dns.flags.QR, dns.flags.AA, dns.flags.RA, dns.flags.RD} == set(dns.flags.Flag(response.flags))
    assert [r.to_text() for r in response.answer[0]] == ["20 mx2.contoso.com.", "10 mx1.contoso.com."]
    assert response.answer[0].ttl == 300


@in_loop
async def test_a_chain_of_aliases_is_shown_link_by_link() -> None:
    response = await _answer("www.contoso.com", "A")
    assert [rrset.to_text() for rrset in response.answer] == [
        "www.contoso.com. 300 IN CNAME web.customer.example.",
        "web.customer.example. 300 IN CNAME mx1.contoso.com.",
        "mx1.contoso.com. 300 IN A 203.0.113.25",
    ]


@pytest.mark.parametrize(
    ("name", "type_", "rcode"),
    [
        ("nothing.contoso.com", "A", dns.rcode.NXDOMAIN),
        ("contoso.com", "A", dns.rcode.NOERROR),
        ("_tcp.contoso.com", "A", dns.rcode.NOERROR),  # an empty non-terminal is not nothing (RFC 8020)
        ("contoso.com", "HTTPS", dns.rcode.NOERROR),
    ],
)
@in_loop
async def test_a_no_comes_with_the_start_of_authority(name: str, type_: str, rcode: dns.rcode.Rcode) -> None:
    response = await _answer(name, type_)
    assert rcode == response.rcode()
    assert response.answer == []
    assert [rrset.rdtype for rrset in response.authority] == [dns.rdatatype.SOA]


@pytest.mark.parametrize(("options", "limit"), [({"use_edns": False}, 512), ({"use_edns": 0, "payload": 4096}, 1232)])
@in_loop
async def test_what_is_too_long_for_udp_is_marked_as_cut(options: dict[str, int], limit: int) -> None:
    response = await _answer("many.contoso.com", "A", **options)
    assert response.flags & dns.flags.TC
    assert response.answer == []
    fits = await _answer("selector1._domainkey.contoso.com", "TXT", **options)
    assert not fits.flags & dns.flags.TC
    assert len(fits.to_wire()) <= limit


@in_loop
async def test_several_queries_may_come_on_one_connection_in_any_pieces() -> None:
    queries = [
        dns.message.make_query(name, "TXT", id=n).to_wire()
        for n, name in enumerate(["contoso.com", "huge.contoso.com"])
    ]
    octets = b"".join(len(query).to_bytes(2, "big") + query for query in queries)
    async with Nameserver(ZONE) as nameserver:
        reader, writer = await asyncio.open_connection(sock=await Network().dial(nameserver.endpoint))
        for at in range(len(octets)):
            writer.write(octets[at : at + 1])
            await writer.drain()
        for number in range(2):
            length = int.from_bytes(await reader.readexactly(2), "big")
            response = dns.message.from_wire(await reader.readexactly(length))
            assert number == response.id
            assert len(response.answer) == 1
        assert nameserver.zone is ZONE
        await nameserver.close()  # with the connection still open
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    ("query", "rcode"),
    [
        (b"\x12\x34\x01\x00\x00\x01" + bytes(6), dns.rcode.FORMERR),  # promises a question and has none
        (b"\x12\x34\x01\x00" + bytes(8), dns.rcode.FORMERR),  # no question
        (dns.message.make_query("contoso.com", "A", rdclass="CH", id=0x1234).to_wire(), dns.rcode.REFUSED),
        (b"\x12\x34\x10\x00" + bytes(8), dns.rcode.NOTIMP),  # STATUS
        (b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\xc0\x0c\x00\x01\x00\x01", dns.rcode.FORMERR),  # points at itself
    ],
)
@in_loop
async def test_a_bad_query_is_told_what_is_wrong_and_the_next_is_answered(query: bytes, rcode: dns.rcode.Rcode) -> None:
    async with Nameserver(ZONE) as nameserver:
        response = await _udp(nameserver.endpoint, query)
        assert (0x1234, rcode) == (response.id, response.rcode())
        assert Answer("ok", ("203.0.113.25",)) == await nameserver.ask(Question("mx1.contoso.com", "A"))


@given(st.binary(max_size=80), st.sampled_from(["udp", "tcp"]))
def test_no_octets_whatever_upset_it(octets: bytes, by: str) -> None:
    Nameserver(ZONE).respond(octets, by)


@given(st.binary(max_size=40), st.integers(12, 60))
def test_a_damaged_query_gets_an_answer_or_silence(noise: bytes, at: int) -> None:
    query = dns.message.make_query("www.contoso.com", "MX", use_edns=0, payload=1232).to_wire()
    response = Nameserver(ZONE).respond(query[:at] + noise, "udp")
    assert response is None or (response[:2] == query[:2] and response[2] & 0x80)


def test_responses_and_fragments_are_not_answered() -> None:
    response = dns.message.make_response(dns.message.make_query("contoso.com", "MX")).to_wire()
    for octets in (b"", b"x", response, response[:11]):
        assert Nameserver(ZONE).respond(octets, "udp") is None


@in_loop
async def test_an_answer_that_was_not_asked_for_is_not_believed() -> None:
    forged = dns.message.make_response(dns.message.make_query("mx1.contoso.com", "AAAA", id=0)).to_wire()
    async with Nameserver(ZONE) as nameserver:
        assert nameserver._resolver is not None
        nameserver._resolver._serve = None  # the answer comes by the loop, so something else may come before it
        asking = asyncio.ensure_future(nameserver.ask(Question("mx1.contoso.com", "A")))
        while not nameserver._resolver._waiting:
            await asyncio.sleep(0)
        for octets in (forged, b"\xff\xff" + forged[2:], b"rubbish", b""):
            nameserver._resolver._heard(octets)
        assert Answer("ok", ("203.0.113.25",)) == await asking


@pytest.mark.skipif(not shutil.which("dig"), reason="needs dig (apt-get install dnsutils)")
@in_loop
async def test_dig_understands_it() -> None:
    async with Nameserver(ZONE) as nameserver:
        host, port = nameserver.endpoint
        for name, type_, expected in (
            ("contoso.com", "MX", b"20 mx2.contoso.com.\n10 mx1.contoso.com.\n"),
            ("huge.contoso.com", "TXT", b'"x'),
            ("nomail.contoso.com", "MX", b"0 .\n"),
        ):
            dig = await asyncio.create_subprocess_exec(
                "dig", "+short", f"@{host}", "-p", str(port), name, type_, stdout=asyncio.subprocess.PIPE
            )
            said, _ = await dig.communicate()
            assert said.startswith(expected)


# Life


@in_loop
async def test_it_may_be_started_again_after_it_was_closed() -> None:
    nameserver = Nameserver(ZONE)
    for _ in range(2):
        async with nameserver:
            assert (await nameserver.ask(Question("contoso.com", "MX"))).ok
        with pytest.raises(LabError, match="not running"):
            await nameserver.ask(Question("contoso.com", "MX"))
        with pytest.raises(LabError, match="not running"):
            _ = nameserver.endpoint


@in_loop
async def test_a_port_that_is_asked_for_is_used_or_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"port {port} on 127.0.0.1 is taken"):
            await Nameserver(ZONE).start(port)
    nameserver = Nameserver(ZONE)
    await nameserver.start(port)
    assert ("127.0.0.1", port) == nameserver.endpoint
    await nameserver.close()


@in_loop
async def test_what_is_asked_while_it_closes_ends_as_a_timeout() -> None:
    nameserver = Nameserver(ZONE)
    await nameserver.start()
    asking = asyncio.ensure_future(nameserver.ask(Question("contoso.com", "MX")))
    await asyncio.sleep(0)
    await nameserver.close()
    assert (await asking).status in ("timeout", "ok")

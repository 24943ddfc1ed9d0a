"""How often a message may have been received before a server takes it for a loop, side by side, with what each says then.

| server              | default | says                                                         |
| ------------------- | ------- | ------------------------------------------------------------ |
| RFC 5321 6.3        | 100     | 554 5.4.6 Too many hops 101 (100 max)                        |
| the same as sendmail is set | 25 | 554 5.4.6 Too many hops 26 (25 max)                       |
| Exchange Server     | 30, and 8 of its own | 554 5.4.6 Hop count exceeded - possible mail loop |
| Exchange Online     | 30 (knob) | 554 5.4.14 Hop count exceeded - possible mail loop ATTR34  |
| SmarterMail         | 20      | 554, without an enhanced code                                |
| a gateway           | 100     | 554 5.4.6 Too many hops 101 (100 max)                        |

5.4.6 is never Exchange Online's and 5.4.14 always is: the code tells which side broke the loop.
"""

from __future__ import annotations

import pytest

from simulator.runner import FlowResult, Options, Runner
from simulator.scenario.scenario import load_scenario

LAB = """\
mailflow: 1
name: hop limits
people:
  Ann: ann@cloud.example at m365
  Ben: ben@smarter.example at smarter
  Cam: cam@server.example at exchange
  Dan: dan@world.example at world
  Eve: eve@elsewhere.example at elsewhere
servers:
  m365: {is: exchange-online, fqdn: cloud-example.mail.protection.outlook.com, ip: 40.92.10.1, AcceptedDomains: {cloud.example: Authoritative}}
  smarter: {is: smartermail, fqdn: mail.smarter.example, ip: 203.0.113.1, Domains: {smarter.example: {}}}
  exchange: {is: exchange-server, fqdn: mail.server.example, ip: 203.0.113.2, AcceptedDomains: {server.example: Authoritative}}
  gateway: {is: gateway, fqdn: mx.filter.example, ip: 203.0.113.3, routes: {world.example: mx.world.example}}
  world: {is: internet, fqdn: mx.world.example, ip: 203.0.113.4, judges: false}
  elsewhere: {is: internet, fqdn: mx.elsewhere.example, ip: 198.51.100.9}
dns: {world.example: {MX: 10 mx.filter.example}}
"""


def mail(hops: int, by: str) -> str:
    received = "".join(
        f"Received: from a.example by {by} with ESMTP; Mon, 2 Mar 2026 09:00:00 +0000\n" for _ in range(hops)
    )
    return f"{received}From: <eve@elsewhere.example>\nSubject: round and round\n\nHello.\n"


def played(server: str, to: str, hops: int, given: str = "{}", by: str = "hop.example") -> FlowResult:
    flow = (
        f"lab: lab.yaml\nflows:\n  x:\n    given: {given}\n    copies: 0..1\n"
        f"    send: {{from: Eve, to: {to}, server: {server}, as: 198.51.100.9, eml: mail.eml}}\n"
    )
    texts = {"lab.yaml": LAB, "x.yaml": flow, "mail.eml": mail(hops, by)}
    (result,) = Runner(Options()).run([load_scenario(texts.__getitem__, "x.yaml")]).flows()
    assert () == result.differences  # plan and live agree
    return result


def said(result: FlowResult) -> str:
    """What the server replied to the content."""
    return str(next(e["reply"] for e in result.played.log.of("smtp") if e["verb"] == "DATA" and e["line"]))


@pytest.mark.parametrize(
    ("server", "to", "limit", "given", "by", "text"),
    [
        ("world", "Dan", 100, "{}", "hop.example", "554 5.4.6 Too many hops 101 (100 max)"),
        ("world", "Dan", 25, "{servers: {world: {knobs: {max_hops: 25}}}}", "hop.example", "554 5.4.6 Too many hops 26 (25 max)"),
        ("gateway", "Dan", 98, "{servers: {gateway: {knobs: {max_hops: 98}}}}", "hop.example", "554 5.4.6 Too many hops 99 (98 max)"),
        ("exchange", "Cam", 30, "{}", "hop.example", "554 5.4.6 Hop count exceeded - possible mail loop"),
        ("exchange", "Cam", 60, "{servers: {exchange: {knobs: {max_hops: 60}}}}", "hop.example",
         "554 5.4.6 Hop count exceeded - possible mail loop"),
        ("exchange", "Cam", 8, "{}", "mail.server.example", "554 5.4.6 Hop count exceeded - possible mail loop"),
        ("exchange", "Cam", 12, "{servers: {exchange: {knobs: {max_local_hops: 12}}}}", "mail.server.example",
         "554 5.4.6 Hop count exceeded - possible mail loop"),
        ("m365", "Ann", 30, "{}", "hop.example", "554 5.4.14 Hop count exceeded - possible mail loop ATTR34"),
        ("smarter", "Ben", 20, "{}", "hop.example", "554 "),
    ],
)  # fmt: skip
def test_one_hop_more_than_the_limit_is_refused_in_the_servers_words(
    server: str, to: str, limit: int, given: str, by: str, text: str
) -> None:
    at_limit, over = (played(server, to, hops, given, by) for hops in (limit, limit + 1))
    assert ("delivered", "LOOP") == tuple(r.played.endings[0].path.end.word for r in (at_limit, over))
    assert "250" == said(at_limit)[:3]
    assert text == said(over)[: len(text)]
    assert text == said(over) or server in ("m365", "smarter")


def test_the_default_of_a_gateway_is_that_of_the_rfc() -> None:
    over = played("gateway", "Dan", 101)
    assert "554 5.4.6 Too many hops 101 (100 max)" == said(over)


def test_exchange_server_without_a_limit_for_its_own_passes() -> None:
    given = "{servers: {exchange: {ReceiveConnectors: {Default Frontend: {MaxLocalHopCount: 0}}}}}"
    assert "250" == said(played("exchange", "Cam", 20, given, "mail.server.example"))[:3]

"""A scenario file: changes outside in, stages, flows, what is sent, and everything that can be wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulator.mail.address import Address
from simulator.scenario.errors import ScenarioError
from simulator.scenario.scenario import Flow, ScenarioFileError, load_lab, load_scenario
from simulator.scenario.schema import SEND_WORDS
from simulator.scenario.send import _KEYS
from simulator.source import Node
from tests.scenario.labs import CONTOSO, flow_of, reader, scenario_errors, scenario_of

OWN = "O365 to own servers"
BOB, JOHN, SUN = (Address.parse(a) for a in ("bob@contoso.com", "john@contoso.com", "sun@customer.example"))


def one(flow: str, name: str = "it") -> Flow:
    """A flow in long form, indented by four."""
    return flow_of(f"flows:\n  {name}:\n" + "".join(f"    {row}\n" for row in flow.splitlines()))


def errors_of(flow: str, name: str = "it") -> list[str]:
    return scenario_errors(f"flows:\n  {name}:\n" + "".join(f"    {row}\n" for row in flow.splitlines()))


def setting(flow: Flow, *keys: str) -> object:
    node: Node | None = flow.tree
    for key in keys:
        assert node is not None
        node = node.get(key)
    return node.plain() if node else None


# Short forms


def test_a_flow_is_a_sentence() -> None:
    flow = flow_of(f"flows:\n  Bob to John: Bob -> m365 -[{OWN}]-> onprem -> John\n")
    assert [f"Bob -> m365 -[{OWN}]-> onprem -> John"] == [s.text for s in flow.expected]
    (send,) = flow.send
    assert (BOB, (JOHN,), "Bob") == (send.sender, send.to, send.person)
    assert (3, 3) == (flow.at.line, flow.at.column)
    assert not flow.open_ended
    assert () == flow.any_of


def test_a_flow_may_be_a_list_of_sentences_one_for_every_recipient() -> None:
    flow = flow_of(
        "flows:\n  both:\n    - Sun -> internet -> m365 -> Bob\n    - Sun -> internet -> ... -> John\n    - ...\n"
    )
    assert (BOB, JOHN) == flow.send[0].to
    assert 2 == len(flow.expected)
    assert flow.open_ended


@pytest.mark.parametrize(
    ("name", "path", "sender", "to"),
    [
        ("Bob to Sun", "Bob -> m365 -> internet -> Sun", BOB, (SUN,)),
        ("Bob to John", "Bob -> m365 -> onprem -> Sun", BOB, (JOHN,)),  # redirected: the name says whom it was for
        ("bob to sun", "Bob -> m365 -> DEFERRED 4xx", BOB, (SUN,)),
        ("Sun to Bob and John", "Sun -> internet -> m365 -> REJECTED 550", SUN, (BOB, JOHN)),
        ("Sun to Bob, John", "Sun -> internet -> m365 -> REJECTED 550", SUN, (BOB, JOHN)),
        ("John to Sun", "Bob -> m365 -> Bob", BOB, (BOB,)),  # the name is about somebody else
        ("Bob to nobody", "Bob -> m365 -> internet -> Sun", BOB, (SUN,)),
        ("Move to Exchange", "Bob -> m365 -> LOOP for Sun", BOB, (SUN,)),
        (
            "returned",
            "Bob -> m365 -> NDR 5.1.10 to Bob for nobody@contoso.com",
            BOB,
            (Address.parse("nobody@contoso.com"),),
        ),
        ("stranger", "eve@evil.example -> m365 -> Bob", Address.parse("eve@evil.example"), (BOB,)),
    ],
)
def test_sender_and_recipients_follow_from_the_sentence_or_the_name(
    name: str, path: str, sender: Address, to: tuple[Address, ...]
) -> None:
    (send,) = flow_of(f"flows:\n  {name}: {path}\n").send
    assert (sender, to) == (send.sender, send.to)


def test_the_null_sender_may_begin_a_sentence() -> None:
    (send,) = flow_of('flows:\n  bounce: "<> -> m365 -> Bob"\n').send
    assert (None, True) == (send.sender, send.null_sender)


def test_any_of_allows_several_paths() -> None:
    flow = one("path:\n  any of:\n    - Bob -> m365 -> internet -> Sun\n    - Bob -> m365 -> DEFERRED 4xx for Sun")
    assert [["delivered"], ["DEFERRED"]] == [[s.end.word for s in sentences] for sentences in flow.any_of]
    assert (SUN,) == flow.send[0].to


def test_any_of_may_stand_for_one_sentence_of_a_list_and_for_the_whole_flow() -> None:
    rows = "Bob -> m365 -> onprem -> John\n      - any of: [Bob -> m365 -> internet -> Sun, Bob -> m365 -> DROPPED for Sun]"
    flow = flow_of(f"flows:\n  list:\n    path:\n      - {rows}\n")
    assert [["delivered", "delivered"], ["delivered", "DROPPED"]] == [[s.end.word for s in p] for p in flow.paths]
    flow = flow_of("flows:\n  short: {any of: [Bob -> m365 -> DROPPED for Sun, Bob -> m365 -> internet -> Sun]}\n")
    assert 2 == len(flow.paths)


def test_a_flow_may_only_say_who_must_not_be_touched() -> None:
    flow = one("send: {from: Sun, to: Bob}\nnever: [onprem, John]")
    assert () == flow.paths
    assert () == flow.expected
    assert flow.open_ended
    assert ["onprem", "John"] == flow.expectations["never"].plain()


# send


def test_everything_about_a_message_can_be_said() -> None:
    flow = one(
        "send:\n  from: Sun\n  to: [Bob, amy@contoso.com]\n  subject: 'Price #1'\n  size: 200KB\n  body: Hello\n"
        "  headers: {From: boss@contoso.com, X-None: null}\n  as: 192.0.2.66\n  server: M365\n  port: 587\n  helo: h.example\n"
        "  tls: 1.2\n  cert: expired\n  auth: bob\n  after: 10m\npath: Sun -> m365 -> Bob"
    )
    (send,) = flow.send
    assert (SUN, (BOB, Address.parse("amy@contoso.com"))) == (send.sender, send.to)
    assert ("Price #1", 200 * 1024, "Hello") == (send.subject, send.size, send.body)
    assert {"From": "boss@contoso.com", "X-None": ""} == send.headers
    assert ("192.0.2.66", "m365", 587, "h.example", "1.2", "Bob") == (
        send.source, send.server, send.port, send.helo, send.tls, send.auth,
    )  # fmt: skip
    assert send.certificate is not None
    assert ("h.example", "expired") == (send.certificate.subject, send.certificate.defect)
    assert timedelta(minutes=10) == send.after


def test_send_may_be_a_list_played_in_order() -> None:
    flow = one("send: [{}, {after: 10m, size: 1MB}]\npath: Bob -> m365 -> internet -> Sun")
    assert [(BOB, (SUN,), 0), (BOB, (SUN,), 1024**2)] == [(s.sender, s.to, s.size) for s in flow.send]


def test_a_message_may_be_handed_in_at_a_service_name_with_a_servers_certificate() -> None:
    (send,) = one("send: {server: SMTP.office365.com, cert: onprem, tls: off}\npath: Bob -> m365 -> Bob").send
    assert ("smtp.office365.com", "off") == (send.server, send.tls)
    assert send.certificate is not None
    assert "mail.contoso.com" == send.certificate.subject


@pytest.mark.parametrize("written", ["null sender: true", 'from: "<>"', "from: Sun, null sender: yes"])
def test_a_message_may_have_the_null_sender(written: str) -> None:
    (send,) = one(f"send: {{{written}, to: Bob, server: m365}}\npath: Sun -> m365 -> Bob").send
    assert send.null_sender


def test_a_stranger_of_send_may_go_by_the_local_part() -> None:
    flow = one(
        "send: {from: eve@fabrikam.com, to: [Bob, amy@contoso.com]}\npath: [eve -> m365 -> Bob, eve -> m365 -> NDR 5.1.10 for amy]"
    )
    assert Address.parse("eve@fabrikam.com") == flow.send[0].sender
    assert "" == flow.send[0].person


def test_a_whole_message_may_come_from_a_file() -> None:
    text = "lab: lab.yaml\nflows:\n  it: {send: {eml: mail.yaml}, path: Bob -> m365 -> Bob}\n"
    read = reader(scenario=text, lab=CONTOSO, mail="Subject: x\n\nHello\n")
    assert b"Subject: x\r\n\r\nHello\r\n" == load_scenario(read, "scenario.yaml").flows[0].send[0].content


def test_several_lines_are_the_message_itself() -> None:
    flow = one("send:\n  from: Sun\n  eml: |\n    Subject: x\n\n    Hello\npath: Sun -> internet -> m365 -> Bob")
    assert b"Subject: x\r\n\r\nHello\r\n" == flow.send[0].content


def test_a_sentence_that_begins_elsewhere_than_send_says_is_told() -> None:
    flow = "flows:\n  it:\n    send: {from: Sun, to: Bob, server: m365}\n    path: Sun -> internet -> m365 -> Bob\n"
    told = [p.says for p in scenario_of(flow).warnings]
    assert ["the message is handed in at m365 itself, so internet is not on its way."] == told


# Changes, outside in


def test_changes_apply_from_the_file_to_the_flow_and_never_leak() -> None:
    scenario = scenario_of(
        f"given: {{servers: {{m365: {{OutboundConnectors: {{{OWN}: {{Comment: a}}}}}}}}}}\n"
        f"do:\n  - Set-OutboundConnector: {{Identity: {OWN}, SmartHosts: [b.example]}}\n"
        "flows:\n"
        "  plain: Bob -> m365 -> Bob\n"
        "  changed:\n"
        f"    given: {{servers: {{m365: {{OutboundConnectors: {{{OWN}: {{SmartHosts: [c.example], Comment: c}}}}}}}}}}\n"
        f"    do: [Set-OutboundConnector: {{Identity: {OWN}, SmartHosts: [d.example]}}]\n"
        "    path: Bob -> m365 -> Bob\n"
        "  plain again: Bob -> m365 -> Bob\n"
    )
    keys = ("servers", "m365", "OutboundConnectors", OWN)
    assert [["b.example"], ["d.example"], ["b.example"]] == [setting(f, *keys, "SmartHosts") for f in scenario.flows]
    assert ["a", "c", "a"] == [setting(f, *keys, "Comment") for f in scenario.flows]
    first, second, third = scenario.flows
    assert first.lab is third.lab is scenario.lab
    assert first.lab is not second.lab


def test_people_that_a_patch_brings_can_be_named() -> None:
    flow = flow_of("given: {people: {Amy: amy@contoso.com at m365}}\nflows:\n  x: Amy -> m365 -> Bob\n")
    assert "Amy" == flow.send[0].person


def test_a_patch_of_dns_may_be_zone_file_text_over_a_lab_that_is_too() -> None:
    lab = CONTOSO[: CONTOSO.index("dns:")] + "dns: |\n  contoso.com. MX 10 a.example.\n  contoso.com. TXT x\n"
    flow = flow_of("given:\n  dns:\n    contoso.com: {MX: [5 b.example]}\nflows: {x: Bob -> m365 -> Bob}\n", lab)
    assert {"MX": ["5 b.example"], "TXT": ["x"]} == setting(flow, "dns", "contoso.com")


def test_invariants_add_up_and_know_their_places() -> None:
    scenario = scenario_of(
        "always: [no loop]\nflows:\n  a: {path: Bob -> m365 -> Bob, always: No Duplicates, violates: no loop}\n  b: Bob -> m365 -> Bob\n"
    )
    first, second = scenario.flows
    assert ["no loop", "no duplicates"] == list(first.always)
    assert "scenario.yaml:2:10" == str(first.always["no loop"])
    assert ["no loop"] == list(second.always) == list(scenario.always)
    assert ["no loop"] == list(first.violates)


STAGES = f"""\
do: [move: {{Bob: onprem}}]
flows:
  Bob to John: Bob -> onprem -> John
stages:
  - stage: as is
    still: Bob to John
  - stage: Bob moves
    do: [move: {{Bob: m365}}]
    always: [no loop]
    flows:
      Bob to John: Bob -> m365 -[{OWN}]-> onprem -> John
      Sun to Bob: Sun -> internet -> m365 -> Bob
  - stage: finished
    given: {{people: {{Amy: amy@contoso.com at m365}}}}
    still: [Bob to John, sun to bob]
"""


def test_stages_keep_what_the_ones_before_did_and_still_repeats_the_latest_flow_of_a_name() -> None:
    scenario = scenario_of(STAGES)
    played = [(f.stage, f.name, f.expected[0].text, setting(f, "people", "Bob")) for f in scenario.flows]
    at_m365, at_onprem = "bob@contoso.com at m365", "bob@contoso.com at onprem"
    assert [
        (None, "Bob to John", "Bob -> onprem -> John", at_onprem),
        ("as is", "Bob to John", "Bob -> onprem -> John", at_onprem),
        ("Bob moves", "Bob to John", f"Bob -> m365 -[{OWN}]-> onprem -> John", at_m365),
        ("Bob moves", "Sun to Bob", "Sun -> internet -> m365 -> Bob", at_m365),
        ("finished", "Bob to John", f"Bob -> m365 -[{OWN}]-> onprem -> John", at_m365),
        ("finished", "Sun to Bob", "Sun -> internet -> m365 -> Bob", at_m365),
    ] == played
    assert ["as is", "Bob moves", "finished"] == [stage.name for stage in scenario.stages]
    assert [True, False, False, True, True] == [f.repeats for s in scenario.stages for f in s.flows]
    assert ["no loop"] == list(scenario.stages[1].flows[0].always)
    assert {} == scenario.stages[2].flows[0].always
    assert (7, 12) == (scenario.flows[1].at.line, scenario.flows[1].at.column)


def test_stages_always_keep_their_state_and_other_files_when_told() -> None:
    scenario = scenario_of(STAGES)
    assert [False, True] == [scenario.keeps_state(f) for f in scenario.flows[:2]]
    kept = scenario_of("state: kept\nclock: virtual\nflows: {x: Bob -> m365 -> Bob}\n")
    assert kept.keeps_state(kept.flows[0])


# The rest of the file


def test_a_scenario_has_a_name_and_a_source() -> None:
    scenario = scenario_of(
        "scenario: Six  flows\nabout: all of them\nsource: the documentation\nflows: {x: Bob -> m365 -> Bob}\n"
    )
    assert ("Six flows", "all of them", "the documentation") == (scenario.name, scenario.about, scenario.source)
    assert "scenario.yaml" == scenario_of("flows: {x: Bob -> m365 -> Bob}\n").name


def test_a_lab_may_stand_in_the_scenario() -> None:
    lab = "".join(f"  {row}\n" for row in CONTOSO.splitlines())
    scenario = load_scenario(reader(scenario=f"lab:\n{lab}flows: {{x: Bob -> m365 -> Bob}}\n"), "scenario.yaml")
    assert ("contoso-hybrid", "scenario.yaml") == (scenario.lab.name, scenario.lab.file)


def test_the_labs_path_is_relative_to_the_scenario() -> None:
    text = "lab: ../labs/x.yaml\nflows: {x: Bob -> m365 -> Bob}\n"
    scenario = load_scenario(reader(scenarios__a=text, labs__x=CONTOSO), "scenarios/a.yaml")
    assert "labs/x.yaml" == scenario.lab.file
    assert ["scenarios/a.yaml", "labs/x.yaml"] == list(scenario.sources)


def test_when_a_flow_is_looked_at() -> None:
    begin = datetime(2026, 1, 15, 9, tzinfo=UTC)
    waiting = one("path: Bob -> m365 -> DEFERRED 4xx for Sun")
    assert (True, None) == (waiting.waits, waiting.until_time(begin))
    later = one("path: Bob -> m365 -> DEFERRED 4xx for Sun\nuntil: 6h\ndate: 2026-03-01")
    assert (False, begin + timedelta(hours=6)) == (later.waits, later.until_time(begin))
    assert datetime(2026, 3, 1, tzinfo=UTC) == later.date
    assert not one("path: Bob -> m365 -> Bob").waits


def test_other_expectations_are_kept_as_written() -> None:
    flow = one(
        "path: Bob -> m365 -> internet -> Sun\nnote: why\nsource: who says so\n"
        "reply: {at: RCPT, code: {any of: [550, 4xx]}, says: no}\ndeferred: {at: m365, code: 450 4.4.317}\nndr: {to: Bob, by: m365, code: 5.1.10, headers: {Subject: x}}\n"
        "tls: {m365 -> internet: at least encrypted, Bob -> m365: any}\nheaders: {Received: 3 hops}\n"
        "auth: {Bob: {spf: pass}, at: internet}\nbecause: {X: disabled}\nattributed: {tenant: m365, direction: Originating}\n"
        "session: {m365 -> internet: {ehlo has: STARTTLS, count: 1}}\nloop: none\nnever: [onprem, John]\nrules: {R: not run}\n"
        "retries: 1..4\nattempts: 2\nwithin: 2s\nnot before: 1s..2m\ncopies: {any of: [1, 2]}\nstatus: Delivered\n"
        "also: [m365 -> Bob]"
    )
    assert {
        "reply", "deferred", "ndr", "tls", "headers", "auth", "because", "attributed", "session", "loop", "never", "rules",
        "retries", "attempts", "within", "not before", "copies", "status",
    } == set(flow.expectations)  # fmt: skip
    assert ["m365 -> Bob"] == [s.text for s in flow.also]
    assert ("why", "who says so") == (flow.note, flow.source)


def test_ndr_may_be_none_and_facts_may_be_alternatives() -> None:
    flow = one("path: Bob -> m365 -> Bob\nndr: none\nreply: {any of: [{code: 550}, {code: 4xx}]}\nviolates: [no loop]")
    assert "none" == flow.expectations["ndr"].plain()


def test_a_comment_that_swallows_a_word_is_a_warning() -> None:
    text = "flows:\n  it:\n    path: Bob -> m365 -> Bob\n    send:\n      subject: Hello #1\n"
    (warning,) = scenario_of(text).warnings
    assert "a blank and # start a comment" == warning.says


def test_parts_for_later_commands_are_read_over_with_a_warning() -> None:
    scenario = scenario_of("flows: {x: Bob -> m365 -> Bob}\nlesson: {title: x}\nwhatif: {vary: {}}\n")
    assert [
        "lesson is not built yet in this version; it is read over",
        "whatif is not built yet in this version; it is read over",
    ] == [w.says for w in scenario.warnings]


def test_a_lab_can_be_loaded_by_itself() -> None:
    lab, warnings = load_lab(reader(lab=CONTOSO), "lab.yaml")
    assert ("contoso-hybrid", ()) == (lab.name, warnings)
    with pytest.raises(ScenarioFileError) as caught:
        load_lab(reader(lab="mailflow: 1"), "lab.yaml")
    assert "a lab has servers." in str(caught.value)
    with pytest.raises(ScenarioFileError):
        load_lab(reader(), "lab.yaml")


# What is wrong

ERRORS = [
    ("flows: {x: Bob -> exchange -> John}", ['2:19 no server "exchange" in lab.yaml. | Known: m365, onprem, internet']),
    ("flows: {x: Bob -> onprm -> John}", ['2:19 no server "onprm" in lab.yaml. | Did you mean onprem?']),
    ("flows: {x: Bob -> Sun -> John}", ['2:19 "Sun" is a person, and a server is expected here. | Known: m365, onprem, internet']),
    ('flows: {x: "Jhon -> onprem -> bob"}', ['2:13 no person "Jhon" in lab.yaml. | Did you mean John?']),
    ("flows: {x: Bob -> m365}", ['2:19 "m365" is a server, and a person is expected here. | Known: Bob, John, Sun']),
    ("flows: {x: Bob -> m365 -> bob@}", ["2:27 'bob@' is not a mail address. | Did you mean Bob?"]),
    ("flows: {x: Bob m365}", ['2:12 a path needs "->" | Write it like Bob -> m365 -> John']),
    ("flows: {x: Bob -> m365 -> DEFERRED 4xx}", ["2:27 it is not said whom this mail is for. | Add  for PERSON  to the path, or  send: {to: PERSON}"]),
    ("flows: {x: }", ["2:12 a path is missing. | Write it like Bob -> m365 -> John"]),
    ("flows: {x: []}", ["2:12 a path is missing. | Write it like Bob -> m365 -> John"]),
    ("flows: {x: {any of: []}}", ["2:12 a path is missing. | Write it like Bob -> m365 -> John"]),
    ("flows: {x: [{any of: []}]}", ["2:13 a path is one sentence. | Write it like Bob -> m365 -> John"]),
    ("flows: {x: [[]]}", ["2:13 a path is one sentence. | Write it like Bob -> m365 -> John"]),
    ("flows: {x: [..., Bob -> m365 -> Bob]}", ["2:13 ... stands last in a list of sentences. | Move it to the end."]),
    ("flows: {x: {note: nothing}}", ["2:9 flow 'x' expects nothing. | Write  path: ... or never: [...]"]),
    ("flows: [Bob -> m365 -> Bob]", ["2:8 flows is a map by name. | Write  NAME: Bob -> m365 -> John"]),
    ("flows: {x: {path: Bob -> m365 -> Bob, nevr: John}}", ["2:39 unknown key nevr in a flow. | Did you mean never?"]),
    ("flows: {x: Bob -> m365 -> Bob, X: Bob -> m365 -> Bob}", ['2:32 duplicate key "X" (first on line 2) | Keep one of the two']),
    ("flows: {x: Bob -> m365 -> Bob}\nflow: {}", ["3:1 unknown key flow in a scenario. | Did you mean flows?"]),
    ("scenario: nothing", ["1:1 a scenario has flows. | Write  flows: {NAME: Bob -> m365 -> John}"]),
    ("flows: {x: Bob -> m365 -> Bob}\nstate: keep", ["3:8 state: 'keep' is not known here. | Write fresh or kept."]),
    ("flows: {x: Bob -> m365 -> Bob}\nclock: real", ["3:8 clock: 'real' is not known here. | Write virtual."]),
    ("flows: {x: {path: Bob -> m365 -> Bob, faults: [{at: onprem}]}}", ["2:48 a fault says what goes wrong."
     " | Write one of down, reply, cut, strip, cert, slow, answer, full, clock."]),
    ("flows: {x: {path: Bob -> m365 -> Bob, later: [{after: 1m}]}}", ["2:47 a later change says when and what."
     " | Write  - {after: 10m, do: [...]}"]),
    ("always: [no lop]\nflows: {x: Bob -> m365 -> Bob}", ["2:10 always: 'no lop' is not an invariant. | Did you mean no loop?"]),
    ("always: [[no loop]]\nflows: {x: Bob -> m365 -> Bob}", ["2:10 always is a list of words."
     " | Known: no open relay, no loop, nothing lost, no duplicates, no clear text"]),
    ("given: [a]\nflows: {x: Bob -> m365 -> Bob}",
     ["2:8 given has the shape of the lab file. | Write  servers: {NAME: {...}}, or use do: for a list of steps"]),
    ("given: {servers: {m356: {knobs: {}}}}\nflows: {x: Bob -> m365 -> Bob}", ["2:19 server m356 lacks is. | Did you mean m365?"]),
    ("given: {people: {Amy: amy at m365}}\nflows: {x: Amy -> m365 -> Bob}", ["2:23 'amy' is not a mail address."
     " | Write  Amy: amy@contoso.com at m365"]),
    ("given: {server: {}}\nflows: {x: Bob -> m365 -> Bob}", ["2:9 unknown key server in a lab. | Did you mean servers?"]),
    ("do: [sotp: onprem]\nflows: {x: Bob -> m365 -> Bob}", ["2:6 unknown step sotp. | Did you mean stop?"]),
    ("stages: {a: b}", ["2:9 stages is a list. | Write  - stage: NAME"]),
    ("stages: [{flows: {x: Bob -> m365 -> Bob}}]", ["2:10 a stage has a name. | Write  - stage: MX cut"]),
    ("stages: [{stage: a}, {stage: A}]", ['2:30 stage "A" is there twice (first on line 2). | Choose another name.']),
    ("stages: [{stage: a, stil: x}]", ["2:21 unknown key stil in a stage. | Did you mean still?"]),
    ("flows: {Bob to Sun: Bob -> m365 -> internet -> Sun}\nstages: [{stage: a, still: Bob to Son}]",
     ['3:28 no earlier flow "Bob to Son". | Did you mean Bob to Sun?']),
    ("flows: {x: Bob -> m365 -> Bob}\nstages: [{stage: a, flows: {x: Bob -> m365 -> Bob}, still: [x]}]",
     ['3:61 flow "x" is already in this stage. | Leave it out of still.']),
]  # fmt: skip


@pytest.mark.parametrize(("text", "errors"), ERRORS)
def test_what_is_wrong_with_a_scenario_is_said_at_its_place(text: str, errors: list[str]) -> None:
    assert errors == scenario_errors(text)


SEND_ERRORS = [
    ("{from: mallory}", '3:18 no person "mallory" in lab.yaml. | Known: Bob, John, Sun'),
    ("{from: Sun, to: [bop]}", '3:28 no person "bop" in lab.yaml. | Known: Bob, John, Sun'),
    ("{to: []}", "3:16 to: nobody is named. | Write  to: [Bob, John]"),
    ("{form: Sun}", "3:12 unknown key form in send. | Did you mean from?"),
    ("{size: large}", "3:18 size: 'large' is not a size; write 200KB, 25MB or a number of bytes."),
    ("{subject: [a]}", "3:21 subject: one value is expected."),
    ("{headers: text}", '3:21 headers is a map. | Write  headers: {X-Test: "1"}'),
    ("{headers: {A: [b]}}", "3:25 headers: A is one value."),
    ("{as: 192.0.2}", "3:16 as: '192.0.2' is not an IP address."),
    ("{server: exchange}", '3:20 no server "exchange" in lab.yaml. | Known: m365, onprem, internet'),
    ("{server: a..b}", "3:20 server: 'a..b' is not a domain name: '' is not a label."),
    ('{helo: "a\\tb"}', "3:18 helo: 'a\\tb' cannot be said: it has control characters."),
    ("{helo: " + "x" * 256 + "}", "3:18 helo: the name is longer than 255 octets."),
    ("{port: 70000}", "3:18 port: '70000' is not a port; write 25, 465 or 587."),
    ("{tls: maybe}", "3:17 tls: 'maybe' is not one of on, off, required, 1.0, 1.1, 1.2, 1.3."),
    ("{cert: broken}", "3:18 cert: 'broken' is not a kind of certificate. | Known: good, none, expired, not-yet-valid, "
     "self-signed, wrong-name, untrusted, no-client-auth, incomplete-chain"),
    ("{auth: eve@evil.example}", '3:18 auth: "eve@evil.example" has no mailbox in the lab. | Known: Bob, John, Sun'),
    ("{null sender: perhaps}", "3:25 null sender: 'perhaps' is neither true nor false. | Write true or false."),
    ("{after: later}", "3:19 after: 'later' is not a span of time; write 30s, 10m, 22h30m or 60d."),
    ("text", "3:11 send is a map. | Write  send: {from: Sun, to: [Bob, John]}"),
    ("{eml: missing.eml}", "3:17 eml: missing.eml: there is no such file."),
]  # fmt: skip


@pytest.mark.parametrize(("send", "error"), SEND_ERRORS)
def test_what_is_wrong_with_a_message_is_said_at_its_place(send: str, error: str) -> None:
    found = errors_of(f"send: {send}\npath: Bob -> m365 -> internet -> Sun")
    assert [error.replace("3:", "4:", 1)] == found


EXPECTATION_ERRORS = [
    ("reply: {att: RCPT}", "unknown fact att in reply. | Did you mean at?"),
    ("reply: RCPT", "reply: a map is expected. | Write {at: ...}"),
    ("reply: {onprm: {code: 550}}", "reply: 'onprm' is neither a fact nor a person, server or link. | Did you mean onprem?"),
    ("reply: {m365 -> onprm: {code: 550}}", 'no server "onprm" in lab.yaml. | Did you mean onprem?'),
    ("reply: {code: 5577}", "'5577' is not a code. | Write 550, 550 5.7.64, 5.7.64, 5.7.*, 4xx or *."),
    ("deferred: {at: exchange}", 'no server "exchange" in lab.yaml. | Known: m365, onprem, internet'),
    ("ndr: nothing", "ndr: a map is expected. | Write none, or {to: ...}"),
    ("ndr: {to: Rob}", 'no person "Rob" in lab.yaml. | Known: Bob, John, Sun'),
    ("ndr: {headers: x}", "headers: a map is expected. | Write  {Subject: text}"),
    ("tls: encrypted", "tls: a map of links is expected. | Write  {a -> b: ...}"),
    ("tls: {m365 -> onprm: any}", 'no server "onprm" in lab.yaml. | Did you mean onprem?'),
    ("tls: {m356 -> onprem: any}", 'no server "m356" in lab.yaml. | Did you mean m365?'),
    ("tls: {m365: any}", "tls: 'm365' is not a link. | Write  a -> b: ..."),
    ("tls: {m365 -> onprem: secure}", "tls: 'secure' is not a grade. | Known: none, encrypted, trusted, verified, any"),
    ("session: {m365 -> onprem: {ehlo: X}}", "unknown fact ehlo in session. | Did you mean ehlo has?"),
    ("headers: x", "headers: a map is expected. | Write  {NAME: ...}"),
    ("rules: {R: maybe}", "rules: 'maybe' is not known here. | Write run or not run."),
    ("never: [Rob]", 'never: no server or person "Rob" in lab.yaml. | Known: m365, onprem, internet, Bob, John, Sun'),
    ("retries: often", "retries: 'often' is not a number or range. | Write 2 or 1..4."),
    ("within: soon", "within: 'soon' is not a span of time. | Write 30s, 10m, 22h30m or 2d."),
    ("until: soon", "until: 'soon' is not a span of time; write 30s, 10m, 22h30m or 60d."),
    ("until: {any of: []}", "any of: nothing is named. | Write  any of: [...]"),
    ("date: today", "date: 'today' is not a date; write 2026-03-02 or 2026-03-02T09:30."),
    ("violates: no lop", "violates: 'no lop' is not an invariant. | Did you mean no loop?"),
    ("always: no lop", "always: 'no lop' is not an invariant. | Did you mean no loop?"),
    ("also: [Bob -> m365 -> Bob]", '"Bob" is a person, and a server is expected here. | Known: m365, onprem, internet'),
]  # fmt: skip


@pytest.mark.parametrize(("key", "error"), EXPECTATION_ERRORS)
def test_what_is_wrong_with_an_expectation_is_said(key: str, error: str) -> None:
    assert [error] == [e.partition(" ")[2] for e in errors_of(f"path: Bob -> m365 -> internet -> Sun\n{key}")]


def test_the_form_of_a_link_is_pointed_at_inside_the_key() -> None:
    (error,) = errors_of("path: Bob -> m365 -> internet -> Sun\ntls: {m365 -> onprm: any}")
    assert error.startswith("5:19 ")


def test_a_stranger_hands_in_at_the_first_server_of_the_sentence() -> None:
    assert "m365" == flow_of("flows: {x: eve@evil.example -> m365 -> Bob}\n").send[0].server
    assert "" == flow_of("flows: {x: Sun -> internet -> m365 -> Bob}\n").send[0].server


@pytest.mark.parametrize(
    ("flow", "error"),
    [
        (
            "path: eve@evil.example -> ... -> Bob",
            "4:38 it is not said where eve@evil.example hands in this mail. | Add  send: {server: NAME}",
        ),
        (
            "send: {null sender: true, from: eve@evil.example, to: Bob}\nnever: [John]",
            "4:11 it is not said where eve@evil.example hands in this mail. | Add  send: {server: NAME}",
        ),
        (
            "path: Bob -> m365 -> Bob\nsend: {server: mail.elsewhere.example}",
            "5:20 server: mail.elsewhere.example leads to no server of the lab. | Known: m365, onprem, internet",
        ),
    ],
)
def test_mail_is_handed_in_at_a_server_of_the_lab(flow: str, error: str) -> None:
    assert [error] == errors_of(flow)


def test_a_repeated_flow_is_not_reported_twice() -> None:
    found = scenario_errors(
        "flows: {x: {path: Rob -> m365 -> Bob, date: today}}\nstages: [{stage: a, still: x}, {stage: b, still: x}]\n"
    )
    assert ["2:19", "2:45"] == [e.split()[0] for e in found]


def test_a_flow_that_nobody_sends_is_an_error() -> None:
    assert ["4:11 nobody sends this mail. | Add  send: {from: PERSON}"] == errors_of("send: {to: Bob}\nnever: [onprem]")


def test_all_problems_of_scenario_and_lab_are_told_at_once() -> None:
    lab = CONTOSO.replace("TlsSettings: CertificateValidation", "TlsSettings: Required").replace("MX: [10 ", "MX: [")
    found = scenario_errors(
        "flowz: {}\ndo: [sotp: x]\nflows:\n  a: Bob -> x -> John\n  b: {path: Rob -> m365 -> John, retries: x}\n", lab
    )
    assert ["lab.yaml", "lab.yaml", "2:1", "3:6", "5:13", "6:13", "6:43"] == [e.split()[0] for e in found]


def test_a_missing_lab_is_told_where_it_is_named() -> None:
    text = "lab: labs/missing.yaml\nflows: {x: Bob -> m365 -> Bob}\n"
    with pytest.raises(ScenarioFileError) as caught:
        load_scenario(reader(scenario=text), "scenario.yaml")
    assert (
        "scenario.yaml:1:6  labs/missing.yaml: there is no such file.\n"
        "    1 | lab: labs/missing.yaml\n"
        "      |      ^^^^^^^^^^^^^^^^^ Paths are relative to the file that names them."
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("flows: {x: Bob -> m365 -> Bob}", "1:1 a scenario names its lab. | Write  lab: labs/contoso.yaml"),
        ("lab: [a]\nflows: {x: Bob -> m365 -> Bob}", "1:6 lab is the path of one file, or a lab."),
        ("[a]", "1:1 a scenario is a mapping with lab and flows."),
    ],
)
def test_a_scenario_without_a_lab_is_none(text: str, error: str) -> None:
    with pytest.raises(ScenarioFileError) as caught:
        load_scenario(reader(scenario=text), "scenario.yaml")
    (problem,) = caught.value.problems
    assert error == f"{problem.at.line}:{problem.at.column} {problem.says}{' | ' if problem.fix else ''}{problem.fix}"


def test_a_missing_or_broken_file_is_told() -> None:
    with pytest.raises(ScenarioError, match="there is no such file"):
        load_scenario(reader(), "scenario.yaml")
    assert ['1:12 wildcard needs quotes | YAML reads * as a reference. Write "*.a"'] == scenario_errors(
        "x", "x: [1, 2, 3]"
    )[:0] + [f"1:12 {e.partition(' ')[2]}" for e in scenario_errors("x: *.a")]
    assert ["lab.yaml 1:1 a lab is a mapping with people, servers and dns."] == scenario_errors("flows: {}", "[a]")
    assert ['lab.yaml 1:4 wildcard needs quotes | YAML reads * as a reference. Write "*.a"'] == scenario_errors(
        "flows: {}", "x: *.a"
    )


def test_problems_come_with_the_lines_they_are_about() -> None:
    with pytest.raises(ScenarioFileError) as caught:
        scenario_of("flows:\n  a: Bob -> exchange -> John\n")
    assert (
        'scenario.yaml:3:13  no server "exchange" in lab.yaml.\n'
        "    2 | flows:\n"
        "    3 |   a: Bob -> exchange -> John\n"
        "      |             ^^^^^^^^ Known: m365, onprem, internet"
    ) == str(caught.value)


def test_every_word_of_send_is_read() -> None:
    assert set(SEND_WORDS) == set(_KEYS)

"""What `explain` tells of a planned message: every hop, every candidate, the sentence last."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from simulator.cli.explain import planned
from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.played import Played
from simulator.report.explanation import explanation, explanation_json
from simulator.report.hops import blocks
from simulator.report.whynot import WhyNot, connectors_of, why_not
from simulator.report.whynot_text import why_not_json, why_not_text
from simulator.scenario.lab import START
from simulator.scenario.model import Send
from simulator.source import Node
from simulator.topology import CertificateSpec, Lab
from tests.doors.wired import LAB, WiredHost, wired_lab, wired_tree

ANN_TO_BOB = Send(Address.parse("ann@east.test"), (Address.parse("bob@west.test"),), "Ann")


def plan(lab: Lab, tree: Node) -> tuple[Played, Played | None]:
    return planned(lab, tree, ANN_TO_BOB, START)


def told(text: str = LAB, **answers: Reply) -> str:
    """What is said about Ann's mail to Bob when west answers like this."""
    tree = wired_tree(text)
    lab = wired_lab(tree)
    west = lab.hosts["west"]
    assert isinstance(west, WiredHost)
    return explanation(*plan(replace(lab, hosts={**lab.hosts, "west": replace(west, answers=answers)}), tree))


def refusal(name: str, text: str = LAB, certificates: dict[str, CertificateSpec] | None = None) -> WhyNot:
    tree = wired_tree(text)
    connector = next(c for c in connectors_of(tree) if c.name == name)

    def play(changed: Node) -> Played:
        return plan(wired_lab(changed, certificates), changed)[0]

    return why_not(tree, connector, play(tree), play)


def test_text_ends_with_the_sentence_and_how_it_ended() -> None:
    expected = ["Ann -> east -[To wild]-> west -> Bob", "delivered: 2 hops, 1 connector, TLS on every hop"]
    assert expected == told().splitlines()[-2:]


def test_text_begins_with_the_addresses_and_says_that_nothing_is_sent() -> None:
    head = told().splitlines()[0]
    assert head.startswith("ann@east.test -> bob@west.test ")
    assert head.endswith("rules only, nothing is sent")


def test_every_hop_is_a_numbered_block() -> None:
    labels = [line.split()[:2] for line in told().splitlines() if line[:1].isdigit()]
    assert [["1", "east"], ["2", "west"]] == labels


def test_every_candidate_is_told_with_its_reason_and_its_place_the_chosen_one_first() -> None:
    lines = told().splitlines()
    first = next(n for n, line in enumerate(lines) if "CONNECTOR" in line)
    names = [line.split()[0] for line in lines[first + 1 : first + 5]]
    assert ["chosen", "not", "not", "not"] == names
    assert "To wild" in lines[first + 1]
    assert any("Off " in line and "disabled" in line and "wired.yaml:6:" in line for line in lines)


def test_a_rule_carries_the_mark_of_its_fidelity() -> None:
    assert "WIRED-PICK [inf]" in told()


def test_clear_text_hops_are_named() -> None:
    tree = wired_tree()
    text = explanation(*plan(wired_lab(tree, {"east": CertificateSpec("mx.east.test")}), tree))
    assert "delivered: 2 hops, 1 connector, clear text east -> west" == text.splitlines()[-1]


def test_a_refusal_names_the_server_and_its_words() -> None:
    text = told(bob=Reply(550, "5.7.64", "Relay Access Denied"))
    assert "refused by west: 550 5.7.64 Relay Access Denied" == text.splitlines()[-1]
    assert "REFUSE     bob@west.test at RCPT: 550 5.7.64 Relay Access Denied" in text


def test_mail_that_waits_is_told_with_where_it_would_end() -> None:
    lines = told(bob=Reply(451, "4.7.1", "Greylisted")).splitlines()
    assert "waits at east: 451 4.7.1 Greylisted" == lines[-2]
    assert lines[-1].startswith("in the end, after 30 min and 3 attempts: Ann -> east ")


def test_later_attempts_are_no_part_of_the_hops() -> None:
    assert 1 == told(bob=Reply(451, "4.7.1", "Greylisted")).count("QUEUE")


def test_output_is_ascii() -> None:
    assert told().isascii()


def test_json_has_the_same_hops_and_fits_into_a_line_of_any_shell() -> None:
    tree = wired_tree()
    played, later = plan(wired_lab(tree), tree)
    document = json.loads(json.dumps(explanation_json(played, later)))
    assert "mailflow/explain/1" == document["schema"]
    assert ["Ann -> east -[To wild]-> west -> Bob"] == document["path"]
    assert [b.host for b in blocks(played)] == [hop["host"] for hop in document["hops"]]
    chosen = [c["name"] for hop in document["hops"] for s in hop["steps"] for c in s["candidates"] if c["chosen"]]
    assert ["To wild"] == chosen


# Why not


def remedies(answer: WhyNot) -> set[tuple[str, ...]]:
    return {tuple(f"{c.owner}: {c.reads}" for c in r.changes) for r in answer.remedies}


def test_a_connector_that_is_used_needs_no_change() -> None:
    tree = wired_tree()
    text = why_not_text(plan(wired_lab(tree), tree)[0], refusal("To wild"))
    assert '"To wild" is used:' == text.splitlines()[0]


def test_a_disabled_connector_needs_to_be_enabled() -> None:
    assert {("Off: Enabled: true",)} == remedies(refusal("Off"))


def test_a_less_specific_connector_needs_the_winner_out_of_the_way_or_a_domain_of_its_own() -> None:
    expected = {
        ("To all: RecipientDomains with west.test",),
        ("To wild: Enabled: false",),
        ("To wild: RecipientDomains did not cover west.test",),
    }
    assert expected == remedies(refusal("To all"))


def test_where_one_change_is_not_enough_pairs_are_told() -> None:
    answer = refusal("Off and elsewhere")
    assert ("Off and elsewhere: Enabled: true", "Off and elsewhere: RecipientDomains with west.test") in remedies(
        answer
    )
    assert {2} == {len(r.changes) for r in answer.remedies}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("By address", ("By address: SenderIPAddresses with 203.0.113.1",)),
        ("By name", ("By name: TlsSenderCertificateName: *.east.test",)),
        ("By name", ("east: cert: {subject: mx.other.test}",)),
    ],
)
def test_an_inbound_connector_needs_to_know_the_address_or_the_certificate(
    name: str, expected: tuple[str, ...]
) -> None:
    tree = wired_tree()
    connector = next(c for c in connectors_of(tree) if c.name == name)

    def play(changed: Node) -> Played:
        return plan(wired_lab(changed, _certificates(changed)), changed)[0]

    assert expected in remedies(why_not(tree, connector, play(tree), play))


def _certificates(tree: Node) -> dict[str, CertificateSpec]:
    """Certificates as a lab file's `cert: {subject: ...}` gives them."""
    found = {n: CertificateSpec(f"mx.{n}.test") for n in ("east", "west")}
    servers = tree.get("servers") or Node.of({})
    for server in servers.entries:
        cert = server.node.get("cert")
        if cert and (subject := cert.get("subject")):
            found[server.key] = CertificateSpec(subject.text)
    return found


def test_every_change_names_the_setting_as_it_is_and_its_place() -> None:
    change = next(r.changes[0] for r in refusal("To all").remedies if "did not cover" in r.changes[0].reads)
    assert ("*.test", "wired.yaml:5:35") == (change.now, str(change.at))


def test_a_setting_that_is_left_out_is_told_with_its_default() -> None:
    change = next(r.changes[0] for r in refusal("To all").remedies if r.changes[0].reads == "Enabled: false")
    assert "true, the default" == change.now


def test_the_text_says_why_it_lost_and_what_was_used_instead() -> None:
    tree = wired_tree()
    lines = why_not_text(plan(wired_lab(tree), tree)[0], refusal("Off")).splitlines()
    assert lines[0].startswith('"Off", outbound connector of east, is not used.')
    assert "why      disabled" in lines[1]
    assert "wired.yaml:6:" in lines[1]
    assert "  instead  To wild" == lines[2]
    assert "It would be chosen if ONE of these were true:" in lines


def test_json_of_why_not_has_the_verified_path() -> None:
    tree = wired_tree()
    document = why_not_json(plan(wired_lab(tree), tree)[0], [refusal("Off")])
    remedy = document["connectors"][0]["remedies"][0]
    assert ["Ann -> east -[Off]-> west -> Bob"] == remedy["path"]

"""What differs between two runs: detours, codes, TLS and waiting are found although both are green; equal runs have nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.report.behaviour import Change, NoRun, behaviour, behaviour_json, behaviour_text, read_run
from simulator.report.run_json import run_document
from tests.report.failing import a_run

Document = dict[str, Any]

LOOSE = """\
scenario: loose sentences
lab: labs/contoso.yaml
flows:
  Bob to John: Bob -> ... -> John
  Sun to Bob: Sun -> ... -> Bob
  Eve to Sun: {path: "Eve -> m365 -> REJECTED", send: {from: eve@evil.example, to: Sun, server: m365, as: 192.0.2.66}}
"""

NO_CERTIFICATE = ("    cert: {subject: mail.contoso.com, issuer: lab-public-ca, valid: 60d}\n", "")
ANY_TLS = ("        TlsSettings: CertificateValidation\n", "")
DIRECT = ("    MX: [0 contoso-com.mail.protection.outlook.com]", "    MX: [0 mail.contoso.com]")
GREYLIST = ("    Domains:\n", "    Enable Greylisting: true\n    Domains:\n")


def document(*changes: tuple[str, str], flows: str = LOOSE, seed: int = 7) -> Document:
    run = a_run(*changes, flows=flows, seed=seed)
    assert 0 == run.exit_code, [d for f in run.flows() for d in f.differences]
    written: Document = json.loads(json.dumps(run_document(run)))
    return written


def test_two_equal_runs_have_nothing_between_them() -> None:
    found = behaviour(document(), document())
    assert ((), 3, 0) == (found.changes, found.compared, found.flows)
    assert "3 flows compared: none behaves differently" == behaviour_text(found)


def test_a_detour_is_found_although_both_runs_pass() -> None:
    (change,) = behaviour(document(), document(DIRECT)).changes
    assert ("path", "Sun to Bob") == (change.kind, change.name)
    assert ("Sun -> internet -[none]-> m365 -> Bob",) == change.was
    assert ("Sun -> internet -> onprem -[own servers to O365]-> m365 -> Bob",) == change.now


def test_a_lost_tls_is_found_although_both_runs_pass() -> None:
    (change,) = behaviour(document(ANY_TLS), document(ANY_TLS, NO_CERTIFICATE)).changes
    assert ("tls", "Bob to John") == (change.kind, change.name)
    assert ("m365 -> onprem: encrypted TLSv1.3",) == change.was
    assert ("m365 -> onprem: none",) == change.now


def test_a_new_deferral_is_found_although_both_runs_pass() -> None:
    (change,) = behaviour(document(), document(GREYLIST)).changes
    assert ("deferral", "Bob to John", ()) == (change.kind, change.name, change.was)
    assert 1 == len(change.now)
    assert change.now[0].startswith("waits at m365 for onprem: 4")


def test_another_code_of_the_same_refusal_is_a_change_of_code() -> None:
    base, head = document(), document()
    flow = head["scenarios"][0]["flows"][2]
    flow["got"] = [sentence.replace("550 5.7.64", "550 5.7.1") for sentence in flow["got"]]
    (change,) = behaviour(base, head).changes
    assert ("code", "Eve to Sun") == (change.kind, change.name)


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        ("A -> b -> REJECTED 550 5.7.1 for C", "A -> b -> REJECTED 550 5.7.64 for C", "code"),
        ("A -> b -> REJECTED for C", "A -> b -> REJECTED 451 for C", "code"),
        ("A -> b -> DEFERRED 450 4.4.317 for C", "A -> b -> DEFERRED 451 4.7.0 for C", "code"),
        ("A -> b -> REJECTED 550 5.7.1 for C", "A -> b -> NDR 550 5.7.1 for C", "path"),
        ("A -> b -> REJECTED 550 for C", "A -> b -> REJECTED 550 for D", "path"),
        ("A -> b -> C", "A -> b -> C in Junk Email", "path"),
        ("A -> b -[x]-> c -> C", "A -> b -[none]-> c -> C", "path"),
    ],
)
def test_a_code_is_told_from_a_path(was: str, now: str, kind: str) -> None:
    def one(sentence: str) -> Document:
        flow = {"name": "f", "stage": None, "status": "pass", "line": 1, "got": [sentence]}
        return {"schema": "mailflow/run/1", "scenarios": [{"file": "f.yaml", "scenario": "s", "flows": [flow]}]}

    assert [Change(kind, "f.yaml", "", "f", 1, (was,), (now,))] == [*behaviour(one(was), one(now)).changes]


def test_the_order_of_copies_says_nothing() -> None:
    base, head = document(), document()
    for number, side in enumerate((base, head)):
        side["scenarios"][0]["flows"][0]["got"] = ["A -> b -> C", "A -> b -> D"][:: -1 if number else 1]
    assert () == behaviour(base, head).changes


def test_flows_that_appear_and_vanish_are_told_and_those_of_a_renamed_file_are_compared() -> None:
    base, head = document(), document()
    head["scenarios"][0]["flows"][0]["name"] = "Bob to John again"
    found = behaviour(base, head)
    assert [("appeared", "Bob to John again"), ("vanished", "Bob to John")] == [(c.kind, c.name) for c in found.changes]
    renamed = document()
    renamed["scenarios"][0]["file"] = "scenarios/other.yaml"
    assert ((), 3) == (behaviour(base, renamed).changes, behaviour(base, renamed).compared)


def test_a_flow_that_breaks_is_counted() -> None:
    base, head = document(), document()
    head["scenarios"][0]["flows"][0]["status"] = "fail"
    found = behaviour(base, head)
    assert (1, "status") == (found.broke, found.changes[0].kind)
    assert "1 of 3 flows behave differently (1 status), 1 broke" == behaviour_text(found).splitlines()[-1]
    assert {"flows": 1, "broke": 1, "compared": 3}.items() <= behaviour_json(found).items()


def test_what_an_older_document_does_not_know_is_not_compared() -> None:
    old = document(ANY_TLS)
    for flow in old["scenarios"][0]["flows"]:
        del flow["hops"], flow["deferrals"]
    assert () == behaviour(old, document(ANY_TLS, NO_CERTIFICATE)).changes


def test_runs_that_are_hard_to_compare_say_so() -> None:
    assert ("seed differs: 7 and 8",) == behaviour(document(), document(seed=8)).notes


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"schema": "mailflow/run/2", "scenarios": []}', '{"schema": "mailflow/run/1", "scenarios": [{}]}',
     '{"schema": "mailflow/run/1", "scenarios": [{"flows": [{"name": "x"}]}]}'],
)  # fmt: skip
def test_another_document_is_refused(text: str) -> None:
    with pytest.raises(NoRun, match=r"x\.json"):
        read_run(json.loads(text), "x.json")

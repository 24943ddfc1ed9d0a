"""Connectors of a lab's tree, changed as the cmdlets do."""

from __future__ import annotations

from pathlib import Path

import pytest

import simulator
from simulator.scenario.connectors import Refused, Wanted, after, connectors_in, find, objections
from simulator.scenario.editing import edited
from simulator.scenario.load import read_yaml
from simulator.source import Node

LABS = Path(simulator.__file__).parents[1] / "scenarios" / "labs"


def lab(name: str = "contoso") -> Node:
    return read_yaml((LABS / f"{name}.yaml").read_text(encoding="utf-8"), "lab.yaml")


def test_connectors_of_every_product_that_has_some_are_found() -> None:
    found = [(c.server, c.kind, c.name) for c in connectors_in(lab())]
    assert [("m365", "outbound", "O365 to own servers"), ("m365", "inbound", "own servers to O365")] == found
    kinds = {c.kind for name in ("hybrid", "exchange") for c in connectors_in(lab(name))}
    assert {"outbound", "inbound", "send"} <= kinds


def test_set_changes_what_is_named_and_nothing_else() -> None:
    before = lab()
    new = after(before, Wanted("Set", "o365 TO own servers", (("smarthosts", "a.example, b.example"),)))
    was, now = find(before, "O365 to own servers"), find(new, "O365 to own servers")
    assert ["a.example", "b.example"] == [n.text for n in now.node.get("SmartHosts") or ()]
    assert was.node.without("SmartHosts").plain() == now.node.without("SmartHosts").plain()
    assert ([], []) == objections(before, new, "lab.yaml")


def test_off_and_on_are_the_lab_that_it_was() -> None:
    off = after(lab(), Wanted("Set", "O365 to own servers", (("Enabled", "false"),)))
    assert not find(off, "O365 to own servers").enabled
    on = after(off, Wanted("Set", "O365 to own servers", (("Enabled", "true"),)))
    assert on.plain() == lab().plain()


def test_new_and_remove_are_the_lab_that_it_was() -> None:
    made = after(
        lab(), Wanted("New", "To F", (("ConnectorType", "Partner"), ("RecipientDomains", "f.example")), "outbound")
    )
    assert ([], []) == objections(lab(), made, "lab.yaml")
    assert lab().plain() == after(made, Wanted("Remove", "to f")).plain()


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Wanted("Set", "O365 to own server", (("Enabled", "false"),)), "Did you mean O365 to own servers?"),
        (Wanted("Set", "O365 to own servers", (("SmartHost", "a"),)), "no setting SmartHost. Did you mean SmartHosts?"),
        (Wanted("Set", "O365 to own servers", (("Identity", "a"),)), "no setting Identity."),
        (Wanted("Set", "O365 to own servers", (("Enabled", "a"), ("ENABLED", "b"))), "given twice"),
        (Wanted("Set", "O365 to own servers", (("SmartHosts", "[a, b"),)), "SmartHosts: "),
        (Wanted("New", "O365 to own servers", (), "outbound"), "already has the outbound connector"),
        (Wanted("New", " ", (), "outbound"), "needs a name"),
        (Wanted("New", "a\nb", (), "outbound"), "on one line"),
        (Wanted("Set", "O365 to own servers", (("Name", "a\x1b[1m"),)), "on one line"),
        (Wanted("New", "X", (), "send"), "no server of this lab has send connectors. There are: outbound, inbound."),
        (Wanted("New", "X", (), "inbound", "onprem"), "onprem has no inbound connectors. Known: m365"),
        (Wanted("Remove", "O365 to own servers", (), "inbound"), "no inbound connector"),
    ],
)
def test_what_a_cmdlet_refuses_is_refused_with_the_nearest_name(wanted: Wanted, says: str) -> None:
    with pytest.raises(Refused) as why:
        after(lab(), wanted)
    assert says in str(why.value)


def test_a_receive_connector_that_every_server_has_is_set_without_being_written() -> None:
    tree = lab("exchange")
    default = "Default Frontend ONPREM"
    assert default not in [c.name for c in connectors_in(tree)]
    found = find(after(tree, Wanted("Set", default, (("MaxMessageSize", "5MB"),))), default)
    assert ("receive", "5MB") == (found.kind, (found.node.get("MaxMessageSize") or Node.of("")).text)
    with pytest.raises(Refused, match="cannot be removed"):
        after(tree, Wanted("Remove", default))


ALL_LABS = sorted((*LABS.glob("*.yaml"), *LABS.parents[1].glob("simulator/templates/*/labs/*.yaml")))


@pytest.mark.parametrize("file", ALL_LABS, ids=lambda file: f"{file.parent.parent.name} {file.stem}")
def test_every_connector_of_every_lab_is_changed_in_its_file(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    tree = read_yaml(text, "lab.yaml")
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    for one in connectors_in(tree):
        for settings in ((("Enabled", "false"),), (("Comment", "a: b # c"),), (("Name", "x: y"),)):
            wanted = after(tree, Wanted("Set", one.name, settings, one.kind, one.server))
            new = edited(text, wanted)
            assert wanted.plain() == read_yaml(new, "lab.yaml").plain()
            assert comments == [line for line in new.splitlines() if line.lstrip().startswith("#")]
            assert -1 <= len(new.splitlines()) - len(text.splitlines()) <= 1


def test_two_connectors_of_one_name_are_asked_about() -> None:
    twice = after(
        lab(),
        Wanted("New", "O365 to own servers", (("ConnectorType", "Partner"), ("SenderDomains", "f.example")), "inbound"),
    )
    with pytest.raises(Refused, match="outbound at m365 and inbound at m365"):
        find(twice, "O365 to own servers")
    assert "inbound" == find(twice, "O365 to own servers", "inbound").kind


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ((("TlsSettings", "DomainValidation"),), "needs TlsDomain"),
        ((("UseMXRecord", "perhaps"),), "neither true nor false"),
        ((("ConnectorType", "Partners"),), "Partners"),
        ((("SmartHosts", "remove"),), "SmartHosts"),
    ],
)
def test_the_products_own_objections_are_told(settings: tuple[tuple[str, str], ...], says: str) -> None:
    errors, _ = objections(lab(), after(lab(), Wanted("Set", "O365 to own servers", settings)), "lab.yaml")
    assert any(says in problem.says for problem in errors), errors


def test_what_was_wrong_before_is_no_objection() -> None:
    broken = after(lab(), Wanted("Set", "O365 to own servers", (("TlsSettings", "DomainValidation"),)))
    other = after(broken, Wanted("Set", "own servers to O365", (("Enabled", "false"),)))
    assert ([], []) == objections(broken, other, "lab.yaml")

"""CLIXML: objects, lists, enums, references, escapes."""

from __future__ import annotations

import pytest

from simulator.importing.clixml import read_clixml
from simulator.scenario.errors import ScenarioError
from tests.importing.importing import imported

OBJS = """<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0">
    <TN RefId="0"><T>Deserialized.Microsoft.Exchange.Data.Directory.SystemConfiguration.TenantInboundConnector</T></TN>
    <ToString>Own server</ToString>
    <Props>
      <B N="Enabled">true</B>
      <Obj N="ConnectorType" RefId="1"><TN RefId="1"><T>x</T></TN><ToString>OnPremises</ToString><I32>1</I32></Obj>
      <Obj N="SenderDomains" RefId="2"><TN RefId="2"><T>x</T></TN><LST><S>smtp:*;1</S></LST></Obj>
      <Obj N="SenderIPAddresses" RefId="3"><LST><S>203.0.113.25</S><S>203.0.113.26</S></LST></Obj>
      <B N="RequireTls">false</B>
      <Nil N="TlsSenderCertificateName" />
      <S N="Name">Own_x0020_server</S>
      <G N="Guid">4f7f0a0e-7b0e-4b9e-9d59-3f8f2b8f0c11</G>
    </Props>
  </Obj>
  <Ref RefId="0" />
</Objs>
"""


def test_an_object_is_a_mapping_of_its_properties() -> None:
    first, again = read_clixml(OBJS, "in.xml").items
    expected = {
        "Enabled": "true", "ConnectorType": "OnPremises", "SenderDomains": ["smtp:*;1"],
        "SenderIPAddresses": ["203.0.113.25", "203.0.113.26"], "RequireTls": "false", "TlsSenderCertificateName": None,
        "Name": "Own server", "Guid": "4f7f0a0e-7b0e-4b9e-9d59-3f8f2b8f0c11",
    }  # fmt: skip
    assert expected == first.plain() == again.plain()
    assert "in.xml:6:7" == str(first.entries[0].key_at)


def test_a_connector_of_a_clixml_file_is_imported() -> None:
    made, _ = imported(("in.xml", OBJS))
    (connector,) = [one for one in made.objects if one.shape.section == "InboundConnectors"]
    assert ("exchange-online", "Own server") == (connector.kind, connector.name)
    assert ["203.0.113.25", "203.0.113.26"] == connector.settings["SenderIPAddresses"].plain()
    assert ("203.0.113.25", "203.0.113.26") == made.lab.servers["onprem"].addresses


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("<Objs><Obj></Objs>", "x.xml:1:14", "this is no XML: mismatched tag"),
        ("<html></html>", "x.xml:1:1", "<Objs> is expected, not <html>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><Objs>&b;</Objs>', "x.xml:1:1", "a document type has no place in CLIXML"),
    ],
)
def test_what_is_no_clixml_is_told_with_its_place(text: str, place: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read_clixml(text, "x.xml")
    (problem,) = error.value.problems
    assert expected == problem.says
    assert place.rpartition(":")[0] == str(problem.at).rpartition(":")[0]

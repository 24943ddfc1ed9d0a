"""`mailflow import`: files in, a lab that passes and a report out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main
from tests.importing.importing import FILES

TENANT = (
    "inbound.json",
    "outbound.json",
    "domains.json",
    "rules.json",
    "recipients.json",
    "contoso.com.zone",
    "people.csv",
)


def called(*args: str) -> Result:
    return CliRunner().invoke(main, list(args), prog_name="mailflow")


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every fixture."""
    monkeypatch.chdir(tmp_path)
    for file in FILES.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "files",
    [TENANT, ("dsc.ps1",), ("smartermail.json",), ("exchange.json",), ("minimal.json",), ("every-property.json",),
     ("smartermail.json", "inbound.json", "outbound.json", "domains.json"), ("people.csv", "contoso.com.zone")],
    ids=lambda files: " ".join(files),
)  # fmt: skip
def test_what_is_imported_passes_by_both_engines(in_folder: Path, files: tuple[str, ...]) -> None:
    made = called("import", *files, "--out", "x")
    assert 0 == made.exit_code, made.output
    played = called("-C", "x", "run")
    assert 0 == played.exit_code, played.output


def test_the_report_says_what_became_of_everything(in_folder: Path) -> None:
    output = called("import", *TENANT).output
    assert output.startswith(
        "read 1 inbound connector, 2 outbound connectors, 2 accepted domains, 2 mail flow rules, 4 recipients, 1 zone, 1 address\n"
    )
    for line in (
        "  not modelled  1  ", "    inbound.json:4:97  inbound connector own servers to O365: TrustedOrganizations: fabrikam.example",
        "  unknown       1  ", "    onprem: is: smartermail  (connectors do not say what the own server is; --onprem KIND does)",
        "wrote labs/contoso.yaml (4 servers, 6 people)", "next: mailflow run",
    ):  # fmt: skip
        assert line in output
    whole = (in_folder / "import-report.txt").read_text(encoding="utf-8")
    assert "outbound.json:5:20  outbound connector O365 to own servers: TlsSettings: CertificateValidation" in whole
    assert "WhenChangedUTC@data.type" in whole


def test_json_has_the_same(in_folder: Path) -> None:
    told = json.loads(called("import", *TENANT, "--json").output)
    assert "mailflow/import/1" == told["schema"]
    assert ["labs/contoso.yaml", "scenarios/as-is.yaml", "import-report.txt"] == told["files"]
    assert {"inbound connectors": 1, "outbound connectors": 2}.items() <= told["read"].items()
    assert {"name": "Sun to Bob Berg", "path": ["Sun -> internet -[none]-> m365 -> Bob Berg"], "arrives": True} in told[
        "flows"
    ]


def test_utf_16_of_windows_powershell_is_read(in_folder: Path) -> None:
    text = (in_folder / "inbound.json").read_text(encoding="utf-8")
    (in_folder / "in16.json").write_text(text.replace("\n", "\r\n"), encoding="utf-16")
    (in_folder / "in8.json").write_text(text, encoding="utf-8-sig")
    for name in ("in16.json", "in8.json"):
        made = called("import", name, "--out", name.partition(".")[0], "--json")
        assert {"inbound connectors": 1} == json.loads(made.output)["read"]


def test_broken_files_are_told_with_their_lines_all_at_once(in_folder: Path) -> None:
    (in_folder / "a.json").write_text('{\n  "Name": "x"\n  "Enabled": true\n}', encoding="utf-8")
    (in_folder / "b.json").write_text("", encoding="utf-8")
    (in_folder / "c.txt").write_text("hello\n", encoding="utf-8")
    done = called("import", "a.json", "b.json", "c.txt")
    assert 3 == done.exit_code
    assert "a.json:3:3" in done.output
    assert '"," or "}" is expected after a value' in done.output
    assert '    3 |   "Enabled": true' in done.output
    assert "b.json:1:1  the file is empty" in done.output
    assert "c.txt:1:1  this is neither JSON, CLIXML, a script, a zone file nor a list of addresses" in done.output
    assert not (in_folder / "labs").exists()


def test_a_file_of_nothing_known_is_told(in_folder: Path) -> None:
    (in_folder / "x.json").write_text('[{"Foo": 1}]', encoding="utf-8")
    done = called("import", "x.json")
    assert 3 == done.exit_code
    assert "this is a record of nothing that is known here" in done.output


def test_nothing_is_written_over_unless_forced(in_folder: Path) -> None:
    assert 0 == called("import", "dsc.ps1").exit_code
    again = called("import", "dsc.ps1")
    assert (2, True) == (again.exit_code, "--force" in again.output)
    assert 0 == called("import", "dsc.ps1", "--force").exit_code


def test_the_lab_is_named_by_its_default_domain_or_as_told(in_folder: Path) -> None:
    called("import", "domains.json", "inbound.json")
    called("import", "domains.json", "inbound.json", "--name", "mine", "--out", "y")
    assert (in_folder / "labs/contoso.yaml").exists()
    assert (in_folder / "y/labs/mine.yaml").exists()


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "x" * 300])
def test_a_name_is_no_path(in_folder: Path, name: str) -> None:
    done = called("import", "domains.json", "inbound.json", "--out", "z", "--name", name)
    assert done.exit_code in (0, 2)
    assert not (in_folder / "evil.yaml").exists()

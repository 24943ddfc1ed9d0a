"""The commands beside the mail: doctor, certs, schema, about, completion."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from cryptography import x509

import simulator.cli.doctor
from simulator.cli import main
from simulator.cli.about import fidelity_markdown, registered_rules
from simulator.policy.rules import FIDELITIES, Rule

LAB = """\
mailflow: 1
name: two
people: {Bob: bob@contoso.com at onprem, Sun: sun@customer.example at internet}
servers:
  onprem:
    is: smartermail
    fqdn: mail.contoso.com
    ip: 203.0.113.25
    cert: {subject: mail.contoso.com, valid: 60d}
    Domains: {contoso.com: {}}
  internet: {is: internet, fqdn: mx.customer.example, ip: 198.51.100.7, cert: expired}
dns:
  contoso.com: {MX: [10 mail.contoso.com]}
  customer.example: {MX: [10 mx.customer.example]}
"""


def called(*args: str) -> Result:
    return CliRunner().invoke(main, list(args), prog_name="mailflow")


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one lab."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs/two.yaml").write_text(LAB)
    return tmp_path


# doctor


def test_doctor_finds_that_labs_can_run_here() -> None:
    result = called("doctor")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "Labs can run on this computer." == lines[-1]
    assert [f"ok       {name}" for name in simulator.cli.doctor.CHECKS] == [
        line[:22].rstrip() for line in lines[: len(simulator.cli.doctor.CHECKS)]
    ]


def _fails() -> str:
    raise OSError("no loopback")


def test_doctor_names_the_problem_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(simulator.cli.doctor.CHECKS, "ports", _fails)
    result = called("doctor")
    assert result.exit_code == 4
    assert "problem  ports         OSError: no loopback" in result.output
    assert "fix: " in result.output
    assert "1 problem: labs may not run here" == result.output.splitlines()[-1]


def test_doctor_tells_programs_too() -> None:
    document = json.loads(called("doctor", "--json").stdout)
    assert "mailflow/doctor/1" == document["schema"]
    assert {"ok", "note"} >= {check["result"] for check in document["checks"]}


def test_a_peer_that_is_missing_is_a_note_with_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    result = called("doctor")
    assert result.exit_code == 0
    assert "note     swaks" in result.output
    assert "install swaks" in result.output


# certs


def test_certs_writes_authorities_certificates_and_keys(in_folder: Path) -> None:
    result = called("certs")
    assert result.exit_code == 0, result.output
    names = {path.name.partition("worthless-")[2] for path in (in_folder / "certs").iterdir()}
    assert {"onprem.chain.pem", "onprem.key.pem", "internet.chain.pem", "internet.key.pem"} < names
    assert {"lab-public-ca.crt.pem", "lab-untrusted-ca.crt.pem"} < names
    assert result.output.splitlines()[-1].startswith("2 authorities, 2 certificates of two")


def test_only_the_owner_can_read_a_key(in_folder: Path) -> None:
    called("certs")
    keys = list((in_folder / "certs").glob("*.key.pem"))
    assert keys
    if os.name == "posix":
        assert {0o600} == {path.stat().st_mode & 0o777 for path in keys}


def test_certificates_are_valid_now_whatever_the_time_of_the_lab(in_folder: Path) -> None:
    called("certs")
    now = datetime.now(UTC)  # noqa: TID251 - what openssl would compare with
    good = _certificate(in_folder / "certs/worthless-onprem.chain.pem")
    assert good.not_valid_before_utc < now < good.not_valid_after_utc
    assert timedelta(days=59) < good.not_valid_after_utc - now < timedelta(days=61)
    assert _certificate(in_folder / "certs/worthless-internet.chain.pem").not_valid_after_utc < now


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_certs_replaces_its_own_files(in_folder: Path) -> None:
    called("certs")
    before = (in_folder / "certs/worthless-onprem.key.pem").read_bytes()
    assert called("certs").exit_code == 0
    assert before != (in_folder / "certs/worthless-onprem.key.pem").read_bytes()


@pytest.mark.parametrize(
    "name", ["worthless-onprem.key.pem", "worthless-onprem.chain.pem", "worthless-lab-public-ca.crt.pem"]
)
def test_certs_leaves_the_files_of_others_alone(name: str, in_folder: Path) -> None:
    (in_folder / "certs").mkdir()
    (in_folder / "certs" / name).write_text("precious")
    result = called("certs")
    assert result.exit_code == 2
    assert name in result.output
    assert ["precious"] == [path.read_text() for path in (in_folder / "certs").iterdir()]
    assert called("certs", "--force").exit_code == 0
    assert "precious" != (in_folder / "certs" / name).read_text()


def test_another_key_beside_a_chain_of_ours_is_not_ours(in_folder: Path) -> None:
    called("certs")
    key = in_folder / "certs/worthless-onprem.key.pem"
    key.write_bytes((in_folder / "certs/worthless-internet.key.pem").read_bytes())
    assert called("certs").exit_code == 2


def test_a_folder_that_cannot_be_written_is_told_plainly(in_folder: Path) -> None:
    (in_folder / "certs").write_text("a file")
    result = called("certs", "--out", "certs/below")
    assert result.exit_code == 2
    assert "cannot write into" in result.output


# schema


@pytest.mark.parametrize("part", [None, "lab", "scenario"])
def test_schema_is_json_schema(part: str | None) -> None:
    document = json.loads(called("schema", *([part] if part else [])).stdout)
    assert "https://json-schema.org/draft/2020-12/schema" == document["$schema"]
    assert {"lab", "scenario"} <= set(document["$defs"])
    assert (f"#/$defs/{part}" if part else None) == document.get("$ref")


# about


def test_about_says_what_it_is_and_that_nothing_leaves() -> None:
    result = called("about")
    assert "Nothing leaves this computer" in result.output
    assert result.output.startswith("mailflow ")


def test_fidelity_counts_every_rule() -> None:
    lines = called("about", "--fidelity").output.splitlines()
    assert lines[-1].startswith(f"{len(registered_rules())} rules: ")
    assert len(registered_rules()) + 2 == len(lines)


def test_every_rule_says_how_well_founded_it_is_and_where_it_comes_from() -> None:
    for one in registered_rules():
        assert one.fidelity in FIDELITIES, one.id
        assert one.source, one.id
        assert one.says, one.id


def test_the_page_of_rules_is_the_same_every_time() -> None:
    first, second = called("about", "--fidelity", "--markdown"), called("about", "--markdown")
    assert first.output == second.output
    assert first.output.startswith("# Rules\n")


def test_the_page_of_rules_keeps_its_columns() -> None:
    rules = (Rule("A-1", "a | b\nc", "inferred", "<x>"), Rule("B-1", "d", "documented", "RFC 5321"))
    lines = fidelity_markdown(rules).splitlines()
    assert "| A-1 | inferred | a \\| b c | &lt;x> |" in lines
    assert ["## A", "## B"] == [line for line in lines if line.startswith("## ")]


def test_rules_for_programs() -> None:
    document = json.loads(called("about", "--fidelity", "--json").stdout)
    assert [r.id for r in registered_rules()] == [r["id"] for r in document["rules"]]


# completion


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete"), ("zsh", "compdef"), ("fish", "complete")])
def test_completion_scripts_call_the_command(shell: str, word: str) -> None:
    script = called("completion", shell).stdout
    assert "_MAILFLOW_COMPLETE" in script
    assert word in script


def test_an_unknown_shell_is_a_wrong_command_line() -> None:
    assert called("completion", "cmd").exit_code == 2


def test_commands_complete_without_being_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: object, ctx: click.Context, name: str) -> None:
        raise AssertionError(name)

    context = click.Context(main)
    monkeypatch.setattr(type(main), "get_command", never)
    assert ["doctor"] == [item.value for item in main.shell_complete(context, "do")]
    assert ["--version"] == [item.value for item in main.shell_complete(context, "--ver")]


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_accepts_the_script() -> None:
    script = called("completion", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)

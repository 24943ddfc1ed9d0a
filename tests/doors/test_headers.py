"""`mailflow headers` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.cli import main
from tests.doors.projects import a_project
from tests.report.real_header import FROM_A_PROVIDER
from tests.report.real_mail import CONTOSO, saved

MX_MOVED = "dns: {contoso.com: {MX: [10 mail.contoso.com]}}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(a_project(tmp_path / "p"))
    return Path()


def called(*args: str, **extra: object) -> Result:
    result = CliRunner().invoke(main, ["headers", *args], prog_name="mailflow", **extra)  # type: ignore[arg-type]
    assert result.exit_code != 70, result.output
    return result


def test_the_same_way_is_exit_code_0(folder: Path) -> None:
    (folder / "r\u00e9ponse 1.eml").write_bytes(saved("John", "Bob"))
    result = called("r\u00e9ponse 1.eml")
    assert 0 == result.exit_code, result.output
    assert "real      onprem -> m365\n" in result.stdout
    assert "expected  John -> onprem -[own servers to O365]-> m365 -> Bob\n" in result.stdout


def test_another_way_is_exit_code_1_and_says_where_and_why(folder: Path) -> None:
    (folder / "m.eml").write_bytes(saved("Sun", "John", MX_MOVED))
    result = called("m.eml")
    assert 1 == result.exit_code, result.output
    assert "left the expected path behind internet (hop 1): it went to onprem, expected m365." in result.stdout
    assert (
        "MX: 0 mail.contoso.com    now 0 contoso-com.mail.protection.outlook.com    scenarios/labs/contoso.yaml:53:9"
        in result.stdout
    )


def test_json_says_the_same(folder: Path) -> None:
    (folder / "m.eml").write_bytes(saved("Sun", "John", MX_MOVED))
    result = called("m.eml", "--json")
    told = json.loads(result.stdout)
    assert {"hop": 1, "after": "internet", "went_to": "onprem", "expected": "m365"} == told["left"]
    assert ["internet", "onprem"] == [hop["server"] for hop in told["hops"]]
    assert ["MX: 0 mail.contoso.com"] == [c["setting"] for c in told["would_explain"]]
    assert 1 == result.exit_code


def test_standard_input_and_no_lab(folder: Path) -> None:
    result = called("-", "--no-lab", input=saved("Sun", "John"))
    assert 0 == result.exit_code
    assert "expected" not in result.stdout
    assert 5 == len([line for line in result.stdout.splitlines() if line[:3].strip().isdigit()])


def test_a_report_is_read_for_the_message_that_it_is_about(folder: Path) -> None:
    inner = saved("Sun", "John", MX_MOVED)
    report = (
        b'Return-Path: <>\r\nContent-Type: multipart/report; boundary="b"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n'
        b"Final-Recipient: rfc822; john@contoso.com\r\nDiagnostic-Code: smtp; 550 5.7.64 TenantAttribution\r\n\r\n--b\r\n"
        b"Content-Type: text/rfc822-headers\r\n\r\n" + inner + b"\r\n--b--\r\n"
    )
    (folder / "bounced.eml").write_bytes(report)
    result = called("bounced.eml")
    assert "Diagnostic-Code: smtp; 550 5.7.64 TenantAttribution" in result.stdout
    assert "left the expected path behind internet" in result.stdout


def test_a_stranger_is_planned_from_the_server_that_took_his_mail(folder: Path) -> None:
    octets = saved("Sun", "Bob").replace(b"sun@customer.example", b"eve@elsewhere.example")
    octets = octets.replace(b"by mx.customer.example", b"by mx.elsewhere.example")
    octets = octets.replace(b"mx.customer.example (198.51.100.7)", b"mx.elsewhere.example (192.0.2.43)")
    (folder / "m.eml").write_bytes(octets)
    result = called("m.eml")
    assert "the plan begins at m365, from 192.0.2.43" in result.stdout
    assert 0 == result.exit_code


@pytest.mark.parametrize(
    ("args", "octets", "says"),
    [
        (("none.eml",), None, "cannot read none.eml"),
        (("m.eml",), b" \r\n", "m.eml is empty"),
        (("m.eml",), b"Received: by mail.contoso.com\r\n\r\n", "say  --from WHO"),
        (("m.eml",), b"From: sun@customer.example\r\nReceived: by x\r\n\r\n", "say  --to WHO"),
        (("m.eml", "--to", "Jonh"), b"From: sun@customer.example\r\nReceived: by x\r\n\r\n", "Did you mean John?"),
    ],
)
def test_what_is_missing_is_said(args: tuple[str, ...], octets: bytes | None, says: str, folder: Path) -> None:
    if octets is not None:
        (folder / "m.eml").write_bytes(octets)
    result = called(*args)
    assert 2 == result.exit_code
    assert says in result.stderr


def test_without_a_lab_the_hops_are_told_and_that_nothing_was_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.eml").write_bytes(saved("Sun", "John"))
    result = called("m.eml")
    assert 0 == result.exit_code
    assert "say  --lab FILE" in result.stderr


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    octets=st.one_of(
        st.binary(min_size=1, max_size=300),
        st.lists(
            st.sampled_from([
                b"Received: from mail.contoso.com by x.mail.protection.outlook.com; 1 Jan 2026 0:0 +0000\n", b"Received: by\n", b"From: a@b\n",
                b"To: <john@contoso.com>\n", b"Received: \xff\xfe from\n", b"Return-Path: <>\n", b"\n", b"Content-Type: multipart/report\n",
                b"From: sun@customer.example\n", b"X-MS-Exchange-Organization-AuthAs: Internal\n",
            ])
        ).map(b"".join),
    )
)  # fmt: skip
def test_any_octets_are_read_or_refused(octets: bytes, tmp_path: Path) -> None:
    file = tmp_path / "m.eml"
    file.write_bytes(octets)
    assert called(str(file), "--lab", str(CONTOSO)).exit_code in (0, 1, 2)


def test_a_header_of_today_is_one_hop_of_the_service(folder: Path) -> None:
    (folder / "m.eml").write_bytes(FROM_A_PROVIDER)
    result = called("m.eml")
    assert 0 == result.exit_code, result.output
    assert "real      m365\n" in result.stdout
    assert "eve@provider.example has no mailbox in the lab; the plan begins at m365, from 192.0.2.43." in result.stdout
    assert "Gr\u00fc\u00dfe" in result.stdout.splitlines()[0]
    assert "another thing than expected" not in result.stdout

"""`mailflow up` and programs that know nothing of it: who they are is where they come from, and that decides everything.

They send as Sun's server, as John's server and as a stranger, on Linux by the address that they bind, elsewhere by the port
that they call. What `trace last --smtp` shows is what the client saw.
"""

from __future__ import annotations

import asyncio
import re
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.live.addresses import best_plan
from tests.doors.kept import Up, kept
from tests.doors.projects import LAB, a_project
from tests.peers.peers import spoken_by

pytestmark = pytest.mark.asyncio

BY_ADDRESS = LAB.replace(
    '        SenderDomains: ["*"]\n        RequireTls: true\n        TlsSenderCertificateName: "*.contoso.com"\n',
    '        SenderDomains: ["*"]\n        SenderIPAddresses: [203.0.113.25]\n        RequireTls: false\n',
)

CASES = [
    ("internet", "sun@customer.example", "bob@contoso.com", "Sun -[none]-> m365 -> Bob"),
    ("onprem", "john@contoso.com", "sun@customer.example",
     "John -[own servers to O365]-> m365 -[none]-> internet -> Sun"),
    ("onprem", "john@contoso.com", "bob@contoso.com", "John -[own servers to O365]-> m365 -> Bob"),
    ("", "sun@customer.example", "bob@contoso.com", "Sun -[none]-> m365 -> Bob"),
    ("", "john@contoso.com", "sun@customer.example", "John -[none]-> m365 -> REJECTED 550 5.7.64 for Sun"),
]  # fmt: skip


def a_kept_lab(folder: Path, network: str) -> Iterator[Up]:
    assert BY_ADDRESS != LAB
    a_project(folder)
    (folder / "by-address.yaml").write_text(BY_ADDRESS, encoding="utf-8")
    with kept(folder, "--network", network, "--clock", "auto", lab="by-address.yaml") as up:
        yield up


@pytest.fixture(scope="module", params=["loopback-net", "single"])
def up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    if request.param == "loopback-net" and best_plan() != "loopback-net":
        pytest.skip("only 127.0.0.1 can be bound here")
    yield from a_kept_lab(tmp_path_factory.mktemp(request.param), request.param)


def place(up: Up, client: str) -> tuple[tuple[str, int], str]:
    """Where m365 is called, and the address that the client binds to be this host; "" for any."""
    told = {server["name"]: server for server in up.json("clock")["servers"]}
    if client and told["m365"]["doors"]:
        ip, port = told["m365"]["doors"][client]
        return (ip, port), ""
    return up.endpoint("m365"), told[client]["source"] if client else ""


@pytest.mark.parametrize(("client", "sender", "to", "path"), CASES)
async def test_swaks_is_treated_as_the_host_that_it_is(up: Up, client: str, sender: str, to: str, path: str) -> None:
    (ip, port), source = place(up, client)
    bound = ("--local-interface", source) if source else ()
    code, said = await spoken_by(
        "swaks", "--server", f"{ip}:{port}", "--from", sender, "--to", to, "--helo", "client.example", *bound,
        package="swaks",
    )  # fmt: skip
    assert ("REJECTED" in path) == (code != 0), said
    assert path == await reached(up)


@pytest.mark.parametrize(("client", "sender", "to", "path"), CASES)
async def test_smtplib_is_treated_as_the_host_that_it_is(up: Up, client: str, sender: str, to: str, path: str) -> None:
    (ip, port), source = place(up, client)

    def send() -> bool:
        bound = (source, 0) if source else None
        with smtplib.SMTP(ip, port, local_hostname="client.example", timeout=10, source_address=bound) as smtp:
            try:
                return not smtp.sendmail(sender, [to], f"From: <{sender}>\r\nSubject: x\r\n\r\nHello.\r\n")
            except smtplib.SMTPRecipientsRefused:
                return False

    assert ("REJECTED" not in path) == await asyncio.to_thread(send)
    assert path == await reached(up)


async def reached(up: Up) -> str:
    """What `up` says of the last message."""
    assert up.process.stdout is not None
    line = await asyncio.wait_for(asyncio.to_thread(up.process.stdout.readline), 20)
    return re.sub(r"^\S+  m-\d+  ", "", line.rstrip())


async def test_trace_shows_the_conversation_that_the_client_saw(up: Up) -> None:
    (ip, port), _ = place(up, "")
    code, said = await spoken_by(
        "swaks", "--server", f"{ip}:{port}", "--from", "sun@customer.example", "--to", "bob@contoso.com", "--tls",
        "--helo", "client.example", package="swaks libnet-ssleay-perl",
    )  # fmt: skip
    assert 0 == code, said
    await reached(up)
    up.said("clock")  # what came after the delivery, QUIT, is written down now at the latest
    seen = [(m[1], m[2]) for line in said.splitlines() if (m := re.match(r"\s*(<-|<~| ->| ~>)\s*(.*?)\s*$", line))]
    shown = up.said("trace", "last", "--smtp")
    block = shown[shown.index("hop 1") :]
    told = [m[1:] for m in re.findall(r"^( +\d+  ([CS])  (.*?))\s*$", block, re.M)]
    client = [text for who, text in seen if ">" in who]
    data = client.index("DATA")
    content, dot = client[data + 1 : -1], client.index(".")
    assert content
    assert [text for who, text in seen if "<" in who] == [text for who, text in told if who == "S"]
    expected = [text for n, text in enumerate(client) if not data < n <= dot]
    got = [text for who, text in told if who == "C"]
    octets = got.pop(data + 1)
    assert re.fullmatch(r"\(\d+ octets\)", octets)
    assert expected == got

"""`mailflow doctor`: whether labs can run on this computer, and what to do where they cannot.

Every check does what a lab does, through the same network and certificates, and says what came of it. Programs to
test with from outside are only mentioned: no lab needs them.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import click

from simulator.cli.wall_clock import today
from simulator.topology import DEFECTS, CertificateSpec

__all__ = ["Check", "doctor"]

_LIBRARIES = ("aiosmtpd", "aiosmtplib", "click", "cryptography", "dns", "OpenSSL", "yaml", "trustme")
_LISTENERS = 24  # a lab of a dozen servers with two ports each
_SANE_YEARS = range(2025, 2100)
_PEERS = {  # program: what it is good for, its package for apt and for brew
    "swaks": ("sends a test message from a shell", "swaks", "swaks"),
    "msmtp": ("a small SMTP client", "msmtp", "msmtp"),
    "openssl": ("shows certificates and STARTTLS by hand", "openssl", "openssl"),
    "dig": ("asks the lab's DNS", "bind9-dnsutils", "bind"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `result` is ok, problem or note; a note stops no lab."""

    name: str
    result: str
    says: str
    fix: str = ""


class _ProblemError(Exception):
    """A check that failed: what is wrong, and what to do."""

    def __init__(self, says: str, fix: str) -> None:
        super().__init__(says)
        self.says, self.fix = says, fix


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Look whether labs can run on this computer.

    \b
    mailflow doctor
    mailflow doctor --json
    """
    done = [_checked(name, check) for name, check in CHECKS.items()] + list(_peers())
    problems = sum(1 for c in done if c.result == "problem")
    if as_json:
        click.echo(json.dumps({"schema": "mailflow/doctor/1", "checks": [asdict(c) for c in done]}, indent=2))
    else:
        _print(done, problems)
    ctx.exit(4 if problems else 0)


def _print(done: Iterable[Check], problems: int) -> None:
    colors = {"ok": "green", "problem": "red", "note": None}
    for one in done:
        click.echo(f"{click.style(f'{one.result:<8}', fg=colors[one.result])} {one.name:<13} {one.says}")
        if one.fix:
            click.echo(f"{'':<22} {'fix' if one.result == 'problem' else 'install'}: {one.fix}")
    count = f"{problems} {'problem' if problems == 1 else 'problems'}: labs may not run here"
    click.echo(f"\n{count if problems else 'Labs can run on this computer.'}")


def _checked(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", check())
    except _ProblemError as found:
        return Check(name, "problem", found.says, found.fix)
    except Exception as failure:
        says = f"{type(failure).__name__}: {failure}".splitlines()[0]
        fix = str(getattr(failure, "fix", "")) or "See whether a security program forbids it."
        return Check(name, "problem", says, fix)


def _python() -> str:
    if sys.version_info < (3, 11):
        raise _ProblemError(f"Python {sys.version.split()[0]}", "Install Python 3.11 or later.")
    return f"Python {sys.version.split()[0]}, {ssl.OPENSSL_VERSION}"


def _libraries() -> str:
    missing: list[str] = []
    for name in _LIBRARIES:
        try:
            import_module(name)
        except ImportError:
            missing.append(name)
    if missing:
        raise _ProblemError(f"missing: {', '.join(missing)}", "Install mailflow again, in an environment of its own.")
    return f"all {len(_LIBRARIES)} there"


def _addresses() -> str:
    from simulator.live.addresses import best_plan

    if best_plan() == "loopback-net":
        return "every server has a loopback address of its own (127.1.2.3 could be bound)"
    return "only 127.0.0.1 can be bound; servers are told apart by port"


def _ports() -> str:
    from simulator.live.network import Network

    network, opened = Network(["192.0.2.1"]), []
    try:
        for port in range(1, _LISTENERS + 1):
            opened.append(network.bind("192.0.2.1", port))
    finally:
        for listener in opened:
            listener.close()
    return f"{_LISTENERS} listeners opened on free ports"


def _connections() -> str:
    asyncio.run(asyncio.wait_for(_one_call(), 5))
    return "a loopback connection carries data both ways"


async def _one_call() -> None:
    from simulator.live.network import Network

    network = Network(["192.0.2.1", "192.0.2.2"])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, sock=network.bind("192.0.2.1", 25))
    async with server:
        reader, writer = await asyncio.open_connection(sock=await network.connect("192.0.2.2", "192.0.2.1", 25))
        writer.write(b"EHLO\n")
        if await reader.readline() != b"EHLO\n":
            raise _ProblemError(
                "a loopback connection lost what was sent", "See whether a security program filters it."
            )
        writer.close()


def _dns() -> str:
    asyncio.run(asyncio.wait_for(_one_question(), 5))
    return "questions are answered over UDP and TCP"


async def _one_question() -> None:
    """A short answer comes over UDP; a long one is cut there and asked for again over TCP."""
    from simulator.live.nameserver import Nameserver
    from simulator.zone import Answer, Question, Zone

    heard: list[str] = []
    records = [("doctor.test", "A", "192.0.2.1"), *(("long.test", "TXT", f"{n}" * 200) for n in range(9))]

    def note(question: Question, answer: Answer, by: str) -> None:
        heard.append(by)

    async with Nameserver(Zone.of(records), on_query=note) as nameserver:
        for question in (Question("doctor.test", "A"), Question("long.test", "TXT")):
            answer = await nameserver.ask(question)
            if not answer.ok:
                fix = "See whether a security program filters DNS on loopback."
                raise _ProblemError(f"{question}: {answer.status}", fix)
    if "tcp" not in heard:
        raise _ProblemError(
            "a long answer did not come over TCP", "See whether a security program changes DNS answers."
        )


def _tls() -> str:
    """Good and bad certificates: the handshake has to work with all, because the policy is who judges."""
    from simulator.live.pki import Authorities

    authorities, start = Authorities(), today()
    for defect in ("", *DEFECTS):
        issued = authorities.issue(CertificateSpec("mail.doctor.test", defect=defect), start)
        try:
            _handshake(issued.chain_pem, issued.key_pem)
        except ssl.SSLError as failure:
            raise _ProblemError(
                f"no handshake with a certificate that is {defect or 'good'}: {failure.reason}",
                "See whether a policy of this system restricts OpenSSL (OPENSSL_CONF, crypto-policies).",
            ) from None
    return f"handshake with a good certificate and with {len(DEFECTS)} bad ones"


def _handshake(chain: bytes, key: bytes) -> None:
    """One handshake in memory."""
    listening, calling = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with tempfile.TemporaryDirectory(prefix="mailflow-") as folder:
        (Path(folder) / "pem").write_bytes(chain + key)
        listening.load_cert_chain(Path(folder) / "pem")
    calling.check_hostname, calling.verify_mode = False, ssl.CERT_NONE  # TLS gathers, policy judges
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server, client = listening.wrap_bio(to_server, to_client, True), calling.wrap_bio(to_client, to_server)
    waiting = [client, server]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
        if not waiting:
            return
    raise _ProblemError("a TLS handshake did not end", "Update OpenSSL.")


def _temp() -> str:
    try:
        with tempfile.TemporaryDirectory(prefix="mailflow-") as folder:
            (Path(folder) / "probe").write_bytes(b"mailflow")
    except OSError as failure:
        says = f"no file can be written there: {failure.strerror or failure}"
        raise _ProblemError(
            says, "Free space, or set TMPDIR (on Windows TEMP) to a folder that can be written."
        ) from None
    return f"{tempfile.gettempdir()} can be written"


def _clock() -> str:
    now = today()
    if now.year not in _SANE_YEARS:
        raise _ProblemError(
            f"it says {now:%Y-%m-%d}", "Set the date: `mailflow certs` makes certificates valid from now on."
        )
    return f"{now:%Y-%m-%d %H:%M} UTC (labs have a time of their own)"


CHECKS: dict[str, Callable[[], str]] = {
    "Python": _python,
    "libraries": _libraries,
    "addresses": _addresses,
    "ports": _ports,
    "connections": _connections,
    "DNS": _dns,
    "TLS": _tls,
    "temp folder": _temp,
    "clock": _clock,
}
"""What a lab needs, in the order in which one check builds on another."""


def _peers() -> Iterable[Check]:
    for program, (use, apt, brew) in _PEERS.items():
        if found := shutil.which(program):
            yield Check(program, "ok", f"{use}: {found}")
        else:
            how = f"brew install {brew}" if sys.platform == "darwin" else f"sudo apt install {apt}"
            yield Check(
                program, "note", f"not installed, and not needed; {use}", "" if sys.platform == "win32" else how
            )

"""Handshakes with good and bad certificates on both sides, and what each side learned of the other."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.live.anycert import client_context, peer_chain, peer_facts, server_context
from simulator.live.network import Network
from simulator.live.pki import Authorities, Issued
from simulator.mail.tls import TlsFacts
from simulator.topology import DEFECTS, CertificateSpec
from tests.live.loops import in_loop

START = datetime(2026, 1, 15, 9, tzinfo=UTC)
MX = CertificateSpec("mx.customer.example")
SPECS = [
    *(CertificateSpec("mail.contoso.com", defect=defect) for defect in ("", *DEFECTS)),
    CertificateSpec("*.contoso.com", ("*.contoso.com", "contoso.com"), issuer="contoso-private-ca"),
]
SERVER, CLIENT = "198.51.100.7", "203.0.113.25"

both_versions = pytest.mark.parametrize("version", ["1.2", "1.3"])
every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.defect or s.subject)


@dataclass
class Echo:
    """A TLS server that sends lines back and remembers what it saw of each client."""

    authorities: Authorities = field(default_factory=Authorities)
    network: Network = field(default_factory=lambda: Network([SERVER]))
    seen: list[TlsFacts] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.append(peer_facts(writer, self.authorities))
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self, context: ssl.SSLContext) -> AsyncIterator[None]:
        async with await asyncio.start_server(
            self._serve, sock=self.network.bind(SERVER, 465), ssl=context, limit=2**21
        ):
            yield

    async def heard(self, context: ssl.SSLContext, line: bytes = b"hello\n") -> TlsFacts:
        """One conversation; what the client saw of the server."""
        sock = await self.network.connect(CLIENT, SERVER, 465)
        reader, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=MX.subject, limit=2**21)
        try:
            writer.write(line)
            assert line == await reader.readline()
            return peer_facts(writer, self.authorities)
        finally:
            writer.close()
            await writer.wait_closed()


def _files(authorities: Authorities, issued: Issued, folder: Path) -> tuple[Path, Path]:
    """Chain and key as files, which is how the standard library wants them."""
    *_, chain, key = authorities.write(folder, {"host": issued})
    return chain, key


@both_versions
@every_spec
@in_loop
async def test_any_client_certificate_arrives_as_facts(spec: CertificateSpec, version: str) -> None:
    echo = Echo()
    shown = echo.authorities.issue(spec, START)
    async with echo.listening(server_context(echo.authorities.issue(MX, START))):
        await echo.heard(client_context(shown, version))
    assert [spec.facts(START)] == [seen.certificate for seen in echo.seen]
    assert [f"TLSv{version}"] == [seen.version for seen in echo.seen]


@both_versions
@every_spec
@in_loop
async def test_any_server_certificate_arrives_as_facts(spec: CertificateSpec, version: str) -> None:
    echo = Echo()
    async with echo.listening(server_context(echo.authorities.issue(spec, START))):
        seen = await echo.heard(client_context(None, version))
    assert spec.facts(START) == seen.certificate
    assert f"TLSv{version}" == seen.version
    assert seen.cipher
    assert [seen.certificate for seen in echo.seen] == [None]


@both_versions
@every_spec
@in_loop
async def test_the_standard_library_reads_the_same_facts(spec: CertificateSpec, version: str, tmp_path: Path) -> None:
    echo = Echo()
    shown = echo.authorities.issue(spec, START)
    stock = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stock.check_hostname, stock.verify_mode = False, ssl.CERT_NONE
    stock.minimum_version = stock.maximum_version = ssl.TLSVersion[f"TLSv{version.replace('.', '_')}"]
    async with echo.listening(server_context(shown)):
        assert spec.facts(START) == (await echo.heard(stock)).certificate
    stock.load_cert_chain(*_files(echo.authorities, shown, tmp_path))
    async with echo.listening(server_context(shown)):
        await echo.heard(stock)
    assert spec.facts(START) == echo.seen[-1].certificate


@in_loop
async def test_a_stock_server_that_asks_for_nothing_sees_nothing(tmp_path: Path) -> None:
    echo = Echo()
    shown = echo.authorities.issue(MX, START)
    stock = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stock.load_cert_chain(*_files(echo.authorities, shown, tmp_path))
    async with echo.listening(stock):
        assert MX.facts(START) == (await echo.heard(client_context(shown))).certificate
    assert [seen.certificate for seen in echo.seen] == [None]


@in_loop
async def test_a_listener_may_ask_for_no_certificate() -> None:
    echo = Echo()
    shown = echo.authorities.issue(MX, START)
    async with echo.listening(server_context(shown, request_client_certificate=False)):
        await echo.heard(client_context(shown))
    assert [seen.certificate for seen in echo.seen] == [None]


@both_versions
@in_loop
async def test_a_weak_or_forged_client_certificate_arrives_too(version: str) -> None:
    echo = Echo()
    good = echo.authorities.issue(CertificateSpec("mail.contoso.com"), START)
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    forged = (
        x509.CertificateBuilder(good.certificate.issuer, good.certificate.subject, key.public_key(), 7, START, START)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .sign(key, hashes.SHA256())
    )
    async with echo.listening(server_context(good)):
        await echo.heard(client_context(Issued(forged, key), version))  # type: ignore[arg-type]
    seen = echo.seen[0].certificate
    assert seen is not None
    assert (seen.subject, seen.anchor, seen.flaw) == ("mail.contoso.com", "", "bad-signature")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@in_loop
async def test_an_old_client_is_understood(version: str) -> None:
    echo = Echo()
    shown = echo.authorities.issue(MX, START)
    async with echo.listening(server_context(shown)):
        seen = await echo.heard(client_context(shown, version))
    assert {"1.0": "TLSv1", "1.1": "TLSv1.1"}[version] == seen.version
    assert MX.facts(START) == echo.seen[0].certificate


@both_versions
@in_loop
async def test_much_data_goes_both_ways(version: str) -> None:
    echo = Echo()
    shown = echo.authorities.issue(MX, START)
    async with echo.listening(server_context(shown)):
        await echo.heard(client_context(shown, version), b"x" * 2**20 + b"\n")


@in_loop
async def test_one_context_serves_many_connections_at_once() -> None:
    echo = Echo()
    shown = echo.authorities.issue(MX, START)
    client = client_context(shown)
    async with echo.listening(server_context(shown)):
        await asyncio.gather(*(echo.heard(client) for _ in range(20)))
    assert [MX.facts(START)] * 20 == [seen.certificate for seen in echo.seen]


@both_versions
@in_loop
async def test_no_session_is_resumed_because_that_would_hide_the_certificate(version: str) -> None:
    echo = Echo()
    stock = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stock.check_hostname, stock.verify_mode = False, ssl.CERT_NONE
    stock.maximum_version = ssl.TLSVersion[f"TLSv{version.replace('.', '_')}"]
    reused: list[bool] = []

    def converse(port: tuple[str, int]) -> None:
        session: ssl.SSLSession | None = None
        for _ in range(2):
            with socket.create_connection(port) as raw, stock.wrap_socket(raw, session=session) as tls:
                tls.sendall(b"hello\n")
                tls.recv(6)
                session = tls.session
                reused.append(bool(tls.session_reused))

    async with echo.listening(server_context(echo.authorities.issue(MX, START))):
        endpoint = echo.network.endpoint(SERVER, 465)
        assert endpoint
        await asyncio.to_thread(converse, endpoint)
    assert reused == [False, False]


# Failures


@in_loop
async def test_sides_without_a_common_version_fail_the_handshake(tmp_path: Path) -> None:
    echo = Echo()
    shown = echo.authorities.issue(MX, START)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(*_files(echo.authorities, shown, tmp_path))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with echo.listening(old):
        with pytest.raises((ssl.SSLError, ConnectionError)):  # asyncio's server may close before its alert is out
            await echo.heard(client_context(shown, "1.3"))
        assert (await echo.heard(client_context(shown))).version == "TLSv1.2"


@in_loop
async def test_a_client_that_checks_may_still_refuse_us() -> None:
    echo = Echo()
    async with echo.listening(server_context(echo.authorities.issue(MX, START))):
        with pytest.raises(ssl.SSLCertVerificationError):
            await echo.heard(ssl.create_default_context())
        assert echo.seen == []


@pytest.mark.parametrize("said", [b"", b"220 not TLS at all\r\n" * 20])
@in_loop
async def test_a_peer_that_does_not_speak_tls_is_an_error_and_no_hang(said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(said)
        writer.close()

    network = Network([SERVER])
    async with await asyncio.start_server(serve, sock=network.bind(SERVER, 465)):
        sock = await network.connect(CLIENT, SERVER, 465)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(sock=sock, ssl=client_context(), server_hostname=MX.subject)


@in_loop
async def test_a_connection_cut_without_goodbye_reads_as_ended() -> None:
    network, issued = Network([SERVER]), Authorities().issue(MX, START)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with await asyncio.start_server(serve, sock=network.bind(SERVER, 465), ssl=server_context(issued)):
        sock = await network.connect(CLIENT, SERVER, 465)
        reader, writer = await asyncio.open_connection(sock=sock, ssl=client_context(), server_hostname=MX.subject)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@in_loop
async def test_there_are_no_facts_without_a_handshake() -> None:
    network = Network([SERVER])
    with network.bind(SERVER, 25):
        _, writer = await asyncio.open_connection(sock=await network.connect(CLIENT, SERVER, 25))
        with pytest.raises(ValueError, match="no TLS"):
            peer_facts(writer, Authorities())
        writer.close()
        await writer.wait_closed()


# STARTTLS as mail programs do it


class _Sink:
    def __init__(self, authorities: Authorities) -> None:
        self.authorities = authorities
        self.seen: list[TlsFacts] = []

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if session.ssl:
            self.seen.append(peer_facts(session.ssl["ssl_object"], self.authorities))
        return responses


@both_versions
@every_spec
@in_loop
async def test_starttls_between_aiosmtplib_and_aiosmtpd_shows_both_certificates(
    spec: CertificateSpec, version: str
) -> None:
    network, authorities = Network([SERVER]), Authorities()
    sink, shown = _Sink(authorities), authorities.issue(spec, START)
    context = server_context(authorities.issue(MX, START))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, hostname=MX.subject, tls_context=context, loop=loop), sock=network.bind(SERVER, 25)
    )
    client = aiosmtplib.SMTP(sock=await network.connect(CLIENT, SERVER, 25), start_tls=False, local_hostname="c.test")
    await client.connect()
    await client.ehlo()
    await client.starttls(server_hostname=MX.subject, tls_context=client_context(shown, version))
    await client.ehlo()
    assert MX.facts(START) == peer_facts(client.get_transport_info("ssl_object"), authorities).certificate
    assert [TlsFacts(f"TLSv{version}", sink.seen[0].cipher, spec.facts(START))] == sink.seen
    transport = client.transport
    await client.quit()
    assert transport is None or transport.is_closing()
    server.close()


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl (apt-get install openssl)")
@in_loop
async def test_a_certificate_made_elsewhere_is_read(tmp_path: Path) -> None:
    echo = Echo()
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = await asyncio.create_subprocess_exec(
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=swaks.example", "-days", "5",
        "-keyout", key, "-out", certificate, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await made.wait() == 0
    async with echo.listening(server_context(echo.authorities.issue(MX, START))):
        endpoint = echo.network.endpoint(SERVER, 465)
        assert endpoint
        client = await asyncio.create_subprocess_exec(
            "openssl", "s_client", "-connect", f"{endpoint[0]}:{endpoint[1]}", "-cert", certificate, "-key", key,
            "-quiet", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert client.stdin
        assert client.stdout
        client.stdin.write(b"hello\n")
        assert await client.stdout.readline() == b"hello\n"
        client.terminate()
        await client.communicate()
    seen = echo.seen[0].certificate
    assert seen is not None
    assert (seen.subject, seen.issuer, seen.anchor, seen.flaw) == ("swaks.example", "swaks.example", "", "self-signed")


def test_the_chain_of_a_peer_that_sent_none_is_empty() -> None:
    fresh = client_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())
    assert peer_chain(fresh) == []

"""TLS contexts that accept every certificate, so that a bad one reaches policy as a fact and not as a dead socket.

The standard library refuses some client certificates during the handshake whatever it is told (unknown authority,
for servers only, forged signature), and it reads private keys from files only. OpenSSL itself does neither: a verify
callback that always says yes lets everything through. So `AnyCert` looks like an `ssl.SSLContext` to asyncio, which
needs nothing but `wrap_bio` of it (`asyncio.sslproto`), and does its work with pyOpenSSL in memory. It serves both
sides; `loop.start_tls`, which aiosmtplib uses, insists on a subclass of the real class, and this is one.

Sessions are off: a resumed session shows no certificates. The server name that a client asks for is ignored, as a
lab host has one certificate. Old versions and short keys are possible (security level 0), since they are something
to be told about, not to hide.

`peer_facts` reads the other side after the handshake, from these objects and from those of the standard library.
In TLS 1.3 a client has finished before the server has seen its certificate, so what the server thinks of it shows
in its next reply.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

from simulator.live.chain import facts
from simulator.live.pki import Authorities, Issued
from simulator.mail.tls import TlsFacts

__all__ = ["AnyCert", "client_context", "peer_chain", "peer_facts", "server_context"]

_T = TypeVar("_T")
_CHUNK = 65536
_CIPHERS = b"DEFAULT:@SECLEVEL=0"
_VERSIONS = {"1.0": SSL.TLS1_VERSION, "1.1": SSL.TLS1_1_VERSION, "1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}


def server_context(issued: Issued, request_client_certificate: bool = True, *, minimum: str = "") -> AnyCert:
    """For a listener that shows `issued`. A host without a certificate has no context and offers no STARTTLS.

    A client that speaks only versions below `minimum` ("1.2") gets no handshake.
    """
    return AnyCert(issued, server=True, request=request_client_certificate, minimum=minimum)


def client_context(issued: Issued | None = None, version: str = "") -> AnyCert:
    """For a client that shows `issued` when asked. `version` ("1.0" to "1.3") is the only one it speaks."""
    return AnyCert(issued, server=False, version=version)


class AnyCert(ssl.SSLContext):
    """An `ssl.SSLContext` for asyncio that verifies nothing. Can be used for any number of connections."""

    _context: SSL.Context

    def __new__(
        cls, issued: Issued | None, *, server: bool, request: bool = True, version: str = "", minimum: str = ""
    ) -> AnyCert:
        made = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        if not server:
            made.check_hostname, made.verify_mode = False, ssl.CERT_NONE  # what it is, for those who look
        made._context = _openssl_context(issued, server, request, version, minimum)
        return made

    def __init__(
        self, issued: Issued | None, *, server: bool, request: bool = True, version: str = "", minimum: str = ""
    ) -> None:
        """Everything is done in `__new__`, as in the class it looks like."""

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, server_side: bool = False,
        server_hostname: str | bytes | None = None, session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:  # fmt: skip
        return _Channel(self, incoming, outgoing, server_side, server_hostname)

    def wrap_socket(self, *_: Any, **__: Any) -> ssl.SSLSocket:
        raise NotImplementedError("for asyncio only")


def _openssl_context(issued: Issued | None, server: bool, request: bool, version: str, minimum: str) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_cipher_list(_CIPHERS)  # first: the level decides about the certificate that follows
    if issued:
        context.use_certificate(issued.certificate)
        context.use_privatekey(issued.key)
        for intermediate in issued.chain:
            context.add_extra_chain_cert(intermediate)
    context.set_min_proto_version(_VERSIONS[version or minimum or "1.0"])
    context.set_max_proto_version(_VERSIONS[version or "1.3"])
    context.set_verify(SSL.VERIFY_PEER if request else SSL.VERIFY_NONE, lambda *_: True)
    if not server:
        # Every TLS 1.3 server has this curve (RFC 8446 9.1), and OpenSSL's first choice costs a lab's handshake a fifth.
        context.set_tmp_ecdh(ec.SECP256R1())
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    return context


class _Channel(ssl.SSLObject):
    """One connection: the part of `ssl.SSLObject` that asyncio and mail programs use."""

    def __init__(
        self, context: AnyCert, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, server: bool, name: str | bytes | None
    ) -> None:
        self._anycert, self._incoming, self._outgoing, self._server = context, incoming, outgoing, server
        self._name = name.decode("ascii") if isinstance(name, bytes) else name
        self._connection = SSL.Connection(context._context, None)
        if server:
            self._connection.set_accept_state()
        else:
            if self._name and not _is_address(self._name):  # RFC 6066 3: no addresses in the server name
                self._connection.set_tlsext_host_name(self._name.encode("idna"))
            self._connection.set_connect_state()
        self._closing = False
        self._leaf: bytes | None = None

    def do_handshake(self) -> None:
        self._do(self._connection.do_handshake)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """Bytes, or the number of bytes put into `buffer`; nothing when the peer has closed."""
        try:
            if buffer is None:
                return self._do(self._connection.recv, len)
            return self._do(self._connection.recv_into, buffer, len)
        except ssl.SSLZeroReturnError:
            return b"" if buffer is None else 0

    def write(self, data: Any) -> int:
        return self._do(self._connection.send, data) if data else 0

    def pending(self) -> int:
        return self._connection.pending()

    def unwrap(self) -> None:
        """Says goodbye, and waits for the peer's."""
        if not self._closing:
            self._closing = True
            if self._do(self._connection.shutdown):
                return
        if not self._do(self._connection.shutdown):
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "the peer has not said goodbye")

    def getpeercert(self, binary_form: bool = False) -> Any:
        """As the standard library does for a certificate that it has not verified: DER, or an empty dict."""
        if self._leaf is None:
            certificate = self._connection.get_peer_certificate()
            self._leaf = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) if certificate else None
        return self._leaf if binary_form or self._leaf is None else {}

    def get_unverified_chain(self) -> list[bytes]:
        """What the peer sent, leaf first, in DER."""
        leaf = self.getpeercert(True)
        sent = self._connection.get_peer_cert_chain() or []
        rest = [crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) for certificate in sent]
        if leaf and rest[:1] != [leaf]:  # for a server OpenSSL leaves the leaf out
            rest.insert(0, leaf)
        return rest

    def version(self) -> str | None:
        return self._connection.get_protocol_version_name()

    def cipher(self) -> tuple[str, str, int] | None:
        name, version, bits = (
            self._connection.get_cipher_name(),
            self._connection.get_cipher_version(),
            self._connection.get_cipher_bits(),
        )
        return (name, version, bits) if name and version and bits else None

    def compression(self) -> None:
        return None

    def selected_alpn_protocol(self) -> None:
        return None

    @property
    def context(self) -> ssl.SSLContext:  # type: ignore[override]  # the real one can be set, which nobody does
        return self._anycert

    @property
    def server_side(self) -> bool:
        return self._server

    @property
    def server_hostname(self) -> str | None:
        return self._name

    @property
    def session_reused(self) -> Literal[False]:
        return False

    def _do(self, step: Callable[..., _T], *arguments: Any) -> _T:
        """Feeds OpenSSL, takes a step, carries away what it wrote; its errors become those of `ssl`."""
        if self._incoming.pending:
            self._connection.bio_write(self._incoming.read())
        elif self._incoming.eof:
            self._connection.bio_shutdown()
        try:
            return step(*arguments)
        except SSL.WantReadError:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "more is needed from the peer") from None
        except SSL.ZeroReturnError:
            raise ssl.SSLZeroReturnError(ssl.SSL_ERROR_ZERO_RETURN, "the peer has closed TLS") from None
        except SSL.SysCallError as failure:
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, str(failure)) from None
        except SSL.Error as failure:
            raise _as_ssl_error(failure) from None
        finally:
            self._carry_away()

    def _carry_away(self) -> None:
        try:
            while self._outgoing.write(self._connection.bio_read(_CHUNK)) == _CHUNK:
                pass
        except SSL.WantReadError:
            return


def _as_ssl_error(failure: SSL.Error) -> ssl.SSLError:
    errors = failure.args[0] if failure.args and isinstance(failure.args[0], list) else []
    reason = "; ".join(error[-1] for error in errors) or "TLS failed"
    if "unexpected eof" in reason:
        return ssl.SSLEOFError(ssl.SSL_ERROR_EOF, reason)
    return ssl.SSLError(ssl.SSL_ERROR_SSL, reason)


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()


def peer_chain(tls: Any) -> list[bytes]:
    """What the peer of an SSL object sent, leaf first, in DER; empty where it sent none."""
    leaf = tls.getpeercert(True)
    if not leaf:  # asked first: `get_unverified_chain` raises in Python 3.13.0 when there is none
        return []
    if hasattr(tls, "get_unverified_chain"):  # Python 3.13 and later, and our own
        return [bytes(der) for der in tls.get_unverified_chain()]
    inner: Any = getattr(tls, "_sslobj", None)
    if hasattr(inner, "get_unverified_chain"):  # Python 3.10 to 3.12 have it in private only
        return [ssl.PEM_cert_to_DER_cert(c.public_bytes()) for c in inner.get_unverified_chain() if c is not None]
    return [leaf]


def peer_facts(tls: Any, authorities: Authorities) -> TlsFacts:
    """What is known after a handshake. `tls` is the SSL object, or a transport or stream writer that has one."""
    if hasattr(tls, "get_extra_info"):
        tls = tls.get_extra_info("ssl_object")
    if tls is None or not tls.version():
        raise ValueError("no TLS handshake has been finished here")
    chain = peer_chain(tls)
    return TlsFacts(tls.version(), (tls.cipher() or ("",))[0], facts(chain, authorities) if chain else None)

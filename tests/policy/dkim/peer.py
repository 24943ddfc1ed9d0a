"""dkimpy, the other opinion: it signs with a key of its own and is told the key records that it asks for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

__all__ = ["arc_accepts", "arc_sealed", "dkimpy_accepts", "dkimpy_signed", "record", "with_results_reader"]


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@cache
def _pem() -> bytes:
    return _key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


@cache
def record() -> str:
    """The key record of what dkimpy signs."""
    der = _key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def dkimpy_signed(
    content: bytes, forms: tuple[str, str], *, length: bool = False, fields: list[str] | None = None
) -> bytes:
    """With a signature of contoso.com, selector s1."""
    header, body = (form.encode() for form in forms)
    chosen = [name.encode() for name in fields] if fields else None
    field: bytes = dkimpy.sign(
        content, b"s1", b"contoso.com", _pem(), canonicalize=(header, body), length=length, include_headers=chosen
    )
    return field + content


def _dns(records: Mapping[str, str]) -> object:
    def told(name: bytes, timeout: int = 5) -> bytes | None:
        text = records.get(name.decode().removesuffix("."))
        return text.encode() if text else None

    return told


def dkimpy_accepts(content: bytes, records: Mapping[str, str]) -> bool:
    try:
        found: bool = dkimpy.verify(content, dnsfunc=_dns(records))
    except dkimpy.MessageFormatError:  # a line in the header that is none
        return False
    return found


def with_results_reader(patch: pytest.MonkeyPatch) -> None:
    """What dkimpy needs of the package authres to seal: to read `authserv; method=result` from Authentication-Results."""

    class Result(str):
        @property
        def method(self) -> str:
            return self.partition("=")[0]

        @property
        def result(self) -> str:
            return self.partition("=")[2].split()[0]

    def parse(text: str) -> SimpleNamespace:
        authserv, *results = [part.strip() for part in text.partition(":")[2].split(";")]
        return SimpleNamespace(authserv_id=authserv, results=[Result(part) for part in results])

    reader = SimpleNamespace(
        AuthenticationResultsHeader=SimpleNamespace(parse=parse), core=SimpleNamespace(SyntaxError=ValueError)
    )
    patch.setattr(dkimpy, "authres", reader, raising=False)


def arc_sealed(content: bytes, results: str, *, domain: str = "contoso.com", authserv: str = "mx.contoso.com") -> bytes:
    """With one more ARC set, made from an Authentication-Results field that is put on top first."""
    content = f"Authentication-Results: {authserv}; {results}\r\n".encode() + content
    made: list[bytes] = dkimpy.arc_sign(content, b"s1", domain.encode(), _pem(), authserv.encode())
    assert made, "dkimpy did not seal"
    return b"".join(made) + content


def arc_accepts(content: bytes, records: Mapping[str, str]) -> tuple[str, str]:
    """The state of the chain, and why."""
    state, _, why = dkimpy.arc_verify(content, dnsfunc=_dns(records))
    return state.decode() if state else "ended", why

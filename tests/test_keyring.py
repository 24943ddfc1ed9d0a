"""The keys of a lab."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from simulator.keyring import KEYRING
from simulator.policy.signing import NO_KEYS, UnusableKey

DATA = b"from:bob@contoso.com\r\n"


def der(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, form: PublicFormat) -> str:
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()


def test_what_an_owner_signs_is_verified_by_the_published_key() -> None:
    signature = KEYRING.sign("contoso.com", DATA)
    assert KEYRING.verify("rsa-sha256", KEYRING.public("contoso.com"), signature, DATA)
    assert not KEYRING.verify("rsa-sha256", KEYRING.public("contoso.com"), signature, DATA + b" ")
    assert 256 == len(signature)


def test_the_same_text_has_the_same_signature_and_every_key_the_same_length() -> None:
    assert KEYRING.sign("a.example", DATA) == KEYRING.sign("b.example", DATA)
    assert 392 == len(KEYRING.public("a.example"))


def test_a_key_may_be_written_in_both_forms_of_rfc_6376() -> None:
    key = load_der_public_key(base64.b64decode(KEYRING.public("")))
    assert isinstance(key, rsa.RSAPublicKey)
    short = der(key, PublicFormat.PKCS1)
    assert KEYRING.verify("rsa-sha256", f"{short[:64]} {short[64:]}", KEYRING.sign("", DATA), DATA)


def test_an_ed25519_key_verifies_the_hash() -> None:
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    assert KEYRING.verify("ed25519-sha256", public, private.sign(hashlib.sha256(DATA).digest()), DATA)
    assert not KEYRING.verify("ed25519-sha256", public, private.sign(DATA), DATA)


@pytest.mark.parametrize(
    ("algorithm", "key", "reason"),
    [
        ("rsa-sha256", "not base64!", "key-unreadable"),
        ("rsa-sha256", "", "key-unreadable"),
        ("rsa-sha256", "QUJD", "key-unreadable"),
        ("rsa-sha256", der(ec.generate_private_key(ec.SECP256R1()).public_key(), PublicFormat.SubjectPublicKeyInfo), "key-unreadable"),
        ("rsa-sha256", der(rsa.RSAPublicNumbers(65537, (1 << 511) + 9).public_key(), PublicFormat.SubjectPublicKeyInfo), "key-too-short"),
        ("ed25519-sha256", "QUJD", "key-unreadable"),
        ("rsa-sha1", KEYRING.public(""), "algorithm"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_used_says_why(algorithm: str, key: str, reason: str) -> None:
    with pytest.raises(UnusableKey) as refused:
        KEYRING.verify(algorithm, key, b"x", DATA)
    assert reason == refused.value.reason


def test_a_key_of_1024_bits_is_long_enough() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    signature = private.sign(DATA, PKCS1v15(), SHA256())
    assert KEYRING.verify("rsa-sha256", der(private.public_key(), PublicFormat.SubjectPublicKeyInfo), signature, DATA)


def test_a_world_without_keys_says_so_when_one_is_wanted() -> None:
    with pytest.raises(LookupError, match=r"contoso\.com"):
        NO_KEYS.sign("contoso.com", DATA)
    with pytest.raises(LookupError, match=r"contoso\.com"):
        NO_KEYS.public("contoso.com")
    with pytest.raises(LookupError, match="without keys"):
        NO_KEYS.verify("rsa-sha256", "", b"", DATA)


def test_a_lab_in_which_nobody_signs_does_not_load_cryptography() -> None:
    code = "import sys, simulator.keyring; print('cryptography' in sys.modules)"
    assert (
        "False"
        == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


def test_another_process_signs_with_the_same_key_once_it_has_adopted_it() -> None:
    code = (
        "import sys; from simulator.keyring import KEYRING; KEYRING.adopt(sys.stdin.buffer.read()); "
        "print(KEYRING.public('x'), KEYRING.sign('x', b'text').hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=KEYRING.private_bytes(), capture_output=True, check=True,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert [KEYRING.public("x"), KEYRING.sign("x", b"text").hex()] == done.stdout.decode().split()

"""A real Postfix with its own configuration, queue and log folders, on a loopback port, as long as a `with` lasts."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

__all__ = ["free_port", "postfix"]

_MASTER = """\
{host}:{port}  inet  n - n - -    smtpd
pickup    unix  n - n 60 1   pickup
cleanup   unix  n - n - 0    cleanup
qmgr      unix  n - n 300 1  qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - -    trivial-rewrite
bounce    unix  - - n - 0    bounce
defer     unix  - - n - 0    bounce
trace     unix  - - n - 0    bounce
verify    unix  - - n - 1    verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - -    proxymap
smtp      unix  - - n - -    smtp
relay     unix  - - n - -    smtp
error     unix  - - n - -    error
retry     unix  - - n - -    error
discard   unix  - - n - -    discard
virtual   unix  - n n - -    virtual
anvil     unix  - - n - 1    anvil
scache    unix  - - n - 1    scache
postlog   unix-dgram n - n - 1 postlogd
"""


_PORTS = itertools.chain.from_iterable(itertools.repeat(range(20000 + os.getpid() % 100 * 100, 30100)))


def free_port(host: str) -> int:
    """One that no connection is given by chance until the server binds it: below the range of clients' ports."""
    for port in _PORTS:
        with socket.socket() as probe, suppress(OSError):
            probe.bind((host, port))
            return port
    raise AssertionError("the numbers never end")


def _missing() -> str:
    if shutil.which("postfix") is None:
        return "postfix is not here; apt-get install postfix"
    if os.name == "posix" and os.geteuid() != 0:
        return "Postfix is started by root only"
    return ""


@contextmanager
def postfix(host: str, port: int, **settings: str) -> Iterator[Path]:
    """Runs one that listens at `host:port`; `settings` are of main.cf. Gives its folder, with `log` and `mail/`."""
    if why := _missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="mailflow-postfix-"))
    try:
        folder.chmod(0o755)  # its daemons are other users
        _configure(folder, host, port, settings)
        _postfix(folder, "start")
        try:
            yield folder
        finally:
            _postfix(folder, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path, host: str, port: int, settings: Mapping[str, str]) -> None:
    config = folder / "etc"
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", "nobody")
    plain = {
        "compatibility_level": "3.6",
        "queue_directory": str(folder / "queue"),
        "data_directory": str(folder / "data"),
        "maillog_file": str(folder / "log"),
        "maillog_file_prefixes": str(folder),
        "multi_instance_name": f"postfix-lab-{port}",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "smtp_bind_address": host,
        "mynetworks": "127.0.0.0/8",
        "mydestination": "",
        "local_transport": "error:there are no local users",
        "local_recipient_maps": "",
        "alias_maps": "",
        "virtual_mailbox_base": str(folder / "mail"),
        "virtual_uid_maps": "static:65534",
        "virtual_gid_maps": "static:65534",
        "virtual_minimum_uid": "1",
        "smtp_tls_security_level": "may",
        "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
        "minimal_backoff_time": "2s",
        "queue_run_delay": "2s",
        "smtp_host_lookup": "native",
        **settings,
    }
    (config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in plain.items()))
    (config / "master.cf").write_text(_MASTER.format(host=host, port=port))


def _postfix(folder: Path, order: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(folder / "etc"), order], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        log = folder / "log"
        pytest.fail(f"postfix {order}: {done.stdout}{done.stderr}{log.read_text() if log.exists() else ''}")

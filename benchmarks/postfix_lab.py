"""Three Postfix in a row, with STARTTLS between them, for comparison: `three_postfix_per_second`.

They run as the peer tests run one (`tests/peers/postfix.py`): on loopback ports, in a folder of their own, as long as the
measurement takes. Postfix keeps its queue on disk, uses all processors and opens connections again that it has; the lab keeps
everything in memory, in one process. So the figures say what to expect of each, not which is better made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import trustme

from tests.peers.postfix import free_port, postfix

__all__ = ["is_here", "three_postfix_per_second"]

_HERE = "127.0.0.1"
_PATIENCE = 120.0  # seconds
_LOOK = 0.02


def is_here() -> bool:
    """Whether Postfix can be started: it is installed, and this is root."""
    return bool(shutil.which("postfix") and shutil.which("smtp-source")) and os.name == "posix" and os.geteuid() == 0


def three_postfix_per_second(count: int, sessions: int, octets: int) -> float:
    """Messages a second from smtp-source to the third one's delivery, all over TLS between the three."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailflow-bench-")))
        shown = trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert("mx.example")
        shown.private_key_and_cert_chain_pem.write_to_path(folder / "chain.pem")
        certificate = {"smtpd_tls_chain_files": str(folder / "chain.pem"), "smtpd_tls_security_level": "may"}
        plain = {**certificate, "in_flow_delay": "0", "smtp_tls_loglevel": "1", "mynetworks": "127.0.0.0/8"}
        last = free_port(_HERE)
        taken = {
            "virtual_mailbox_domains": "west.example",
            "virtual_transport": "discard:",
            "virtual_mailbox_maps": "static:x",
        }
        third = stack.enter_context(postfix(_HERE, last, **plain, **taken))
        ports = [last]
        for _ in range(2):
            port = free_port(_HERE)
            relay = {"relayhost": f"[{_HERE}]:{ports[-1]}", "smtp_tls_security_level": "encrypt"}
            stack.enter_context(postfix(_HERE, port, **plain, **relay))
            ports.append(port)
        began = time.perf_counter()
        subprocess.run(
            ["smtp-source", "-s", str(sessions), "-m", str(count), "-l", str(octets), "-f", "ann@east.example", "-t",
             "bob@west.example", f"{_HERE}:{ports[-1]}"],
            check=True, timeout=_PATIENCE, capture_output=True,
        )  # fmt: skip
        _wait(third / "log", count, began)
        return count / (time.perf_counter() - began)


def _wait(log: Path, count: int, began: float) -> None:
    """Until the log tells of so many deliveries."""
    while time.perf_counter() - began < _PATIENCE:
        if log.exists() and log.read_text(errors="replace").count("status=sent") >= count:
            return
        time.sleep(_LOOK)
    raise TimeoutError(f"not all of {count} messages arrived in {_PATIENCE:.0f} s")

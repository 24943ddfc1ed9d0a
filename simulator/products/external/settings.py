"""What a lab file says of a server that somebody else runs: where it is on this computer."""

from __future__ import annotations

from ipaddress import ip_address

from simulator.policy.settings import BadValue, Settings, custom
from simulator.source import Node

__all__ = ["ExternalSettings"]

_FORM = "Write  address: 127.0.0.1:2525"


def _address(node: Node) -> tuple[str, int]:
    host, _, port = node.text.strip().rpartition(":")
    host = {"localhost": "127.0.0.1"}.get(host, host.removeprefix("[").removesuffix("]"))
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise BadValue(f"{node.text!r} has no port", _FORM)
    try:
        inside = ip_address(host).is_loopback
    except ValueError:
        raise BadValue(f"{host!r} is not an IP address", _FORM) from None
    if not inside:
        raise BadValue(f"{host} is not on this computer, and nothing leaves it", _FORM)
    return host, int(port)


class ExternalSettings(Settings):
    """What stands under a server that `is: external`."""

    noun = "a server that somebody else runs"

    address: tuple[str, int] | None = custom(
        _address, None, "where it listens on this computer, HOST:PORT", {"type": "string"}, required=True
    )

    @property
    def runs_at(self) -> tuple[str, int] | None:
        return self.address

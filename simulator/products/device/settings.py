"""What the panel of a device asks for: the server, the port, TLS, a login."""

from __future__ import annotations

from ipaddress import ip_address

from simulator.mail.address import parse_domain
from simulator.policy.host import LAB_PASSWORD
from simulator.policy.retry import read_minutes
from simulator.policy.settings import Settings, custom, flag, number, section, text
from simulator.source import Node, ProblemList

__all__ = ["DeviceSettings", "Knobs"]


def _host(written: str) -> str:
    try:
        return str(ip_address(written.removeprefix("[").removesuffix("]")))
    except ValueError:
        return parse_domain(written)


def _waits(node: Node) -> tuple[int, ...]:
    """Minutes between attempts; an empty list for a device that tries once."""
    return read_minutes(node) if node.items else ()


class Knobs(Settings):
    """What differs from device to device."""

    noun = "the knobs of a device"

    retry: tuple[int, ...] = custom(
        _waits, (1, 1), "waits between attempts in minutes; after the last one the message is forgotten; [] to try once"
    )
    show_certificate: bool = flag(True, "its certificate is shown to a server that asks for one")


class DeviceSettings(Settings):
    """What stands under a server that `is: device`."""

    noun = "a device"

    smart_host: str = text(
        "the server that it hands everything to: a host name, or an address where the device takes one",
        read=_host, required=True, label="Smart Host",
    )  # fmt: skip
    port: int = number("the port of that server", 25, low=1, high=65535, label="Port")
    tls: bool = flag(
        False, "STARTTLS is used, and nothing is sent without it; certificates are not checked", label="TLS"
    )
    tls_version: str = text("the only TLS version that it speaks: 1.0, 1.1, 1.2 or 1.3", label="TLS Version")
    user: str = text("the mailbox that it logs in as", label="User Name")
    password: str = text("the password", LAB_PASSWORD, label="Password")
    helo: str = text("the name that it says in EHLO", label="Host Name")
    knobs: Knobs = section(Knobs, "what differs from device to device", label="knobs")

    def check(self, problems: ProblemList) -> None:
        if self.tls_version and self.tls_version not in ("1.0", "1.1", "1.2", "1.3"):
            problems.error(
                self.at("tls_version"), f"TLS Version: {self.tls_version} is none.", "Write 1.0, 1.1, 1.2 or 1.3."
            )
        if self.port == 465:
            problems.warn(
                self.at("port"),
                "port 465 wants TLS from the first octet, which is not modelled; servers of a lab refuse it",
            )

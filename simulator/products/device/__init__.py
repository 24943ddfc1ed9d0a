"""A device or an application that only sends: a printer, a scanner, a line-of-business program.

It hands everything to one smart host, in one of the three ways of Microsoft 365 (learn: How to set up a multifunction device
or application to send email): with a login on port 587, directly to the MX host for recipients there, or through a
connector that knows its address or certificate. It knows little: it tries a few times, then it forgets the message.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.device.host import Device
from simulator.products.device.settings import DeviceSettings
from simulator.topology import Person, Server

__all__ = ["Device", "DeviceSettings", "build"]


def build(servers: Sequence[tuple[Server, DeviceSettings]], people: Sequence[Person]) -> list[Device]:
    """One host for each. The people of a device are the addresses that it sends from."""
    return [Device(server, settings) for server, settings in servers]

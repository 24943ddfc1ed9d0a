"""A message is handed to an internet host, and DNS says what a test wants it to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simulator.keyring import KEYRING
from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy.decision import Decision
from simulator.policy.moment import Moment
from simulator.products.internet import Internet
from simulator.zone import Zone
from tests.answering import answered
from tests.policy.builders import SUN, a_session
from tests.policy.dkim.builders import KEY, NOW, a_message

GOOD = "203.0.113.25"
SPF = "v=spf1 ip4:203.0.113.25 -all"


def a_zone(spf: str = SPF, dmarc: str = "", *, mx: str = "", ptr: str = "mail.contoso.com", failing: Mapping[tuple[str, str], str] | None = None) -> Zone:  # fmt: skip
    """contoso.com, its sending host at 203.0.113.25, and its key."""
    records: dict[tuple[str, str], tuple[str, ...]] = {(name, "TXT"): (text,) for name, text in KEY.items()}
    records["contoso.com", "TXT"] = (spf,) if spf else ()
    records["_dmarc.contoso.com", "TXT"] = (dmarc,) if dmarc else ()
    records["contoso.com", "MX"] = (mx,) if mx else ()
    records["25.113.0.203.in-addr.arpa", "PTR"] = (ptr,) if ptr else ()
    records["mail.contoso.com", "A"] = (GOOD,)
    return Zone({key: data for key, data in records.items() if data}, failing or {})


def taken(
    host: Internet, message: Message | None = None, zone: Zone | None = None, *, sender: str | None = "bob@contoso.com",
    session: Session | None = None, at: Moment | None = None,
) -> Decision:  # fmt: skip
    """The answer at the end of the message."""
    envelope = Envelope(Address.parse(sender) if sender else None, (SUN,))
    now = at or Moment(NOW, {}, 0, KEYRING)
    asking = host.content(
        session or a_session(GOOD, helo="mail.contoso.com"), envelope, message or a_message(), now, {}
    )
    return answered(asking, replace(zone or a_zone(), keys=KEYRING))

"""Choices where the sources about Exchange Server disagree or are silent. Defaults are those of the reference."""

from __future__ import annotations

from simulator.policy.retry import read_minutes
from simulator.policy.settings import Settings, choice, custom, flag, number
from simulator.products.exchange_server.notation import size_of

__all__ = ["Knobs"]


class Knobs(Settings):
    """What stands under `knobs` of a server that `is: exchange-server`."""

    noun = "the knobs of an Exchange server"

    unknown_recipients: str | None = choice(
        "mail for an address that is in no directory, in a domain with AddressBookEnabled: taken and returned (accept), or "
        "refused at RCPT (reject: the recipient filter is on); left out: accept on Mailbox servers, reject on Edge",
        "accept", "reject",
    )  # fmt: skip
    older_texts: bool = flag(
        False, "refusals have the texts of older versions: 5.7.1 Unable to relay, 5.1.1 ExRecipNotFound"
    )
    expiry: str = choice(
        "the status of mail that waited too long: 4.4.7, or 5.4.300 with the last error behind it, as newer servers report",
        "4.4.7", "5.4.300", default="4.4.7",
    )  # fmt: skip
    max_hops: int = number(
        "MaxHopCount where no connector says otherwise (live servers are also reported with 60)", 30, low=1, high=500
    )
    max_local_hops: int = number(
        "MaxLocalHopCount where no connector says otherwise (also reported: 12); 0: none", 8, high=50
    )
    send_connector_size: int = custom(
        size_of,
        25 * 2**20,
        "MaxMessageSize of Send connectors that do not say (25 MB by the cmdlet's page, 35 and 10 MB by others)",
    )
    glitch_retry: tuple[int, ...] = custom(
        read_minutes,
        (1, 1, 1, 1),
        "the first waits in minutes when a host cannot be reached (QueueGlitchRetryCount and -Interval)",
    )
    message_retry: int = number(
        "minutes until mail is tried again that a 4xx kept: 5 by the cmdlet's page, 15 by the article",
        5,
        low=1,
        high=1440,
    )
    resubmit_hours: int = number(
        "hours until waiting mail is resubmitted (MaxIdleTimeBeforeResubmit): until then a moved mailbox makes no difference",
        12,
        low=1,
        high=2160,
    )
    present_client_certificate: bool = flag(True, "the server's certificate is shown to servers that ask for one")
    no_certificate_match: str = choice(
        "none of the server's certificates has the connector's Fqdn: the first one is shown, or none",
        "first", "none", default="first",
    )  # fmt: skip
    self_smart_host: str = choice(
        "a Send connector whose smart host is the server itself: returned as 5.3.5, or sent until the hop limit",
        "return", "loop", default="return",
    )  # fmt: skip

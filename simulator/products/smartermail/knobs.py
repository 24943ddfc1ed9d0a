"""Where the sources about SmarterMail disagree or are silent: each question is a knob with the likeliest answer as its default."""

from __future__ import annotations

from simulator.policy.retry import read_minutes
from simulator.policy.settings import Settings, choice, custom, flag, number

__all__ = ["Knobs"]


class Knobs(Settings):
    """Choices where the sources about SmarterMail disagree or are silent."""

    noun = "the knobs of a SmarterMail server"

    self_mx: str = choice(
        "External (use MX record) with the MX at this server itself: returned (RFC 5321 5.1), or sent to itself until the "
        "hop limit", "undeliverable", "loop", default="undeliverable",
    )  # fmt: skip
    external_unknown: str = choice(
        "a stranger's mail for an address of an external domain that is not here: taken, since the domain is ours, or "
        "only from those who may relay", "accept", "relay", default="accept",
    )  # fmt: skip
    forwarding_sender: str = choice(
        "the envelope sender of what a user forwards: the original one, the forwarding mailbox, or one rewritten by SRS",
        "preserve", "mailbox", "srs", default="preserve",
    )  # fmt: skip
    catch_all_is_user: bool = flag(False, "a catch-all counts as an existing user of an external domain")
    disabled_user_exists: bool = flag(True, "a disabled account counts as an existing user of an external domain")
    host_address_first: bool = flag(True, "Host Address goes before an outbound gateway")
    whitelist_internal: bool = flag(True, "private addresses (RFC 1918) are on the whitelist without being written")
    present_client_certificate: bool = flag(True, "the server's certificate is shown to servers that ask for one")
    enhanced_codes: bool = flag(False, "replies carry enhanced status codes; none of those observed does")
    report_form: str = choice(
        "reports: words and the header of the message in plain text, or the multipart/report of RFC 3464", "text", "fields",
        default="text",
    )  # fmt: skip
    messages_per_connection: int = number("messages sent over a connection; 0 for as many as there are", 20)
    max_hops: int = number("the hop limit where Max Hop Count is not set", 20, low=1)
    retry: tuple[int, ...] = custom(
        read_minutes, (15, 30, 60, 90), "waits between attempts in minutes; then the mail is returned"
    )
    dns_attempts: int = number(
        "attempts after which mail for a domain that DNS does not know or answer for is given up, where the setting is left out",
        2, low=1,
    )  # fmt: skip

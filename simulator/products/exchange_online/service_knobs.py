"""What the service itself allows: its limits, and what it holds against an address, a sender or a tenant.

None of it is a setting of a tenant. Limits have the documented values, and may be lowered so that a flow reaches them;
lists are empty, which means that the service holds nothing against anybody.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from simulator.mail.address import Address
from simulator.policy.settings import BadValue, Settings, choice, custom, flag, number, texts
from simulator.products.exchange_notation import recipient

__all__ = ["Network", "ServiceKnobs", "terrl"]

Network = IPv4Network | IPv6Network


def _network(words: str) -> Network:
    try:
        return ip_network(words.strip(), strict=False)
    except ValueError:
        raise BadValue(
            f"{words or 'nothing'} is not an address or network", "Write 192.0.2.10 or 192.0.2.0/24."
        ) from None


class ServiceKnobs(Settings):
    """The part of `knobs` that is about the service."""

    # limits: how much, and where learn: Exchange Online limits or Non-delivery reports says so
    messages_per_minute: int = number("messages that a mailbox may hand in with SMTP AUTH in a minute", 30, low=1)
    recipients_per_day: int = number("recipients that a mailbox may have in 24 hours", 10000, low=1)
    recipients_of_one_domain: int = number("recipients of one domain in a transaction from outside", 200, low=1)
    received_per_hour: int = number("messages that a mailbox takes from outside in an hour", 3600, low=1)
    received_from_one_sender_per_hour: int = number(
        "messages that a mailbox takes from one sender outside in an hour", 1200, low=1
    )
    header_size: int = number("octets of a header, all fields together", 256 * 1024, low=1)
    licenses: int = number(
        "Exchange licences, from which the limit of recipients outside follows (500 x licences^0.7 + 9500 in 24 hours); 0: no "
        "limit", 0,
    )  # fmt: skip
    trial_tenant: bool = flag(False, "a trial tenant: 500 recipients outside in 24 hours")
    external_recipients_per_day: int = number(
        "recipients outside in 24 hours, whatever `licenses` says; 0: as that says", 0
    )
    onmicrosoft_external_recipients_per_day: int = number(
        "recipients outside in 24 hours for all senders with an onmicrosoft.com address", 100, low=1
    )

    # what the service holds against somebody
    blocked_senders: tuple[Address, ...] = texts(
        "mailboxes that may not send to outside because they sent spam (Get-BlockedSenderAddress)", read=recipient
    )
    banned_ips: tuple[Network, ...] = texts("addresses and networks that are refused with 5.7.606", read=_network)
    banned_ips_for_delist: tuple[Network, ...] = texts(
        "the same with 5.7.511, from which only a letter to the delist desk helps", read=_network
    )
    throttled_ips: tuple[Network, ...] = texts(
        "addresses and networks that hear 451 4.7.500, unless an inbound connector knows them", read=_network
    )
    no_reverse_dns: tuple[Network, ...] = texts(
        "IPv6 addresses without a reverse DNS record: anonymous mail from there hears 450 4.7.25", read=_network
    )
    tenant_over_threshold: bool = flag(False, "the tenant may not send to outside, 5.7.705")
    unregistered_domains_blocked: bool = flag(
        False, "mail over a connector with a sender that is in no accepted domain is returned with 5.7.750"
    )
    mail_enabled_subscriptions: bool = flag(
        True, "false: the tenant's licences have ended, and its mail is refused (ATTR5)"
    )
    region: str | None = custom(
        lambda node: node.text.strip(), None, "the region of the tenant, such as NAM or EUR; mail that comes in at a tenant of "
        "another region is refused (ATTR35)", {"type": "string"},
    )  # fmt: skip

    mail_programs: str = choice(
        "what people's own mail programs hand in with: smtp, as SMTP AUTH, or outlook, which no setting for SMTP AUTH concerns", "smtp",
        "outlook", default="smtp",
    )  # fmt: skip

    # what sources leave open
    security_defaults: bool = flag(False, "security defaults are on: SMTP AUTH with a password is refused")
    bad_credentials: str = choice(
        "what a wrong password hears: 535 5.7.3, or 5.7.139 and that the user credentials were incorrect", "5.7.3", "5.7.139",
        default="5.7.3",
    )  # fmt: skip
    daily_limit_reply: str = choice(
        "what a mailbox over recipients_per_day hears: 550 5.1.90 as reports have it, or 554 5.2.0 as the page on SMTP AUTH "
        "says", "5.1.90", "5.2.0", default="5.1.90",
    )  # fmt: skip
    remote_domain_blocks_admin_forwarding: bool = flag(
        True, "a remote domain with AutoForwardEnabled false drops also what ForwardingAddress and ForwardingSmtpAddress send "
        "on; false: only what inbox rules do",
    )  # fmt: skip


def terrl(knobs: ServiceKnobs) -> tuple[int, str]:
    """The tenant's limit of recipients outside and the knob that says so; 0 where there is none.

    learn: EHLO blog, Introducing Exchange Online tenant outbound email limits.
    """
    if knobs.trial_tenant:
        return knobs.external_recipients_per_day or 500, "trial_tenant"
    if knobs.external_recipients_per_day:
        return knobs.external_recipients_per_day, "external_recipients_per_day"
    return (int(500 * knobs.licenses**0.7 + 9500), "licenses") if knobs.licenses else (0, "")

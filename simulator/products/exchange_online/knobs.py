"""Choices where the sources about Exchange Online disagree or are silent. Defaults are this simulator's reading.

Names and defaults are those of the reference's list of recommended defaults; each rule that a knob belongs to is marked
`inferred` in the registry. Limits and lists of the service itself are in [service_knobs].
"""

from __future__ import annotations

from datetime import timedelta

from simulator.mail.reply import Reply
from simulator.policy.settings import BadValue, choice, custom, flag, number, texts
from simulator.products.exchange_online.notation import span
from simulator.products.exchange_online.service_knobs import ServiceKnobs
from simulator.source import Node

__all__ = ["Knobs"]


def _reply(node: Node) -> Reply:
    try:
        found = Reply.parse(node.text)
    except ValueError:
        raise BadValue(f"{node.text!r} is not a reply", "Write 451 5.7.3 STARTTLS is required to send mail.") from None
    if found.ok:
        raise BadValue(f"{found.codes} refuses nothing", "Write a 4xx or 5xx reply.")
    return found


def _waits(node: Node) -> tuple[timedelta, ...]:
    words = [item.text.strip() for item in node.items]
    if not words or any(not word.isdecimal() or not int(word) for word in words):
        raise BadValue("a list of minutes is expected", "Write [15, 30, 60].")
    return tuple(timedelta(minutes=int(word)) for word in words)


def _life(node: Node) -> timedelta:
    return span(node.text.strip())


class Knobs(ServiceKnobs):
    """What stands under `knobs` of a server that `is: exchange-online`."""

    noun = "the knobs of an Exchange Online server"

    attribution_mode: str = choice(
        "a certificate whose TlsSenderCertificateName is not an accepted domain: no match by certificate (strict), or one "
        "that works today and may stop (lenient)", "strict", "lenient", default="strict",
    )  # fmt: skip
    cert_wildcard: str = choice(
        "what *.d in TlsSenderCertificateName covers: d and every name below it, or exactly one label in front of d",
        "any", "one-label", default="any",
    )  # fmt: skip
    match_subdomains_for_relay: bool = flag(
        True, "a sender in a subdomain may relay when the accepted parent has MatchSubDomains"
    )
    certificate_identity_relays: bool = flag(
        False, "a client that a connector knows by address relays also by showing a good certificate of an accepted domain, "
        "whatever TlsSenderCertificateName says: a wider reading of \"Updated requirements for SMTP relay\"",
    )  # fmt: skip
    partner_restrict_combination: str = choice(
        "RestrictDomainsToIPAddresses and RestrictDomainsToCertificate on one connector: both must hold, or one of them",
        "and", "or", default="and",
    )  # fmt: skip
    one_domain_per_session: bool = flag(
        False, "recipients of several domains in one transaction are refused where the connector was found by address and "
        "the sender's domain is not accepted (support note of 2017)",
    )  # fmt: skip
    require_tls_reply: Reply = custom(
        _reply,
        Reply(451, "5.7.3", "STARTTLS is required to send mail"),
        "the refusal of a Partner connector with RequireTls",
    )
    dbeb_on_connector_mail: bool = flag(
        False, "unknown recipients of an Authoritative domain are refused at RCPT also for an OnPremises connector; false: "
        "taken and returned",
    )  # fmt: skip
    blocked_connectors: tuple[str, ...] = texts(
        "inbound connectors that the service has blocked (Get-BlockedConnector)"
    )
    tenant_attribution_limit: int = number("how often one tenant takes a message as Incoming", 3, low=1)
    originating_attribution_limit: int = number(
        "mail that was taken so often, by any tenant in any way (X-EOPAttributedMessage), is not taken as Originating again; "
        "0: no limit", 3,
    )  # fmt: skip
    received_limit: int = number("mail with more Received fields is refused", 30, low=1)
    dmarc_discovery: str = choice(
        "how DMARC finds the organizational domain: by public suffix (RFC 7489), or by a walk up the tree (DMARCbis)",
        "organizational", "tree-walk", default="organizational",
    )  # fmt: skip
    sender_reputation: str = choice(
        "what is thought of authors that nothing vouches for and nothing speaks against: good ones pass softly, bad ones fail "
        "composite authentication", "good", "bad", default="good",
    )  # fmt: skip
    spf_fail_is_spoof: bool = flag(
        True, "an envelope sender that SPF denies (-all), with no aligned DKIM or DMARC, fails composite authentication "
        "whatever the reputation; false: as the reputation says",
    )  # fmt: skip
    spoof_check_on_connector_mail: bool = flag(
        False, "composite authentication looks also at mail over an OnPremises connector without Enhanced Filtering"
    )
    spoof_scl: int = number("the SCL of mail that fails composite authentication", 5, low=5, high=9)
    bare_line_feeds: str = choice(
        "mail with bare line feeds that did not come with BDAT", "refuse", "accept", default="refuse"
    )
    selection_order: str = choice(
        "wildcard domain or all accepted domains first: the documentation's example, or its list", "doc-example", "doc-list",
        default="doc-example",
    )  # fmt: skip
    outbound_wildcard: str = choice(
        "whether *.d in RecipientDomains covers d itself", "with_apex", "subdomains_only", default="with_apex"
    )
    all_accepted_with_subdomains: bool = flag(
        False, "AllAcceptedDomains of an outbound connector covers also what is accepted only through MatchSubDomains"
    )
    dkim_to_own_servers: bool = flag(
        False, "mail that leaves for a recipient of an accepted domain (own servers, the other half of a hybrid) is signed too; "
        "nobody says whether it is",
    )  # fmt: skip
    messages_per_connection: int = number("messages sent over a connection; 0 for as many as there are", 20)
    retry: tuple[timedelta, ...] | None = custom(
        _waits, None, "waits between attempts in minutes, the last one repeats; left out: 15, growing by half up to 60"
    )
    queue_life: timedelta | None = custom(
        _life, None, "how long mail is tried, such as 48h; left out: MessageExpiration"
    )
    delay_notice: timedelta | None = custom(
        _life, timedelta(hours=4), "after how long a sender is told that mail has to wait: what Exchange Server does, since no "
        "page says it of the service",
    )  # fmt: skip
    dane_certificate_dates: bool = flag(
        True, "a certificate that a DANE-EE record fits must be in date too, as the page on code 4.7.322 has it; RFC 7672 "
        "3.1.1 says that its dates do not count",
    )  # fmt: skip
    dnssec_failure: str = choice(
        "a domain whose signatures are wrong: dnssec-invalid as the table of codes has it, or the plain DNS failure that the "
        "page names as a known limitation", "4.7.324", "4.4.312", default="4.7.324",
    )  # fmt: skip
    certificate_failure: str = choice(
        "a certificate that is not what TlsSettings ask for: the code of captures, or that of the page on mail flow",
        "4.4.317", "4.7.320", default="4.4.317",
    )  # fmt: skip
    session_lost: str = choice(
        "a connection that breaks off in the middle: the code of the page on mail flow, or one of those of captures",
        "4.4.318", "4.4.397", "4.4.400", default="4.4.318",
    )  # fmt: skip
    expired_report: str = choice(
        "mail given up after its lifetime because of 4xx replies: the code of reports, or that of the message trace",
        "5.4.300", "4.4.7", default="5.4.300",
    )  # fmt: skip
    cbr_over_cmt: bool = flag(
        True, "a mail flow rule's connector goes before centralised transport; false: centralised transport first"
    )
    in_organization: str = choice(
        "when a sender is InOrganization: authenticated and (in the directory or in an accepted domain), as the cmdlet's page "
        "says; or in the directory, or in an accepted domain and authenticated, as the page of conditions does", "cmdlet",
        "conditions-page", default="cmdlet",
    )  # fmt: skip
    sent_to_scope_authenticated: bool = flag(
        False, "SentToScope InOrganization asks for an authenticated sender too, to the letter of the pages; false: rules for "
        "mail from outside to inside work, as they are known to",
    )  # fmt: skip
    rule_domain_match: str = choice(
        "whether SenderDomainIs and RecipientDomainIs cover subdomains (cmdlet's page) or not (page of conditions)",
        "subdomains", "exact", default="subdomains",
    )  # fmt: skip
    rule_reject_combination: str = choice(
        "RejectMessageReasonText and RejectMessageEnhancedStatusCode on one rule: both count (admin centre), or each sets the "
        "other to its default (cmdlet's page)", "both", "separate", default="both",
    )  # fmt: skip

"""Each row of the reference's table of status strings, as the server says it."""

from __future__ import annotations

import pytest

from simulator.mail.reply import Reply
from simulator.products.exchange_server import wording
from tests.policy.builders import MONDAY


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (wording.queued("<1@a.example>", 7, "mail.contoso.com"),
         "250 2.6.0 <1@a.example> [InternalId=7, Hostname=mail.contoso.com] Queued mail for delivery"),
        (wording.relay_denied(), "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
        (wording.relay_denied(older=True), "550 5.7.1 Unable to relay"),
        (wording.unknown_recipient(), "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
        (wording.unknown_recipient(older=True), "550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found"),
        (wording.hop_count(), "554 5.4.6 Hop count exceeded - possible mail loop"),
        (wording.mx_loopback(), "554 5.4.4 SMTPSEND.DNS.MxLoopback"),
        (wording.no_such_domain(), "554 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain"),
        (wording.system_misconfigured(), "550 5.3.5 System incorrectly configured"),
        (wording.certificate_failed("UntrustedRoot"), "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot"),
        (wording.expired(Reply(451, "4.4.0", "x")), "550 4.4.7 QUEUE.Expired; Message expired"),
        (wording.expired(Reply(451, "4.4.0", "x"), newer=True), "550 5.4.300 Message expired -> 451 4.4.0 x"),
        (wording.message_delayed(), "400 4.4.7 Message delayed"),
        (wording.mailbox_full(), "554 5.2.2 mailbox full; STOREDRV.Deliver"),
        (wording.cannot_send_as(), "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        (wording.not_authenticated(), "530 5.7.1 Client was not authenticated"),
        (wording.too_large(), "552 5.3.4 Message size exceeds fixed maximum message size"),
        (wording.starttls_required(), "451 5.7.3 STARTTLS is required to send mail"),
        (wording.service_not_available(), "421 4.3.2 Service not available"),
        (wording.org_too_large(), "550 5.2.3 RESOLVER.RST.SendSizeLimit.Org; message too large for this organization"),
        (wording.dns_failed("DNS query failed with error ErrorRetry"),
         "451 4.4.0 DNS query failed. The error was: DNS query failed with error ErrorRetry"),
        (wording.banner("mail.contoso.com", MONDAY),
         "220 mail.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026 09:00:00 +0000"),
    ],
)  # fmt: skip
def test_a_text_is_the_one_of_its_source(reply: Reply, text: str) -> None:
    assert text == str(reply)


def test_a_host_that_cannot_be_spoken_with_is_quoted_once() -> None:
    expected = (
        '451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover to alternate '
        "host, but that did not succeed. Either there are no alternate hosts, or delivery failed to all alternate hosts. "
        "The last endpoint attempted was 198.51.100.7:25"
    )
    for said in ("421 4.4.1 Connection timed out", "421 4.4.1 Connection timed out."):
        assert expected == str(wording.primary_target(said, "198.51.100.7:25"))

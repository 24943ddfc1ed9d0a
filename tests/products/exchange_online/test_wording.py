"""The service's texts."""

from __future__ import annotations

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.identifiers import frontend, guid, suffix, utc
from tests.products.exchange_online.builders import NOW, at

S = "[FE 2026-01-15T09:00:00.000Z 08DE]"

TEXTS = [
    (wording.relay_denied(S), f"550 5.7.64 TenantAttribution; Relay Access Denied {S}"),
    (wording.partner_refused(S),
     "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's recipient "
     f"domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set {S}"),
    (wording.direct_send(S),
     f"550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources {S}"),
    (wording.blocked_connector(S), f"550 5.7.711 Access denied, bad inbound connector. AS(2204) {S}"),
    (wording.access_denied(S),
     f"550 5.4.1 Recipient address rejected: Access denied. For more information see https://aka.ms/EXOSmtpErrors {S}"),
    (wording.hop_count(S), f"554 5.4.14 Hop count exceeded - possible mail loop ATTR34 {S}"),
    (wording.too_large(), "552 5.3.4 Message size exceeds fixed maximum message size"),
    (wording.not_authenticated(S), f"530 5.7.57 Client not authenticated to send mail {S}"),
    (wording.cannot_send_as(S), f"550 5.7.60 SMTP; Client does not have permissions to send as this sender {S}"),
    (wording.login_failed(S), f"535 5.7.3 Authentication unsuccessful {S}"),
    (wording.login_disabled("Tenant", S),
     f"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. {S}"),
    (wording.unknown_recipient(Address.parse("n@contoso.com")),
     "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient n@contoso.com not found by SMTP address lookup"),
    (wording.sender_ok(), "250 2.1.0 Sender OK"),
    (wording.recipient_ok(), "250 2.1.5 Recipient OK"),
    (wording.queued("<a@b>", 7, "H", 1024), "250 2.6.0 <a@b> [InternalId=7, Hostname=H] 1024 bytes in 0.100, 10.000 KB/sec Queued mail for delivery"),
    (wording.cannot_connect("UntrustedRoot", S), f"450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot] {S}"),
    (wording.connection_refused(S), f"450 4.4.316 Connection refused [Message=Socket error code 10061] {S}"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "text"), TEXTS, ids=[row[1][:10] for row in TEXTS])
def test_texts_are_word_for_word(reply: Reply, text: str) -> None:
    assert text == str(reply)


def test_brackets_inside_a_message_survive_its_expiry() -> None:
    last = wording.cannot_connect("550 no [see here] please", S)

    assert "550 5.4.317 Message expired, cannot connect to remote server(550 no [see here] please)" == str(
        wording.expired(last)
    )


def test_a_text_without_its_bracket_expires_whole() -> None:
    last = Reply(450, "4.4.317", "Cannot connect [Message=cut off")

    assert "550 5.4.317 Message expired, cannot connect to remote server(cut off)" == str(wording.expired(last))
    assert "550 5.4.317 Message expired, cannot connect to remote server(odd)" == str(
        wording.expired(Reply(450, "4.4.317", "odd"))
    )


def test_the_suffix_counts_on_and_is_the_same_in_every_run() -> None:
    moment, again = at(), at()

    assert suffix("FE", moment) != suffix("FE", moment)
    assert [suffix("FE", again), suffix("FE", again)] == [suffix("FE", m := at()), suffix("FE", m)]


def test_ids_have_the_shape_of_the_services() -> None:
    assert [8, 4, 4, 4, 12] == [len(part) for part in guid("contoso").split("-")]
    assert guid("a") != guid("b")
    assert frontend("contoso").endswith(".mail.protection.outlook.com")
    assert "2026-01-15T09:00:00.000Z" == utc(NOW)
